//! What each step is judged by: an advantage for the policy, an error for the value.

use super::terms::Moments;
use crate::data::{Trajectories, check_finite, check_len};
use crate::error::{Error, Result};

/// What a return is compared with: how advantages and value errors are made of returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Baseline {
    /// The tutorial's: V̂ = Σ_t v_t for the whole row, advantage and error R − V̂ at every step. V̂ has seen the actions it judges, so a
    /// critic that learns to foresee R takes the advantage away.
    #[default]
    Program,
    /// Each step's own value: advantage and error R − v_t. v_t knows only what came before a_t, so the policy gradient is unbiased.
    Step,
}

/// What actions are judged by; no gradient flows through any of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Targets<'a> {
    /// Where advantages come from.
    pub advantages: Advantages<'a>,
    /// log π(a) when the actions were chosen, `[n, T]`; absent: they were chosen by the present weights.
    pub old_log_probs: Option<&'a [f32]>,
    /// Values when the actions were chosen, `[n, T]`, for value targets; absent: values are not clipped.
    pub old_values: Option<&'a [f32]>,
    /// log π_ref(a) of a reference, `[n, T]`; absent: there is none.
    pub reference_log_probs: Option<&'a [f32]>,
}

/// Where advantages and value errors come from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Advantages<'a> {
    /// From returns and the present values, by a baseline.
    Returns {
        /// `[n]`: one a row; or `[n, T]`: one a step, for [`Baseline::Step`].
        returns: &'a [f32],
        /// What they are compared with.
        baseline: Baseline,
    },
    /// As given.
    Given {
        /// `[n]` or `[n, T]`.
        advantages: &'a [f32],
        /// What the values are fitted to, `[n]` or `[n, T]`; absent: no value loss.
        value_targets: Option<&'a [f32]>,
    },
}

impl<'a> Targets<'a> {
    /// Returns `[n]` of actions that were chosen by the present weights.
    pub fn returns(returns: &'a [f32], baseline: Baseline) -> Self {
        Self::judged(Advantages::Returns { returns, baseline })
    }

    /// Actions that were chosen by the present weights.
    pub fn judged(advantages: Advantages<'a>) -> Self {
        Self { advantages, old_log_probs: None, old_values: None, reference_log_probs: None }
    }

    /// Checks lengths and that all is finite.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first bad element.
    pub fn check(&self, data: &Trajectories<'_>) -> Result<()> {
        let (n, cells) = (data.rows, data.actions.len());
        let check = |path: &str, values: &[f32]| {
            if values.len() != n && values.len() != cells {
                return Err(Error::invalid(path, format!("must hold {n} numbers, or {cells}, got {}", values.len())));
            }
            check_finite(path, values)
        };
        match self.advantages {
            Advantages::Returns { returns, baseline } => {
                if baseline == Baseline::Program {
                    check_len("returns", returns.len(), n)?;
                }
                check("returns", returns)?;
            }
            Advantages::Given { advantages, value_targets } => {
                check("advantages", advantages)?;
                value_targets.map_or(Ok(()), |targets| check("valueTargets", targets))?;
            }
        }
        for (path, old) in
            [("oldLogProbs", self.old_log_probs), ("oldValues", self.old_values), ("referenceLogProbs", self.reference_log_probs)]
        {
            if let Some(old) = old {
                check_len(path, old.len(), cells)?;
                check_finite(path, old)?;
            }
        }
        Ok(())
    }

    /// The targets of some of `n` rows, in the order given.
    pub(crate) fn select(&self, n: usize, rows: &[u32]) -> OwnedTargets {
        let gather = |values: &[f32]| -> Vec<f32> {
            let width = values.len() / n;
            rows.iter().flat_map(|&row| &values[row as usize * width..][..width]).copied().collect()
        };
        OwnedTargets {
            advantages: match self.advantages {
                Advantages::Returns { returns, baseline } => OwnedAdvantages::Returns(gather(returns), baseline),
                Advantages::Given { advantages, value_targets } => {
                    OwnedAdvantages::Given(gather(advantages), value_targets.map(gather))
                }
            },
            old_log_probs: self.old_log_probs.map(gather),
            old_values: self.old_values.map(gather),
            reference_log_probs: self.reference_log_probs.map(gather),
        }
    }
}

/// [`Targets`] with arrays of their own.
pub(crate) struct OwnedTargets {
    advantages: OwnedAdvantages,
    old_log_probs: Option<Vec<f32>>,
    old_values: Option<Vec<f32>>,
    reference_log_probs: Option<Vec<f32>>,
}

enum OwnedAdvantages {
    Returns(Vec<f32>, Baseline),
    Given(Vec<f32>, Option<Vec<f32>>),
}

impl OwnedTargets {
    /// The advantages as given, to be changed; none where they follow from returns.
    pub(crate) fn advantages_mut(&mut self) -> &mut [f32] {
        match &mut self.advantages {
            OwnedAdvantages::Given(advantages, _) => advantages,
            OwnedAdvantages::Returns(..) => &mut [],
        }
    }

    pub(crate) fn view(&self) -> Targets<'_> {
        let advantages = match &self.advantages {
            OwnedAdvantages::Returns(returns, baseline) => Advantages::Returns { returns, baseline: *baseline },
            OwnedAdvantages::Given(advantages, targets) => Advantages::Given { advantages, value_targets: targets.as_deref() },
        };
        Targets {
            advantages,
            old_log_probs: self.old_log_probs.as_deref(),
            old_values: self.old_values.as_deref(),
            reference_log_probs: self.reference_log_probs.as_deref(),
        }
    }
}

/// A row's judgement, from the network's present values.
pub(crate) struct Judge<'a> {
    targets: Targets<'a>,
    row: usize,
    values: &'a [f32],
    /// R − V̂ of the row.
    program: f32,
    /// Part of the row's squared error that is each step's, by its weight.
    pub(crate) share: f64,
}

/// `[n]` or `[n, T]` at a step.
fn at(values: &[f32], n: usize, row: usize, t: usize) -> f32 {
    let width = values.len() / n;
    values[row * width + if width == 1 { 0 } else { t }]
}

impl<'a> Judge<'a> {
    /// `values` are those of the row's steps up to the last one that counts.
    pub(crate) fn new(targets: Targets<'a>, data: &Trajectories<'_>, row: usize, values: &'a [f32]) -> Self {
        let (mut program, mut share) = (0.0, 1.0);
        if let Advantages::Returns { returns, baseline: Baseline::Program } = targets.advantages {
            let weights = data.row_weights(row);
            let weighted = |t: usize, value: f32| weights.map_or(value, |weights| weights[t] * value);
            program = returns[row] - values.iter().enumerate().map(|(t, &value)| weighted(t, value)).sum::<f32>();
            share = 1.0 / (0..values.len()).map(|t| f64::from(weights.map_or(1.0, |weights| weights[t]))).sum::<f64>();
        }
        Self { targets, row, values, program, share }
    }

    /// Advantage and value error (target − estimate) of a step, and the error of the old estimate.
    #[inline]
    pub(crate) fn step(&self, n: usize, t: usize) -> (f32, f32, Option<f32>) {
        let &Self { row, values, program, .. } = self;
        match self.targets.advantages {
            Advantages::Returns { baseline: Baseline::Program, .. } => (program, program, None),
            Advantages::Returns { returns, baseline: Baseline::Step } => {
                let error = at(returns, n, row, t) - values[t];
                (error, error, None)
            }
            Advantages::Given { advantages, value_targets } => {
                let advantage = at(advantages, n, row, t);
                let Some(targets) = value_targets else { return (advantage, 0.0, None) };
                let target = at(targets, n, row, t);
                (advantage, target - values[t], self.targets.old_values.map(|old| target - at(old, n, row, t)))
            }
        }
    }
}

/// 1 − Var(target − v)/Var(target) over all estimates of each target; NaN when all targets are equal, and without targets. `values` gives those
/// of a row's steps up to the last one that counts. What does not count is not looked at.
pub(crate) fn explained_variance<'v>(
    targets: &Targets<'_>,
    data: &Trajectories<'_>,
    mut values: impl FnMut(usize) -> &'v [f32],
) -> f64 {
    let (fitted, whole) = match targets.advantages {
        Advantages::Returns { returns, baseline } => (returns, baseline == Baseline::Program),
        Advantages::Given { value_targets: Some(value_targets), .. } => (value_targets, false),
        Advantages::Given { value_targets: None, .. } => return f64::NAN,
    };
    let n = data.rows;
    let (mut of_targets, mut errors) = (Moments::default(), Moments::default());
    let (mut first, mut differ) = (None, false);
    #[allow(clippy::float_cmp, reason = "0 and −0 are one target")]
    let mut target = |target: f32, weight: f64| {
        if weight > 0.0 {
            let first = *first.get_or_insert(target);
            #[allow(clippy::float_cmp, reason = "0 and −0 are one target")]
            let other = target != first;
            differ |= other;
        }
        of_targets.add(f64::from(target), weight);
    };
    for row in 0..n {
        let values = values(row);
        let weighed = || values.iter().enumerate().map(|(t, &value)| (t, f64::from(value), f64::from(data.weight(row, t))));
        if whole {
            let counts = f64::from(u8::from(!values.is_empty()));
            target(fitted[row], counts);
            errors.add(f64::from(fitted[row]) - weighed().map(|(_, value, weight)| weight * value).sum::<f64>(), counts);
            continue;
        }
        for (t, value, weight) in weighed() {
            errors.add(f64::from(at(fitted, n, row, t)) - value, weight);
        }
        if fitted.len() == n {
            // A target weighs as its estimates do, so that a critic that says the same everywhere explains nothing.
            target(fitted[row], weighed().map(|(.., weight)| weight).sum());
        } else {
            weighed().for_each(|(t, _, weight)| target(at(fitted, n, row, t), weight));
        }
    }
    if differ { 1.0 - errors.variance() / of_targets.variance() } else { f64::NAN }
}

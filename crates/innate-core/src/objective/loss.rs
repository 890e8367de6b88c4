//! The loss, one step at a time. With `n` rows, weights w of the steps and their sum `N`, and no gradient through advantages A and errors e:
//!
//! ```text
//! policy  = −Σ w·log π(a)·A / P                            on the present policy's actions, or with old log-probabilities
//!         = −Σ w·min(ρ·A, clip(ρ, 1 − c, 1 + c′)·A) / P    where ρ = π(a)/π_old(a)     (Schulman et al., 2017, equation 7; c′ = c there)
//! value   = Σ w·e² / N,   or Σ_i (R_i − V̂_i)² / n for Baseline::Program, over rows of which some step counts
//!         = Σ w·max(e², (R − v_old − clip(v − v_old, −c, c))²) / N    with old values and a clip range of theirs
//! entropy = Σ w·H(π) / N
//! kl      = Σ w·(r − log r − 1) / N                        with log-probabilities of a reference, r = π_ref(a)/π(a)      (Schulman, 2020)
//! loss    = policy + value_coef·value − entropy_coef·entropy + kl_coef·kl
//! ```
//!
//! `kl` is an estimate of KL(π ‖ π_ref) that is never negative, as GRPO has it (Shao et al., 2024, equation 4), without weights for actions of an
//! older policy; ∂(r − log r − 1)/∂log π(a) = 1 − r.
//!
//! P is `n` for [`Reduction::Episode`]: a sum over a row's steps, as the gradient of its expected return is, so that no term knows how much was
//! emitted after an end. It is `N` for [`Reduction::Step`]: a mean over steps.

use super::advantage::{Advantages, Baseline, Targets};
use super::terms::{Sums, Terms};
use crate::data::Trajectories;
use crate::error::Result;
use crate::optimizer::{check_all, finite, positive};

/// How the losses are weighed. Defaults are the tutorial's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Objective {
    /// Weight of the value loss.
    pub value_coef: f64,
    /// Weight of the entropy bonus.
    pub entropy_coef: f64,
    /// How far the ratio of new to old probabilities may fall below 1 before it stops being learned from; infinity: any way. Of meaning with old
    /// log-probabilities alone.
    pub clip_range: f64,
    /// The same above 1.
    pub clip_range_high: f64,
    /// How far a value may move from its old one before it stops being learned from, where that would make it better; infinity: any way. Of
    /// meaning with old values alone.
    pub value_clip_range: f64,
    /// Weight of the divergence from the reference. Of meaning with a reference's log-probabilities alone.
    pub kl_coef: f64,
    /// What the policy's term is a mean over.
    pub reduction: Reduction,
    /// What the terms are means over where this batch is part of a larger one; absent: this batch.
    pub totals: Option<Totals>,
}

/// What the policy's term is a mean over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reduction {
    /// Rows; the sum over a row's steps.
    #[default]
    Episode,
    /// Steps.
    Step,
}

/// Size of a batch whose gradient is summed from parts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Totals {
    /// Rows, `n`.
    pub rows: f64,
    /// Sum of the steps' weights, `N`.
    pub steps: f64,
}

impl Default for Objective {
    fn default() -> Self {
        Self {
            value_coef: 0.5,
            entropy_coef: 0.01,
            clip_range: f64::INFINITY,
            clip_range_high: f64::INFINITY,
            value_clip_range: f64::INFINITY,
            kl_coef: 0.0,
            reduction: Reduction::Episode,
            totals: None,
        }
    }
}

impl Objective {
    /// The same with ratios that may move as far from 1 both ways.
    #[must_use]
    pub fn clipped(self, range: f64) -> Self {
        Self { clip_range: range, clip_range_high: range, ..self }
    }

    /// The numbers to set of a single update, by the names that [`Objective::validate`] calls them by.
    pub fn numbers(&mut self) -> [(&'static str, &mut f64); 5] {
        let Self { value_coef, entropy_coef, clip_range, clip_range_high, kl_coef, .. } = self;
        [
            ("valueCoef", value_coef),
            ("entropyCoef", entropy_coef),
            ("clipRange", clip_range),
            ("clipRangeHigh", clip_range_high),
            ("klCoef", kl_coef),
        ]
    }

    /// Refuses what no loss can be made with, naming the first bad field.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) with the field's name as path.
    pub fn validate(&self) -> Result<()> {
        let &Self { value_coef, entropy_coef, clip_range, clip_range_high, value_clip_range, kl_coef, totals, .. } = self;
        let Totals { rows, steps } = totals.unwrap_or(Totals { rows: 1.0, steps: 1.0 });
        let above = |x: f64| finite(x) && positive(x);
        check_all([
            ("valueCoef", value_coef, finite(value_coef), "a finite 32-bit number"),
            ("entropyCoef", entropy_coef, finite(entropy_coef), "a finite 32-bit number"),
            ("clipRange", clip_range, positive(clip_range), "a 32-bit number above 0; Infinity turns clipping off"),
            ("clipRangeHigh", clip_range_high, positive(clip_range_high), "a 32-bit number above 0; Infinity turns clipping off"),
            ("klCoef", kl_coef, finite(kl_coef), "a finite 32-bit number"),
            (
                "valueClipRange",
                value_clip_range,
                positive(value_clip_range),
                "a 32-bit number above 0; Infinity turns clipping off",
            ),
            ("total.rows", rows, above(rows), "a finite 32-bit number above 0"),
            ("total.steps", steps, above(steps), "a finite 32-bit number above 0"),
        ])
    }
}

/// A step as the loss sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepView {
    /// log π(a).
    pub log_prob: f32,
    /// log π(a) when the action was chosen; absent: the present policy's.
    pub old_log_prob: Option<f32>,
    /// log π_ref(a); absent: there is no reference.
    pub reference_log_prob: Option<f32>,
    /// A.
    pub advantage: f32,
    /// H(π).
    pub entropy: f32,
    /// e: target − estimate.
    pub error: f32,
    /// Target − the estimate when the action was chosen; absent: not clipped by.
    pub old_error: Option<f32>,
    /// Part of e² that is this step's: 1, or its share of a row's where one error is the whole row's.
    pub share: f64,
    /// w.
    pub weight: f32,
}

/// What a step's loss changes with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepGrad {
    /// ∂L/∂log π(a).
    pub log_prob: f32,
    /// ∂L/∂H(π).
    pub entropy: f32,
    /// ∂L/∂v.
    pub value: f32,
}

/// An objective on a batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Loss {
    value_coef: f64,
    entropy_coef: f64,
    clip_range: f64,
    clip_range_high: f64,
    value_clip_range: f64,
    kl_coef: f64,
    /// P.
    policy_total: f64,
    /// What e² is averaged over: `n` or `N`.
    value_total: f64,
    /// N.
    steps: f64,
}

impl Loss {
    pub(crate) fn new(objective: &Objective, data: &Trajectories<'_>, targets: &Targets<'_>) -> Self {
        let &Objective { value_coef, entropy_coef, clip_range, clip_range_high, value_clip_range, kl_coef, reduction, totals } =
            objective;
        let Totals { rows, steps } = totals.unwrap_or_else(|| Totals { rows: data.rows as f64, steps: data.counted() });
        let whole = matches!(targets.advantages, Advantages::Returns { baseline: Baseline::Program, .. });
        Self {
            value_coef,
            entropy_coef,
            clip_range,
            clip_range_high,
            value_clip_range,
            kl_coef,
            policy_total: if reduction == Reduction::Episode { rows } else { steps },
            value_total: if whole { rows } else { rows * (steps / rows) },
            steps,
        }
    }

    /// The step's gradient; its part of each term is added to `sums`.
    #[inline]
    pub(crate) fn step(&self, view: &StepView, sums: &mut Sums) -> StepGrad {
        let weight = f64::from(view.weight);
        let (advantage, error) = (f64::from(view.advantage), f64::from(view.error));
        let policy = match view.old_log_prob {
            None => {
                sums.policy -= weight * f64::from(view.log_prob) * advantage;
                advantage
            }
            Some(old) => {
                let log_ratio = f64::from(view.log_prob) - f64::from(old);
                let ratio = log_ratio.exp();
                let clipped = ratio.clamp(1.0 - self.clip_range, 1.0 + self.clip_range_high);
                sums.policy -= weight * (ratio * advantage).min(clipped * advantage);
                sums.kl += weight * (ratio - 1.0 - log_ratio);
                let moved = ratio - 1.0;
                sums.clipped += if moved > self.clip_range_high || -moved > self.clip_range { weight } else { 0.0 };
                if clipped * advantage < ratio * advantage { 0.0 } else { ratio * advantage }
            }
        };
        let error = self.clipped_error(error, view.old_error);
        sums.value += weight * view.share * error.0 * error.0;
        sums.entropy += weight * f64::from(view.entropy);
        let mut log_prob = -weight * policy / self.policy_total;
        if let Some(reference) = view.reference_log_prob {
            let log_ratio = f64::from(reference) - f64::from(view.log_prob);
            let ratio = log_ratio.exp();
            sums.reference_kl += weight * (ratio - log_ratio - 1.0);
            log_prob += weight * self.kl_coef * (1.0 - ratio) / self.steps;
        }
        StepGrad {
            log_prob: log_prob as f32,
            entropy: (-weight * self.entropy_coef / self.steps) as f32,
            value: (-2.0 * weight * self.value_coef * error.1 / self.value_total) as f32,
        }
    }

    /// The error whose square is the loss, and the one that it is learned from: none, beyond the clip range.
    #[inline]
    fn clipped_error(&self, error: f64, old: Option<f32>) -> (f64, f64) {
        let Some(old) = old.map(f64::from) else { return (error, error) };
        let moved = old - error;
        if moved.abs() <= self.value_clip_range {
            return (error, error);
        }
        let clipped = old - self.value_clip_range.copysign(moved);
        if clipped * clipped > error * error { (clipped, 0.0) } else { (error, error) }
    }

    /// The terms of the loss.
    pub(crate) fn terms(&self, sums: &Sums, explained_variance: f64) -> Terms {
        let (policy_loss, value_loss) = (sums.policy / self.policy_total, sums.value / self.value_total);
        let entropy = (sums.entropy / self.steps).max(0.0);
        let reference_kl = sums.reference_kl / self.steps;
        Terms {
            loss: policy_loss + self.value_coef * value_loss - self.entropy_coef * entropy + self.kl_coef * reference_kl,
            policy_loss,
            value_loss,
            entropy,
            approx_kl: sums.kl / self.steps,
            clip_fraction: sums.clipped / self.steps,
            reference_kl,
            explained_variance,
        }
    }
}

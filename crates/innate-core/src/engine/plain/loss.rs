//! The losses in tensors, for autograd: all at once what `objective/loss.rs` says of a step.

use candle_core::{DType, Device, Tensor};

use super::Candle;
use crate::data::Trajectories;
use crate::objective::{Advantages, Baseline, Objective, Reduction, Targets, Terms, Totals};

/// What the network says of each step, `[n·T]`.
pub(super) struct Said {
    /// log π(a)
    pub(super) log_probs: Tensor,
    /// H(π)
    pub(super) entropies: Tensor,
    /// v
    pub(super) values: Tensor,
}

/// What the values are fitted to: `[n, T]`, or `[n, 1]` where a row has one estimate. The loss is Σ mass·(target − estimate)² / total.
struct Fit {
    targets: Tensor,
    estimates: Tensor,
    /// The estimates that are clipped to the neighborhood of the old ones.
    clipped: Option<Tensor>,
    mass: Tensor,
    total: f64,
}

impl Fit {
    fn errors(&self) -> Candle<Tensor> {
        &self.targets - &self.estimates
    }

    fn squares(&self) -> Candle<Tensor> {
        let squares = self.errors()?.sqr()?;
        match &self.clipped {
            None => Ok(squares),
            Some(clipped) => squares.maximum(&(&self.targets - clipped)?.sqr()?),
        }
    }
}

/// Where the steps of a batch count. Where one does not, all that is made of it is zero from the start: zero times what overflows is no number.
struct Steps<'a> {
    n: usize,
    steps: usize,
    weights: Vec<f32>,
    device: &'a Device,
}

impl<'a> Steps<'a> {
    fn new(data: &Trajectories<'_>, device: &'a Device) -> Self {
        let weights = data.weights.as_ref().map_or_else(|| vec![1.0; data.actions.len()], |weights| weights.to_vec());
        Self { n: data.rows, steps: data.steps(), weights, device }
    }

    /// w, `[n, T]`.
    fn weights(&self) -> Candle<Tensor> {
        Tensor::from_slice(&self.weights, (self.n, self.steps), self.device)
    }

    /// 1 for a row with a step that counts, `[n, 1]`.
    fn rows(&self) -> Candle<Tensor> {
        let counts = self.weights.chunks_exact(self.steps).map(|row| f32::from(row.iter().any(|&weight| weight > 0.0)));
        Tensor::from_vec(counts.collect::<Vec<_>>(), (self.n, 1), self.device)
    }

    /// What the network says, `[n, T]` of `[n·T]`.
    fn said(&self, said: &Tensor) -> Candle<Tensor> {
        let said = said.reshape((self.n, self.steps))?;
        self.weights()?.gt(0.0)?.where_cond(&said, &said.zeros_like()?)
    }

    /// What is given, `[n, T]` of `[n]` or `[n, T]`.
    fn given(&self, given: &[f32]) -> Candle<Tensor> {
        let cells = self.weights.iter().enumerate().map(|(cell, &weight)| match weight {
            0.0 => 0.0,
            _ if given.len() == self.n => given[cell / self.steps],
            _ => given[cell],
        });
        Tensor::from_vec(cells.collect::<Vec<_>>(), (self.n, self.steps), self.device)
    }
}

/// The loss, to be differentiated, and its terms.
pub(super) fn loss(
    said: &Said,
    data: &Trajectories<'_>,
    targets: &Targets<'_>,
    objective: &Objective,
) -> Candle<(Tensor, Terms)> {
    let of = Steps::new(data, said.values.device());
    let weights = of.weights()?;
    let rows_here = data.rows as f64;
    let steps_here = of.weights.iter().map(|&weight| f64::from(weight)).sum();
    let Totals { rows, steps } = objective.totals.unwrap_or(Totals { rows: rows_here, steps: steps_here });

    let (advantages, fit) = judged(&of, &of.said(&said.values)?, targets, objective.value_clip_range, (rows, steps))?;

    let log_probs = of.said(&said.log_probs)?;
    let mut drift = (0.0, 0.0);
    let divergence = match targets.reference_log_probs {
        None => Tensor::zeros((), DType::F32, of.device)?,
        Some(reference) => {
            let log_ratios = (of.given(reference)? - &log_probs)?;
            let estimates = ((log_ratios.exp()? - &log_ratios)? - 1.0)?;
            ((estimates * &weights)?.sum_all()? / steps)?
        }
    };
    let gains = match targets.old_log_probs {
        None => (&log_probs * &advantages)?,
        Some(old) => {
            let log_ratios = (log_probs - of.given(old)?)?;
            drift = far(&of.weights, &log_ratios.flatten_all()?.to_vec1()?, objective);
            (clipped(&log_ratios, &advantages, objective)?.exp()? * &advantages)?
        }
    };
    let policy_total = match objective.reduction {
        Reduction::Episode => rows,
        Reduction::Step => steps,
    };
    let policy = ((gains * &weights)?.sum_all()?.neg()? / policy_total)?;
    let value = match &fit {
        None => Tensor::zeros((), DType::F32, of.device)?,
        Some(fit) => ((fit.squares()? * &fit.mass)?.sum_all()? / fit.total)?,
    };
    let entropy = ((of.said(&said.entropies)? * &weights)?.sum_all()? / steps)?;
    let loss = ((&policy + value.affine(objective.value_coef, 0.0)?)? - entropy.affine(objective.entropy_coef, 0.0)?)?;
    let loss = match targets.reference_log_probs {
        None => loss,
        Some(_) => (loss + divergence.affine(objective.kl_coef, 0.0)?)?,
    };

    let terms = Tensor::stack(&[&loss, &policy, &value, &entropy, &divergence], 0)?.to_vec1::<f32>()?;
    let terms = Terms {
        loss: f64::from(terms[0]),
        policy_loss: f64::from(terms[1]),
        value_loss: f64::from(terms[2]),
        entropy: f64::from(terms[3]).max(0.0),
        approx_kl: drift.0 / steps,
        clip_fraction: drift.1 / steps,
        reference_kl: f64::from(terms[4]),
        explained_variance: fit.as_ref().map_or(Ok(f64::NAN), explained_variance)?,
    };
    Ok((loss, terms))
}

/// The advantages, `[n, T]`, which no gradient flows through, and what the values are fitted to.
fn judged(
    of: &Steps<'_>,
    values: &Tensor,
    targets: &Targets<'_>,
    value_clip_range: f64,
    (rows, steps): (f64, f64),
) -> Candle<(Tensor, Option<Fit>)> {
    let each = |fitted: &[f32], old: Option<&[f32]>| -> Candle<_> {
        let clip = |old: &[f32]| -> Candle<Tensor> {
            let old = of.given(old)?;
            &old + (values - &old)?.minimum(value_clip_range)?.maximum(-value_clip_range)?
        };
        let clipped = old.map(clip).transpose()?;
        Ok(Fit { targets: of.given(fitted)?, estimates: values.clone(), clipped, mass: of.weights()?, total: steps })
    };
    Ok(match targets.advantages {
        Advantages::Returns { returns, baseline: Baseline::Program } => {
            let mass = of.rows()?;
            let targets = (Tensor::from_slice(returns, (of.n, 1), of.device)? * &mass)?;
            let estimates = (values * of.weights()?)?.sum_keepdim(1)?;
            let fit = Fit { targets, estimates, clipped: None, mass, total: rows };
            (fit.errors()?.detach().broadcast_as((of.n, of.steps))?, Some(fit))
        }
        Advantages::Returns { returns, baseline: Baseline::Step } => {
            let fit = each(returns, None)?;
            (fit.errors()?.detach(), Some(fit))
        }
        Advantages::Given { advantages, value_targets } => {
            let fit = value_targets.map(|fitted| each(fitted, targets.old_values)).transpose()?;
            (of.given(advantages)?, fit)
        }
    })
}

/// log ρ′ such that ρ′·A = min(ρ·A, clip(ρ, 1 − c, 1 + c′)·A): an advantage bounds ρ from above, its opposite from below. Bounded before it is
/// exponentiated, so that no gradient is zero times infinity.
fn clipped(log_ratios: &Tensor, advantages: &Tensor, objective: &Objective) -> Candle<Tensor> {
    let below = log_ratios.minimum((1.0 + objective.clip_range_high).ln())?;
    let above = log_ratios.maximum((1.0 - objective.clip_range).max(0.0).ln())?;
    advantages.ge(0.0)?.where_cond(&below, &above)
}

/// Σ w·(ρ − 1 − log ρ), and Σ w where ρ is beyond the clip range.
fn far(weights: &[f32], log_ratios: &[f32], objective: &Objective) -> (f64, f64) {
    weights.iter().zip(log_ratios).fold((0.0, 0.0), |(kl, beyond), (&weight, &log_ratio)| {
        let (weight, log_ratio) = (f64::from(weight), f64::from(log_ratio));
        let change = log_ratio.exp_m1();
        let outside = change > objective.clip_range_high || change < -objective.clip_range;
        (kl + weight * (change - log_ratio), beyond + if outside { weight } else { 0.0 })
    })
}

/// 1 − Var(target − estimate)/Var(target) over all estimates, each by its mass; NaN when all targets are equal.
fn explained_variance(fit: &Fit) -> Candle<f64> {
    let host = |of: &Tensor| of.flatten_all()?.to_vec1::<f32>();
    let (targets, estimates, mass) = (host(&fit.targets)?, host(&fit.estimates)?, host(&fit.mass)?);
    let estimates = targets.into_iter().zip(estimates).zip(mass).filter(|(_, mass)| *mass > 0.0);
    // (target, error, mass)
    let counted: Vec<(f64, f64, f64)> = estimates
        .map(|((target, estimate), mass)| (f64::from(target), f64::from(target) - f64::from(estimate), f64::from(mass)))
        .collect();
    if counted.iter().all(|(target, ..)| target - counted[0].0 == 0.0) {
        return Ok(f64::NAN);
    }
    let total: f64 = counted.iter().map(|(.., mass)| mass).sum();
    let variance = |of: fn(&(f64, f64, f64)) -> f64| {
        let mean = counted.iter().map(|each| each.2 * of(each)).sum::<f64>() / total;
        counted.iter().map(|each| each.2 * (of(each) - mean).powi(2)).sum::<f64>() / total
    };
    Ok(1.0 - variance(|each| each.1) / variance(|each| each.0))
}

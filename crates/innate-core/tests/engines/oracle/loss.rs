//! Every loss and every number that is reported of it, from what the network says.

use innate_core::objective::{Baseline, Objective, Reduction, Terms, Totals};

use super::Said;
use crate::{Aim, Case, Judged};

/// What each step is judged by, `[n, T]` where not said otherwise; nothing is said of steps that do not count.
pub(crate) struct Judgement {
    pub(crate) advantages: Vec<f64>,
    /// One a row or one a step.
    fits: Vec<Fit>,
}

struct Fit {
    target: f64,
    estimate: f64,
    /// The estimate, or as far from the old one as it may be.
    clipped: f64,
    weight: f64,
    /// What the square is divided by.
    total: f64,
}

impl Judgement {
    fn value_loss(&self) -> f64 {
        let worse = |fit: &Fit| (fit.target - fit.estimate).powi(2).max((fit.target - fit.clipped).powi(2));
        self.fits.iter().map(|fit| fit.weight * worse(fit) / fit.total).sum()
    }

    fn explained_variance(&self) -> f64 {
        let variance = |of: &dyn Fn(f64, f64) -> f64| {
            let all = || self.fits.iter().map(|fit| (of(fit.target, fit.estimate), fit.weight));
            let total = all().map(|(_, weight)| weight).sum::<f64>();
            let mean = all().map(|(x, weight)| weight * x).sum::<f64>() / total;
            all().map(|(x, weight)| weight * (x - mean).powi(2)).sum::<f64>() / total
        };
        let mut targets: Vec<f64> = self.fits.iter().filter(|fit| fit.weight > 0.0).map(|fit| fit.target).collect();
        targets.dedup();
        match targets.len() {
            0 | 1 => f64::NAN,
            _ => 1.0 - variance(&|target, estimate| target - estimate) / variance(&|target, _| target),
        }
    }
}

fn totals(case: &Case, objective: &Objective) -> Totals {
    objective.totals.unwrap_or_else(|| Totals { rows: case.rows as f64, steps: case.weighed().iter().sum() })
}

/// From returns or advantages, `[n]` or `[n, T]`, and the values.
pub(crate) fn judge(case: &Case, said: &Said, aim: &Aim) -> Judgement {
    let (steps, weights) = (case.steps(), case.weighed());
    let Totals { rows: row_total, steps: step_total } = totals(case, &aim.objective);
    let each = |given: &[f32]| -> Vec<f64> {
        let width = given.len() / case.rows;
        (0..weights.len()).map(|at| f64::from(given[at / steps * width + if width == 1 { 0 } else { at % steps }])).collect()
    };
    let range = aim.objective.value_clip_range;
    let clipped = |at: usize, value: f64| match &aim.old_values {
        Some(old) if value > f64::from(old[at]) + range => f64::from(old[at]) + range,
        Some(old) if value < f64::from(old[at]) - range => f64::from(old[at]) - range,
        _ => value,
    };
    let fitted = |targets: &[f64]| -> Vec<Fit> {
        let all = targets.iter().zip(&said.values).zip(&weights).enumerate();
        all.map(|(at, ((&target, &estimate), &weight))| Fit {
            target,
            estimate,
            clipped: clipped(at, estimate),
            weight,
            total: step_total,
        })
        .collect()
    };
    match &aim.judged {
        Judged::Returns(returns, Baseline::Program) => {
            let rows = said.values.chunks(steps).zip(weights.chunks(steps)).zip(returns);
            let fits: Vec<Fit> = rows
                .map(|((values, weights), &target)| {
                    let estimate: f64 = values.iter().zip(weights).map(|(value, weight)| value * weight).sum();
                    let weight = if weights.iter().any(|&weight| weight > 0.0) { 1.0 } else { 0.0 };
                    Fit { target: f64::from(target), estimate, clipped: estimate, weight, total: row_total }
                })
                .collect();
            Judgement { advantages: fits.iter().flat_map(|fit| vec![fit.target - fit.estimate; steps]).collect(), fits }
        }
        Judged::Returns(returns, Baseline::Step) => {
            let targets = each(returns);
            let advantages = targets.iter().zip(&said.values).map(|(target, value)| target - value).collect();
            Judgement { advantages, fits: fitted(&targets) }
        }
        Judged::Given { advantages, value_targets } => Judgement {
            advantages: each(advantages),
            fits: value_targets.as_ref().map_or_else(Vec::new, |targets| fitted(&each(targets))),
        },
    }
}

/// [`Terms`] by name, and each step's ratio where there is one.
pub(crate) struct Told {
    pub(crate) terms: Terms,
    pub(crate) ratios: Vec<f64>,
}

/// The loss and its terms, with the advantages held where they are given: the policy's gradient does not flow through them.
pub(crate) fn tell(case: &Case, said: &Said, held: &[f64], aim: &Aim) -> Told {
    let weights = case.weighed();
    let Objective { value_coef, entropy_coef, clip_range, clip_range_high, kl_coef, reduction, .. } = aim.objective;
    let Totals { rows, steps } = totals(case, &aim.objective);
    let over = match reduction {
        Reduction::Episode => rows,
        Reduction::Step => steps,
    };
    let mut terms = Terms::default();
    let mut ratios = Vec::new();
    for (at, &weight) in weights.iter().enumerate() {
        // Whatever else is said there.
        if weight == 0.0 {
            continue;
        }
        let (log_prob, advantage) = (said.log_probs[at], held[at]);
        let gain = match &aim.old_log_probs {
            None => log_prob * advantage,
            Some(old) => {
                let log_ratio = log_prob - f64::from(old[at]);
                let ratio = log_ratio.exp();
                ratios.push(ratio);
                terms.approx_kl += weight * (ratio - 1.0 - log_ratio) / steps;
                let outside = ratio > 1.0 + clip_range_high || ratio < 1.0 - clip_range;
                terms.clip_fraction += if outside { weight / steps } else { 0.0 };
                let clipped = if ratio > 1.0 + clip_range_high {
                    1.0 + clip_range_high
                } else if ratio < 1.0 - clip_range {
                    1.0 - clip_range
                } else {
                    ratio
                };
                (ratio * advantage).min(clipped * advantage)
            }
        };
        if let Some(reference) = &aim.reference_log_probs {
            // π_ref/π − log(π_ref/π) − 1
            let gap = log_prob - f64::from(reference[at]);
            terms.reference_kl += weight * ((-gap).exp() + gap - 1.0) / steps;
        }
        terms.policy_loss -= weight * gain / over;
        terms.entropy += weight * said.entropies[at] / steps;
    }
    let judgement = judge(case, said, aim);
    terms.value_loss = judgement.value_loss();
    terms.explained_variance = judgement.explained_variance();
    terms.loss = terms.policy_loss + value_coef * terms.value_loss - entropy_coef * terms.entropy + kl_coef * terms.reference_kl;
    Told { terms, ratios }
}

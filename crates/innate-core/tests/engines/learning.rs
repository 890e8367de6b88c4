//! What an update is made of in one value, and its steps in one call.

use innate_core::data::Trajectories;
use innate_core::engine::Engine;
use innate_core::error::Result;
use innate_core::objective::{Advantages, Baseline, Objective, Targets, Terms};
use innate_core::optimizer::OptimizerConfig;

/// [`Advantages`] with arrays of their own.
#[derive(Debug, Clone)]
pub(crate) enum Judged {
    Returns(Vec<f32>, Baseline),
    Given { advantages: Vec<f32>, value_targets: Option<Vec<f32>> },
}

/// What is learned from trajectories, and how.
#[derive(Debug, Clone)]
pub(crate) struct Aim {
    pub(crate) judged: Judged,
    pub(crate) old_log_probs: Option<Vec<f32>>,
    pub(crate) old_values: Option<Vec<f32>>,
    pub(crate) reference_log_probs: Option<Vec<f32>>,
    pub(crate) objective: Objective,
    pub(crate) optimizer: OptimizerConfig,
}

impl Aim {
    pub(crate) fn new(judged: Judged) -> Self {
        Self {
            judged,
            old_log_probs: None,
            old_values: None,
            reference_log_probs: None,
            objective: Objective::default(),
            optimizer: OptimizerConfig::default(),
        }
    }

    pub(crate) fn targets(&self) -> Targets<'_> {
        let advantages = match &self.judged {
            Judged::Returns(returns, baseline) => Advantages::Returns { returns, baseline: *baseline },
            Judged::Given { advantages, value_targets } => {
                Advantages::Given { advantages, value_targets: value_targets.as_deref() }
            }
        };
        Targets {
            advantages,
            old_log_probs: self.old_log_probs.as_deref(),
            old_values: self.old_values.as_deref(),
            reference_log_probs: self.reference_log_probs.as_deref(),
        }
    }

    pub(crate) fn unclipped(mut self) -> Self {
        self.optimizer.max_grad_norm = f64::INFINITY;
        self
    }

    pub(crate) fn coefs(mut self, value_coef: f64, entropy_coef: f64) -> Self {
        self.objective = Objective { value_coef, entropy_coef, ..self.objective };
        self
    }

    pub(crate) fn learning_rate(mut self, learning_rate: f64) -> Self {
        self.optimizer.learning_rate = learning_rate;
        self
    }
}

/// What is reported of an update.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Stats {
    pub(crate) terms: Terms,
    /// Before clipping.
    pub(crate) norm: f64,
}

impl Stats {
    /// The terms in the order of their declaration, and the norm.
    pub(crate) fn numbers(&self) -> [f64; 9] {
        let Terms { loss, policy_loss, value_loss, entropy, approx_kl, clip_fraction, reference_kl, explained_variance } =
            self.terms;
        [loss, policy_loss, value_loss, entropy, approx_kl, clip_fraction, reference_kl, explained_variance, self.norm]
    }
}

pub(crate) trait Learning {
    fn add(&mut self, data: &Trajectories<'_>, aim: &Aim) -> Result<Terms>;

    /// The clipped gradient; nothing is changed.
    fn gradients(&mut self, data: &Trajectories<'_>, aim: &Aim) -> Result<(Stats, Vec<f32>)>;

    fn update(&mut self, data: &Trajectories<'_>, aim: &Aim) -> Result<Stats>;
}

impl<E: Engine + ?Sized> Learning for E {
    fn add(&mut self, data: &Trajectories<'_>, aim: &Aim) -> Result<Terms> {
        aim.objective.validate()?;
        aim.targets().check(data)?;
        self.accumulate(data, &aim.targets(), &aim.objective)
    }

    fn gradients(&mut self, data: &Trajectories<'_>, aim: &Aim) -> Result<(Stats, Vec<f32>)> {
        let terms = self.add(data, aim)?;
        let clipped = self.gradient_norm().and_then(|norm| {
            let clip = aim.optimizer.clip_coefficient(norm) as f32;
            let gradient = self.gradient()?.into_iter().map(|x| x * clip).collect();
            Ok((Stats { terms, norm }, gradient))
        });
        self.clear_gradient();
        clipped
    }

    fn update(&mut self, data: &Trajectories<'_>, aim: &Aim) -> Result<Stats> {
        let terms = self.add(data, aim)?;
        Ok(Stats { terms, norm: self.apply(&aim.optimizer)? })
    }
}

//! What an update learns from, as it crosses, and what it says.

use std::sync::Arc;

use innate_core::Lesson;
use innate_core::data::{RolloutSpec, Trajectories};
use innate_core::objective::{Advantages, Baseline, Objective, Reduction, Targets, Terms, Totals};
use innate_core::optimizer::OptimizerConfig;
use napi_derive::napi;

use crate::array::Numbers;
use crate::error::Failure;
use crate::options::BindingTensor;

/// Steps that were taken, `n` rows of `T`.
#[napi(object)]
pub struct BindingTrajectories {
    /// Prompts, `[n, L]`.
    #[napi(ts_type = "Int32Array")]
    pub contexts: Numbers<i32>,
    /// Tokens of each context that count, `[n]`; absent: all.
    #[napi(ts_type = "Int32Array | undefined")]
    pub context_lengths: Option<Numbers<i32>>,
    /// Numbers beside the tokens, `[n, L]`, where the network reads them.
    #[napi(ts_type = "Float32Array | undefined")]
    pub context_values: Option<Numbers<f32>>,
    /// Stages, `[n]`.
    #[napi(ts_type = "Int32Array")]
    pub stages: Numbers<i32>,
    /// Actions taken, `[n, T]`.
    #[napi(ts_type = "Int32Array")]
    pub actions: Numbers<i32>,
    /// Tokens fed before each step, `[n, T]`; absent: the start token, then the actions.
    #[napi(ts_type = "Int32Array | undefined")]
    pub inputs: Option<Numbers<i32>>,
    /// How much each step counts, `[n, T]`; absent: all alike.
    #[napi(ts_type = "Float32Array | undefined")]
    pub weights: Option<Numbers<f32>>,
    /// What was observed on the way; absent: an open loop.
    #[napi(ts_type = "BindingObserved | undefined")]
    pub observed: Option<BindingObserved>,
}

/// What was observed before each step.
#[napi(object)]
pub struct BindingObserved {
    /// Rows, `n`.
    pub rows: f64,
    /// Ids, `[n, T, K]`.
    #[napi(ts_type = "Int32Array | undefined")]
    pub discrete: Option<Numbers<i32>>,
    /// Vectors as the network reads them, `[n, T, D]`.
    #[napi(ts_type = "Float32Array | undefined")]
    pub dense: Option<Numbers<f32>>,
    /// Non-zero for each action that was allowed, `[n, T, A]`.
    #[napi(ts_type = "Uint8Array | undefined")]
    pub allowed: Option<Numbers<u8>>,
}

/// What actions are judged by: `returns`, or `advantages`.
#[napi(object)]
pub struct BindingTargets {
    /// `[n]`, or `[n, T]` where the baseline is `step`.
    #[napi(ts_type = "Float32Array | undefined")]
    pub returns: Option<Numbers<f32>>,
    /// `[n]` or `[n, T]`.
    #[napi(ts_type = "Float32Array | undefined")]
    pub advantages: Option<Numbers<f32>>,
    /// With `advantages`: what values are fitted to, `[n]` or `[n, T]`.
    #[napi(ts_type = "Float32Array | undefined")]
    pub value_targets: Option<Numbers<f32>>,
    /// log π(a) when the actions were chosen, `[n, T]`.
    #[napi(ts_type = "Float32Array | undefined")]
    pub old_log_probs: Option<Numbers<f32>>,
    /// log π_ref(a) of a reference, `[n, T]`.
    #[napi(ts_type = "Float32Array | undefined")]
    pub reference_log_probs: Option<Numbers<f32>>,
}

/// Size of a batch whose gradient is summed from parts.
#[napi(object, object_to_js = false)]
pub struct BindingTotal {
    /// Rows.
    pub rows: f64,
    /// Sum of the steps' weights.
    pub steps: f64,
}

/// What an update learns from, and how. An array costs as much as one number to read, so all numbers cross in one.
#[napi(object, object_to_js = false)]
pub struct BindingLesson {
    /// What was done.
    pub trajectories: BindingTrajectories,
    /// What it is judged by.
    pub targets: BindingTargets,
    /// `program` or `step`.
    pub baseline: String,
    /// `episode` or `step`: what the policy's term is a mean over.
    pub reduction: String,
    /// The batch that this one is part of.
    #[napi(ts_type = "BindingTotal | undefined")]
    pub total: Option<BindingTotal>,
    /// The losses' and the step's, in the order of `numberNames`.
    #[napi(ts_type = "Float64Array")]
    pub numbers: Numbers<f64>,
}

/// The options of one step.
#[napi(object)]
pub struct BindingOptimizer {
    /// Adam's step size.
    pub learning_rate: f64,
    /// Global norm that gradients are clipped to; `Infinity` turns clipping off.
    pub max_grad_norm: f64,
    /// Adam's decay of the first moment.
    pub beta1: f64,
    /// Adam's decay of the second moment.
    pub beta2: f64,
    /// Adam's denominator term.
    pub epsilon: f64,
}

/// The terms of a loss.
#[napi(object)]
pub struct BindingTerms {
    /// The whole loss.
    pub loss: f64,
    /// The policy's term.
    pub policy_loss: f64,
    /// The value's term, before its coefficient.
    pub value_loss: f64,
    /// Mean entropy, at least 0.
    pub entropy: f64,
    /// `1 − Var(target − estimate)/Var(target)`; NaN when all targets are equal.
    pub explained_variance: f64,
    /// With old log-probabilities: mean of ρ − 1 − log ρ.
    pub approx_kl: Option<f64>,
    /// With old log-probabilities: share of steps beyond the clip range.
    pub clip_fraction: Option<f64>,
    /// With a reference's log-probabilities: mean of r − log r − 1.
    pub reference_kl: Option<f64>,
}

/// How programs are judged by their groups.
#[napi(object)]
pub struct BindingGroupAdvantages {
    /// `[n]`.
    #[napi(ts_type = "Float32Array")]
    pub advantages: Numbers<f32>,
    /// Share of the groups in which all returns are equal.
    pub flat: f64,
}

/// What an update says.
#[napi(object)]
pub struct BindingUpdateStats {
    /// The terms before the step.
    pub terms: BindingTerms,
    /// Global gradient norm before clipping.
    pub grad_norm: f64,
}

/// The same of an update that is not made, and its gradient after clipping.
#[napi(object)]
pub struct BindingGradients {
    /// The terms.
    pub terms: BindingTerms,
    /// Global gradient norm before clipping.
    pub grad_norm: f64,
    /// One tensor a parameter.
    pub gradients: Vec<BindingTensor>,
}

impl BindingTrajectories {
    pub(crate) fn view<'a>(&'a self, rollout: &'a RolloutSpec) -> Trajectories<'a> {
        let observed = self.observed.as_ref();
        Trajectories {
            rollout,
            rows: observed.map_or(self.stages.0.len(), |observed| observed.rows as usize),
            contexts: (&*self.contexts.0).into(),
            context_lengths: self.context_lengths.as_ref().map(|lengths| (&*lengths.0).into()),
            context_values: self.context_values.as_ref().map(|values| (&*values.0).into()),
            stages: (&*self.stages.0).into(),
            states: None,
            ages: None,
            past: None,
            starts: None,
            inputs: self.inputs.as_ref().map(|inputs| (&*inputs.0).into()),
            discrete: observed.and_then(|observed| Some((&*observed.discrete.as_ref()?.0).into())),
            dense: observed.and_then(|observed| Some((&*observed.dense.as_ref()?.0).into())),
            actions: (&*self.actions.0).into(),
            allowed: observed.and_then(|observed| Some((&*observed.allowed.as_ref()?.0).into())),
            weights: self.weights.as_ref().map(|weights| (&*weights.0).into()),
        }
    }
}

/// The same with its options resolved.
pub(crate) struct OwnedLesson {
    trajectories: BindingTrajectories,
    targets: BindingTargets,
    baseline: Baseline,
    objective: Objective,
    optimizer: OptimizerConfig,
}

/// What a lesson's numbers are, in their order.
fn numbers<'a>(
    objective: &'a mut Objective,
    optimizer: &'a mut OptimizerConfig,
) -> impl Iterator<Item = (&'static str, &'a mut f64)> {
    objective.numbers().into_iter().chain(optimizer.numbers())
}

/// The names of a lesson's numbers, in their order.
pub(crate) fn number_names() -> Vec<&'static str> {
    numbers(&mut Objective::default(), &mut OptimizerConfig::default()).map(|(name, _)| name).collect()
}

impl TryFrom<BindingLesson> for OwnedLesson {
    type Error = Failure;

    fn try_from(lesson: BindingLesson) -> Result<Self, Failure> {
        let BindingLesson { trajectories, targets, baseline, reduction, total, numbers: Numbers(given) } = lesson;
        let baseline = match baseline.as_str() {
            "program" => Baseline::Program,
            "step" => Baseline::Step,
            other => return Err(Failure::options("baseline", format!("must be program or step, got {other}"))),
        };
        let reduction = match reduction.as_str() {
            "episode" => Reduction::Episode,
            "step" => Reduction::Step,
            other => return Err(Failure::options("reduction", format!("must be episode or step, got {other}"))),
        };
        let totals = total.map(|BindingTotal { rows, steps }| Totals { rows, steps });
        let mut objective = Objective { reduction, totals, ..Objective::default() };
        let mut optimizer = OptimizerConfig::default();
        let mut given = given.into_iter();
        for (name, number) in numbers(&mut objective, &mut optimizer) {
            *number = given.next().ok_or_else(|| Failure::options(name, "is missing"))?;
        }
        if targets.returns.is_some() == targets.advantages.is_some() {
            return Err(Failure::new("ERR_INPUT", "returns", "must be given, or advantages, and not both"));
        }
        Ok(Self { trajectories, targets, baseline, objective, optimizer })
    }
}

impl OwnedLesson {
    /// What is said of it beside the losses that every update has.
    pub(crate) fn said(&self) -> Said {
        let BindingTargets { old_log_probs, reference_log_probs, .. } = &self.targets;
        Said { ratio: old_log_probs.is_some(), reference: reference_log_probs.is_some() }
    }

    /// How a step is made of it.
    pub(crate) fn optimizer(&self) -> &OptimizerConfig {
        &self.optimizer
    }

    /// Hands the lesson to `work`.
    pub(crate) fn with<T>(&self, rollout: &Arc<RolloutSpec>, work: impl FnOnce(&Lesson<'_>) -> T) -> T {
        let data = self.trajectories.view(rollout);
        let BindingTargets { returns, advantages, value_targets, old_log_probs, reference_log_probs } = &self.targets;
        let advantages = match (returns, advantages) {
            (Some(Numbers(returns)), _) => Advantages::Returns { returns, baseline: self.baseline },
            (None, advantages) => Advantages::Given {
                advantages: advantages.as_ref().map_or(&[], |advantages| &advantages.0),
                value_targets: value_targets.as_ref().map(|targets| &*targets.0),
            },
        };
        let old_log_probs = old_log_probs.as_ref().map(|old| &*old.0);
        let reference_log_probs = reference_log_probs.as_ref().map(|reference| &*reference.0);
        let targets = Targets { advantages, old_log_probs, old_values: None, reference_log_probs };
        work(&Lesson { data: &data, targets: &targets, objective: &self.objective })
    }
}

impl From<BindingOptimizer> for OptimizerConfig {
    fn from(options: BindingOptimizer) -> Self {
        let BindingOptimizer { learning_rate, max_grad_norm, beta1, beta2, epsilon } = options;
        Self { learning_rate, max_grad_norm, beta1, beta2, epsilon }
    }
}

/// Which terms there are beside those of every update.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said {
    /// Of the ratio to old probabilities.
    pub(crate) ratio: bool,
    /// Of the divergence from a reference.
    pub(crate) reference: bool,
}

impl BindingTerms {
    pub(crate) fn new(terms: Terms, Said { ratio, reference }: Said) -> Self {
        let Terms { loss, policy_loss, value_loss, entropy, approx_kl, clip_fraction, reference_kl, explained_variance } = terms;
        let (approx_kl, clip_fraction) = (ratio.then_some(approx_kl), ratio.then_some(clip_fraction));
        let reference_kl = reference.then_some(reference_kl);
        Self { loss, policy_loss, value_loss, entropy, explained_variance, approx_kl, clip_fraction, reference_kl }
    }
}

//! The closed loop on the JavaScript thread: a vector step takes less than a hop to another thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use innate_core::Agent;
use innate_core::agent::{LearnConfig, Learned};
use innate_core::collect::{Collected, Collector, CollectorConfig};
use innate_core::data::{Observation, Prompts};
use innate_core::objective::{Gae, Objective, Reduction};
use napi::Env;
use napi::bindgen_prelude::{Int32ArraySlice, ObjectFinalize};
use napi_derive::napi;

use crate::array::Numbers;
use crate::error::Failure;
use crate::lesson::{BindingOptimizer, BindingTerms, OwnedLesson, Said};
use crate::memory::Footprint;
use crate::options::integer;

/// How steps are collected.
#[allow(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
#[napi(object)]
pub struct BindingCollectorOptions {
    /// Rows, `n`.
    pub rows: f64,
    /// Steps of a rollout, `T`.
    pub steps: f64,
    /// Discount a step.
    pub gamma: f64,
    /// How much of later errors an advantage takes.
    pub gae_lambda: f64,
    /// Whether a row begins an episode after each end; otherwise its further steps do not count.
    pub autoreset: bool,
    /// Whether steps have masks of their own.
    pub masked: bool,
    /// Whether vectors are normalized by running statistics.
    pub normalize_observations: bool,
    /// Whether rewards are divided by the running deviation of the discounted return.
    pub normalize_rewards: bool,
}

/// How a rollout is learned from.
#[napi(object)]
pub struct BindingLearnOptions {
    /// Times that all rows are gone through.
    pub epochs: f64,
    /// Parts that the rows are cut into.
    pub minibatches: f64,
    /// How far a ratio may fall below 1; `Infinity` turns clipping off.
    pub clip_range: f64,
    /// How far it may rise above 1.
    pub clip_range_high: f64,
    /// Weight of the divergence from a reference.
    pub kl_coef: f64,
    /// How far a value may move; `Infinity` turns clipping off.
    pub value_clip_range: f64,
    /// The divergence that learning stops at; `Infinity`: none.
    pub target_kl: f64,
    /// Whether advantages of a minibatch are brought to mean 0 and deviation 1.
    pub normalize_advantage: bool,
    /// Whether the loss is of ratios.
    pub ratio: bool,
    /// `episode` or `step`: what the policy's term is a mean over.
    pub reduction: String,
    /// Weight of the value loss.
    pub value_coef: f64,
    /// Weight of the entropy bonus.
    pub entropy_coef: f64,
    /// How a gradient becomes a step.
    pub optimizer: BindingOptimizer,
}

/// What learning from a rollout says.
#[napi(object)]
pub(crate) struct BindingLearnStats {
    /// Means over minibatches; the explained variance is that of the rollout's values.
    pub terms: BindingTerms,
    /// Global gradient norm before clipping, a mean over steps of the optimizer.
    pub grad_norm: f64,
    /// Steps of the optimizer.
    pub updates: u32,
    /// The policy's term of what was learned from beside it.
    pub beside: Option<f64>,
}

impl BindingLearnOptions {
    pub(crate) fn resolve(self) -> Result<LearnConfig, Failure> {
        let reduction = match self.reduction.as_str() {
            "episode" => Reduction::Episode,
            "step" => Reduction::Step,
            other => return Err(Failure::options("reduction", format!("must be episode or step, got {other}"))),
        };
        Ok(LearnConfig {
            epochs: integer("updateEpochs", self.epochs)? as usize,
            minibatches: integer("minibatches", self.minibatches)? as usize,
            normalize_advantage: self.normalize_advantage,
            ratio: self.ratio,
            target_kl: self.target_kl,
            objective: Objective {
                value_coef: self.value_coef,
                entropy_coef: self.entropy_coef,
                clip_range: self.clip_range,
                clip_range_high: self.clip_range_high,
                kl_coef: self.kl_coef,
                value_clip_range: self.value_clip_range,
                reduction,
                totals: None,
            },
            optimizer: self.optimizer.into(),
        })
    }
}

impl BindingCollectorOptions {
    pub(crate) fn resolve(self) -> Result<CollectorConfig, Failure> {
        Ok(CollectorConfig {
            rows: integer("rows", self.rows)? as usize,
            steps: integer("steps", self.steps)? as usize,
            gae: Gae { gamma: self.gamma, lambda: self.gae_lambda },
            autoreset: self.autoreset,
            masked: self.masked,
            normalize_observations: self.normalize_observations,
            normalize_rewards: self.normalize_rewards,
        })
    }
}

impl BindingLearnStats {
    pub(crate) fn new(Learned { terms, grad_norm, updates, beside, .. }: Learned, said: Said) -> Self {
        Self { terms: BindingTerms::new(terms, said), grad_norm, updates: updates as u32, beside }
    }
}

/// A collector that the agent's thread gives its rollout back to.
pub(crate) type Shared = Arc<Mutex<Option<Collector>>>;

/// Learns from a rollout that was taken from `shared`, which goes on with its memory and the weights that there are then, learned or not.
pub(crate) fn learn(
    agent: &mut Agent,
    shared: &Shared,
    collected: Collected,
    config: &LearnConfig,
    beside: Option<&OwnedLesson>,
) -> Result<Learned, Failure> {
    let learned = match beside {
        None => agent.learn(&collected, config),
        Some(beside) => beside.with(&agent.rollout_spec(), |lesson| agent.learn_beside(&collected, config, Some(lesson))),
    };
    let (weights, rollout) = agent.next_rollout()?;
    if let Some(collector) = &mut *lock(shared) {
        collector.resume(collected.recording, weights, rollout)?;
    }
    Ok(learned?)
}

/// Says of the actions of a finished rollout how probable they are to `agent`.
pub(crate) fn refer(agent: &mut Agent, shared: &Shared) -> Result<(), Failure> {
    if let Some(collector) = &mut *lock(shared) {
        let rollout = agent.rollout_spec();
        let said = agent.evaluate(&collector.recorded()?.trajectories(&rollout))?;
        collector.refer(said.log_probs)?;
    }
    Ok(())
}

fn lock(shared: &Shared) -> MutexGuard<'_, Option<Collector>> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Rows whose steps are written down to be learned from. Arrays are read and written in place.
#[napi(custom_finalize)]
pub struct BindingCollector {
    collector: Shared,
    footprint: Footprint,
}

impl ObjectFinalize for BindingCollector {
    fn finalize(self, env: Env) -> napi::Result<()> {
        self.footprint.end(&env);
        Ok(())
    }
}

/// Arrays that may be absent, as the core takes them.
fn observation<'a>(dense: Option<&'a [f32]>, discrete: Option<&'a [i32]>, allowed: Option<&'a [u8]>) -> Observation<'a> {
    Observation { discrete: discrete.unwrap_or(&[]), dense: dense.unwrap_or(&[]), allowed: allowed.unwrap_or(&[]) }
}

impl BindingCollector {
    pub(crate) fn new(env: &Env, collector: Collector) -> Self {
        let footprint = Footprint::new();
        footprint.tell(env, collector.bytes());
        Self { collector: Arc::new(Mutex::new(Some(collector))), footprint }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Collector) -> innate_core::Result<T>) -> napi::Result<T> {
        let mut held = lock(&self.collector);
        let collector = held.as_mut().ok_or_else(|| Failure::new("ERR_CLOSED", "", "the collector is closed"))?;
        if let Ok(result) = catch_unwind(AssertUnwindSafe(|| work(collector))) {
            return Ok(result.map_err(Failure::from)?);
        }
        *held = None;
        Err(Failure::internal("a step panicked; the collector is closed").into())
    }

    /// The rows, for an agent's thread.
    pub(crate) fn share(&self) -> Shared {
        Arc::clone(&self.collector)
    }

    /// What was recorded, to be learned from, and the way back.
    pub(crate) fn take(&self) -> napi::Result<(Collected, Shared)> {
        Ok((self.with(Collector::take)?, Arc::clone(&self.collector)))
    }
}

#[napi]
impl BindingCollector {
    /// Shows each row its prompt, contexts `[n, L]`, stages `[n]`, of which `contextLengths` `[n]` tokens count, and begins an episode in each;
    /// random steps, `[n]`, and context values, `[n, L]`, as in a rollout.
    #[napi(catch_unwind)]
    pub fn begin(
        &self,
        contexts: &[i32],
        stages: &[i32],
        context_lengths: Option<&[i32]>,
        random_steps: Option<&[i32]>,
        context_values: Option<&[f32]>,
    ) -> napi::Result<()> {
        self.with(|collector| {
            let prompts = Prompts { lengths: context_lengths, values: context_values, ..Prompts::of(contexts, stages) };
            collector.begin(prompts)?;
            random_steps.map_or(Ok(()), |steps| collector.explore(steps))
        })
    }

    /// One action a row by what it observes, dense `[n, D]`, discrete `[n, K]`, allowed `[n, A]`; actions `[n]` is written.
    #[napi(catch_unwind)]
    pub fn step(
        &self,
        dense: Option<&[f32]>,
        discrete: Option<&[i32]>,
        allowed: Option<&[u8]>,
        mut actions: Int32ArraySlice,
    ) -> napi::Result<()> {
        let seen = observation(dense, discrete, allowed);
        // SAFETY: the array is its caller's alone; nothing else runs on this thread during the call.
        let actions = unsafe { actions.as_mut() };
        self.with(|collector| collector.step(&seen, actions))
    }

    /// What came of the step, `[n]` each; `lastDense` `[n, D]` and `lastDiscrete` `[n, K]` are read where an episode was truncated.
    #[napi(catch_unwind)]
    pub fn record(
        &self,
        rewards: &[f32],
        terminated: &[u8],
        truncated: &[u8],
        last_dense: Option<&[f32]>,
        last_discrete: Option<&[i32]>,
    ) -> napi::Result<()> {
        let last = observation(last_dense, last_discrete, None);
        self.with(|collector| collector.answer(rewards, terminated, truncated, &last))
    }

    /// Ends the rollout, whose rows observe `dense` and `discrete` next; where `pending` is false, no episode goes on.
    #[napi(catch_unwind)]
    pub fn finish(&self, pending: bool, dense: Option<&[f32]>, discrete: Option<&[i32]>) -> napi::Result<()> {
        let seen = observation(dense, discrete, None);
        self.with(|collector| collector.finish(pending.then_some(&seen)))
    }

    /// Judges all steps of a row by its advantage, `[n]`, in place of what the finished rollout was judged by.
    #[napi(catch_unwind)]
    pub fn judge(&self, advantages: &[f32]) -> napi::Result<()> {
        self.with(|collector| collector.judge(advantages))
    }

    /// Between two rollouts: what the rows carry on, from which `agent.collector` makes the same rows.
    #[napi(catch_unwind, ts_return_type = "Uint8Array")]
    pub fn carried(&self) -> napi::Result<Numbers<u8>> {
        self.with(|collector| collector.carried().map(Numbers))
    }

    /// Frees the rows; later calls throw `ERR_CLOSED`.
    #[napi(catch_unwind)]
    pub fn close(&self, env: &Env) {
        *lock(&self.collector) = None;
        self.footprint.end(env);
    }
}

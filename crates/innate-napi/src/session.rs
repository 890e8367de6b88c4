//! Decisions on the JavaScript thread: for what takes microseconds.

use std::panic::{AssertUnwindSafe, catch_unwind};

use innate_core::collect::Normalizer;
use innate_core::data::{Observation, Prompts, Sampling};
use innate_core::engine::fused::{Policy, StepOutput};
use innate_core::rng::Seed;
use napi::Env;
use napi::bindgen_prelude::{Float32ArraySlice, Int32ArraySlice, ObjectFinalize};
use napi_derive::napi;

use crate::error::Failure;
use crate::memory::Footprint;

/// Rows of a network that are stepped together. Arrays are written in place.
#[napi(custom_finalize)]
pub struct BindingSession {
    policy: Option<Policy>,
    normalizer: Normalizer,
    /// What is observed before the next step; a copy.
    dense: Vec<f32>,
    discrete: Vec<i32>,
    allowed: Vec<u8>,
    seed: Seed,
    begun: u64,
    footprint: Footprint,
}

impl ObjectFinalize for BindingSession {
    fn finalize(self, env: Env) -> napi::Result<()> {
        self.footprint.end(&env);
        Ok(())
    }
}

impl BindingSession {
    pub(crate) fn new(env: &Env, policy: Policy, normalizer: Normalizer, seed: u64) -> Self {
        let footprint = Footprint::new();
        // The weights too: the agent may go on to others, and leave these to the session.
        footprint.tell(env, policy.bytes() + policy.weights().bytes());
        Self {
            policy: Some(policy),
            normalizer,
            dense: Vec::new(),
            discrete: Vec::new(),
            allowed: Vec::new(),
            seed: Seed(seed),
            begun: 0,
            footprint,
        }
    }

    fn with<T>(&mut self, work: impl FnOnce(&mut Policy) -> innate_core::Result<T>) -> napi::Result<T> {
        guarded(&mut self.policy, work)
    }
}

/// Works with a policy, which is closed by a panic.
fn guarded<T>(open: &mut Option<Policy>, work: impl FnOnce(&mut Policy) -> innate_core::Result<T>) -> napi::Result<T> {
    let policy = open.as_mut().ok_or_else(|| Failure::new("ERR_CLOSED", "", "the session is closed"))?;
    if let Ok(result) = catch_unwind(AssertUnwindSafe(|| work(policy))) {
        return Ok(result.map_err(Failure::from)?);
    }
    *open = None;
    Err(Failure::internal("a step panicked; the session is closed").into())
}

#[napi]
impl BindingSession {
    /// Shows each row its context, contexts `[n, L]`, stages `[n]`, of which `contextLengths` `[n]` tokens count, with the numbers beside
    /// them, contextValues `[n, L]`, where the network reads them, and puts it before its first step.
    #[napi(catch_unwind)]
    pub fn begin(
        &mut self,
        contexts: &[i32],
        stages: &[i32],
        context_lengths: Option<&[i32]>,
        context_values: Option<&[f32]>,
    ) -> napi::Result<()> {
        self.begun += 1;
        let prompts = Prompts { lengths: context_lengths, values: context_values, ..Prompts::of(contexts, stages) };
        self.with(|policy| policy.begin(prompts))
    }

    /// Puts `rows` rows before the first step of an episode, at the zero state: for a network without prompts.
    #[napi(catch_unwind)]
    pub fn begin_rows(&mut self, rows: u32) -> napi::Result<()> {
        self.begun += 1;
        self.with(|policy| policy.begin(Prompts::none(rows as usize)))
    }

    /// Puts one row before the first step of another episode.
    #[napi(catch_unwind)]
    pub fn restart(&mut self, row: u32) -> napi::Result<()> {
        self.with(|policy| policy.restart(row as usize))
    }

    /// What the rows observe before the next step: dense `[n, D]`, discrete `[n, K]`, allowed `[n, A]`.
    #[napi(catch_unwind)]
    pub fn observe(&mut self, dense: Option<&[f32]>, discrete: Option<&[i32]>, allowed: Option<&[u8]>) {
        refill(&mut self.dense, dense);
        refill(&mut self.discrete, discrete);
        refill(&mut self.allowed, allowed);
        self.normalizer.normalize_observations(&mut self.dense);
    }

    /// Divides logits by `temperature` from the next step on.
    #[napi(catch_unwind)]
    pub fn set_temperature(&mut self, temperature: f64) -> napi::Result<()> {
        self.with(|policy| policy.set_temperature(temperature as f32))
    }

    /// Takes the weights and statistics of another session of the same agent, made later, which is closed; states stay.
    #[napi(catch_unwind)]
    pub fn sync(&mut self, newer: &mut BindingSession) -> napi::Result<()> {
        let weights = newer.with(|policy| Ok(std::sync::Arc::clone(policy.weights())))?;
        self.with(|policy| policy.sync(weights))?;
        self.normalizer.clone_from(&newer.normalizer);
        Ok(())
    }

    /// One token for every row; all arrays `[n]`, written.
    #[napi(catch_unwind)]
    pub fn step(
        &mut self,
        deterministic: bool,
        mut actions: Int32ArraySlice,
        mut log_probs: Float32ArraySlice,
        mut entropies: Float32ArraySlice,
        mut values: Float32ArraySlice,
    ) -> napi::Result<()> {
        let sampling = if deterministic { Sampling::Greedy } else { Sampling::Session { seed: self.seed, begun: self.begun } };
        // SAFETY: the arrays are the session's own four on the JavaScript side; nothing else runs on this thread during the call.
        let mut out = unsafe {
            StepOutput {
                actions: actions.as_mut(),
                log_probs: log_probs.as_mut(),
                entropies: entropies.as_mut(),
                values: values.as_mut(),
            }
        };
        let Self { policy, dense, discrete, allowed, .. } = self;
        guarded(policy, |policy| policy.step(&Observation { discrete, dense, allowed }, sampling, &mut out))
    }

    /// Makes `tokens` `[n]` the next step's inputs.
    #[napi(catch_unwind)]
    pub fn feed(&mut self, tokens: &[i32]) -> napi::Result<()> {
        self.with(|policy| policy.feed(tokens))
    }

    /// Frees the weights; later calls throw `ERR_CLOSED`.
    #[napi(catch_unwind)]
    pub fn close(&mut self, env: &Env) {
        self.policy = None;
        self.footprint.end(env);
    }
}

fn refill<T: Copy>(to: &mut Vec<T>, from: Option<&[T]>) {
    to.clear();
    to.extend_from_slice(from.unwrap_or(&[]));
}

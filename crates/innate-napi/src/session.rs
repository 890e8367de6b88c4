//! Decisions on the JavaScript thread: for what takes microseconds.

use std::panic::{AssertUnwindSafe, catch_unwind};

use innate_core::data::{Prompts, Sampling};
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
    pub(crate) fn new(env: &Env, policy: Policy, seed: u64) -> Self {
        let footprint = Footprint::new();
        // The weights too: the agent may go on to others, and leave these to the session.
        footprint.tell(env, policy.bytes() + policy.weights().bytes());
        Self { policy: Some(policy), seed: Seed(seed), begun: 0, footprint }
    }

    fn with<T>(&mut self, work: impl FnOnce(&mut Policy) -> innate_core::Result<T>) -> napi::Result<T> {
        let policy = self.policy.as_mut().ok_or_else(|| Failure::new("ERR_CLOSED", "", "the session is closed"))?;
        if let Ok(result) = catch_unwind(AssertUnwindSafe(|| work(policy))) {
            return Ok(result.map_err(Failure::from)?);
        }
        self.policy = None;
        Err(Failure::internal("a step panicked; the session is closed").into())
    }
}

#[napi]
impl BindingSession {
    /// Shows each row its context, contexts `[n, L]`, stages `[n]`, and puts it before its first step.
    #[napi(catch_unwind)]
    pub fn begin(&mut self, contexts: &[i32], stages: &[i32]) -> napi::Result<()> {
        self.begun += 1;
        self.with(|policy| policy.begin(Prompts { rows: stages.len(), contexts, stages }))
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
        self.with(|policy| policy.step(sampling, &mut out))
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

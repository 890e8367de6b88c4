//! The agent's class.

use std::path::Path;

use innate_core::engine::{Episodes, Prompts};
use innate_core::{Agent, checkpoint};
use napi::Env;
use napi::bindgen_prelude::{Object, ObjectFinalize};
use napi_derive::napi;

use crate::error::Failure;
use crate::options::{
    BindingAgentOptions, BindingEvaluation, BindingGradients, BindingRollout, BindingTensor, BindingUpdateOptions,
    BindingUpdateStats, Placement, Resolved, integer,
};
use crate::session::BindingSession;
use crate::worker::{Access, Slot, Worker, submit, submit_fill};

/// Rejections and throws carry `CODE\u001fPATH\u001fMESSAGE` as message. Calls on one agent are carried out in the order they are made,
/// on a native thread of the agent's own. Inputs are copied before the call returns.
#[napi(custom_finalize)]
pub struct BindingAgent {
    worker: Option<Worker>,
    resolved: Resolved,
    note: String,
}

impl ObjectFinalize for BindingAgent {
    fn finalize(self, env: Env) -> napi::Result<()> {
        if let Some(worker) = self.worker {
            worker.abandon(&env);
        }
        Ok(())
    }
}

#[napi]
impl BindingAgent {
    /// Makes an agent with fresh weights.
    #[napi(catch_unwind, ts_return_type = "Promise<BindingAgent>")]
    pub fn create(env: &Env, options: BindingAgentOptions) -> napi::Result<Object<'_>> {
        let resolved = Resolved::try_from(options)?;
        let worker = Worker::new();
        let work = move |slot: &mut Slot| {
            let Placement { device, engine, threads } = resolved.placement;
            let agent = Agent::new(resolved.config.clone(), engine, device, resolved.seed, threads);
            slot.fill(agent.map_err(Failure::while_making)?);
            Ok(resolved)
        };
        let own = worker.clone();
        submit_fill(env, &worker, work, move |_, resolved| Self { worker: Some(own), resolved, note: String::new() })
    }

    /// Reads a checkpoint file; device, engine and threads are the caller's, the rest is the file's.
    #[napi(catch_unwind, ts_return_type = "Promise<BindingAgent>")]
    pub fn load(env: &Env, path: String, device: String, engine: String, threads: f64) -> napi::Result<Object<'_>> {
        let worker = Worker::new();
        let work = move |slot: &mut Slot| {
            let placement = Placement::new(&device, &engine, threads)?;
            let mut state = checkpoint::load(Path::new(&path))?;
            let note = std::mem::take(&mut state.note);
            let Placement { device, engine, threads } = placement;
            slot.fill(Agent::from_state(&state, engine, device, threads).map_err(Failure::while_making)?);
            Ok((Resolved { config: state.config, seed: state.seed, placement }, note))
        };
        let own = worker.clone();
        submit_fill(env, &worker, work, move |_, (resolved, note)| Self { worker: Some(own), resolved, note })
    }

    /// What the agent was made or loaded with.
    #[napi(getter, catch_unwind)]
    pub fn options(&self) -> BindingAgentOptions {
        BindingAgentOptions::from(&self.resolved)
    }

    /// Emits a program for each problem: contexts `[n, L]`, stages `[n]`.
    #[napi(catch_unwind, ts_return_type = "Promise<BindingRollout>")]
    pub fn rollout<'env>(
        &self,
        env: &'env Env,
        contexts: &[i32],
        stages: &[i32],
        deterministic: bool,
    ) -> napi::Result<Object<'env>> {
        let (contexts, stages) = (contexts.to_vec(), stages.to_vec());
        let work = move |agent: &mut Agent| Ok(agent.rollout(&contexts, &stages, deterministic)?);
        submit(env, self.worker.as_ref(), Access::Reads, work, |_, result| BindingRollout::from(result))
    }

    /// Runs the network over given actions `[n, T]`.
    #[napi(catch_unwind, ts_return_type = "Promise<BindingEvaluation>")]
    pub fn evaluate_actions<'env>(
        &self,
        env: &'env Env,
        contexts: &[i32],
        stages: &[i32],
        actions: &[i32],
    ) -> napi::Result<Object<'env>> {
        let (contexts, stages, actions) = (contexts.to_vec(), stages.to_vec(), actions.to_vec());
        let work = move |agent: &mut Agent| Ok(agent.evaluate(&contexts, &stages, &actions)?);
        submit(env, self.worker.as_ref(), Access::Reads, work, |_, result| BindingEvaluation::from(result))
    }

    /// One Adam step at actions `[n, T]`, of which the first `lengths` `[n]` of a program count, and returns `[n]`.
    #[napi(catch_unwind, ts_return_type = "Promise<BindingUpdateStats>")]
    #[allow(clippy::too_many_arguments, reason = "arrays cross one by one")]
    pub fn update<'env>(
        &self,
        env: &'env Env,
        contexts: &[i32],
        stages: &[i32],
        actions: &[i32],
        lengths: Option<&[i32]>,
        returns: &[f32],
        options: BindingUpdateOptions,
    ) -> napi::Result<Object<'env>> {
        let episodes = OwnedEpisodes::new(contexts, stages, actions, lengths, returns);
        let config = options.config()?;
        let work = move |agent: &mut Agent| Ok(agent.update(episodes.view(), &config)?);
        submit(env, self.worker.as_ref(), Access::Writes, work, |_, result| BindingUpdateStats::from(result))
    }

    /// The terms and the clipped gradient of an update that is not made.
    #[napi(catch_unwind, ts_return_type = "Promise<BindingGradients>")]
    #[allow(clippy::too_many_arguments, reason = "arrays cross one by one")]
    pub fn gradients<'env>(
        &self,
        env: &'env Env,
        contexts: &[i32],
        stages: &[i32],
        actions: &[i32],
        lengths: Option<&[i32]>,
        returns: &[f32],
        options: BindingUpdateOptions,
    ) -> napi::Result<Object<'env>> {
        let episodes = OwnedEpisodes::new(contexts, stages, actions, lengths, returns);
        let config = options.config()?;
        let work = move |agent: &mut Agent| {
            let (stats, flat) = agent.gradients(episodes.view(), &config)?;
            Ok((stats, agent.named(&flat)))
        };
        submit(env, self.worker.as_ref(), Access::Reads, work, |_, (stats, tensors)| BindingGradients {
            stats: stats.into(),
            gradients: tensors.into_iter().map(BindingTensor::from).collect(),
        })
    }

    /// The weights by PyTorch's names.
    #[napi(catch_unwind, ts_return_type = "Promise<Array<BindingTensor>>")]
    pub fn state_dict<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        let work = |agent: &mut Agent| Ok(agent.state_dict()?);
        submit(env, self.worker.as_ref(), Access::Salvages, work, |_, tensors| {
            tensors.into_iter().map(BindingTensor::from).collect::<Vec<_>>()
        })
    }

    /// A copy of the weights to take decisions with on the JavaScript thread, for at most `size` rows.
    #[napi(catch_unwind, ts_return_type = "Promise<BindingSession>")]
    pub fn session<'env>(&self, env: &'env Env, size: f64, seed: f64) -> napi::Result<Object<'env>> {
        let (size, seed) = (integer("size", size)? as usize, integer("seed", seed)?);
        let work = move |agent: &mut Agent| agent.session(size).map_err(Failure::while_making);
        submit(env, self.worker.as_ref(), Access::Reads, work, move |env, session| BindingSession::new(env, session, seed))
    }

    /// Replaces all weights, or none when one tensor is missing, unknown, of another shape or not finite. Adam's state stays.
    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn load_state_dict<'env>(&self, env: &'env Env, tensors: Vec<BindingTensor>) -> napi::Result<Object<'env>> {
        let tensors: Vec<_> = tensors.into_iter().map(innate_core::NamedTensor::from).collect();
        let work = move |agent: &mut Agent| Ok(agent.load_state_dict(&tensors)?);
        submit(env, self.worker.as_ref(), Access::Writes, work, |_, ()| ())
    }

    /// Writes weights, Adam's state, random streams, options and `note` to one file, atomically.
    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn save<'env>(&self, env: &'env Env, path: String, note: String) -> napi::Result<Object<'env>> {
        let work = move |agent: &mut Agent| Ok(checkpoint::save(Path::new(&path), &agent.state(note)?)?);
        submit(env, self.worker.as_ref(), Access::Reads, work, |_, ()| ())
    }

    /// The `note` of the file this agent was loaded from, or an empty string.
    #[napi(catch_unwind)]
    pub fn note(&self) -> String {
        self.note.clone()
    }

    /// Frees the agent after what is queued; later calls reject with `ERR_CLOSED`, but closing again resolves.
    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn close<'env>(&mut self, env: &'env Env) -> napi::Result<Object<'env>> {
        self.worker.take().unwrap_or_else(Worker::new).close(env)
    }
}

/// What only the addon that tests load has.
#[cfg(feature = "test-hooks")]
#[napi]
impl BindingAgent {
    /// Panics inside a job.
    #[napi(catch_unwind, skip_typescript)]
    pub fn panic_for_test<'env>(&self, env: &'env Env, writing: bool) -> napi::Result<Object<'env>> {
        let access = if writing { Access::Writes } else { Access::Reads };
        submit(env, self.worker.as_ref(), access, |_| -> Result<(), Failure> { panic!("a panic for a test") }, |_, ()| ())
    }
}

/// A copy of what an update learns from, since JavaScript can go on writing to its arrays.
struct OwnedEpisodes {
    contexts: Vec<i32>,
    stages: Vec<i32>,
    actions: Vec<i32>,
    lengths: Option<Vec<i32>>,
    returns: Vec<f32>,
}

impl OwnedEpisodes {
    fn new(contexts: &[i32], stages: &[i32], actions: &[i32], lengths: Option<&[i32]>, returns: &[f32]) -> Self {
        Self {
            contexts: contexts.to_vec(),
            stages: stages.to_vec(),
            actions: actions.to_vec(),
            lengths: lengths.map(<[i32]>::to_vec),
            returns: returns.to_vec(),
        }
    }

    fn view(&self) -> Episodes<'_> {
        let prompts = Prompts { contexts: &self.contexts, stages: &self.stages };
        Episodes { prompts, actions: &self.actions, lengths: self.lengths.as_deref(), returns: &self.returns }
    }
}

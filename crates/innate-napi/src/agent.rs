//! The agent's class.

use std::path::Path;

use innate_core::data::Prompts;
use innate_core::objective::{GroupBaseline, GroupCounts, Groups};
use innate_core::optimizer::OptimizerConfig;
use innate_core::{Agent, checkpoint};
use napi::Env;
use napi::bindgen_prelude::{Object, ObjectFinalize};
use napi_derive::napi;

use crate::array::Numbers;
use crate::collector::{self, BindingCollector, BindingCollectorOptions, BindingLearnOptions, BindingLearnStats};
use crate::error::Failure;
use crate::lesson::{
    BindingGradients, BindingGroupAdvantages, BindingLesson, BindingOptimizer, BindingTerms, BindingTrajectories,
    BindingUpdateStats, OwnedLesson, Said, number_names,
};
use crate::options::{
    BindingAgentOptions, BindingEvaluation, BindingRollout, BindingStatistics, BindingTensor, Resolved, integer, placement,
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
    trainer: Option<String>,
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
            let Resolved { model, rollout, seed, placement } = &resolved;
            let agent = Agent::new(model.clone(), rollout.clone(), *seed, *placement);
            slot.fill(agent.map_err(Failure::while_making)?);
            Ok(resolved)
        };
        let own = worker.clone();
        submit_fill(env, &worker, work, move |_, resolved| Self {
            worker: Some(own),
            resolved,
            note: String::new(),
            trainer: None,
        })
    }

    /// Reads a checkpoint file; device, engine and threads are the caller's, the rest is the file's.
    #[napi(catch_unwind, ts_return_type = "Promise<BindingAgent>")]
    pub fn load(env: &Env, path: String, device: String, engine: String, threads: f64) -> napi::Result<Object<'_>> {
        let worker = Worker::new();
        let work = move |slot: &mut Slot| {
            let placement = placement(&device, &engine, threads)?;
            let mut state = checkpoint::load(Path::new(&path))?;
            let note = std::mem::take(&mut state.note);
            let trainer = checkpoint::take_trainer(&mut state);
            slot.fill(Agent::from_state(&state, placement).map_err(Failure::while_making)?);
            Ok((Resolved { model: state.model, rollout: state.rollout, seed: state.seed, placement }, note, trainer))
        };
        let own = worker.clone();
        submit_fill(env, &worker, work, move |_, (resolved, note, trainer)| Self { worker: Some(own), resolved, note, trainer })
    }

    /// What the agent was made or loaded with.
    #[napi(getter, catch_unwind)]
    pub fn options(&self) -> BindingAgentOptions {
        BindingAgentOptions::from(&self.resolved)
    }

    /// What the network is: the section `model` of its file.
    #[napi(getter, catch_unwind)]
    pub fn model(&self) -> String {
        checkpoint::describe(&self.resolved.model)
    }

    /// What the numbers of a lesson are, in their order.
    #[napi(getter, catch_unwind)]
    #[allow(clippy::unused_self, reason = "whoever has an agent has no other way to its addon")]
    pub fn number_names(&self) -> Vec<&'static str> {
        number_names()
    }

    /// Emits a program for each problem: contexts `[n, L]`, stages `[n]`, and how many tokens of each context count, `[n]`; absent: all. Context values,
    /// `[n, L]`, are the numbers beside the tokens, where the network reads them. At the random step of a row, `[n]`, −1 for none, any action that is allowed is as probable as the others.
    #[napi(catch_unwind, ts_return_type = "Promise<BindingRollout>")]
    #[allow(clippy::too_many_arguments, reason = "one array each: reading them out of an object costs a microsecond apiece")]
    pub fn rollout<'env>(
        &self,
        env: &'env Env,
        contexts: &[i32],
        stages: &[i32],
        deterministic: bool,
        context_lengths: Option<&[i32]>,
        random_steps: Option<&[i32]>,
        context_values: Option<&[f32]>,
    ) -> napi::Result<Object<'env>> {
        let (contexts, stages, lengths) = (contexts.to_vec(), stages.to_vec(), context_lengths.map(<[i32]>::to_vec));
        let values = context_values.map(<[f32]>::to_vec);
        let explored = random_steps.map(<[i32]>::to_vec);
        let work = move |agent: &mut Agent| {
            let prompts = Prompts { lengths: lengths.as_deref(), values: values.as_deref(), ..Prompts::of(&contexts, &stages) };
            Ok(match &explored {
                Some(steps) if !deterministic => agent.explore(prompts, steps)?,
                _ => agent.rollout(prompts, deterministic)?,
            })
        };
        submit(env, self.worker.as_ref(), Access::Reads, work, |_, result| BindingRollout::from(result))
    }

    /// Runs the network over given trajectories.
    #[napi(catch_unwind, ts_return_type = "Promise<BindingEvaluation>")]
    pub fn evaluate_actions<'env>(&self, env: &'env Env, trajectories: BindingTrajectories) -> napi::Result<Object<'env>> {
        let work = move |agent: &mut Agent| Ok(agent.evaluate(&trajectories.view(&agent.rollout_spec()))?);
        submit(env, self.worker.as_ref(), Access::Reads, work, |_, result| BindingEvaluation::from(result))
    }

    /// The gradient of the loss and one Adam step along it.
    #[napi(catch_unwind, ts_return_type = "Promise<BindingUpdateStats>")]
    pub fn update<'env>(&self, env: &'env Env, lesson: BindingLesson) -> napi::Result<Object<'env>> {
        let lesson = OwnedLesson::try_from(lesson)?;
        let said = lesson.said();
        let work =
            move |agent: &mut Agent| Ok(lesson.with(&agent.rollout_spec(), |data| agent.update(data, lesson.optimizer()))?);
        submit(env, self.worker.as_ref(), Access::Writes, work, move |_, (terms, grad_norm)| BindingUpdateStats {
            terms: BindingTerms::new(terms, said),
            grad_norm,
        })
    }

    /// The terms and the clipped gradient of an update that is not made.
    #[napi(catch_unwind, ts_return_type = "Promise<BindingGradients>")]
    pub fn gradients<'env>(&self, env: &'env Env, lesson: BindingLesson) -> napi::Result<Object<'env>> {
        let lesson = OwnedLesson::try_from(lesson)?;
        let said = lesson.said();
        let work = move |agent: &mut Agent| {
            let (terms, norm, flat) = lesson.with(&agent.rollout_spec(), |data| agent.gradients(data, lesson.optimizer()))?;
            Ok((terms, norm, agent.named(&flat)))
        };
        submit(env, self.worker.as_ref(), Access::Reads, work, move |_, (terms, grad_norm, tensors)| BindingGradients {
            terms: BindingTerms::new(terms, said),
            grad_norm,
            gradients: tensors.into_iter().map(BindingTensor::from).collect(),
        })
    }

    /// Adds the gradient of the loss, on the rows given by index or on all, to what waits for `apply`.
    #[napi(catch_unwind, ts_return_type = "Promise<BindingTerms>")]
    pub fn accumulate<'env>(
        &self,
        env: &'env Env,
        lesson: BindingLesson,
        #[napi(ts_arg_type = "Uint32Array | undefined | null")] rows: Option<Numbers<u32>>,
    ) -> napi::Result<Object<'env>> {
        let lesson = OwnedLesson::try_from(lesson)?;
        let said = lesson.said();
        let work = move |agent: &mut Agent| {
            let rows = rows.as_ref().map(|rows| &*rows.0);
            Ok(lesson.with(&agent.rollout_spec(), |lesson| agent.accumulate(lesson, rows))?)
        };
        submit(env, self.worker.as_ref(), Access::Writes, work, move |_, terms| BindingTerms::new(terms, said))
    }

    /// The sum of the gradients that wait, before clipping, by PyTorch's names.
    #[napi(catch_unwind, ts_return_type = "Promise<Array<BindingTensor>>")]
    pub fn gradient<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        let work = |agent: &mut Agent| Ok(agent.named(&agent.gradient()?));
        submit(env, self.worker.as_ref(), Access::Reads, work, |_, tensors| {
            tensors.into_iter().map(BindingTensor::from).collect::<Vec<_>>()
        })
    }

    /// Replaces the sum of the gradients that wait, or forgets them where nothing is given.
    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn set_gradient<'env>(&self, env: &'env Env, tensors: Option<Vec<BindingTensor>>) -> napi::Result<Object<'env>> {
        let tensors = tensors.map(|tensors| tensors.into_iter().map(innate_core::NamedTensor::from).collect::<Vec<_>>());
        let work = move |agent: &mut Agent| {
            match &tensors {
                Some(tensors) => agent.set_gradient(tensors)?,
                None => agent.clear_gradient(),
            }
            Ok(())
        };
        submit(env, self.worker.as_ref(), Access::Writes, work, |_, ()| ())
    }

    /// One Adam step along the gradients that wait; their global norm before clipping.
    #[napi(catch_unwind, ts_return_type = "Promise<number>")]
    pub fn apply<'env>(&self, env: &'env Env, optimizer: BindingOptimizer) -> napi::Result<Object<'env>> {
        let config = OptimizerConfig::from(optimizer);
        let work = move |agent: &mut Agent| Ok(agent.apply(&config)?);
        submit(env, self.worker.as_ref(), Access::Writes, work, |_, norm| norm)
    }

    /// The weights by PyTorch's names.
    #[napi(catch_unwind, ts_return_type = "Promise<Array<BindingTensor>>")]
    pub fn state_dict<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        let work = |agent: &mut Agent| Ok(agent.state_dict()?);
        submit(env, self.worker.as_ref(), Access::Salvages, work, |_, tensors| {
            tensors.into_iter().map(BindingTensor::from).collect::<Vec<_>>()
        })
    }

    /// The present weights to take decisions with on the JavaScript thread, for at most `size` rows.
    #[napi(catch_unwind, ts_return_type = "Promise<BindingSession>")]
    pub fn session<'env>(&self, env: &'env Env, size: f64, seed: f64) -> napi::Result<Object<'env>> {
        let (size, seed) = (integer("size", size)? as usize, integer("seed", seed)?);
        let work = move |agent: &mut Agent| {
            let policy = agent.policy(size).map_err(Failure::while_making)?;
            Ok((policy, agent.normalizer().clone()))
        };
        submit(env, self.worker.as_ref(), Access::Reads, work, move |env, (policy, normalizer)| {
            BindingSession::new(env, policy, normalizer, seed)
        })
    }

    /// Rows whose steps are written down to be learned from, by the present weights; they go on where others were, where that is given.
    #[napi(catch_unwind, ts_return_type = "Promise<BindingCollector>")]
    pub fn collector<'env>(
        &self,
        env: &'env Env,
        options: BindingCollectorOptions,
        carried: Option<&[u8]>,
    ) -> napi::Result<Object<'env>> {
        let config = options.resolve()?;
        let carried = carried.map(<[u8]>::to_vec);
        let work = move |agent: &mut Agent| {
            let collector = match &carried {
                Some(bytes) => agent.carried_collector(config, bytes),
                None => agent.collector(config),
            };
            collector.map_err(Failure::while_making)
        };
        submit(env, self.worker.as_ref(), Access::Reads, work, BindingCollector::new)
    }

    /// Learns from what was collected, and from a lesson beside it in each step; then the collector goes on, by the new weights.
    #[napi(catch_unwind, ts_return_type = "Promise<BindingLearnStats>")]
    pub fn learn<'env>(
        &self,
        env: &'env Env,
        collector: &BindingCollector,
        options: BindingLearnOptions,
        beside: Option<BindingLesson>,
    ) -> napi::Result<Object<'env>> {
        let config = options.resolve()?;
        let beside = beside.map(OwnedLesson::try_from).transpose()?;
        let (collected, shared) = collector.take()?;
        let said = Said { ratio: config.ratio, reference: collected.recording.targets().reference_log_probs.is_some() };
        let work = move |agent: &mut Agent| collector::learn(agent, &shared, collected, &config, beside.as_ref());
        submit(env, self.worker.as_ref(), Access::Writes, work, move |_, stats| BindingLearnStats::new(stats, said))
    }

    /// Says of the actions of a finished rollout, which another agent of the same form took, how probable they are to this one.
    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn refer<'env>(&self, env: &'env Env, collector: &BindingCollector) -> napi::Result<Object<'env>> {
        let shared = collector.share();
        let work = move |agent: &mut Agent| collector::refer(agent, &shared);
        submit(env, self.worker.as_ref(), Access::Reads, work, |_, ()| ())
    }

    /// The advantage of each program among those of its group: returns `[n]`, groups `[n]` by numbers below `n`.
    #[napi(catch_unwind)]
    #[allow(clippy::unused_self, reason = "whoever has an agent has no other way to its addon")]
    pub fn group_advantages(
        &self,
        returns: &[f32],
        groups: &[u32],
        leave_one_out: bool,
        scale: bool,
    ) -> napi::Result<BindingGroupAdvantages> {
        let baseline = if leave_one_out { GroupBaseline::LeaveOneOut } else { GroupBaseline::Mean };
        let mut advantages = vec![0.0; returns.len()];
        let counts = Groups { baseline, scale }.write(returns, groups, &mut advantages).map_err(Failure::from)?;
        let GroupCounts { groups, flat } = counts;
        Ok(BindingGroupAdvantages { advantages: Numbers(advantages), flat: flat as f64 / groups as f64 })
    }

    /// Brings vectors that were observed, `[n, D]`, to the scale that the network reads them on; counted among its statistics before, where asked.
    #[napi(catch_unwind, ts_return_type = "Promise<Float32Array>")]
    pub fn normalize<'env>(
        &self,
        env: &'env Env,
        #[napi(ts_arg_type = "Float32Array")] dense: Numbers<f32>,
        count: bool,
    ) -> napi::Result<Object<'env>> {
        let work = move |agent: &mut Agent| {
            let Numbers(mut dense) = dense;
            if count {
                agent.count_observations(&dense)?;
            }
            agent.normalize_observations(&mut dense)?;
            Ok(dense)
        };
        submit(env, self.worker.as_ref(), Access::Writes, work, |_, dense| Numbers(dense))
    }

    /// The statistics that observed vectors are normalized by; nothing where they are read as they are.
    #[napi(catch_unwind, ts_return_type = "Promise<BindingStatistics | null>")]
    pub fn observation_statistics<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        let work = |agent: &mut Agent| Ok(agent.normalizer().observations.clone().filter(|running| running.count > 0.0));
        submit(env, self.worker.as_ref(), Access::Reads, work, |_, running| running.map(BindingStatistics::from))
    }

    /// Another agent with the same weights, by another seed where one is given, with Adam's state or before its first step.
    #[napi(catch_unwind, js_name = "clone", ts_return_type = "Promise<BindingAgent>")]
    pub fn duplicate<'env>(&self, env: &'env Env, seed: Option<f64>, optimizer: bool) -> napi::Result<Object<'env>> {
        let seed = seed.map(|seed| integer("seed", seed)).transpose()?;
        let mut resolved = self.resolved.clone();
        resolved.seed = seed.unwrap_or(resolved.seed);
        let note = self.note.clone();
        let placement = resolved.placement;
        let work = move |agent: &mut Agent| {
            let mut state = agent.state("")?;
            if let Some(seed) = seed {
                state = state.with_seed(seed);
            }
            if !optimizer {
                state = state.with_fresh_optimizer();
            }
            Agent::from_state(&state, placement).map_err(Failure::while_making)
        };
        submit(env, self.worker.as_ref(), Access::Reads, work, move |env, agent| Self {
            worker: Some(Worker::of(env, agent)),
            resolved,
            note,
            trainer: None,
        })
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

    /// Writes bytes of the caller's to one file, atomically.
    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn write_file<'env>(&self, env: &'env Env, path: String, bytes: &[u8]) -> napi::Result<Object<'env>> {
        let bytes = bytes.to_vec();
        let work = move |_: &mut Agent| Ok(checkpoint::write_file(Path::new(&path), &bytes)?);
        submit(env, self.worker.as_ref(), Access::Reads, work, |_, ()| ())
    }

    /// The bytes of such a file, with what a trainer goes on with.
    #[napi(catch_unwind, ts_return_type = "Promise<Uint8Array>")]
    pub fn encode<'env>(&self, env: &'env Env, note: String, trainer: String) -> napi::Result<Object<'env>> {
        let work = move |agent: &mut Agent| {
            let state = checkpoint::with_trainer(agent.state(note)?, trainer);
            Ok(checkpoint::encode(&state, "the checkpoint")?)
        };
        submit(env, self.worker.as_ref(), Access::Reads, work, |_, bytes| Numbers(bytes))
    }

    /// What the trainer goes on with that wrote the file this agent was loaded from; undefined where there is none, or where the agent has
    /// gone on without it.
    #[napi(catch_unwind)]
    pub fn trainer(&self) -> Option<String> {
        self.trainer.clone()
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

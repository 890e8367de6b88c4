//! An agent: a network on an engine, its random stream and what a checkpoint holds of both.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::collect::{Normalizer, Running};
use crate::data::{Evaluation, Prompts, Rollout, RolloutSpec, Sampling, Trajectories, check_explored, check_finite};
use crate::device::{self, DeviceKind};
use crate::engine::fused::{Fused, Policy, afford_network};
use crate::engine::plain::Plain;
use crate::engine::{Engine, EngineKind};
use crate::error::{Error, Result};
use crate::memory::filled;
use crate::model::{self, ModelSpec, ParamSpec};
use crate::objective::{Objective, Targets, Terms};
use crate::optimizer::{AdamState, OptimizerConfig};
use crate::rng::Seed;

/// A tensor by PyTorch's name, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedTensor {
    /// PyTorch's name, such as `rnn.weight_hh_l0`.
    pub name: String,
    /// PyTorch's shape.
    pub shape: Vec<usize>,
    /// The elements.
    pub data: Vec<f32>,
}

/// Everything that decides what an agent does next.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentState {
    /// What the network is.
    pub model: ModelSpec,
    /// How actions are emitted.
    pub rollout: RolloutSpec,
    /// The agent's seed.
    pub seed: u64,
    /// Sampled rollouts so far.
    pub rollouts: u64,
    /// The parameters, flat (see [`crate::model::params`]).
    pub parameters: Vec<f32>,
    /// Adam's state.
    pub optimizer: AdamState,
    /// Running statistics of what environments say.
    pub normalizer: Normalizer,
    /// The caller's own text.
    pub note: String,
    /// Sections of a file that this release does not know, by name: kept as they are.
    pub sections: BTreeMap<String, String>,
}

impl AgentState {
    /// The same weights with streams of their own: those of another seed, from their begin.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Self {
        Self { seed, rollouts: 0, ..self }
    }

    /// The same weights before the first step of the optimizer.
    #[must_use]
    pub fn with_fresh_optimizer(mut self) -> Self {
        self.optimizer.step = 0;
        self.optimizer.exp_avg.fill(0.0);
        self.optimizer.exp_avg_sq.fill(0.0);
        self
    }
}

/// What an update learns from.
#[derive(Clone, Copy)]
pub struct Lesson<'a> {
    /// What was done.
    pub data: &'a Trajectories<'a>,
    /// What it is judged by.
    pub targets: &'a Targets<'a>,
    /// How the losses are weighed.
    pub objective: &'a Objective,
}

/// A recurrent actor-critic that can be sampled from and trained.
pub struct Agent {
    model: ModelSpec,
    rollout: Arc<RolloutSpec>,
    engine: Box<dyn Engine>,
    seed: Seed,
    rollouts: u64,
    normalizer: Normalizer,
    sections: BTreeMap<String, String>,
    /// Whether a gradient waits for [`Agent::apply`].
    accumulated: bool,
}

/// Where and how a network runs: what a checkpoint does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placement {
    /// Where the tensors live. On CUDA only the plain engine runs.
    pub device: DeviceKind,
    /// Which implementation runs.
    pub engine: EngineKind,
    /// Threads of the fused engine; 0 takes as many as the machine has.
    pub threads: usize,
}

impl Agent {
    /// An agent with fresh weights.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a bad description, [`Error::Device`] when the device cannot be used.
    pub fn new(model: ModelSpec, rollout: RolloutSpec, seed: u64, placement: Placement) -> Result<Self> {
        model.validate()?;
        rollout.validate(&model)?;
        afford_network(&model)?;
        let mut flat = filled(model::count(&model), 0.0)?;
        model::fill(&model, Seed(seed), &mut flat);
        Ok(Self {
            engine: engine(&model, placement, &flat)?,
            model,
            rollout: Arc::new(rollout),
            seed: Seed(seed),
            rollouts: 0,
            normalizer: Normalizer::default(),
            sections: BTreeMap::new(),
            accumulated: false,
        })
    }

    /// An agent that goes on where `state` was taken.
    ///
    /// # Errors
    /// As [`Agent::new`], and [`Error::Invalid`] when a vector of the state has the wrong length or holds what is not finite.
    pub fn from_state(state: &AgentState, placement: Placement) -> Result<Self> {
        let AgentState { model, rollout, optimizer, .. } = state;
        model.validate()?;
        rollout.validate(model)?;
        model::check(model, "parameters", &state.parameters)?;
        model::check(model, "optimizer.exp_avg", &optimizer.exp_avg)?;
        model::check(model, "optimizer.exp_avg_sq", &optimizer.exp_avg_sq)?;
        if let Some(index) = optimizer.exp_avg_sq.iter().position(|&value| value < 0.0) {
            return Err(Error::invalid(format!("optimizer.exp_avg_sq[{index}]"), "must be at least 0"));
        }
        state.normalizer.check(model)?;
        afford_network(model)?;
        let mut engine = engine(model, placement, &state.parameters)?;
        engine.set_optimizer(optimizer)?;
        Ok(Self {
            model: model.clone(),
            rollout: Arc::new(rollout.clone()),
            engine,
            seed: Seed(state.seed),
            rollouts: state.rollouts,
            normalizer: state.normalizer.clone(),
            sections: state.sections.clone(),
            accumulated: false,
        })
    }

    /// Everything that decides what the agent does next, with the caller's `note`. A gradient that waits is no part of it.
    ///
    /// # Errors
    /// When the device cannot be read.
    pub fn state(&self, note: impl Into<String>) -> Result<AgentState> {
        Ok(AgentState {
            model: self.model.clone(),
            rollout: RolloutSpec::clone(&self.rollout),
            seed: self.seed.0,
            rollouts: self.rollouts,
            normalizer: self.normalizer.clone(),
            parameters: self.engine.parameters()?,
            optimizer: self.engine.optimizer()?,
            note: note.into(),
            sections: self.sections.clone(),
        })
    }

    /// Decisions one step at a time by the present weights, for at most `size` rows.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a bad size, or when the device cannot be read.
    pub fn policy(&mut self, size: usize) -> Result<Policy> {
        Policy::new(self.engine.weights()?, &self.rollout, size)
    }

    /// Counts vectors that were observed, `[n, D]`, among the running statistics.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first bad element.
    pub fn count_observations(&mut self, dense: &[f32]) -> Result<()> {
        self.check_dense(dense)?;
        if !dense.is_empty() {
            let width = self.model.dense();
            self.normalizer.observations.get_or_insert_with(|| Running::new(width)).update(dense, |_| true);
        }
        Ok(())
    }

    /// Brings vectors that were observed, `[n, D]`, to the scale that the network reads them on, where there are statistics.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first bad element.
    pub fn normalize_observations(&self, dense: &mut [f32]) -> Result<()> {
        self.check_dense(dense)?;
        self.normalizer.normalize_observations(dense);
        Ok(())
    }

    fn check_dense(&self, dense: &[f32]) -> Result<()> {
        let width = self.model.dense();
        if !dense.is_empty() && (width == 0 || !dense.len().is_multiple_of(width)) {
            return Err(Error::invalid("dense", format!("must hold vectors of {width} numbers, got {} in all", dense.len())));
        }
        check_finite("dense", dense)
    }

    /// Bytes that are held between calls, those on the device included.
    pub fn bytes(&self) -> usize {
        self.engine.bytes()
    }

    /// Ends the threads that the next call would start again.
    pub fn rest(&mut self) {
        self.engine.rest();
    }

    /// What the network is.
    pub fn model(&self) -> &ModelSpec {
        &self.model
    }

    /// How actions are emitted.
    pub fn rollout_spec(&self) -> Arc<RolloutSpec> {
        Arc::clone(&self.rollout)
    }

    /// The agent's seed.
    pub fn seed(&self) -> u64 {
        self.seed.0
    }

    /// Running statistics of what environments say.
    pub fn normalizer(&self) -> &Normalizer {
        &self.normalizer
    }

    /// Sampled rollouts so far.
    pub fn rollouts(&self) -> u64 {
        self.rollouts
    }

    /// Emits a program for each row. A greedy rollout leaves the random stream where it is.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first bad element, or when a device operation fails.
    pub fn rollout(&mut self, prompts: Prompts<'_>, greedy: bool) -> Result<Rollout> {
        prompts.check(&self.model)?;
        if greedy {
            return self.engine.rollout(prompts, &self.rollout, Sampling::Greedy);
        }
        let sampling = Sampling::Random { seed: self.seed, rollout: self.rollouts };
        let rollout = self.engine.rollout(prompts, &self.rollout, sampling)?;
        self.rollouts += 1;
        Ok(rollout)
    }

    /// Emits a program for each row, sampled but for one step a row, `[n]`, where any allowed action is as probable as the others; −1 for none.
    ///
    /// # Errors
    /// As [`Agent::rollout`].
    pub fn explore(&mut self, prompts: Prompts<'_>, steps: &[i32]) -> Result<Rollout> {
        prompts.check(&self.model)?;
        check_explored(steps, prompts.rows, self.rollout.horizon)?;
        let sampling = Sampling::Exploring { seed: self.seed, rollout: self.rollouts, steps };
        let rollout = self.engine.rollout(prompts, &self.rollout, sampling)?;
        self.rollouts += 1;
        Ok(rollout)
    }

    /// Runs the network over given trajectories.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first bad element, or when a device operation fails.
    pub fn evaluate(&mut self, data: &Trajectories<'_>) -> Result<Evaluation> {
        data.check(&self.model)?;
        self.engine.evaluate(data)
    }

    /// Adds the gradient of the loss on `data`, or on the given rows of it, to what waits for [`Agent::apply`].
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first bad element, [`Error::NonFinite`], or when a device operation fails; what waited is as it was.
    pub fn accumulate(&mut self, lesson: &Lesson<'_>, rows: Option<&[u32]>) -> Result<Terms> {
        let &Lesson { data, targets, objective } = lesson;
        objective.validate()?;
        data.check(&self.model)?;
        targets.check(data)?;
        let terms = match rows {
            None => self.engine.accumulate(data, targets, objective)?,
            Some(rows) => {
                let part = data.select(rows)?;
                self.engine.accumulate(&part, &targets.select(data.rows, rows).view(), objective)?
            }
        };
        self.accumulated = true;
        Ok(terms)
    }

    /// The sum of the gradients that wait, before clipping, flat.
    ///
    /// # Errors
    /// When the device cannot be read.
    pub fn gradient(&self) -> Result<Vec<f32>> {
        self.engine.gradient()
    }

    /// Replaces the sum of the gradients that wait: with the sum of several agents', say.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the tensor's name as path.
    pub fn set_gradient(&mut self, tensors: &[NamedTensor]) -> Result<()> {
        let flat = self.flat(tensors)?;
        self.engine.set_gradient(&flat)?;
        self.accumulated = true;
        Ok(())
    }

    /// Forgets the gradients that wait.
    pub fn clear_gradient(&mut self) {
        self.engine.clear_gradient();
        self.accumulated = false;
    }

    /// One Adam step along the gradients that wait; their norm before clipping is returned.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a bad option or when none waits, [`Error::NonFinite`] before the weights are changed, or when a device operation
    /// fails. But for a bad option, none waits afterwards.
    pub fn apply(&mut self, config: &OptimizerConfig) -> Result<f64> {
        config.validate()?;
        if !self.accumulated {
            return Err(Error::invalid("gradient", "is absent: nothing was accumulated since the last step"));
        }
        self.accumulated = false;
        self.engine.apply(config)
    }

    /// Both in one: the gradient of the loss, and one Adam step along it. The terms, and the norm before clipping.
    ///
    /// # Errors
    /// As [`Agent::accumulate`] and [`Agent::apply`], and [`Error::Invalid`] while another gradient waits.
    pub fn update(&mut self, lesson: &Lesson<'_>, config: &OptimizerConfig) -> Result<(Terms, f64)> {
        self.check_none_waits()?;
        config.validate()?;
        let terms = self.accumulate(lesson, None)?;
        Ok((terms, self.apply(config)?))
    }

    /// What [`Agent::update`] would step along: the terms, the norm before clipping and the gradient after it, flat. Nothing is changed.
    ///
    /// # Errors
    /// As [`Agent::update`].
    pub fn gradients(&mut self, lesson: &Lesson<'_>, config: &OptimizerConfig) -> Result<(Terms, f64, Vec<f32>)> {
        self.check_none_waits()?;
        config.validate()?;
        let terms = self.accumulate(lesson, None)?;
        let clipped = self.engine.gradient_norm().and_then(|norm| {
            let mut gradient = self.engine.gradient()?;
            let clip = config.clip_coefficient(norm) as f32;
            for x in &mut gradient {
                *x *= clip;
            }
            Ok((norm, gradient))
        });
        self.clear_gradient();
        clipped.map(|(norm, gradient)| (terms, norm, gradient))
    }

    fn check_none_waits(&self) -> Result<()> {
        if self.accumulated {
            return Err(Error::invalid("gradient", "waits to be applied"));
        }
        Ok(())
    }

    /// The parameters, flat (see [`crate::model::params`]).
    ///
    /// # Errors
    /// When the device cannot be read.
    pub fn parameters(&self) -> Result<Vec<f32>> {
        self.engine.parameters()
    }

    /// The parameters by PyTorch's names.
    ///
    /// # Errors
    /// When the device cannot be read.
    pub fn state_dict(&self) -> Result<Vec<NamedTensor>> {
        Ok(self.named(&self.parameters()?))
    }

    /// A flat vector cut into PyTorch's tensors.
    pub fn named(&self, flat: &[f32]) -> Vec<NamedTensor> {
        model::params(&self.model)
            .into_iter()
            .map(|param| NamedTensor { data: flat[param.range()].to_vec(), name: param.name, shape: param.shape })
            .collect()
    }

    /// Replaces all parameters, or none when one tensor is missing, unknown, of another shape or not finite. Adam's state stays.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the tensor's name as path.
    pub fn load_state_dict(&mut self, tensors: &[NamedTensor]) -> Result<()> {
        let flat = self.flat(tensors)?;
        self.engine.set_parameters(&flat)
    }

    /// PyTorch's tensors as a flat vector.
    fn flat(&self, tensors: &[NamedTensor]) -> Result<Vec<f32>> {
        let specs = model::params(&self.model);
        let mut given: Vec<Option<&NamedTensor>> = vec![None; specs.len()];
        for tensor in tensors {
            let Some(index) = specs.iter().position(|spec| spec.name == tensor.name) else {
                return Err(Error::invalid(&tensor.name, "is not a tensor of this network"));
            };
            check_tensor(tensor, &specs[index])?;
            if given[index].replace(tensor).is_some() {
                return Err(Error::invalid(&tensor.name, "is given twice"));
            }
        }
        let mut values = Vec::with_capacity(model::count(&self.model));
        for (spec, tensor) in specs.iter().zip(given) {
            let tensor = tensor.ok_or_else(|| Error::invalid(&spec.name, "is missing"))?;
            values.extend_from_slice(&tensor.data);
        }
        Ok(values)
    }
}

fn check_tensor(tensor: &NamedTensor, spec: &ParamSpec) -> Result<()> {
    if tensor.shape != spec.shape || tensor.data.len() != spec.len() {
        return Err(Error::invalid(
            &spec.name,
            format!("must have shape {:?}, got {:?} with {} numbers", spec.shape, tensor.shape, tensor.data.len()),
        ));
    }
    match tensor.data.iter().position(|value| !value.is_finite()) {
        Some(index) => {
            Err(Error::invalid(&spec.name, format!("element {index} must be a finite number, got {}", tensor.data[index])))
        }
        None => Ok(()),
    }
}

fn engine(model: &ModelSpec, placement: Placement, flat: &[f32]) -> Result<Box<dyn Engine>> {
    let Placement { device, engine, threads } = placement;
    Ok(match (device, engine) {
        (DeviceKind::Cuda, EngineKind::Fused) => return Err(Error::invalid("engine", "must be plain on CUDA, got fused")),
        (_, EngineKind::Plain) => Box::new(Plain::new(model.clone(), device::open(device)?, flat)?),
        (DeviceKind::Cpu, EngineKind::Fused) => {
            let threads =
                if threads == 0 { std::thread::available_parallelism().map_or(1, std::num::NonZero::get) } else { threads };
            Box::new(Fused::new(model, threads, flat)?)
        }
    })
}

mod learn;
#[cfg(test)]
mod tests;

pub use self::learn::{LearnConfig, Learned};

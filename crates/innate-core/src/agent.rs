//! An agent: a network on an engine, its random stream and what a checkpoint holds of both.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::data::{Evaluation, Prompts, Rollout, RolloutSpec, Sampling, Trajectories};
use crate::device::{self, DeviceKind};
use crate::engine::Engine;
use crate::engine::fused::{Fused, Policy, Weights, afford_network};
use crate::engine::plain::Plain;
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
    /// The caller's own text.
    pub note: String,
    /// Sections of a file that this release does not know, by name: kept as they are.
    pub sections: BTreeMap<String, String>,
}

/// A recurrent actor-critic that can be sampled from and trained.
pub struct Agent {
    config: NetworkConfig,
    engine: Box<dyn Engine>,
    seed: Seed,
    rollouts: u64,
}

impl Agent {
    /// A copy of the present weights to take decisions with, one step at a time, for at most `size` rows.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a bad size, or when the device cannot be read.
    pub fn session(&self, size: usize) -> Result<Session> {
        Session::new(self.config.clone(), &self.engine.parameters()?, size)
    }

    /// An agent with fresh weights. On CUDA only the plain engine runs. `threads` counts for the fused engine; 0 takes as many as the
    /// machine has.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a bad configuration, [`Error::Device`] when the device cannot be used.
    pub fn new(config: NetworkConfig, kind: EngineKind, device: DeviceKind, seed: u64, threads: usize) -> Result<Self> {
        config.validate()?;
        afford_network(&config)?;
        let mut flat = filled(params::count(&config), 0.0)?;
        params::fill(&config, Seed(seed), &mut flat);
        Ok(Self { engine: engine(&config, kind, device, threads, &flat)?, config, seed: Seed(seed), rollouts: 0 })
    }

    /// An agent that goes on where `state` was taken.
    ///
    /// # Errors
    /// As [`Agent::new`], and [`Error::Invalid`] when a vector of the state has the wrong length or holds what is not finite.
    pub fn from_state(state: &AgentState, kind: EngineKind, device: DeviceKind, threads: usize) -> Result<Self> {
        let config = state.config.clone();
        config.validate()?;
        params::check(&config, "parameters", &state.parameters)?;
        params::check(&config, "optimizer.exp_avg", &state.optimizer.exp_avg)?;
        params::check(&config, "optimizer.exp_avg_sq", &state.optimizer.exp_avg_sq)?;
        if let Some(index) = state.optimizer.exp_avg_sq.iter().position(|&value| value < 0.0) {
            return Err(Error::invalid(format!("optimizer.exp_avg_sq[{index}]"), "must be at least 0"));
        }
        afford_network(&config)?;
        let mut engine = engine(&config, kind, device, threads, &state.parameters)?;
        engine.set_optimizer(&state.optimizer)?;
        Ok(Self { config, engine, seed: Seed(state.seed), rollouts: state.rollouts })
    }

    /// Everything that decides what the agent does next, with the caller's `note`.
    ///
    /// # Errors
    /// When the device cannot be read.
    pub fn state(&self, note: impl Into<String>) -> Result<AgentState> {
        Ok(AgentState {
            config: self.config.clone(),
            seed: self.seed.0,
            rollouts: self.rollouts,
            parameters: self.engine.parameters()?,
            optimizer: self.engine.optimizer()?,
            note: note.into(),
        })
    }

    /// Bytes that are held between calls, those on the device included.
    pub fn bytes(&self) -> usize {
        self.engine.bytes()
    }

    /// Ends the threads that the next call would start again.
    pub fn rest(&mut self) {
        self.engine.rest();
    }

    /// The network's shape.
    pub fn config(&self) -> &NetworkConfig {
        &self.config
    }

    /// The agent's seed.
    pub fn seed(&self) -> u64 {
        self.seed.0
    }

    /// Sampled rollouts so far.
    pub fn rollouts(&self) -> u64 {
        self.rollouts
    }

    /// Emits a program for each problem: contexts `[n, L]`, stages `[n]`. A greedy rollout leaves the random stream where it is.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first bad element, or when a device operation fails.
    pub fn rollout(&mut self, contexts: &[i32], stages: &[i32], greedy: bool) -> Result<Rollout> {
        let prompts = Prompts::new(&self.config, contexts, stages)?;
        if greedy {
            return self.engine.rollout(prompts, Sampling::Greedy);
        }
        let rollout = self.engine.rollout(prompts, Sampling::Random { seed: self.seed, rollout: self.rollouts })?;
        self.rollouts += 1;
        Ok(rollout)
    }

    /// Runs the network over given actions `[n, T]`.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first bad element, or when a device operation fails.
    pub fn evaluate(&mut self, contexts: &[i32], stages: &[i32], actions: &[i32]) -> Result<Evaluation> {
        let prompts = Prompts::new(&self.config, contexts, stages)?;
        prompts.check_actions(&self.config, actions)?;
        self.engine.evaluate(prompts, actions)
    }

    /// The loss and its gradient after clipping, flat; nothing is changed.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first bad element, [`Error::NonFinite`], or when a device operation fails.
    pub fn gradients(&mut self, episodes: Episodes<'_>, config: &UpdateConfig) -> Result<(UpdateStats, Vec<f32>)> {
        config.validate()?;
        episodes.check(&self.config)?;
        self.engine.gradients(episodes, config)
    }

    /// One Adam step.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first bad element, [`Error::NonFinite`] before anything is changed, or when a device operation
    /// fails.
    pub fn update(&mut self, episodes: Episodes<'_>, config: &UpdateConfig) -> Result<UpdateStats> {
        config.validate()?;
        episodes.check(&self.config)?;
        self.engine.update(episodes, config)
    }

    /// The parameters, flat (see [`crate::params`]).
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
        params::specs(&self.config)
            .into_iter()
            .map(|spec| NamedTensor { name: spec.name.to_owned(), data: flat[spec.range()].to_vec(), shape: spec.shape })
            .collect()
    }

    /// Replaces all parameters, or none when one tensor is missing, unknown, of another shape or not finite. Adam's state stays.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the tensor's name as path.
    pub fn load_state_dict(&mut self, tensors: &[NamedTensor]) -> Result<()> {
        let specs = params::specs(&self.config);
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
        let mut values = Vec::with_capacity(params::count(&self.config));
        for (spec, tensor) in specs.iter().zip(given) {
            let tensor = tensor.ok_or_else(|| Error::invalid(spec.name, "is missing"))?;
            values.extend_from_slice(&tensor.data);
        }
        self.engine.set_parameters(&values)
    }
}

fn check_tensor(tensor: &NamedTensor, spec: &ParamSpec) -> Result<()> {
    if tensor.shape != spec.shape || tensor.data.len() != spec.len() {
        return Err(Error::invalid(
            spec.name,
            format!("must have shape {:?}, got {:?} with {} numbers", spec.shape, tensor.shape, tensor.data.len()),
        ));
    }
    match tensor.data.iter().position(|value| !value.is_finite()) {
        Some(index) => {
            Err(Error::invalid(spec.name, format!("element {index} must be a finite number, got {}", tensor.data[index])))
        }
        None => Ok(()),
    }
}

fn engine(config: &NetworkConfig, kind: EngineKind, device: DeviceKind, threads: usize, flat: &[f32]) -> Result<Box<dyn Engine>> {
    let config = config.clone();
    Ok(match (device, kind) {
        (DeviceKind::Cuda, EngineKind::Fused) => return Err(Error::invalid("engine", "must be plain on CUDA, got fused")),
        (_, EngineKind::Plain) => Box::new(Plain::new(config, device::open(device)?, flat)?),
        (DeviceKind::Cpu, EngineKind::Fused) => {
            let threads =
                if threads == 0 { std::thread::available_parallelism().map_or(1, std::num::NonZero::get) } else { threads };
            Box::new(Fused::new(config, threads, flat)?)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ContextPooling;

    type Spoil = fn(&mut Vec<NamedTensor>);

    fn agent() -> Agent {
        let config = NetworkConfig {
            vocab_size: 4,
            stage_count: 2,
            hidden_size: 3,
            horizon: 2,
            start_token: 0,
            pooling: ContextPooling::Own,
            action_mask: None,
        };
        Agent::new(config, EngineKind::Plain, DeviceKind::Cpu, 1, 1).unwrap()
    }

    fn path(result: Result<()>) -> String {
        match result {
            Err(Error::Invalid { path, .. }) => path,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_state_dict_is_loaded_whole_or_not_at_all() {
        let mut agent = agent();
        let good: Vec<NamedTensor> = agent
            .state_dict()
            .unwrap()
            .into_iter()
            .map(|tensor| NamedTensor { data: tensor.data.iter().map(|x| x + 1.0).collect(), ..tensor })
            .collect();
        let before = agent.parameters().unwrap();
        let broken: [(&str, Spoil); 5] = [
            ("v.bias", |t| drop(t.pop())),
            ("x", |t| t[9].name = "x".to_owned()),
            ("v.bias", |t| t.push(t[9].clone())),
            ("emb.weight", |t| t[0].shape.reverse()),
            ("emb.weight", |t| t[0].data[5] = f32::NAN),
        ];
        for (name, spoil) in broken {
            let mut tensors = good.clone();
            spoil(&mut tensors);
            assert_eq!(path(agent.load_state_dict(&tensors)), name);
            assert_eq!(agent.parameters().unwrap(), before);
        }
        agent.load_state_dict(&good).unwrap();
        assert_eq!(agent.state_dict().unwrap(), good);
    }

    #[test]
    fn only_a_sampled_rollout_moves_the_stream() {
        let mut agent = agent();
        agent.rollout(&[1, 2], &[0, 1], true).unwrap();
        assert_eq!(agent.rollouts(), 0);
        assert!(agent.rollout(&[1, 9], &[0, 1], false).is_err());
        assert_eq!(agent.rollouts(), 0);
        agent.rollout(&[1, 2], &[0, 1], false).unwrap();
        assert_eq!(agent.rollouts(), 1);
    }

    #[test]
    fn the_fused_engine_is_the_cpus() {
        assert_eq!(path(Agent::new(agent().config, EngineKind::Fused, DeviceKind::Cuda, 0, 1).map(drop)), "engine");
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn cuda_is_refused_by_a_build_without_it() {
        let error = Agent::new(agent().config, EngineKind::Plain, DeviceKind::Cuda, 0, 1).map(drop).unwrap_err();
        assert!(matches!(error, Error::Device { .. }), "{error:?}");
    }

    #[test]
    fn bad_coefficients_are_named() {
        let config = UpdateConfig { max_grad_norm: f64::NAN, ..UpdateConfig::default() };
        let prompts = Prompts { contexts: &[1], stages: &[0] };
        let episodes = Episodes { prompts, actions: &[1, 1], lengths: None, returns: &[1.0] };
        assert_eq!(path(agent().update(episodes, &config).map(drop)), "maxGradNorm");
    }
}

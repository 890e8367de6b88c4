//! The closed loop: rows that observe, act and are answered step by step, written down to be learned from. What a step takes is a policy's on the
//! caller's thread; what is learned from it is an agent's.

mod carried;
mod normalizer;
mod recording;

use std::sync::Arc;

pub use self::normalizer::{LIMIT, Normalizer, Running};
use self::recording::Recorded;
pub use self::recording::Recording;
use crate::data::{Observation, Prompts, RolloutSpec, Sampling, check_explored, check_finite, check_len};
use crate::engine::fused::{Policy, StepOutput, Weights};
use crate::error::{Error, Result};
use crate::model::Encoder;
use crate::objective::Gae;
use crate::rng::Seed;

/// How steps are collected.
#[allow(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CollectorConfig {
    /// Rows, side by side.
    pub rows: usize,
    /// Steps of a rollout, `T`.
    pub steps: usize,
    /// How far rewards reach.
    pub gae: Gae,
    /// Whether a row begins an episode after each end, at the zero state; otherwise it is over, and its further steps do not count.
    pub autoreset: bool,
    /// Whether steps have masks of their own.
    pub masked: bool,
    /// Whether vectors are normalized by their running statistics.
    pub normalize_observations: bool,
    /// Whether rewards are divided by the running deviation of the discounted return.
    pub normalize_rewards: bool,
}

/// Where a collector is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No row is under way.
    Idle,
    /// A step may be taken.
    Ready,
    /// A step was taken, and waits for its answer.
    Acted,
}

/// What a rollout hands over to be learned from.
pub struct Collected {
    /// The steps.
    pub recording: Recording,
    /// The statistics so far.
    pub normalizer: Normalizer,
}

/// See the module.
pub struct Collector {
    config: CollectorConfig,
    policy: Policy,
    seed: Seed,
    /// Number of the rollout in the agent's stream of actions.
    rollout: u64,
    /// Absent while it is learned from.
    recording: Option<Recording>,
    normalizer: Normalizer,
    /// Discounted returns so far, `[rows]`; for the scale of rewards.
    returns: Vec<f64>,
    phase: Phase,
    over: Vec<bool>,
    starts: Vec<bool>,
    inputs: Vec<u32>,
    dense: Vec<f32>,
    all_allowed: Vec<u8>,
    log_probs: Vec<f32>,
    entropies: Vec<f32>,
    values: Vec<f32>,
    finals: Vec<f32>,
    scaled: Vec<f32>,
}

impl Collector {
    /// A collector by `weights`, whose actions are drawn as the agent's rollout number `rollout`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a bad option, [`Error::Memory`] when there is none.
    pub fn new(
        weights: Arc<Weights>,
        spec: &RolloutSpec,
        (seed, rollout): (Seed, u64),
        config: CollectorConfig,
        normalizer: Normalizer,
    ) -> Result<Self> {
        let CollectorConfig { rows, steps, gae, masked, normalize_observations, normalize_rewards, autoreset } = config;
        gae.validate()?;
        if steps == 0 || steps > 1 << 20 {
            return Err(Error::invalid("steps", format!("must be between 1 and {}, got {steps}", 1 << 20)));
        }
        let model = weights.spec().clone();
        if autoreset && model.encoder != Encoder::None {
            return Err(Error::invalid("autoreset", "must be off: the model begins an episode with a prompt"));
        }
        let policy = Policy::new(weights, spec, rows)?;
        let mut normalizer = normalizer;
        normalizer.observations = match normalizer.observations {
            _ if !normalize_observations || model.dense() == 0 => None,
            Some(running) => Some(running),
            None => Some(Running::new(model.dense())),
        };
        normalizer.returns = if normalize_rewards { Some(normalizer.returns.unwrap_or_else(|| Running::new(1))) } else { None };
        let mut collector = Self {
            recording: Some(Recording::new(&model, rows, steps, masked)?),
            policy,
            seed,
            rollout,
            normalizer,
            returns: vec![0.0; rows],
            phase: Phase::Idle,
            over: vec![false; rows],
            starts: vec![true; rows],
            inputs: vec![0; rows],
            dense: vec![0.0; rows * model.dense()],
            all_allowed: vec![1; if masked { rows * model.actions() } else { 0 }],
            log_probs: vec![0.0; rows],
            entropies: vec![0.0; rows],
            values: vec![0.0; rows],
            finals: vec![0.0; rows],
            scaled: vec![0.0; rows],
            config,
        };
        if autoreset {
            collector.restart()?;
        }
        Ok(collector)
    }

    /// Bytes of memory of its own; the weights are shared.
    pub fn bytes(&self) -> usize {
        self.policy.bytes() + self.recording.as_ref().map_or(0, Recording::bytes) + size_of_val(&*self.dense)
    }

    /// Forgets what is under way: every row is before the first step of an episode, at the zero state.
    ///
    /// # Errors
    /// [`Error::Invalid`] while the last rollout is being learned from, or when the model begins an episode with a prompt.
    pub fn restart(&mut self) -> Result<()> {
        self.begin(Prompts::none(self.config.rows))
    }

    /// Shows each row its prompt and puts it before the first step of an episode.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first bad element, or while the last rollout is being learned from.
    pub fn begin(&mut self, prompts: Prompts<'_>) -> Result<()> {
        let recording = self.recording.as_mut().ok_or_else(busy)?;
        self.policy.begin(prompts)?;
        recording.clear(prompts.rows);
        recording.set_prompts(prompts);
        self.returns.fill(0.0);
        self.over.fill(false);
        self.phase = Phase::Ready;
        self.write_states();
        Ok(())
    }

    /// Has the rows that have just begun draw one action each, at the step given, `[rows]`, from those allowed, each as probable as the others; −1
    /// for none. Steps before it do not count then, for what came of them is not their doing; nor does the policy's term of it count unless its
    /// advantage is above 0. Where a row is over before, all of its steps count.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first bad element, after the first step, and where episodes begin by themselves.
    pub fn explore(&mut self, steps: &[i32]) -> Result<()> {
        self.expect(Phase::Ready)?;
        check_explored(steps, self.policy.rows(), self.config.steps)?;
        let recording = self.recording.as_mut().ok_or_else(busy)?;
        if self.config.autoreset || recording.steps > 0 {
            return Err(Error::invalid("randomSteps", "must be given before the first step of rows that begin with a prompt"));
        }
        recording.explore(steps);
        Ok(())
    }

    /// Rows under way.
    pub fn rows(&self) -> usize {
        self.policy.rows()
    }

    /// Steps recorded in this rollout.
    pub fn steps(&self) -> usize {
        self.recording.as_ref().map_or(0, |recording| recording.steps)
    }

    fn write_states(&mut self) {
        let Some(Recording { states, ages, past, .. }) = &mut self.recording else { return };
        if let Some(states) = states {
            self.policy.read_states(states);
        }
        if let Some(ages) = ages {
            self.policy.read_ages(ages);
        }
        if let Some(past) = past {
            self.policy.read_past(past);
        }
    }

    /// The vectors as the network reads them. Where they count, so do those of the rows that are not over. An observation that is refused
    /// has not counted.
    fn read(&mut self, observation: &Observation<'_>, counts: bool) -> Result<()> {
        self.policy.check(observation)?;
        let own = &mut self.dense[..observation.dense.len()];
        own.copy_from_slice(observation.dense);
        if let Some(observations) = &mut self.normalizer.observations {
            if counts {
                observations.update(own, |row| !self.over[row]);
            }
            observations.normalize(own);
        }
        Ok(())
    }

    fn expect(&self, phase: Phase) -> Result<()> {
        match (self.phase, phase) {
            (actual, wanted) if actual == wanted => Ok(()),
            (Phase::Idle, _) => Err(Error::invalid("collector", "has no row under way: begin first")),
            (_, Phase::Acted) => Err(Error::invalid("collector", "waits for a step: it has no action to answer")),
            _ => Err(Error::invalid("collector", "waits for the answer to the actions that it gave")),
        }
    }

    /// One action for every row, by what it observes.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first bad element, or out of turn. [`Error::NonFinite`] naming the row for which there are no
    /// probabilities: then all rows must begin again.
    pub fn step(&mut self, observation: &Observation<'_>, actions: &mut [i32]) -> Result<()> {
        self.expect(Phase::Ready)?;
        let full = self.recording.as_ref().ok_or_else(busy)?;
        if full.is_full() || full.is_finished() {
            return Err(Error::invalid("collector", "has all steps of a rollout: learn from it first"));
        }
        let rows = self.policy.rows();
        check_len("actions", actions.len(), rows)?;
        let masked = self.config.masked;
        if !masked && !observation.allowed.is_empty() {
            return Err(Error::invalid("allowed", "must be absent: the collector was made without masks"));
        }
        self.read(observation, true)?;
        for row in 0..rows {
            self.starts[row] = self.policy.is_fresh(row);
            self.inputs[row] = self.policy.input(row);
        }
        let allowed = match observation.allowed {
            [] if masked => &self.all_allowed[..rows * self.policy.weights().spec().actions()],
            allowed => allowed,
        };
        let dense = &self.dense[..rows * self.policy.weights().spec().dense()];
        let seen = Observation { dense, allowed, ..*observation };
        let (seed, rollout) = (self.seed, self.rollout);
        let sampling = match self.recording.as_ref().map_or(&[][..], Recording::explored) {
            [] => Sampling::Random { seed, rollout },
            steps => Sampling::Exploring { seed, rollout, steps },
        };
        let Self { log_probs, entropies, values, .. } = self;
        let said = (&mut log_probs[..rows], &mut entropies[..rows], &mut values[..rows]);
        let out = &mut StepOutput { actions: &mut *actions, log_probs: said.0, entropies: said.1, values: said.2 };
        if let Err(error) = self.policy.decide(&seen, sampling, out) {
            if matches!(error, Error::NonFinite { .. }) {
                self.phase = Phase::Idle;
            }
            return Err(error);
        }
        let recorded = Recorded {
            starts: &self.starts,
            inputs: &self.inputs,
            discrete: seen.discrete,
            dense: seen.dense,
            allowed: seen.allowed,
            actions,
            log_probs: &self.log_probs,
            values: &self.values,
        };
        let over = &self.over;
        self.recording.as_mut().ok_or_else(busy)?.write(&recorded, |row| !over[row]);
        self.phase = Phase::Acted;
        Ok(())
    }

    /// What came of the step, `[rows]` each. `last` is the last observation of episodes that were cut off: of the other rows it is not looked at,
    /// beyond its range. An episode that terminated pays no more; one that was truncated goes on in the value of its last observation.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first bad element, or out of turn.
    pub fn answer(&mut self, rewards: &[f32], terminated: &[u8], truncated: &[u8], last: &Observation<'_>) -> Result<()> {
        self.expect(Phase::Acted)?;
        let rows = self.policy.rows();
        check_len("rewards", rewards.len(), rows)?;
        check_finite("rewards", rewards)?;
        check_len("terminated", terminated.len(), rows)?;
        check_len("truncated", truncated.len(), rows)?;
        let CollectorConfig { gae, autoreset, .. } = self.config;
        let cut = |over: &[bool], row: usize| truncated[row] != 0 && terminated[row] == 0 && !over[row];
        // Before the statistics move: what is refused has not counted.
        if (0..rows).any(|row| cut(&self.over, row)) {
            self.value(last)?;
        }
        self.scaled[..rows].copy_from_slice(rewards);
        self.scale_rewards(rows, |row| terminated[row] != 0 || truncated[row] != 0);
        for row in (0..rows).filter(|&row| cut(&self.over, row)) {
            self.scaled[row] += (gae.gamma * f64::from(self.finals[row])) as f32;
        }
        for row in (0..rows).filter(|&row| self.over[row]) {
            self.scaled[row] = 0.0;
        }
        check_finite("rewards", &self.scaled[..rows])?;
        let over = &self.over;
        let ends = |row: usize| terminated[row] != 0 || truncated[row] != 0 || over[row];
        self.recording.as_mut().ok_or_else(busy)?.answer(&self.scaled, ends);
        for row in 0..rows {
            if terminated[row] != 0 || truncated[row] != 0 {
                if autoreset {
                    self.policy.restart(row)?;
                } else {
                    self.over[row] = true;
                }
            }
        }
        self.phase = Phase::Ready;
        Ok(())
    }

    /// Divides rewards by the deviation of discounted returns.
    fn scale_rewards(&mut self, rows: usize, ends: impl Fn(usize) -> bool) {
        let gamma = self.config.gae.gamma;
        let Some(running) = &mut self.normalizer.returns else { return };
        for (sum, &reward) in self.returns[..rows].iter_mut().zip(&self.scaled) {
            *sum = *sum * gamma + f64::from(reward);
        }
        running.update(&self.returns[..rows], |row| !self.over[row]);
        let scale = self.normalizer.reward_scale();
        for (row, reward) in self.scaled[..rows].iter_mut().enumerate() {
            *reward = (f64::from(*reward) / scale).clamp(-LIMIT, LIMIT) as f32;
            if ends(row) {
                self.returns[row] = 0.0;
            }
        }
    }

    /// Values of an observation that is not acted on, to `self.finals`.
    fn value(&mut self, observation: &Observation<'_>) -> Result<()> {
        let rows = self.policy.rows();
        let observation = &Observation { allowed: &[], ..*observation };
        self.read(observation, false)?;
        let seen = Observation { dense: &self.dense[..observation.dense.len()], ..*observation };
        self.policy.values(&seen, &mut self.finals[..rows])
    }

    /// Ends the rollout: `pending` is what the rows observe next, whose values stand for what episodes under way will still pay. Without it,
    /// episodes under way end here.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first bad element, or out of turn.
    pub fn finish(&mut self, pending: Option<&Observation<'_>>) -> Result<()> {
        self.expect(Phase::Ready)?;
        if self.recording.as_ref().ok_or_else(busy)?.is_finished() {
            return Err(Error::invalid("collector", "has finished the rollout: learn from it first"));
        }
        let rows = self.policy.rows();
        if let Some(pending) = pending {
            self.value(pending)?;
        }
        let recording = self.recording.as_mut().ok_or_else(busy)?;
        for row in 0..rows {
            recording.last_values[row] = if pending.is_some() && !self.over[row] { self.finals[row] } else { 0.0 };
        }
        recording.finish(&self.config.gae)
    }

    /// What was recorded, once the rollout is finished.
    ///
    /// # Errors
    /// [`Error::Invalid`] unless it is.
    pub fn recorded(&self) -> Result<&Recording> {
        match &self.recording {
            Some(recording) if recording.is_finished() => Ok(recording),
            Some(_) => Err(unfinished()),
            None => Err(busy()),
        }
    }

    /// Judges all steps of a row by its advantage, `[n]`, in place of what the finished rollout was judged by.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first bad element, or unless the rollout is finished.
    pub fn judge(&mut self, advantages: &[f32]) -> Result<()> {
        check_len("advantages", advantages.len(), self.recorded()?.rows)?;
        check_finite("advantages", advantages)?;
        self.recording.as_mut().ok_or_else(busy)?.judge(advantages);
        Ok(())
    }

    /// Says how probable the actions of the finished rollout are to a reference, log π_ref(a), `[n, T]`.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first bad element, or unless the rollout is finished.
    pub fn refer(&mut self, log_probs: Vec<f32>) -> Result<()> {
        let recording = self.recorded()?;
        check_len("referenceLogProbs", log_probs.len(), recording.rows * recording.steps)?;
        check_finite("referenceLogProbs", &log_probs)?;
        self.recording.as_mut().ok_or_else(busy)?.refer(log_probs);
        Ok(())
    }

    /// Hands over what was recorded, to be learned from. Until [`Collector::resume`] no step can be taken.
    ///
    /// # Errors
    /// [`Error::Invalid`] unless the rollout is finished.
    pub fn take(&mut self) -> Result<Collected> {
        match self.recording.take_if(|recording| recording.is_finished()) {
            Some(recording) => Ok(Collected { recording, normalizer: self.normalizer.clone() }),
            None if self.recording.is_none() => Err(busy()),
            None => Err(unfinished()),
        }
    }

    /// Takes the memory of a recording back and goes on, by other weights, as the agent's rollout number `rollout`. States and episodes go on.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the weights are of another model.
    pub fn resume(&mut self, mut recording: Recording, weights: Arc<Weights>, rollout: u64) -> Result<()> {
        recording.clear(self.policy.rows());
        self.recording = Some(recording);
        self.policy.sync(weights)?;
        self.rollout = rollout;
        self.policy.recount();
        if self.config.autoreset {
            self.write_states();
        } else {
            self.phase = Phase::Idle;
        }
        Ok(())
    }
}

fn unfinished() -> Error {
    Error::invalid("collector", "has no finished rollout")
}

fn busy() -> Error {
    Error::invalid("collector", "is being learned from")
}

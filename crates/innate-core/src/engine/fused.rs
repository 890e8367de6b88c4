//! The fused CPU engine. A stand-in for now: it delegates to the plain one.

use super::plain::Plain;
use super::{AdamState, Engine, Evaluation, Prompts, Rollout, Sampling, UpdateStats};
use crate::config::{NetworkConfig, UpdateConfig};
use crate::error::Result;

/// The fused CPU engine.
#[derive(Debug)]
pub struct Fused(Plain);

impl Fused {
    /// A network with the given flat parameters.
    ///
    /// # Errors
    /// When `flat` does not have the network's length.
    pub fn new(config: NetworkConfig, _threads: usize, flat: &[f32]) -> Result<Self> {
        Ok(Self(Plain::new(config, candle_core::Device::Cpu, flat)?))
    }
}

impl Engine for Fused {
    fn parameters(&self) -> Result<Vec<f32>> {
        self.0.parameters()
    }
    fn set_parameters(&mut self, flat: &[f32]) -> Result<()> {
        self.0.set_parameters(flat)
    }
    fn optimizer(&self) -> Result<AdamState> {
        self.0.optimizer()
    }
    fn set_optimizer(&mut self, state: &AdamState) -> Result<()> {
        self.0.set_optimizer(state)
    }
    fn rollout(&mut self, prompts: Prompts<'_>, sampling: Sampling) -> Result<Rollout> {
        self.0.rollout(prompts, sampling)
    }
    fn evaluate(&mut self, prompts: Prompts<'_>, actions: &[i32]) -> Result<Evaluation> {
        self.0.evaluate(prompts, actions)
    }
    fn gradients(&mut self, p: Prompts<'_>, a: &[i32], r: &[f32], c: &UpdateConfig) -> Result<(UpdateStats, Vec<f32>)> {
        self.0.gradients(p, a, r, c)
    }
    fn update(&mut self, p: Prompts<'_>, a: &[i32], r: &[f32], c: &UpdateConfig) -> Result<UpdateStats> {
        self.0.update(p, a, r, c)
    }
}

//! One network, two ways to run it: [`fused`] is fast, [`plain`] is written with Candle's own operations and autograd. Each is the
//! other's check, and `plain` is what CUDA runs.

pub mod fused;
pub mod plain;

use std::sync::Arc;

use self::fused::Weights;
use crate::data::{Evaluation, Prompts, Rollout, RolloutSpec, Sampling, Trajectories};
use crate::error::Result;
use crate::objective::{Objective, Targets, Terms};
use crate::optimizer::{AdamState, OptimizerConfig};

/// Which implementation runs the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineKind {
    /// Fused CPU kernels with a hand-written backward pass.
    Fused,
    /// The plain-Candle twin: Candle's operations and autograd, on the CPU or on CUDA.
    Plain,
}

/// A network, its gradient and its optimizer. Gradients are summed by [`Engine::accumulate`] until [`Engine::apply`] takes a step along their sum.
/// Inputs have been checked by [`Prompts::check`], [`RolloutSpec::validate`], [`Trajectories::check`], [`Targets::check`] and the `validate` of the
/// options.
pub trait Engine: Send {
    /// Bytes that are held between calls, those on the device included.
    fn bytes(&self) -> usize;

    /// Ends the threads that the next call would start again.
    fn rest(&mut self) {}

    /// The present weights, packed for [`fused::Policy`]; shared, and never changed.
    ///
    /// # Errors
    /// When the device cannot be read, or there is no memory.
    fn weights(&mut self) -> Result<Arc<Weights>>;

    /// The parameters, flat (see [`crate::model::params`]).
    ///
    /// # Errors
    /// When the device cannot be read.
    fn parameters(&self) -> Result<Vec<f32>>;

    /// Replaces the parameters.
    ///
    /// # Errors
    /// When the device cannot be written.
    fn set_parameters(&mut self, flat: &[f32]) -> Result<()>;

    /// Adam's state.
    ///
    /// # Errors
    /// When the device cannot be read.
    fn optimizer(&self) -> Result<AdamState>;

    /// Replaces Adam's state.
    ///
    /// # Errors
    /// When the device cannot be written.
    fn set_optimizer(&mut self, state: &AdamState) -> Result<()>;

    /// Emits `horizon` actions for each row, open loop: for a model that reads nothing but the previous action and where an episode starts.
    ///
    /// # Errors
    /// When a device operation fails, or [`Error::NonFinite`](crate::Error::NonFinite) naming the first row that has no probabilities.
    fn rollout(&mut self, prompts: Prompts<'_>, spec: &RolloutSpec, sampling: Sampling<'_>) -> Result<Rollout>;

    /// Runs the network over given trajectories.
    ///
    /// # Errors
    /// As [`Engine::rollout`].
    fn evaluate(&mut self, data: &Trajectories<'_>) -> Result<Evaluation>;

    /// Adds the gradient of the loss to what was accumulated since the last step.
    ///
    /// # Errors
    /// [`Error::NonFinite`](crate::Error::NonFinite) when the loss or its gradient's norm is not finite, or when a device operation fails; what
    /// was accumulated before is as it was.
    fn accumulate(&mut self, data: &Trajectories<'_>, targets: &Targets<'_>, objective: &Objective) -> Result<Terms>;

    /// What was accumulated, flat, before clipping; zeros when there is nothing.
    ///
    /// # Errors
    /// When the device cannot be read.
    fn gradient(&self) -> Result<Vec<f32>>;

    /// Replaces what was accumulated.
    ///
    /// # Errors
    /// When the device cannot be written.
    fn set_gradient(&mut self, flat: &[f32]) -> Result<()>;

    /// Forgets what was accumulated.
    fn clear_gradient(&mut self);

    /// Global norm of what was accumulated.
    ///
    /// # Errors
    /// [`Error::NonFinite`](crate::Error::NonFinite) when it is not finite, or when the device cannot be read.
    fn gradient_norm(&mut self) -> Result<f64>;

    /// One Adam step along what was accumulated, clipped by its global norm, which is returned. Nothing is accumulated afterwards, whether the step
    /// was taken or not.
    ///
    /// # Errors
    /// [`Error::NonFinite`](crate::Error::NonFinite) before anything else is changed, or when a device operation fails.
    fn apply(&mut self, config: &OptimizerConfig) -> Result<f64>;
}

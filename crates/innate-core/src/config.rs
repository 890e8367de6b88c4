//! What a network is made of and how it is updated. Plain values: they are written into checkpoints as they stand.

use crate::error::{Error, Result};

/// How the tokens of a context become one vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContextPooling {
    /// Each problem sees the mean of its own context.
    Own,
    /// Each problem sees the mean over the contexts of the whole batch: what the tutorial's broadcasting does.
    Batch,
}

/// Which implementation runs the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineKind {
    /// Fused CPU kernels with a hand-written backward pass.
    Fused,
    /// The plain-Candle twin: Candle's operations and autograd, on the CPU or on CUDA.
    Plain,
}

/// Where the network's tensors live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceKind {
    /// The processor.
    Cpu,
    /// The first CUDA device.
    Cuda,
}

/// The shape of a recurrent actor-critic.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkConfig {
    /// Number of tokens, `V`.
    pub vocab_size: usize,
    /// Number of stages, `S`.
    pub stage_count: usize,
    /// Width of the embeddings and of the hidden state, `H`.
    pub hidden_size: usize,
    /// Tokens emitted in one rollout, `T`.
    pub horizon: usize,
    /// The token whose embedding is the first input.
    pub start_token: usize,
    /// How a context becomes the initial hidden state.
    pub pooling: ContextPooling,
    /// Which tokens may be emitted, `[V]`; `None` allows all.
    pub action_mask: Option<Vec<bool>>,
}

impl NetworkConfig {
    /// Largest accepted width: an index into a weight matrix must stay far from overflow.
    pub const MAX_HIDDEN: usize = 8192;

    /// Refuses what no network can be made of, naming the first bad field.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the field's name as path.
    pub fn validate(&self) -> Result<()> {
        let positive = [
            ("vocabSize", self.vocab_size, 1 << 20),
            ("stageCount", self.stage_count, 1 << 20),
            ("hiddenSize", self.hidden_size, Self::MAX_HIDDEN),
            ("horizon", self.horizon, 1 << 20),
        ];
        for (path, value, limit) in positive {
            if value == 0 || value > limit {
                return Err(Error::invalid(path, format!("must be between 1 and {limit}, got {value}")));
            }
        }
        if self.start_token >= self.vocab_size {
            return Err(Error::invalid(
                "startToken",
                format!("must be below the vocabulary size {}, got {}", self.vocab_size, self.start_token),
            ));
        }
        if let Some(mask) = &self.action_mask {
            if mask.len() != self.vocab_size {
                return Err(Error::invalid(
                    "actionMask",
                    format!("must have one entry a token, {} in all, got {}", self.vocab_size, mask.len()),
                ));
            }
            if !mask.contains(&true) {
                return Err(Error::invalid("actionMask", "must allow at least one token"));
            }
        }
        Ok(())
    }
}

/// Coefficients of one update. Defaults are the tutorial's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UpdateConfig {
    /// Adam's step size.
    pub learning_rate: f64,
    /// Weight of the value loss.
    pub value_coef: f64,
    /// Weight of the entropy bonus.
    pub entropy_coef: f64,
    /// Global norm that gradients are clipped to; infinity turns clipping off.
    pub max_grad_norm: f64,
    /// Adam's decay of the first moment.
    pub beta1: f64,
    /// Adam's decay of the second moment.
    pub beta2: f64,
    /// Adam's denominator term.
    pub epsilon: f64,
}

impl Default for UpdateConfig {
    fn default() -> Self {
        Self {
            learning_rate: 3e-4,
            value_coef: 0.5,
            entropy_coef: 0.01,
            max_grad_norm: 1.0,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
        }
    }
}

impl UpdateConfig {
    /// Refuses what no update can be made with, naming the first bad field.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the field's name as path.
    pub fn validate(&self) -> Result<()> {
        let Self { learning_rate, value_coef, entropy_coef, max_grad_norm, beta1, beta2, epsilon } = *self;
        let checks = [
            ("learningRate", learning_rate, learning_rate.is_finite() && learning_rate >= 0.0, "a finite number of at least 0"),
            ("valueCoef", value_coef, value_coef.is_finite(), "a finite number"),
            ("entropyCoef", entropy_coef, entropy_coef.is_finite(), "a finite number"),
            ("maxGradNorm", max_grad_norm, max_grad_norm > 0.0, "above 0; Infinity turns clipping off"),
            ("beta1", beta1, (0.0..1.0).contains(&beta1), "at least 0 and below 1"),
            ("beta2", beta2, (0.0..1.0).contains(&beta2), "at least 0 and below 1"),
            ("epsilon", epsilon, epsilon.is_finite() && epsilon > 0.0, "a finite number above 0"),
        ];
        match checks.into_iter().find(|(_, _, good, _)| !good) {
            Some((path, value, _, rule)) => Err(Error::invalid(path, format!("must be {rule}, got {value}"))),
            None => Ok(()),
        }
    }
}

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

/// What a program's return is compared with: how advantages and the value loss are formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Baseline {
    /// The tutorial's: V̂ = Σ_t v_t for the whole program, advantage R − V̂ at every step, value loss mean((V̂ − R)²). V̂ has seen the actions
    /// it judges, so a critic that learns to foresee R takes the advantage away.
    #[default]
    Program,
    /// Each step's own value: advantage R − v_t, value loss the mean of (v_t − R)² over problems and steps. v_t knows only what came
    /// before a_t, so the policy gradient is unbiased.
    Step,
}

/// Coefficients of one update. Defaults are the tutorial's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UpdateConfig {
    /// What returns are compared with.
    pub baseline: Baseline,
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
            baseline: Baseline::Program,
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
        let Self { baseline: _, learning_rate, value_coef, entropy_coef, max_grad_norm, beta1, beta2, epsilon } = *self;
        // The kernels compute in f32: what overflows or vanishes there is refused, whatever it is in f64.
        let finite = |x: f64| (x as f32).is_finite();
        let positive = |x: f64| (x as f32) > 0.0;
        let decay = |x: f64| x >= 0.0 && (x as f32) < 1.0;
        let checks = [
            ("learningRate", learning_rate, finite(learning_rate) && learning_rate >= 0.0, "a 32-bit number of at least 0"),
            ("valueCoef", value_coef, finite(value_coef), "a finite 32-bit number"),
            ("entropyCoef", entropy_coef, finite(entropy_coef), "a finite 32-bit number"),
            ("maxGradNorm", max_grad_norm, positive(max_grad_norm), "a 32-bit number above 0; Infinity turns clipping off"),
            ("beta1", beta1, decay(beta1), "at least 0 and below 1 in 32 bits"),
            ("beta2", beta2, decay(beta2), "at least 0 and below 1 in 32 bits"),
            ("epsilon", epsilon, finite(epsilon) && positive(epsilon), "a finite 32-bit number above 0"),
        ];
        match checks.into_iter().find(|(_, _, good, _)| !good) {
            Some((path, value, _, rule)) => Err(Error::invalid(path, format!("must be {rule}, got {value}"))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coefficients_are_judged_as_the_kernels_compute_with_them() {
        type Set = fn(&mut UpdateConfig, f64);
        let cases: [(&str, Set, &[f64], &[f64]); 7] = [
            ("learningRate", |c, x| c.learning_rate = x, &[1e39, -1e-3, f64::NAN, f64::INFINITY], &[0.0, 1e-60, 3e38]),
            ("valueCoef", |c, x| c.value_coef = x, &[1e39, -1e39, f64::NAN], &[0.0, -1.0, 3e38]),
            ("entropyCoef", |c, x| c.entropy_coef = x, &[1e39, f64::NEG_INFINITY], &[0.0, 3e38]),
            ("maxGradNorm", |c, x| c.max_grad_norm = x, &[0.0, -1.0, 1e-50, f64::NAN], &[1e-40, 1e39, f64::INFINITY]),
            ("beta1", |c, x| c.beta1 = x, &[1.0, -0.1, 1.0 - 1e-12, f64::NAN], &[0.0, 1e-50, 0.999_999]),
            ("beta2", |c, x| c.beta2 = x, &[1.0, -0.1, 1.0 - 1e-12, f64::NAN], &[0.0, 0.999_999_9]),
            ("epsilon", |c, x| c.epsilon = x, &[0.0, 1e-46, 1e39, -1e-8, f64::NAN], &[1e-40, 1.0]),
        ];
        for (name, set, bad, good) in cases {
            for (&value, ok) in bad.iter().zip(std::iter::repeat(false)).chain(good.iter().zip(std::iter::repeat(true))) {
                let mut config = UpdateConfig::default();
                set(&mut config, value);
                match config.validate() {
                    Ok(()) => assert!(ok, "{name} {value}"),
                    Err(Error::Invalid { path, .. }) => assert!(!ok && path == name, "{name} {value}"),
                    Err(other) => panic!("{other:?}"),
                }
            }
        }
    }
}

//! The plain objects that cross, and their way into the core's own types.

use innate_core::checkpoint::MAX_COUNTER;
use innate_core::engine::{Evaluation, Rollout, UpdateStats};
use innate_core::{Baseline, ContextPooling, DeviceKind, EngineKind, NamedTensor, NetworkConfig, UpdateConfig};
use napi_derive::napi;

use crate::array::Numbers;
use crate::error::Failure;

/// Options of a native agent, resolved.
#[napi(object)]
pub struct BindingAgentOptions {
    /// Number of tokens, `V`.
    pub vocab_size: f64,
    /// Number of stages, `S`.
    pub stage_count: f64,
    /// Width of the embeddings and of the hidden state, `H`.
    pub hidden_size: f64,
    /// Tokens emitted in one rollout, `T`.
    pub horizon: f64,
    /// The token whose embedding is the first input.
    pub start_token: f64,
    /// Whether the context is averaged over the whole batch.
    pub batch_context: bool,
    /// Non-zero where a token may be emitted, `[V]`; absent allows all.
    #[napi(ts_type = "Uint8Array")]
    pub action_mask: Option<Numbers<u8>>,
    /// Non-negative safe integer.
    pub seed: f64,
    /// `cpu` or `cuda`.
    pub device: String,
    /// `fused` or `plain`.
    pub engine: String,
    /// 0: as many as the machine has.
    pub threads: f64,
}

/// Coefficients of one update.
#[napi(object)]
pub struct BindingUpdateOptions {
    /// `program` or `step`.
    pub baseline: String,
    /// Adam's step size.
    pub learning_rate: f64,
    /// Weight of the value loss.
    pub value_coef: f64,
    /// Weight of the entropy bonus.
    pub entropy_coef: f64,
    /// Global norm that gradients are clipped to; `Infinity` turns clipping off.
    pub max_grad_norm: f64,
    /// Adam's decay of the first moment.
    pub beta1: f64,
    /// Adam's decay of the second moment.
    pub beta2: f64,
    /// Adam's denominator term.
    pub epsilon: f64,
}

/// A whole open-loop rollout.
#[napi(object)]
pub struct BindingRollout {
    /// Tokens emitted, `[n, T]`.
    #[napi(ts_type = "Int32Array")]
    pub actions: Numbers<i32>,
    /// log π(a), `[n, T]`.
    #[napi(ts_type = "Float32Array")]
    pub log_probs: Numbers<f32>,
    /// Entropy of each step, `[n, T]`.
    #[napi(ts_type = "Float32Array")]
    pub entropies: Numbers<f32>,
    /// Value of each step, `[n, T]`.
    #[napi(ts_type = "Float32Array")]
    pub values: Numbers<f32>,
}

/// What the network says of given actions.
#[napi(object)]
pub struct BindingEvaluation {
    /// Before the softmax, `[n, T, V]`; −∞ where masked.
    #[napi(ts_type = "Float32Array")]
    pub logits: Numbers<f32>,
    /// log π(a), `[n, T]`.
    #[napi(ts_type = "Float32Array")]
    pub log_probs: Numbers<f32>,
    /// Entropy of each step, `[n, T]`.
    #[napi(ts_type = "Float32Array")]
    pub entropies: Numbers<f32>,
    /// Value of each step, `[n, T]`.
    #[napi(ts_type = "Float32Array")]
    pub values: Numbers<f32>,
}

/// The terms of one update.
#[napi(object)]
pub struct BindingUpdateStats {
    /// The whole loss.
    pub loss: f64,
    /// The policy's term.
    pub policy_loss: f64,
    /// The value's term, before its coefficient.
    pub value_loss: f64,
    /// Mean entropy, at least 0.
    pub entropy: f64,
    /// Global gradient norm before clipping.
    pub grad_norm: f64,
    /// `1 − Var(R − V̂)/Var(R)`; NaN when all returns are equal.
    pub explained_variance: f64,
}

/// A tensor by PyTorch's name, row-major.
#[napi(object)]
pub struct BindingTensor {
    /// PyTorch's name, such as `rnn.weight_hh_l0`.
    pub name: String,
    /// PyTorch's shape.
    pub shape: Vec<u32>,
    /// The elements.
    #[napi(ts_type = "Float32Array")]
    pub data: Numbers<f32>,
}

/// The terms of an update and its gradient after clipping.
#[napi(object)]
pub struct BindingGradients {
    /// The terms.
    pub stats: BindingUpdateStats,
    /// One tensor a parameter.
    pub gradients: Vec<BindingTensor>,
}

/// [`BindingAgentOptions`] with their values checked; what the network itself checks is left to it.
#[derive(Debug, Clone)]
pub(crate) struct Resolved {
    pub(crate) config: NetworkConfig,
    pub(crate) seed: u64,
    pub(crate) placement: Placement,
}

/// Where and how a network runs: what a checkpoint does not hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Placement {
    pub(crate) device: DeviceKind,
    pub(crate) engine: EngineKind,
    pub(crate) threads: usize,
}

pub(crate) fn integer(path: &str, value: f64) -> Result<u64, Failure> {
    if value.fract() == 0.0 && (0.0..=MAX_COUNTER as f64).contains(&value) {
        Ok(value as u64)
    } else {
        Err(Failure::options(path, format!("must be a whole number of at least 0, got {value}")))
    }
}

impl Placement {
    pub(crate) fn new(device: &str, engine: &str, threads: f64) -> Result<Self, Failure> {
        let device = match device {
            "cpu" => DeviceKind::Cpu,
            "cuda" => DeviceKind::Cuda,
            other => return Err(Failure::options("device", format!("must be cpu or cuda, got {other}"))),
        };
        let engine = match engine {
            "fused" => EngineKind::Fused,
            "plain" => EngineKind::Plain,
            other => return Err(Failure::options("engine", format!("must be fused or plain, got {other}"))),
        };
        let threads = match integer("threads", threads)? {
            threads @ 0..=1024 => threads as usize,
            threads => return Err(Failure::options("threads", format!("must be at most 1024, got {threads}"))),
        };
        Ok(Self { device, engine, threads })
    }
}

impl TryFrom<BindingAgentOptions> for Resolved {
    type Error = Failure;

    fn try_from(options: BindingAgentOptions) -> Result<Self, Failure> {
        let size = |path, value| integer(path, value).map(|value| value as usize);
        Ok(Self {
            config: NetworkConfig {
                vocab_size: size("vocabSize", options.vocab_size)?,
                stage_count: size("stageCount", options.stage_count)?,
                hidden_size: size("hiddenSize", options.hidden_size)?,
                horizon: size("horizon", options.horizon)?,
                start_token: size("startToken", options.start_token)?,
                pooling: if options.batch_context { ContextPooling::Batch } else { ContextPooling::Own },
                action_mask: options.action_mask.map(|Numbers(mask)| mask.into_iter().map(|entry| entry != 0).collect()),
            },
            seed: integer("seed", options.seed)?,
            placement: Placement::new(&options.device, &options.engine, options.threads)?,
        })
    }
}

impl From<&Resolved> for BindingAgentOptions {
    fn from(Resolved { config, seed, placement }: &Resolved) -> Self {
        Self {
            vocab_size: config.vocab_size as f64,
            stage_count: config.stage_count as f64,
            hidden_size: config.hidden_size as f64,
            horizon: config.horizon as f64,
            start_token: config.start_token as f64,
            batch_context: config.pooling == ContextPooling::Batch,
            action_mask: config.action_mask.as_ref().map(|mask| Numbers(mask.iter().map(|&allowed| u8::from(allowed)).collect())),
            seed: *seed as f64,
            device: match placement.device {
                DeviceKind::Cpu => "cpu",
                DeviceKind::Cuda => "cuda",
            }
            .to_owned(),
            engine: match placement.engine {
                EngineKind::Fused => "fused",
                EngineKind::Plain => "plain",
            }
            .to_owned(),
            threads: placement.threads as f64,
        }
    }
}

impl BindingUpdateOptions {
    pub(crate) fn config(self) -> Result<UpdateConfig, Failure> {
        Ok(UpdateConfig {
            learning_rate: self.learning_rate,
            baseline: match self.baseline.as_str() {
                "program" => Baseline::Program,
                "step" => Baseline::Step,
                other => return Err(Failure::options("baseline", format!("must be program or step, got {other}"))),
            },
            value_coef: self.value_coef,
            entropy_coef: self.entropy_coef,
            max_grad_norm: self.max_grad_norm,
            beta1: self.beta1,
            beta2: self.beta2,
            epsilon: self.epsilon,
        })
    }
}

impl From<Rollout> for BindingRollout {
    fn from(rollout: Rollout) -> Self {
        Self {
            actions: Numbers(rollout.actions),
            log_probs: Numbers(rollout.log_probs),
            entropies: Numbers(rollout.entropies),
            values: Numbers(rollout.values),
        }
    }
}

impl From<Evaluation> for BindingEvaluation {
    fn from(evaluation: Evaluation) -> Self {
        Self {
            logits: Numbers(evaluation.logits),
            log_probs: Numbers(evaluation.log_probs),
            entropies: Numbers(evaluation.entropies),
            values: Numbers(evaluation.values),
        }
    }
}

impl From<UpdateStats> for BindingUpdateStats {
    fn from(stats: UpdateStats) -> Self {
        Self {
            loss: stats.loss,
            policy_loss: stats.policy_loss,
            value_loss: stats.value_loss,
            entropy: stats.entropy,
            grad_norm: stats.grad_norm,
            explained_variance: stats.explained_variance,
        }
    }
}

impl From<NamedTensor> for BindingTensor {
    fn from(tensor: NamedTensor) -> Self {
        Self { name: tensor.name, shape: tensor.shape.into_iter().map(|size| size as u32).collect(), data: Numbers(tensor.data) }
    }
}

impl From<BindingTensor> for NamedTensor {
    fn from(tensor: BindingTensor) -> Self {
        Self { name: tensor.name, shape: tensor.shape.into_iter().map(|size| size as usize).collect(), data: tensor.data.0 }
    }
}

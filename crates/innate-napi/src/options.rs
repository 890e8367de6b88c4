//! The plain objects that cross, and their way into the core's own types.

use innate_core::checkpoint::MAX_COUNTER;
use innate_core::collect::Running;
use innate_core::data::{Evaluation, Rollout, RolloutSpec};
use innate_core::device::DeviceKind;
use innate_core::engine::EngineKind;
use innate_core::model::{Action, Attention, Direction, Encoder, History, Input, ModelSpec, Pooling};
use innate_core::{NamedTensor, Placement};
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
    /// `own` or `batch`: over what a context's mean is taken.
    pub pooling: String,
    /// `pooled`: prompts are averaged; `recurrent`: they are read in order; `none`: episodes begin at the zero state. Absent: `pooled`.
    pub encoder: Option<String>,
    /// Whether prompts that are read in order are read from their last token to their first; absent: from the first to the last.
    pub reads_backward: Option<bool>,
    /// Whether a number is read beside each token of a prompt; absent: none is.
    pub reads_values: Option<bool>,
    /// Whether prompts are attended to; absent: they are not.
    pub attends_prompt: Option<bool>,
    /// Number of actions, `A`; absent: `vocabSize`.
    pub actions: Option<f64>,
    /// Whether the network reads where an episode begins; absent: it does not.
    pub episode_start: Option<bool>,
    /// Whether the network reads the step within the episode; absent: it does not.
    pub clock: Option<bool>,
    /// How many steps back the network attends to its own past; absent: it does not.
    pub history_window: Option<f64>,
    /// Sizes of the discrete numbers read at each step; absent: none.
    pub discrete: Option<Vec<f64>>,
    /// Length of the vector read at each step; absent: 0.
    pub dense: Option<f64>,
    /// Layers of the GRU.
    pub layers: f64,
    /// `false`: the state before every step is the first one, and the action before is not read; absent: `true`.
    pub recurrent: Option<bool>,
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

/// Moments of the vectors that were observed, `[D]`.
#[napi(object)]
pub struct BindingStatistics {
    /// Their mean.
    pub mean: Vec<f64>,
    /// Their variance.
    pub variance: Vec<f64>,
}

impl From<Running> for BindingStatistics {
    fn from(Running { mean, variance, .. }: Running) -> Self {
        Self { mean, variance }
    }
}

/// [`BindingAgentOptions`] with their values checked; what the network itself checks is left to it.
#[derive(Debug, Clone)]
pub(crate) struct Resolved {
    pub(crate) model: ModelSpec,
    pub(crate) rollout: RolloutSpec,
    pub(crate) seed: u64,
    pub(crate) placement: Placement,
}

pub(crate) fn integer(path: &str, value: f64) -> Result<u64, Failure> {
    if value.fract() == 0.0 && (0.0..=MAX_COUNTER as f64).contains(&value) {
        Ok(value as u64)
    } else {
        Err(Failure::options(path, format!("must be a whole number of at least 0, got {value}")))
    }
}

pub(crate) fn placement(device: &str, engine: &str, threads: f64) -> Result<Placement, Failure> {
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
    Ok(Placement { device, engine, threads })
}

impl TryFrom<BindingAgentOptions> for Resolved {
    type Error = Failure;

    fn try_from(options: BindingAgentOptions) -> Result<Self, Failure> {
        let size = |path, value| integer(path, value).map(|value| value as usize);
        let pooling = match options.pooling.as_str() {
            "own" => Pooling::Own,
            "batch" => Pooling::Batch,
            other => return Err(Failure::options("pooling", format!("must be own or batch, got {other}"))),
        };
        let vocabulary = size("vocabSize", options.vocab_size)?;
        let values = options.reads_values == Some(true);
        let encoder = match options.encoder.as_deref() {
            Some("none") if values => return Err(Failure::options("values", "must be absent: no prompts are read")),
            Some("none") => Encoder::None,
            Some("pooled") | None => Encoder::Pooled { stages: size("stageCount", options.stage_count)?, pooling, values },
            Some("recurrent") => {
                let direction = if options.reads_backward == Some(true) { Direction::Backward } else { Direction::Forward };
                Encoder::Recurrent { stages: size("stageCount", options.stage_count)?, direction, values }
            }
            Some(other) => return Err(Failure::options("encoder", format!("must be pooled, recurrent or none, got {other}"))),
        };
        let recurrent = options.recurrent != Some(false);
        // The action before is a memory of one step.
        let mut inputs = if recurrent { vec![Input::PreviousAction] } else { vec![] };
        if options.episode_start == Some(true) || !recurrent {
            inputs.push(Input::EpisodeStart);
        }
        if options.clock == Some(true) {
            inputs.push(Input::Clock);
        }
        if let Some(sizes) = options.discrete.filter(|sizes| !sizes.is_empty()) {
            let sizes = sizes.into_iter().map(|each| size("discrete", each)).collect::<Result<_, _>>()?;
            inputs.push(Input::Discrete { sizes });
        }
        if let Some(width) = options.dense.filter(|width| *width != 0.0) {
            inputs.push(Input::Dense { width: size("dense", width)? });
        }
        Ok(Self {
            model: ModelSpec {
                vocabulary,
                encoder,
                inputs,
                layers: size("layers", options.layers)?,
                hidden: size("hiddenSize", options.hidden_size)?,
                recurrent,
                attention: Attention {
                    history: options
                        .history_window
                        .map(|of| size("historyWindow", of).map(|window| History { window }))
                        .transpose()?,
                    prompt: options.attends_prompt == Some(true),
                },
                action: Action::Categorical { size: options.actions.map_or(Ok(vocabulary), |actions| size("actions", actions))? },
            },
            rollout: RolloutSpec {
                horizon: size("horizon", options.horizon)?,
                start_token: size("startToken", options.start_token)?,
                action_mask: options.action_mask.map(|Numbers(mask)| mask.into_iter().map(|entry| entry != 0).collect()),
            },
            seed: integer("seed", options.seed)?,
            placement: placement(&options.device, &options.engine, options.threads)?,
        })
    }
}

impl From<&Resolved> for BindingAgentOptions {
    fn from(Resolved { model, rollout, seed, placement }: &Resolved) -> Self {
        Self {
            vocab_size: model.vocabulary as f64,
            stage_count: model.stages() as f64,
            hidden_size: model.hidden as f64,
            encoder: Some(
                match model.encoder {
                    Encoder::None => "none",
                    Encoder::Pooled { .. } => "pooled",
                    Encoder::Recurrent { .. } => "recurrent",
                }
                .to_owned(),
            ),
            reads_backward: Some(model.direction() == Some(Direction::Backward)),
            reads_values: Some(model.reads_values()),
            attends_prompt: Some(model.attention.prompt),
            actions: Some(model.actions() as f64),
            episode_start: Some(model.inputs.contains(&Input::EpisodeStart)),
            clock: Some(model.reads_clock()),
            history_window: model.attention.history.map(|History { window }| window as f64),
            discrete: Some(model.discrete().iter().map(|&size| size as f64).collect()),
            dense: Some(model.dense() as f64),
            layers: model.layers as f64,
            recurrent: Some(model.recurrent),
            horizon: rollout.horizon as f64,
            start_token: rollout.start_token as f64,
            pooling: if model.pooling() == Some(Pooling::Batch) { "batch" } else { "own" }.to_owned(),
            action_mask: rollout
                .action_mask
                .as_ref()
                .map(|mask| Numbers(mask.iter().map(|&allowed| u8::from(allowed)).collect())),
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

//! The network as functions of its weights.

use candle_core::{D, DType, Device, Tensor, bail};

use super::Candle;
use super::choice::Menu;
use super::history::Past;
use super::inputs::Inputs;
use super::reading::Reading;
use crate::data::{Prompts, Trajectories};
use crate::error::Result;
use crate::kernel::cell::gru_cell;
use crate::kernel::head::ENTROPY_EPSILON;
use crate::model::{Encoder, ModelSpec, ParamKind, ParamSpec, Pooling};

/// How a GRU's step is computed after its products.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// Candle's elementwise operations and their autograd: the oracle.
    Composed,
    /// [`gru_cell`]: one operation, with a kernel of its own on CUDA.
    Operation,
}

/// What the heads say, `R` being any number of rows and `M` the actions of the menu.
pub(super) struct Heads {
    /// `[R, M]`
    pub(super) logits: Tensor,
    /// `[R, M]`
    pub(super) log_policy: Tensor,
    /// `[R, M]`
    pub(super) policy: Tensor,
    /// `[R]`
    pub(super) entropies: Tensor,
    /// `[R]`
    pub(super) values: Tensor,
}

impl Heads {
    /// log π of one action a row, by its place in the menu, `[R]`.
    pub(super) fn log_prob(&self, places: Vec<u32>) -> Candle<Tensor> {
        let rows = places.len();
        self.log_policy.gather(&Tensor::from_vec(places, (rows, 1), self.logits.device())?, 1)?.squeeze(1)
    }
}

/// The weights as tensors of PyTorch's shapes.
pub(super) struct Network<'a> {
    pub(super) spec: &'a ModelSpec,
    cell: Cell,
    pub(super) device: &'a Device,
    menu: &'a Menu,
    weights: Vec<(ParamKind, Tensor)>,
    /// The menu's rows of the policy's weight and bias.
    policy: [Tensor; 2],
}

pub(super) fn linear(x: &Tensor, weight: &Tensor, bias: &Tensor) -> Candle<Tensor> {
    x.matmul(&weight.t()?)?.broadcast_add(bias)
}

/// By the hyperbolic tangent: no overflow either way, so no NaN in its gradient.
fn sigmoid(x: &Tensor) -> Candle<Tensor> {
    x.affine(0.5, 0.0)?.tanh()?.affine(0.5, 0.5)
}

pub(super) fn ids(ids: &[i32], device: &Device) -> Candle<Tensor> {
    Tensor::from_vec(ids.iter().map(|&id| id as u32).collect::<Vec<_>>(), ids.len(), device)
}

impl<'a> Network<'a> {
    pub(super) fn new(
        spec: &'a ModelSpec,
        cell: Cell,
        device: &'a Device,
        menu: &'a Menu,
        params: &[ParamSpec],
        tensors: Vec<Tensor>,
    ) -> Candle<Self> {
        let weights: Vec<_> = params.iter().map(|param| param.kind).zip(tensors).collect();
        let policy = [ParamKind::PolicyWeight, ParamKind::PolicyBias].map(|kind| menu.rows_of(find(&weights, kind)?));
        let [weight, bias] = policy;
        Ok(Self { spec, cell, device, menu, policy: [weight?, bias?], weights })
    }

    pub(super) fn weight(&self, kind: ParamKind) -> Candle<&Tensor> {
        find(&self.weights, kind)
    }

    /// The states of all layers before the first step, `[n, H]` each: those stored, `[n, layers, H]`, or what the prompts, as they were read, make.
    pub(super) fn begin(&self, prompts: Prompts<'_>, read: Option<&Reading>, stored: Option<&[f32]>) -> Candle<Vec<Tensor>> {
        let (n, layers, h) = (prompts.rows, self.spec.layers, self.spec.hidden);
        if let Some(stored) = stored {
            let stored = Tensor::from_slice(stored, (n, layers, h), self.device)?;
            return (0..layers).map(|layer| stored.narrow(1, layer, 1)?.squeeze(1)?.contiguous()).collect();
        }
        let mut states = vec![Tensor::zeros((n, h), DType::F32, self.device)?; layers];
        if let Some(read) = read {
            let context = match self.spec.encoder {
                Encoder::Pooled { pooling: Pooling::Batch, .. } => read.mean_of_all()?,
                Encoder::Pooled { .. } => read.mean()?,
                Encoder::None | Encoder::Recurrent { .. } => read.last()?,
            };
            let stages = self.weight(ParamKind::StageEmbedding)?.index_select(&ids(prompts.stages, self.device)?, 0)?;
            states[0] = stages.broadcast_add(&context)?.tanh()?;
        }
        Ok(states)
    }

    /// The first layer's input, `[T, n, D]`: the embedding of the token before, then the features.
    pub(super) fn read(&self, inputs: Inputs, n: usize, steps: usize) -> Candle<Tensor> {
        let mut parts = Vec::new();
        if self.spec.reads_previous_action() {
            let tokens = Tensor::from_vec(inputs.tokens, steps * n, self.device)?;
            parts.push(self.weight(ParamKind::Embedding)?.index_select(&tokens, 0)?.reshape((steps, n, self.spec.hidden))?);
        }
        if self.spec.features() > 0 {
            parts.push(Tensor::from_vec(inputs.features, (steps, n, self.spec.features()), self.device)?);
        }
        Tensor::cat(&parts, 2)
    }

    /// The next hidden state `[n, H]` from the input's gates `[n, 3H]` and the state's.
    pub(super) fn step(&self, input: &Tensor, recurrent: &Tensor, hidden: &Tensor) -> Candle<Tensor> {
        if self.cell == Cell::Operation {
            return gru_cell(input, recurrent, hidden);
        }
        let h = self.spec.hidden;
        let gate = |index: usize| -> Candle<_> { Ok((input.narrow(1, index * h, h)?, recurrent.narrow(1, index * h, h)?)) };
        let [(r_input, r_own), (z_input, z_own), (n_input, n_own)] = [gate(0)?, gate(1)?, gate(2)?];
        let r = sigmoid(&(r_input + r_own)?)?;
        let z = sigmoid(&(z_input + z_own)?)?;
        let n = (n_input + (r * n_own)?)?.tanh()?;
        &n + (z * (hidden - &n)?)?
    }

    /// Runs the layers over inputs `[T, n, D]` from the states before, `[n, H]` each, which become the states after; gives the last layer's
    /// states `[T, n, H]`. Where `starts`, `[T, n, 1]`, is not zero, the states before that step count as zero. Without recurrence every step
    /// begins from the states before, which stay.
    pub(super) fn unroll(&self, inputs: &Tensor, states: &mut [Tensor], starts: Option<&Tensor>) -> Candle<Tensor> {
        let (steps, n, _) = inputs.dims3()?;
        let h = self.spec.hidden;
        let mut below = inputs.clone();
        for (layer, hidden) in states.iter_mut().enumerate() {
            let (w_ih, b_ih) = (self.weight(ParamKind::WeightIh(layer))?, self.weight(ParamKind::BiasIh(layer))?);
            let (w_hh, b_hh) = (self.weight(ParamKind::WeightHh(layer))?, self.weight(ParamKind::BiasHh(layer))?);
            let gates = linear(&below.flatten(0, 1)?, w_ih, b_ih)?.reshape((steps, n, 3 * h))?;
            let mut all = Vec::with_capacity(steps);
            for t in 0..steps {
                let mut before = hidden.clone();
                if let Some(starts) = starts {
                    let begins = starts.narrow(0, t, 1)?.squeeze(0)?.broadcast_as((n, h))?;
                    before = begins.where_cond(&before.zeros_like()?, &before)?;
                }
                let after = self.step(&gates.narrow(0, t, 1)?.squeeze(0)?, &linear(&before, w_hh, b_hh)?, &before)?;
                if self.spec.recurrent {
                    *hidden = after.clone();
                }
                all.push(after);
            }
            below = Tensor::stack(&all, 0)?;
        }
        Ok(below)
    }

    /// Policy and value of what the heads read, one row each; what is zero in `allowed`, `[R, M]`, has no part in the policy.
    pub(super) fn heads(&self, hidden: &Tensor, allowed: Option<&Tensor>) -> Candle<Heads> {
        let [weight, bias] = &self.policy;
        let mut logits = linear(hidden, weight, bias)?;
        if let Some(allowed) = allowed {
            let never = Tensor::full(f32::NEG_INFINITY, logits.shape(), self.device)?;
            logits = allowed.where_cond(&logits, &never)?;
        }
        let shifted = logits.broadcast_sub(&logits.max_keepdim(D::Minus1)?.detach())?;
        let log_policy = shifted.broadcast_sub(&shifted.exp()?.sum_keepdim(D::Minus1)?.log()?)?;
        let policy = log_policy.exp()?;
        let entropies = (&policy * policy.affine(1.0, f64::from(ENTROPY_EPSILON))?.log()?)?.sum(D::Minus1)?.neg()?;
        let values = linear(hidden, self.weight(ParamKind::ValueWeight)?, self.weight(ParamKind::ValueBias)?)?.squeeze(1)?;
        Ok(Heads { logits, log_policy, policy, entropies, values })
    }

    /// The heads along given trajectories, one row a step, `[n·T]`.
    pub(super) fn along(&self, data: &Trajectories<'_>) -> Result<Heads> {
        let (n, steps) = (data.rows, data.steps());
        let starts = data
            .starts
            .as_ref()
            .map(|starts| -> Candle<_> { Tensor::from_slice(starts, (n, steps), self.device)?.t()?.unsqueeze(2)?.contiguous() });
        let inputs = Inputs::along(self.spec, data)?;
        let past = Past::along(self, data, &inputs.ages)?;
        let inputs = self.read(inputs, n, steps)?;
        let read = self.read_prompts(data.prompts())?;
        let mut states = self.begin(data.prompts(), read.as_ref(), data.states.as_deref())?;
        let hidden = self.unroll(&inputs, &mut states, starts.transpose()?.as_ref())?;
        let hidden = hidden.transpose(0, 1)?.contiguous()?;
        let hidden = self.look_back(&hidden, &self.attend(&hidden, read.as_ref())?, past.as_ref())?.flatten(0, 1)?;
        Ok(self.heads(&hidden, self.menu.allowed(data, self.device)?.as_ref())?)
    }
}

fn find(weights: &[(ParamKind, Tensor)], kind: ParamKind) -> Candle<&Tensor> {
    match weights.iter().find(|(of, _)| *of == kind) {
        Some((_, weight)) => Ok(weight),
        None => bail!("the network has no {kind:?}"),
    }
}

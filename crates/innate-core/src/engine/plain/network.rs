//! The network as functions of its weights.

use candle_core::{D, Tensor};

use crate::config::{ContextPooling, NetworkConfig};
use crate::engine::ENTROPY_EPSILON;
use crate::kernel::cell::gru_cell;

type Candle<T> = candle_core::Result<T>;

/// How a GRU's step is computed after its products.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// Candle's elementwise operations and their autograd: the oracle.
    Composed,
    /// [`gru_cell`]: one operation, with a kernel of its own on CUDA.
    Operation,
}

/// A batch on the device.
pub(super) struct Batch {
    pub(super) n: usize,
    /// Token ids, `[n·L]`.
    pub(super) contexts: Tensor,
    /// Stage ids, `[n]`.
    pub(super) stages: Tensor,
}

/// What the heads say, `R` being any number of rows and `A` the tokens that may be emitted.
pub(super) struct Heads {
    /// `[R, A]`
    pub(super) logits: Tensor,
    /// `[R, A]`
    pub(super) log_policy: Tensor,
    /// `[R, A]`
    pub(super) policy: Tensor,
    /// `[R]`
    pub(super) entropies: Tensor,
    /// `[R]`
    pub(super) values: Tensor,
}

impl Heads {
    /// log π of one allowed token a row, by its place among them, `[R]`.
    pub(super) fn log_prob(&self, places: &Tensor) -> Candle<Tensor> {
        self.log_policy.gather(&places.unsqueeze(1)?, 1)?.squeeze(1)
    }
}

/// The weights as tensors of PyTorch's shapes.
pub(super) struct Weights<'a> {
    pub(super) config: &'a NetworkConfig,
    pub(super) cell: Cell,
    pub(super) emb: &'a Tensor,
    pub(super) stage_emb: &'a Tensor,
    pub(super) w_ih: &'a Tensor,
    pub(super) w_hh: &'a Tensor,
    pub(super) b_ih: &'a Tensor,
    pub(super) b_hh: &'a Tensor,
    /// Of the allowed tokens, as are the distributions.
    pub(super) pi_w: Tensor,
    pub(super) pi_b: Tensor,
    pub(super) v_w: &'a Tensor,
    pub(super) v_b: &'a Tensor,
}

fn linear(x: &Tensor, weight: &Tensor, bias: &Tensor) -> Candle<Tensor> {
    x.matmul(&weight.t()?)?.broadcast_add(bias)
}

/// By the hyperbolic tangent: no overflow either way, so no NaN in its gradient.
fn sigmoid(x: &Tensor) -> Candle<Tensor> {
    x.affine(0.5, 0.0)?.tanh()?.affine(0.5, 0.5)
}

impl Weights<'_> {
    /// The initial hidden state, `[n, H]`.
    pub(super) fn start(&self, batch: &Batch) -> Candle<Tensor> {
        let tokens = self.emb.index_select(&batch.contexts, 0)?.reshape((batch.n, (), self.config.hidden_size))?;
        let mut context = tokens.mean(1)?;
        if self.config.pooling == ContextPooling::Batch {
            context = context.mean_keepdim(0)?;
        }
        self.stage_emb.index_select(&batch.stages, 0)?.broadcast_add(&context)?.tanh()
    }

    /// The input's share of the gates, `[R, 3H]`, of token ids `[R]`.
    pub(super) fn input_gates(&self, tokens: &Tensor) -> Candle<Tensor> {
        linear(&self.emb.index_select(tokens, 0)?, self.w_ih, self.b_ih)
    }

    /// The next hidden state `[n, H]` from the input's gates `[n, 3H]`.
    pub(super) fn step(&self, gates: &Tensor, hidden: &Tensor) -> Candle<Tensor> {
        let h = self.config.hidden_size;
        let recurrent = linear(hidden, self.w_hh, self.b_hh)?;
        if self.cell == Cell::Operation {
            return gru_cell(gates, &recurrent, hidden);
        }
        let pair = |gate: usize| Ok::<_, candle_core::Error>((gates.narrow(1, gate * h, h)?, recurrent.narrow(1, gate * h, h)?));
        let (input, own) = pair(0)?;
        let r = sigmoid(&(input + own)?)?;
        let (input, own) = pair(1)?;
        let z = sigmoid(&(input + own)?)?;
        let (input, own) = pair(2)?;
        let n = (input + (r * own)?)?.tanh()?;
        &n + (z * (hidden - &n)?)?
    }

    /// Policy and value of hidden states `[R, H]`.
    pub(super) fn heads(&self, hidden: &Tensor) -> Candle<Heads> {
        let logits = linear(hidden, &self.pi_w, &self.pi_b)?;
        let shifted = logits.broadcast_sub(&logits.max_keepdim(D::Minus1)?.detach())?;
        let log_policy = shifted.broadcast_sub(&shifted.exp()?.sum_keepdim(D::Minus1)?.log()?)?;
        let policy = log_policy.exp()?;
        let entropies = (&policy * policy.affine(1.0, f64::from(ENTROPY_EPSILON))?.log()?)?.sum(D::Minus1)?.neg()?;
        let values = linear(hidden, self.v_w, self.v_b)?.squeeze(1)?;
        Ok(Heads { logits, log_policy, policy, entropies, values })
    }

    /// The heads along given actions, one row a problem and step, `[n·T]`; `inputs` is step by step, `[T·n]`.
    pub(super) fn unroll(&self, batch: &Batch, inputs: &Tensor, steps: usize) -> Candle<Heads> {
        let gates = self.input_gates(inputs)?.reshape((steps, batch.n, 3 * self.config.hidden_size))?;
        let mut hidden = self.start(batch)?;
        let mut states = Vec::with_capacity(steps);
        for t in 0..steps {
            hidden = self.step(&gates.narrow(0, t, 1)?.squeeze(0)?, &hidden)?;
            states.push(hidden.clone());
        }
        self.heads(&Tensor::stack(&states, 1)?.reshape((batch.n * steps, self.config.hidden_size))?)
    }
}

//! What is read of prompts, and attention to it.

use candle_core::{D, Tensor};

use super::Candle;
use super::network::{Network, ids, linear};
use crate::data::Prompts;
use crate::model::{Direction, Encoder, ParamKind};

/// Prompts as they were read.
pub(super) struct Reading {
    /// The tokens' embeddings, or the states of the GRU over the context after each of them, `[n, L, H]`.
    vectors: Tensor,
    /// Where contexts are of different lengths.
    lengths: Option<Lengths>,
}

struct Lengths {
    /// `[n]`
    each: Tensor,
    /// 1 where a token counts, else 0, `[n, L]`.
    counts: Tensor,
}

impl Reading {
    /// The mean of each context's vectors, `[n, H]`.
    pub(super) fn mean(&self) -> Candle<Tensor> {
        match &self.lengths {
            None => self.vectors.mean(1),
            Some(Lengths { each, counts }) => {
                self.vectors.broadcast_mul(&counts.unsqueeze(2)?)?.sum(1)?.broadcast_div(&each.unsqueeze(1)?)
            }
        }
    }

    /// The mean of all contexts' vectors, `[1, H]`.
    pub(super) fn mean_of_all(&self) -> Candle<Tensor> {
        match &self.lengths {
            None => self.mean()?.mean_keepdim(0),
            Some(Lengths { each, counts }) => {
                let sum = self.vectors.broadcast_mul(&counts.unsqueeze(2)?)?.sum(1)?.sum_keepdim(0)?;
                sum.broadcast_div(&each.sum_all()?)
            }
        }
    }

    /// The last vector of each context, `[n, H]`.
    pub(super) fn last(&self) -> Candle<Tensor> {
        let (n, length, h) = self.vectors.dims3()?;
        match &self.lengths {
            None => self.vectors.narrow(1, length - 1, 1)?.squeeze(1),
            Some(Lengths { each, .. }) => {
                let last = each.affine(1.0, -1.0)?.to_dtype(candle_core::DType::U32)?.reshape((n, 1, 1))?;
                self.vectors.gather(&last.broadcast_as((n, 1, h))?.contiguous()?, 1)?.squeeze(1)
            }
        }
    }
}

impl Network<'_> {
    /// Reads the prompts, where the model reads any.
    pub(super) fn read_prompts(&self, prompts: Prompts<'_>) -> Candle<Option<Reading>> {
        let spec = self.spec;
        if spec.encoder == Encoder::None {
            return Ok(None);
        }
        let (n, h, length) = (prompts.rows, spec.hidden, prompts.context_len());
        let in_turn: Vec<_> = (0..n).flat_map(|row| self.in_turn(prompts, prompts.contexts, row)).collect();
        let mut tokens = self.weight(ParamKind::Embedding)?.index_select(&ids(&in_turn, self.device)?, 0)?;
        if let Some(values) = prompts.values {
            let in_turn = (0..n).flat_map(|row| self.in_turn(prompts, values, row)).collect();
            let values = Tensor::from_vec(in_turn, (n * length, 1), self.device)?;
            tokens = (tokens + values.matmul(&self.weight(ParamKind::ValueEmbedding)?.t()?)?)?;
        }
        let vectors = if spec.reads_in_order() { self.encode(&tokens, (n, length))? } else { tokens.reshape((n, length, h))? };
        let lengths = prompts.lengths.map(|lengths| -> Candle<_> {
            let counts = lengths.iter().flat_map(|&of| (0..length).map(move |t| f32::from(u8::from(t < of as usize))));
            Ok(Lengths {
                each: Tensor::from_vec(lengths.iter().map(|&of| of as f32).collect(), n, self.device)?,
                counts: Tensor::from_vec(counts.collect(), (n, length), self.device)?,
            })
        });
        Ok(Some(Reading { vectors, lengths: lengths.transpose()? }))
    }

    /// What a row has of `[n, L]` in the order in which tokens are read, padding last, `[L]`.
    fn in_turn<T: Copy>(&self, prompts: Prompts<'_>, of: &[T], row: usize) -> Vec<T> {
        let mut of_row = of[row * prompts.context_len()..][..prompts.context_len()].to_vec();
        if self.spec.direction() == Some(Direction::Backward) {
            of_row[..prompts.length(row)].reverse();
        }
        of_row
    }

    /// The states of the GRU over the context after each token, `[n, L, H]`, of the tokens' embeddings, `[n·L, H]`. Padding is read too: no state
    /// before it depends on it.
    fn encode(&self, tokens: &Tensor, (n, length): (usize, usize)) -> Candle<Tensor> {
        let h = self.spec.hidden;
        let (w_ih, b_ih) = (self.weight(ParamKind::EncoderWeightIh)?, self.weight(ParamKind::EncoderBiasIh)?);
        let (w_hh, b_hh) = (self.weight(ParamKind::EncoderWeightHh)?, self.weight(ParamKind::EncoderBiasHh)?);
        let gates = linear(tokens, w_ih, b_ih)?.reshape((n, length, 3 * h))?.transpose(0, 1)?.contiguous()?;
        let mut state = Tensor::zeros((n, h), tokens.dtype(), self.device)?;
        let mut states = Vec::with_capacity(length);
        for t in 0..length {
            state = self.step(&gates.narrow(0, t, 1)?.squeeze(0)?, &linear(&state, w_hh, b_hh)?, &state)?;
            states.push(state.clone());
        }
        Tensor::stack(&states, 1)
    }

    /// What the heads read at states `[n, T, H]`: the states, and what attention reads out beside them, `[n, T, reads·H]`.
    pub(super) fn attend(&self, states: &Tensor, read: Option<&Reading>) -> Candle<Tensor> {
        let Some(Reading { vectors, lengths }) = read.filter(|_| self.spec.attention.prompt) else { return Ok(states.clone()) };
        let (n, steps, h) = states.dims3()?;
        let query = self.weight(ParamKind::PromptQuery)?;
        let queries = states.flatten(0, 1)?.matmul(&query.t()?)?.reshape((n, steps, h))?;
        let mut scores = queries.matmul(&vectors.t()?.contiguous()?)?.affine(1.0 / (h as f64).sqrt(), 0.0)?;
        if let Some(Lengths { counts, .. }) = lengths {
            let never = Tensor::full(f32::NEG_INFINITY, scores.shape(), self.device)?;
            scores = counts.ne(0.0)?.unsqueeze(1)?.broadcast_as(scores.shape())?.where_cond(&scores, &never)?;
        }
        let scaled = scores.broadcast_sub(&scores.max_keepdim(D::Minus1)?.detach())?.exp()?;
        let weights = scaled.broadcast_div(&scaled.sum_keepdim(D::Minus1)?)?;
        Tensor::cat(&[states, &weights.matmul(&vectors.contiguous()?)?], 2)
    }
}

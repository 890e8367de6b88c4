//! Where things stand in the engine's padded buffers. Padding is zero and stays zero: a padded unit's weights and gradients are zero, so its
//! state is too.

use crate::config::NetworkConfig;
use crate::error::Result;
use crate::kernel::simd::padded;
use crate::memory::filled;
use crate::params;

/// A place in a buffer.
pub(super) type Span = std::ops::Range<usize>;

/// The next `size` elements of a buffer that is `len` long so far.
fn take(len: &mut usize, size: usize) -> Span {
    let start = *len;
    *len += size;
    start..*len
}

/// Sizes, and the places of the parameters.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) vocab: usize,
    pub(super) stages: usize,
    /// True width.
    pub(super) hidden: usize,
    /// Padded width.
    pub(super) hp: usize,
    /// Padded row of logits: V tokens and the value.
    pub(super) np: usize,
    /// `[V, hp]`.
    pub(super) emb: Span,
    /// `[S, hp]`.
    pub(super) stage_emb: Span,
    /// `[3, hp, hp]`.
    pub(super) weight_ih: Span,
    /// `[3, hp, hp]`.
    pub(super) weight_hh: Span,
    /// `[3, hp]`.
    pub(super) bias_ih: Span,
    /// `[3, hp]`.
    pub(super) bias_hh: Span,
    /// π's rows, then v's: `[V + 1, hp]`.
    pub(super) head: Span,
    /// `[np]`.
    pub(super) head_bias: Span,
    /// Floats in all.
    pub(super) len: usize,
}

impl Layout {
    pub(super) fn new(config: &NetworkConfig) -> Self {
        let (vocab, stages, hidden) = (config.vocab_size, config.stage_count, config.hidden_size);
        let (hp, np) = (padded(hidden), padded(vocab + 1));
        let mut len = 0;
        let mut take = |size| take(&mut len, size);
        Self {
            vocab,
            stages,
            hidden,
            hp,
            np,
            emb: take(vocab * hp),
            stage_emb: take(stages * hp),
            weight_ih: take(3 * hp * hp),
            weight_hh: take(3 * hp * hp),
            bias_ih: take(3 * hp),
            bias_hh: take(3 * hp),
            head: take((vocab + 1) * hp),
            head_bias: take(np),
            len,
        }
    }

    /// Calls `copy(flat range, padded range)` for every run of the flat vector (see [`crate::params`]).
    fn runs(&self, config: &NetworkConfig, mut copy: impl FnMut(Span, Span)) {
        let (h, hp) = (self.hidden, self.hp);
        for spec in params::specs(config) {
            // (first padded element, length of a run, distance of runs, distance of gates)
            let (start, run) = match spec.name {
                "emb.weight" => (self.emb.start, h),
                "stage_emb.weight" => (self.stage_emb.start, h),
                "rnn.weight_ih_l0" => (self.weight_ih.start, h),
                "rnn.weight_hh_l0" => (self.weight_hh.start, h),
                "rnn.bias_ih_l0" => (self.bias_ih.start, h),
                "rnn.bias_hh_l0" => (self.bias_hh.start, h),
                "pi.weight" => (self.head.start, h),
                "v.weight" => (self.head.start + self.vocab * hp, h),
                "pi.bias" => (self.head_bias.start, self.vocab),
                _ => (self.head_bias.start + self.vocab, 1),
            };
            let gated_matrix = spec.name.starts_with("rnn.weight");
            for (row, flat) in spec.range().step_by(run).enumerate() {
                // A gate's h rows are followed by hp − h rows of padding.
                let row = if gated_matrix { row / h * hp + row % h } else { row };
                let to = start + row * hp;
                copy(flat..flat + run, to..to + run);
            }
        }
    }

    /// Spreads a flat vector into a padded buffer.
    pub(super) fn pad(&self, config: &NetworkConfig, flat: &[f32], out: &mut [f32]) {
        self.runs(config, |from, to| out[to].copy_from_slice(&flat[from]));
    }

    /// Gathers a padded buffer into a flat vector.
    ///
    /// # Errors
    /// [`Error::Memory`](crate::Error::Memory) when the system has no more.
    pub(super) fn unpad(&self, config: &NetworkConfig, values: &[f32]) -> Result<Vec<f32>> {
        let mut flat = filled(params::count(config), 0.0)?;
        self.runs(config, |to, from| flat[to].copy_from_slice(&values[from]));
        Ok(flat)
    }
}

/// The places in a group's gradient buffer: what is summed over problems before anything else can be done with it.
#[derive(Debug, Clone)]
pub(super) struct Partial {
    /// `[3, hp, hp]`.
    pub(super) weight_hh: Span,
    /// Sums of the GRU's `dgates`, `[4, hp]`.
    pub(super) dgates: Span,
    /// `[V + 1, hp]`.
    pub(super) head: Span,
    /// `[np]`.
    pub(super) head_bias: Span,
    /// `[S, hp]`.
    pub(super) stage_emb: Span,
    /// Gradient of the embeddings as contexts, `[V, hp]`.
    pub(super) emb: Span,
    /// Gradient of the table of input gates, `[V, 3, hp]`.
    pub(super) table: Span,
    /// Gradient of the batch's mean context, `[hp]`.
    pub(super) pooled: Span,
    /// Floats in all.
    pub(super) len: usize,
}

impl Partial {
    pub(super) fn new(layout: &Layout) -> Self {
        let &Layout { vocab, stages, hp, np, .. } = layout;
        let mut len = 0;
        let mut take = |size| take(&mut len, size);
        Self {
            weight_hh: take(3 * hp * hp),
            dgates: take(4 * hp),
            head: take((vocab + 1) * hp),
            head_bias: take(np),
            stage_emb: take(stages * hp),
            emb: take(vocab * hp),
            table: take(vocab * 3 * hp),
            pooled: take(hp),
            len,
        }
    }
}

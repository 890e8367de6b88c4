//! The weights of the attention over the past, in the order in which the forward pass reads them.

use crate::engine::fused::layout::{HistoryPlaces, Layout};
use crate::error::Result;
use crate::kernel::buffer::Buffer;
use crate::kernel::history::{HEADS, MADE, READ, room};
use crate::memory::Bytes;
use crate::model::CLOCK;

/// See the module.
#[derive(Clone, Copy)]
pub(in crate::engine::fused) struct HistoryWeights<'a> {
    /// Of queries, keys and values, transposed, `[hidden, MADE]`.
    pub(in crate::engine::fused) weight: &'a [f32],
    /// The same of the clock, zero for values, `[CLOCK, MADE]`; empty where no clock is read.
    pub(in crate::engine::fused) clock: &'a [f32],
    /// Farthest first, `[HEADS, room(window)]`.
    pub(in crate::engine::fused) bias: &'a [f32],
    /// Both heads', transposed, `[READ, np]`.
    pub(in crate::engine::fused) head: &'a [f32],
}

/// [`HistoryWeights`], made once a generation; empty where no past is attended to.
#[derive(Default)]
pub(in crate::engine::fused) struct PackedHistory {
    weight: Buffer,
    clock: Buffer,
    bias: Buffer,
    head: Buffer,
}

impl PackedHistory {
    pub(in crate::engine::fused) fn new(layout: &Layout) -> Result<Self> {
        let Some(HistoryPlaces { window, clock, .. }) = &layout.history else { return Ok(Self::default()) };
        Ok(Self {
            weight: Buffer::zeros(layout.hidden * MADE)?,
            clock: Buffer::zeros(if clock.is_empty() { 0 } else { CLOCK * MADE })?,
            bias: Buffer::zeros(HEADS * room(*window))?,
            head: Buffer::zeros(READ * layout.np)?,
        })
    }

    pub(in crate::engine::fused) fn buffers(&self) -> [&Buffer; 4] {
        let Self { weight, clock, bias, head } = self;
        [weight, clock, bias, head]
    }

    pub(in crate::engine::fused) fn bytes_for(layout: &Layout) -> Bytes {
        let Some(HistoryPlaces { window, .. }) = layout.history else { return Bytes(0) };
        Bytes::floats(&[layout.hidden.saturating_add(CLOCK), MADE])
            .plus(Bytes::floats(&[HEADS, room(window)]))
            .plus(Bytes::floats(&[READ, layout.np]))
    }

    pub(in crate::engine::fused) fn pack(&mut self, layout: &Layout, params: &[f32]) {
        let Some(places) = &layout.history else { return };
        let weight = &params[places.weight.clone()];
        for (k, out) in self.weight.chunks_exact_mut(MADE).enumerate() {
            out.iter_mut().enumerate().for_each(|(i, x)| *x = weight[i * layout.hp + k]);
        }
        let clock = &params[places.clock.clone()];
        for (k, out) in self.clock.chunks_exact_mut(MADE).enumerate() {
            out[..2 * READ].iter_mut().enumerate().for_each(|(i, x)| *x = clock[i * CLOCK + k]);
        }
        for (head, out) in self.bias.chunks_exact_mut(room(places.window)).enumerate() {
            let bias = &params[places.bias.clone()][head * places.biases()..][..places.window];
            out.iter_mut().zip(bias.iter().rev()).for_each(|(x, &bias)| *x = bias);
        }
        let head = &params[places.head.clone()];
        for (k, out) in self.head.chunks_exact_mut(layout.np).enumerate() {
            out[..=layout.actions].iter_mut().enumerate().for_each(|(action, x)| *x = head[action * READ + k]);
        }
    }

    pub(in crate::engine::fused) fn view(&self) -> Option<HistoryWeights<'_>> {
        let Self { weight, clock, bias, head } = self;
        (!weight.is_empty()).then_some(HistoryWeights { weight, clock, bias, head })
    }
}

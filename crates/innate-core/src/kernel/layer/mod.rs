//! One GRU layer over a sequence, for a block of rows: its states, and what the backward pass needs of them. Steps are taken one at a time,
//! so that what happens between them (an action sampled, an environment stepped, another layer) is the caller's.
//!
//! Inputs are rows of a table of gates (one row a token), or dense vectors. Layers stack: the states of one are the dense inputs of the
//! next, and [`InputBackward`] gives the gradient that goes down.

use super::buffer::Buffer;
use super::gru::{self, SAVED};
use super::matmul::{Matmul, Start};
use super::simd::Isa;
use crate::error::Result;
use crate::memory::Bytes;

/// A layer's weights.
#[derive(Clone, Copy)]
pub(crate) struct LayerWeights<'a> {
    /// True width of the state.
    pub(crate) hidden: usize,
    /// W_hh packed by [`gru::pack_panel`].
    pub(crate) panels: &'a [f32],
    /// W_hh, `[3, hp, hp]` row-major.
    pub(crate) weight_hh: &'a [f32],
    /// `[3, hp]`.
    pub(crate) bias_hh: &'a [f32],
    /// Whether the state before a step is the one after the step before; else it is the first one.
    pub(crate) recurrent: bool,
}

impl LayerWeights<'_> {
    /// Whose state step `t` begins from.
    fn before(&self, t: usize) -> usize {
        if self.recurrent { t } else { 0 }
    }
}

/// A caller's own memory for [`Layer::backward`].
#[derive(Default)]
pub(crate) struct LayerScratch {
    states: Buffer,
    restarted: Buffer,
    saved: Buffer,
}

impl LayerScratch {
    /// Bytes that are held.
    pub(crate) fn bytes(&self) -> usize {
        self.states.bytes() + self.restarted.bytes() + self.saved.bytes()
    }

    /// Bytes that `rows` rows take.
    pub(crate) fn bytes_for(rows: usize, hp: usize) -> Bytes {
        Bytes::floats(&[rows, hp, SAVED + 2])
    }

    /// Makes room for `rows` rows.
    pub(crate) fn prepare(&mut self, rows: usize, hp: usize) -> Result<()> {
        self.states.grow(rows * hp)?;
        self.restarted.grow(rows * hp)?;
        self.saved.grow(rows * SAVED * hp)
    }
}

/// See the module. Slot t of the states is the state before step t.
#[derive(Default)]
pub(crate) struct Layer {
    /// Rows that a step has room for.
    rows: usize,
    hp: usize,
    /// `[T + 1, rows, hp]`.
    h: Buffer,
    /// `[T, rows, 4, hp]`.
    saved: Buffer,
    /// States with the rows of fresh episodes at zero, `[rows, hp]`.
    restarted: Buffer,
}

impl Layer {
    /// Makes room for `steps` steps of `rows` rows. Allocates only when there was less.
    ///
    /// # Errors
    /// [`Error::Memory`](crate::Error::Memory) when the system has no more.
    pub(crate) fn prepare(&mut self, rows: usize, steps: usize, hp: usize) -> Result<()> {
        self.rows = rows;
        self.hp = hp;
        self.h.grow((steps + 1) * rows * hp)?;
        self.saved.grow(steps * rows * SAVED * hp)?;
        self.restarted.grow(rows * hp)
    }

    /// Bytes of memory.
    pub(crate) fn bytes(&self) -> usize {
        self.h.bytes() + self.saved.bytes() + self.restarted.bytes()
    }

    /// The state before step `t`, `[rows, hp]`; that of step 0 is the caller's to write.
    pub(crate) fn state(&self, t: usize) -> &[f32] {
        &self.h[t * self.rows * self.hp..][..self.rows * self.hp]
    }

    /// The states after all steps, `[T, rows, hp]`.
    pub(crate) fn states(&self) -> &[f32] {
        &self.h[self.rows * self.hp..]
    }

    /// See [`Layer::state`].
    pub(crate) fn state_mut(&mut self, t: usize) -> &mut [f32] {
        &mut self.h[t * self.rows * self.hp..][..self.rows * self.hp]
    }

    /// Makes the state after step 0 the one before it, for loops without an end.
    pub(crate) fn rewind(&mut self) {
        let slot = self.rows * self.hp;
        self.h.copy_within(slot..2 * slot, 0);
    }

    /// Step `t` for the first `rows` rows. `gates` is `[_, 3·hp]` in panel order and row i takes row `gate_rows[i]` of it. Where `starts`
    /// is set an episode begins: the state before the step counts as zero.
    pub(crate) fn forward(
        &mut self,
        isa: Isa,
        weights: LayerWeights<'_>,
        (t, rows): (usize, usize),
        (gates, gate_rows): (&[f32], &[u32]),
        starts: Option<&[bool]>,
    ) {
        let (slot, hp) = (self.rows * self.hp, self.hp);
        let (past, future) = self.h.split_at_mut((t + 1) * slot);
        let h = before(&past[weights.before(t) * slot..], &mut self.restarted, hp, rows, starts);
        isa.run(gru::Forward {
            rows,
            hp,
            hidden: weights.hidden,
            panels: weights.panels,
            bias: weights.bias_hh,
            gates,
            gate_rows: &gate_rows[..rows],
            h,
            h_next: &mut future[..slot],
            saved: &mut self.saved[t * slot * SAVED..],
        });
    }

    /// Step `t` backward for some of the rows, the i-th of all arguments being the layer's row `rows[i]`: `dh` `[_, hp]` holds dL/dh after
    /// the step on entry and before it on return; `dgates` `[_, 4, hp]` is written, and its sums over rows are added to `sums` `[4, hp]`: b_ih
    /// gets (0, 1, 3), b_hh gets (0, 1, 2). `scratch` has room for the rows. The states before the step, `[_, hp]`, are returned: with `dgates`
    /// they make the gradient of W_hh ([`gru::StateGradient`]).
    #[allow(clippy::too_many_arguments, reason = "operands of one equation")]
    pub(crate) fn backward<'a>(
        &'a self,
        isa: Isa,
        weights: LayerWeights<'_>,
        (t, rows): (usize, &[u32]),
        starts: Option<&[bool]>,
        dh: &mut [f32],
        dgates: &mut [f32],
        scratch: &'a mut LayerScratch,
        sums: &mut [f32],
    ) -> &'a [f32] {
        let hp = self.hp;
        let count = rows.len();
        let LayerScratch { states, restarted, saved } = scratch;
        let h = before(gathered(self.state(weights.before(t)), states, hp, rows), restarted, hp, count, starts);
        isa.run(gru::Backward {
            rows: count,
            hp,
            saved: gathered(&self.saved[t * self.rows * SAVED * hp..], saved, SAVED * hp, rows),
            h,
            weight: weights.weight_hh,
            dh,
            dgates,
            dbias: sums,
        });
        for (row, _) in starts.unwrap_or(&[]).iter().take(count).enumerate().filter(|(_, start)| **start) {
            dh[row * hp..][..hp].fill(0.0);
        }
        h
    }
}

/// The states before a step: as they are, or with zeros where an episode begins.
fn before<'a>(h: &'a [f32], restarted: &'a mut Buffer, hp: usize, rows: usize, starts: Option<&[bool]>) -> &'a [f32] {
    let Some(starts) = starts.filter(|starts| starts[..rows].contains(&true)) else { return h };
    restarted[..rows * hp].copy_from_slice(&h[..rows * hp]);
    for (row, _) in starts.iter().take(rows).enumerate().filter(|(_, start)| **start) {
        restarted[row * hp..][..hp].fill(0.0);
    }
    restarted
}

/// The given rows of `values` `[_, width]`, side by side: as they stand where they are the first ones in order, else copied.
pub(crate) fn gathered<'a>(values: &'a [f32], copy: &'a mut [f32], width: usize, rows: &[u32]) -> &'a [f32] {
    if rows.iter().enumerate().all(|(i, &row)| i == row as usize) {
        return values;
    }
    for (out, &row) in copy.chunks_exact_mut(width).zip(rows) {
        out.copy_from_slice(&values[row as usize * width..][..width]);
    }
    copy
}

/// The input's gates are 0, 1 and 3 of the four: two neighbours, and one apart. (how many, from where, to where)
const OF_INPUT: [(usize, usize, usize); 2] = [(2, 0, 0), (1, 3, 2)];

/// Dense inputs backward: from the gradients at the gates to those of the inputs.
pub(crate) struct InputBackward<'a> {
    pub(crate) rows: usize,
    /// Padded width of the state.
    pub(crate) hp: usize,
    /// Padded width of the inputs.
    pub(crate) dp: usize,
    /// What [`Layer::backward`] wrote, `[rows, 4, hp]`.
    pub(crate) dgates: &'a [f32],
    /// `[3, hp, dp]`.
    pub(crate) weight_ih: &'a [f32],
    /// Added to: dL/dx, `[rows, dp]`.
    pub(crate) dx: &'a mut [f32],
}

impl InputBackward<'_> {
    pub(crate) fn run(self, isa: Isa) {
        let Self { rows, hp, dp, dgates, weight_ih, dx } = self;
        for (gates, from, to) in OF_INPUT {
            isa.run(Matmul {
                m: rows,
                n: dp,
                k: gates * hp,
                a: &dgates[from * hp..],
                a_row: SAVED * hp,
                a_col: 1,
                b: &weight_ih[to * hp * dp..],
                b_row: dp,
                c: &mut *dx,
                c_row: dp,
                start: Start::Accumulate,
            });
        }
    }
}

/// dL/dW_ih of any number of rows, of one step or of several.
pub(crate) struct InputGradient<'a> {
    pub(crate) rows: usize,
    /// Padded width of the state.
    pub(crate) hp: usize,
    /// Padded width of the inputs.
    pub(crate) dp: usize,
    /// What [`Layer::backward`] wrote, `[rows, 4, hp]`.
    pub(crate) dgates: &'a [f32],
    /// `[rows, dp]`.
    pub(crate) x: &'a [f32],
    /// Added to: `[3, hp, dp]`.
    pub(crate) dweight_ih: &'a mut [f32],
}

impl InputGradient<'_> {
    pub(crate) fn run(self, isa: Isa) {
        let Self { rows, hp, dp, dgates, x, dweight_ih } = self;
        for (gates, from, to) in OF_INPUT {
            isa.run(Matmul {
                m: gates * hp,
                n: dp,
                k: rows,
                a: &dgates[from * hp..],
                a_row: 1,
                a_col: SAVED * hp,
                b: x,
                b_row: dp,
                c: &mut dweight_ih[to * hp * dp..],
                c_row: dp,
                start: Start::Accumulate,
            });
        }
    }
}

#[cfg(test)]
mod tests;

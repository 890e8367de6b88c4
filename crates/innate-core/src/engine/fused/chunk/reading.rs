//! The way back through what a chunk has read: from the heads to what was read out of the prompts, to keys and values, and through the GRU over
//! the context.

use super::pending::Sums;
use super::{CHUNK, Chunk, Shared};
use crate::engine::fused::layout::{EncoderSums, Layout};
use crate::engine::fused::reading::{Reading, scale};
use crate::engine::fused::walk::OWN;
use crate::error::Result;
use crate::kernel::attention::AttendBackward;
use crate::kernel::buffer::Buffer;
use crate::kernel::gru::{self, SAVED, StateGradient};
use crate::kernel::layer::{LayerScratch, gathered};
use crate::kernel::matmul::{Matmul, Start};
use crate::kernel::scaled::ScaledSum;
use crate::kernel::simd::{Isa, padded};
use crate::memory::Bytes;

/// A worker's own memory for it.
#[derive(Default)]
pub(super) struct ReadingScratch {
    /// dL/d(what is read out), which becomes dL/dh by way of the queries, `[T, CHUNK, hp]`.
    dreads: Buffer,
    /// A row's, `[T, width]`.
    dscores: Buffer,
    /// By place, `[L, CHUNK, hp]`.
    dkeys: Buffer,
    /// By place, `[L, CHUNK, hp]`.
    dvalues: Buffer,
    /// What was read out, `[CHUNK, hp]`.
    read: Buffer,
    /// dL/d(last state), by place, `[CHUNK, hp]`.
    pub(super) dlast: Buffer,
    /// `[CHUNK, hp]`.
    dh: Buffer,
    waiting: Waiting,
}

impl ReadingScratch {
    /// Bytes that are held.
    pub(super) fn bytes(&self) -> usize {
        let Self { dreads, dscores, dkeys, dvalues, read, dlast, dh, waiting } = self;
        let buffers = [dreads, dscores, dkeys, dvalues, read, dlast, dh, &waiting.dgates, &waiting.before];
        buffers.into_iter().map(Buffer::bytes).sum()
    }

    /// Bytes that `steps` steps after contexts of `length` tokens take.
    pub(super) fn bytes_for(layout: &Layout, steps: usize, length: usize) -> Bytes {
        let hp = layout.hp;
        let mut bytes = Bytes(0);
        if layout.attends() {
            let gradients = Bytes::floats(&[steps.saturating_add(length.saturating_mul(2)).saturating_add(1), CHUNK, hp]);
            bytes = bytes.plus(gradients).plus(Bytes::floats(&[steps, padded(length)]));
        }
        if layout.encoder.is_some() {
            bytes = bytes.plus(Bytes::floats(&[3 + SAVED, CHUNK, hp]));
        }
        bytes
    }

    /// Makes room for `steps` steps after contexts of `length` tokens.
    pub(super) fn prepare(&mut self, layout: &Layout, steps: usize, length: usize) -> Result<()> {
        let hp = layout.hp;
        if layout.attends() {
            self.dreads.grow(steps * CHUNK * hp)?;
            self.dscores.grow(steps * padded(length))?;
            self.dkeys.grow(length * CHUNK * hp)?;
            self.dvalues.grow(length * CHUNK * hp)?;
            self.read.grow(CHUNK * hp)?;
        }
        if layout.encoder.is_some() {
            self.dlast.grow(CHUNK * hp)?;
            self.dh.grow(CHUNK * hp)?;
            self.waiting.dgates.grow(CHUNK * SAVED * hp)?;
            self.waiting.before.grow(CHUNK * hp)?;
        }
        Ok(())
    }

    /// dL/dh of step `t` by way of its query, `[_, hp]`, rows in the order of the way back.
    pub(super) fn of_queries(&self, t: usize, hp: usize) -> &[f32] {
        &self.dreads[t * CHUNK * hp..][..CHUNK * hp]
    }
}

/// Rows of tokens that wait for one another, as those of steps do in [`super::pending`].
#[derive(Default)]
struct Waiting {
    /// `[CHUNK, 4, hp]`.
    dgates: Buffer,
    /// `[CHUNK, hp]`.
    before: Buffer,
    filled: usize,
}

impl Waiting {
    fn flush(&mut self, isa: Isa, hp: usize, dweight: &mut [f32]) {
        let rows = std::mem::take(&mut self.filled);
        isa.run(StateGradient { rows, hp, dgates: &self.dgates, h: &self.before, dweight });
    }
}

impl Chunk {
    /// All queries at once, since what is read out does not go into the recurrence. The rows of a step are `alive(t)`.
    pub(super) fn attention_backward(
        &self,
        shared: &Shared<'_>,
        (first, order): (usize, &[u32]),
        steps_of: impl Fn(u32) -> usize,
        dlogits: &[f32],
        scratch: &mut ReadingScratch,
        sums: &mut Sums<'_>,
    ) {
        let weights = shared.weights;
        let (isa, layout) = (weights.isa, &weights.layout);
        let &Layout { hp, np, actions, reads, .. } = layout;
        let ReadingScratch { dreads, dscores, dkeys, dvalues, read, .. } = scratch;
        let reading = &self.walk.reading;
        let part = hp;
        for t in 0..steps_of(order[0]) {
            let alive = &order[..order.partition_point(|&row| steps_of(row) > t)];
            let (count, dlogits) = (alive.len(), &dlogits[t * CHUNK * np..]);
            isa.run(Matmul {
                m: count,
                n: hp,
                k: actions + 1,
                a: dlogits,
                a_row: np,
                a_col: 1,
                b: &weights.params[layout.head.clone()][part..],
                b_row: reads * hp,
                c: &mut dreads[t * CHUNK * hp..],
                c_row: hp,
                start: Start::Zero,
            });
            isa.run(Matmul {
                m: actions + 1,
                n: hp,
                k: count,
                a: dlogits,
                a_row: 1,
                a_col: np,
                b: gathered(reading.read_out(t, hp), read, hp, alive),
                b_row: hp,
                c: &mut sums.out[sums.place.head.clone()][part..],
                c_row: reads * hp,
                start: Start::Accumulate,
            });
        }
        let (width, top) = (reading.width(), &self.walk.layers[layout.layers.len() - 1]);
        for (index, &row) in order.iter().enumerate() {
            let place = reading.place(row as usize);
            let (keys, values) = reading.attended(layout, place);
            isa.run(AttendBackward {
                hp,
                scale: scale(layout),
                count: reading.length(place),
                stride: reading.step(layout),
                keys,
                values,
                steps: steps_of(row),
                queries: (&top.states()[row as usize * hp..], CHUNK * hp),
                weights: reading.weights(row as usize),
                gradients: (&mut dreads[index * hp..], CHUNK * hp),
                dscores: (&mut *dscores, width),
                dkeys: &mut dkeys[place * hp..],
                dvalues: &mut dvalues[place * hp..],
            });
        }
        if layout.encoder.is_some() {
            self.keys_backward(shared, scratch, sums);
        } else {
            self.embeddings_backward(shared, first, order, scratch, sums);
        }
    }

    /// From keys to the states of the GRU over the context, and to W of the queries.
    fn keys_backward(&self, shared: &Shared<'_>, scratch: &mut ReadingScratch, sums: &mut Sums<'_>) {
        let weights = shared.weights;
        let &Layout { hp, hidden, .. } = &weights.layout;
        let reading = &self.walk.reading;
        for t in 0..reading.longest() {
            let (count, at) = (reading.longer(t), t * CHUNK * hp);
            let dkeys = &scratch.dkeys[at..];
            weights.isa.run(Matmul {
                m: count,
                n: hp,
                k: hidden,
                a: dkeys,
                a_row: hp,
                a_col: 1,
                b: weights.query_transposed(),
                b_row: hp,
                c: &mut scratch.dvalues[at..],
                c_row: hp,
                start: Start::Accumulate,
            });
            weights.isa.run(Matmul {
                m: hp,
                n: hp,
                k: count,
                a: reading.encoder.state(t + 1),
                a_row: 1,
                a_col: hp,
                b: dkeys,
                b_row: hp,
                c: &mut sums.out[sums.place.query.clone()],
                c_row: hp,
                start: Start::Accumulate,
            });
        }
    }

    /// From keys and values to the tokens that they are of.
    fn embeddings_backward(
        &self,
        shared: &Shared<'_>,
        first: usize,
        order: &[u32],
        scratch: &ReadingScratch,
        sums: &mut Sums<'_>,
    ) {
        let (isa, layout) = (shared.weights.isa, &shared.weights.layout);
        let hp = layout.hp;
        for &row in order {
            let place = self.walk.reading.place(row as usize);
            for (t, &token) in shared.prompts.context(first + row as usize).iter().enumerate() {
                let at = (t * CHUNK + place) * hp;
                for (span, of) in [(&sums.place.emb, &scratch.dvalues), (&sums.place.keys, &scratch.dkeys)] {
                    super::backward::add(&mut sums.out[span.start + token as usize * hp..][..hp], &of[at..][..hp]);
                }
            }
            if layout.reads_values() {
                let factors = shared.prompts.values_of(first + row as usize);
                for (span, of) in [(&sums.place.emb, &scratch.dvalues), (&sums.place.keys, &scratch.dkeys)] {
                    let out = &mut sums.out[span.start + layout.vocab * hp..][..hp];
                    isa.run(ScaledSum { x: &of[place * hp..], stride: CHUNK * hp, factors, out });
                }
            }
        }
    }

    /// The GRU over the context, from `scratch.dlast` and, where its states are attended to, from their gradients as values.
    pub(super) fn encoder_backward(
        &self,
        shared: &Shared<'_>,
        scratch: &mut ReadingScratch,
        layer_scratch: &mut LayerScratch,
        sums: &mut Sums<'_>,
    ) {
        let weights = shared.weights;
        let (Some(of), Some(encoder)) = (&sums.place.encoder, weights.encoder()) else { return };
        let (isa, layout) = (weights.isa, &weights.layout);
        let hp = layout.hp;
        let EncoderSums { table, weight_hh, dgates: of_dgates } = of;
        let ReadingScratch { dvalues, dlast, dh, waiting, .. } = scratch;
        let reading: &Reading = &self.walk.reading;
        for t in (0..reading.longest()).rev() {
            let (count, going) = (reading.longer(t), reading.longer(t + 1));
            dh[going * hp..count * hp].copy_from_slice(&dlast[going * hp..count * hp]);
            if layout.attends() {
                super::backward::add(&mut dh[..count * hp], &dvalues[t * CHUNK * hp..][..count * hp]);
            }
            if waiting.filled + count > CHUNK {
                waiting.flush(isa, hp, &mut sums.out[weight_hh.clone()]);
            }
            let dgates = &mut waiting.dgates[waiting.filled * SAVED * hp..];
            let of_bias = &mut sums.out[of_dgates.clone()];
            let before = reading.encoder.backward(isa, encoder, (t, &OWN[..count]), None, dh, dgates, layer_scratch, of_bias);
            isa.run(gru::ScatterInput {
                hp,
                gate_rows: &reading.tokens(t)[..count],
                dgates,
                table: &mut sums.out[table.clone()],
            });
            if layout.reads_values() {
                let (factors, out) = (&reading.numbers(t)[..count], &mut sums.out[table.start + layout.vocab * 3 * hp..]);
                let (reset_and_update, new) = out[..3 * hp].split_at_mut(2 * hp);
                isa.run(ScaledSum { x: dgates, stride: SAVED * hp, factors, out: reset_and_update });
                isa.run(ScaledSum { x: &dgates[3 * hp..], stride: SAVED * hp, factors, out: new });
            }
            if waiting.filled == 0 && 2 * count > CHUNK {
                isa.run(StateGradient { rows: count, hp, dgates, h: before, dweight: &mut sums.out[weight_hh.clone()] });
            } else {
                waiting.before[waiting.filled * hp..][..count * hp].copy_from_slice(&before[..count * hp]);
                waiting.filled += count;
            }
        }
        waiting.flush(isa, hp, &mut sums.out[weight_hh.clone()]);
    }
}

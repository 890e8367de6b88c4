//! The way back through a chunk's steps.

use std::cmp::Reverse;

use super::history::HistoryScratch;
use super::pending::{EdgeRows, LayerRows, Pending, Sums};
use super::reading::ReadingScratch;
use super::{CHUNK, Chunk, Shared};
use crate::data::Trajectories;
use crate::engine::fused::layout::{Layout, Partial};
use crate::engine::fused::weights::Weights;
use crate::error::Result;
use crate::kernel::buffer::Buffer;
use crate::kernel::gru;
use crate::kernel::head::DistributionBackward;
use crate::kernel::layer::{InputBackward, LayerScratch, gathered};
use crate::kernel::matmul::{Matmul, Start};
use crate::kernel::scaled::ScaledSum;
use crate::kernel::simd::{Operation, Vector};
use crate::memory::Bytes;
use crate::model::{Encoder, Pooling};
use crate::objective::{self, Judge, Loss, StepView, Targets};

/// What a backward pass starts from.
pub(in crate::engine::fused) struct Graded<'a> {
    pub(in crate::engine::fused) data: &'a Trajectories<'a>,
    pub(in crate::engine::fused) targets: &'a Targets<'a>,
    pub(in crate::engine::fused) loss: Loss,
}

/// A worker's own memory for the backward pass.
#[derive(Default)]
pub(in crate::engine::fused) struct Scratch {
    /// dL/dh of each layer, `[layers, CHUNK, hp]`.
    dh: Buffer,
    /// dL/dh₀ of the first layer where every step begins from it, `[CHUNK, hp]`.
    first: Buffer,
    pending: Pending,
    layer: LayerScratch,
    states: Buffer,
    /// `[CHUNK, fp]`.
    features: Buffer,
    /// `[T, CHUNK, np]`.
    dlogits: Buffer,
    row: Vec<f32>,
    reading: ReadingScratch,
    history: HistoryScratch,
}

impl Scratch {
    /// Bytes that are held.
    pub(in crate::engine::fused) fn bytes(&self) -> usize {
        let Self { dh, first, pending, layer, states, features, dlogits, row, reading, history } = self;
        let buffers = [dh, first, states, features, dlogits].map(Buffer::bytes);
        buffers.into_iter().sum::<usize>()
            + pending.bytes()
            + layer.bytes()
            + size_of_val(&**row)
            + reading.bytes()
            + history.bytes()
    }

    /// Bytes that `steps` steps after contexts of `context` tokens, and after a past or none, take.
    pub(in crate::engine::fused) fn bytes_for(layout: &Layout, steps: usize, (context, past): (usize, bool)) -> Bytes {
        let &Layout { hp, np, fp, .. } = layout;
        let states = Bytes::floats(&[CHUNK, hp, 2 + layout.layers.len()]).plus(Bytes::floats(&[CHUNK, fp]));
        let waiting = Pending::bytes_for(layout)
            .plus(ReadingScratch::bytes_for(layout, steps, context))
            .plus(HistoryScratch::bytes_for(layout, steps, past));
        states.plus(waiting).plus(Bytes::floats(&[steps, CHUNK, np])).plus(LayerScratch::bytes_for(CHUNK, hp))
    }

    /// Keeps from the steps before what goes back to the state that a step began from: without memory that is the first one.
    fn forget(&mut self) {
        add(&mut self.first, &self.dh);
        self.dh.fill(0.0);
    }

    /// What [`Scratch::forget`] kept is dL/dh₀.
    fn recall(&mut self) {
        let Self { dh, first, .. } = self;
        dh[..first.len()].copy_from_slice(first);
    }

    /// Makes room for `steps` steps after contexts of `context` tokens, and after a past or none.
    pub(in crate::engine::fused) fn prepare(
        &mut self,
        layout: &Layout,
        steps: usize,
        (context, past): (usize, bool),
    ) -> Result<()> {
        let &Layout { hp, np, fp, .. } = layout;
        self.dh.grow(layout.layers.len() * CHUNK * hp)?;
        self.first.grow(CHUNK * hp)?;
        self.pending.prepare(layout)?;
        self.reading.prepare(layout, steps, context)?;
        self.history.prepare(layout, steps, past)?;
        self.layer.prepare(CHUNK, hp)?;
        self.states.grow(CHUNK * hp)?;
        self.features.grow(CHUNK * fp)?;
        self.dlogits.grow(steps * CHUNK * np)?;
        self.row.resize(hp, 0.0);
        Ok(())
    }
}

impl Chunk {
    /// Adds this chunk's gradients to `out` (see [`Partial`]) and returns its part of the loss. A step is computed for the rows that have a step
    /// that counts at or after it, and not at all where there is none.
    pub(in crate::engine::fused) fn backward(
        &self,
        shared: &Shared<'_>,
        first: usize,
        graded: &Graded<'_>,
        scratch: &mut Scratch,
        (place, out): (&Partial, &mut [f32]),
    ) -> objective::Sums {
        let lengths: [usize; CHUNK] =
            std::array::from_fn(|row| if row < self.rows { graded.data.length(first + row) } else { 0 });
        let length = |row: u32| lengths[row as usize];
        // By length, so that the rows that a step is computed for are the first ones. Row i of the scratch is row order[i] of the chunk.
        let mut order: [u32; CHUNK] = std::array::from_fn(|row| row as u32);
        let order = &mut order[..self.rows];
        order.sort_unstable_by_key(|&row| (Reverse(length(row)), row));
        scratch.dh.fill(0.0);
        scratch.first.fill(0.0);
        let sums = self.heads_backward(shared, first, graded, (order, &lengths), &mut scratch.dlogits);
        let Weights { isa, layout, .. } = shared.weights;
        if layout.attends() {
            let sums = &mut Sums { isa: *isa, layout, place, out: &mut *out };
            self.attention_backward(shared, (first, &*order), length, &scratch.dlogits, &mut scratch.reading, sums);
        }
        if layout.history.is_some() {
            let sums = &mut Sums { isa: *isa, layout, place, out: &mut *out };
            self.history_backward(shared, graded.data, (first, &*order, &lengths), &scratch.dlogits, &mut scratch.history, sums);
        }
        for t in (0..length(order[0])).rev() {
            let alive = &order[..order.partition_point(|&row| length(row) > t)];
            self.step_backward(shared, (t, alive), scratch, (place, &mut *out));
            if !shared.weights.spec.recurrent {
                scratch.forget();
            }
        }
        if !shared.weights.spec.recurrent {
            scratch.recall();
        }
        scratch.pending.flush(&mut Sums { isa: *isa, layout, place, out: &mut *out });
        scratch.reading.dlast.fill(0.0);
        if graded.data.states.is_none() {
            self.initial_state_backward(shared, first, order, scratch, (place, &mut *out));
        }
        let Scratch { layer, reading, .. } = scratch;
        self.encoder_backward(shared, reading, layer, &mut Sums { isa: *isa, layout, place, out });
        sums
    }

    /// The loss, and its gradient at the logits and values of every step that is computed.
    fn heads_backward(
        &self,
        shared: &Shared<'_>,
        first: usize,
        graded: &Graded<'_>,
        (order, lengths): (&[u32], &[usize; CHUNK]),
        dlogits: &mut [f32],
    ) -> objective::Sums {
        let (steps, isa) = (shared.steps, shared.weights.isa);
        let &Layout { np, actions, .. } = &shared.weights.layout;
        let &Graded { data, targets, ref loss } = graded;
        let mut sums = objective::Sums::default();
        for (index, &row) in order.iter().enumerate() {
            let (row, batch_row) = (row as usize, first + row as usize);
            let values = &self.values[row * steps..][..lengths[row]];
            let judge = Judge::new(*targets, data, batch_row, values);
            for t in 0..lengths[row] {
                let at = row * steps + t;
                let dlogits = &mut dlogits[(t * CHUNK + index) * np..][..np];
                let weight = data.weight(batch_row, t);
                if weight == 0.0 {
                    dlogits.fill(0.0);
                    continue;
                }
                let (advantage, error, old_error) = judge.step(data.rows, t);
                let view = StepView {
                    log_prob: self.log_probs[at],
                    old_log_prob: targets.old_log_probs.map(|old| old[batch_row * steps + t]),
                    reference_log_prob: targets.reference_log_probs.map(|reference| reference[batch_row * steps + t]),
                    advantage,
                    entropy: self.entropies[at],
                    error,
                    old_error,
                    share: judge.share,
                    weight,
                };
                let grad = loss.step(&view, &mut sums);
                isa.run(DistributionBackward {
                    vocab: actions,
                    probabilities: &self.probabilities[(t * CHUNK + row) * np..][..np],
                    action: self.actions[at] as usize,
                    advantage: -grad.log_prob,
                    entropy: -grad.entropy,
                    value: grad.value,
                    dlogits,
                });
            }
        }
        sums
    }

    /// Step `t` for the rows `alive`: through the heads and the layers, top down.
    fn step_backward(
        &self,
        shared: &Shared<'_>,
        (t, alive): (usize, &[u32]),
        scratch: &mut Scratch,
        (place, out): (&Partial, &mut [f32]),
    ) {
        let weights = shared.weights;
        let (isa, layout) = (weights.isa, &weights.layout);
        let &Layout { hp, np, fp, features, actions, reads, .. } = layout;
        let count = alive.len();
        let Scratch { dh, layer: layer_scratch, states, features: gathered_features, dlogits, pending, reading, history, .. } =
            scratch;
        let dlogits = &dlogits[t * CHUNK * np..][..count * np];
        let top = layout.layers.len() - 1;
        let mut dh = &mut dh[..(top + 1) * CHUNK * hp];
        isa.run(Matmul {
            m: count,
            n: hp,
            k: actions + 1,
            a: dlogits,
            a_row: np,
            a_col: 1,
            b: &weights.params[layout.head.clone()],
            b_row: reads * hp,
            c: &mut dh[top * CHUNK * hp..],
            c_row: hp,
            start: Start::Accumulate,
        });
        if layout.attends() {
            add(&mut dh[top * CHUNK * hp..][..count * hp], reading.of_queries(t, hp));
        }
        if layout.history.is_some() {
            add(&mut dh[top * CHUNK * hp..][..count * hp], history.of_states(t, hp));
        }
        let mut starts = [false; CHUNK];
        let starts = self.starts.get(t * CHUNK..).filter(|starts| !starts.is_empty()).map(|of_step| {
            starts.iter_mut().zip(alive).for_each(|(start, &row)| *start = of_step[row as usize]);
            &starts[..count]
        });
        pending.make_room(count, &mut Sums { isa, layout, place, out: &mut *out });
        let passes = pending.passes(count);
        for index in (0..=top).rev() {
            let (below, own) = dh.split_at_mut(index * CHUNK * hp);
            let layer = &self.walk.layers[index];
            let dgates = pending.dgates(index, hp);
            let of_bias = &mut out[place.layers[index].dgates.clone()];
            let before = layer.backward(isa, weights.layer(index), (t, alive), starts, own, dgates, layer_scratch, of_bias);
            if index > 0 {
                let weight_ih = &weights.params[layout.layers[index].weight_ih.clone()];
                let dx = &mut below[(index - 1) * CHUNK * hp..];
                InputBackward { rows: count, hp, dp: hp, dgates, weight_ih, dx }.run(isa);
            }
            if passes {
                let below = index.checked_sub(1).map(|below| gathered(self.walk.layers[below].state(t + 1), states, hp, alive));
                let rows = LayerRows { rows: count, dgates, before, below };
                Sums { isa, layout, place, out: &mut *out }.layer(index, rows);
            } else {
                let after = gathered(layer.state(t + 1), states, hp, alive);
                pending.write_layer(index, (before, after), (count, hp));
            }
            dh = below;
        }
        let dgates = &*pending.dgates(0, hp);
        if layout.reads_tokens() {
            let mut inputs = [0; CHUNK];
            inputs.iter_mut().zip(alive).for_each(|(input, &row)| *input = self.walk.inputs[t * CHUNK + row as usize]);
            let table = &mut out[place.table.clone()];
            isa.run(gru::ScatterInput { hp, gate_rows: &inputs[..count], dgates, table });
        }
        let features = match features {
            0 => &[],
            _ => gathered(&self.walk.features[t * CHUNK * fp..], gathered_features, fp, alive),
        };
        if passes {
            let top = gathered(self.walk.layers[top].state(t + 1), states, hp, alive);
            let rows = EdgeRows { rows: count, dgates, features, dlogits, top };
            Sums { isa, layout, place, out: &mut *out }.edges(rows);
        } else {
            pending.write_edges(features, dlogits, count, layout);
        }
        isa.run(AddRows { rows: dlogits, out: &mut out[place.head_bias.clone()] });
    }

    /// dL/dh₀ of the first layer into the embedding of the stage, and into those of the context or what the GRU over it came to.
    fn initial_state_backward(
        &self,
        shared: &Shared<'_>,
        first: usize,
        order: &[u32],
        scratch: &mut Scratch,
        (place, out): (&Partial, &mut [f32]),
    ) {
        let encoder = shared.weights.spec.encoder;
        if encoder == Encoder::None {
            return;
        }
        let hp = shared.weights.layout.hp;
        for (&row, dh) in order.iter().zip(scratch.dh.chunks_exact(hp)) {
            let problem = first + row as usize;
            for ((d, &dh), &h) in scratch.row.iter_mut().zip(dh).zip(&self.walk.layers[0].state(0)[row as usize * hp..]) {
                *d = dh * (1.0 - h * h);
            }
            let stage = shared.prompts.stages[problem] as usize;
            add(&mut out[place.stage_emb.start + stage * hp..][..hp], &scratch.row);
            match encoder {
                Encoder::None => {}
                Encoder::Recurrent { .. } => {
                    let at = self.walk.reading.place(row as usize) * hp;
                    scratch.reading.dlast[at..][..hp].copy_from_slice(&scratch.row);
                }
                Encoder::Pooled { pooling: Pooling::Batch, .. } => add(&mut out[place.pooled.clone()], &scratch.row),
                Encoder::Pooled { pooling: Pooling::Own, .. } => {
                    let context = shared.prompts.context(problem);
                    let scale = 1.0 / context.len() as f32;
                    scratch.row.iter_mut().for_each(|d| *d *= scale);
                    for &token in context {
                        add(&mut out[place.emb.start + token as usize * hp..][..hp], &scratch.row);
                    }
                    let Weights { isa, layout, .. } = shared.weights;
                    if layout.reads_values() {
                        let factors = &[shared.prompts.values_of(problem).iter().sum()];
                        let out = &mut out[place.emb.start + layout.vocab * hp..][..hp];
                        isa.run(ScaledSum { x: &scratch.row, stride: 0, factors, out });
                    }
                }
            }
        }
    }
}

pub(super) fn add(out: &mut [f32], x: &[f32]) {
    for (out, x) in out.iter_mut().zip(x) {
        *out += x;
    }
}

/// Adds each row of `rows` to `out`.
struct AddRows<'a> {
    rows: &'a [f32],
    out: &'a mut [f32],
}

impl Operation for AddRows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        for row in self.rows.chunks_exact(self.out.len()) {
            gru::add_into::<V>(self.out, row);
        }
    }
}

//! From the chunks' sums to the gradient of every parameter, in a fixed order.

use super::layout::{HistoryPlaces, HistorySums, LayerPlaces, LayerSums, Layout, Span};
use super::parts::Parts;
use super::step::{Optimizer, gradient_norm};
use super::weights::Weights;
use super::{BLOCK, Fused, GROUPS, own};
use crate::error::Result;
use crate::kernel::adam::Sum;
use crate::kernel::history::room;
use crate::kernel::matmul::{Matmul, Start};
use crate::kernel::pool::Pool;
use crate::kernel::simd::Isa;
use crate::model::Pooling;

impl Fused {
    pub(super) fn sum_groups(&mut self, groups: usize) {
        let mut sources: [&[f32]; GROUPS] = [&[]; GROUPS];
        for (source, group) in sources.iter_mut().zip(&mut self.groups[..groups]) {
            *source = &own(group).gradient;
        }
        let sources = &sources[..groups];
        let isa = self.weights.isa;
        let len = self.place.len;
        let parts = Parts::new(&mut self.partial, BLOCK);
        self.pool.run(len.div_ceil(BLOCK), &|task, _| {
            let range = task * BLOCK..len.min((task + 1) * BLOCK);
            let mut blocks: [&[f32]; GROUPS] = [&[]; GROUPS];
            for (block, source) in blocks.iter_mut().zip(sources) {
                *block = &source[range.clone()];
            }
            // SAFETY: each block is taken by one task.
            isa.run(Sum { parts: &blocks[..groups], out: unsafe { parts.take(task) } });
        });
    }

    /// From sums over rows to the gradient of every parameter, added to what was accumulated.
    pub(super) fn finish_gradient(&mut self) -> Result<()> {
        let adds = self.optimizer.accumulated;
        if adds {
            self.optimizer.spare[0].grow(self.weights.layout.len)?;
            std::mem::swap(&mut self.optimizer.gradient, &mut self.optimizer.spare[0]);
        }
        self.write_gradient();
        let Optimizer { gradient, accumulated, norm, spare: [before, _], .. } = &mut self.optimizer;
        if adds {
            std::mem::swap(gradient, before);
        }
        *norm = None;
        let own = if adds { &*before } else { &*gradient };
        let own_norm = gradient_norm(self.weights.isa, own)?;
        if adds {
            gradient.iter_mut().zip(&**before).for_each(|(sum, x)| *sum += x);
        } else {
            *norm = Some(own_norm);
        }
        *accumulated = true;
        Ok(())
    }

    fn write_gradient(&mut self) {
        let Self { weights, batch, place, optimizer, partial, .. } = self;
        let Weights { layout, isa, params, spec, .. } = &**weights;
        let (isa, place) = (*isa, &*place);
        let &Layout { hp, actions, .. } = layout;
        let out = &mut *optimizer.gradient;
        for (LayerPlaces { weight_ih, weight_hh, bias_ih, bias_hh }, sums) in layout.layers.iter().zip(&place.layers) {
            let LayerSums { weight_ih: of_below, weight_hh: of_state, dgates } = sums;
            write_recurrence(out, [weight_hh, bias_ih, bias_hh], partial, (of_state, dgates), hp);
            if !of_below.is_empty() {
                out[weight_ih.clone()].copy_from_slice(&partial[of_below.clone()]);
            }
        }
        out[layout.weight_features.clone()].copy_from_slice(&partial[place.weight_features.clone()]);
        out[layout.head.clone()].copy_from_slice(&partial[place.head.clone()]);
        out[layout.head_bias.clone()].copy_from_slice(&partial[place.head_bias.clone()]);
        out[layout.head_bias.clone()][actions + 1..].fill(0.0);
        out[layout.stage_emb.clone()].copy_from_slice(&partial[place.stage_emb.clone()]);
        // The embeddings, as contexts and then as inputs.
        let emb = &mut out[layout.emb.clone()];
        if place.emb.is_empty() {
            emb.fill(0.0);
        } else {
            emb.copy_from_slice(&partial[place.emb.clone()]);
        }
        if spec.pooling() == Some(Pooling::Batch) {
            let pooled = &partial[place.pooled.clone()];
            for (&count, d) in batch.counts.iter().zip(emb.chunks_exact_mut(hp)) {
                let share = batch.share(count);
                d.iter_mut().zip(pooled).for_each(|(d, &x)| *d += share * x);
            }
            if layout.reads_values() {
                let of_values = &mut emb[layout.vocab * hp..];
                of_values.iter_mut().zip(pooled).for_each(|(d, &x)| *d += batch.value * x);
            }
        }
        if let (Some(LayerPlaces { weight_hh, bias_ih, bias_hh, .. }), Some(sums)) = (&layout.encoder, &place.encoder) {
            write_recurrence(out, [weight_hh, bias_ih, bias_hh], partial, (&sums.weight_hh, &sums.dgates), hp);
        }
        if !place.query.is_empty() {
            out[layout.query.clone()].copy_from_slice(&partial[place.query.clone()]);
        }
        if let (Some(places), Some(sums)) = (&layout.history, &place.history) {
            write_history(out, places, partial, sums);
        }
        let tables = Tables { isa, layout, params };
        if !place.keys.is_empty() {
            tables.keys(weights.query_transposed(), &partial[place.keys.clone()], out);
        }
        if let (Some(places), Some(sums)) = (&layout.encoder, &place.encoder) {
            tables.gates(&mut self.pool, &partial[sums.table.clone()], &places.weight_ih, out);
        }
        if layout.reads_tokens() {
            tables.gates(&mut self.pool, &partial[place.table.clone()], &layout.layers[0].weight_ih, out);
        }
    }
}

/// Writes the gradients of a GRU's W_hh and of its biases.
fn write_recurrence(
    out: &mut [f32],
    [weight_hh, bias_ih, bias_hh]: [&Span; 3],
    partial: &[f32],
    (of_state, dgates): (&Span, &Span),
    hp: usize,
) {
    out[weight_hh.clone()].copy_from_slice(&partial[of_state.clone()]);
    out[bias_hh.clone()].copy_from_slice(&partial[dgates.clone()][..3 * hp]);
    out[bias_ih.clone()][..2 * hp].copy_from_slice(&partial[dgates.clone()][..2 * hp]);
    out[bias_ih.clone()][2 * hp..].copy_from_slice(&partial[dgates.clone()][3 * hp..]);
}

/// Writes the gradients of the attention over the past.
fn write_history(out: &mut [f32], places: &HistoryPlaces, partial: &[f32], sums: &HistorySums) {
    let weights = [(&places.weight, &sums.weight), (&places.clock, &sums.clock), (&places.head, &sums.head)];
    for (to, from) in weights {
        out[to.clone()].copy_from_slice(&partial[from.clone()]);
    }
    let biases = out[places.bias.clone()].chunks_exact_mut(places.biases());
    for (out, sums) in biases.zip(partial[sums.bias.clone()].chunks_exact(room(places.window))) {
        out.fill(0.0);
        out.iter_mut().zip(sums[..places.window].iter().rev()).for_each(|(out, &sum)| *out = sum);
    }
}

/// From the gradients of what is made of tokens once a generation to those of the embeddings, to which they are added, and of the weights.
#[derive(Clone, Copy)]
struct Tables<'a> {
    isa: Isa,
    layout: &'a Layout,
    params: &'a [f32],
}

impl Tables<'_> {
    /// Input gates `[tokens, 3, hp]`, of W_ih at `weight_ih`: it in blocks of rows, the embeddings in a task beside them.
    fn gates(self, pool: &mut Pool, table: &[f32], weight_ih: &Span, out: &mut [f32]) {
        let Self { isa, layout, params } = self;
        let hp = layout.hp;
        let tokens = table.len() / (3 * hp);
        let emb = &params[layout.emb.clone()];
        let rows = 3 * hp / 8;
        let (before, rest) = out.split_at_mut(weight_ih.start);
        let weight_parts = Parts::new(&mut rest[..weight_ih.len()], rows * hp);
        let emb_parts = Parts::new(&mut before[layout.emb.clone()], layout.embedded * hp);
        pool.run(9, &|task, _| {
            if task == 0 {
                isa.run(Matmul {
                    m: tokens,
                    n: hp,
                    k: 3 * hp,
                    a: table,
                    a_row: 3 * hp,
                    a_col: 1,
                    b: &params[weight_ih.clone()],
                    b_row: hp,
                    // SAFETY: only this task takes it.
                    c: unsafe { emb_parts.take(0) },
                    c_row: hp,
                    start: Start::Accumulate,
                });
            } else {
                isa.run(Matmul {
                    m: rows,
                    n: hp,
                    k: tokens,
                    a: &table[(task - 1) * rows..],
                    a_row: 1,
                    a_col: 3 * hp,
                    b: emb,
                    b_row: hp,
                    // SAFETY: each block of rows is taken by one task.
                    c: unsafe { weight_parts.take(task - 1) },
                    c_row: hp,
                    start: Start::Zero,
                });
            }
        });
    }

    /// Keys `[embedded, hp]`, of W of the queries.
    fn keys(self, query_transposed: &[f32], keys: &[f32], out: &mut [f32]) {
        let Self { isa, layout, params } = self;
        let &Layout { hp, hidden, embedded, .. } = layout;
        isa.run(Matmul {
            m: embedded,
            n: hp,
            k: hidden,
            a: keys,
            a_row: hp,
            a_col: 1,
            b: query_transposed,
            b_row: hp,
            c: &mut out[layout.emb.clone()],
            c_row: hp,
            start: Start::Accumulate,
        });
        isa.run(Matmul {
            m: hp,
            n: hp,
            k: embedded,
            a: &params[layout.emb.clone()],
            a_row: 1,
            a_col: hp,
            b: keys,
            b_row: hp,
            c: &mut out[layout.query.clone()],
            c_row: hp,
            start: Start::Zero,
        });
    }
}

//! From the chunks' sums to the gradient of every parameter, in a fixed order.

use super::layout::{LayerPlaces, LayerSums, Layout};
use super::parts::Parts;
use super::step::{Optimizer, gradient_norm};
use super::weights::Weights;
use super::{BLOCK, Fused, GROUPS, own};
use crate::data::Prompts;
use crate::error::Result;
use crate::kernel::adam::Sum;
use crate::kernel::matmul::{Matmul, Start};
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
    pub(super) fn finish_gradient(&mut self, prompts: Prompts<'_>) -> Result<()> {
        let adds = self.optimizer.accumulated;
        if adds {
            self.optimizer.spare[0].grow(self.weights.layout.len)?;
            std::mem::swap(&mut self.optimizer.gradient, &mut self.optimizer.spare[0]);
        }
        self.write_gradient(prompts);
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

    fn write_gradient(&mut self, prompts: Prompts<'_>) {
        let Self { weights, batch, place, optimizer, partial, .. } = self;
        let Weights { layout, isa, params, spec, .. } = &**weights;
        let (isa, place) = (*isa, &*place);
        let &Layout { hp, vocab, actions, .. } = layout;
        let out = &mut *optimizer.gradient;
        for (LayerPlaces { weight_ih, weight_hh, bias_ih, bias_hh }, sums) in layout.layers.iter().zip(&place.layers) {
            let LayerSums { weight_ih: of_below, weight_hh: of_state, dgates } = sums;
            out[weight_hh.clone()].copy_from_slice(&partial[of_state.clone()]);
            if !of_below.is_empty() {
                out[weight_ih.clone()].copy_from_slice(&partial[of_below.clone()]);
            }
            out[bias_hh.clone()].copy_from_slice(&partial[dgates.clone()][..3 * hp]);
            out[bias_ih.clone()][..2 * hp].copy_from_slice(&partial[dgates.clone()][..2 * hp]);
            out[bias_ih.clone()][2 * hp..].copy_from_slice(&partial[dgates.clone()][3 * hp..]);
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
                let share = count as f32 / prompts.contexts.len() as f32;
                d.iter_mut().zip(pooled).for_each(|(d, &x)| *d += share * x);
            }
        }
        if !layout.reads_tokens() {
            return;
        }
        let (table, emb) = (&partial[place.table.clone()], &params[layout.emb.clone()]);
        // W_ih in blocks of rows, the embeddings in the task after them.
        let rows = 3 * hp / 8;
        let weight_ih = &layout.layers[0].weight_ih;
        let (before, rest) = out.split_at_mut(weight_ih.start);
        let weight_parts = Parts::new(&mut rest[..weight_ih.len()], rows * hp);
        let emb_parts = Parts::new(&mut before[layout.emb.clone()], vocab * hp);
        self.pool.run(9, &|task, _| {
            if task == 0 {
                isa.run(Matmul {
                    m: vocab,
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
                    k: vocab,
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
}

//! From the chunks' sums to the gradient of every parameter, in a fixed order.

use super::layout::Layout;
use super::network::Network;
use super::parts::Parts;
use super::{BLOCK, CHUNK, Fused, GROUPS, own};
use crate::config::{Baseline, ContextPooling};
use crate::engine::{Episodes, Prompts};
use crate::kernel::adam::{Sum, SumOfSquares};
use crate::kernel::matmul::{Matmul, Start};

impl Fused {
    /// 1 − Var(R − V)/Var(R) over all estimates of each return; NaN when all returns are equal.
    pub(super) fn explained_variance(&mut self, episodes: Episodes<'_>, baseline: Baseline) -> f64 {
        let returns = episodes.returns;
        #[allow(clippy::float_cmp, reason = "0 and −0 are one return")]
        if returns.iter().all(|&value| value == returns[0]) {
            return f64::NAN;
        }
        let (mut targets, mut errors) = (Moments::default(), Moments::default());
        let mean_length = episodes.counted() as f64 / returns.len() as f64;
        let mut rows = returns.iter().enumerate();
        for chunk in &mut self.chunks[..returns.len().div_ceil(CHUNK)] {
            for (values, (problem, &target)) in own(chunk).values.chunks_exact(episodes.steps()).zip(&mut rows) {
                let values = &values[..episodes.length(problem)];
                match baseline {
                    Baseline::Program => {
                        targets.add(f64::from(target), 1.0);
                        errors.add(f64::from(target) - values.iter().map(|&value| f64::from(value)).sum::<f64>(), 1.0);
                    }
                    // A return weighs as its estimates do, so that a critic that says the same everywhere explains nothing.
                    Baseline::Step => {
                        targets.add(f64::from(target), values.len() as f64 / mean_length);
                        for &value in values {
                            errors.add(f64::from(target) - f64::from(value), 1.0);
                        }
                    }
                }
            }
        }
        1.0 - errors.variance() / targets.variance()
    }

    pub(super) fn sum_groups(&mut self, groups: usize) {
        let mut sources: [&[f32]; GROUPS] = [&[]; GROUPS];
        for (source, group) in sources.iter_mut().zip(&mut self.groups[..groups]) {
            *source = &own(group).gradient;
        }
        let sources = &sources[..groups];
        let isa = self.network.isa;
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

    /// From sums over problems to the gradient of every parameter, and its squares by block.
    pub(super) fn finish_gradient(&mut self, prompts: Prompts<'_>) {
        let Self { network, place, gradient, partial, .. } = self;
        let Network { layout, isa, weights, token_counts, config, .. } = &*network;
        let (isa, place) = (*isa, &*place);
        let &Layout { hp, vocab, .. } = layout;
        let table = &partial[place.table.clone()];
        let emb = &weights[layout.emb.clone()];
        let out = &mut **gradient;
        out[layout.weight_hh.clone()].copy_from_slice(&partial[place.weight_hh.clone()]);
        out[layout.head.clone()].copy_from_slice(&partial[place.head.clone()]);
        out[layout.head_bias.clone()].copy_from_slice(&partial[place.head_bias.clone()]);
        out[layout.head_bias.clone()][vocab + 1..].fill(0.0);
        out[layout.stage_emb.clone()].copy_from_slice(&partial[place.stage_emb.clone()]);
        out[layout.bias_hh.clone()].copy_from_slice(&partial[place.dgates.clone()][..3 * hp]);
        out[layout.bias_ih.clone()][..2 * hp].copy_from_slice(&partial[place.dgates.clone()][..2 * hp]);
        out[layout.bias_ih.clone()][2 * hp..].copy_from_slice(&partial[place.dgates.clone()][3 * hp..]);
        // The embeddings, as contexts and then as inputs.
        out[layout.emb.clone()].copy_from_slice(&partial[place.emb.clone()]);
        if config.pooling == ContextPooling::Batch {
            let pooled = &partial[place.pooled.clone()];
            for (&count, d) in token_counts.iter().zip(out[layout.emb.clone()].chunks_exact_mut(hp)) {
                let share = count as f32 / prompts.contexts.len() as f32;
                d.iter_mut().zip(pooled).for_each(|(d, &x)| *d += share * x);
            }
        }
        // W_ih in blocks of rows, the embeddings in the task after them.
        let rows = 3 * hp / 8;
        let (before, rest) = out.split_at_mut(layout.weight_ih.start);
        let weight_parts = Parts::new(&mut rest[..layout.weight_ih.len()], rows * hp);
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
                    b: &weights[layout.weight_ih.clone()],
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
        for (square, block) in self.squares.iter_mut().zip(gradient.chunks(BLOCK)) {
            *square = isa.run(SumOfSquares(block));
        }
    }
}

/// Running weighted mean and sum of squares about it (Welford).
#[derive(Default)]
struct Moments {
    weight: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, x: f64, weight: f64) {
        self.weight += weight;
        let delta = x - self.mean;
        self.mean += weight * delta / self.weight;
        self.squares += weight * delta * (x - self.mean);
    }

    fn variance(&self) -> f64 {
        self.squares / self.weight
    }
}

//! From prompts to the first layer's first state.

use super::reading::Reading;
use super::weights::Weights;
use crate::data::Prompts;
use crate::error::Result;
use crate::kernel::buffer::Buffer;
use crate::kernel::simd::{Operation, Vector};
use crate::memory::filled;
use crate::model::Pooling;

/// What is made of the contexts of a whole batch; of use with [`Pooling::Batch`].
#[derive(Default)]
pub(super) struct BatchContext {
    /// Mean context embedding, `[hp]`.
    mean: Buffer,
    /// Tokens of all contexts.
    total: usize,
    /// How often each token occurs, `[V]`.
    pub(super) counts: Vec<u32>,
    /// Mean of the numbers beside the tokens.
    pub(super) value: f32,
}

impl BatchContext {
    pub(super) fn new(weights: &Weights) -> Result<Self> {
        Ok(Self { mean: Buffer::zeros(weights.layout.hp)?, total: 0, counts: filled(weights.layout.vocab, 0)?, value: 0.0 })
    }

    pub(super) fn bytes(&self) -> usize {
        self.mean.bytes() + size_of_val(&*self.counts)
    }

    /// The share of a token that occurs `count` times.
    pub(super) fn share(&self, count: u32) -> f32 {
        count as f32 / self.total as f32
    }

    /// Reads the contexts of a batch, where the model takes their mean.
    pub(super) fn read(&mut self, weights: &Weights, prompts: Prompts<'_>) {
        if weights.spec.pooling() != Some(Pooling::Batch) {
            return;
        }
        self.counts.fill(0);
        for &token in (0..prompts.rows).flat_map(|row| prompts.context(row)) {
            self.counts[token as usize] += 1;
        }
        self.total = prompts.counted();
        self.mean.fill(0.0);
        let emb = &weights.params[weights.layout.emb.clone()];
        for (&count, emb) in self.counts.iter().zip(emb.chunks_exact(weights.layout.hp)) {
            let share = self.share(count);
            for (sum, &x) in self.mean.iter_mut().zip(emb) {
                *sum += share * x;
            }
        }
        if weights.layout.reads_values() {
            let sum: f32 = (0..prompts.rows).flat_map(|row| prompts.values_of(row)).sum();
            self.value = sum / self.total as f32;
            let of_values = weights.layout.of_values(emb, weights.layout.hp);
            self.mean.iter_mut().zip(of_values).for_each(|(sum, &x)| *sum += self.value * x);
        }
    }
}

/// h₀ = tanh(context + stage embedding) of rows `first..first + rows`.
pub(super) struct InitialState<'a> {
    pub(super) weights: &'a Weights,
    pub(super) batch: &'a BatchContext,
    pub(super) pooling: Pooling,
    pub(super) prompts: Prompts<'a>,
    pub(super) first: usize,
    pub(super) rows: usize,
    /// `[rows, hp]`.
    pub(super) out: &'a mut [f32],
}

impl Operation for InitialState<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Weights { layout, params, .. } = self.weights;
        let prompts = self.prompts;
        let hp = layout.hp;
        let (emb, stage_emb) = (&params[layout.emb.clone()], &params[layout.stage_emb.clone()]);
        for row in 0..self.rows {
            let problem = self.first + row;
            let context = prompts.context(problem);
            let scale = V::splat(1.0 / context.len() as f32);
            let values = self.weights.layout.reads_values().then(|| {
                let sum = V::splat(prompts.values_of(problem).iter().sum::<f32>());
                (sum, self.weights.layout.of_values(emb, hp))
            });
            let stage = &stage_emb[prompts.stages[problem] as usize * hp..][..hp];
            let out = &mut self.out[row * hp..][..hp];
            for j in (0..hp).step_by(V::LANES) {
                // SAFETY: every row read holds hp floats, and j + LANES ≤ hp.
                unsafe {
                    let mean = match self.pooling {
                        Pooling::Batch => V::load(self.batch.mean[j..].as_ptr()),
                        Pooling::Own => {
                            let mut sum = V::zero();
                            for &token in context {
                                sum = sum.add(V::load(emb[token as usize * hp..][j..hp].as_ptr()));
                            }
                            if let Some((of_row, vector)) = values {
                                sum = of_row.mul_add(V::load(vector[j..].as_ptr()), sum);
                            }
                            sum.mul(scale)
                        }
                    };
                    mean.add(V::load(stage[j..].as_ptr())).tanh().store(out[j..].as_mut_ptr());
                }
            }
        }
    }
}

/// h₀ = tanh(last state of the GRU over the context + stage embedding) of rows `first..first + rows`.
pub(super) struct ReadState<'a> {
    pub(super) weights: &'a Weights,
    pub(super) reading: &'a Reading,
    pub(super) prompts: Prompts<'a>,
    pub(super) first: usize,
    pub(super) rows: usize,
    /// `[rows, hp]`.
    pub(super) out: &'a mut [f32],
}

impl Operation for ReadState<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Weights { layout, params, .. } = self.weights;
        let hp = layout.hp;
        let stage_emb = &params[layout.stage_emb.clone()];
        for (row, out) in self.out.chunks_exact_mut(hp).enumerate().take(self.rows) {
            let stage = &stage_emb[self.prompts.stages[self.first + row] as usize * hp..][..hp];
            let last = self.reading.last(row, hp);
            for j in (0..hp).step_by(V::LANES) {
                // SAFETY: every row holds hp floats, and j + LANES ≤ hp.
                unsafe {
                    let sum = V::load(last[j..].as_ptr()).add(V::load(stage[j..].as_ptr()));
                    sum.tanh().store(out[j..].as_mut_ptr());
                }
            }
        }
    }
}

//! The way back through a chunk's steps.

use std::cmp::Reverse;

use super::{CHUNK, Chunk, Shared};
use crate::config::{Baseline, ContextPooling};
use crate::engine::fused::layout::{Layout, Partial};
use crate::engine::fused::objective::{LossSums, Objective};
use crate::error::Result;
use crate::kernel::buffer::Buffer;
use crate::kernel::gru;
use crate::kernel::head::DistributionBackward;
use crate::kernel::layer::{LayerGradient, LayerScratch, gathered};
use crate::kernel::matmul::{Matmul, Start};
use crate::kernel::simd::{Operation, Vector};
use crate::memory::Bytes;

/// A worker's own memory for the backward pass.
#[derive(Default)]
pub(in crate::engine::fused) struct Scratch {
    dh: Buffer,
    dgates: Buffer,
    layer: LayerScratch,
    states: Buffer,
    /// `[T, CHUNK, np]`.
    dlogits: Buffer,
    row: Vec<f32>,
}

impl Scratch {
    /// Bytes that are held.
    pub(in crate::engine::fused) fn bytes(&self) -> usize {
        let Self { dh, dgates, layer, states, dlogits, row } = self;
        dh.bytes() + dgates.bytes() + layer.bytes() + states.bytes() + dlogits.bytes() + size_of_val(&**row)
    }

    /// Bytes that `steps` steps take.
    pub(in crate::engine::fused) fn bytes_for(layout: &Layout, steps: usize) -> Bytes {
        let gates = Bytes::floats(&[CHUNK, layout.hp, gru::SAVED + 2]).plus(Bytes::floats(&[steps, CHUNK, layout.np]));
        gates.plus(LayerScratch::bytes_for(CHUNK, layout.hp))
    }

    /// Makes room for `steps` steps.
    pub(in crate::engine::fused) fn prepare(&mut self, layout: &Layout, steps: usize) -> Result<()> {
        let &Layout { hp, np, .. } = layout;
        self.dh.grow(CHUNK * hp)?;
        self.dgates.grow(CHUNK * gru::SAVED * hp)?;
        self.layer.prepare(CHUNK, hp)?;
        self.states.grow(CHUNK * hp)?;
        self.dlogits.grow(steps * CHUNK * np)?;
        self.row.resize(hp, 0.0);
        Ok(())
    }
}

impl Chunk {
    /// Adds this chunk's gradients to `out` (see [`Partial`]) and returns its part of the loss. A step is computed for the rows that it counts
    /// for, and not at all where there is none.
    pub(in crate::engine::fused) fn backward(
        &self,
        shared: &Shared<'_>,
        first: usize,
        objective: &Objective<'_>,
        scratch: &mut Scratch,
        (place, out): (&Partial, &mut [f32]),
    ) -> LossSums {
        let (rows, steps, network) = (self.rows, shared.steps, shared.network);
        let (isa, layout) = (network.isa, &network.layout);
        let &Layout { hp, np, vocab, .. } = layout;
        let &Objective { episodes, config, problems, .. } = objective;
        let lengths: [usize; CHUNK] = std::array::from_fn(|row| if row < rows { episodes.length(first + row) } else { 0 });
        let length = |row: u32| lengths[row as usize];
        // By length, so that the rows that a step counts for are the first ones. Row i of the scratch is row order[i] of the chunk.
        let mut order: [u32; CHUNK] = std::array::from_fn(|row| row as u32);
        let order = &mut order[..rows];
        order.sort_unstable_by_key(|&row| (Reverse(length(row)), row));
        scratch.dh.fill(0.0);

        let mut sums = LossSums::default();
        let entropy_scale = (config.entropy_coef / objective.steps) as f32;
        for (index, &row) in order.iter().enumerate() {
            let at = row as usize * steps..row as usize * steps + length(row);
            let target = episodes.returns[first + row as usize];
            let values = &self.values[at.clone()];
            let program = target - values.iter().sum::<f32>();
            sums.entropy += self.entropies[at.clone()].iter().map(|&e| f64::from(e)).sum::<f64>();
            if config.baseline == Baseline::Program {
                sums.value += f64::from(program) * f64::from(program);
            }
            for (t, (&action, &log_prob)) in self.actions[at.clone()].iter().zip(&self.log_probs[at.clone()]).enumerate() {
                let advantage = f64::from(match config.baseline {
                    Baseline::Program => program,
                    Baseline::Step => target - values[t],
                });
                sums.policy -= f64::from(log_prob) * advantage;
                if config.baseline == Baseline::Step {
                    sums.value += advantage * advantage / objective.estimates;
                }
                isa.run(DistributionBackward {
                    vocab,
                    probabilities: &self.probabilities[(t * CHUNK + row as usize) * np..][..np],
                    action: action as usize,
                    advantage: (advantage / problems) as f32,
                    entropy: entropy_scale,
                    value: (-2.0 * config.value_coef * advantage / (problems * objective.estimates)) as f32,
                    dlogits: &mut scratch.dlogits[(t * CHUNK + index) * np..][..np],
                });
            }
        }

        let weights = &network.weights;
        for t in (0..length(order[0])).rev() {
            let alive = &order[..order.partition_point(|&row| length(row) > t)];
            let count = alive.len();
            isa.run(Matmul {
                m: count,
                n: hp,
                k: vocab + 1,
                a: &scratch.dlogits[t * CHUNK * np..],
                a_row: np,
                a_col: 1,
                b: &weights[layout.head.clone()],
                b_row: hp,
                c: &mut scratch.dh,
                c_row: hp,
                start: Start::Accumulate,
            });
            let (dweight, dbias) = out[place.weight_hh.start..place.dgates.end].split_at_mut(place.weight_hh.len());
            let Scratch { dh, dgates, layer, .. } = scratch;
            let gradient = &mut LayerGradient { weight_hh: dweight, dgates: dbias };
            self.gru.backward(isa, network.gru(), (t, alive), None, dh, dgates, layer, gradient);
            let mut inputs = [0; CHUNK];
            inputs.iter_mut().zip(alive).for_each(|(input, &row)| *input = self.inputs[t * CHUNK + row as usize]);
            isa.run(gru::ScatterInput {
                hp,
                gate_rows: &inputs[..count],
                dgates: &scratch.dgates,
                table: &mut out[place.table.clone()],
            });
            // The head's weights, from the state that this step made.
            let (dhead, dhead_bias) = out[place.head.start..place.head_bias.end].split_at_mut(place.head.len());
            let dlogits = &scratch.dlogits[t * CHUNK * np..][..count * np];
            isa.run(Matmul {
                m: vocab + 1,
                n: hp,
                k: count,
                a: dlogits,
                a_row: 1,
                a_col: np,
                b: gathered(self.gru.state(t + 1), &mut scratch.states, hp, alive),
                b_row: hp,
                c: dhead,
                c_row: hp,
                start: Start::Accumulate,
            });
            isa.run(AddRows { rows: dlogits, out: dhead_bias });
        }
        self.initial_state_backward(shared, first, order, scratch, (place, out));
        sums
    }

    /// dL/dh₀ into the embeddings of the context and of the stage.
    fn initial_state_backward(
        &self,
        shared: &Shared<'_>,
        first: usize,
        order: &[u32],
        scratch: &mut Scratch,
        (place, out): (&Partial, &mut [f32]),
    ) {
        let hp = shared.network.layout.hp;
        let length = shared.prompts.context_len();
        for (&row, dh) in order.iter().zip(scratch.dh.chunks_exact(hp)) {
            let problem = first + row as usize;
            for ((d, &dh), &h) in scratch.row.iter_mut().zip(dh).zip(&self.gru.state(0)[row as usize * hp..]) {
                *d = dh * (1.0 - h * h);
            }
            let stage = shared.prompts.stages[problem] as usize;
            add(&mut out[place.stage_emb.start + stage * hp..][..hp], &scratch.row);
            match shared.network.config.pooling {
                ContextPooling::Batch => add(&mut out[place.pooled.clone()], &scratch.row),
                ContextPooling::Own => {
                    let scale = 1.0 / length as f32;
                    scratch.row.iter_mut().for_each(|d| *d *= scale);
                    for &token in &shared.prompts.contexts[problem * length..][..length] {
                        add(&mut out[place.emb.start + token as usize * hp..][..hp], &scratch.row);
                    }
                }
            }
        }
    }
}

fn add(out: &mut [f32], x: &[f32]) {
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

#[cfg(test)]
mod tests {
    use crate::config::{Baseline, ContextPooling, NetworkConfig, UpdateConfig};
    use crate::engine::fused::{CHUNK, Fused, own};
    use crate::engine::{Engine, Episodes, Prompts, Sampling};
    use crate::params;
    use crate::rng::Seed;

    /// The kept activations of steps that do not count may be anything.
    #[test]
    fn what_lies_after_the_end_is_not_read() {
        const STEPS: usize = 5;
        const N: usize = 40;
        let config = NetworkConfig {
            vocab_size: 18,
            stage_count: 2,
            hidden_size: 20,
            horizon: STEPS,
            start_token: 10,
            pooling: ContextPooling::Own,
            action_mask: None,
        };
        let contexts: Vec<i32> = (0..N as i32 * 3).map(|i| i * 7 % 18).collect();
        let prompts = Prompts { contexts: &contexts, stages: &[1; N] };
        let lengths: Vec<i32> = (0..N as i32).map(|i| 1 + i * 3 % STEPS as i32).collect();
        let returns: Vec<f32> = (0..N).map(|i| (i % 7) as f32 / 7.0).collect();
        let mut engine = Fused::new(config.clone(), 2, &params::init(&config, Seed(1))).unwrap();
        let actions = engine.rollout(prompts, Sampling::Random { seed: Seed(2), rollout: 0 }).unwrap().actions;
        let episodes = Episodes { prompts, actions: &actions, lengths: Some(&lengths), returns: &returns };
        for baseline in [Baseline::Program, Baseline::Step] {
            let update = UpdateConfig { baseline, ..UpdateConfig::default() };
            let before = engine.gradients(episodes, &update).unwrap();
            for (index, &length) in lengths.iter().enumerate() {
                let (chunk, row) = (own(&mut engine.chunks[index / CHUNK]), index % CHUNK);
                for t in length as usize..STEPS {
                    let at = row * STEPS + t;
                    (chunk.log_probs[at], chunk.entropies[at], chunk.values[at]) = (f32::NAN, f32::NAN, f32::NAN);
                    let (np, hp) = (engine.network.layout.np, engine.network.layout.hp);
                    chunk.probabilities[(t * CHUNK + row) * np..][..np].fill(f32::NAN);
                    chunk.gru.state_mut(t + 1)[row * hp..][..hp].fill(f32::NAN);
                }
            }
            assert_eq!(engine.gradients(episodes, &update).unwrap(), before);
        }
    }
}

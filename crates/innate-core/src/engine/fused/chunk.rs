//! A chunk: up to [`CHUNK`] problems that go through the whole sequence together, on one thread, with all they need in cache.
//!
//! How a batch is cut into chunks depends on its size alone, so the same numbers come out whatever the number of threads.

use std::cmp::Reverse;

use super::layout::{Layout, Partial};
use super::network::{Network, Pick};
use crate::config::{Baseline, ContextPooling, UpdateConfig};
use crate::engine::{Episodes, Prompts, Sampling, UpdateStats};
use crate::error::Result;
use crate::kernel::buffer::Buffer;
use crate::kernel::gru;
use crate::kernel::head::DistributionBackward;
use crate::kernel::layer::{Layer, LayerGradient, LayerScratch, gathered};
use crate::kernel::matmul::{Matmul, Start};
use crate::kernel::simd::{Operation, Vector};
use crate::memory::{self, Bytes};

/// Problems in a chunk.
pub(super) const CHUNK: usize = 32;

/// What every chunk reads.
pub(super) struct Shared<'a> {
    pub(super) network: &'a Network,
    pub(super) prompts: Prompts<'a>,
    pub(super) steps: usize,
}

/// Where actions come from.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    Sample(Sampling),
    /// `[n, T]`.
    Given(&'a [i32]),
}

/// The activations of a chunk: those of every step, kept from the forward pass for the backward pass, or those of the present step alone.
#[derive(Default)]
pub(super) struct Chunk {
    pub(super) rows: usize,
    gru: Layer,
    /// `[T, CHUNK, np]`.
    probabilities: Buffer,
    /// Of the present step, `[CHUNK, np]`.
    logits: Buffer,
    /// Input token of each step, `[T, CHUNK]`.
    inputs: Vec<u32>,
    /// `[rows, T]`.
    pub(super) actions: Vec<i32>,
    /// `[rows, T]`.
    pub(super) log_probs: Vec<f32>,
    /// `[rows, T]`.
    pub(super) entropies: Vec<f32>,
    /// `[rows, T]`.
    pub(super) values: Vec<f32>,
}

/// A worker's own memory for the backward pass.
#[derive(Default)]
pub(super) struct Scratch {
    dh: Buffer,
    dgates: Buffer,
    layer: LayerScratch,
    states: Buffer,
    /// `[T, CHUNK, np]`.
    dlogits: Buffer,
    row: Vec<f32>,
}

impl Scratch {
    /// Bytes for `steps` steps.
    pub(super) fn bytes(layout: &Layout, steps: usize) -> Bytes {
        let gates = Bytes::floats(&[CHUNK, layout.hp, gru::SAVED + 2]).plus(Bytes::floats(&[steps, CHUNK, layout.np]));
        gates.plus(LayerScratch::bytes(CHUNK, layout.hp))
    }

    /// Makes room for `steps` steps.
    pub(super) fn prepare(&mut self, layout: &Layout, steps: usize) -> Result<()> {
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

/// What programs are to be improved by.
pub(super) struct Objective<'a> {
    episodes: Episodes<'a>,
    config: &'a UpdateConfig,
    /// Problems, `n`.
    problems: f64,
    /// Steps that count, `N`.
    steps: f64,
    /// Estimates of a return, a problem: 1, or the mean length.
    estimates: f64,
}

/// Sums over the problems of a chunk.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LossSums {
    pub(super) policy: f64,
    pub(super) value: f64,
    pub(super) entropy: f64,
}

/// Probabilities that cannot be made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Undefined {
    /// Row and step of the batch.
    pub(super) at: (usize, usize),
    /// The normalizer.
    pub(super) value: f32,
}

impl Chunk {
    /// Bytes of a chunk that goes through `steps` steps and keeps `kept` of them.
    pub(super) fn bytes(layout: &Layout, steps: usize, kept: usize) -> Bytes {
        let &Layout { hp, np, .. } = layout;
        let states = Bytes::floats(&[CHUNK, hp, gru::SAVED + 1]).plus(Bytes::floats(&[CHUNK, np + 1]));
        states.times(kept.saturating_add(2)).plus(Bytes::floats(&[CHUNK, steps, 4]))
    }

    /// Makes room for `steps` steps of which `kept` are kept: all, or one.
    pub(super) fn prepare(&mut self, layout: &Layout, steps: usize, kept: usize) -> Result<()> {
        let &Layout { hp, np, .. } = layout;
        self.gru.prepare(CHUNK, kept, hp)?;
        self.probabilities.grow(kept * CHUNK * np)?;
        self.logits.grow(CHUNK * np)?;
        memory::reserve(&mut self.inputs, kept * CHUNK)?;
        self.inputs.resize(kept * CHUNK, 0);
        memory::reserve(&mut self.actions, CHUNK * steps)?;
        for out in [&mut self.log_probs, &mut self.entropies, &mut self.values] {
            memory::reserve(out, CHUNK * steps)?;
        }
        Ok(())
    }

    /// Runs the network over problems `first..first + rows`, in the room that [`Chunk::prepare`] made. `logits`, where asked for, is
    /// `[rows, T, V]`.
    pub(super) fn forward(
        &mut self,
        shared: &Shared<'_>,
        (first, rows): (usize, usize),
        source: Source<'_>,
        mut logits_out: Option<&mut [f32]>,
    ) -> std::result::Result<(), Undefined> {
        let Shared { network, prompts, steps } = *shared;
        let &Layout { np, vocab, .. } = &network.layout;
        let keeps = self.inputs.len() >= steps * CHUNK;
        self.rows = rows;
        self.actions.resize(rows * steps, 0);
        for out in [&mut self.log_probs, &mut self.entropies, &mut self.values] {
            out.resize(rows * steps, 0.0);
        }
        network.begin(prompts, first, rows, self.gru.state_mut(0));
        self.inputs[..rows].fill(network.config.start_token as u32);
        for t in 0..steps {
            let (slot, next) = if keeps { (t, t + 1) } else { (0, 0) };
            network.advance(&mut self.gru, (slot, rows), &self.inputs[slot * CHUNK..], &mut self.logits);
            if !keeps {
                self.gru.rewind();
            }
            let probabilities = self.probabilities[slot * CHUNK * np..].chunks_exact_mut(np);
            for (row, (logits, probabilities)) in self.logits.chunks_exact_mut(np).zip(probabilities).take(rows).enumerate() {
                let pick = match source {
                    Source::Given(actions) => Pick::Given(actions[(first + row) * steps + t] as usize),
                    Source::Sample(sampling) => Pick::sampled(sampling, first + row, t),
                };
                let choice =
                    network.choose(logits, probabilities, pick).map_err(|value| Undefined { at: (first + row, t), value })?;
                let at = row * steps + t;
                if let Some(out) = &mut logits_out {
                    out[at * vocab..][..vocab].copy_from_slice(&logits[..vocab]);
                }
                self.actions[at] = choice.action as i32;
                self.log_probs[at] = choice.log_prob;
                self.entropies[at] = choice.entropy;
                self.values[at] = choice.value;
                if t + 1 < steps {
                    self.inputs[next * CHUNK + row] = choice.action as u32;
                }
            }
        }
        Ok(())
    }

    /// Adds this chunk's gradients to `out` (see [`Partial`]) and returns its part of the loss. A step is computed for the rows that it counts
    /// for, and not at all where there is none.
    pub(super) fn backward(
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
        let length = |row: u32| episodes.length(first + row as usize);
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

impl<'a> Objective<'a> {
    pub(super) fn new(episodes: Episodes<'a>, config: &'a UpdateConfig) -> Self {
        let (problems, steps) = (episodes.prompts.len() as f64, episodes.counted() as f64);
        let estimates = match config.baseline {
            Baseline::Program => 1.0,
            Baseline::Step => steps / problems,
        };
        Self { episodes, config, problems, steps, estimates }
    }

    /// The terms of the loss.
    pub(super) fn stats(&self, parts: impl Iterator<Item = LossSums>) -> UpdateStats {
        let &Self { config, problems, steps, .. } = self;
        let total = parts.fold(LossSums::default(), |a, b| LossSums {
            policy: a.policy + b.policy,
            value: a.value + b.value,
            entropy: a.entropy + b.entropy,
        });
        let (policy_loss, value_loss, entropy) = (total.policy / problems, total.value / problems, total.entropy / steps);
        UpdateStats {
            loss: policy_loss + config.value_coef * value_loss - config.entropy_coef * entropy,
            policy_loss,
            value_loss,
            entropy,
            ..UpdateStats::default()
        }
    }
}

//! A chunk: up to [`CHUNK`] problems that go through the whole sequence together, on one thread, with all they need in cache.
//!
//! How a batch is cut into chunks depends on its size alone, so the same numbers come out whatever the number of threads.

use super::layout::{Layout, Partial};
use super::network::{Network, Pick};
use crate::config::{Baseline, ContextPooling, UpdateConfig};
use crate::engine::{Prompts, Sampling, UpdateStats};
use crate::error::Result;
use crate::kernel::buffer::Buffer;
use crate::kernel::gru;
use crate::kernel::head::DistributionBackward;
use crate::kernel::layer::{Layer, LayerGradient};
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
    restarted: Buffer,
    /// `[T, CHUNK, np]`.
    dlogits: Buffer,
    row: Vec<f32>,
}

impl Scratch {
    /// Bytes for `steps` steps.
    pub(super) fn bytes(layout: &Layout, steps: usize) -> Bytes {
        Bytes::floats(&[CHUNK, layout.hp, gru::SAVED + 2]).plus(Bytes::floats(&[steps, CHUNK, layout.np]))
    }

    /// Makes room for `steps` steps.
    pub(super) fn prepare(&mut self, layout: &Layout, steps: usize) -> Result<()> {
        let &Layout { hp, np, .. } = layout;
        self.dh.grow(CHUNK * hp)?;
        self.dgates.grow(CHUNK * gru::SAVED * hp)?;
        self.restarted.grow(CHUNK * hp)?;
        self.dlogits.grow(steps * CHUNK * np)?;
        self.row.resize(hp, 0.0);
        Ok(())
    }
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

    /// Adds this chunk's gradients to `out` (see [`Partial`]) and returns its part of the loss.
    pub(super) fn backward(
        &self,
        shared: &Shared<'_>,
        first: usize,
        returns: &[f32],
        config: &UpdateConfig,
        scratch: &mut Scratch,
        (place, out): (&Partial, &mut [f32]),
    ) -> LossSums {
        let (rows, steps, network) = (self.rows, shared.steps, shared.network);
        let (isa, layout) = (network.isa, &network.layout);
        let &Layout { hp, np, vocab, .. } = layout;
        let n = shared.prompts.len() as f64;
        let mut sums = LossSums::default();
        let entropy_scale = (config.entropy_coef / (n * steps as f64)) as f32;
        for row in 0..rows {
            let at = row * steps..(row + 1) * steps;
            let target = returns[first + row];
            let values = &self.values[at.clone()];
            let program = target - values.iter().sum::<f32>();
            sums.entropy += self.entropies[at.clone()].iter().map(|&e| f64::from(e)).sum::<f64>();
            if config.baseline == Baseline::Program {
                sums.value += f64::from(program) * f64::from(program);
            }
            for (t, (&action, &log_prob)) in self.actions[at.clone()].iter().zip(&self.log_probs[at.clone()]).enumerate() {
                let (advantage, value_terms) = match config.baseline {
                    Baseline::Program => (program, 1.0),
                    Baseline::Step => (target - values[t], steps as f64),
                };
                let advantage = f64::from(advantage);
                sums.policy -= f64::from(log_prob) * advantage;
                if config.baseline == Baseline::Step {
                    sums.value += advantage * advantage / value_terms;
                }
                let place = (t * CHUNK + row) * np;
                isa.run(DistributionBackward {
                    vocab,
                    probabilities: &self.probabilities[place..][..np],
                    action: action as usize,
                    advantage: (advantage / n) as f32,
                    entropy: entropy_scale,
                    value: (-2.0 * config.value_coef * advantage / (n * value_terms)) as f32,
                    dlogits: &mut scratch.dlogits[place..][..np],
                });
            }
        }

        let weights = &network.weights;
        for t in (0..steps).rev() {
            isa.run(Matmul {
                m: rows,
                n: hp,
                k: vocab + 1,
                a: &scratch.dlogits[t * CHUNK * np..],
                a_row: np,
                a_col: 1,
                b: &weights[layout.head.clone()],
                b_row: hp,
                c: &mut scratch.dh,
                c_row: hp,
                start: if t + 1 == steps { Start::Zero } else { Start::Accumulate },
            });
            let (dweight, dbias) = out[place.weight_hh.start..place.dgates.end].split_at_mut(place.weight_hh.len());
            let Scratch { dh, dgates, restarted, .. } = scratch;
            let gradient = &mut LayerGradient { weight_hh: dweight, dgates: dbias };
            self.gru.backward(isa, network.gru(), (t, rows), None, dh, dgates, restarted, gradient);
            isa.run(gru::ScatterInput {
                hp,
                gate_rows: &self.inputs[t * CHUNK..][..rows],
                dgates: &scratch.dgates,
                table: &mut out[place.table.clone()],
            });
            // The head's weights, from the state that this step made.
            let (dhead, dhead_bias) = out[place.head.start..place.head_bias.end].split_at_mut(place.head.len());
            let dlogits = &scratch.dlogits[t * CHUNK * np..][..rows * np];
            isa.run(Matmul {
                m: vocab + 1,
                n: hp,
                k: rows,
                a: dlogits,
                a_row: 1,
                a_col: np,
                b: self.gru.state(t + 1),
                b_row: hp,
                c: dhead,
                c_row: hp,
                start: Start::Accumulate,
            });
            isa.run(AddRows { rows: dlogits, out: dhead_bias });
        }
        self.initial_state_backward(shared, first, scratch, (place, out));
        sums
    }

    /// dL/dh₀ into the embeddings of the context and of the stage.
    fn initial_state_backward(
        &self,
        shared: &Shared<'_>,
        first: usize,
        scratch: &mut Scratch,
        (place, out): (&Partial, &mut [f32]),
    ) {
        let hp = shared.network.layout.hp;
        let length = shared.prompts.context_len();
        for row in 0..self.rows {
            let problem = first + row;
            for ((d, &dh), &h) in scratch.row.iter_mut().zip(&scratch.dh[row * hp..]).zip(&self.gru.state(0)[row * hp..]) {
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

impl LossSums {
    /// The terms of the loss over `n` problems of `steps` steps.
    pub(super) fn stats(parts: impl Iterator<Item = Self>, n: usize, steps: usize, config: &UpdateConfig) -> UpdateStats {
        let (n, steps) = (n as f64, steps as f64);
        let total = parts.fold(Self::default(), |a, b| Self {
            policy: a.policy + b.policy,
            value: a.value + b.value,
            entropy: a.entropy + b.entropy,
        });
        let (policy_loss, value_loss, entropy) = (total.policy / n, total.value / n, total.entropy / (n * steps));
        UpdateStats {
            loss: policy_loss + config.value_coef * value_loss - config.entropy_coef * entropy,
            policy_loss,
            value_loss,
            entropy,
            ..UpdateStats::default()
        }
    }
}

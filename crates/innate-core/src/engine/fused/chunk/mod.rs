//! A chunk: up to [`CHUNK`] problems that go through the whole sequence together, on one thread, with all they need in cache.
//!
//! How a batch is cut into chunks depends on its size alone, so the same numbers come out whatever the number of threads.

mod backward;

pub(super) use self::backward::Scratch;
use super::layout::Layout;
use super::network::{Network, Pick};
use crate::engine::{Prompts, Sampling};
use crate::error::Result;
use crate::kernel::buffer::Buffer;
use crate::kernel::gru;
use crate::kernel::layer::Layer;
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

/// Probabilities that cannot be made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Undefined {
    /// Row and step of the batch.
    pub(super) at: (usize, usize),
    /// The normalizer.
    pub(super) value: f32,
}

impl Chunk {
    /// Bytes that are held.
    pub(super) fn bytes(&self) -> usize {
        let Self { gru, probabilities, logits, inputs, actions, log_probs, entropies, values, .. } = self;
        let words = inputs.capacity() + actions.capacity() + log_probs.capacity() + entropies.capacity() + values.capacity();
        gru.bytes() + probabilities.bytes() + logits.bytes() + size_of::<f32>() * words
    }

    /// Bytes of a chunk that goes through `steps` steps and keeps `kept` of them.
    pub(super) fn bytes_for(layout: &Layout, steps: usize, kept: usize) -> Bytes {
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
}

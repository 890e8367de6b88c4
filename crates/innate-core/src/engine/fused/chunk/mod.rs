//! A chunk: up to [`CHUNK`] rows that go through the whole sequence together, on one thread, with all they need in cache.
//!
//! How a batch is cut into chunks depends on its size alone, so the same numbers come out whatever the number of threads.

mod backward;
mod history;
mod pending;
mod reading;

pub(super) use self::backward::{Graded, Scratch};
use super::encoder::BatchContext;
use super::layout::Layout;
use super::reading::Reading;
use super::walk::{Pick, ROWS, Reads, Walk, choose, forbid};
use super::weights::Weights;
use crate::data::{Prompts, RolloutSpec, Sampling, Trajectories};
use crate::error::Result;
use crate::kernel::buffer::Buffer;
use crate::memory::{self, Bytes};
use crate::model::History;

/// Most rows in a chunk.
pub(super) const CHUNK: usize = ROWS;

/// Rows in each chunk of a batch of `n`, the last one apart: fewer than there could be where a small batch would otherwise keep one thread busy.
/// It depends on `n` alone, and so do the sums over rows.
pub(super) fn height(n: usize) -> usize {
    n.div_ceil(4).max(n.div_ceil(2).min(4)).min(CHUNK)
}

/// What every chunk reads.
pub(super) struct Shared<'a> {
    pub(super) weights: &'a Weights,
    pub(super) batch: &'a BatchContext,
    /// What a row of logits begins at, `[np]`.
    pub(super) bias: &'a [f32],
    pub(super) prompts: Prompts<'a>,
    pub(super) steps: usize,
}

/// Where actions come from.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    /// Open loop.
    Sample(&'a RolloutSpec, Sampling<'a>),
    Given(&'a Trajectories<'a>),
}

impl Source<'_> {
    /// The actions that may be emitted at every step.
    pub(super) fn mask(&self) -> Option<&[bool]> {
        match self {
            Self::Sample(spec, _) => spec.action_mask.as_deref(),
            Self::Given(data) => data.rollout.action_mask.as_deref(),
        }
    }
}

/// The activations of a chunk: those of every step, kept from the forward pass for the backward pass, or those of the present step alone.
#[derive(Default)]
pub(super) struct Chunk {
    pub(super) rows: usize,
    pub(super) walk: Walk,
    /// `[kept, CHUNK, np]`.
    probabilities: Buffer,
    /// Where episodes begin, `[kept, CHUNK]`; empty where none begins on the way.
    starts: Vec<bool>,
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
        let Self { walk, probabilities, starts, actions, log_probs, entropies, values, .. } = self;
        let words = actions.capacity() + log_probs.capacity() + entropies.capacity() + values.capacity();
        walk.bytes() + probabilities.bytes() + starts.capacity() + size_of::<f32>() * words
    }

    /// Bytes of a chunk that reads contexts of `context` tokens, goes through `steps` steps and keeps `kept` of them, its past apart.
    pub(super) fn bytes_for(layout: &Layout, (steps, kept): (usize, usize), context: usize) -> Bytes {
        let own = Bytes::floats(&[CHUNK, layout.np, kept]).plus(Bytes::floats(&[CHUNK, steps, 4]));
        Walk::bytes_for(layout, CHUNK, kept).plus(Reading::bytes_for(layout, (CHUNK, kept), context)).plus(own)
    }

    /// Makes room for contexts of `context` tokens and `steps` steps of which `kept` are kept: all, or one. The past has room of its own:
    /// `History::prepare`.
    pub(super) fn prepare(&mut self, layout: &Layout, (steps, kept): (usize, usize), context: usize) -> Result<()> {
        self.walk.prepare(layout, CHUNK, kept)?;
        self.walk.reading.prepare(layout, (CHUNK, kept), context)?;
        self.probabilities.grow(kept * CHUNK * layout.np)?;
        memory::reserve(&mut self.actions, CHUNK * steps)?;
        for out in [&mut self.log_probs, &mut self.entropies, &mut self.values] {
            memory::reserve(out, CHUNK * steps)?;
        }
        Ok(())
    }

    /// Runs the network over rows `first..first + rows`, in the room that [`Chunk::prepare`] made. `logits`, where asked for, is
    /// `[rows, T, A]`.
    pub(super) fn forward(
        &mut self,
        shared: &Shared<'_>,
        (first, rows): (usize, usize),
        source: Source<'_>,
        mut logits_out: Option<&mut [f32]>,
    ) -> std::result::Result<(), Undefined> {
        let Shared { weights, bias, steps, .. } = *shared;
        let &Layout { np, actions, .. } = &weights.layout;
        self.rows = rows;
        self.actions.resize(rows * steps, 0);
        for out in [&mut self.log_probs, &mut self.entropies, &mut self.values] {
            out.resize(rows * steps, 0.0);
        }
        self.begin(shared, (first, rows), source);
        for t in 0..steps {
            let slot = self.walk.slot(t);
            self.read(shared, (first, rows), source, t);
            let starts = self.starts.get(slot * CHUNK..).filter(|starts| !starts.is_empty());
            self.walk.advance(Reads { weights, bias }, (slot, rows), starts);
            self.walk.history.pass(rows);
            if self.walk.kept() < steps {
                self.walk.rewind(&weights.spec);
            }
            let probabilities = self.probabilities[slot * CHUNK * np..].chunks_exact_mut(np);
            for (row, (logits, probabilities)) in self.walk.logits.chunks_exact_mut(np).zip(probabilities).take(rows).enumerate()
            {
                let pick = match source {
                    Source::Given(data) => {
                        forbid(logits, data.allowed_at(first + row, t));
                        Pick::Given(data.actions[(first + row) * steps + t] as usize)
                    }
                    Source::Sample(_, sampling) => Pick::sampled(sampling, first + row, t),
                };
                let choice = choose(weights.isa, actions, logits, probabilities, pick)
                    .map_err(|value| Undefined { at: (first + row, t), value })?;
                let at = row * steps + t;
                if let Some(out) = &mut logits_out {
                    out[at * actions..][..actions].copy_from_slice(&logits[..actions]);
                }
                self.actions[at] = choice.action as i32;
                self.log_probs[at] = choice.log_prob;
                self.entropies[at] = choice.entropy;
                self.values[at] = choice.value;
            }
        }
        Ok(())
    }

    /// Puts the rows before their first step.
    fn begin(&mut self, shared: &Shared<'_>, (first, rows): (usize, usize), source: Source<'_>) {
        let Shared { weights, batch, prompts, .. } = *shared;
        self.starts.clear();
        let states = match source {
            Source::Given(data) => {
                if data.starts.is_some() {
                    self.starts.resize(self.walk.inputs.len(), false);
                }
                data.states
                    .as_deref()
                    .map(|states| &states[first * (states.len() / data.rows)..][..rows * (states.len() / data.rows)])
            }
            Source::Sample(..) => None,
        };
        self.walk.reading.read(weights, prompts, (first, rows));
        match states {
            Some(states) => self.walk.resume(&weights.layout, states),
            None => self.walk.begin(weights, batch, prompts, (first, rows)),
        }
        self.walk.history.begin();
        if let (Source::Given(data), Some(History { window })) = (source, weights.spec.attention.history)
            && data.past.is_some()
        {
            for row in 0..rows {
                self.walk.history.recall(weights, row, data.past_of(first + row, window), data.age_before(first + row));
            }
        }
    }

    /// What the rows read at step `t`.
    fn read(&mut self, shared: &Shared<'_>, (first, rows): (usize, usize), source: Source<'_>, t: usize) {
        let Weights { spec, layout, .. } = shared.weights;
        let slot = self.walk.slot(t) * CHUNK;
        let (features, reads_tokens) = (layout.features, layout.reads_tokens());
        for row in 0..rows {
            if reads_tokens {
                self.walk.inputs[slot + row] = match source {
                    Source::Given(data) => data.input(first + row, t),
                    Source::Sample(spec, _) if t == 0 => spec.start_token as u32,
                    Source::Sample(..) => self.actions[row * shared.steps + t - 1] as u32,
                };
            }
            if let (Source::Given(data), Some(start)) = (source, self.starts.get_mut(slot + row)) {
                *start = data.starts_at(first + row, t);
            }
            let age = match source {
                Source::Given(data) => data.age(first + row, t, self.walk.ages[row]),
                Source::Sample(..) => t as u32,
            };
            self.walk.ages[row] = age;
            if features > 0 {
                let out = &mut self.walk.features[(slot + row) * layout.fp..][..features];
                match source {
                    Source::Given(data) => data.write_features(spec, (first + row, t), age, out),
                    // Open loop nothing is observed.
                    Source::Sample(..) => spec.write_features((t == 0, age), &[], &[], out),
                }
            }
        }
    }
}

#[cfg(test)]
impl Chunk {
    /// Makes all that is kept of some steps of a row NaN.
    pub(super) fn spoil(&mut self, row: usize, span: std::ops::Range<usize>, (steps, layout): (usize, &Layout)) {
        for t in span {
            let at = row * steps + t;
            (self.log_probs[at], self.entropies[at], self.values[at]) = (f32::NAN, f32::NAN, f32::NAN);
            self.probabilities[(t * CHUNK + row) * layout.np..][..layout.np].fill(f32::NAN);
            for layer in &mut self.walk.layers {
                layer.state_mut(t + 1)[row * layout.hp..][..layout.hp].fill(f32::NAN);
            }
        }
    }
}

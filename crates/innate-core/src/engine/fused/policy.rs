//! Decisions one step at a time, on the caller's thread: what an application that uses a trained agent runs, and a closed loop steps.

use std::sync::Arc;

use super::encoder::BatchContext;
use super::walk::{Pick, ROWS, Reads, Walk, choose};
use super::weights::Weights;
use crate::data::{Prompts, RolloutSpec, Sampling, check_ids, check_len};
use crate::error::{Error, Result};
use crate::kernel::buffer::Buffer;
use crate::memory::{Bytes, afford};

/// Up to `size` rows under way with shared weights. No call allocates.
pub struct Policy {
    weights: Arc<Weights>,
    start_token: usize,
    batch: BatchContext,
    /// What a row of logits begins at, `[np]`.
    bias: Buffer,
    size: usize,
    rows: usize,
    steps: usize,
    /// Each keeps one step.
    blocks: Vec<Walk>,
    probabilities: Buffer,
}

/// Where [`Policy::step`] writes; `[rows]` each.
pub struct StepOutput<'a> {
    /// Actions chosen.
    pub actions: &'a mut [i32],
    /// log π(a).
    pub log_probs: &'a mut [f32],
    /// Entropies of the policy.
    pub entropies: &'a mut [f32],
    /// v.
    pub values: &'a mut [f32],
}

impl Policy {
    /// A policy of at most `size` rows, for a model that reads nothing but the previous action and where an episode starts.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a bad size or a model that reads more, [`Error::Memory`] when there is none.
    pub fn new(weights: Arc<Weights>, spec: &RolloutSpec, size: usize) -> Result<Self> {
        if size == 0 || size > 1 << 20 {
            return Err(Error::invalid("size", format!("must be between 1 and {}, got {size}", 1 << 20)));
        }
        spec.validate(&weights.spec)?;
        weights.spec.check_open_loop()?;
        let layout = &weights.layout;
        let rows = ROWS.min(size);
        let what = || format!("a session of {size} rows at hiddenSize {}", layout.hidden);
        let needed = Walk::bytes_for(layout, rows, 1).times(size.div_ceil(ROWS)).plus(Bytes::floats(&[layout.np, 2]));
        afford(needed, "size", what, "Make a smaller one, or several one after another.")?;
        let mut blocks: Vec<Walk> = Vec::new();
        blocks.resize_with(size.div_ceil(ROWS), Walk::default);
        for block in &mut blocks {
            block.prepare(layout, rows, 1)?;
        }
        let mut bias = Buffer::zeros(layout.np)?;
        weights.write_head_bias(spec.action_mask.as_deref(), &mut bias);
        Ok(Self {
            start_token: spec.start_token,
            batch: BatchContext::new(&weights)?,
            bias,
            size,
            rows: 0,
            steps: 0,
            blocks,
            probabilities: Buffer::zeros(layout.np)?,
            weights,
        })
    }

    /// Bytes of memory of its own; the weights are shared.
    pub fn bytes(&self) -> usize {
        let Self { batch, bias, blocks, probabilities, .. } = self;
        batch.bytes() + bias.bytes() + blocks.iter().map(Walk::bytes).sum::<usize>() + probabilities.bytes()
    }

    /// The weights it decides by.
    pub fn weights(&self) -> &Arc<Weights> {
        &self.weights
    }

    /// Shows each row its context and puts it before its first step.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first bad element, or when there are more rows than the policy has.
    pub fn begin(&mut self, prompts: Prompts<'_>) -> Result<()> {
        if prompts.rows > self.size {
            return Err(Error::invalid(
                "stages",
                format!("must hold at most the session's {} rows, got {}", self.size, prompts.rows),
            ));
        }
        let weights = &*self.weights;
        prompts.check(&weights.spec)?;
        self.batch.read(weights, prompts);
        self.rows = prompts.rows;
        self.steps = 0;
        let reads_tokens = weights.layout.reads_tokens();
        for (block, first) in self.blocks.iter_mut().zip((0..self.rows).step_by(ROWS)) {
            block.begin(weights, &self.batch, prompts, (first, ROWS.min(self.rows - first)));
            block.inputs.fill(if reads_tokens { self.start_token as u32 } else { 0 });
        }
        Ok(())
    }

    /// Rows under way.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// One action for every row. The next step's input is the action chosen, or what [`Policy::feed`] says.
    ///
    /// # Errors
    /// [`Error::Invalid`] before [`Policy::begin`], or when an output has the wrong length. [`Error::NonFinite`] naming the row for which
    /// there are no probabilities: then the policy must begin again.
    pub fn step(&mut self, sampling: Sampling, out: &mut StepOutput<'_>) -> Result<()> {
        let rows = self.rows;
        if rows == 0 {
            return Err(Error::invalid("session", "has not begun: call begin() first"));
        }
        for length in [out.actions.len(), out.log_probs.len(), out.entropies.len(), out.values.len()] {
            check_len("output", length, rows)?;
        }
        let reads = Reads { weights: &self.weights, bias: &self.bias };
        let layout = &self.weights.layout;
        let reads_tokens = layout.reads_tokens();
        for (block, first) in self.blocks.iter_mut().zip((0..rows).step_by(ROWS)) {
            let count = ROWS.min(rows - first);
            block.features.fill(f32::from(u8::from(self.steps == 0)));
            block.advance(reads, (0, count), None);
            block.rewind();
            let Walk { logits, inputs, .. } = block;
            for ((row, logits), input) in (first..first + count).zip(logits.chunks_exact_mut(layout.np)).zip(inputs) {
                let pick = Pick::sampled(sampling, row, self.steps);
                let choice =
                    choose(self.weights.isa, layout.actions, logits, &mut self.probabilities, pick).map_err(|value| {
                        // Some rows have moved on and some have not.
                        self.rows = 0;
                        Error::NonFinite { what: "logits", value: f64::from(value), at: Some((row, self.steps)) }
                    })?;
                out.actions[row] = choice.action as i32;
                out.log_probs[row] = choice.log_prob;
                out.entropies[row] = choice.entropy;
                out.values[row] = choice.value;
                if reads_tokens {
                    *input = choice.action as u32;
                }
            }
        }
        self.steps += 1;
        Ok(())
    }

    /// Makes `tokens` the next step's inputs, `[rows]`: what a closed loop was answered.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first bad element, or when the model does not read the previous action.
    pub fn feed(&mut self, tokens: &[i32]) -> Result<()> {
        if !self.weights.layout.reads_tokens() {
            return Err(Error::invalid("tokens", "must be absent: the model does not read the previous action"));
        }
        if tokens.len() != self.rows {
            return Err(Error::invalid("tokens", format!("must hold {} tokens, got {}", self.rows, tokens.len())));
        }
        check_ids("tokens", tokens, self.weights.spec.vocabulary, "the vocabulary size")?;
        for (block, tokens) in self.blocks.iter_mut().zip(tokens.chunks(ROWS)) {
            for (input, &token) in block.inputs.iter_mut().zip(tokens) {
                *input = token as u32;
            }
        }
        Ok(())
    }
}

//! Decisions one step at a time, on the caller's thread: what an application that uses a trained agent runs, and a closed loop steps.

use super::chunk::CHUNK;
use super::layout::Layout;
use super::network::{Network, Pick};
use crate::config::NetworkConfig;
use crate::engine::{Prompts, Sampling};
use crate::error::{Error, Result};
use crate::kernel::buffer::Buffer;
use crate::kernel::layer::Layer;
use crate::kernel::pool::Pool;
use crate::kernel::simd::Isa;
use crate::memory::{Bytes, afford, filled};

/// Up to `size` rows under way with a copy of the weights. No call allocates.
pub struct Session {
    network: Network,
    pool: Pool,
    size: usize,
    rows: usize,
    steps: usize,
    /// The state of each block of rows before the present step, and after it.
    blocks: Vec<Layer>,
    logits: Buffer,
    probabilities: Buffer,
    inputs: Vec<u32>,
}

/// Where [`Session::step`] writes; `[rows]` each.
pub struct StepOutput<'a> {
    /// Tokens chosen.
    pub actions: &'a mut [i32],
    /// log π(a).
    pub log_probs: &'a mut [f32],
    /// Entropies of the policy.
    pub entropies: &'a mut [f32],
    /// v.
    pub values: &'a mut [f32],
}

impl Session {
    /// A session of at most `size` rows with the parameters `flat`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a bad configuration or size.
    pub fn new(config: NetworkConfig, flat: &[f32], size: usize) -> Result<Self> {
        if size == 0 || size > 1 << 20 {
            return Err(Error::invalid("size", format!("must be between 1 and {}, got {size}", 1 << 20)));
        }
        let layout = Layout::new(&config);
        let rows = CHUNK.min(size);
        let block = Bytes::floats(&[rows, layout.hp, 7]).times(size.div_ceil(CHUNK)).plus(Bytes::floats(&[size]));
        let what = || format!("a session of {size} rows at hiddenSize {}", layout.hidden);
        afford(Network::bytes_for(&layout).plus(block), "size", what, "Make a smaller one, or several one after another.")?;
        let network = Network::new(config, Isa::best(), flat)?;
        let (hp, np) = (network.layout.hp, network.layout.np);
        let mut blocks: Vec<Layer> = Vec::new();
        blocks.resize_with(size.div_ceil(CHUNK), Layer::default);
        for block in &mut blocks {
            block.prepare(rows, 1, hp)?;
        }
        Ok(Self {
            pool: Pool::new(1),
            size,
            rows: 0,
            steps: 0,
            blocks,
            logits: Buffer::zeros(rows * np)?,
            probabilities: Buffer::zeros(np)?,
            inputs: filled(size, 0)?,
            network,
        })
    }

    /// Bytes of memory.
    pub fn bytes(&self) -> usize {
        let Self { network, blocks, logits, probabilities, inputs, .. } = self;
        let blocks = blocks.iter().map(Layer::bytes).sum::<usize>();
        network.bytes() + blocks + logits.bytes() + probabilities.bytes() + size_of_val(&**inputs)
    }

    /// Shows each row its context and puts it before its first step.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first bad element, or when there are more rows than the session has.
    pub fn begin(&mut self, contexts: &[i32], stages: &[i32]) -> Result<()> {
        if stages.len() > self.size {
            return Err(Error::invalid(
                "stages",
                format!("must hold at most the session's {} rows, got {}", self.size, stages.len()),
            ));
        }
        let prompts = Prompts::new(&self.network.config, contexts, stages)?;
        self.network.prepare(prompts, &mut self.pool);
        self.rows = prompts.len();
        self.steps = 0;
        for (block, first) in self.blocks.iter_mut().zip((0..self.rows).step_by(CHUNK)) {
            self.network.begin(prompts, first, CHUNK.min(self.rows - first), block.state_mut(0));
        }
        self.inputs[..self.rows].fill(self.network.config.start_token as u32);
        Ok(())
    }

    /// Rows under way.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// One token for every row. The next step's input is the token chosen, or what [`Session::feed`] says.
    ///
    /// # Errors
    /// [`Error::Invalid`] before [`Session::begin`], or when an output has the wrong length. [`Error::NonFinite`] naming the row for which
    /// there are no probabilities: then the session must begin again.
    pub fn step(&mut self, sampling: Sampling, out: &mut StepOutput<'_>) -> Result<()> {
        let rows = self.rows;
        if rows == 0 {
            return Err(Error::invalid("session", "has not begun: call begin() first"));
        }
        let lengths = [out.actions.len(), out.log_probs.len(), out.entropies.len(), out.values.len()];
        if let Some(length) = lengths.into_iter().find(|&length| length != rows) {
            return Err(Error::invalid("output", format!("must hold {rows} numbers, got {length}")));
        }
        let np = self.network.layout.np;
        for (block, first) in self.blocks.iter_mut().zip((0..rows).step_by(CHUNK)) {
            let count = CHUNK.min(rows - first);
            self.network.advance(block, (0, count), &self.inputs[first..], &mut self.logits);
            block.rewind();
            for (row, logits) in (first..first + count).zip(self.logits.chunks_exact_mut(np)) {
                let pick = Pick::sampled(sampling, row, self.steps);
                let choice = self.network.choose(logits, &mut self.probabilities, pick).map_err(|value| {
                    // Some rows have moved on and some have not.
                    self.rows = 0;
                    Error::NonFinite { what: "logits", value: f64::from(value), at: Some((row, self.steps)) }
                })?;
                out.actions[row] = choice.action as i32;
                out.log_probs[row] = choice.log_prob;
                out.entropies[row] = choice.entropy;
                out.values[row] = choice.value;
                self.inputs[row] = choice.action as u32;
            }
        }
        self.steps += 1;
        Ok(())
    }

    /// Makes `tokens` the next step's inputs, `[rows]`: what a closed loop was answered.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first bad element.
    pub fn feed(&mut self, tokens: &[i32]) -> Result<()> {
        if tokens.len() != self.rows {
            return Err(Error::invalid("tokens", format!("must hold {} tokens, got {}", self.rows, tokens.len())));
        }
        crate::engine::check_ids("tokens", tokens, self.network.config.vocab_size, "the vocabulary size")?;
        for (input, &token) in self.inputs.iter_mut().zip(tokens) {
            *input = token as u32;
        }
        Ok(())
    }
}

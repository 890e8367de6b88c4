//! Decisions one step at a time, on the caller's thread: what an application that uses a trained agent runs, and a closed loop steps.

use std::sync::Arc;

use super::encoder::BatchContext;
use super::history::{History, Holding};
use super::layout::Layout;
use super::reading::Reading;
use super::walk::{Pick, ROWS, Reads, Walk, choose, forbid};
use super::weights::Weights;
use crate::data::{Observation, Prompts, RolloutSpec, Sampling, check_ids, check_len};
use crate::error::{Error, Result};
use crate::kernel::buffer::Buffer;
use crate::memory::{Bytes, afford};
use crate::model::{self, Encoder, next_age};

/// Up to `size` rows under way with shared weights. No call allocates, but for contexts that are longer than all before and attended to or read
/// in order.
pub struct Policy {
    weights: Arc<Weights>,
    spec: RolloutSpec,
    batch: BatchContext,
    /// What a row of logits begins at, `[np]`.
    bias: Buffer,
    /// What logits are divided by before an action is chosen.
    temperature: f32,
    size: usize,
    /// Tokens of the longest contexts that there is room for.
    context: usize,
    rows: usize,
    steps: usize,
    /// How far the rows' episodes have come: which step is next, counted from 0, `[size]`.
    ages: Vec<u32>,
    /// Each keeps one step.
    blocks: Vec<Walk>,
    probabilities: Buffer,
}

/// Rows of another policy of the same model, between two steps.
pub(crate) struct CarriedRows<'a> {
    /// `[rows, layers, H]`.
    pub(crate) states: &'a [f32],
    /// The last layer's states that the next step attends to, the last one last, `[rows, window, H]`; empty without a window.
    pub(crate) past: &'a [f32],
    /// How far episodes have come, `[rows]`.
    pub(crate) ages: &'a [u32],
    /// The tokens that are read next, `[rows]`.
    pub(crate) inputs: &'a [u32],
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
    /// A policy of at most `size` rows.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a bad size, [`Error::Memory`] when there is none.
    pub fn new(weights: Arc<Weights>, spec: &RolloutSpec, size: usize) -> Result<Self> {
        if size == 0 || size > 1 << 20 {
            return Err(Error::invalid("size", format!("must be between 1 and {}, got {size}", 1 << 20)));
        }
        spec.validate(&weights.spec)?;
        let layout = &weights.layout;
        let rows = ROWS.min(size);
        let what = || format!("a session of {size} rows at hiddenSize {}", layout.hidden);
        let holding = Holding::ring(layout, rows);
        let of_block = Walk::bytes_for(layout, rows, 1).plus(History::bytes_for(layout, holding));
        let needed = of_block.times(size.div_ceil(ROWS)).plus(Bytes::floats(&[layout.np, 2]));
        afford(needed, "size", what, "Make a smaller one, or several one after another.")?;
        let mut blocks: Vec<Walk> = Vec::new();
        blocks.resize_with(size.div_ceil(ROWS), Walk::default);
        for block in &mut blocks {
            block.prepare(layout, rows, 1)?;
            block.history.prepare(layout, holding)?;
        }
        let mut bias = Buffer::zeros(layout.np)?;
        weights.write_head_bias(spec.action_mask.as_deref(), &mut bias);
        Ok(Self {
            spec: spec.clone(),
            batch: BatchContext::new(&weights)?,
            bias,
            temperature: 1.0,
            size,
            context: 0,
            rows: 0,
            steps: 0,
            ages: vec![0; size],
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
        let (rows, length) = (ROWS.min(self.size), prompts.context_len());
        if length > self.context {
            let what = || format!("contexts of {length} tokens for a session of {} rows", self.size);
            let needed = Reading::bytes_for(&weights.layout, (rows, 1), length).times(self.blocks.len());
            afford(needed, "contexts", what, "Make a smaller session, or pass shorter contexts.")?;
            self.context = length;
        }
        for block in &mut self.blocks {
            block.reading.prepare(&weights.layout, (rows, 1), length)?;
        }
        self.batch.read(weights, prompts);
        self.rows = prompts.rows;
        self.steps = 0;
        let reads_tokens = weights.layout.reads_tokens();
        for (block, first) in self.blocks.iter_mut().zip((0..self.rows).step_by(ROWS)) {
            block.reading.read(weights, prompts, (first, ROWS.min(self.rows - first)));
            block.begin(weights, &self.batch, prompts, (first, ROWS.min(self.rows - first)));
            block.history.begin();
            block.inputs.fill(if reads_tokens { self.spec.start_token as u32 } else { 0 });
        }
        self.ages.fill(0);
        Ok(())
    }

    /// Puts a row before the first step of a new episode, at the zero state: for a model without an encoder.
    ///
    /// # Errors
    /// [`Error::Invalid`] when there is no such row, or when the model begins an episode with a prompt.
    pub fn restart(&mut self, row: usize) -> Result<()> {
        let Weights { spec, layout, .. } = &*self.weights;
        if spec.encoder != Encoder::None {
            return Err(Error::invalid("rows", "must all begin together: the model begins an episode with a prompt"));
        }
        if row >= self.rows {
            return Err(Error::invalid("rows", format!("must be below the number of rows {}, got {row}", self.rows)));
        }
        let (block, at) = (&mut self.blocks[row / ROWS], row % ROWS);
        for layer in &mut block.layers {
            layer.state_mut(0)[at * layout.hp..][..layout.hp].fill(0.0);
        }
        if layout.reads_tokens() {
            block.inputs[at] = self.spec.start_token as u32;
        }
        block.history.restart(at);
        self.ages[row] = 0;
        Ok(())
    }

    /// Goes on by other weights of the same model; the rows' states stay, and what is attended to is made of them again.
    ///
    /// # Errors
    /// [`Error::Invalid`] when they are of another model.
    pub fn sync(&mut self, weights: Arc<Weights>) -> Result<()> {
        if weights.spec != self.weights.spec {
            return Err(Error::invalid("weights", "must be of the same model"));
        }
        weights.write_head_bias(self.spec.action_mask.as_deref(), &mut self.bias);
        self.blocks.iter_mut().for_each(|block| block.history.remake(&weights));
        self.weights = weights;
        Ok(())
    }

    /// Divides logits by `temperature` before an action is chosen, from the next step on.
    ///
    /// # Errors
    /// [`Error::Invalid`] unless it is finite and above 0.
    pub fn set_temperature(&mut self, temperature: f32) -> Result<()> {
        if !(temperature.is_finite() && temperature > 0.0) {
            return Err(Error::invalid("temperature", format!("must be a finite number above 0, got {temperature}")));
        }
        self.temperature = temperature;
        Ok(())
    }

    /// Writes the states before the next step, `[rows, layers, H]`.
    pub(crate) fn read_states(&self, out: &mut [f32]) {
        let &Layout { hidden, hp, .. } = &self.weights.layout;
        let layers = self.weights.spec.layers;
        for (row, out) in out.chunks_exact_mut(layers * hidden).enumerate().take(self.rows) {
            let block = &self.blocks[row / ROWS];
            for (layer, out) in block.layers.iter().zip(out.chunks_exact_mut(hidden)) {
                out.copy_from_slice(&layer.state(0)[row % ROWS * hp..][..hidden]);
            }
        }
    }

    /// Writes how far the rows' episodes have come, `[rows]`.
    pub(crate) fn read_ages(&self, out: &mut [i32]) {
        out.iter_mut().zip(&self.ages[..self.rows]).for_each(|(out, &age)| *out = age as i32);
    }

    /// Writes the last layer's states that the next step attends to, `[rows, window, H]`.
    pub(crate) fn read_past(&self, out: &mut [f32]) {
        let &Layout { hidden, hp, .. } = &self.weights.layout;
        let of_row = out.len() / self.rows.max(1);
        for (row, out) in out.chunks_exact_mut(of_row).enumerate().take(self.rows) {
            self.blocks[row / ROWS].history.read_states(row % ROWS, (hidden, hp), out);
        }
    }

    /// Puts all rows where others were.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an age or a token that there is none of; then the rows are as they were.
    pub(crate) fn carry_on(&mut self, carried: &CarriedRows<'_>) -> Result<()> {
        let &CarriedRows { states, past, ages, inputs } = carried;
        let Weights { spec, layout, .. } = &*self.weights;
        let bound = if layout.reads_tokens() { spec.vocabulary as u32 } else { 1 };
        if inputs.iter().any(|&input| input >= bound) || ages.iter().any(|&age| age > i32::MAX as u32) {
            return Err(Error::invalid("rows", "cannot have such ages or tokens"));
        }
        let (of_row, of_past) = (spec.layers * layout.hidden, past.len() / self.rows.max(1));
        for (block, first) in self.blocks.iter_mut().zip((0..self.rows).step_by(ROWS)) {
            let count = ROWS.min(self.rows - first);
            block.resume(layout, &states[first * of_row..][..count * of_row]);
            block.inputs[..count].copy_from_slice(&inputs[first..][..count]);
            block.history.begin();
            if let Some(model::History { window }) = spec.attention.history {
                for row in first..first + count {
                    let held = window.min(ages[row] as usize) * layout.hidden;
                    block.history.recall(
                        &self.weights,
                        row - first,
                        &past[row * of_past..][..of_past][of_past - held..],
                        ages[row],
                    );
                }
            }
        }
        self.ages[..self.rows].copy_from_slice(ages);
        Ok(())
    }

    /// Whether a row is before the first step of an episode.
    pub(crate) fn is_fresh(&self, row: usize) -> bool {
        self.ages[row] == 0
    }

    /// The token that a row reads next; 0 where none is read.
    pub(crate) fn input(&self, row: usize) -> u32 {
        self.blocks[row / ROWS].inputs[row % ROWS]
    }

    fn check_begun(&self) -> Result<()> {
        if self.rows == 0 {
            return Err(Error::invalid("session", "has not begun: call begin() first"));
        }
        Ok(())
    }

    /// What the rows read beside the token before.
    fn observe(&mut self, observation: &Observation<'_>) {
        let Weights { spec, layout, .. } = &*self.weights;
        for (row, &age) in self.ages[..self.rows].iter().enumerate() {
            let (block, at) = (&mut self.blocks[row / ROWS], row % ROWS);
            block.ages[at] = age;
            if layout.features > 0 {
                let Observation { discrete, dense, .. } = observation.row(spec, row);
                let out = &mut block.features[at * layout.fp..][..layout.features];
                spec.write_features((age == 0, age), discrete, dense, out);
            }
        }
    }

    /// Refuses what the rows cannot observe.
    ///
    /// # Errors
    /// [`Error::Invalid`] before [`Policy::begin`], or naming the first bad element of the observation.
    pub(crate) fn check(&self, observation: &Observation<'_>) -> Result<()> {
        self.check_begun()?;
        observation.check(&self.weights.spec, self.rows, self.spec.action_mask.as_deref())
    }

    /// The values of observations that end an episode or follow a rollout, `[rows]`: what the rows would think of going on. Nothing moves. The
    /// observation has been looked at by [`Policy::check`].
    ///
    /// # Errors
    /// [`Error::Invalid`] when the output has the wrong length.
    pub(crate) fn values(&mut self, observation: &Observation<'_>, out: &mut [f32]) -> Result<()> {
        check_len("output", out.len(), self.rows)?;
        self.observe(observation);
        let reads = Reads { weights: &self.weights, bias: &self.bias };
        let &Layout { np, actions, .. } = &self.weights.layout;
        for (block, out) in self.blocks.iter_mut().zip(out.chunks_mut(ROWS)) {
            block.advance(reads, (0, out.len()), None);
            for (value, logits) in out.iter_mut().zip(block.logits.chunks_exact(np)) {
                *value = logits[actions];
            }
        }
        Ok(())
    }

    /// Rows under way.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// One action for every row, by what it observes. The next step's input is the action chosen, or what [`Policy::feed`] says.
    ///
    /// # Errors
    /// [`Error::Invalid`] before [`Policy::begin`], naming the first bad element of the observation, or when an output has the wrong length.
    /// [`Error::NonFinite`] naming the row for which there are no probabilities: then the policy must begin again.
    pub fn step(&mut self, observation: &Observation<'_>, sampling: Sampling<'_>, out: &mut StepOutput<'_>) -> Result<()> {
        self.check(observation)?;
        self.decide(observation, sampling, out)
    }

    /// As [`Policy::step`], by an observation that [`Policy::check`] has looked at.
    pub(crate) fn decide(
        &mut self,
        observation: &Observation<'_>,
        sampling: Sampling<'_>,
        out: &mut StepOutput<'_>,
    ) -> Result<()> {
        let rows = self.rows;
        for length in [out.actions.len(), out.log_probs.len(), out.entropies.len(), out.values.len()] {
            check_len("output", length, rows)?;
        }
        self.observe(observation);
        let reads = Reads { weights: &self.weights, bias: &self.bias };
        let layout = &self.weights.layout;
        let reads_tokens = layout.reads_tokens();
        for (block, first) in self.blocks.iter_mut().zip((0..rows).step_by(ROWS)) {
            let count = ROWS.min(rows - first);
            block.advance(reads, (0, count), None);
            block.rewind(&self.weights.spec);
            block.history.pass(count);
            let Walk { logits, inputs, .. } = block;
            for ((row, logits), input) in (first..first + count).zip(logits.chunks_exact_mut(layout.np)).zip(inputs) {
                let allowed = observation.allowed.get(row * layout.actions..).filter(|allowed| !allowed.is_empty());
                forbid(logits, allowed.map(|allowed| &allowed[..layout.actions]));
                if self.temperature.to_bits() != 1_f32.to_bits() {
                    logits[..layout.actions].iter_mut().for_each(|logit| *logit /= self.temperature);
                }
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
        self.ages[..rows].iter_mut().for_each(|age| *age = next_age(*age));
        self.steps += 1;
        Ok(())
    }

    /// Counts steps from 0 again, for a stream of actions that begins anew.
    pub(crate) fn recount(&mut self) {
        self.steps = 0;
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

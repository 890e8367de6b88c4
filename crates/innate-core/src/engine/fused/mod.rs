//! The fast engine: fused CPU kernels over whole sequences, with a hand-written backward pass.
//!
//! A batch is cut into chunks of at most [`chunk::CHUNK`] rows; a chunk runs all its steps on one thread. Gradients of chunks are summed in a
//! fixed number of groups, then the groups in order. Activations of the last sampled rollout are kept: an update on the very actions that
//! were just emitted does not run forward again. What nothing is learned from (greedy rollouts, evaluations) keeps one step a thread.

mod backward;
mod budget;
mod chunk;
mod encoder;
mod history;
mod layout;
mod outputs;
mod parts;
mod policy;
mod reading;
mod reduce;
mod step;
mod walk;
mod weights;

use std::sync::{Arc, Mutex, PoisonError};

use self::backward::Group;
pub(crate) use self::budget::afford_network;
use self::budget::{Granted, Size};
use self::chunk::{Chunk, Scratch, Shared, Source, Undefined, height};
use self::encoder::BatchContext;
use self::history::Holding;
use self::layout::Partial;
use self::outputs::Evaluated;
pub(crate) use self::policy::CarriedRows;
pub use self::policy::{Policy, StepOutput};
use self::step::Optimizer;
pub use self::weights::Weights;
use super::Engine;
use crate::data::{Evaluation, Prompts, Rollout, RolloutSpec, Sampling, Trajectories};
use crate::error::{Error, Result};
use crate::kernel::buffer::Buffer;
use crate::kernel::pool::Pool;
use crate::kernel::simd::Isa;
use crate::memory::{afford, filled};
use crate::model::{self, ModelSpec};
use crate::objective::{Objective, Targets, Terms};
use crate::optimizer::{AdamState, OptimizerConfig};

/// Most gradient buffers that chunks are summed into, so the most threads that a backward pass keeps busy.
const GROUPS: usize = 16;

/// Parameters that one task of the optimizer takes.
const BLOCK: usize = 4096;

/// What helps where there is no memory for weights beside those that sessions hold.
const CLOSE: &str = "Close sessions, or make a smaller agent.";

/// What the kept activations belong to: programs, and the generation of the weights that ran over them.
#[derive(Default)]
struct Kept {
    /// Absent: nothing is kept.
    generation: Option<u64>,
    rows: usize,
    contexts: Vec<i32>,
    lengths: Option<Vec<i32>>,
    values: Option<Vec<f32>>,
    stages: Vec<i32>,
    actions: Vec<i32>,
    start_token: usize,
    action_mask: Option<Vec<bool>>,
}

impl Kept {
    fn set(&mut self, generation: u64, prompts: Prompts<'_>, actions: &[i32], spec: &RolloutSpec) {
        let refill = |kept: &mut Vec<i32>, with: &[i32]| {
            kept.clear();
            kept.extend_from_slice(with);
        };
        self.rows = prompts.rows;
        refill(&mut self.contexts, prompts.contexts);
        refill(&mut self.stages, prompts.stages);
        refill(&mut self.actions, actions);
        if self.lengths.as_deref() != prompts.lengths {
            self.lengths = prompts.lengths.map(Into::into);
        }
        if self.values.as_deref() != prompts.values {
            self.values = prompts.values.map(Into::into);
        }
        self.start_token = spec.start_token;
        if self.action_mask != spec.action_mask {
            self.action_mask.clone_from(&spec.action_mask);
        }
        self.generation = Some(generation);
    }

    fn is(&self, generation: u64, data: &Trajectories<'_>) -> bool {
        self.generation == Some(generation)
            && data.is_open_loop()
            && self.rows == data.rows
            && self.actions == *data.actions
            && self.contexts == *data.contexts
            && self.lengths.as_deref() == data.context_lengths.as_deref()
            && self.values.as_deref() == data.context_values.as_deref()
            && self.stages == *data.stages
            && self.start_token == data.rollout.start_token
            && self.action_mask == data.rollout.action_mask
    }

    fn bytes(&self) -> usize {
        let Self { contexts, lengths, values, stages, actions, .. } = self;
        let beside = lengths.as_ref().map_or(0, Vec::capacity) + values.as_ref().map_or(0, Vec::capacity);
        size_of::<i32>() * (contexts.capacity() + beside + stages.capacity() + actions.capacity())
    }
}

/// See the module.
pub struct Fused {
    weights: Arc<Weights>,
    batch: BatchContext,
    /// What a row of logits begins at, `[np]`.
    bias: Buffer,
    place: Partial,
    pool: Pool,
    optimizer: Optimizer,
    chunks: Vec<Mutex<Chunk>>,
    /// One a thread, for what is not kept.
    slots: Vec<Mutex<Chunk>>,
    scratch: Vec<Mutex<Scratch>>,
    groups: Vec<Mutex<Group>>,
    /// All groups' sums, laid out as a group.
    partial: Buffer,
    kept: Kept,
    granted: Granted,
}

/// Locks what no other thread holds: every chunk, group and scratch belongs to one task at a time.
fn hold<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn own<T>(mutex: &mut Mutex<T>) -> &mut T {
    mutex.get_mut().unwrap_or_else(PoisonError::into_inner)
}

/// Weights that nobody else has, to be changed: the present ones, or fresh ones where these are shared.
fn own_weights(weights: &mut Arc<Weights>) -> Result<&mut Weights> {
    if Arc::get_mut(weights).is_none() {
        afford(Weights::bytes_for(&weights.layout), "memory", || "another generation of weights".to_owned(), CLOSE)?;
        *weights = Arc::new(weights.next()?);
    }
    Arc::get_mut(weights).ok_or_else(|| Error::invalid("weights", "are shared"))
}

/// What a forward pass is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    /// Its outputs.
    Nothing,
    /// These and the logits.
    Logits,
    /// Its outputs, and a backward pass after it.
    Keep,
}

impl Fused {
    /// An engine on `threads` threads (0: as many as the machine offers) with the parameters `flat`.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the description or the length of `flat` is wrong.
    pub fn new(spec: &ModelSpec, threads: usize, flat: &[f32]) -> Result<Self> {
        Self::with_isa(spec, threads, flat, Isa::best())
    }

    /// As [`Fused::new`], with a chosen instruction set; for tests and benchmarks.
    ///
    /// # Errors
    /// As [`Fused::new`].
    pub fn with_isa(spec: &ModelSpec, threads: usize, flat: &[f32], isa: Isa) -> Result<Self> {
        let weights = Weights::unpacked(spec, flat, isa)?;
        let layout = &weights.layout;
        let place = Partial::new(layout);
        let pool = Pool::new(threads);
        Ok(Self {
            batch: BatchContext::new(&weights)?,
            bias: Buffer::zeros(layout.np)?,
            optimizer: Optimizer::new(layout.len)?,
            chunks: Vec::new(),
            slots: (0..pool.threads()).map(|_| Mutex::default()).collect(),
            scratch: (0..pool.threads()).map(|_| Mutex::default()).collect(),
            groups: Vec::new(),
            partial: Buffer::zeros(place.len)?,
            kept: Kept::default(),
            granted: Granted::default(),
            weights: Arc::new(weights),
            place,
            pool,
        })
    }

    /// Sees to it that the weights are packed. They are before they are shared, so whoever finds them unpacked has them alone.
    fn pack(&mut self) {
        if let Some(weights) = Arc::get_mut(&mut self.weights).filter(|weights| !weights.is_packed()) {
            weights.pack(&mut self.pool);
        }
    }

    /// Makes `self.batch` and `self.bias` those of a batch.
    fn prepare(&mut self, prompts: Prompts<'_>, mask: Option<&[bool]>) {
        self.pack();
        self.batch.read(&self.weights, prompts);
        self.weights.write_head_bias(mask, &mut self.bias);
    }

    /// Runs the network over `prompts`, keeping all activations or none.
    fn forward(&mut self, prompts: Prompts<'_>, steps: usize, source: Source<'_>, ask: Ask) -> Result<Evaluated> {
        let n = prompts.rows;
        let height = height(n);
        let count = n.div_ceil(height);
        let keep = ask == Ask::Keep;
        let past = matches!(source, Source::Given(data) if data.past.is_some());
        self.granted.forward(
            &self.weights.layout,
            Size { n, steps, context: prompts.context_len(), past, keep, logits: ask == Ask::Logits },
            self.pool.threads(),
        )?;
        if keep {
            self.kept.generation = None;
        }
        self.prepare(prompts, source.mask());
        let layout = &self.weights.layout;
        let mut out = Evaluated::new(n * steps, if ask == Ask::Logits { layout.actions } else { 0 })?;
        if self.chunks.len() < count && keep {
            self.chunks.resize_with(count, Mutex::default);
        }
        let (chunks, kept) = if keep { (&mut self.chunks[..count], steps) } else { (&mut self.slots[..], 1) };
        for chunk in &mut *chunks {
            own(chunk).prepare(layout, (steps, kept), prompts.context_len())?;
            own(chunk).walk.history.prepare(layout, Holding::sequence(layout, height, (steps, kept), past))?;
        }
        let shared = Shared { weights: &self.weights, batch: &self.batch, bias: &self.bias, prompts, steps };
        let undefined = Mutex::new(None::<Undefined>);
        let (chunks, parts) = (&*chunks, out.parts(height * steps));
        self.pool.run(count, &|task, worker| {
            let first = task * height;
            let mut chunk = hold(&chunks[if keep { task } else { worker }]);
            // SAFETY: each block is taken by one task.
            let (block, logits) = unsafe { parts.take(task) };
            match chunk.forward(&shared, (first, height.min(n - first)), source, logits) {
                Ok(()) => block.write(&chunk),
                Err(error) => {
                    let mut found = hold(&undefined);
                    if found.is_none_or(|found| error.at < found.at) {
                        *found = Some(error);
                    }
                }
            }
        });
        if let Some(Undefined { at, value }) = undefined.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(Error::NonFinite { what: "logits", value: f64::from(value), at: Some(at) });
        }
        Ok(out)
    }

    /// Runs forward over given trajectories unless what is kept is just that.
    fn ensure_forward(&mut self, data: &Trajectories<'_>) -> Result<()> {
        let generation = self.weights.generation();
        if self.kept.is(generation, data) {
            // What was evaluated since may have been another batch.
            self.prepare(data.prompts(), data.rollout.action_mask.as_deref());
            return Ok(());
        }
        self.forward(data.prompts(), data.steps(), Source::Given(data), Ask::Keep)?;
        if data.is_open_loop() {
            self.kept.set(generation, data.prompts(), &data.actions, data.rollout);
        }
        Ok(())
    }

    fn unpad(&self, values: &[f32]) -> Result<Vec<f32>> {
        self.weights.layout.unpad(&self.weights.spec, values)
    }
}

impl Engine for Fused {
    fn bytes(&self) -> usize {
        self.weights.bytes()
            + self.batch.bytes()
            + self.bias.bytes()
            + self.optimizer.bytes()
            + self.partial.bytes()
            + self.chunks.iter().chain(&self.slots).map(|chunk| hold(chunk).bytes()).sum::<usize>()
            + self.scratch.iter().map(|scratch| hold(scratch).bytes()).sum::<usize>()
            + self.groups.iter().map(|group| hold(group).bytes()).sum::<usize>()
            + self.kept.bytes()
    }

    fn rest(&mut self) {
        self.pool.rest();
    }

    fn weights(&mut self) -> Result<Arc<Weights>> {
        self.pack();
        Ok(Arc::clone(&self.weights))
    }

    fn parameters(&self) -> Result<Vec<f32>> {
        self.unpad(&self.weights.params)
    }

    fn set_parameters(&mut self, flat: &[f32]) -> Result<()> {
        own_weights(&mut self.weights)?.set_parameters(flat)
    }

    fn optimizer(&self) -> Result<AdamState> {
        let Optimizer { step, exp_avg, exp_avg_sq, .. } = &self.optimizer;
        Ok(AdamState { step: *step, exp_avg: self.unpad(exp_avg)?, exp_avg_sq: self.unpad(exp_avg_sq)? })
    }

    fn set_optimizer(&mut self, state: &AdamState) -> Result<()> {
        let Weights { spec, layout, .. } = &*self.weights;
        model::check_len(spec, "optimizer.exp_avg", &state.exp_avg)?;
        model::check_len(spec, "optimizer.exp_avg_sq", &state.exp_avg_sq)?;
        layout.pad(spec, &state.exp_avg, &mut self.optimizer.exp_avg);
        layout.pad(spec, &state.exp_avg_sq, &mut self.optimizer.exp_avg_sq);
        self.optimizer.step = state.step;
        Ok(())
    }

    fn rollout(&mut self, prompts: Prompts<'_>, spec: &RolloutSpec, sampling: Sampling<'_>) -> Result<Rollout> {
        self.weights.spec.check_open_loop()?;
        let ask = if sampling == Sampling::Greedy { Ask::Nothing } else { Ask::Keep };
        let out = self.forward(prompts, spec.horizon, Source::Sample(spec, sampling), ask)?;
        let Evaluated { actions, log_probs, entropies, values, .. } = out;
        if ask == Ask::Keep {
            self.kept.set(self.weights.generation(), prompts, &actions, spec);
        }
        Ok(Rollout { actions, log_probs, entropies, values })
    }

    fn evaluate(&mut self, data: &Trajectories<'_>) -> Result<Evaluation> {
        let out = self.forward(data.prompts(), data.steps(), Source::Given(data), Ask::Logits)?;
        let Evaluated { log_probs, entropies, values, logits, .. } = out;
        Ok(Evaluation { logits, log_probs, entropies, values })
    }

    fn accumulate(&mut self, data: &Trajectories<'_>, targets: &Targets<'_>, objective: &Objective) -> Result<Terms> {
        self.backward(data, targets, objective)
    }

    fn gradient(&self) -> Result<Vec<f32>> {
        if self.optimizer.accumulated {
            self.unpad(&self.optimizer.gradient)
        } else {
            filled(model::count(&self.weights.spec), 0.0)
        }
    }

    fn set_gradient(&mut self, flat: &[f32]) -> Result<()> {
        let Weights { spec, layout, .. } = &*self.weights;
        model::check_len(spec, "gradient", flat)?;
        self.optimizer.gradient.fill(0.0);
        layout.pad(spec, flat, &mut self.optimizer.gradient);
        (self.optimizer.accumulated, self.optimizer.norm) = (true, None);
        Ok(())
    }

    fn clear_gradient(&mut self) {
        self.optimizer.accumulated = false;
    }

    fn gradient_norm(&mut self) -> Result<f64> {
        self.optimizer.accumulated_norm(self.weights.isa)
    }

    fn apply(&mut self, config: &OptimizerConfig) -> Result<f64> {
        self.take_step(config)
    }
}

#[cfg(test)]
mod tests;

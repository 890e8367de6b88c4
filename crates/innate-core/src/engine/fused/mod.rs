//! The fast engine: fused CPU kernels over whole sequences, with a hand-written backward pass.
//!
//! A batch is cut into chunks of [`chunk::CHUNK`] problems; a chunk runs all its steps on one thread. Gradients of chunks are summed in a
//! fixed number of groups, then the groups in order. Activations of the last sampled rollout are kept: an update on the very actions that
//! were just emitted does not run forward again. What nothing is learned from (greedy rollouts, evaluations) keeps one step a thread.

mod budget;
mod chunk;
mod layout;
mod network;
mod objective;
mod outputs;
mod parts;
mod reduce;
mod session;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

pub(crate) use self::budget::afford_network;
use self::budget::{Granted, Size};
use self::chunk::{CHUNK, Chunk, Scratch, Shared, Source, Undefined};
use self::layout::Partial;
use self::network::Network;
use self::objective::{LossSums, Objective};
use self::outputs::Evaluated;
use self::parts::Parts;
pub use self::session::{Session, StepOutput};
use super::{AdamState, Engine, Episodes, Evaluation, Prompts, Rollout, Sampling, UpdateStats};
use crate::config::{NetworkConfig, UpdateConfig};
use crate::error::{Error, Result};
use crate::kernel::adam::{Adam, Step};
use crate::kernel::buffer::Buffer;
use crate::kernel::pool::Pool;
use crate::kernel::simd::Isa;
use crate::memory::filled;

/// Most gradient buffers that chunks are summed into, so the most threads that a backward pass keeps busy.
const GROUPS: usize = 16;

/// Parameters that one task of the optimizer takes.
const BLOCK: usize = 4096;

/// What the kept activations belong to.
#[derive(Default)]
struct Kept {
    valid: bool,
    contexts: Vec<i32>,
    stages: Vec<i32>,
    actions: Vec<i32>,
}

/// See the module.
pub struct Fused {
    network: Network,
    place: Partial,
    pool: Pool,
    exp_avg: Buffer,
    exp_avg_sq: Buffer,
    /// Where a step writes moments before they take the place of the present ones; made by the first.
    spare: [Buffer; 2],
    step: u64,
    chunks: Vec<Mutex<Chunk>>,
    /// One a thread, for what is not kept.
    slots: Vec<Mutex<Chunk>>,
    scratch: Vec<Mutex<Scratch>>,
    groups: Vec<Mutex<Group>>,
    /// All groups' sums, laid out as a group.
    partial: Buffer,
    gradient: Buffer,
    squares: Vec<f64>,
    kept: Kept,
    granted: Granted,
}

#[derive(Default)]
struct Group {
    gradient: Buffer,
    loss: LossSums,
}

/// Locks what no other thread holds: every chunk, group and scratch belongs to one task at a time.
fn hold<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn own<T>(mutex: &mut Mutex<T>) -> &mut T {
    mutex.get_mut().unwrap_or_else(PoisonError::into_inner)
}

impl Fused {
    /// An engine on `threads` threads (0: as many as the machine offers) with the parameters `flat`.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the configuration or the length of `flat` is wrong.
    pub fn new(config: NetworkConfig, threads: usize, flat: &[f32]) -> Result<Self> {
        Self::with_isa(config, threads, flat, Isa::best())
    }

    /// As [`Fused::new`], with a chosen instruction set; for tests and benchmarks.
    ///
    /// # Errors
    /// As [`Fused::new`].
    pub fn with_isa(config: NetworkConfig, threads: usize, flat: &[f32], isa: Isa) -> Result<Self> {
        let network = Network::new(config, isa, flat)?;
        let layout = &network.layout;
        let place = Partial::new(layout);
        let pool = Pool::new(threads);
        Ok(Self {
            exp_avg: Buffer::zeros(layout.len)?,
            exp_avg_sq: Buffer::zeros(layout.len)?,
            spare: <[Buffer; 2]>::default(),
            step: 0,
            chunks: Vec::new(),
            slots: (0..pool.threads()).map(|_| Mutex::default()).collect(),
            scratch: (0..pool.threads()).map(|_| Mutex::default()).collect(),
            groups: Vec::new(),
            partial: Buffer::zeros(place.len)?,
            gradient: Buffer::zeros(layout.len)?,
            squares: filled(layout.len.div_ceil(BLOCK), 0.0)?,
            kept: Kept::default(),
            granted: Granted::default(),
            network,
            place,
            pool,
        })
    }

    /// Runs the network over `prompts`, keeping all activations or none.
    fn forward(&mut self, prompts: Prompts<'_>, steps: usize, source: Source<'_>, ask: Ask) -> Result<Evaluated> {
        let n = prompts.len();
        let count = n.div_ceil(CHUNK);
        let keep = ask == Ask::Keep;
        let vocab = self.network.layout.vocab;
        self.granted.forward(&self.network, Size { n, steps, keep, logits: ask == Ask::Logits }, self.pool.threads())?;
        self.kept.valid &= !keep;
        let mut out = Evaluated::new(n * steps, if ask == Ask::Logits { vocab } else { 0 })?;
        if self.chunks.len() < count && keep {
            self.chunks.resize_with(count, Mutex::default);
        }
        let (chunks, kept) = if keep { (&mut self.chunks[..count], steps) } else { (&mut self.slots[..], 1) };
        for chunk in &mut *chunks {
            own(chunk).prepare(&self.network.layout, steps, kept)?;
        }
        self.network.prepare(prompts, &mut self.pool);
        let shared = Shared { network: &self.network, prompts, steps };
        let undefined = Mutex::new(None::<Undefined>);
        let (chunks, parts) = (&*chunks, out.parts(CHUNK * steps));
        self.pool.run(count, &|task, worker| {
            let first = task * CHUNK;
            let mut chunk = hold(&chunks[if keep { task } else { worker }]);
            // SAFETY: each block is taken by one task.
            let (block, logits) = unsafe { parts.take(task) };
            match chunk.forward(&shared, (first, CHUNK.min(n - first)), source, logits) {
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
        if keep {
            let kept = &mut self.kept;
            kept.contexts.clear();
            kept.contexts.extend_from_slice(prompts.contexts);
            kept.stages.clear();
            kept.stages.extend_from_slice(prompts.stages);
            kept.actions.clear();
            kept.actions.extend_from_slice(&out.actions);
            kept.valid = true;
        }
        Ok(out)
    }

    /// Runs forward over given actions unless the last forward pass that was kept was just that.
    fn ensure_forward(&mut self, prompts: Prompts<'_>, actions: &[i32]) -> Result<()> {
        let kept = &self.kept;
        let same = kept.valid && kept.actions == actions && kept.contexts == prompts.contexts && kept.stages == prompts.stages;
        if same {
            // What was evaluated since may have been another batch.
            self.network.prepare(prompts, &mut self.pool);
            return Ok(());
        }
        self.forward(prompts, actions.len() / prompts.len(), Source::Given(actions), Ask::Keep).map(drop)
    }

    /// Takes one step along `self.gradient`, or none when a weight or a moment would stop being finite. The next weights are written over the
    /// gradient.
    fn apply(&mut self, step: Step) -> Result<()> {
        let (isa, len) = (self.network.isa, self.network.layout.len);
        for spare in &mut self.spare {
            spare.grow(len)?;
        }
        let (weights, moments) = (&self.network.weights, [&self.exp_avg, &self.exp_avg_sq]);
        let gradient = Parts::new(&mut self.gradient, BLOCK);
        let next = self.spare.each_mut().map(|spare| Parts::new(spare, BLOCK));
        let finite = AtomicBool::new(true);
        self.pool.run(len.div_ceil(BLOCK), &|task, _| {
            let range = task * BLOCK..len.min((task + 1) * BLOCK);
            // SAFETY: each block is taken by one task.
            let (gradient, next) = unsafe { (gradient.take(task), next.each_ref().map(|next| next.take(task))) };
            let moments = moments.map(|moment| &moment[range.clone()]);
            if !isa.run(Adam { step, gradient, weight: &weights[range], moments, next }) {
                finite.store(false, Ordering::Relaxed);
            }
        });
        if !finite.into_inner() {
            let mut written = std::iter::once(&self.gradient).chain(&self.spare).flat_map(|buffer| &**buffer);
            let value = written.find(|x| !x.is_finite()).map_or(f64::NAN, |&x| f64::from(x));
            return Err(Error::NonFinite { what: "weights", value, at: None });
        }
        let [exp_avg, exp_avg_sq] = &mut self.spare;
        std::mem::swap(&mut self.network.weights, &mut self.gradient);
        std::mem::swap(&mut self.exp_avg, exp_avg);
        std::mem::swap(&mut self.exp_avg_sq, exp_avg_sq);
        self.step += 1;
        self.network.weights_changed();
        self.kept.valid = false;
        Ok(())
    }

    fn unpad(&self, values: &[f32]) -> Result<Vec<f32>> {
        self.network.layout.unpad(&self.network.config, values)
    }

    /// Leaves the gradient, before clipping, in `self.gradient`.
    fn backward(&mut self, episodes: Episodes<'_>, config: &UpdateConfig) -> Result<UpdateStats> {
        let Episodes { prompts, actions, .. } = episodes;
        let (n, steps) = (prompts.len(), episodes.steps());
        let count = n.div_ceil(CHUNK);
        let groups = count.min(GROUPS);
        self.granted.backward(&self.network, &self.place, (n, steps, groups), self.pool.threads())?;
        self.ensure_forward(prompts, actions)?;
        if self.groups.len() < groups {
            self.groups.resize_with(groups, Mutex::default);
        }
        for group in &mut self.groups[..groups] {
            own(group).gradient.grow(self.place.len)?;
        }
        for scratch in &mut self.scratch {
            own(scratch).prepare(&self.network.layout, steps)?;
        }
        let shared = Shared { network: &self.network, prompts, steps };
        let objective = Objective::new(episodes, config);
        let Self { chunks, scratch, groups: all_groups, place, .. } = self;
        self.pool.run(groups, &|task, worker| {
            let group = &mut *hold(&all_groups[task]);
            group.gradient.fill(0.0);
            group.loss = LossSums::default();
            let range = task * count / groups..(task + 1) * count / groups;
            for (chunk, first) in chunks[range.clone()].iter().zip((range.start * CHUNK..).step_by(CHUNK)) {
                let out = (&*place, &mut *group.gradient);
                let loss = hold(chunk).backward(&shared, first, &objective, &mut hold(&scratch[worker]), out);
                group.loss.policy += loss.policy;
                group.loss.value += loss.value;
                group.loss.entropy += loss.entropy;
            }
        });
        let mut stats = objective.stats(self.groups[..groups].iter_mut().map(|group| own(group).loss));
        stats.explained_variance = self.explained_variance(episodes, config.baseline);
        if !stats.loss.is_finite() {
            return Err(Error::NonFinite { what: "loss", value: stats.loss, at: None });
        }
        self.sum_groups(groups);
        self.finish_gradient(prompts);
        let sum: f64 = self.squares.iter().sum();
        stats.grad_norm = sum.sqrt();
        if !stats.grad_norm.is_finite() {
            return Err(Error::NonFinite { what: "grad_norm", value: stats.grad_norm, at: None });
        }
        Ok(stats)
    }
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

/// PyTorch's `clip_grad_norm_`: min(1, max/(norm + 1e−6)).
fn clip_coefficient(norm: f64, max: f64) -> f32 {
    (max / (norm + 1e-6)).min(1.0) as f32
}

impl Engine for Fused {
    fn bytes(&self) -> usize {
        let buffers = [&self.exp_avg, &self.exp_avg_sq, &self.partial, &self.gradient].into_iter().chain(&self.spare);
        let Kept { contexts, stages, actions, .. } = &self.kept;
        self.network.bytes()
            + buffers.map(Buffer::bytes).sum::<usize>()
            + self.chunks.iter().chain(&self.slots).map(|chunk| hold(chunk).bytes()).sum::<usize>()
            + self.scratch.iter().map(|scratch| hold(scratch).bytes()).sum::<usize>()
            + self.groups.iter().map(|group| hold(group).gradient.bytes()).sum::<usize>()
            + size_of_val(&*self.squares)
            + size_of::<i32>() * (contexts.capacity() + stages.capacity() + actions.capacity())
    }

    fn rest(&mut self) {
        self.pool.rest();
    }

    fn parameters(&self) -> Result<Vec<f32>> {
        self.unpad(&self.network.weights)
    }

    fn set_parameters(&mut self, flat: &[f32]) -> Result<()> {
        self.network.set_parameters(flat)?;
        self.kept.valid = false;
        Ok(())
    }

    fn optimizer(&self) -> Result<AdamState> {
        Ok(AdamState { step: self.step, exp_avg: self.unpad(&self.exp_avg)?, exp_avg_sq: self.unpad(&self.exp_avg_sq)? })
    }

    fn set_optimizer(&mut self, state: &AdamState) -> Result<()> {
        let Network { config, layout, .. } = &self.network;
        self.network.check_flat(&state.exp_avg)?;
        self.network.check_flat(&state.exp_avg_sq)?;
        layout.pad(config, &state.exp_avg, &mut self.exp_avg);
        layout.pad(config, &state.exp_avg_sq, &mut self.exp_avg_sq);
        self.step = state.step;
        Ok(())
    }

    fn rollout(&mut self, prompts: Prompts<'_>, sampling: Sampling) -> Result<Rollout> {
        let ask = if sampling == Sampling::Greedy { Ask::Nothing } else { Ask::Keep };
        let out = self.forward(prompts, self.network.config.horizon, Source::Sample(sampling), ask)?;
        let Evaluated { actions, log_probs, entropies, values, .. } = out;
        Ok(Rollout { actions, log_probs, entropies, values })
    }

    fn evaluate(&mut self, prompts: Prompts<'_>, actions: &[i32]) -> Result<Evaluation> {
        let out = self.forward(prompts, actions.len() / prompts.len(), Source::Given(actions), Ask::Logits)?;
        let Evaluated { log_probs, entropies, values, logits, .. } = out;
        Ok(Evaluation { logits, log_probs, entropies, values })
    }

    fn gradients(&mut self, episodes: Episodes<'_>, config: &UpdateConfig) -> Result<(UpdateStats, Vec<f32>)> {
        let stats = self.backward(episodes, config)?;
        let clip = clip_coefficient(stats.grad_norm, config.max_grad_norm);
        let mut flat = self.unpad(&self.gradient)?;
        for x in &mut flat {
            *x *= clip;
        }
        Ok((stats, flat))
    }

    fn update(&mut self, episodes: Episodes<'_>, config: &UpdateConfig) -> Result<UpdateStats> {
        let stats = self.backward(episodes, config)?;
        let clip = clip_coefficient(stats.grad_norm, config.max_grad_norm);
        self.apply(Step::new(config, self.step + 1, clip))?;
        Ok(stats)
    }
}

#[cfg(test)]
mod tests;

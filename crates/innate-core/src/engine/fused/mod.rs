//! The fast engine: fused CPU kernels over whole sequences, with a hand-written backward pass.
//!
//! A batch is cut into chunks of [`chunk::CHUNK`] problems; a chunk runs all its steps on one thread. Gradients of chunks are summed in a
//! fixed number of groups, then the groups in order. Activations of the last forward pass are kept: an update on the very actions that were
//! just emitted does not run forward again.

mod chunk;
mod layout;
mod network;
mod parts;
mod reduce;
mod session;

use std::sync::{Mutex, PoisonError};

use self::chunk::{CHUNK, Chunk, LossSums, Scratch, Shared, Source};
use self::layout::{Layout, Partial};
use self::network::Network;
use self::parts::Parts;
pub use self::session::{Session, StepOutput};
use super::{AdamState, Engine, Episodes, Evaluation, Prompts, Rollout, Sampling, UpdateStats};
use crate::config::{NetworkConfig, UpdateConfig};
use crate::error::{Error, Result};
use crate::kernel::adam::{Adam, Step};
use crate::kernel::buffer::Buffer;
use crate::kernel::pool::Pool;
use crate::kernel::simd::Isa;

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
    step: u64,
    chunks: Vec<Mutex<Chunk>>,
    scratch: Vec<Mutex<Scratch>>,
    groups: Vec<Mutex<Group>>,
    /// All groups' sums, laid out as a group.
    partial: Buffer,
    gradient: Buffer,
    squares: Vec<f64>,
    kept: Kept,
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
            exp_avg: Buffer::zeros(layout.len),
            exp_avg_sq: Buffer::zeros(layout.len),
            step: 0,
            chunks: Vec::new(),
            scratch: (0..pool.threads()).map(|_| Mutex::default()).collect(),
            groups: Vec::new(),
            partial: Buffer::zeros(place.len),
            gradient: Buffer::zeros(layout.len),
            squares: vec![0.0; layout.len.div_ceil(BLOCK)],
            kept: Kept::default(),
            network,
            place,
            pool,
        })
    }

    fn forward(&mut self, prompts: Prompts<'_>, steps: usize, source: Source<'_>) {
        self.kept.valid = false;
        self.network.prepare(prompts, &mut self.pool);
        let n = prompts.len();
        let count = n.div_ceil(CHUNK);
        if self.chunks.len() < count {
            self.chunks.resize_with(count, Mutex::default);
        }
        let shared = Shared { network: &self.network, prompts, steps };
        let chunks = &self.chunks;
        self.pool.run(count, &|task, _| {
            let first = task * CHUNK;
            hold(&chunks[task]).forward(&shared, first, CHUNK.min(n - first), source);
        });
        let kept = &mut self.kept;
        kept.contexts.clear();
        kept.contexts.extend_from_slice(prompts.contexts);
        kept.stages.clear();
        kept.stages.extend_from_slice(prompts.stages);
        kept.actions.clear();
        for chunk in &mut self.chunks[..count] {
            kept.actions.extend_from_slice(&own(chunk).actions);
        }
        kept.valid = true;
    }

    /// Runs forward over given actions unless the last forward pass was just that.
    fn ensure_forward(&mut self, prompts: Prompts<'_>, actions: &[i32]) {
        let kept = &self.kept;
        let same = kept.valid && kept.actions == actions && kept.contexts == prompts.contexts && kept.stages == prompts.stages;
        if !same {
            self.forward(prompts, actions.len() / prompts.len(), Source::Given(actions));
        }
    }

    fn unpad(&self, values: &[f32]) -> Vec<f32> {
        self.network.layout.unpad(&self.network.config, values)
    }

    fn gather<T: Copy>(&mut self, n: usize, of: impl Fn(&Chunk) -> &[T]) -> Vec<T> {
        let chunks = self.chunks[..n.div_ceil(CHUNK)].iter_mut();
        chunks.map(|chunk| of(own(chunk))).collect::<Vec<_>>().concat()
    }

    /// Leaves the gradient, before clipping, in `self.gradient`.
    fn backward(&mut self, episodes: Episodes<'_>, config: &UpdateConfig) -> Result<UpdateStats> {
        let Episodes { prompts, actions, returns } = episodes;
        self.ensure_forward(prompts, actions);
        let (n, steps) = (prompts.len(), episodes.steps());
        let count = n.div_ceil(CHUNK);
        let groups = count.min(GROUPS);
        if self.groups.len() < groups {
            self.groups.resize_with(groups, Mutex::default);
        }
        let shared = Shared { network: &self.network, prompts, steps };
        let Self { chunks, scratch, groups: all_groups, place, .. } = self;
        self.pool.run(groups, &|task, worker| {
            let group = &mut *hold(&all_groups[task]);
            group.gradient.grow(place.len);
            group.gradient.fill(0.0);
            group.loss = LossSums::default();
            let range = task * count / groups..(task + 1) * count / groups;
            for (chunk, first) in chunks[range.clone()].iter().zip((range.start * CHUNK..).step_by(CHUNK)) {
                let out = (&*place, &mut *group.gradient);
                let loss = hold(chunk).backward(&shared, first, returns, config, &mut hold(&scratch[worker]), out);
                group.loss.policy += loss.policy;
                group.loss.value += loss.value;
                group.loss.entropy += loss.entropy;
            }
        });
        let mut stats = LossSums::stats(self.groups[..groups].iter_mut().map(|group| own(group).loss), n, steps, config);
        stats.explained_variance = self.explained_variance(returns, steps, config.baseline);
        if !stats.loss.is_finite() {
            return Err(Error::NonFinite { what: "loss", value: stats.loss });
        }
        self.sum_groups(groups);
        self.finish_gradient(prompts);
        let sum: f64 = self.squares.iter().sum();
        stats.grad_norm = sum.sqrt();
        if !stats.grad_norm.is_finite() {
            return Err(Error::NonFinite { what: "grad_norm", value: stats.grad_norm });
        }
        Ok(stats)
    }
}

/// PyTorch's `clip_grad_norm_`: min(1, max/(norm + 1e−6)).
fn clip_coefficient(norm: f64, max: f64) -> f32 {
    (max / (norm + 1e-6)).min(1.0) as f32
}

impl Engine for Fused {
    fn parameters(&self) -> Result<Vec<f32>> {
        Ok(self.unpad(&self.network.weights))
    }

    fn set_parameters(&mut self, flat: &[f32]) -> Result<()> {
        self.network.set_parameters(flat)?;
        self.kept.valid = false;
        Ok(())
    }

    fn optimizer(&self) -> Result<AdamState> {
        Ok(AdamState { step: self.step, exp_avg: self.unpad(&self.exp_avg), exp_avg_sq: self.unpad(&self.exp_avg_sq) })
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
        self.forward(prompts, self.network.config.horizon, Source::Sample(sampling));
        let n = prompts.len();
        Ok(Rollout {
            actions: self.kept.actions.clone(),
            log_probs: self.gather(n, |chunk| &chunk.log_probs),
            entropies: self.gather(n, |chunk| &chunk.entropies),
            values: self.gather(n, |chunk| &chunk.values),
        })
    }

    fn evaluate(&mut self, prompts: Prompts<'_>, actions: &[i32]) -> Result<Evaluation> {
        self.ensure_forward(prompts, actions);
        let n = prompts.len();
        let (steps, &Layout { np, vocab, .. }) = (actions.len() / n, &self.network.layout);
        let mut logits = Vec::with_capacity(n * steps * vocab);
        for chunk in &mut self.chunks[..n.div_ceil(CHUNK)] {
            let chunk = own(chunk);
            for row in 0..chunk.rows {
                for t in 0..steps {
                    logits.extend_from_slice(&chunk.logits[(t * CHUNK + row) * np..][..vocab]);
                }
            }
        }
        Ok(Evaluation {
            logits,
            log_probs: self.gather(n, |chunk| &chunk.log_probs),
            entropies: self.gather(n, |chunk| &chunk.entropies),
            values: self.gather(n, |chunk| &chunk.values),
        })
    }

    fn gradients(&mut self, episodes: Episodes<'_>, config: &UpdateConfig) -> Result<(UpdateStats, Vec<f32>)> {
        let stats = self.backward(episodes, config)?;
        let clip = clip_coefficient(stats.grad_norm, config.max_grad_norm);
        let mut flat = self.unpad(&self.gradient);
        for x in &mut flat {
            *x *= clip;
        }
        Ok((stats, flat))
    }

    fn update(&mut self, episodes: Episodes<'_>, config: &UpdateConfig) -> Result<UpdateStats> {
        let stats = self.backward(episodes, config)?;
        self.step += 1;
        let step = Step::new(config, self.step, clip_coefficient(stats.grad_norm, config.max_grad_norm));
        let (isa, gradient, len) = (self.network.isa, &self.gradient, self.network.layout.len);
        let weights = Parts::new(&mut self.network.weights, BLOCK);
        let exp_avg = Parts::new(&mut self.exp_avg, BLOCK);
        let exp_avg_sq = Parts::new(&mut self.exp_avg_sq, BLOCK);
        self.pool.run(len.div_ceil(BLOCK), &|task, _| {
            // SAFETY: each block is taken by one task.
            let (weight, exp_avg, exp_avg_sq) = unsafe { (weights.take(task), exp_avg.take(task), exp_avg_sq.take(task)) };
            let gradient = &gradient[task * BLOCK..len.min((task + 1) * BLOCK)];
            isa.run(Adam { step, gradient, weight, exp_avg, exp_avg_sq });
        });
        self.network.weights_changed();
        self.kept.valid = false;
        Ok(stats)
    }
}

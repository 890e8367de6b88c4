//! The fast engine: fused CPU kernels over whole sequences, with a hand-written backward pass.
//!
//! A batch is cut into chunks of [`chunk::CHUNK`] problems; a chunk runs all its steps on one thread. Gradients of chunks are summed in a
//! fixed number of groups, then the groups in order. Activations of the last forward pass are kept: an update on the very actions that were
//! just emitted does not run forward again.

mod chunk;
mod layout;
mod parts;

use std::sync::{Mutex, PoisonError};

use self::chunk::{CHUNK, Chunk, LossSums, Packed, Scratch, Shared, Source};
use self::layout::{Layout, Partial};
use self::parts::Parts;
use super::{AdamState, Engine, Evaluation, Prompts, Rollout, Sampling, UpdateStats};
use crate::config::{Baseline, ContextPooling, NetworkConfig, UpdateConfig};
use crate::error::{Error, Result};
use crate::kernel::adam::{Adam, Step, Sum, SumOfSquares};
use crate::kernel::buffer::Buffer;
use crate::kernel::gru::{self, InputGates};
use crate::kernel::matmul::{Matmul, Start};
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
    config: NetworkConfig,
    layout: Layout,
    place: Partial,
    isa: Isa,
    pool: Pool,
    weights: Buffer,
    exp_avg: Buffer,
    exp_avg_sq: Buffer,
    step: u64,
    /// Whether `packed` is made of the present weights.
    packed_valid: bool,
    packed: Packed,
    pooled: Buffer,
    chunks: Vec<Mutex<Chunk>>,
    scratch: Vec<Mutex<Scratch>>,
    groups: Vec<Mutex<Group>>,
    /// All groups' sums, laid out as a group.
    partial: Buffer,
    gradient: Buffer,
    squares: Vec<f64>,
    token_counts: Vec<f32>,
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
        config.validate()?;
        let layout = Layout::new(&config);
        let place = Partial::new(&layout);
        let pool = Pool::new(threads);
        let mut engine = Self {
            isa,
            weights: Buffer::zeros(layout.len),
            exp_avg: Buffer::zeros(layout.len),
            exp_avg_sq: Buffer::zeros(layout.len),
            step: 0,
            packed_valid: false,
            packed: Packed::default(),
            pooled: Buffer::zeros(layout.hp),
            chunks: Vec::new(),
            scratch: (0..pool.threads()).map(|_| Mutex::default()).collect(),
            groups: Vec::new(),
            partial: Buffer::zeros(place.len),
            gradient: Buffer::zeros(layout.len),
            squares: vec![0.0; layout.len.div_ceil(BLOCK)],
            token_counts: vec![0.0; layout.vocab],
            kept: Kept::default(),
            config,
            layout,
            place,
            pool,
        };
        engine.set_parameters(flat)?;
        Ok(engine)
    }

    fn check_flat(&self, flat: &[f32]) -> Result<()> {
        let count = crate::params::count(&self.config);
        if flat.len() == count {
            Ok(())
        } else {
            Err(Error::invalid("parameters", format!("must hold {count} numbers, got {}", flat.len())))
        }
    }

    /// Brings the packed weights up to date.
    fn pack(&mut self) {
        if self.packed_valid {
            return;
        }
        let Self { layout, isa, packed, weights, config, .. } = self;
        let &mut Layout { hp, hidden, vocab, np, .. } = layout;
        let lanes = gru::lanes(*isa);
        let (panel, panels) = (gru::panel_len(hidden, lanes), hp / lanes);
        packed.recurrent.grow(panels * panel);
        packed.input.grow(panels * panel);
        packed.table.grow(vocab * 3 * hp);
        packed.head.grow(hidden * np);
        packed.head_bias.grow(np);
        let recurrent = Parts::new(&mut packed.recurrent, panel);
        let input = Parts::new(&mut packed.input, panel);
        let weights = &**weights;
        self.pool.run(2 * panels, &|task, _| {
            let (parts, weight) = if task < panels { (&recurrent, &layout.weight_hh) } else { (&input, &layout.weight_ih) };
            // SAFETY: each panel is taken by one task.
            let out = unsafe { parts.take(task % panels) };
            gru::pack_panel(&weights[weight.clone()], hp, hidden, lanes, task % panels, out);
        });
        isa.run(InputGates {
            rows: vocab,
            hp,
            k: hidden,
            x: &weights[layout.emb.clone()],
            panels: &packed.input,
            bias: &weights[layout.bias_ih.clone()],
            out: &mut packed.table,
        });
        let head = &weights[layout.head.clone()];
        for (k, out) in packed.head.chunks_exact_mut(np).enumerate() {
            for (token, x) in out[..=vocab].iter_mut().enumerate() {
                *x = head[token * hp + k];
            }
        }
        packed.head_bias.fill(f32::NEG_INFINITY);
        packed.head_bias[..=vocab].copy_from_slice(&weights[layout.head_bias.clone()][..=vocab]);
        if let Some(mask) = &config.action_mask {
            for (bias, _) in packed.head_bias.iter_mut().zip(mask).filter(|(_, allowed)| !**allowed) {
                *bias = f32::NEG_INFINITY;
            }
        }
        self.packed_valid = true;
    }

    /// Mean embedding over all contexts of the batch, and how often each token occurs in them.
    fn pool_contexts(&mut self, prompts: Prompts<'_>) {
        if self.config.pooling == ContextPooling::Own {
            return;
        }
        self.token_counts.fill(0.0);
        for &token in prompts.contexts {
            self.token_counts[token as usize] += 1.0;
        }
        self.pooled.fill(0.0);
        let hp = self.layout.hp;
        let emb = &self.weights[self.layout.emb.clone()];
        for (&count, emb) in self.token_counts.iter().zip(emb.chunks_exact(hp)) {
            let share = count / prompts.contexts.len() as f32;
            for (sum, &x) in self.pooled.iter_mut().zip(emb) {
                *sum += share * x;
            }
        }
    }

    fn forward(&mut self, prompts: Prompts<'_>, steps: usize, source: Source<'_>) {
        self.kept.valid = false;
        self.pack();
        self.pool_contexts(prompts);
        let n = prompts.len();
        let count = n.div_ceil(CHUNK);
        if self.chunks.len() < count {
            self.chunks.resize_with(count, Mutex::default);
        }
        let shared = Shared {
            isa: self.isa,
            config: &self.config,
            layout: &self.layout,
            weights: &self.weights,
            packed: &self.packed,
            pooled: &self.pooled,
            prompts,
            steps,
        };
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

    fn gather<T: Copy>(&mut self, n: usize, of: impl Fn(&Chunk) -> &[T]) -> Vec<T> {
        let mut out = Vec::new();
        for chunk in &mut self.chunks[..n.div_ceil(CHUNK)] {
            let values = of(own(chunk));
            if out.is_empty() {
                out.reserve_exact(values.len() / CHUNK.min(n) * n);
            }
            out.extend_from_slice(values);
        }
        out
    }

    /// Leaves the gradient, before clipping, in `self.gradient`.
    fn backward(&mut self, prompts: Prompts<'_>, actions: &[i32], returns: &[f32], config: &UpdateConfig) -> Result<UpdateStats> {
        self.ensure_forward(prompts, actions);
        let (n, steps) = (prompts.len(), actions.len() / prompts.len());
        let count = n.div_ceil(CHUNK);
        let groups = count.min(GROUPS);
        if self.groups.len() < groups {
            self.groups.resize_with(groups, Mutex::default);
        }
        let shared = Shared {
            isa: self.isa,
            config: &self.config,
            layout: &self.layout,
            weights: &self.weights,
            packed: &self.packed,
            pooled: &self.pooled,
            prompts,
            steps,
        };
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

    fn explained_variance(&mut self, returns: &[f32], steps: usize, baseline: Baseline) -> f64 {
        let (mut targets, mut errors) = (Moments::default(), Moments::default());
        let mut rows = returns.iter();
        for chunk in &mut self.chunks[..returns.len().div_ceil(CHUNK)] {
            for (values, &target) in own(chunk).values.chunks_exact(steps).zip(&mut rows) {
                targets.add(f64::from(target));
                match baseline {
                    Baseline::Program => errors.add(f64::from(target - values.iter().sum::<f32>())),
                    Baseline::Step => values.iter().for_each(|&value| errors.add(f64::from(target - value))),
                }
            }
        }
        if targets.variance() > 1e-12 { 1.0 - errors.variance() / targets.variance() } else { f64::NAN }
    }

    fn sum_groups(&mut self, groups: usize) {
        let mut sources: [&[f32]; GROUPS] = [&[]; GROUPS];
        for (source, group) in sources.iter_mut().zip(&mut self.groups[..groups]) {
            *source = &own(group).gradient;
        }
        let sources = &sources[..groups];
        let isa = self.isa;
        let len = self.place.len;
        let parts = Parts::new(&mut self.partial, BLOCK);
        self.pool.run(len.div_ceil(BLOCK), &|task, _| {
            let range = task * BLOCK..len.min((task + 1) * BLOCK);
            let mut blocks: [&[f32]; GROUPS] = [&[]; GROUPS];
            for (block, source) in blocks.iter_mut().zip(sources) {
                *block = &source[range.clone()];
            }
            // SAFETY: each block is taken by one task.
            isa.run(Sum { parts: &blocks[..groups], out: unsafe { parts.take(task) } });
        });
    }

    /// From sums over problems to the gradient of every parameter, and its squares by block.
    fn finish_gradient(&mut self, prompts: Prompts<'_>) {
        let Self { layout, place, isa, weights, gradient, partial, .. } = self;
        let (isa, layout, place) = (*isa, &*layout, &*place);
        let &Layout { hp, vocab, .. } = layout;
        let table = &partial[place.table.clone()];
        let emb = &weights[layout.emb.clone()];
        let out = &mut **gradient;
        out[layout.weight_hh.clone()].copy_from_slice(&partial[place.weight_hh.clone()]);
        out[layout.head.clone()].copy_from_slice(&partial[place.head.clone()]);
        out[layout.head_bias.clone()].copy_from_slice(&partial[place.head_bias.clone()]);
        out[layout.head_bias.clone()][vocab + 1..].fill(0.0);
        out[layout.stage_emb.clone()].copy_from_slice(&partial[place.stage_emb.clone()]);
        out[layout.bias_hh.clone()].copy_from_slice(&partial[place.dgates.clone()][..3 * hp]);
        out[layout.bias_ih.clone()][..2 * hp].copy_from_slice(&partial[place.dgates.clone()][..2 * hp]);
        out[layout.bias_ih.clone()][2 * hp..].copy_from_slice(&partial[place.dgates.clone()][3 * hp..]);
        // The embeddings, as contexts and then as inputs.
        out[layout.emb.clone()].copy_from_slice(&partial[place.emb.clone()]);
        if self.config.pooling == ContextPooling::Batch {
            let pooled = &partial[place.pooled.clone()];
            for (&count, d) in self.token_counts.iter().zip(out[layout.emb.clone()].chunks_exact_mut(hp)) {
                let share = count / prompts.contexts.len() as f32;
                d.iter_mut().zip(pooled).for_each(|(d, &x)| *d += share * x);
            }
        }
        // W_ih in blocks of rows, the embeddings in the task after them.
        let rows = 3 * hp / 8;
        let (before, rest) = out.split_at_mut(layout.weight_ih.start);
        let weight_parts = Parts::new(&mut rest[..layout.weight_ih.len()], rows * hp);
        let emb_parts = Parts::new(&mut before[layout.emb.clone()], vocab * hp);
        self.pool.run(9, &|task, _| {
            if task == 0 {
                isa.run(Matmul {
                    m: vocab,
                    n: hp,
                    k: 3 * hp,
                    a: table,
                    a_row: 3 * hp,
                    a_col: 1,
                    b: &weights[layout.weight_ih.clone()],
                    b_row: hp,
                    // SAFETY: only this task takes it.
                    c: unsafe { emb_parts.take(0) },
                    c_row: hp,
                    start: Start::Accumulate,
                });
            } else {
                isa.run(Matmul {
                    m: rows,
                    n: hp,
                    k: vocab,
                    a: &table[(task - 1) * rows..],
                    a_row: 1,
                    a_col: 3 * hp,
                    b: emb,
                    b_row: hp,
                    // SAFETY: each block of rows is taken by one task.
                    c: unsafe { weight_parts.take(task - 1) },
                    c_row: hp,
                    start: Start::Zero,
                });
            }
        });
        for (square, block) in self.squares.iter_mut().zip(gradient.chunks(BLOCK)) {
            *square = isa.run(SumOfSquares(block));
        }
    }
}

/// Running first and second moment.
#[derive(Default)]
struct Moments {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, x: f64) {
        self.count += 1.0;
        self.sum += x;
        self.squares += x * x;
    }

    fn variance(&self) -> f64 {
        let mean = self.sum / self.count;
        self.squares / self.count - mean * mean
    }
}

/// PyTorch's `clip_grad_norm_`: min(1, max/(norm + 1e−6)).
fn clip_coefficient(norm: f64, max: f64) -> f32 {
    (max / (norm + 1e-6)).min(1.0) as f32
}

impl Engine for Fused {
    fn parameters(&self) -> Result<Vec<f32>> {
        Ok(self.layout.unpad(&self.config, &self.weights))
    }

    fn set_parameters(&mut self, flat: &[f32]) -> Result<()> {
        self.check_flat(flat)?;
        self.layout.pad(&self.config, flat, &mut self.weights);
        self.packed_valid = false;
        self.kept.valid = false;
        Ok(())
    }

    fn optimizer(&self) -> Result<AdamState> {
        Ok(AdamState {
            step: self.step,
            exp_avg: self.layout.unpad(&self.config, &self.exp_avg),
            exp_avg_sq: self.layout.unpad(&self.config, &self.exp_avg_sq),
        })
    }

    fn set_optimizer(&mut self, state: &AdamState) -> Result<()> {
        self.check_flat(&state.exp_avg)?;
        self.check_flat(&state.exp_avg_sq)?;
        self.layout.pad(&self.config, &state.exp_avg, &mut self.exp_avg);
        self.layout.pad(&self.config, &state.exp_avg_sq, &mut self.exp_avg_sq);
        self.step = state.step;
        Ok(())
    }

    fn rollout(&mut self, prompts: Prompts<'_>, sampling: Sampling) -> Result<Rollout> {
        self.forward(prompts, self.config.horizon, Source::Sample(sampling));
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
        let (steps, &Layout { np, vocab, .. }) = (actions.len() / n, &self.layout);
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

    fn gradients(
        &mut self,
        prompts: Prompts<'_>,
        actions: &[i32],
        returns: &[f32],
        config: &UpdateConfig,
    ) -> Result<(UpdateStats, Vec<f32>)> {
        let stats = self.backward(prompts, actions, returns, config)?;
        let clip = clip_coefficient(stats.grad_norm, config.max_grad_norm);
        let mut flat = self.layout.unpad(&self.config, &self.gradient);
        for x in &mut flat {
            *x *= clip;
        }
        Ok((stats, flat))
    }

    fn update(&mut self, prompts: Prompts<'_>, actions: &[i32], returns: &[f32], config: &UpdateConfig) -> Result<UpdateStats> {
        let stats = self.backward(prompts, actions, returns, config)?;
        self.step += 1;
        let step = Step::new(config, self.step, clip_coefficient(stats.grad_norm, config.max_grad_norm));
        let (isa, gradient) = (self.isa, &self.gradient);
        let weights = Parts::new(&mut self.weights, BLOCK);
        let exp_avg = Parts::new(&mut self.exp_avg, BLOCK);
        let exp_avg_sq = Parts::new(&mut self.exp_avg_sq, BLOCK);
        let len = self.layout.len;
        self.pool.run(len.div_ceil(BLOCK), &|task, _| {
            // SAFETY: each block is taken by one task.
            let (weight, exp_avg, exp_avg_sq) = unsafe { (weights.take(task), exp_avg.take(task), exp_avg_sq.take(task)) };
            let gradient = &gradient[task * BLOCK..len.min((task + 1) * BLOCK)];
            isa.run(Adam { step, gradient, weight, exp_avg, exp_avg_sq });
        });
        self.packed_valid = false;
        self.kept.valid = false;
        Ok(stats)
    }
}

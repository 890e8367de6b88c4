//! One network, two ways to run it: [`fused`] is fast, [`plain`] is written with Candle's own operations and autograd. Each is the
//! other's check, and `plain` is what CUDA runs.
//!
//! | symbol | meaning |
//! |---|---|
//! | `n` | problems in the batch |
//! | `L` | tokens of a context |
//! | `T` | tokens of a program (the horizon, or what the given actions have) |
//! | `V`, `S`, `H` | vocabulary, stages, hidden size |

pub mod fused;
pub mod plain;

use crate::config::{NetworkConfig, UpdateConfig};
use crate::error::{Error, Result};
use crate::rng::{Seed, Stream};

/// Added to a probability inside the logarithm of the entropy, as the tutorial does.
pub const ENTROPY_EPSILON: f32 = 1e-9;

/// The problems of one batch.
#[derive(Debug, Clone, Copy)]
pub struct Prompts<'a> {
    /// Token ids, `[n, L]`.
    pub contexts: &'a [i32],
    /// Stage ids, `[n]`.
    pub stages: &'a [i32],
}

impl<'a> Prompts<'a> {
    /// Checks lengths and ranges, so that no kernel has to.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first bad element.
    pub fn new(config: &NetworkConfig, contexts: &'a [i32], stages: &'a [i32]) -> Result<Self> {
        let prompts = Self { contexts, stages };
        prompts.check(config)?;
        Ok(prompts)
    }

    fn check(&self, config: &NetworkConfig) -> Result<()> {
        let &Self { contexts, stages } = self;
        let n = self.len();
        if n == 0 {
            return Err(Error::invalid("stages", "must hold at least one problem, got none"));
        }
        if contexts.is_empty() || !contexts.len().is_multiple_of(n) {
            return Err(Error::invalid(
                "contexts",
                format!("must hold the same number of tokens for each of the {n} problems, got {} in all", contexts.len()),
            ));
        }
        check_ids("contexts", contexts, config.vocab_size, "the vocabulary size")?;
        check_ids("stages", stages, config.stage_count, "the number of stages")
    }

    /// Problems in the batch, `n`.
    pub fn len(&self) -> usize {
        self.stages.len()
    }

    /// Whether the batch is empty; never, once checked.
    pub fn is_empty(&self) -> bool {
        self.stages.is_empty()
    }

    /// Tokens of a context, `L`.
    pub fn context_len(&self) -> usize {
        self.contexts.len() / self.stages.len()
    }

    /// Checks actions `[n, T]` against this batch and returns `T`.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first bad element.
    pub fn check_actions(&self, config: &NetworkConfig, actions: &[i32]) -> Result<usize> {
        let n = self.len();
        if actions.is_empty() || !actions.len().is_multiple_of(n) {
            return Err(Error::invalid(
                "actions",
                format!("must hold the same number of tokens for each of the {n} problems, got {} in all", actions.len()),
            ));
        }
        check_ids("actions", actions, config.vocab_size, "the vocabulary size")?;
        if let Some(mask) = &config.action_mask
            && let Some(index) = actions.iter().position(|&token| !mask[token as usize])
        {
            return Err(Error::invalid(
                format!("actions[{index}]"),
                format!("token {} is masked: the network gives it probability 0", actions[index]),
            ));
        }
        Ok(actions.len() / n)
    }
}

/// What an update learns from: programs and what they earned.
#[derive(Debug, Clone, Copy)]
pub struct Episodes<'a> {
    /// The problems.
    pub prompts: Prompts<'a>,
    /// Tokens emitted, `[n, T]`; after a program's end too they must be tokens that can be emitted.
    pub actions: &'a [i32],
    /// Steps of each program that count, `[n]`, each 1 to `T`: what was emitted after them changes nothing. All count where absent.
    pub lengths: Option<&'a [i32]>,
    /// Return of each program, `[n]`.
    pub returns: &'a [f32],
}

impl Episodes<'_> {
    /// Checks lengths and ranges, so that no kernel has to.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first bad element.
    pub fn check(&self, config: &NetworkConfig) -> Result<()> {
        let &Self { prompts, actions, lengths, returns } = self;
        prompts.check(config)?;
        let steps = prompts.check_actions(config, actions)?;
        if let Some(lengths) = lengths {
            check_lengths(lengths, prompts.len(), steps)?;
        }
        if returns.len() != prompts.len() {
            return Err(Error::invalid("returns", format!("must hold {} numbers, got {}", prompts.len(), returns.len())));
        }
        match returns.iter().position(|value| !value.is_finite()) {
            Some(index) => {
                Err(Error::invalid(format!("returns[{index}]"), format!("must be a finite number, got {}", returns[index])))
            }
            None => Ok(()),
        }
    }

    /// Tokens of a program, `T`.
    pub fn steps(&self) -> usize {
        self.actions.len() / self.prompts.len()
    }

    /// Steps of one program that count.
    pub(crate) fn length(&self, problem: usize) -> usize {
        self.lengths.map_or(self.steps(), |lengths| lengths[problem] as usize)
    }

    /// Steps that count in all programs.
    pub(crate) fn counted(&self) -> usize {
        (0..self.prompts.len()).map(|problem| self.length(problem)).sum()
    }
}

fn check_lengths(lengths: &[i32], n: usize, steps: usize) -> Result<()> {
    if lengths.len() != n {
        return Err(Error::invalid("lengths", format!("must hold {n} numbers, got {}", lengths.len())));
    }
    match lengths.iter().position(|&length| length < 1 || length as usize > steps) {
        Some(index) => {
            Err(Error::invalid(format!("lengths[{index}]"), format!("must be between 1 and {steps}, got {}", lengths[index])))
        }
        None => Ok(()),
    }
}

pub(crate) fn check_ids(name: &str, ids: &[i32], limit: usize, what: &str) -> Result<()> {
    match ids.iter().position(|&id| id < 0 || id as usize >= limit) {
        Some(index) => Err(Error::invalid(
            format!("{name}[{index}]"),
            format!("must be at least 0 and below {what} {limit}, got {}", ids[index]),
        )),
        None => Ok(()),
    }
}

/// How actions are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sampling {
    /// The most probable token; the lowest id on a tie.
    Greedy,
    /// Inverse transform sampling: the first allowed token whose cumulative probability exceeds
    /// [`Seed::action_uniform`]`(rollout, row, step)`, or the last allowed one.
    Random {
        /// The agent's seed.
        seed: Seed,
        /// Number of this rollout, the stream's counter.
        rollout: u64,
    },
    /// The same from the stream of sessions, so that none repeats what training drew.
    Session {
        /// The session's seed.
        seed: Seed,
        /// How often the session has begun.
        begun: u64,
    },
}

impl Sampling {
    /// The uniform that chooses the action of `row` at `step`; `None` for the most probable token.
    #[inline]
    pub(crate) fn uniform(self, row: usize, step: usize) -> Option<f32> {
        match self {
            Self::Greedy => None,
            Self::Random { seed, rollout } => Some(seed.action_uniform(rollout, row, step)),
            Self::Session { seed, begun } => Some(seed.uniform(Stream::Session, begun, row, step)),
        }
    }
}

/// A whole open-loop rollout.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rollout {
    /// Tokens emitted, `[n, T]`.
    pub actions: Vec<i32>,
    /// log π(a), `[n, T]`.
    pub log_probs: Vec<f32>,
    /// −Σ π·log(π + 1e−9), `[n, T]`.
    pub entropies: Vec<f32>,
    /// v, `[n, T]`.
    pub values: Vec<f32>,
}

/// What the network says of given actions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Evaluation {
    /// Before the softmax, `[n, T, V]`; −∞ where masked.
    pub logits: Vec<f32>,
    /// log π(a), `[n, T]`.
    pub log_probs: Vec<f32>,
    /// −Σ π·log(π + 1e−9), `[n, T]`.
    pub entropies: Vec<f32>,
    /// v, `[n, T]`.
    pub values: Vec<f32>,
}

/// The terms of one update.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct UpdateStats {
    /// `policy + value_coef·value − entropy_coef·entropy`.
    pub loss: f64,
    /// `−mean(Σ_t log π(a_t) · advantage)`, the mean over problems.
    pub policy_loss: f64,
    /// Mean of (V̂ − R)² over problems, or of (v_t − R)² over steps that count.
    pub value_loss: f64,
    /// Mean entropy over steps that count; at least 0.
    pub entropy: f64,
    /// Global gradient norm before clipping.
    pub grad_norm: f64,
    /// 1 − Var(R − V̂)/Var(R); NaN when all returns are equal.
    pub explained_variance: f64,
}

/// Adam's state, aligned with the flat parameters.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AdamState {
    /// Steps taken.
    pub step: u64,
    /// First moments.
    pub exp_avg: Vec<f32>,
    /// Second moments.
    pub exp_avg_sq: Vec<f32>,
}

/// The actor-critic update over whole programs. With `n` problems, program i's steps t < l_i that count, `N = Σ_i l_i` of them, all sums over
/// these alone, and no gradient through advantages:
///
/// ```text
/// Baseline::Program   V̂_i = Σ_t v_it    A_it = R_i − V̂_i     value = Σ_i (V̂_i − R_i)² / n
/// Baseline::Step                        A_it = R_i − v_it    value = Σ_it (v_it − R_i)² / N
/// policy = −Σ_it log π(a_it)·A_it / n    entropy = Σ_it H(π_it) / N
/// loss = policy + value_coef·value − entropy_coef·entropy
/// ```
///
/// The policy's term is a sum over a program's steps, as the gradient of its expected return is; so that no term knows how much was emitted
/// after the ends. Clip by global norm as PyTorch does, coefficient `min(1, max/(norm + 1e−6))`; Adam as PyTorch does. Inputs have been checked by
/// [`Prompts::new`], [`Prompts::check_actions`] and [`Episodes::check`].
pub trait Engine: Send {
    /// Bytes that are held between calls, those on the device included.
    fn bytes(&self) -> usize;

    /// Ends the threads that the next call would start again.
    fn rest(&mut self) {}

    /// The parameters, flat (see [`crate::params`]).
    ///
    /// # Errors
    /// When the device cannot be read.
    fn parameters(&self) -> Result<Vec<f32>>;

    /// Replaces the parameters.
    ///
    /// # Errors
    /// When the device cannot be written.
    fn set_parameters(&mut self, flat: &[f32]) -> Result<()>;

    /// Adam's state.
    ///
    /// # Errors
    /// When the device cannot be read.
    fn optimizer(&self) -> Result<AdamState>;

    /// Replaces Adam's state.
    ///
    /// # Errors
    /// When the device cannot be written.
    fn set_optimizer(&mut self, state: &AdamState) -> Result<()>;

    /// Emits `horizon` tokens for each problem.
    ///
    /// # Errors
    /// When a device operation fails.
    fn rollout(&mut self, prompts: Prompts<'_>, sampling: Sampling) -> Result<Rollout>;

    /// Runs the network over given actions `[n, T]`.
    ///
    /// # Errors
    /// When a device operation fails.
    fn evaluate(&mut self, prompts: Prompts<'_>, actions: &[i32]) -> Result<Evaluation>;

    /// The loss and its gradient after clipping, flat; nothing is changed.
    ///
    /// # Errors
    /// [`Error::NonFinite`], or when a device operation fails.
    fn gradients(&mut self, episodes: Episodes<'_>, config: &UpdateConfig) -> Result<(UpdateStats, Vec<f32>)>;

    /// One Adam step on the clipped gradient.
    ///
    /// # Errors
    /// [`Error::NonFinite`] before anything is changed, or when a device operation fails.
    fn update(&mut self, episodes: Episodes<'_>, config: &UpdateConfig) -> Result<UpdateStats>;
}

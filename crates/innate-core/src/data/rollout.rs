//! How actions are emitted, and what comes of it.

use super::check::check_len;
use crate::error::{Error, Result};
use crate::model::ModelSpec;
use crate::rng::{Seed, Stream};

/// What an open-loop rollout needs to know beside the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutSpec {
    /// Tokens emitted, `T`.
    pub horizon: usize,
    /// The token before the first one.
    pub start_token: usize,
    /// Which actions may be emitted, `[A]`; `None` allows all.
    pub action_mask: Option<Vec<bool>>,
}

impl RolloutSpec {
    /// Refuses what no rollout of `model` can be made with, naming the first bad field.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the field's name as path.
    pub fn validate(&self, model: &ModelSpec) -> Result<()> {
        let Self { horizon, start_token, action_mask } = self;
        let limit = 1 << 20;
        if *horizon == 0 || *horizon > limit {
            return Err(Error::invalid("horizon", format!("must be between 1 and {limit}, got {horizon}")));
        }
        if model.embeds() && *start_token >= model.vocabulary {
            let message = format!("must be below the vocabulary size {}, got {start_token}", model.vocabulary);
            return Err(Error::invalid("startToken", message));
        }
        if let Some(mask) = action_mask {
            if mask.len() != model.actions() {
                return Err(Error::invalid(
                    "actionMask",
                    format!("must have one entry a token, {} in all, got {}", model.actions(), mask.len()),
                ));
            }
            if !mask.contains(&true) {
                return Err(Error::invalid("actionMask", "must allow at least one token"));
            }
        }
        Ok(())
    }

    /// Whether `action` may be emitted.
    pub fn allows(&self, action: usize) -> bool {
        self.action_mask.as_ref().is_none_or(|mask| mask[action])
    }
}

/// How actions are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sampling<'a> {
    /// The most probable action; the lowest id on a tie.
    Greedy,
    /// Inverse transform sampling: the first allowed action whose cumulative probability exceeds
    /// [`Seed::action_uniform`]`(rollout, row, step)`, or the last allowed one.
    Random {
        /// The agent's seed.
        seed: Seed,
        /// Number of this rollout, the stream's counter.
        rollout: u64,
    },
    /// As [`Sampling::Random`], but for one step a row, where every allowed action is as probable as the others: of `m` allowed ones, in the
    /// order of their ids, the one at place `⌊u·m⌋` for the uniform `u` of this row and step. What is said of it is the policy's.
    Exploring {
        /// The agent's seed.
        seed: Seed,
        /// Number of this rollout, the stream's counter.
        rollout: u64,
        /// Which step, `[n]`; −1 for none.
        steps: &'a [i32],
    },
    /// The same from the stream of sessions, so that none repeats what training drew.
    Session {
        /// The session's seed.
        seed: Seed,
        /// How often the session has begun.
        begun: u64,
    },
}

impl Sampling<'_> {
    /// The uniform that chooses the action of `row` at `step`; `None` for the most probable one.
    #[inline]
    pub(crate) fn uniform(self, row: usize, step: usize) -> Option<f32> {
        match self {
            Self::Greedy => None,
            Self::Random { seed, rollout } | Self::Exploring { seed, rollout, .. } => {
                Some(seed.action_uniform(rollout, row, step))
            }
            Self::Session { seed, begun } => Some(seed.uniform(Stream::Session, begun, row, step)),
        }
    }

    /// Whether the action of `row` at `step` is any of those allowed.
    #[inline]
    pub(crate) fn explores(self, row: usize, step: usize) -> bool {
        matches!(self, Self::Exploring { steps, .. } if usize::try_from(steps[row]) == Ok(step))
    }
}

/// Refuses steps to explore at that are none of `horizon`, one a row.
pub(crate) fn check_explored(steps: &[i32], rows: usize, horizon: usize) -> Result<()> {
    check_len("randomSteps", steps.len(), rows)?;
    match steps.iter().position(|&step| step < -1 || step >= horizon as i32) {
        Some(index) => Err(Error::invalid(
            format!("randomSteps[{index}]"),
            format!("must be at least -1 and below the horizon {horizon}, got {}", steps[index]),
        )),
        None => Ok(()),
    }
}

/// A place among `count` equally probable ones, by a uniform in `[0, 1)`.
#[inline]
pub(crate) fn place(uniform: f32, count: usize) -> usize {
    ((f64::from(uniform) * count as f64) as usize).min(count - 1)
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
    /// Before the softmax, `[n, T, A]`; −∞ where not allowed.
    pub logits: Vec<f32>,
    /// log π(a), `[n, T]`.
    pub log_probs: Vec<f32>,
    /// −Σ π·log(π + 1e−9), `[n, T]`.
    pub entropies: Vec<f32>,
    /// v, `[n, T]`.
    pub values: Vec<f32>,
}

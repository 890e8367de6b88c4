//! What an update improves: the terms of the loss and how each is averaged (see [`crate::engine::Engine`]).

use crate::config::{Baseline, UpdateConfig};
use crate::engine::{Episodes, UpdateStats};

/// What programs are to be improved by.
pub(super) struct Objective<'a> {
    pub(super) episodes: Episodes<'a>,
    pub(super) config: &'a UpdateConfig,
    /// Problems, `n`.
    pub(super) problems: f64,
    /// Steps that count, `N`.
    pub(super) steps: f64,
    /// Estimates of a return, a problem: 1, or the mean length.
    pub(super) estimates: f64,
}

/// Sums over the problems of a chunk.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LossSums {
    pub(super) policy: f64,
    pub(super) value: f64,
    pub(super) entropy: f64,
}

impl<'a> Objective<'a> {
    pub(super) fn new(episodes: Episodes<'a>, config: &'a UpdateConfig) -> Self {
        let (problems, steps) = (episodes.prompts.len() as f64, episodes.counted() as f64);
        let estimates = match config.baseline {
            Baseline::Program => 1.0,
            Baseline::Step => steps / problems,
        };
        Self { episodes, config, problems, steps, estimates }
    }

    /// The terms of the loss.
    pub(super) fn stats(&self, parts: impl Iterator<Item = LossSums>) -> UpdateStats {
        let &Self { config, problems, steps, .. } = self;
        let total = parts.fold(LossSums::default(), |a, b| LossSums {
            policy: a.policy + b.policy,
            value: a.value + b.value,
            entropy: a.entropy + b.entropy,
        });
        let (policy_loss, value_loss, entropy) = (total.policy / problems, total.value / problems, total.entropy / steps);
        UpdateStats {
            loss: policy_loss + config.value_coef * value_loss - config.entropy_coef * entropy,
            policy_loss,
            value_loss,
            entropy,
            ..UpdateStats::default()
        }
    }
}

//! What may be chosen, and which of it is.

use candle_core::{Device, Tensor};

use super::Candle;
use crate::data::{RolloutSpec, Sampling, Trajectories, place};
use crate::error::{Error, Result};
use crate::model::ModelSpec;

/// The actions that a rollout's mask leaves, `M` of the model's `A`. The policy's head is computed for these alone: whatever the weights are, a
/// masked action has no part in the distribution.
pub(super) struct Menu {
    /// `[M]`, ascending.
    actions: Vec<u32>,
    /// Each action's place in `actions`, `[A]`; of no meaning where it is masked.
    places: Vec<u32>,
}

impl Menu {
    pub(super) fn new(spec: &ModelSpec, rollout: &RolloutSpec) -> Self {
        let actions: Vec<u32> =
            (0..spec.actions()).filter(|&action| rollout.allows(action)).map(|action| action as u32).collect();
        let mut places = vec![0; spec.actions()];
        for (place, &action) in (0..).zip(&actions) {
            places[action as usize] = place;
        }
        Self { actions, places }
    }

    /// The menu's rows of a head's weight or bias.
    pub(super) fn rows_of(&self, weight: &Tensor) -> Candle<Tensor> {
        if self.actions.len() == self.places.len() {
            return Ok(weight.clone());
        }
        weight.index_select(&Tensor::from_slice(&self.actions, self.actions.len(), weight.device())?, 0)
    }

    /// The action at a place.
    pub(super) fn action(&self, place: usize) -> i32 {
        self.actions[place] as i32
    }

    /// The place of each action.
    pub(super) fn places(&self, actions: &[i32]) -> Vec<u32> {
        actions.iter().map(|&action| self.places[action as usize]).collect()
    }

    /// Non-zero where an action is allowed at its step, `[n·T, M]`; `None` where no step has a mask of its own.
    pub(super) fn allowed(&self, data: &Trajectories<'_>, device: &Device) -> Candle<Option<Tensor>> {
        let Some(allowed) = &data.allowed else { return Ok(None) };
        let steps = allowed.chunks_exact(self.places.len());
        let of_menu: Vec<u8> = steps.flat_map(|step| self.actions.iter().map(|&action| step[action as usize])).collect();
        Tensor::from_vec(of_menu, (data.actions.len(), self.actions.len()), device).map(Some)
    }

    /// The logits `[A]` of a menu's `[M]`.
    pub(super) fn widen(&self, logits: &[f32]) -> Vec<f32> {
        let mut all = vec![f32::NEG_INFINITY; self.places.len()];
        self.actions.iter().zip(logits).for_each(|(&action, &logit)| all[action as usize] = logit);
        all
    }
}

/// Refuses a row of logits or probabilities that are no distribution: with a NaN, or without a finite largest one.
pub(super) fn defined(scores: &[f32], row: usize, step: usize) -> Result<()> {
    let largest =
        scores.iter().copied().fold(f32::NEG_INFINITY, |largest, x| if x > largest || x.is_nan() { x } else { largest });
    // A NaN compares as neither larger nor smaller, so it stays.
    if largest.is_finite() {
        return Ok(());
    }
    Err(Error::NonFinite { what: "logits", value: f64::from(largest), at: Some((row, step)) })
}

/// The place of a row's action, as [`Sampling`] says, by its logits or probabilities.
pub(super) fn choose(scores: &[f32], sampling: Sampling<'_>, row: usize, step: usize) -> usize {
    let mut chosen = 0;
    match sampling.uniform(row, step) {
        Some(uniform) if sampling.explores(row, step) => chosen = place(uniform, scores.len()),
        None => {
            for (place, &score) in scores.iter().enumerate() {
                if score > scores[chosen] {
                    chosen = place;
                }
            }
        }
        Some(uniform) => {
            let mut cumulative = 0.0;
            for (place, &probability) in scores.iter().enumerate().filter(|(_, probability)| **probability > 0.0) {
                chosen = place;
                cumulative += probability;
                if cumulative > uniform {
                    break;
                }
            }
        }
    }
    chosen
}

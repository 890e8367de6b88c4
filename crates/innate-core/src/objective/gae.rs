//! Generalized advantage estimation (Schulman et al., 2016) over whole rows in which episodes end.
//!
//! ```text
//! δ_t = r_t + γ·v_{t+1} − v_t          where v_{t+1} is 0 after an end, and the pending observation's value at the end of the row
//! A_t = δ_t + γ·λ·A_{t+1}              where A_{t+1} is 0 after an end
//! target_t = A_t + v_t
//! ```
//!
//! An episode that was cut off, not terminated, goes on in what its reward already holds: γ·v of its last observation.

use crate::error::{Error, Result};
use crate::optimizer::{check_all, finite};

/// How far rewards reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gae {
    /// Discount a step, γ, 0 to 1.
    pub gamma: f64,
    /// How much of later errors an advantage takes, λ, 0 to 1.
    pub lambda: f64,
}

/// Rows of steps, `[n, T]` each.
#[derive(Debug, Clone, Copy)]
pub struct Returns<'a> {
    /// Steps of a row, `T`.
    pub steps: usize,
    /// Rewards; γ·v of the last observation is in them where an episode was cut off.
    pub rewards: &'a [f32],
    /// Values when the actions were chosen.
    pub values: &'a [f32],
    /// Non-zero where an episode ended with the step, one way or the other.
    pub ends: &'a [u8],
    /// Values of what follows the last step, `[n]`; not looked at where that ended an episode.
    pub last_values: &'a [f32],
}

impl Gae {
    /// Refuses what is no share, naming the first bad field.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the field's name as path.
    pub fn validate(&self) -> Result<()> {
        let share = |x: f64| finite(x) && (0.0..=1.0).contains(&x);
        let &Self { gamma, lambda } = self;
        check_all([
            ("gamma", gamma, share(gamma), "a number from 0 to 1"),
            ("gaeLambda", lambda, share(lambda), "a number from 0 to 1"),
        ])
    }

    /// Writes advantages and what the values are fitted to, `[n, T]`.
    ///
    /// # Errors
    /// [`Error::Invalid`] when lengths differ: nothing is broadcast.
    pub fn write(&self, of: &Returns<'_>, advantages: &mut [f32], targets: &mut [f32]) -> Result<()> {
        let &Self { gamma, lambda } = self;
        let &Returns { steps, rewards, values, ends, last_values } = of;
        let cells = last_values.len() * steps;
        for (path, len) in [
            ("rewards", rewards.len()),
            ("values", values.len()),
            ("ends", ends.len()),
            ("advantages", advantages.len()),
            ("targets", targets.len()),
        ] {
            if len != cells {
                return Err(Error::invalid(path, format!("must hold {cells} numbers, got {len}")));
            }
        }
        for (row, &last) in last_values.iter().enumerate() {
            let (mut next, mut advantage) = (f64::from(last), 0.0);
            for at in (row * steps..(row + 1) * steps).rev() {
                let value = f64::from(values[at]);
                if ends[at] != 0 {
                    (next, advantage) = (0.0, 0.0);
                }
                advantage = f64::from(rewards[at]) + gamma * next - value + gamma * lambda * advantage;
                next = value;
                advantages[at] = advantage as f32;
                targets[at] = (advantage + value) as f32;
            }
        }
        Ok(())
    }
}

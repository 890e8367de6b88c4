//! What a network is shown and what it did: prompts, whole rollouts, and trajectories to learn from.
//!
//! | symbol | meaning |
//! |---|---|
//! | `n` | rows of the batch |
//! | `L` | tokens of a context |
//! | `T` | steps of a row |
//! | `V`, `A`, `S`, `H` | tokens, actions, stages, hidden size |

mod check;
mod observation;
mod prompts;
mod rollout;
mod trajectories;

pub(crate) use check::{check_finite, check_ids, check_len};
pub use observation::Observation;
pub use prompts::Prompts;
pub use rollout::{Evaluation, Rollout, RolloutSpec, Sampling};
pub(crate) use rollout::{check_explored, place};
pub use trajectories::Trajectories;

//! Recurrent actor-critic training on Candle: the network, its loss, the optimizer, the random streams and the checkpoint.
//!
//! Nothing here knows JavaScript, what a token means or what a stage means. See `ARCHITECTURE.md` for the layers.

pub mod agent;
pub mod checkpoint;
pub mod collect;
pub mod data;
pub mod device;
pub mod engine;
pub mod error;
pub mod kernel;
mod memory;
pub mod model;
pub mod objective;
pub mod optimizer;
pub mod rng;

pub use agent::{Agent, AgentState, Lesson, NamedTensor, Placement};
pub use error::{Error, Result};

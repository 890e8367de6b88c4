//! The section in which a trainer keeps what it goes on with, and the one that says which state of the agent it belongs to.

use serde_json::{Value, json};

use super::hash::fnv1a;
use crate::agent::AgentState;

/// The trainer's own text.
pub const TRAINER: &str = "trainer";
/// Adam's step and the sampled rollouts that it belongs to, for an agent that went on without its trainer has others; and the text's hash.
pub const TRAINER_OF: &str = "trainer.of";

fn of(state: &AgentState, text: &str) -> Value {
    json!({ "hash": format!("{:016x}", fnv1a(text.as_bytes())), "rollouts": state.rollouts, "step": state.optimizer.step })
}

/// The state with a trainer's text, which belongs to it as it is now.
#[must_use]
pub fn with_trainer(mut state: AgentState, text: String) -> AgentState {
    let of = of(&state, &text).to_string();
    state.sections.insert(TRAINER.to_owned(), text);
    state.sections.insert(TRAINER_OF.to_owned(), of);
    state
}

/// Takes a trainer's text out of a state; none where there is none, or where it belongs to another state of the agent.
pub fn take_trainer(state: &mut AgentState) -> Option<String> {
    let text = state.sections.remove(TRAINER);
    let belongs = state.sections.remove(TRAINER_OF).and_then(|said| serde_json::from_str::<Value>(&said).ok());
    text.filter(|text| belongs == Some(of(state, text)))
}

//! What a decoded state must be good for, whatever bytes it came from. The fuzz target uses it too.

#![allow(clippy::expect_used, reason = "a failure here is what is looked for")]

use innate_core::checkpoint::{decode, encode};
use innate_core::config::{DeviceKind, EngineKind, UpdateConfig};
use innate_core::engine::{Episodes, Prompts};
use innate_core::error::Error;
use innate_core::{Agent, AgentState};

/// Longest programs run: a valid file may ask for a million steps.
const MAX_HORIZON: usize = 64;

/// Saves it again, and makes, runs and trains an agent of it on both engines.
///
/// # Panics
/// Where something else happens than what is documented.
pub(crate) fn check(state: &AgentState) {
    let bytes = encode(state, "x").expect("what was read can be written");
    assert_eq!(decode(&bytes, "x").expect("what was written can be read"), *state);
    if state.config.horizon > MAX_HORIZON {
        return;
    }
    for engine in [EngineKind::Plain, EngineKind::Fused] {
        let mut agent = Agent::from_state(state, engine, DeviceKind::Cpu, 1).expect("an agent goes on from what was read");
        assert_eq!(agent.state(state.note.as_str()).expect("a processor can be read"), *state);
        if let Err(error) = iterate(&mut agent) {
            // Weights of any size are legal, and what they lead to may not be.
            assert!(matches!(error, Error::NonFinite { .. }), "{error:?}");
        }
        let after = agent.state("").expect("a processor can be read");
        encode(&after, "x").expect("what is left is finite");
    }
}

/// One problem a row, of the last token and stage.
fn iterate(agent: &mut Agent) -> Result<(), Error> {
    let config = agent.config().clone();
    let (contexts, stages) = ([config.vocab_size as i32 - 1; 3], [config.stage_count as i32 - 1; 3]);
    for greedy in [true, false] {
        let rollout = agent.rollout(&contexts, &stages, greedy)?;
        let allowed = |action: &i32| config.action_mask.as_ref().is_none_or(|mask| mask[*action as usize]);
        assert!(rollout.actions.iter().all(allowed), "{:?}", rollout.actions);
        assert!(rollout.log_probs.iter().all(|value| value.is_finite()), "{:?}", rollout.log_probs);
        let prompts = Prompts { contexts: &contexts, stages: &stages };
        agent.update(
            Episodes { prompts, actions: &rollout.actions, lengths: None, returns: &[0.0, 1.0, 0.5] },
            &UpdateConfig::default(),
        )?;
    }
    Ok(())
}

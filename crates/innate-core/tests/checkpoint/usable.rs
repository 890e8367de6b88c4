//! What a decoded state must be good for, whatever bytes it came from. The fuzz target uses it too.

#![allow(clippy::expect_used, reason = "a failure here is what is looked for")]

use innate_core::checkpoint::{decode, encode};
use innate_core::data::{Prompts, Trajectories};
use innate_core::device::DeviceKind;
use innate_core::engine::EngineKind;
use innate_core::error::Error;
use innate_core::model::{Encoder, Input};
use innate_core::objective::{Baseline, Objective, Targets};
use innate_core::optimizer::OptimizerConfig;
use innate_core::{Agent, AgentState, Lesson, Placement};

/// Longest programs run: a valid file may ask for a million steps.
const MAX_HORIZON: usize = 64;
const ROWS: usize = 3;

/// Saves it again, and makes, runs and trains an agent of it on both engines.
///
/// # Panics
/// Where something else happens than what is documented.
pub(crate) fn check(state: &AgentState) {
    let bytes = encode(state, "x").expect("what was read can be written");
    assert_eq!(decode(&bytes, "x").expect("what was written can be read"), *state);
    if state.rollout.horizon > MAX_HORIZON {
        return;
    }
    for engine in [EngineKind::Plain, EngineKind::Fused] {
        let placement = Placement { device: DeviceKind::Cpu, engine, threads: 1 };
        let mut agent = Agent::from_state(state, placement).expect("an agent goes on from what was read");
        assert_eq!(agent.state(state.note.as_str()).expect("a processor can be read"), *state);
        if let Err(error) = iterate(&mut agent, state) {
            // Weights of any size are legal, and what they lead to may not be.
            assert!(matches!(error, Error::NonFinite { .. }), "{error:?}");
        }
        let after = agent.state("").expect("a processor can be read");
        encode(&after, "x").expect("what is left is finite");
    }
}

/// Rollouts, where the model has all that it reads from them, and updates.
fn iterate(agent: &mut Agent, state: &AgentState) -> Result<(), Error> {
    let AgentState { model, rollout, .. } = state;
    // Of the last token and stage.
    let prompted = model.encoder != Encoder::None;
    let contexts = if prompted { vec![model.vocabulary as i32 - 1; ROWS] } else { Vec::new() };
    let stages = if prompted { vec![model.stages() as i32 - 1; ROWS] } else { Vec::new() };
    let values = model.reads_values().then_some(&[0.5; ROWS][..]);
    let prompts = Prompts { rows: ROWS, contexts: &contexts, lengths: None, values, stages: &stages };
    let open_loop = !model.inputs.iter().any(|input| matches!(input, Input::Discrete { .. } | Input::Dense { .. }));
    let allowed = (0..model.actions()).find(|&action| rollout.allows(action)).expect("a mask allows one");
    let cells = ROWS * rollout.horizon;
    let discrete: Vec<i32> = model.discrete().iter().map(|&size| size as i32 - 1).collect();
    for greedy in [true, false] {
        let mut actions = vec![allowed as i32; cells];
        if open_loop {
            let emitted = agent.rollout(prompts, greedy)?;
            assert!(emitted.actions.iter().all(|&action| rollout.allows(action as usize)), "{:?}", emitted.actions);
            assert!(emitted.log_probs.iter().all(|value| value.is_finite()), "{:?}", emitted.log_probs);
            actions = emitted.actions;
        }
        let data = Trajectories {
            discrete: (!discrete.is_empty()).then(|| discrete.repeat(cells).into()),
            dense: (model.dense() > 0).then(|| vec![0.5; cells * model.dense()].into()),
            ..Trajectories::programs(rollout, prompts, &actions)
        };
        let targets = Targets::returns(&[0.0, 1.0, 0.5], Baseline::Step);
        let lesson = Lesson { data: &data, targets: &targets, objective: &Objective::default() };
        agent.update(&lesson, &OptimizerConfig::default())?;
    }
    Ok(())
}

//! An agent that goes on from a file is the agent that was saved.

use innate_core::checkpoint::{decode, encode};
use innate_core::data::{Prompts, Trajectories};
use innate_core::engine::EngineKind;
use innate_core::objective::{Baseline, Objective, Targets};
use innate_core::optimizer::OptimizerConfig;
use innate_core::{Agent, AgentState, Lesson, Placement};

use super::state;
use super::support::device;

const CONTEXTS: [i32; 8] = [0, 1, 2, 3, 4, 5, 0, 1];
const STAGES: [i32; 4] = [0, 1, 1, 0];

fn iterate(agent: &mut Agent, of: &AgentState) {
    let prompts = Prompts::new(&of.model, &CONTEXTS, &STAGES).unwrap();
    let actions = agent.rollout(prompts, false).unwrap().actions;
    let data = &Trajectories::programs(&of.rollout, prompts, &actions);
    let targets = &Targets::returns(&[0.0, 1.0, 0.5, 0.25], Baseline::Step);
    agent.update(&Lesson { data, targets, objective: &Objective::default() }, &OptimizerConfig::default()).unwrap();
}

#[test]
fn a_resumed_run_equals_an_uninterrupted_one() {
    let of = AgentState { rollouts: 0, ..state() };
    let placement = Placement { device: device(), engine: EngineKind::Plain, threads: 1 };
    let mut whole = Agent::from_state(&of, placement).unwrap();
    iterate(&mut whole, &of);
    let saved = whole.state("").unwrap();
    assert_eq!((saved.rollouts, saved.optimizer.step), (1, of.optimizer.step + 1));
    assert_eq!(saved.sections, of.sections, "sections of a newer release outlive an agent");
    let read = decode(&encode(&saved, "x").unwrap(), "x").unwrap();
    let mut resumed = Agent::from_state(&read, placement).unwrap();
    for _ in 0..3 {
        iterate(&mut whole, &of);
        iterate(&mut resumed, &of);
    }
    assert_eq!(whole.state("").unwrap(), resumed.state("").unwrap());
}

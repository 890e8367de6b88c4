//! One step a row is drawn from all that is allowed, each action as probable as the others, and what is said of it is the policy's.

use innate_core::data::{Prompts, Sampling, Trajectories};
use innate_core::device::DeviceKind;
use innate_core::engine::EngineKind;
use innate_core::model::Pooling;
use innate_core::objective::Baseline;
use innate_core::rng::Seed;
use innate_core::{Agent, Error, Placement};

use crate::{Case, Learning, assert_close, wide};

const SEED: Seed = Seed(11);
const ROLLOUT: u64 = 3;

fn cases() -> [Case; 3] {
    [
        Case::new(41, [18, 3, 24, 70, 6, 6], Pooling::Own, true),
        Case::new(42, [7, 2, 5, 33, 3, 1], Pooling::Batch, false),
        Case::new(43, [9, 1, 40, 5, 4, 11], Pooling::Own, true),
    ]
}

/// Every second row explores, each at another step.
fn steps(case: &Case) -> Vec<i32> {
    (0..case.rows).map(|row| if row % 2 == 0 { -1 } else { (row / 2 % case.rollout.horizon) as i32 }).collect()
}

#[test]
fn one_step_is_any_of_those_allowed() {
    for case in cases() {
        let horizon = case.rollout.horizon;
        let allowed: Vec<usize> = (0..case.model.actions()).filter(|&action| case.rollout.allows(action)).collect();
        let steps = steps(&case);
        let random = Sampling::Random { seed: SEED, rollout: ROLLOUT };
        let exploring = Sampling::Exploring { seed: SEED, rollout: ROLLOUT, steps: &steps };
        for (name, mut engine) in case.engines() {
            let plain = engine.rollout(case.prompts(), &case.rollout, random).unwrap();
            let rollout = engine.rollout(case.prompts(), &case.rollout, exploring).unwrap();
            let said = engine.evaluate(&case.acting(&rollout.actions)).unwrap();
            assert_close(&name, &rollout.log_probs, &wide(&said.log_probs), 1e-5);
            assert_close(&name, &rollout.entropies, &wide(&said.entropies), 1e-5);
            assert_close(&name, &rollout.values, &wide(&said.values), 1e-5);
            let rows = rollout.actions.chunks(horizon).zip(plain.actions.chunks(horizon));
            for (row, (actions, others)) in rows.enumerate() {
                let before = usize::try_from(steps[row]).unwrap_or(horizon);
                assert_eq!(actions[..before], others[..before], "{name}: row {row} is as without it before");
                if before < horizon {
                    // The documented place, by the uniform that would have chosen otherwise.
                    let uniform = f64::from(SEED.action_uniform(ROLLOUT, row, before));
                    let place = (uniform * allowed.len() as f64).floor() as usize;
                    assert_eq!(actions[before] as usize, allowed[place], "{name}: row {row}");
                }
            }
        }
    }
}

/// Against a policy that is nearly sure, each of 12 allowed tokens comes about as often as the others.
#[test]
fn the_policy_has_no_part_in_it() {
    let case = Case::new(44, [18, 1, 8, 6000, 2, 2], Pooling::Own, true);
    let mut agent = Agent::new(
        case.model.clone(),
        case.rollout.clone(),
        5,
        Placement { device: DeviceKind::Cpu, engine: EngineKind::Fused, threads: 2 },
    )
    .unwrap();
    let mut tensors = agent.state_dict().unwrap();
    tensors.iter_mut().find(|tensor| tensor.name == "pi.bias").unwrap().data[2] = 9.0;
    agent.load_state_dict(&tensors).unwrap();
    let rollout = agent.explore(case.prompts(), &vec![1; case.rows]).unwrap();
    let mut counts = [[0_usize; 18]; 2];
    for program in rollout.actions.chunks(2) {
        (0..2).for_each(|t| counts[t][program[t] as usize] += 1);
    }
    assert!(counts[0][2] > 5000, "{counts:?}");
    let allowed = (0..18).filter(|&token| case.rollout.allows(token)).count();
    let expected = case.rows as f64 / allowed as f64;
    for (token, &count) in counts[1].iter().enumerate() {
        if case.rollout.allows(token) {
            // Five standard deviations of a binomial.
            assert!((count as f64 - expected).abs() < 5.0 * expected.sqrt(), "{token}: {counts:?}");
        } else {
            assert_eq!(count, 0);
        }
    }
}

/// What is kept of such a rollout is what an engine without it makes of its actions.
#[test]
fn a_gradient_on_it_is_that_of_its_actions() {
    let case = Case::new(45, [18, 3, 24, 40, 6, 6], Pooling::Own, true);
    let steps = steps(&case);
    for (index, (name, mut engine)) in case.engines().into_iter().enumerate() {
        let exploring = Sampling::Exploring { seed: SEED, rollout: ROLLOUT, steps: &steps };
        let actions = engine.rollout(case.prompts(), &case.rollout, exploring).unwrap().actions;
        let data = Trajectories::programs(&case.rollout, case.prompts(), &actions);
        let (_, mut fresh) = case.engines().swap_remove(index);
        let aim = case.aim(Baseline::Step);
        assert_eq!(engine.gradients(&data, &aim).unwrap(), fresh.gradients(&data, &aim).unwrap(), "{name}");
    }
}

#[test]
fn steps_that_are_none_are_named() {
    let case = Case::new(46, [7, 2, 5, 4, 3, 6], Pooling::Own, false);
    let placement = Placement { device: DeviceKind::Cpu, engine: EngineKind::Fused, threads: 1 };
    let mut agent = Agent::new(case.model.clone(), case.rollout.clone(), 5, placement).unwrap();
    let mut refused = |steps: &[i32]| match agent.explore(case.prompts(), steps) {
        Err(Error::Invalid { path, .. }) => path,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&[-1, 0, 5]), "randomSteps");
    assert_eq!(refused(&[-1, 0, 6, 2]), "randomSteps[2]");
    assert_eq!(refused(&[-1, -2, 5, 2]), "randomSteps[1]");
    let none: Prompts<'_> = case.prompts();
    assert_eq!(agent.rollouts(), 0, "what is refused draws nothing");
    let same = agent.explore(none, &[-1; 4]).unwrap();
    let mut twin = Agent::new(case.model.clone(), case.rollout.clone(), 5, placement).unwrap();
    assert_eq!(same, twin.rollout(none, false).unwrap(), "no random step at all");
    assert_eq!(agent.rollouts(), 1);
}

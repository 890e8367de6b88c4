//! Actions that are not allowed are never chosen, and have no part in anything.

use innate_core::data::Observation;
use innate_core::model::params;
use innate_core::rng::philox;

use super::world::{ACTIONS, World};
use super::{CollectorConfig, FUSED, bits, config, once, path, resume};

#[test]
fn of_ten_million_draws_none_is_forbidden() {
    const ROWS: usize = 1000;
    const STEPS: usize = 100;
    let mut world = World { ends: 0, ..World::new(1, ROWS) };
    world.model.inputs.truncate(1);
    world.model.hidden = 4;
    world.rollout.action_mask = None;
    let mut agent = world.agent(1, FUSED);
    // Some actions nearly sure, so that masks are against them.
    let mut tensors = agent.state_dict().unwrap();
    tensors.iter_mut().find(|tensor| tensor.name == "pi.bias").unwrap().data.copy_from_slice(&[9.0, -9.0, 4.0, 0.0, -30.0]);
    agent.load_state_dict(&tensors).unwrap();
    let mut collector = agent.collector(config(&world, STEPS)).unwrap();
    let (mut allowed, mut actions, mut drawn) = (vec![0_u8; ROWS * ACTIONS], vec![0; ROWS], [0_usize; ACTIONS]);
    let nothing = Observation::default();
    for number in 0..100 {
        for t in 0..STEPS {
            for (row, allowed) in allowed.chunks_exact_mut(ACTIONS).enumerate() {
                let word = philox([row as u32, t as u32, number, 0], [9, 9])[0];
                // Every subset but the empty one.
                let subset = 1 + word % 31;
                allowed
                    .iter_mut()
                    .enumerate()
                    .for_each(|(action, may)| *may = (subset >> action & 1) as u8 * (1 + (word >> 24) as u8 % 255));
            }
            let seen = Observation { allowed: &allowed, ..nothing };
            collector.step(&seen, &mut actions).unwrap();
            for (&action, allowed) in actions.iter().zip(allowed.chunks_exact(ACTIONS)) {
                assert!(allowed[action as usize] != 0, "action {action} of {allowed:?}");
                drawn[action as usize] += 1;
            }
            collector.answer(&[0.0; ROWS], &[0; ROWS], &[0; ROWS], &nothing).unwrap();
        }
        collector.finish(Some(&nothing)).unwrap();
        let collected = collector.take().unwrap();
        let targets = collected.recording.targets();
        assert!(targets.old_log_probs.unwrap().iter().all(|x| x.is_finite() && *x <= 0.0));
        collected.recording.trajectories(&world.rollout).check(&world.model).unwrap();
        resume(&mut agent, &mut collector, collected);
    }
    assert_eq!(drawn.iter().sum::<usize>(), 10_000_000);
    assert!(drawn.iter().all(|&count| count > 100_000), "{drawn:?}");
}

#[test]
fn a_mask_that_allows_nothing_is_refused_with_its_row() {
    let world = World::new(2, 40);
    let mut agent = world.agent(1, FUSED);
    let mut collector = agent.collector(config(&world, 3)).unwrap();
    let mut actions = vec![0; 40];
    let good = world.now();
    let mut bad = good.clone();
    bad.allowed[37 * ACTIONS..][..ACTIONS].fill(0);
    assert_eq!(path(collector.step(&bad.view(), &mut actions)), "allowed[37]");
    // Action 3 is the one that the rollout forbids.
    bad.allowed[37 * ACTIONS + 3] = 1;
    assert_eq!(path(collector.step(&bad.view(), &mut actions)), "allowed[37]");
    bad.allowed.pop();
    assert_eq!(path(collector.step(&bad.view(), &mut actions)), "allowed");
    collector.step(&good.view(), &mut actions).unwrap();
    let mut unmasked = agent.collector(CollectorConfig { masked: false, ..config(&world, 3) }).unwrap();
    assert_eq!(path(unmasked.step(&good.view(), &mut actions)), "allowed");
}

/// Without a mask of the step all that the rollout allows may be chosen.
#[test]
fn an_absent_mask_allows_all() {
    let run = |explicit: bool| {
        let mut world = World::new(1, 40);
        let mut agent = world.agent(1, FUSED);
        let mut collector = agent.collector(config(&world, 4)).unwrap();
        for _ in 0..4 {
            let mut shown = world.now();
            shown.allowed = if explicit { vec![1; 40 * ACTIONS] } else { Vec::new() };
            let mut actions = vec![0; 40];
            collector.step(&shown.view(), &mut actions).unwrap();
            collector.answer(&[0.0; 40], &[0; 40], &[0; 40], &world.last().view()).unwrap();
            world.t += 1;
        }
        world.finish(&mut collector);
        let recording = collector.take().unwrap().recording;
        (recording.trajectories(&world.rollout).allowed.unwrap().to_vec(), bits(recording.targets().old_log_probs.unwrap()))
    };
    assert_eq!(run(true), run(false));
}

/// Whatever the logit of an action that is never allowed is: what is chosen, said and learned of the others is the same.
#[test]
fn what_is_never_allowed_has_no_part() {
    let run = |logit: f32| {
        let mut world = World::new(2, 40);
        world.rollout.action_mask = None;
        let mut agent = world.agent(1, FUSED);
        let mut tensors = agent.state_dict().unwrap();
        tensors.iter_mut().find(|tensor| tensor.name == "pi.bias").unwrap().data[4] = logit;
        agent.load_state_dict(&tensors).unwrap();
        world.rollout.action_mask = None;
        let mut collector = agent.collector(config(&world, 6)).unwrap();
        let mut all = Vec::new();
        for _ in 0..6 {
            let mut shown = world.now();
            shown.allowed.chunks_exact_mut(ACTIONS).for_each(|allowed| allowed[4] = 0);
            let mut actions = vec![0; 40];
            collector.step(&shown.view(), &mut actions).unwrap();
            all.extend_from_slice(&actions);
            let step = world.came_of(shown, actions);
            collector.answer(&step.rewards, &step.terminated, &step.truncated, &step.last.view()).unwrap();
            world.t += 1;
        }
        world.finish(&mut collector);
        let collected = collector.take().unwrap();
        let said = bits(collected.recording.targets().old_log_probs.unwrap());
        let learned = agent.learn(&collected, &once()).unwrap();
        let mut after = agent.parameters().unwrap();
        let place = params(&world.model).into_iter().find(|param| param.name == "pi.bias").unwrap().range();
        after.remove(place.start + 4);
        (all, said, learned, bits(&after))
    };
    let expected = run(0.0);
    for logit in [1e30, -1e30, 50.0] {
        assert_eq!(run(logit), expected, "{logit}");
    }
}

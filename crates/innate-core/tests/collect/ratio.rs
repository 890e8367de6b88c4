//! What was recorded step by step is what an evaluation of the recording says, so every ratio is 1 at the first update; and states go on from one
//! rollout to the next, from zero exactly where an episode begins.

use innate_core::agent::LearnConfig;
use innate_core::data::Evaluation;
use innate_core::engine::EngineKind;
use innate_core::model::{History, Input};

use super::world::World;
use super::{FUSED, PLAIN, assert_near, bits, config, once, resume, rollout};

const STEPS: usize = 7;

/// 40 rows are two blocks of a policy, and four chunks of an evaluation.
fn worlds() -> Vec<World> {
    let mut worlds: Vec<World> = (1..4).map(|layers| World::new(layers, 40)).collect();
    let full = World::new(2, 40);
    let mut unmasked = full.clone();
    (unmasked.masked, unmasked.rollout.action_mask) = (false, None);
    worlds.push(unmasked);
    for inputs in [vec![0], vec![1], vec![2, 3], vec![0, 3]] {
        let mut some = full.clone();
        some.model.inputs = inputs.into_iter().map(|place| full.model.inputs[place].clone()).collect();
        worlds.push(some);
    }
    let mut forgetful = full.clone();
    forgetful.model.recurrent = false;
    worlds.push(forgetful);
    // Attending to the past, within one rollout and over several, by one layer and by three, with masks and without.
    for (layers, window, clock) in [(1, 4, false), (2, 10, true), (3, 40, true), (2, 1, false)] {
        worlds.push(attending(World::new(layers, 40), window, clock));
    }
    let mut some = attending(World::new(1, 40), 5, true);
    (some.masked, some.rollout.action_mask) = (false, None);
    worlds.push(some);
    let mut clocked = full;
    clocked.model.inputs.insert(1, Input::Clock);
    worlds.push(clocked);
    worlds
}

fn attending(mut world: World, window: usize, clock: bool) -> World {
    world.model.attention.history = Some(History { window });
    if clock {
        world.model.inputs.push(Input::Clock);
    }
    world
}

/// With so narrow a range a single ratio further than 1e−6 from 1 is a share of clipped steps.
fn narrow(minibatches: usize) -> LearnConfig {
    let objective = once().objective.clipped(1e-6);
    LearnConfig { minibatches, objective, ..once() }
}

#[test]
fn every_ratio_is_one_at_the_first_update_of_every_rollout() {
    for mut world in worlds() {
        for placement in [FUSED, PLAIN] {
            let fused = placement.engine == EngineKind::Fused;
            let mut agent = world.agent(7, placement);
            let mut collector = agent.collector(config(&world, STEPS)).unwrap();
            for number in 0..3 {
                let what = format!("{:?}, rollout {number}, {:?}", placement.engine, world.model);
                let (_, collected) = rollout(&mut collector, &mut world, STEPS);
                let data = collected.recording.trajectories(&world.rollout);
                let targets = collected.recording.targets();
                let starts = data.starts.as_ref().unwrap().chunks(STEPS);
                assert!(starts.clone().any(|row| row[1..].contains(&1)), "{what}: no episode begins inside");
                assert_eq!(starts.clone().all(|row| row[0] == 1), number == 0, "{what}: all episodes end with the rollout");
                let Evaluation { log_probs, values, .. } = agent.evaluate(&data).unwrap();
                for (said, recorded) in [(&log_probs, targets.old_log_probs), (&values, targets.old_values)] {
                    let recorded = recorded.unwrap();
                    if fused {
                        assert_eq!(bits(recorded), bits(said), "{what}");
                    }
                    let said: Vec<f64> = said.iter().map(|&x| f64::from(x)).collect();
                    assert_near(&what, recorded, &said, 1e-5);
                }
                let before = agent.parameters().unwrap();
                let learned = agent.learn(&collected, &narrow(if fused { 3 } else { 1 })).unwrap();
                assert!(learned.first_approx_kl.abs() < 1e-9, "{what}: {learned:?}");
                assert_eq!(learned.updates, if fused { 3 } else { 1 });
                assert_ne!(agent.parameters().unwrap(), before, "{what}");
                resume(&mut agent, &mut collector, collected);
            }
        }
    }
}

/// The first minibatch, before any step, on the engine that recorded.
#[test]
fn no_step_is_clipped_before_any_was_learned_from() {
    for mut world in worlds() {
        let mut agent = world.agent(7, FUSED);
        let mut collector = agent.collector(config(&world, STEPS)).unwrap();
        for _ in 0..2 {
            let (_, collected) = rollout(&mut collector, &mut world, STEPS);
            let learned = agent.learn(&collected, &narrow(1)).unwrap();
            assert_eq!((learned.first_approx_kl.to_bits(), learned.terms.clip_fraction.to_bits()), (0, 0), "{:?}", world.model);
            resume(&mut agent, &mut collector, collected);
        }
    }
}

#[test]
fn states_begin_where_episodes_do_and_go_on_from_rollout_to_rollout() {
    let mut world = World::new(2, 40);
    let mut agent = world.agent(7, FUSED);
    let mut collector = agent.collector(config(&world, STEPS)).unwrap();
    let mut ended = vec![true; world.rows];
    let mut carried: Vec<i32> = vec![world.rollout.start_token as i32; world.rows];
    let width = world.model.layers * world.model.hidden;
    for _ in 0..3 {
        let (log, collected) = rollout(&mut collector, &mut world, STEPS);
        let data = collected.recording.trajectories(&world.rollout);
        let (starts, inputs) = (data.starts.as_ref().unwrap(), data.inputs.as_ref().unwrap());
        for (row, states) in data.states.as_ref().unwrap().chunks(width).enumerate() {
            assert_eq!(states.iter().all(|&x| x == 0.0), ended[row], "row {row}: an episode under way has a state");
        }
        for (t, step) in log.iter().enumerate() {
            for row in 0..world.rows {
                let at = row * STEPS + t;
                assert_eq!(starts[at] != 0, ended[row], "row {row} at step {t}");
                let input = if ended[row] { world.rollout.start_token as i32 } else { carried[row] };
                assert_eq!(inputs[at], input, "row {row} at step {t}");
                assert_eq!(data.actions[at], step.actions[row]);
                ended[row] = step.terminated[row] != 0 || step.truncated[row] != 0;
                carried[row] = step.actions[row];
            }
        }
        assert!(ended.contains(&true) && ended.contains(&false));
        agent.learn(&collected, &once()).unwrap();
        resume(&mut agent, &mut collector, collected);
    }
}

//! Rows that attend to their past: it goes on over rollouts, ends with an episode, and is made of again by other weights.

use innate_core::collect::CollectorConfig;
use innate_core::data::Trajectories;
use innate_core::model::{History, Input};

use super::world::World;
use super::{FUSED, bits, config, once, resume, rollout};

const WINDOW: usize = 5;
const STEPS: usize = 7;

fn world(rows: usize) -> World {
    let mut world = World { ends: 11, ..World::new(2, rows) };
    world.model.attention.history = Some(History { window: WINDOW });
    world.model.inputs.push(Input::Clock);
    world
}

/// Ages and states are those of the steps before, as the episodes went; what is before an episode is zero.
#[test]
fn what_is_stored_is_what_was() {
    let mut world = world(40);
    let mut agent = world.agent(7, FUSED);
    let mut collector = agent.collector(config(&world, STEPS)).unwrap();
    let mut ages = vec![0; world.rows];
    let (mut over_a_window, mut within) = (0, 0);
    for _ in 0..4 {
        let (log, collected) = rollout(&mut collector, &mut world, STEPS);
        let data = collected.recording.trajectories(&world.rollout);
        assert_eq!(data.ages.as_deref().unwrap(), ages);
        let (past, states) = (data.past.as_deref().unwrap(), data.states.as_deref().unwrap());
        let (h, layers) = (world.model.hidden, world.model.layers);
        for (row, past) in past.chunks(WINDOW * h).enumerate() {
            let count = WINDOW.min(ages[row] as usize);
            assert!(past[..(WINDOW - count) * h].iter().all(|&x| x == 0.0), "row {row}");
            assert!(past[(WINDOW - count) * h..].chunks(h).all(|state| state.iter().any(|&x| x != 0.0)), "row {row}");
            if count > 0 {
                let last = &states[(row * layers + layers - 1) * h..][..h];
                assert_eq!(bits(&past[(WINDOW - 1) * h..]), bits(last), "row {row}: the last one is the state before");
            }
            over_a_window += usize::from(ages[row] as usize > WINDOW);
            within += usize::from((1..WINDOW as i32).contains(&ages[row]));
        }
        for step in &log {
            for (row, age) in ages.iter_mut().enumerate() {
                *age = if step.terminated[row] | step.truncated[row] != 0 { 0 } else { *age + 1 };
            }
        }
        agent.learn(&collected, &once()).unwrap();
        resume(&mut agent, &mut collector, collected);
    }
    assert!(over_a_window > 10 && within > 10);
}

/// Cut anywhere, rows go on as if they had not been: by the same weights, what a long rollout says is what short ones say.
#[test]
fn short_rollouts_are_parts_of_a_long_one() {
    let run = |lengths: &[usize]| {
        let mut world = world(33);
        let mut agent = world.agent(7, FUSED);
        let config = CollectorConfig { steps: 24, ..config(&world, 24) };
        let mut collector = agent.collector(config).unwrap();
        let mut said = vec![Vec::new(); world.rows];
        for &steps in lengths {
            let (_, collected) = rollout(&mut collector, &mut world, steps);
            let data = collected.recording.trajectories(&world.rollout);
            // What is chosen is drawn anew in each rollout, so the actions of one are said of by what it stored.
            let evaluated = agent.evaluate(&data).unwrap();
            let values = collected.recording.targets().old_values.unwrap();
            assert_eq!(bits(&evaluated.values), bits(values));
            for (row, values) in values.chunks(steps).enumerate() {
                said[row].extend(bits(values));
            }
            resume(&mut agent, &mut collector, collected);
        }
        said
    };
    // The first value is of the same observation by the same weights; from then on actions differ.
    let (long, short) = (run(&[24]), run(&[5, 1, 12, 6]));
    assert!(long.iter().zip(&short).all(|(long, short)| long[..5] == short[..5]));
}

/// The past of a row counts: without it, what is said of its first steps is something else, and only of those that reach so far back.
#[test]
fn the_stored_past_is_attended_to() {
    let mut world = world(40);
    world.ends = 0;
    let mut agent = world.agent(7, FUSED);
    let mut collector = agent.collector(config(&world, STEPS)).unwrap();
    for number in 0..2 {
        let (_, collected) = rollout(&mut collector, &mut world, STEPS);
        let data = collected.recording.trajectories(&world.rollout);
        let values = agent.evaluate(&data).unwrap().values;
        let none = Trajectories { past: None, ..data.clone() };
        let without = agent.evaluate(&none).unwrap().values;
        for (at, (one, other)) in values.iter().zip(&without).enumerate() {
            let reaches = number > 0 && at % STEPS < WINDOW;
            assert_eq!(one.to_bits() != other.to_bits(), reaches, "rollout {number}, step {}", at % STEPS);
        }
        agent.learn(&collected, &once()).unwrap();
        resume(&mut agent, &mut collector, collected);
    }
}

/// Rows that end before the window is full and rows that never end hold what they attend to, and no more however long they go on.
#[test]
fn what_a_policy_holds_does_not_grow() {
    let mut world = world(9);
    world.ends = 0;
    let mut agent = world.agent(7, FUSED);
    let mut collector = agent.collector(config(&world, STEPS)).unwrap();
    let mut held = Vec::new();
    for _ in 0..6 {
        let (_, collected) = rollout(&mut collector, &mut world, STEPS);
        resume(&mut agent, &mut collector, collected);
        held.push(collector.bytes());
    }
    assert!(held.windows(2).all(|pair| pair[0] == pair[1]), "{held:?}");
}

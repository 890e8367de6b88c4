//! Rows that are over, rooms that are not filled, and fewer rows than there could be.

use innate_core::collect::{Collected, Collector, CollectorConfig};
use innate_core::data::Prompts;
use innate_core::model::{Direction, Encoder, Pooling};
use innate_core::objective::Advantages;

use super::world::{Log, World};
use super::{FUSED, config, once, resume, rollout};

const STEPS: usize = 6;

/// Without prompts, with one a row, and with numbers beside their tokens.
fn worlds() -> [World; 3] {
    let bare = World { ends: 6, ..World::new(2, 33) };
    let mut prompted = bare.clone();
    prompted.model.encoder = Encoder::Pooled { stages: 2, pooling: Pooling::Own, values: false };
    let mut numbered = bare.clone();
    numbered.model.encoder = Encoder::Recurrent { stages: 2, direction: Direction::Backward, values: true };
    [bare, prompted, numbered]
}

fn single(world: &World, steps: usize) -> CollectorConfig {
    CollectorConfig { autoreset: false, normalize_observations: true, normalize_rewards: true, ..config(world, steps) }
}

fn begin(world: &World, collector: &mut Collector) {
    let prompted = world.model.encoder != Encoder::None;
    let ids = |limit: usize| -> Vec<i32> { (0..if prompted { world.rows } else { 0 }).map(|row| (row % limit) as i32).collect() };
    let (contexts, stages) = (ids(5), ids(2));
    let numbers: Vec<f32> = (0..world.rows).map(|row| row as f32 / 9.0 - 1.0).collect();
    let values = world.model.reads_values().then_some(&*numbers);
    collector.begin(Prompts { rows: world.rows, values, ..Prompts::of(&contexts, &stages) }).unwrap();
}

/// One episode a row; whatever rows that are over show and are paid is moved by `change`.
fn episodes(world: &mut World, collector: &mut Collector, change: f32) -> (Log, Collected) {
    begin(world, collector);
    let mut over = vec![false; world.rows];
    let log = (0..STEPS)
        .map(|_| {
            let (mut shown, mut actions) = (world.now(), vec![0; world.rows]);
            let width = world.model.dense();
            for row in (0..world.rows).filter(|&row| over[row]) {
                shown.dense[row * width..][..width].fill(change);
            }
            collector.step(&shown.view(), &mut actions).unwrap();
            let mut step = world.came_of(shown, actions);
            for (row, over) in over.iter_mut().enumerate() {
                if *over {
                    step.rewards[row] = change * 3.0;
                }
                *over |= step.terminated[row] | step.truncated[row] != 0;
            }
            collector.answer(&step.rewards, &step.terminated, &step.truncated, &step.last.view()).unwrap();
            world.t += 1;
            step
        })
        .collect();
    world.finish(collector);
    (log, collector.take().unwrap())
}

#[test]
fn steps_after_an_end_do_not_count() {
    for world in worlds() {
        let mut agent = world.agent(2, FUSED);
        let mut collector = agent.collector(single(&world, STEPS)).unwrap();
        let (log, collected) = episodes(&mut world.clone(), &mut collector, 0.0);
        let data = collected.recording.trajectories(&world.rollout);
        let weights = data.weights.unwrap();
        for row in 0..world.rows {
            let mut counts = 1.0;
            for (t, step) in log.iter().enumerate() {
                assert!((weights[row * STEPS + t] - counts).abs() < f32::EPSILON, "row {row} at step {t}");
                if step.terminated[row] != 0 || step.truncated[row] != 0 {
                    counts = 0.0;
                }
            }
        }
        assert!(weights.contains(&0.0) && weights.contains(&1.0));
    }
}

/// Neither the statistics nor what is learned know what rows that are over were shown and paid.
#[test]
fn what_is_over_changes_nothing() {
    for world in worlds() {
        let run = |change: f32| {
            let (mut world, mut agent) = (world.clone(), world.agent(2, FUSED));
            let mut collector = agent.collector(single(&world, STEPS)).unwrap();
            let mut learned = Vec::new();
            for _ in 0..2 {
                let (_, collected) = episodes(&mut world, &mut collector, change);
                learned.push(agent.learn(&collected, &once()).unwrap());
                resume(&mut agent, &mut collector, collected);
            }
            (learned, agent.normalizer().clone(), agent.parameters().unwrap())
        };
        assert_eq!(run(0.0), run(50.0));
    }
}

/// A rollout that ends before its room is full is the one of a collector with just that room.
#[test]
fn a_short_rollout_is_that_of_a_room_of_its_length() {
    for autoreset in [true, false] {
        let world = World { ends: 6, ..World::new(2, 33) };
        for short in 1..=STEPS {
            let run = |room: usize| {
                let (mut world, mut agent) = (world.clone(), world.agent(2, FUSED));
                let mut collector = agent.collector(CollectorConfig { autoreset, ..single(&world, room) }).unwrap();
                let mut all = Vec::new();
                for _ in 0..2 {
                    if !autoreset {
                        begin(&world, &mut collector);
                    }
                    let (_, collected) = rollout(&mut collector, &mut world, short);
                    all.push(collected.recording.clone());
                    agent.learn(&collected, &once()).unwrap();
                    resume(&mut agent, &mut collector, collected);
                }
                (all, agent.parameters().unwrap())
            };
            let ((exact, weights), (roomy, others)) = (run(short), run(STEPS + 3));
            assert_eq!(weights, others);
            for (exact, roomy) in exact.iter().zip(&roomy) {
                assert_eq!(exact.trajectories(&world.rollout), roomy.trajectories(&world.rollout), "{short} steps");
                assert_eq!(exact.targets(), roomy.targets(), "{short} steps");
            }
        }
    }
}

/// A collector of 40 rows that begins with 33 of them is one of 33, in every rollout.
#[test]
fn fewer_rows_are_as_if_there_were_no_others() {
    for autoreset in [true, false] {
        let world = World::new(2, 33);
        let run = |rows: usize| {
            let (mut world, mut agent) = (world.clone(), world.agent(2, FUSED));
            let mut collector = agent.collector(CollectorConfig { autoreset, rows, ..single(&world, STEPS) }).unwrap();
            let mut all = Vec::new();
            for number in 0..2 {
                if number == 0 || !autoreset {
                    begin(&world, &mut collector);
                }
                let (_, collected) = rollout(&mut collector, &mut world, STEPS);
                all.push(collected.recording.clone());
                agent.learn(&collected, &once()).unwrap();
                resume(&mut agent, &mut collector, collected);
            }
            (all, agent.normalizer().clone())
        };
        let ((exact, statistics), (some, others)) = (run(33), run(40));
        assert_eq!(statistics, others);
        for (exact, some) in exact.iter().zip(&some) {
            assert_eq!(exact.trajectories(&world.rollout), some.trajectories(&world.rollout));
            assert_eq!(exact.targets(), some.targets());
        }
    }
}

/// Without autoreset the value of an observation after the end is that of nobody.
#[test]
fn a_row_that_is_over_is_paid_no_more() {
    let mut world = worlds()[0].clone();
    let mut agent = world.agent(2, FUSED);
    let config = CollectorConfig { normalize_rewards: false, ..single(&world, STEPS) };
    let mut collector = agent.collector(config).unwrap();
    let (log, collected) = episodes(&mut world, &mut collector, 7.0);
    let Advantages::Given { value_targets: Some(fitted), .. } = collected.recording.targets().advantages else { panic!() };
    let mut terminated = 0;
    for row in 0..world.rows {
        let end = log.iter().position(|step| step.terminated[row] | step.truncated[row] != 0);
        if let Some(t) = end.filter(|&t| log[t].terminated[row] != 0) {
            terminated += 1;
            assert!((fitted[row * STEPS + t] - log[t].rewards[row]).abs() < 1e-6, "row {row} at step {t}");
        }
    }
    assert!(terminated > 5);
}

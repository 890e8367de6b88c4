//! Rows that take a step at random: from what is allowed at that step, and what of them counts afterwards.

use innate_core::Lesson;
use innate_core::agent::LearnConfig;
use innate_core::collect::{Collected, Collector, CollectorConfig};
use innate_core::data::{Prompts, Trajectories};
use innate_core::model::{Encoder, Pooling};
use innate_core::objective::{Advantages, Targets};
use innate_core::rng::Seed;

use super::world::{ACTIONS, Log, World};
use super::{FUSED, assert_near, bits, config, once, path, rollout};

const STEPS: usize = 6;
const SEED: u64 = 2;

fn prompted() -> World {
    let mut world = World { ends: 9, ..World::new(2, 40) };
    world.model.encoder = Encoder::Pooled { stages: 2, pooling: Pooling::Own, values: false };
    world
}

fn single(world: &World) -> CollectorConfig {
    CollectorConfig { autoreset: false, ..config(world, STEPS) }
}

/// Every third row goes on as it would.
fn steps(world: &World) -> Vec<i32> {
    (0..world.rows).map(|row| if row % 3 == 0 { -1 } else { (row * 5 % STEPS) as i32 }).collect()
}

/// One episode a row, whose rows take a step at random where `explore` says so.
fn episodes(world: &mut World, collector: &mut Collector, explore: &[i32]) -> (Log, Collected) {
    let ids = |limit: usize| -> Vec<i32> { (0..world.rows).map(|row| (row % limit) as i32).collect() };
    let (contexts, stages) = (ids(5), ids(2));
    collector.begin(Prompts::of(&contexts, &stages)).unwrap();
    if !explore.is_empty() {
        collector.explore(explore).unwrap();
    }
    rollout(collector, world, STEPS)
}

/// Steps of each row up to its end.
fn lengths(log: &Log, rows: usize) -> Vec<usize> {
    let ends = |row: usize| log.iter().position(|step| step.terminated[row] | step.truncated[row] != 0);
    (0..rows).map(|row| ends(row).map_or(STEPS, |t| t + 1)).collect()
}

fn given<'a>(targets: &Targets<'a>) -> (&'a [f32], &'a [f32]) {
    match targets.advantages {
        Advantages::Given { advantages, value_targets: Some(targets) } => (advantages, targets),
        _ => panic!("advantages are given"),
    }
}

#[test]
fn the_step_is_any_of_those_that_are_allowed_then() {
    let world = prompted();
    let steps = steps(&world);
    let mut agent = world.agent(SEED, FUSED);
    let mut collector = agent.collector(single(&world)).unwrap();
    let (log, collected) = episodes(&mut world.clone(), &mut collector, &steps);
    let said = agent.evaluate(&collected.recording.trajectories(&world.rollout)).unwrap();
    assert_eq!(bits(collected.recording.targets().old_log_probs.unwrap()), bits(&said.log_probs), "the policy's");
    let mut explored = 0;
    for (row, &step) in steps.iter().enumerate() {
        let Ok(t) = usize::try_from(step) else { continue };
        let allowed = &log[t].shown.allowed[row * ACTIONS..][..ACTIONS];
        let mask = world.rollout.action_mask.as_ref().unwrap();
        let may: Vec<usize> = (0..ACTIONS).filter(|&action| allowed[action] != 0 && mask[action]).collect();
        let uniform = f64::from(Seed(SEED).action_uniform(0, row, t));
        assert_eq!(log[t].actions[row] as usize, may[(uniform * may.len() as f64) as usize], "row {row} at step {t}");
        explored += usize::from(may.len() > 1);
    }
    assert!(explored > 10, "{explored}");
}

#[test]
fn what_came_before_it_does_not_count_and_nor_does_what_it_was_no_better_than() {
    let world = prompted();
    let steps = steps(&world);
    let mut agent = world.agent(SEED, FUSED);
    let mut collector = agent.collector(single(&world)).unwrap();
    let (log, collected) = episodes(&mut world.clone(), &mut collector, &steps);
    let data = collected.recording.trajectories(&world.rollout);
    let targets = collected.recording.targets();
    let (advantages, value_targets) = given(&targets);
    let (weights, lengths) = (data.weights.as_ref().unwrap(), lengths(&log, world.rows));
    // Independently: ones from the random step to the end, where that step was taken.
    let (mut silent, mut after_the_end, mut expected) = (Vec::new(), 0, vec![0.0; weights.len()]);
    for (row, &step) in steps.iter().enumerate() {
        let taken = usize::try_from(step).ok().filter(|&t| t < lengths[row]);
        after_the_end += usize::from(step >= 0 && taken.is_none());
        let first = taken.unwrap_or(0);
        expected[row * STEPS + first..row * STEPS + lengths[row]].fill(1.0);
        if let Some(t) = taken.filter(|t| advantages[row * STEPS + t] <= 0.0) {
            silent.push(row * STEPS + t);
        }
    }
    assert_eq!(**weights, expected);
    assert!(after_the_end > 0 && !silent.is_empty(), "{after_the_end} {}", silent.len());
    let taken = steps.iter().zip(&lengths).filter(|(step, length)| **step >= 0 && (**step as usize) < **length).count();
    assert!(silent.len() < taken, "some were better than expected");

    // An update is that on advantages that are 0 there, normalized or not.
    for normalize_advantage in [false, true] {
        let config = LearnConfig { normalize_advantage, ..once() };
        let mut learner = world.agent(SEED, FUSED);
        let mut twin = world.agent(SEED, FUSED);
        let learned = learner.learn(&collected, &config).unwrap();
        let judged = by_hand(&data, advantages, normalize_advantage, &silent);
        let judged =
            Targets { advantages: Advantages::Given { advantages: &judged, value_targets: Some(value_targets) }, ..targets };
        let lesson = Lesson { data: &data, targets: &judged, objective: &config.objective };
        let (terms, norm) = twin.update(&lesson, &config.optimizer).unwrap();
        assert!((learned.terms.loss - terms.loss).abs() < 1e-6 && (learned.grad_norm - norm).abs() < 1e-5 * norm);
        assert!(learned.first_approx_kl.abs() < 1e-9, "every ratio is 1 at first");
        let expected: Vec<f64> = twin.parameters().unwrap().iter().map(|&x| f64::from(x)).collect();
        assert_near("weights", &learner.parameters().unwrap(), &expected, 1e-5);
    }
}

fn by_hand(data: &Trajectories<'_>, advantages: &[f32], normalize: bool, silent: &[usize]) -> Vec<f32> {
    let counted = || advantages.iter().zip(&**data.weights.as_ref().unwrap()).filter(|(_, weight)| **weight > 0.0);
    let n = counted().count() as f64;
    let mean = counted().map(|(&x, _)| f64::from(x)).sum::<f64>() / n;
    let deviation = (counted().map(|(&x, _)| (f64::from(x) - mean).powi(2)).sum::<f64>() / n).sqrt();
    let scale = |x: f32| if normalize { ((f64::from(x) - mean) / (deviation + 1e-8)) as f32 } else { x };
    let mut judged: Vec<f32> = advantages.iter().map(|&x| scale(x)).collect();
    for &at in silent {
        judged[at] = 0.0;
    }
    judged
}

/// The next rollout knows nothing of it, and no row that explores is no row that does.
#[test]
fn it_is_for_one_rollout() {
    let world = prompted();
    let run = |explore: &[i32]| {
        let mut agent = world.agent(SEED, FUSED);
        let mut collector = agent.collector(single(&world)).unwrap();
        let (log, collected) = episodes(&mut world.clone(), &mut collector, explore);
        agent.learn(&collected, &LearnConfig { minibatches: 3, ..once() }).unwrap();
        super::resume(&mut agent, &mut collector, collected);
        let (_, next) = episodes(&mut world.clone(), &mut collector, &[]);
        let weights = next.recording.trajectories(&world.rollout).weights.unwrap().to_vec();
        (log, bits(&agent.parameters().unwrap()), weights)
    };
    let none = vec![-1; world.rows];
    assert_eq!(run(&none), run(&[]));
    let (_, parameters, weights) = run(&steps(&world));
    let (_, others, _) = run(&[]);
    assert_ne!(parameters, others);
    assert!(weights.chunks(STEPS).all(|row| row[0] > 0.0), "all count from the first step again");
}

#[test]
fn it_is_said_before_the_first_step_of_rows_that_begin_with_a_prompt() {
    let world = prompted();
    let mut agent = world.agent(SEED, FUSED);
    let mut collector = agent.collector(single(&world)).unwrap();
    let none = vec![-1; world.rows];
    assert_eq!(path(collector.explore(&none)), "collector");
    let (contexts, stages) = (vec![0; world.rows], vec![0; world.rows]);
    collector.begin(Prompts::of(&contexts, &stages)).unwrap();
    assert_eq!(path(collector.explore(&none[1..])), "randomSteps");
    let mut bad = none.clone();
    bad[7] = STEPS as i32;
    assert_eq!(path(collector.explore(&bad)), "randomSteps[7]");
    world.clone().drive(&mut collector, 1);
    assert_eq!(path(collector.explore(&none)), "randomSteps");
    let bare = World::new(1, 3);
    let mut endless = bare.agent(1, FUSED).collector(config(&bare, STEPS)).unwrap();
    assert_eq!(path(endless.explore(&[-1; 3])), "randomSteps");
}

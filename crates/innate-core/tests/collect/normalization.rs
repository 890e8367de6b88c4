//! Running statistics: of all that was observed and of nothing else, saved and loaded to the bit.

use innate_core::collect::{CollectorConfig, LIMIT, Running};
use innate_core::data::{Sampling, Trajectories};
use innate_core::engine::fused::StepOutput;
use innate_core::rng::Seed;
use innate_core::{Agent, checkpoint};

use super::world::{Log, World};
use super::{FUSED, GAE, assert_near, config, once, resume, rollout};

const STEPS: usize = 6;

fn normal(world: &World) -> CollectorConfig {
    CollectorConfig { normalize_observations: true, normalize_rewards: true, ..config(world, STEPS) }
}

/// Mean and variance of a column, in two passes.
fn moments(numbers: &[f64]) -> (f64, f64) {
    let n = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / n;
    (mean, numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n)
}

/// Discounted returns so far of every row and step, which begin again behind an end.
fn discounted(log: &Log, sums: &mut [f64]) -> Vec<f64> {
    let mut all = Vec::new();
    for step in log {
        for (row, sum) in sums.iter_mut().enumerate() {
            *sum = *sum * GAE.gamma + f64::from(step.rewards[row]);
            all.push(*sum);
            if step.terminated[row] | step.truncated[row] != 0 {
                *sum = 0.0;
            }
        }
    }
    all
}

#[test]
fn statistics_are_the_moments_of_all_that_was_seen() {
    let mut world = World::new(1, 20);
    let mut agent = world.agent(3, FUSED);
    let mut collector = agent.collector(normal(&world)).unwrap();
    let (mut columns, mut returns, mut sums) = (vec![Vec::new(); 3], Vec::new(), vec![0.0; 20]);
    for _ in 0..3 {
        let (log, collected) = rollout(&mut collector, &mut world, STEPS);
        for step in &log {
            step.shown.dense.iter().enumerate().for_each(|(at, &x)| columns[at % 3].push(f64::from(x)));
        }
        returns.extend(discounted(&log, &mut sums));
        let seen = collected.normalizer.observations.as_ref().unwrap();
        assert!((seen.count - columns[0].len() as f64).abs() < 1e-9, "neither last nor pending observations count");
        for (place, column) in columns.iter().enumerate() {
            let (mean, variance) = moments(column);
            assert!((seen.mean[place] - mean).abs() < 1e-12 && (seen.variance[place] - variance).abs() < 1e-12);
        }
        let (_, variance) = moments(&returns);
        let of_returns = collected.normalizer.returns.as_ref().unwrap();
        assert!((of_returns.variance[0] - variance).abs() < 1e-12);
        assert!((collected.normalizer.reward_scale() - variance.sqrt()).abs() < 1e-6);
        agent.learn(&collected, &once()).unwrap();
        assert_eq!(*agent.normalizer(), collected.normalizer, "the agent takes them over");
        resume(&mut agent, &mut collector, collected);
    }
}

/// What the network read is what was shown, by the statistics of the steps up to this one.
#[test]
fn vectors_are_recorded_as_they_were_read() {
    let mut world = World::new(1, 20);
    let mut agent = world.agent(3, FUSED);
    let mut collector = agent.collector(normal(&world)).unwrap();
    let (log, collected) = rollout(&mut collector, &mut world, STEPS);
    let data = collected.recording.trajectories(&world.rollout);
    let mut running = Running::new(3);
    for (t, step) in log.iter().enumerate() {
        running.update(&step.shown.dense, |_| true);
        for row in 0..20 {
            let read = &data.dense.as_ref().unwrap()[(row * STEPS + t) * 3..][..3];
            let expected: Vec<f64> = (0..3)
                .map(|place| {
                    let off = f64::from(step.shown.dense[row * 3 + place]) - running.mean[place];
                    (off / (running.variance[place] + 1e-8).sqrt()).clamp(-LIMIT, LIMIT)
                })
                .collect();
            assert_near("dense", read, &expected, 1e-6);
        }
    }
}

/// Neither an evaluation nor decisions one at a time, nor a rollout that was not learned from.
#[test]
fn only_learning_moves_an_agents_statistics() {
    let mut world = World::new(1, 20);
    let mut agent = world.agent(3, FUSED);
    let mut collector = agent.collector(normal(&world)).unwrap();
    let (_, collected) = rollout(&mut collector, &mut world, STEPS);
    agent.learn(&collected, &once()).unwrap();
    let before = agent.normalizer().clone();
    agent.evaluate(&collected.recording.trajectories(&world.rollout)).unwrap();
    let mut policy = agent.policy(20).unwrap();
    policy.begin(innate_core::data::Prompts::none(20)).unwrap();
    let (mut actions, mut floats) = (vec![0; 20], [(); 3].map(|()| vec![0.0; 20]));
    let [log_probs, entropies, values] = &mut floats;
    let mut out = StepOutput { actions: &mut actions, log_probs, entropies, values };
    policy.step(&world.now().view(), Sampling::Session { seed: Seed(1), begun: 0 }, &mut out).unwrap();
    let mut other = agent.collector(normal(&world)).unwrap();
    let (_, unlearned) = rollout(&mut other, &mut world, STEPS);
    assert_ne!(unlearned.normalizer, before, "it went on from the agent's");
    assert!(unlearned.normalizer.observations.as_ref().unwrap().count > before.observations.as_ref().unwrap().count);
    assert_eq!(*agent.normalizer(), before);
}

#[test]
fn an_agent_goes_on_from_its_file_as_if_it_had_not_stopped() {
    let mut world = World::new(2, 20);
    let mut agent = world.agent(3, FUSED);
    let mut collector = agent.collector(normal(&world)).unwrap();
    for _ in 0..2 {
        let (_, collected) = rollout(&mut collector, &mut world, STEPS);
        agent.learn(&collected, &once()).unwrap();
        resume(&mut agent, &mut collector, collected);
    }
    let bytes = checkpoint::encode(&agent.state("").unwrap(), "x").unwrap();
    let state = checkpoint::decode(&bytes, "x").unwrap();
    let mut loaded = Agent::from_state(&state, FUSED).unwrap();
    assert_eq!(loaded.normalizer(), agent.normalizer());
    assert!(loaded.normalizer().returns.as_ref().unwrap().variance[0] > 0.0);
    // Both begin anew from here on.
    let go_on = |agent: &mut Agent| {
        let mut world = world.clone();
        let mut collector = agent.collector(normal(&world)).unwrap();
        for _ in 0..2 {
            let (_, collected) = rollout(&mut collector, &mut world, STEPS);
            agent.learn(&collected, &once()).unwrap();
            resume(agent, &mut collector, collected);
        }
        checkpoint::encode(&agent.state("").unwrap(), "x").unwrap()
    };
    assert_eq!(go_on(&mut agent), go_on(&mut loaded));
}

/// Statistics that are not asked for are forgotten rather than applied.
#[test]
fn without_the_option_nothing_is_normalized() {
    let mut world = World::new(1, 20);
    let mut agent = world.agent(3, FUSED);
    let mut collector = agent.collector(normal(&world)).unwrap();
    let (_, collected) = rollout(&mut collector, &mut world, STEPS);
    agent.learn(&collected, &once()).unwrap();
    let mut plain = agent.collector(config(&world, STEPS)).unwrap();
    let (log, collected) = rollout(&mut plain, &mut world, STEPS);
    assert!(collected.normalizer.is_empty());
    let data = collected.recording.trajectories(&world.rollout);
    let same = |data: &Trajectories<'_>| {
        (0..20 * STEPS).all(|at| {
            let (row, t) = (at / STEPS, at % STEPS);
            data.dense.as_ref().unwrap()[at * 3..][..3] == log[t].shown.dense[row * 3..][..3]
        })
    };
    assert!(same(&data));
}

/// Rewards as large as there are: sums of them are beyond 32 bits, and nothing of it is infinite.
#[test]
fn large_rewards_leave_finite_statistics() {
    let world = World { ends: 0, ..World::new(1, 4) };
    let mut agent = world.agent(3, FUSED);
    let mut collector = agent.collector(normal(&world)).unwrap();
    for reward in [f32::MAX, f32::MAX, f32::MIN, f32::MAX] {
        collector.step(&world.now().view(), &mut [0; 4]).unwrap();
        collector.answer(&[reward; 4], &[0; 4], &[0; 4], &world.last().view()).unwrap();
    }
    world.finish(&mut collector);
    let collected = collector.take().unwrap();
    assert!(collected.normalizer.reward_scale().is_finite());
    agent.learn(&collected, &once()).unwrap();
    checkpoint::encode(&agent.state("").unwrap(), "x").unwrap();
}

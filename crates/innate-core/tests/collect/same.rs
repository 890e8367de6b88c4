//! The same bytes whatever the number of threads, and others from another seed.

use innate_core::Placement;
use innate_core::agent::LearnConfig;
use innate_core::collect::CollectorConfig;

use super::world::World;
use super::{FUSED, bits, config, resume, rollout};

const STEPS: usize = 6;

/// Weights after three rollouts of all there is.
fn weights(threads: usize, seed: u64, learn: &LearnConfig) -> Vec<u32> {
    let mut world = World::new(2, 70);
    let mut agent = world.agent(seed, Placement { threads, ..FUSED });
    let all = CollectorConfig { normalize_observations: true, normalize_rewards: true, ..config(&world, STEPS) };
    let mut collector = agent.collector(all).unwrap();
    for _ in 0..3 {
        let (_, collected) = rollout(&mut collector, &mut world, STEPS);
        agent.learn(&collected, learn).unwrap();
        resume(&mut agent, &mut collector, collected);
    }
    bits(&agent.parameters().unwrap())
}

#[test]
fn any_number_of_threads_learns_the_same_bytes() {
    let learn = LearnConfig::default();
    let first = weights(1, 11, &learn);
    for threads in [1, 2, 3, 8] {
        assert_eq!(weights(threads, 11, &learn), first, "{threads} threads");
    }
    assert_ne!(weights(1, 12, &learn), first);
    for other in
        [LearnConfig { epochs: 3, ..learn }, LearnConfig { minibatches: 3, ..learn }, LearnConfig { ratio: false, ..learn }]
    {
        assert_ne!(weights(1, 11, &other), first, "{other:?}");
    }
}

/// Each rollout has a number of its own in the agent's stream, failed ones too, so none draws what another drew.
#[test]
fn every_rollout_has_its_own_number() {
    let mut world = World { masked: false, ..World::new(1, 9) };
    world.rollout.action_mask = None;
    let mut agent = world.agent(1, FUSED);
    let mut collector = agent.collector(config(&world, STEPS)).unwrap();
    assert_eq!(agent.rollouts(), 1);
    let (first, collected) = rollout(&mut collector, &mut world.clone(), STEPS);
    let bad = LearnConfig { epochs: 0, ..LearnConfig::default() };
    assert!(agent.learn(&collected, &bad).is_err());
    assert_eq!(agent.rollouts(), 2);
    resume(&mut agent, &mut collector, collected);
    collector.restart().unwrap();
    let (second, _) = rollout(&mut collector, &mut world, STEPS);
    let actions = |log: &super::Log| log.iter().map(|step| step.actions.clone()).collect::<Vec<_>>();
    assert_ne!(actions(&first), actions(&second), "by the same weights, of the same observations");
    let mut other = agent.collector(config(&world, STEPS)).unwrap();
    world.t -= STEPS as u32;
    let (third, _) = rollout(&mut other, &mut world, STEPS);
    assert_ne!(actions(&second), actions(&third));
}

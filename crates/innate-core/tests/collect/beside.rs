//! What else is said of a finished rollout: advantages of its rows, and a reference; and what is learned beside it.

use innate_core::agent::LearnConfig;
use innate_core::objective::{Advantages, Objective, Reduction, Targets};
use innate_core::{Error, Lesson};

use crate::world::World;
use crate::{FUSED, PLAIN, assert_near, config, once, resume, rollout};

const STEPS: usize = 6;

fn path<T: std::fmt::Debug>(result: innate_core::Result<T>) -> String {
    match result {
        Err(Error::Invalid { path, .. }) => path,
        other => panic!("{other:?}"),
    }
}

#[test]
fn rows_are_judged_and_referred_to_once_the_rollout_is_finished() {
    let mut world = World::new(1, 6);
    let mut agent = world.agent(4, FUSED);
    let mut other = world.agent(5, FUSED);
    let mut collector = agent.collector(config(&world, STEPS)).unwrap();
    assert_eq!(path(collector.judge(&[0.0; 6])), "collector");
    world.drive(&mut collector, STEPS);
    world.finish(&mut collector);
    let said = other.evaluate(&collector.recorded().unwrap().trajectories(&world.rollout)).unwrap().log_probs;
    assert_eq!(path(collector.judge(&[0.0; 5])), "advantages");
    assert_eq!(path(collector.judge(&[0.0, 0.0, f32::NAN, 0.0, 0.0, 0.0])), "advantages[2]");
    assert_eq!(path(collector.refer(vec![0.0; 6])), "referenceLogProbs");
    let advantages: Vec<f32> = (0..6).map(|row| row as f32 - 2.5).collect();
    collector.judge(&advantages).unwrap();
    collector.refer(said.clone()).unwrap();
    let collected = collector.take().unwrap();
    assert_eq!(path(collector.judge(&[0.0; 6])), "collector");
    let targets = collected.recording.targets();
    let Advantages::Given { advantages: judged, value_targets } = targets.advantages else { panic!() };
    assert!(judged.chunks(STEPS).zip(&advantages).all(|(row, advantage)| row.iter().all(|x| x.to_bits() == advantage.to_bits())));
    assert!(value_targets.unwrap().iter().any(|&x| x != 0.0), "the value targets stay");
    assert_eq!(targets.reference_log_probs, Some(&*said));
    let objective = Objective { kl_coef: 0.5, ..once().objective };
    let learned = agent.learn(&collected, &LearnConfig { objective, ..once() }).unwrap();
    assert!(learned.terms.reference_kl > 1e-4, "{learned:?}");
    // The next rollout has no reference until it is told.
    resume(&mut agent, &mut collector, collected);
    let (_, collected) = rollout(&mut collector, &mut world, STEPS);
    assert!(collected.recording.targets().reference_log_probs.is_none());
}

/// The gradient of each step is the sum of both, part by part.
#[test]
fn what_is_learned_beside_is_added_to_each_minibatch() {
    for placement in [FUSED, PLAIN] {
        let world = World::new(2, 12);
        let made = || {
            let mut agent = world.agent(4, placement);
            let mut collector = agent.collector(config(&world, STEPS)).unwrap();
            let (_, collected) = rollout(&mut collector, &mut world.clone(), STEPS);
            (agent, collected)
        };
        let (mut agent, collected) = made();
        let (mut twin, _) = made();
        // The same steps, to be imitated.
        let data = collected.recording.trajectories(&world.rollout);
        let shown = vec![0.3; 12];
        let targets = Targets::judged(Advantages::Given { advantages: &shown, value_targets: None });
        let objective = Objective { value_coef: 0.0, entropy_coef: 0.0, reduction: Reduction::Step, ..Objective::default() };
        let beside = Lesson { data: &data, targets: &targets, objective: &objective };
        let config = LearnConfig { normalize_advantage: false, ..once() };
        let learned = agent.learn_beside(&collected, &config, Some(&beside)).unwrap();
        let judged = collected.recording.targets();
        let lesson = Lesson { data: &data, targets: &judged, objective: &config.objective };
        let own = twin.accumulate(&lesson, None).unwrap();
        let other = twin.accumulate(&beside, None).unwrap();
        let norm = twin.apply(&config.optimizer).unwrap();
        assert!((learned.terms.loss - own.loss).abs() < 1e-6, "{learned:?} {own:?}");
        assert!((learned.beside.unwrap() - other.policy_loss).abs() < 1e-6, "{learned:?} {other:?}");
        assert!((learned.grad_norm - norm).abs() < 1e-5 * norm);
        let expected: Vec<f64> = twin.parameters().unwrap().iter().map(|&x| f64::from(x)).collect();
        assert_near("weights", &agent.parameters().unwrap(), &expected, 1e-5);
        // In three minibatches of two epochs each part of it is learned from twice.
        let config = LearnConfig { epochs: 2, minibatches: 3, ..config };
        let learned = agent.learn_beside(&collected, &config, Some(&beside)).unwrap();
        assert!(learned.updates == 6 && learned.beside.is_some());
        assert_eq!(agent.learn(&collected, &config).unwrap().beside, None);
        // A lesson that is none is refused before anything is learned.
        let before = agent.parameters().unwrap();
        let none = Targets::judged(Advantages::Given { advantages: &shown[1..], value_targets: None });
        assert_eq!(path(agent.learn_beside(&collected, &config, Some(&Lesson { targets: &none, ..beside }))), "advantages");
        assert_eq!(agent.parameters().unwrap(), before);
    }
}

#[test]
fn observed_vectors_are_counted_and_scaled() {
    let world = World::new(1, 4);
    let mut agent = world.agent(1, FUSED);
    let mut dense: Vec<f32> = (0..12).map(|i| (i * i % 7) as f32 + 10.0 * (i % 3) as f32).collect();
    let before = dense.clone();
    agent.normalize_observations(&mut dense).unwrap();
    assert_eq!(dense, before, "without statistics they are as they were");
    agent.count_observations(&dense).unwrap();
    agent.normalize_observations(&mut dense).unwrap();
    for column in 0..3 {
        let mean = dense.iter().skip(column).step_by(3).sum::<f32>() / 4.0;
        let square = dense.iter().skip(column).step_by(3).map(|x| x * x).sum::<f32>() / 4.0;
        assert!(mean.abs() < 1e-5 && (square - 1.0).abs() < 1e-4, "{dense:?}");
    }
    assert_eq!(path(agent.count_observations(&[0.0; 4])), "dense");
    assert_eq!(path(agent.count_observations(&[0.0, f32::NAN, 0.0])), "dense[1]");
    assert_eq!(path(agent.normalize_observations(&mut [0.0; 2])), "dense");
}

#[test]
fn a_state_goes_on_with_another_seed_and_a_fresh_optimizer() {
    let world = World::new(1, 4);
    let mut agent = world.agent(1, FUSED);
    let mut collector = agent.collector(config(&world, STEPS)).unwrap();
    let (_, collected) = rollout(&mut collector, &mut world.clone(), STEPS);
    agent.learn(&collected, &once()).unwrap();
    let state = agent.state("").unwrap();
    let other = state.clone().with_seed(9);
    assert_eq!((other.seed, other.rollouts), (9, 0));
    assert_eq!((&other.parameters, &other.optimizer), (&state.parameters, &state.optimizer));
    let fresh = state.clone().with_fresh_optimizer();
    assert_eq!((fresh.seed, fresh.rollouts, fresh.optimizer.step), (state.seed, state.rollouts, 0));
    assert!(fresh.optimizer.exp_avg.iter().chain(&fresh.optimizer.exp_avg_sq).all(|&x| x == 0.0));
    assert_eq!(fresh.optimizer.exp_avg.len(), state.optimizer.exp_avg.len());
    innate_core::Agent::from_state(&fresh, FUSED).unwrap();
}

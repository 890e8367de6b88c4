//! What is learned from a rollout: when it stops, what is normalized, and what is refused.

use innate_core::Agent;
use innate_core::agent::{LearnConfig, Learned};
use innate_core::collect::{Collected, CollectorConfig};
use innate_core::data::Prompts;
use innate_core::model::{Encoder, Pooling};
use innate_core::objective::{Advantages, Objective, Targets};
use innate_core::optimizer::OptimizerConfig;

use super::world::World;
use super::{FUSED, PLAIN, assert_near, config, once, path, rollout};

const STEPS: usize = 6;

fn collected(world: &World) -> (Agent, Collected) {
    let mut agent = world.agent(4, FUSED);
    let mut collector = agent.collector(config(world, STEPS)).unwrap();
    let (_, collected) = rollout(&mut collector, &mut world.clone(), STEPS);
    (agent, collected)
}

fn fast() -> LearnConfig {
    let optimizer = OptimizerConfig { learning_rate: 0.02, ..OptimizerConfig::default() };
    LearnConfig { epochs: 5, minibatches: 3, optimizer, ..LearnConfig::default() }
}

#[test]
fn learning_stops_where_the_divergence_is_beyond_its_target() {
    let world = World::new(1, 40);
    let run = |target_kl: f64| {
        let (mut agent, collected) = collected(&world);
        let learned = agent.learn(&collected, &LearnConfig { target_kl, ..fast() }).unwrap();
        (learned, agent)
    };
    let (whole, _) = run(f64::INFINITY);
    assert_eq!((whole.updates, whole.stopped), (15, false));
    assert!(whole.terms.approx_kl > 1e-3, "{whole:?}");
    let (some, mut agent) = run(1e-3);
    assert!(some.stopped && (1..15).contains(&some.updates), "{some:?}");
    // What was too far was not stepped along, and waits for nobody.
    assert!(agent.gradient().unwrap().iter().all(|&x| x == 0.0));
    assert_eq!(agent.state("").unwrap().optimizer.step, some.updates as u64);
    agent.learn(&collected(&world).1, &once()).unwrap();
}

/// One epoch of one minibatch is one update on the recording, its advantages normalized by hand.
#[test]
fn a_single_minibatch_is_an_update_on_normalized_advantages() {
    let world = World::new(2, 40);
    for normalize_advantage in [false, true] {
        let (mut agent, collected) = collected(&world);
        let (mut twin, _) = self::collected(&world);
        let config = LearnConfig { normalize_advantage, ..once() };
        let learned = agent.learn(&collected, &config).unwrap();
        let data = collected.recording.trajectories(&world.rollout);
        let targets = collected.recording.targets();
        let Advantages::Given { advantages, value_targets } = targets.advantages else { panic!() };
        let n = advantages.len() as f64;
        let mean = advantages.iter().map(|&x| f64::from(x)).sum::<f64>() / n;
        let deviation = (advantages.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / n).sqrt();
        let scale = |x: f32| if normalize_advantage { ((f64::from(x) - mean) / (deviation + 1e-8)) as f32 } else { x };
        let advantages: Vec<f32> = advantages.iter().map(|&x| scale(x)).collect();
        let judged = Targets { advantages: Advantages::Given { advantages: &advantages, value_targets }, ..targets };
        let lesson = innate_core::Lesson { data: &data, targets: &judged, objective: &config.objective };
        let (terms, norm) = twin.update(&lesson, &config.optimizer).unwrap();
        assert!((learned.terms.loss - terms.loss).abs() < 1e-6 && (learned.grad_norm - norm).abs() < 1e-5 * norm);
        let expected: Vec<f64> = twin.parameters().unwrap().iter().map(|&x| f64::from(x)).collect();
        assert_near("weights", &agent.parameters().unwrap(), &expected, 1e-5);
    }
}

/// With one step, or with equal advantages, there is nothing to prefer: no number is lost, and the policy's term is 0.
#[test]
fn advantages_that_are_all_equal_prefer_nothing() {
    let policy = |of: &Learned| (of.terms.policy_loss.abs(), of.terms.loss.is_finite() && of.grad_norm.is_finite());
    for (rows, minibatches) in [(1, 1), (4, 4)] {
        let world = World::new(1, rows);
        let mut agent = world.agent(4, FUSED);
        let mut collector = agent.collector(config(&world, 1)).unwrap();
        let (_, collected) = rollout(&mut collector, &mut world.clone(), 1);
        let learned = agent.learn(&collected, &LearnConfig { minibatches, ..once() }).unwrap();
        assert_eq!((policy(&learned), learned.updates), ((0.0, true), minibatches));
    }
    // All rows the same, the critic's part apart from rounding: one observation, one action, one reward.
    let mut world = World { ends: 0, masked: false, ..World::new(1, 8) };
    world.rollout.action_mask = Some(vec![true, false, false, false, false]);
    for (reward, gamma) in [(1.0, 0.0), (0.1, 0.0), (1e20, 0.0), (0.0, 0.0)] {
        let mut agent = world.agent(4, FUSED);
        let mut tensors = agent.state_dict().unwrap();
        tensors.iter_mut().filter(|tensor| tensor.name.starts_with("v.")).for_each(|v| v.data.fill(0.0));
        agent.load_state_dict(&tensors).unwrap();
        let gae = innate_core::objective::Gae { gamma, lambda: 0.9 };
        let mut collector = agent.collector(CollectorConfig { gae, ..config(&world, STEPS) }).unwrap();
        for _ in 0..STEPS {
            collector.step(&world.now().view(), &mut [0; 8]).unwrap();
            collector.answer(&[reward; 8], &[0; 8], &[0; 8], &world.last().view()).unwrap();
        }
        world.finish(&mut collector);
        let collected = collector.take().unwrap();
        let objective = Objective { value_coef: 0.0, ..once().objective };
        let learned = agent.learn(&collected, &LearnConfig { objective, ..once() }).unwrap();
        assert_eq!(policy(&learned), (0.0, true), "{reward}: {learned:?}");
        assert!(learned.terms.explained_variance.is_nan());
    }
}

#[test]
fn the_plain_engine_learns_what_the_fused_one_does() {
    let world = World::new(2, 40);
    let objective = Objective { value_clip_range: 0.1, ..LearnConfig::default().objective };
    let config = LearnConfig { epochs: 2, minibatches: 2, objective, ..LearnConfig::default() };
    let (mut fused, collected) = collected(&world);
    let mut plain = world.agent(4, PLAIN);
    let started = plain.collector(super::config(&world, STEPS)).map(drop);
    started.unwrap();
    let (one, two) = (fused.learn(&collected, &config).unwrap(), plain.learn(&collected, &config).unwrap());
    assert_eq!((one.updates, one.stopped), (two.updates, two.stopped));
    for (a, b) in [(one.terms.loss, two.terms.loss), (one.terms.value_loss, two.terms.value_loss), (one.grad_norm, two.grad_norm)]
    {
        assert!((a - b).abs() < 1e-3 * a.abs().max(1.0), "{one:?} {two:?}");
    }
}

#[test]
fn options_that_nothing_can_be_learned_with_are_named() {
    type Spoil = fn(&mut LearnConfig);
    let world = World::new(1, 5);
    let cases: [(&str, Spoil); 9] = [
        ("updateEpochs", |of| of.epochs = 0),
        ("updateEpochs", |of| of.epochs = (1 << 20) + 1),
        ("minibatches", |of| of.minibatches = 0),
        ("targetKl", |of| of.target_kl = 0.0),
        ("targetKl", |of| of.target_kl = f64::NAN),
        ("clipRange", |of| of.objective.clip_range = -1.0),
        ("valueClipRange", |of| of.objective.value_clip_range = 0.0),
        ("valueClipRange", |of| of.objective.value_clip_range = f64::NAN),
        ("learningRate", |of| of.optimizer.learning_rate = f64::NAN),
    ];
    let (mut agent, collected) = collected(&world);
    let before = agent.parameters().unwrap();
    for (expected, spoil) in cases {
        let mut config = once();
        spoil(&mut config);
        assert_eq!(path(agent.learn(&collected, &config)), expected);
    }
    assert_eq!(agent.parameters().unwrap(), before);
    let mut other = World::new(2, 5).agent(4, FUSED);
    assert_eq!(path(other.learn(&collected, &once())), "states");
    assert_eq!(path(agent.collector(CollectorConfig { steps: 0, ..config(&world, 1) }).map(drop)), "steps");
    assert_eq!(path(agent.collector(CollectorConfig { rows: 0, ..config(&world, 1) }).map(drop)), "size");
}

/// More parts than rows are as many as rows.
#[test]
fn there_are_no_more_minibatches_than_rows() {
    let world = World::new(1, 3);
    let (mut agent, collected) = collected(&world);
    let learned = agent.learn(&collected, &LearnConfig { minibatches: 50, epochs: 2, ..LearnConfig::default() }).unwrap();
    assert_eq!(learned.updates, 6);
}

/// Where contexts are pooled over the batch, a part of the rows is another batch.
#[test]
fn rows_that_share_a_context_are_learned_from_together() {
    let mut world = World::new(1, 6);
    world.model.encoder = Encoder::Pooled { stages: 2, pooling: Pooling::Batch, values: false };
    let mut agent = world.agent(4, FUSED);
    let mut collector = agent.collector(CollectorConfig { autoreset: false, ..config(&world, 2) }).unwrap();
    collector.begin(Prompts::of(&[0, 1, 2, 3, 4, 5], &[0, 1, 0, 1, 0, 1])).unwrap();
    let (_, collected) = rollout(&mut collector, &mut world, 2);
    assert_eq!(path(agent.learn(&collected, &LearnConfig { minibatches: 2, ..once() })), "minibatches");
    let learned = agent.learn(&collected, &once()).unwrap();
    assert_eq!(learned.first_approx_kl.to_bits(), 0);
    assert_eq!(path(agent.collector(config(&world, 2)).map(drop)), "autoreset");
}

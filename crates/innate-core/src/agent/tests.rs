//! What is kept, refused and left alone.

use super::*;
use crate::model::Pooling;
use crate::objective::Baseline;

type Spoil = fn(&mut Vec<NamedTensor>);

const PLAIN: Placement = Placement { device: DeviceKind::Cpu, engine: EngineKind::Plain, threads: 1 };
const FUSED: Placement = Placement { engine: EngineKind::Fused, ..PLAIN };

fn made(placement: Placement) -> Result<Agent> {
    let rollout = RolloutSpec { horizon: 2, start_token: 0, action_mask: None };
    Agent::new(ModelSpec::open_loop(4, 2, 3, Pooling::Own), rollout, 1, placement)
}

fn agent() -> Agent {
    made(PLAIN).unwrap()
}

fn path(result: Result<()>) -> String {
    match result {
        Err(Error::Invalid { path, .. }) => path,
        other => panic!("{other:?}"),
    }
}

const PROMPTS: Prompts<'_> = Prompts { rows: 2, contexts: &[1, 2], lengths: None, values: None, stages: &[0, 1] };

#[test]
fn a_state_dict_is_loaded_whole_or_not_at_all() {
    let mut agent = agent();
    let good: Vec<NamedTensor> = agent
        .state_dict()
        .unwrap()
        .into_iter()
        .map(|tensor| NamedTensor { data: tensor.data.iter().map(|x| x + 1.0).collect(), ..tensor })
        .collect();
    let before = agent.parameters().unwrap();
    let broken: [(&str, Spoil); 5] = [
        ("v.bias", |t| drop(t.pop())),
        ("x", |t| t[9].name = "x".to_owned()),
        ("v.bias", |t| t.push(t[9].clone())),
        ("emb.weight", |t| t[0].shape.reverse()),
        ("emb.weight", |t| t[0].data[5] = f32::NAN),
    ];
    for (name, spoil) in broken {
        let mut tensors = good.clone();
        spoil(&mut tensors);
        assert_eq!(path(agent.load_state_dict(&tensors)), name);
        assert_eq!(path(agent.set_gradient(&tensors)), name);
        assert_eq!(agent.parameters().unwrap(), before);
    }
    agent.load_state_dict(&good).unwrap();
    assert_eq!(agent.state_dict().unwrap(), good);
}

#[test]
fn only_a_sampled_rollout_moves_the_stream() {
    let mut agent = agent();
    agent.rollout(PROMPTS, true).unwrap();
    assert_eq!(agent.rollouts(), 0);
    assert!(agent.rollout(Prompts { contexts: &[1, 9], ..PROMPTS }, false).is_err());
    assert_eq!(agent.rollouts(), 0);
    agent.rollout(PROMPTS, false).unwrap();
    assert_eq!(agent.rollouts(), 1);
}

#[test]
fn the_fused_engine_is_the_cpus() {
    assert_eq!(path(made(Placement { device: DeviceKind::Cuda, ..FUSED }).map(drop)), "engine");
}

#[cfg(not(feature = "cuda"))]
#[test]
fn cuda_is_refused_by_a_build_without_it() {
    let error = made(Placement { device: DeviceKind::Cuda, ..PLAIN }).map(drop).unwrap_err();
    assert!(matches!(error, Error::Device { .. }), "{error:?}");
}

#[test]
fn bad_coefficients_are_named() {
    let mut agent = agent();
    let spec = agent.rollout_spec();
    let data = Trajectories::programs(&spec, PROMPTS, &[1, 1, 2, 3]);
    let targets = Targets::returns(&[1.0, 0.0], Baseline::Step);
    let lesson = Lesson { data: &data, targets: &targets, objective: &Objective::default() };
    let config = OptimizerConfig { max_grad_norm: f64::NAN, ..OptimizerConfig::default() };
    assert_eq!(path(agent.update(&lesson, &config).map(drop)), "maxGradNorm");
    let objective = Objective { clip_range: 0.0, ..Objective::default() };
    let lesson = Lesson { objective: &objective, ..lesson };
    assert_eq!(path(agent.update(&lesson, &OptimizerConfig::default()).map(drop)), "clipRange");
}

/// Halves of a batch, with the whole batch's totals, sum to the whole batch's gradient; and a gradient that waits is in nobody's way.
#[test]
fn gradients_wait_until_they_are_applied() {
    let config = OptimizerConfig::default();
    for placement in [PLAIN, FUSED] {
        let [mut whole, mut parts, mut summed] = [(); 3].map(|()| made(placement).unwrap());
        let spec = whole.rollout_spec();
        let prompts = Prompts::of(&[1, 2, 3], &[0, 1, 1]);
        let data = Trajectories::programs(&spec, prompts, &[1, 1, 2, 3, 0, 2]).of_lengths(&[1, 2, 2]);
        let targets = Targets::returns(&[1.0, 0.0, 0.5], Baseline::Step);
        let objective = Objective { totals: Some(crate::objective::Totals { rows: 3.0, steps: 5.0 }), ..Objective::default() };
        let lesson = Lesson { data: &data, targets: &targets, objective: &objective };
        assert_eq!(path(whole.apply(&config).map(drop)), "gradient");

        let (terms, norm) = whole.update(&lesson, &config).unwrap();
        let mut total = 0.0;
        for rows in [&[2, 0][..], &[1]] {
            total += parts.accumulate(&lesson, Some(rows)).unwrap().loss;
        }
        assert!((total - terms.loss).abs() < 1e-6, "{total} {terms:?}");
        assert_eq!(path(parts.update(&lesson, &config).map(drop)), "gradient");
        assert_eq!(path(parts.accumulate(&lesson, Some(&[3])).map(drop)), "rows[0]");
        assert_eq!(path(parts.accumulate(&lesson, Some(&[])).map(drop)), "rows");
        let gradient = parts.gradient().unwrap();
        summed.set_gradient(&parts.named(&gradient)).unwrap();
        assert_eq!(summed.gradient().unwrap(), gradient);
        for agent in [&mut parts, &mut summed] {
            assert!((agent.apply(&config).unwrap() - norm).abs() < 1e-5);
            let (got, expected) = (agent.parameters().unwrap(), whole.parameters().unwrap());
            let close = got.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-5);
            assert!(close, "{placement:?}");
            assert_eq!(agent.gradient().unwrap(), vec![0.0; got.len()]);
        }
        parts.accumulate(&lesson, None).unwrap();
        parts.clear_gradient();
        let before = parts.parameters().unwrap();
        parts.gradients(&lesson, &config).unwrap();
        assert_eq!(parts.parameters().unwrap(), before);
        parts.update(&lesson, &config).unwrap();
    }
}

#[test]
fn a_policy_keeps_the_weights_it_was_made_with() {
    for placement in [PLAIN, FUSED] {
        let mut agent = made(placement).unwrap();
        let (before, again) = (agent.policy(1).unwrap(), agent.policy(2).unwrap());
        assert!(Arc::ptr_eq(before.weights(), again.weights()), "{placement:?}");
        let tensors = agent.state_dict().unwrap();
        agent.load_state_dict(&tensors).unwrap();
        let after = agent.policy(1).unwrap();
        assert!(after.weights().generation() > before.weights().generation(), "{placement:?}");
    }
}

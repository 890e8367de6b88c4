//! Nothing that is not finite becomes a weight, an action or a file's content, whatever weights and coefficients are.

use innate_core::data::{Observation, Prompts, Sampling, Trajectories};
use innate_core::device::{self, DeviceKind};
use innate_core::engine::fused::{Fused, Policy, StepOutput, Weights};
use innate_core::engine::plain::Plain;
use innate_core::engine::{Engine, EngineKind};
use innate_core::error::Error;
use innate_core::model::{ModelSpec, ParamKind, Pooling, count, init, params};
use innate_core::objective::Baseline;
use innate_core::optimizer::AdamState;
use innate_core::rng::Seed;
use innate_core::{Agent, AgentState, Placement};

use crate::{Case, Learning};

const FUSED: Placement = Placement { device: DeviceKind::Cpu, engine: EngineKind::Fused, threads: 1 };
const SHAPE: [usize; 6] = [7, 2, 5, 40, 3, 4];
const SAMPLINGS: [Sampling<'static>; 3] =
    [Sampling::Greedy, Sampling::Random { seed: Seed(11), rollout: 3 }, Sampling::Session { seed: Seed(11), begun: 3 }];

fn not_finite<T>(result: Result<T, Error>) -> &'static str {
    match result {
        Err(Error::NonFinite { what, value, .. }) => {
            assert!(!value.is_finite());
            what
        }
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("went through"),
    }
}

#[test]
fn a_step_that_is_not_finite_changes_nothing() {
    let case = Case::new(6, [7, 2, 5, 6, 3, 4], Pooling::Own, false);
    let huge = case.aim(Baseline::Program).learning_rate(3e38);
    for ((name, mut engine), (_, mut twin)) in case.engines().into_iter().zip(case.engines()) {
        for engine in [&mut engine, &mut twin] {
            engine.update(&case.data(), &case.aim(Baseline::Program)).unwrap();
        }
        let before = (engine.parameters().unwrap(), engine.optimizer().unwrap());
        assert_eq!(not_finite(engine.update(&case.data(), &huge)), "weights", "{name}");
        assert_eq!((engine.parameters().unwrap(), engine.optimizer().unwrap()), before, "{name}");
        // What follows is as if it had not been tried, whichever buffers were written.
        for _ in 0..3 {
            assert_eq!(not_finite(engine.update(&case.data(), &huge)), "weights");
            engine.update(&case.data(), &case.aim(Baseline::Program)).unwrap();
            twin.update(&case.data(), &case.aim(Baseline::Program)).unwrap();
            assert_eq!(engine.parameters().unwrap(), twin.parameters().unwrap(), "{name}");
            assert_eq!(engine.optimizer().unwrap(), twin.optimizer().unwrap(), "{name}");
        }
    }
}

#[test]
fn moments_that_overflow_change_nothing() {
    let case = Case::new(6, [7, 2, 5, 6, 3, 4], Pooling::Own, false);
    let state =
        |avg: f32, sq: f32| AdamState { step: 1, exp_avg: vec![avg; case.flat.len()], exp_avg_sq: vec![sq; case.flat.len()] };
    for (name, mut engine) in case.engines() {
        // m / (√v + ε) with a large m and a small v.
        engine.set_optimizer(&state(3e38, 0.0)).unwrap();
        assert_eq!(not_finite(engine.update(&case.data(), &case.aim(Baseline::Program))), "weights", "{name}");
        assert_eq!(engine.optimizer().unwrap(), state(3e38, 0.0));
        assert_eq!(engine.parameters().unwrap(), case.flat);
    }
}

/// Changes one tensor in place.
type Spoil = (&'static str, fn(&mut [f32]));

const SPOILS: [Spoil; 9] = [
    ("pi.weight", |x| x.fill(3e38)),
    ("pi.weight", |x| x.fill(f32::MIN)),
    ("pi.weight", |x| x.iter_mut().step_by(2).for_each(|x| *x = f32::MAX)),
    ("pi.weight", |x| x.iter_mut().enumerate().for_each(|(i, x)| *x = if i % 3 == 1 { f32::MAX } else { f32::MIN })),
    ("pi.bias", |x| x.fill(f32::MIN)),
    // Masked tokens far above the others.
    ("pi.bias", |x| x.iter_mut().enumerate().for_each(|(i, x)| *x = if i % 3 == 1 { 1e38 } else { -1e38 })),
    ("emb.weight", |x| x.fill(3e38)),
    ("rnn.weight_hh_l0", |x| x.fill(f32::MIN)),
    ("rnn.bias_ih_l0", |x| x.fill(f32::MAX)),
];

#[test]
fn a_masked_action_is_never_returned_whatever_the_weights() {
    let case = Case::new(3, SHAPE, Pooling::Own, true);
    let mut refused = 0;
    for (tensor, spoil) in SPOILS {
        let mut flat = case.flat.clone();
        let spec = params(&case.model).into_iter().find(|spec| spec.name == tensor).unwrap();
        spoil(&mut flat[spec.range()]);
        for (name, mut engine) in case.engines() {
            engine.set_parameters(&flat).unwrap();
            for sampling in SAMPLINGS {
                match engine.rollout(case.prompts(), &case.rollout, sampling) {
                    Ok(rollout) => {
                        case.acting(&rollout.actions);
                        assert!(!rollout.log_probs.iter().any(|x| x.is_nan()), "{name} {tensor} {sampling:?}");
                    }
                    Err(Error::NonFinite { what: "logits", at: Some((0..40, 0..4)), .. }) => refused += 1,
                    Err(other) => panic!("{name} {tensor}: {other:?}"),
                }
            }
            match engine.evaluate(&case.data()) {
                Ok(said) => assert!(!said.logits.iter().chain(&said.log_probs).any(|x| x.is_nan()), "{name} {tensor}"),
                Err(error) => assert_eq!(not_finite::<()>(Err(error)), "logits"),
            }
            // An error leaves the engine usable.
            engine.set_parameters(&case.flat).unwrap();
            engine.rollout(case.prompts(), &case.rollout, SAMPLINGS[1]).unwrap();
            engine.update(&case.data(), &case.aim(Baseline::Program)).unwrap();
        }
    }
    assert!(refused > 20, "only {refused} were refused: the weights were not bad enough");
}

#[test]
fn a_masked_token_has_no_part_in_the_distribution() {
    let mut case = Case::new(3, SHAPE, Pooling::Own, true);
    // Whatever is added to them is lost beside such numbers, so all allowed tokens are equal.
    let bias = case.place(ParamKind::PolicyBias);
    let allowed = case.rollout.action_mask.clone().unwrap();
    let count = allowed.iter().filter(|allow| **allow).count() as f32;
    for (masked, others) in [(3e38, -1e38), (-3e38, -3e38), (3e38, 3e38)] {
        for (bias, &allow) in case.flat[bias.clone()].iter_mut().zip(&allowed) {
            *bias = if allow { others } else { masked };
        }
        for (name, mut engine) in case.engines() {
            let said = engine.evaluate(&case.data()).unwrap();
            assert!(said.log_probs.iter().all(|x| (-count.ln() - 1e-5..=0.0).contains(x)), "{name} {masked} {others}");
            assert!(said.entropies.iter().all(|x| (x - count.ln()).abs() < 1e-5), "{name} {masked} {others}");
            let rollout = engine.rollout(case.prompts(), &case.rollout, SAMPLINGS[1]).unwrap();
            for (token, &allow) in allowed.iter().enumerate() {
                let drawn = rollout.actions.iter().filter(|&&action| action as usize == token).count();
                assert_eq!(drawn > 0, allow, "{name}: token {token} was drawn {drawn} times of 160");
            }
            let greedy = engine.rollout(case.prompts(), &case.rollout, Sampling::Greedy).unwrap().actions;
            assert!(greedy.iter().all(|&action| action == 0), "{name}: the lowest allowed token");
        }
    }
}

#[test]
fn the_row_and_the_step_without_probabilities_are_named() {
    let mut case = Case::new(3, SHAPE, Pooling::Own, false);
    // A token's embedding overflows the gates, and from there the state of the row that reads it.
    let embedding = case.place(ParamKind::Embedding);
    let h = case.model.hidden;
    case.flat[embedding][6 * h..].fill(f32::NAN);
    case.contexts.iter_mut().for_each(|token| *token %= 6);
    case.actions.iter_mut().for_each(|token| *token %= 6);
    case.actions[37 * 4 + 1] = 6;
    for (name, mut engine) in case.engines() {
        let error = engine.evaluate(&case.data()).unwrap_err();
        let Error::NonFinite { what: "logits", at: Some(at), .. } = error else { panic!("{name}: {error:?}") };
        assert_eq!(at, (37, 2), "{name}");
        assert!(error.to_string().starts_with("logits of row 37 at step 2 is not finite (NaN)"), "{error}");
    }
}

#[test]
fn a_policy_without_probabilities_must_begin_again() {
    let mut case = Case::new(3, SHAPE, Pooling::Own, true);
    let weight = case.place(ParamKind::PolicyWeight);
    case.flat[weight].fill(3e38);
    let mut policy = case.policy(40).unwrap();
    let (mut actions, mut floats) = (vec![0; 40], [vec![0.0; 40], vec![0.0; 40], vec![0.0; 40]]);
    policy.begin(case.prompts()).unwrap();
    let mut step = |policy: &mut Policy| {
        let [log_probs, entropies, values] = &mut floats;
        policy.step(
            &Observation::default(),
            Sampling::Greedy,
            &mut StepOutput { actions: &mut actions, log_probs, entropies, values },
        )
    };
    assert_eq!(not_finite(step(&mut policy)), "logits");
    assert!(step(&mut policy).unwrap_err().to_string().contains("begin"));
    policy.begin(case.prompts()).unwrap();
    assert_eq!(not_finite(step(&mut policy)), "logits");
}

#[test]
fn activations_are_not_kept_across_new_weights() {
    let case = Case::new(4, SHAPE, Pooling::Own, false);
    let other: Vec<f32> = case.flat.iter().map(|x| x * 0.5 + 0.1).collect();
    for ((name, mut engine), (_, mut fresh)) in case.engines().into_iter().zip(case.engines()) {
        let rollout = engine.rollout(case.prompts(), &case.rollout, SAMPLINGS[1]).unwrap();
        engine.set_parameters(&other).unwrap();
        fresh.set_parameters(&other).unwrap();
        let episodes = &case.acting(&rollout.actions);
        for _ in 0..2 {
            assert_eq!(
                engine.update(episodes, &case.aim(Baseline::Program)).unwrap(),
                fresh.update(episodes, &case.aim(Baseline::Program)).unwrap(),
                "{name}"
            );
        }
        assert_eq!(engine.parameters().unwrap(), fresh.parameters().unwrap(), "{name}");
    }
}

#[test]
fn what_is_evaluated_between_a_rollout_and_its_update_changes_nothing() {
    let another = Case::new(9, [7, 2, 5, 70, 3, 4], Pooling::Batch, false);
    let case = Case::new(4, SHAPE, Pooling::Batch, false);
    for ((name, mut engine), (_, mut undisturbed)) in case.engines().into_iter().zip(case.engines()) {
        let rollout = engine.rollout(case.prompts(), &case.rollout, SAMPLINGS[1]).unwrap();
        engine.rollout(another.prompts(), &another.rollout, Sampling::Greedy).unwrap();
        engine.evaluate(&another.data()).unwrap();
        undisturbed.rollout(case.prompts(), &case.rollout, SAMPLINGS[1]).unwrap();
        let episodes = &case.acting(&rollout.actions);
        assert_eq!(
            engine.update(episodes, &case.aim(Baseline::Program)).unwrap(),
            undisturbed.update(episodes, &case.aim(Baseline::Program)).unwrap(),
            "{name}"
        );
        assert_eq!(engine.parameters().unwrap(), undisturbed.parameters().unwrap(), "{name}");
    }
}

#[test]
fn what_no_machine_holds_is_refused_before_it_is_taken() {
    let mut case = Case::new(4, SHAPE, Pooling::Own, false);
    case.rollout.horizon = 1 << 20;
    case.model.hidden = 64;
    let flat = init(&case.model, Seed(1));
    let mut engine = Fused::new(&case.model, 2, &flat).unwrap();
    let (contexts, stages) = (vec![0; 3 << 12], vec![0; 1 << 12]);
    let many = Prompts::new(&case.model, &contexts, &stages).unwrap();
    let Err(Error::Memory { path, message, .. }) = engine.rollout(many, &case.rollout, SAMPLINGS[1]) else {
        panic!("went through")
    };
    assert_eq!(path, "stages");
    assert!(message.contains("4096 problems × 1048576 steps at hiddenSize 64"), "{message}");
    let deep = ModelSpec { hidden: 256, layers: 64, ..case.model.clone() };
    let weights = Weights::new(&deep, &vec![0.0; count(&deep)], 0).unwrap();
    let size = Policy::new(weights, &case.rollout, 1 << 20).map(drop);
    assert!(matches!(size, Err(Error::Memory { path, .. }) if path == "size"));
    let wide = ModelSpec::open_loop(1 << 20, 2, 8192, Pooling::Own);
    let made = Agent::new(wide, case.rollout, 1, FUSED).map(drop);
    assert!(matches!(made, Err(Error::Memory { path, .. }) if path == "vocabSize"));
}

#[test]
fn the_plain_engine_refuses_what_no_machine_holds() {
    let mut case = Case::new(4, [7, 2, 512, 1, 3, 1], Pooling::Own, false);
    case.rollout.horizon = 1 << 20;
    let mut engine = Plain::new(case.model.clone(), device::open(DeviceKind::Cpu).unwrap(), &case.flat).unwrap();
    let too_much = |result: Result<(), Error>, what: &str| {
        let Err(Error::Memory { path, message, .. }) = result else { panic!("{what}: {result:?}") };
        assert_eq!(path, "stages");
        assert!(message.contains(what), "{message}");
    };
    let many = vec![0; 1 << 14];
    let prompts = Prompts::new(&case.model, &many, &many).unwrap();
    too_much(engine.rollout(prompts, &case.rollout, SAMPLINGS[1]).map(drop), "16384 problems × 1048576 steps");
    let actions = vec![0; 1 << 22];
    let long = &case.acting(&actions);
    too_much(engine.evaluate(long).map(drop), "1 problems × 4194304 steps at hiddenSize 512");
    too_much(engine.update(long, &case.aim(Baseline::Program)).map(drop), "1 problems × 4194304 steps at hiddenSize 512");
    assert_eq!(engine.optimizer().unwrap().step, 0);
}

/// A sum in f32 stands still at 2²⁴.
#[test]
fn tokens_of_large_batches_are_all_counted() {
    let case = Case::new(4, [7, 2, 5, 2, 1, 3], Pooling::Batch, false);
    let mut engine = Fused::new(&case.model, 2, &case.flat).unwrap();
    let mut values = [1, 12_000_000].map(|length| {
        let contexts = vec![3; 2 * length];
        let prompts = Prompts::new(&case.model, &contexts, &case.stages).unwrap();
        engine.evaluate(&Trajectories::programs(&case.rollout, prompts, &case.actions)).unwrap().values
    });
    assert_eq!(std::mem::take(&mut values[0]), values[1]);
}

#[test]
fn a_state_that_no_training_comes_to_is_refused() {
    type Broken = (&'static str, fn(&mut AgentState));
    let case = Case::new(4, SHAPE, Pooling::Own, false);
    let good = Agent::new(case.model, case.rollout, 1, FUSED).unwrap().state("").unwrap();
    let bad: [Broken; 6] = [
        ("parameters[3]", |state| state.parameters[3] = f32::NAN),
        ("parameters", |state| state.parameters.truncate(9)),
        ("optimizer.exp_avg[0]", |state| state.optimizer.exp_avg[0] = f32::INFINITY),
        ("optimizer.exp_avg_sq[1]", |state| state.optimizer.exp_avg_sq[1] = f32::NEG_INFINITY),
        ("optimizer.exp_avg_sq[2]", |state| state.optimizer.exp_avg_sq[2] = -1e-9),
        ("optimizer.exp_avg_sq", |state| state.optimizer.exp_avg_sq.push(0.0)),
    ];
    for (expected, spoil) in bad {
        let mut state = good.clone();
        spoil(&mut state);
        for engine in [EngineKind::Fused, EngineKind::Plain] {
            let Err(Error::Invalid { path, .. }) = Agent::from_state(&state, Placement { engine, ..FUSED }) else {
                panic!("{expected} was taken")
            };
            assert_eq!(path, expected);
        }
    }
    assert!(Agent::from_state(&good, FUSED).is_ok());
}

#[test]
fn fresh_weights_have_pytorchs_scale() {
    for hidden_size in [8, 96, 257] {
        let model = ModelSpec { layers: 2, ..ModelSpec::open_loop(40, 30, hidden_size, Pooling::Own) };
        let flat = init(&model, Seed(3));
        for spec in params(&model) {
            let values: Vec<f64> = flat[spec.range()].iter().map(|&x| f64::from(x)).collect();
            let n = values.len() as f64;
            let (mean, square) = (values.iter().sum::<f64>() / n, values.iter().map(|x| x * x).sum::<f64>() / n);
            let largest = values.iter().fold(0.0, |a: f64, x| a.max(x.abs()));
            let what = format!("{} at {hidden_size}: mean {mean}, mean square {square}, largest {largest}", spec.name);
            // nn.Embedding: N(0, 1). nn.GRU and nn.Linear: U(−1/√H, 1/√H), whose variance is 1/(3H).
            let (variance, kurtosis) =
                if spec.name.contains("emb.") { (1.0, 3.0) } else { (1.0 / (3.0 * hidden_size as f64), 1.8) };
            assert!(mean.abs() < 5.0 * (variance / n).sqrt(), "{what}");
            assert!((square / variance - 1.0).abs() < 5.0 * ((kurtosis - 1.0) / n).sqrt(), "{what}");
            if !spec.name.contains("emb.") {
                assert!(largest <= 1.0 / (hidden_size as f64).sqrt() + 1e-9, "{what}");
            }
        }
    }
}

#[test]
fn explained_variance_holds_for_signed_zeros_and_large_returns() {
    let mut case = Case::new(8, [7, 2, 5, 2, 3, 4], Pooling::Own, false);
    for (name, mut engine) in case.engines() {
        case.returns = vec![0.0, -0.0];
        assert!(
            engine.gradients(&case.data(), &case.aim(Baseline::Program)).unwrap().0.terms.explained_variance.is_nan(),
            "{name}"
        );
        case.returns = vec![1e7, 1e7 + 1.0];
        for baseline in [Baseline::Program, Baseline::Step] {
            let values = engine.evaluate(&case.data()).unwrap().values;
            let errors: Vec<f64> = match baseline {
                Baseline::Program => values.chunks(4).map(|v| v.iter().map(|&x| f64::from(x)).sum::<f64>()).collect(),
                Baseline::Step => values.iter().map(|&x| f64::from(x)).collect(),
            };
            let per_row = errors.len() / 2;
            let errors: Vec<f64> = errors.iter().enumerate().map(|(i, v)| f64::from((i / per_row) as u8) - v).collect();
            let mean = errors.iter().sum::<f64>() / errors.len() as f64;
            let expected = 1.0 - errors.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / errors.len() as f64 / 0.25;
            let got = engine.gradients(&case.data(), &case.aim(baseline)).unwrap().0.terms.explained_variance;
            assert!((got - expected).abs() < 1e-6, "{name} {baseline:?}: {got} {expected}");
        }
    }
}

//! Odd sizes against the oracle and between engines; determinism; what a failed update leaves behind.

use innate_core::data::Sampling;
use innate_core::engine::Engine;
use innate_core::engine::fused::Fused;
use innate_core::error::Error;
use innate_core::kernel::simd::Isa;
use innate_core::model::Pooling;
use innate_core::objective::Baseline;
use innate_core::optimizer::AdamState;
use innate_core::rng::{Seed, Stream};
use proptest::prelude::*;

use crate::{Case, Learning, Named, assert_close, oracle, wide};

/// `[V, S, H, n, L, T]`
const SIZES: [[usize; 6]; 9] = [
    [3, 1, 5, 1, 1, 1],
    [40, 3, 5, 70, 6, 9],
    [18, 3, 17, 33, 4, 6],
    [7, 2, 17, 2, 9, 1],
    [18, 3, 96, 24, 6, 6],
    [33, 4, 96, 65, 3, 2],
    [3, 1, 96, 1, 5, 9],
    [40, 2, 100, 70, 2, 3],
    [17, 5, 100, 3, 7, 8],
];

fn cases() -> impl Iterator<Item = Case> {
    SIZES.into_iter().enumerate().flat_map(|(index, size)| {
        [Pooling::Own, Pooling::Batch]
            .into_iter()
            .flat_map(move |pooling| [false, true].map(|masked| Case::new(index as u32, size, pooling, masked)))
    })
}

fn check(case: &Case) {
    check_baseline(case, Baseline::Program);
    check_baseline(case, Baseline::Step);
}

fn check_baseline(case: &Case, baseline: Baseline) {
    let said = oracle::forward(case, &wide(&case.flat));
    let aim = case.aim(baseline);
    let mut first: Option<(Vec<f32>, Vec<f32>, AdamState)> = None;
    for (name, mut engine) in case.engines() {
        let got = engine.evaluate(&case.data()).unwrap();
        let what = |part: &str| format!("{name}, {part}, {:?}", case.model);
        assert_close(&what("logits"), &got.logits, &said.logits, 2e-5);
        assert_close(&what("log_probs"), &got.log_probs, &said.log_probs, 2e-5);
        assert_close(&what("entropies"), &got.entropies, &said.entropies, 2e-5);
        assert_close(&what("values"), &got.values, &said.values, 2e-5);

        let (_, gradient) = engine.gradients(&case.data(), &aim).unwrap();
        assert_eq!(engine.parameters().unwrap(), case.flat, "{}", what("gradients changed the weights"));
        for _ in 0..2 {
            engine.update(&case.data(), &aim).unwrap();
        }
        let now = (gradient, engine.parameters().unwrap(), engine.optimizer().unwrap());
        if let Some((gradient, weights, adam)) = &first {
            assert_close(&what("gradient"), &now.0, &wide(gradient), 1e-5);
            // Adam divides by the gradient's own size, so a weight whose gradient is mere rounding may step either way.
            assert_close(&what("weights"), &now.1, &wide(weights), 2.1 * 2.0 * aim.optimizer.learning_rate);
            assert_close(&what("exp_avg"), &now.2.exp_avg, &wide(&adam.exp_avg), 1e-5);
            assert_close(&what("exp_avg_sq"), &now.2.exp_avg_sq, &wide(&adam.exp_avg_sq), 1e-5);
            assert_eq!(now.2.step, adam.step);
        } else {
            first = Some(now);
        }
    }
}

#[test]
fn odd_sizes_agree() {
    cases().for_each(|case| check(&case));
    cases().step_by(3).for_each(|case| check(&case.ending(1)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn drawn_sizes_agree(
        seed in 0_u32..1000, v in 3_usize..40, s in 1_usize..5, h in 1_usize..40, n in 1_usize..70, l in 1_usize..8, t in 1_usize..9,
        batch: bool, masked: bool, ends: bool,
    ) {
        let pooling = if batch { Pooling::Batch } else { Pooling::Own };
        let case = Case::new(seed, [v, s, h, n, l, t], pooling, masked);
        check(&if ends { case.ending(seed) } else { case });
    }
}

/// A rollout says of its own actions what an evaluation of them says, samples by the documented transform, and never emits a masked token.
#[test]
fn rollouts_sample_as_documented() {
    for case in cases() {
        let (v, t) = (case.model.actions(), case.rollout.horizon);
        for (name, mut engine) in case.engines() {
            let random = Sampling::Random { seed: Seed(11), rollout: 3 };
            for sampling in [Sampling::Greedy, random, Sampling::Session { seed: Seed(11), begun: 3 }] {
                let rollout = engine.rollout(case.prompts(), &case.rollout, sampling).unwrap();
                let said = engine.evaluate(&case.acting(&rollout.actions)).unwrap();
                assert_close(&name, &rollout.log_probs, &wide(&said.log_probs), 1e-5);
                assert_close(&name, &rollout.entropies, &wide(&said.entropies), 1e-5);
                assert_close(&name, &rollout.values, &wide(&said.values), 1e-5);
                for (index, (logits, &action)) in said.logits.chunks(v).zip(&rollout.actions).enumerate() {
                    let action = action as usize;
                    let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                    let (row, step) = (index / t, index % t);
                    let uniform = match sampling {
                        Sampling::Greedy => None,
                        Sampling::Random { seed, rollout } | Sampling::Exploring { seed, rollout, .. } => {
                            Some(seed.action_uniform(rollout, row, step))
                        }
                        Sampling::Session { seed, begun } => Some(seed.uniform(Stream::Session, begun, row, step)),
                    };
                    match uniform.map(f64::from) {
                        None => assert!(top - logits[action] < 1e-5, "{name}: not the most probable"),
                        Some(uniform) => {
                            let weights: Vec<f64> = logits.iter().map(|logit| f64::from(logit - top).exp()).collect();
                            let total: f64 = weights.iter().sum();
                            let below = weights[..action].iter().sum::<f64>() / total;
                            let upto = below + weights[action] / total;
                            assert!(below - 1e-5 <= uniform && uniform <= upto + 1e-5, "{name}: {below} {uniform} {upto}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let run = |(_, mut engine): Named, case: &Case| {
        let mut trace = Vec::new();
        for rollout in 0..3 {
            let rollout = engine.rollout(case.prompts(), &case.rollout, Sampling::Random { seed: Seed(5), rollout }).unwrap();
            let stats = engine.update(&case.acting(&rollout.actions), &case.aim(Baseline::Program)).unwrap();
            trace.push((rollout, stats.numbers().map(f64::to_bits)));
        }
        let bits: Vec<u32> = engine.parameters().unwrap().into_iter().map(f32::to_bits).collect();
        (trace, bits, engine.optimizer().unwrap())
    };
    let case = Case::new(9, [18, 3, 96, 70, 6, 6], Pooling::Own, true);
    for (one, two) in case.engines().into_iter().zip(case.engines()) {
        assert_eq!(run(one, &case), run(two, &case));
    }
}

#[test]
fn a_state_put_back_continues_bit_for_bit() {
    let case = Case::new(4, [18, 3, 17, 9, 6, 6], Pooling::Own, false);
    let step = |engine: &mut Named| {
        engine.1.update(&case.data(), &case.aim(Baseline::Program)).unwrap();
    };
    for (mut one, mut two) in case.engines().into_iter().zip(case.engines()) {
        step(&mut one);
        two.1.set_parameters(&one.1.parameters().unwrap()).unwrap();
        two.1.set_optimizer(&one.1.optimizer().unwrap()).unwrap();
        step(&mut one);
        step(&mut two);
        assert_eq!(one.1.parameters().unwrap(), two.1.parameters().unwrap());
        assert_eq!(one.1.optimizer().unwrap(), two.1.optimizer().unwrap());
    }
}

#[test]
fn a_loss_that_is_not_finite_changes_nothing() {
    let mut case = Case::new(6, [7, 2, 5, 6, 3, 4], Pooling::Own, false);
    case.returns[2] = 1e30;
    for (name, mut engine) in case.engines() {
        let before = engine.optimizer().unwrap();
        for value_coef in [0.5, 0.0] {
            let aim = case.aim(Baseline::Program).coefs(value_coef, 0.01);
            let error = engine.update(&case.data(), &aim).unwrap_err();
            assert!(matches!(error, Error::NonFinite { .. }), "{name}: {error:?}");
            assert!(engine.gradients(&case.data(), &aim).is_err());
        }
        assert_eq!(engine.parameters().unwrap(), case.flat, "{name}");
        assert_eq!(engine.optimizer().unwrap(), before, "{name}");
    }
}

#[test]
fn explained_variance_is_nan_for_equal_returns_and_matches_its_formula() {
    let variance = |values: &[f64]| {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / values.len() as f64
    };
    for (baseline, ends) in [Baseline::Program, Baseline::Step].into_iter().flat_map(|b| [(b, false), (b, true)]) {
        let mut case = Case::new(8, [7, 2, 5, 6, 3, 4], Pooling::Own, false);
        if ends {
            case = case.ending(8);
        }
        let stats = |case: &Case, (_, mut engine): Named| engine.gradients(&case.data(), &case.aim(baseline)).unwrap().0.terms;
        let errors = oracle::judge(&case, &oracle::forward(&case, &wide(&case.flat)), &case.aim(baseline)).advantages;
        // Each return as often as it is estimated: once a program, or once a step that counts.
        let estimated: Vec<bool> = match baseline {
            Baseline::Program => (0..errors.len()).map(|at| at % 4 == 0).collect(),
            Baseline::Step => case.counts(),
        };
        let of = |all: Vec<f64>| all.into_iter().zip(&estimated).filter(|(_, e)| **e).map(|(x, _)| x).collect::<Vec<_>>();
        let returns = case.returns.iter().flat_map(|&r| [f64::from(r); 4]).collect();
        let expected = 1.0 - variance(&of(errors)) / variance(&of(returns));
        for engine in case.engines() {
            assert!((stats(&case, engine).explained_variance - expected).abs() < 1e-5);
        }
        case.returns.fill(0.1);
        for engine in case.engines() {
            assert!(stats(&case, engine).explained_variance.is_nan());
        }
    }
}

/// 600 problems make more chunks than gradient groups, and a ragged last chunk.
#[test]
fn the_fused_engine_gives_the_same_bytes_for_any_number_of_threads() {
    let case = Case::new(12, [18, 3, 20, 601, 4, 5], Pooling::Own, true).ending(12);
    for isa in Isa::available() {
        let mut traces = [1, 2, 3, 8].map(|threads| {
            let mut engine = Fused::with_isa(&case.model, threads, &case.flat, isa).unwrap();
            for rollout in 0..3 {
                let rollout = engine.rollout(case.prompts(), &case.rollout, Sampling::Random { seed: Seed(5), rollout }).unwrap();
                engine.update(&case.acting(&rollout.actions), &case.aim(Baseline::Program)).unwrap();
            }
            engine.parameters().unwrap().into_iter().map(f32::to_bits).collect::<Vec<_>>()
        });
        let first = std::mem::take(&mut traces[0]);
        assert!(traces[1..].iter().all(|trace| *trace == first), "{isa:?}");
    }
}

/// An update on what was just emitted uses the kept activations; one on equal inputs put there afresh does not. Both end in the same bytes.
#[test]
fn kept_activations_change_nothing_but_the_time() {
    let case = Case::new(13, [18, 3, 20, 70, 4, 5], Pooling::Batch, false);
    for isa in Isa::available() {
        let mut kept = Fused::with_isa(&case.model, 2, &case.flat, isa).unwrap();
        let mut fresh = Fused::with_isa(&case.model, 2, &case.flat, isa).unwrap();
        let rollout = kept.rollout(case.prompts(), &case.rollout, Sampling::Random { seed: Seed(5), rollout: 0 }).unwrap();
        kept.update(&case.acting(&rollout.actions), &case.aim(Baseline::Program)).unwrap();
        fresh.update(&case.acting(&rollout.actions), &case.aim(Baseline::Program)).unwrap();
        assert_eq!(kept.parameters().unwrap(), fresh.parameters().unwrap());
    }
}

//! Every term of an update by itself, for batches of one chunk and of many.

use innate_core::data::{Prompts, Sampling};
use innate_core::engine::fused::Fused;
use innate_core::error::Error;
use innate_core::model::{ParamKind, Pooling};
use innate_core::objective::Baseline;
use innate_core::rng::Seed;

use crate::{Aim, Case, Learning, assert_close, oracle, wide};

fn aim(case: &Case, baseline: Baseline) -> Aim {
    case.aim(baseline).coefs(0.7, 0.3).unclipped()
}

#[test]
fn each_term_is_the_oracles() {
    for (index, n) in [1, 31, 32, 33, 65].into_iter().enumerate() {
        for baseline in [Baseline::Program, Baseline::Step] {
            let case = Case::new(index as u32, [7, 2, 5, n, 3, 4], Pooling::Own, true);
            let said = oracle::forward(&case, &wide(&case.flat));
            let advantages = oracle::judge(&case, &said, &case.aim(baseline)).advantages;
            let mean = |values: &mut dyn Iterator<Item = f64>, count: usize| values.sum::<f64>() / count as f64;
            let policy = -mean(&mut said.log_probs.iter().zip(&advantages).map(|(l, a)| l * a), n);
            let value = mean(&mut advantages.iter().map(|a| a * a), 4 * n);
            let entropy = mean(&mut said.entropies.iter().copied(), 4 * n);
            for (name, mut engine) in case.engines() {
                let (stats, _) = engine.gradients(&case.data(), &aim(&case, baseline)).unwrap();
                let stats = stats.terms;
                let got = [stats.policy_loss, stats.value_loss, stats.entropy, stats.loss];
                for (got, expected) in got.into_iter().zip([policy, value, entropy, policy + 0.7 * value - 0.3 * entropy]) {
                    assert!(
                        (got - expected).abs() < 2e-5 * expected.abs().max(1.0),
                        "{name}, {baseline:?}, {n}: {stats:?} {expected}"
                    );
                }
            }
        }
    }
}

/// More chunks than gradient groups, in groups of unequal size, against the plain twin.
#[test]
fn many_chunks_sum_to_the_whole_gradient() {
    for pooling in [Pooling::Own, Pooling::Batch] {
        for n in [512, 513, 601] {
            let case = Case::new(n as u32, [6, 2, 5, n, 2, 2], pooling, false);
            let mut engines = case.engines().into_iter();
            let (_, mut first) = engines.next().unwrap();
            let (stats, expected) = first.gradients(&case.data(), &aim(&case, Baseline::Program)).unwrap();
            for (name, mut engine) in engines {
                let (got, gradient) = engine.gradients(&case.data(), &aim(&case, Baseline::Program)).unwrap();
                assert_close(&name, &gradient, &wide(&expected), 1e-5);
                for (got, expected) in
                    [(got.terms.loss, stats.terms.loss), (got.norm, stats.norm), (got.terms.value_loss, stats.terms.value_loss)]
                {
                    assert!((got - expected).abs() < 2e-5 * expected.abs().max(1.0), "{name}, {n}: {got} {expected}");
                }
            }
        }
    }
}

/// With so small a norm the 1e−6 of the clip's formula is most of its denominator.
#[test]
fn a_tiny_gradient_is_clipped_by_the_same_formula() {
    let mut case = Case::new(3, [7, 2, 5, 6, 3, 4], Pooling::Own, false);
    for kind in [ParamKind::ValueWeight, ParamKind::ValueBias] {
        let place = case.place(kind);
        case.flat[place].fill(0.0);
    }
    case.returns.iter_mut().for_each(|value| *value *= 1e-6);
    let unclipped = case.aim(Baseline::Program).coefs(0.7, 0.0).unclipped();
    for (name, mut engine) in case.engines() {
        let (stats, whole) = engine.gradients(&case.data(), &unclipped).unwrap();
        assert!(stats.norm > 1e-7 && stats.norm < 2e-5, "{name}: {}", stats.norm);
        let mut aim = unclipped.clone();
        aim.optimizer.max_grad_norm = 0.5 * stats.norm;
        let (_, clipped) = engine.gradients(&case.data(), &aim).unwrap();
        let coefficient = aim.optimizer.max_grad_norm / (stats.norm + 1e-6);
        let largest = whole.iter().fold(0.0_f64, |worst, g| worst.max(f64::from(g.abs())));
        for (clipped, whole) in clipped.iter().zip(&whole) {
            assert!((f64::from(*clipped) - f64::from(*whole) * coefficient).abs() < 1e-4 * largest, "{name}: {clipped} {whole}");
        }
    }
}

#[test]
fn a_vector_of_another_length_is_refused() {
    let case = Case::new(5, [7, 2, 5, 3, 2, 4], Pooling::Own, false);
    let short = &case.flat[1..];
    assert!(matches!(Fused::new(&case.model, 1, short).map(drop), Err(Error::Invalid { .. })));
    for (name, mut engine) in case.engines() {
        let before = engine.optimizer().unwrap();
        assert!(engine.set_parameters(short).is_err(), "{name}");
        assert!(engine.set_gradient(short).is_err(), "{name}");
        for part in 0..2 {
            let mut state = before.clone();
            if part == 0 {
                state.exp_avg.pop()
            } else {
                state.exp_avg_sq.pop()
            };
            assert!(engine.set_optimizer(&state).is_err(), "{name}");
        }
        assert_eq!(engine.parameters().unwrap(), case.flat, "{name}");
        assert_eq!(engine.optimizer().unwrap(), before, "{name}");
    }
}

/// Where all logits are equal the lowest allowed token is the greedy one, and a uniform of 0 draws it.
#[test]
fn of_equals_the_lowest_allowed_token_is_taken() {
    let mut case = Case::new(6, [9, 2, 5, 40, 2, 3], Pooling::Own, false);
    for kind in [ParamKind::PolicyWeight, ParamKind::PolicyBias] {
        let place = case.place(kind);
        case.flat[place].fill(0.0);
    }
    for lowest in [0, 1, 4] {
        case.rollout.action_mask = Some((0..9).map(|token| token >= lowest).collect());
        for (name, mut engine) in case.engines() {
            let rollout = engine.rollout(case.prompts(), &case.rollout, Sampling::Greedy).unwrap();
            assert!(rollout.actions.iter().all(|&action| action == lowest), "{name}: {:?}", rollout.actions);
        }
    }
}

/// Rows, steps and rollouts draw from streams of their own: nothing repeats.
#[test]
fn rows_steps_and_rollouts_are_drawn_apart() {
    let case = Case::new(7, [30, 2, 5, 70, 2, 6], Pooling::Own, false);
    for (name, mut engine) in case.engines() {
        let draw = |engine: &mut Box<dyn innate_core::engine::Engine>, rollout| {
            engine.rollout(case.prompts(), &case.rollout, Sampling::Random { seed: Seed(5), rollout }).unwrap().actions
        };
        let first = draw(&mut engine, 0);
        assert_eq!(first.len(), 70 * 6, "{name}");
        assert_ne!(first, draw(&mut engine, 1), "{name}");
        assert_eq!(first, draw(&mut engine, 0), "{name}");
        assert_ne!(first[..6], first[6..12], "{name}");
    }
}

#[test]
fn a_policy_takes_as_many_rows_as_it_has_room_for() {
    let case = Case::new(8, [7, 2, 5, 33, 2, 4], Pooling::Own, false);
    let mut policy = case.policy(33).unwrap();
    assert_eq!(policy.rows(), 0);
    policy.begin(case.prompts()).unwrap();
    assert_eq!(policy.rows(), 33);
    policy.begin(Prompts::of(&case.contexts[..4], &case.stages[..2])).unwrap();
    assert_eq!(policy.rows(), 2);
    let more = [case.stages.as_slice(), &[0]].concat();
    assert!(policy.begin(Prompts { rows: 34, ..Prompts::of(&[0; 68], &more) }).is_err());
    assert_eq!(policy.rows(), 2);
}

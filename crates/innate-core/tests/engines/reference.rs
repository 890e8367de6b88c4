//! The divergence from a reference, and ratios that may move further up than down.

use innate_core::objective::Objective;

use crate::shape::{Shape, Weighing};
use crate::{Aim, Case, Judged, Learning, assert_close, wide};

const KL_COEF: f64 = 0.7;

/// The reference's log-probabilities alone, `gap` above the policy's.
fn referred(case: &Case, gap: f32) -> Aim {
    let (_, mut engine) = case.engines().swap_remove(0);
    let said = engine.evaluate(&case.data()).unwrap().log_probs;
    let mut aim = judged(0.0);
    aim.reference_log_probs = Some(said.into_iter().map(|log_prob| log_prob + gap).collect());
    aim.objective.kl_coef = KL_COEF;
    aim
}

/// All actions judged alike.
fn judged(advantage: f32) -> Aim {
    let advantages = vec![advantage; ROWS * STEPS];
    Aim::new(Judged::Given { advantages, value_targets: None }).coefs(0.0, 0.0).unclipped()
}

const ROWS: usize = 40;
const STEPS: usize = 5;

fn cases() -> [Case; 2] {
    [Weighing::Alike, Weighing::Any].map(|weighing| Shape { weighing, ..Shape::full(4, 2) }.sized(ROWS, STEPS, 9).case())
}

/// ∂(r − log r − 1)/∂log π = 1 − r: so it is as if each action had the advantage r − 1.
#[test]
fn its_gradient_is_that_of_the_ratio_less_one() {
    for case in cases() {
        let steps: f64 = case.weighed().iter().sum();
        for gap in [-1.5_f32, 0.0, 0.4] {
            let ratio = f64::from(gap).exp();
            let aim = referred(&case, gap);
            for (name, mut engine) in case.engines() {
                let (stats, gradient) = engine.gradients(&case.data(), &aim).unwrap();
                let expected = ratio - f64::from(gap) - 1.0;
                assert!((stats.terms.reference_kl - expected).abs() < 1e-5, "{name} {gap}: {stats:?}");
                assert!((stats.terms.loss - KL_COEF * expected).abs() < 1e-5, "{name} {gap}: {stats:?}");
                // A mean over steps, whatever the policy's term is one of.
                let advantage = KL_COEF * (ratio - 1.0) * ROWS as f64 / steps;
                let (_, expected) = engine.gradients(&case.data(), &judged(advantage as f32)).unwrap();
                assert_close(&format!("{name} {gap}"), &gradient, &wide(&expected), 2e-6);
            }
        }
    }
}

/// It does not depend on what else is learned, and a reference without a coefficient is told of and not learned from.
#[test]
fn it_is_added_to_what_else_is_learned() {
    let [case, _] = cases();
    let (alone, mut both) = (referred(&case, 0.4), referred(&case, 0.4));
    both.judged = judged(0.8).judged;
    let mut watched = referred(&case, 0.4);
    watched.objective.kl_coef = 0.0;
    for (name, mut engine) in case.engines() {
        let mut gradient = |aim: &Aim| engine.gradients(&case.data(), aim).unwrap();
        let sum: Vec<f64> =
            wide(&gradient(&alone).1).iter().zip(wide(&gradient(&judged(0.8)).1)).map(|(one, other)| one + other).collect();
        assert_close(&name, &gradient(&both).1, &sum, 2e-6);
        let (stats, nothing) = gradient(&watched);
        assert!(stats.terms.reference_kl > 0.05 && stats.terms.loss == 0.0, "{name}: {stats:?}");
        assert!(nothing.iter().all(|&x| x == 0.0), "{name}");
    }
}

#[test]
fn a_ratio_may_move_further_up_than_down() {
    let [case, _] = cases();
    for (advantage, ratio, learns, outside) in
        [(1.0, 1.3, true, 0.0), (1.0, 1.5, false, 1.0), (-1.0, 0.75, false, 1.0), (-1.0, 0.9, true, 0.0)]
    {
        let mut aim = judged(advantage);
        let (_, mut engine) = case.engines().swap_remove(0);
        let said = engine.evaluate(&case.data()).unwrap().log_probs;
        aim.old_log_probs = Some(said.into_iter().map(|log_prob| log_prob - f32::ln(ratio)).collect());
        aim.objective = Objective { clip_range: 0.2, clip_range_high: 0.4, ..aim.objective };
        for (name, mut engine) in case.engines() {
            let (stats, gradient) = engine.gradients(&case.data(), &aim).unwrap();
            assert!((stats.terms.clip_fraction - outside).abs() < 1e-9, "{name} {ratio}: {stats:?}");
            assert_eq!(gradient.iter().any(|&x| x != 0.0), learns, "{name} {ratio}");
        }
    }
}

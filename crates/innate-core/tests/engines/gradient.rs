//! The gradient of the whole loss against central differences of the oracle, and against the clip's formula.

use innate_core::model::Pooling;
use innate_core::objective::Baseline;

use crate::{Aim, Case, Learning, assert_close, oracle, wide};

/// What the loss is, and its derivatives.
pub(crate) fn numerical(case: &Case, aim: &Aim) -> (oracle::Told, Vec<f64>) {
    const STEP: f64 = 1e-5;
    let base = wide(&case.flat);
    let said = oracle::forward(case, &base);
    let held = oracle::judge(case, &said, aim).advantages;
    let at = |index: usize, change: f64| {
        let mut moved = base.clone();
        moved[index] += change;
        oracle::tell(case, &oracle::forward(case, &moved), &held, aim).terms.loss
    };
    let derivatives = (0..base.len()).map(|index| (at(index, STEP) - at(index, -STEP)) / (2.0 * STEP));
    (oracle::tell(case, &said, &held, aim), derivatives.collect())
}

#[test]
fn every_derivative_matches_its_central_difference() {
    for pooling in [Pooling::Own, Pooling::Batch] {
        for masked in [false, true] {
            // A large entropy coefficient, so that its gradient is not lost beside the others.
            for (seed, entropy_coef, baseline, ends) in [
                (1, 0.01, Baseline::Program, false),
                (2, 1.0, Baseline::Program, false),
                (3, 0.01, Baseline::Step, false),
                (4, 1.0, Baseline::Step, false),
                (5, 1.0, Baseline::Program, true),
                (6, 1.0, Baseline::Step, true),
            ] {
                let case = Case::new(seed, [7, 2, 5, 6, 3, 4], pooling, masked);
                let case = if ends { case.ending(seed) } else { case };
                let aim = case.aim(baseline).coefs(0.5, entropy_coef).unclipped();
                let (told, expected) = numerical(&case, &aim);
                let loss = told.terms.loss;
                let norm = expected.iter().map(|g| g * g).sum::<f64>().sqrt();
                for (name, mut engine) in case.engines() {
                    let what =
                        format!("{name}, {pooling:?}, masked: {masked}, entropy_coef {entropy_coef}, {baseline:?}, ends: {ends}");
                    let (stats, got) = engine.gradients(&case.data(), &aim).unwrap();
                    assert_close(&what, &got, &expected, 5e-6);
                    assert!((stats.norm - norm).abs() < 5e-6, "{what}: norm {} {norm}", stats.norm);
                    assert!((stats.terms.loss - loss).abs() < 5e-6, "{what}: loss {} {loss}", stats.terms.loss);
                }
            }
        }
    }
}

#[test]
fn clipping_scales_by_pytorchs_coefficient() {
    let case = Case::new(3, [7, 2, 5, 6, 3, 4], Pooling::Own, false);
    for (name, mut engine) in case.engines() {
        let mut aim = case.aim(Baseline::Program).unclipped();
        let (stats, whole) = engine.gradients(&case.data(), &aim).unwrap();
        for max_grad_norm in [0.01, stats.norm * 0.5, stats.norm * 2.0] {
            aim.optimizer.max_grad_norm = max_grad_norm;
            let (clipped_stats, clipped) = engine.gradients(&case.data(), &aim).unwrap();
            let coefficient = (max_grad_norm / (stats.norm + 1e-6)).min(1.0);
            let expected: Vec<f64> = whole.iter().map(|g| f64::from(*g) * coefficient).collect();
            assert_close(&name, &clipped, &expected, 1e-6);
            assert!((clipped_stats.norm - stats.norm).abs() < 1e-9, "{name}: the norm is the one before clipping");
        }
    }
}

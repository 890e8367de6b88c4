//! The gradient of the whole loss against central differences of the oracle, and against the clip's formula.

use innate_core::config::{Baseline, ContextPooling, UpdateConfig};

use crate::{Case, assert_close, oracle, wide};

const UNCLIPPED: UpdateConfig = UpdateConfig {
    baseline: Baseline::Program,
    learning_rate: 3e-4,
    value_coef: 0.5,
    entropy_coef: 0.01,
    max_grad_norm: f64::INFINITY,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
};

fn numerical(case: &Case, config: &UpdateConfig) -> Vec<f64> {
    const STEP: f64 = 1e-5;
    let base = wide(&case.flat);
    let held = oracle::advantages(case, &oracle::forward(case, &base), config.baseline);
    let at = |index: usize, change: f64| {
        let mut moved = base.clone();
        moved[index] += change;
        oracle::loss(case, &moved, &held, config)
    };
    (0..base.len()).map(|index| (at(index, STEP) - at(index, -STEP)) / (2.0 * STEP)).collect()
}

#[test]
fn every_derivative_matches_its_central_difference() {
    for pooling in [ContextPooling::Own, ContextPooling::Batch] {
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
                let config = UpdateConfig { entropy_coef, baseline, ..UNCLIPPED };
                let expected = numerical(&case, &config);
                let norm = expected.iter().map(|g| g * g).sum::<f64>().sqrt();
                let base = wide(&case.flat);
                let held = oracle::advantages(&case, &oracle::forward(&case, &base), config.baseline);
                let loss = oracle::loss(&case, &base, &held, &config);
                for (name, mut engine) in case.engines() {
                    let what =
                        format!("{name}, {pooling:?}, masked: {masked}, entropy_coef {entropy_coef}, {baseline:?}, ends: {ends}");
                    let (stats, got) = engine.gradients(case.episodes(), &config).unwrap();
                    assert_close(&what, &got, &expected, 5e-6);
                    assert!((stats.grad_norm - norm).abs() < 5e-6, "{what}: norm {} {norm}", stats.grad_norm);
                    assert!((stats.loss - loss).abs() < 5e-6, "{what}: loss {} {loss}", stats.loss);
                }
            }
        }
    }
}

#[test]
fn clipping_scales_by_pytorchs_coefficient() {
    let case = Case::new(3, [7, 2, 5, 6, 3, 4], ContextPooling::Own, false);
    for (name, mut engine) in case.engines() {
        let (stats, whole) = engine.gradients(case.episodes(), &UNCLIPPED).unwrap();
        for max_grad_norm in [0.01, stats.grad_norm * 0.5, stats.grad_norm * 2.0] {
            let config = UpdateConfig { max_grad_norm, ..UNCLIPPED };
            let (clipped_stats, clipped) = engine.gradients(case.episodes(), &config).unwrap();
            let coefficient = (max_grad_norm / (stats.grad_norm + 1e-6)).min(1.0);
            let expected: Vec<f64> = whole.iter().map(|g| f64::from(*g) * coefficient).collect();
            assert_close(&name, &clipped, &expected, 1e-6);
            assert!((clipped_stats.grad_norm - stats.grad_norm).abs() < 1e-9, "{name}: the norm is the one before clipping");
        }
    }
}

//! The clipped objective: where the ratio is 1, and where nothing is learned any more.

use innate_core::data::{Rollout, Sampling, Trajectories};
use innate_core::objective::{Objective, Totals};
use innate_core::rng::Seed;

use crate::shape::{Shape, Weighing};
use crate::{Aim, Case, Judged, Learning, assert_close, wide};

/// The policy's term alone.
fn policy_alone(advantages: Vec<f32>, old_log_probs: Option<Vec<f32>>, clip_range: f64) -> Aim {
    let mut aim = Aim::new(Judged::Given { advantages, value_targets: None }).coefs(0.0, 0.0).unclipped();
    aim.old_log_probs = old_log_probs;
    aim.objective = aim.objective.clipped(clip_range);
    aim
}

fn advantages(count: usize) -> Vec<f32> {
    (0..count).map(|i| [1.0, -0.5, 0.25][i % 3] * (1.0 + i as f32 / 50.0)).collect()
}

/// With so narrow a range a single ratio further than 1e−6 from 1 is a share of clipped steps.
fn check_first_update(name: &str, engine: &mut Box<dyn innate_core::engine::Engine>, data: &Trajectories<'_>, old: Vec<f32>) {
    let all = advantages(data.actions.len());
    let (stats, gradient) = engine.gradients(data, &policy_alone(all.clone(), Some(old), 1e-6)).unwrap();
    assert!(stats.terms.clip_fraction == 0.0 && stats.terms.approx_kl.abs() < 1e-12, "{name}: {stats:?}");
    let (_, expected) = engine.gradients(data, &policy_alone(all.clone(), None, f64::INFINITY)).unwrap();
    assert_close(name, &gradient, &wide(&expected), 1e-5);
    let weighed = data.weights.as_ref().map_or_else(|| vec![1.0; all.len()], |weights| wide(weights));
    let gain = all.iter().zip(weighed).map(|(&a, weight)| f64::from(a) * weight).sum::<f64>() / data.rows as f64;
    assert!((stats.terms.policy_loss + gain).abs() < 1e-5 * gain.abs().max(1.0), "{name}: {stats:?} {gain}");
}

#[test]
fn at_the_first_update_of_what_was_evaluated_every_ratio_is_one() {
    for layers in 1..4 {
        for (states, starts) in [(true, true), (false, true), (true, false)] {
            let case = Shape { states, starts, ..Shape::full(layers as u32, layers) }.sized(40, 6, 17).case();
            for (name, mut engine) in case.engines() {
                let old = engine.evaluate(&case.data()).unwrap().log_probs;
                check_first_update(&name, &mut engine, &case.data(), old);
            }
        }
    }
}

#[test]
fn at_the_first_update_of_a_rollout_every_ratio_is_one() {
    for layers in 1..4 {
        let case = Shape { start: true, masked: true, layers, ..Shape::plain(layers as u32) }.sized(40, 6, 17).case();
        for (name, mut engine) in case.engines() {
            let sampling = Sampling::Random { seed: Seed(5), rollout: 0 };
            let Rollout { actions, log_probs, .. } = engine.rollout(case.prompts(), &case.rollout, sampling).unwrap();
            check_first_update(&name, &mut engine, &case.acting(&actions), log_probs);
        }
    }
}

/// Old log-probabilities that make step i's ratio `ratio(i)`.
fn old_for(case: &Case, ratio: impl Fn(usize) -> f32) -> Vec<f32> {
    let (_, mut engine) = case.engines().swap_remove(0);
    let said = engine.evaluate(&case.data()).unwrap().log_probs;
    said.into_iter().enumerate().map(|(i, log_prob)| log_prob - ratio(i).ln()).collect()
}

#[test]
fn where_the_ratio_has_gone_too_far_nothing_is_learned() {
    let case = Shape::full(4, 2).sized(40, 5, 9).case();
    let count = case.actions.len();
    for (advantage, ratio, clip_range, learns) in [
        (1.0, 1.5, 0.2, false),
        (-1.0, 0.5, 0.2, false),
        // Back into the range.
        (1.0, 0.5, 0.2, true),
        (-1.0, 1.5, 0.2, true),
        // Within it.
        (1.0, 1.1, 0.2, true),
        (-1.0, 0.9, 0.2, true),
        (1.0, 1.5, f64::INFINITY, true),
        (-1.0, 0.5, f64::INFINITY, true),
        // A range that reaches below 0 has no lower end.
        (-1.0, 0.01, 1.5, true),
        (1.0, 3.0, 1.5, false),
    ] {
        let old = old_for(&case, |_| ratio);
        let aim = policy_alone(vec![advantage; count], Some(old), clip_range);
        for (name, mut engine) in case.engines() {
            let what = format!("{name}: {advantage} {ratio} {clip_range}");
            let (stats, gradient) = engine.gradients(&case.data(), &aim).unwrap();
            let outside = f64::from(u8::from(f64::from((ratio - 1.0).abs()) > clip_range));
            assert!((stats.terms.clip_fraction - outside).abs() < 1e-9, "{what}: {stats:?}");
            // The gradient of ρ·A is ρ times that of A·log π.
            let scale = if learns { f64::from(ratio) } else { 0.0 };
            let (_, whole) = engine.gradients(&case.data(), &policy_alone(vec![advantage; count], None, 0.2)).unwrap();
            let expected: Vec<f64> = wide(&whole).iter().map(|x| x * scale).collect();
            assert_close(&what, &gradient, &expected, 2e-5 * scale);
        }
    }
}

/// Some steps are clipped and others not: the first are as if they had no weight.
#[test]
fn clipped_steps_are_as_if_they_were_not_there() {
    let mut case = Shape { weighing: Weighing::Any, ..Shape::full(5, 2) }.sized(40, 5, 9).case();
    let count = case.actions.len();
    let clipped = |i: usize| i.is_multiple_of(3);
    let old = old_for(&case, |i| if clipped(i) { 1.4 } else { 1.05 });
    let mut aim = policy_alone((0..count).map(|i| 0.5 + i as f32 / 90.0).collect(), Some(old), 0.1);
    aim.objective = Objective { totals: Some(Totals { rows: 40.0, steps: 150.0 }), ..aim.objective };
    let (_, mut twin) = case.engines().swap_remove(0);
    let (_, some) = twin.gradients(&case.data(), &aim).unwrap();
    let expected: Vec<_> = case.engines().iter_mut().map(|(_, engine)| engine.gradients(&case.data(), &aim).unwrap().1).collect();
    for (i, weight) in case.weights.as_mut().unwrap().iter_mut().enumerate().filter(|(i, _)| clipped(*i)) {
        assert!(i < count);
        *weight = 0.0;
    }
    for ((name, mut engine), expected) in case.engines().into_iter().zip(expected) {
        let (_, gradient) = engine.gradients(&case.data(), &aim).unwrap();
        assert_close(&name, &gradient, &wide(&expected), 1e-6);
        assert_close(&name, &gradient, &wide(&some), 1e-5);
    }
}

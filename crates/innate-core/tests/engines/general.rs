//! Every network that can be described, on every kind of trajectory, with every loss: against the oracle, its central differences and autograd.

use innate_core::data::{Observation, Sampling};
use innate_core::engine::Engine;
use innate_core::engine::fused::{Fused, StepOutput};
use innate_core::kernel::simd::Isa;
use innate_core::model::{Input, Pooling};
use innate_core::rng::Seed;
use proptest::prelude::*;

use crate::gradient::numerical;
use crate::shape::{LOSSES, Shape, Weighing, loss};
use crate::{Aim, Case, Learning, Stats, assert_close, oracle, wide};

fn check_forward(case: &Case) {
    let said = oracle::forward(case, &wide(&case.flat));
    for (name, mut engine) in case.engines() {
        let got = engine.evaluate(&case.data()).unwrap();
        let what = |part: &str| format!("{name}, {part}, {:?}", case.model);
        assert_close(&what("logits"), &got.logits, &said.logits, 2e-5);
        assert_close(&what("log_probs"), &got.log_probs, &said.log_probs, 2e-5);
        assert_close(&what("entropies"), &got.entropies, &said.entropies, 2e-5);
        assert_close(&what("values"), &got.values, &said.values, 2e-5);
    }
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(1.0, |largest: f64, x| largest.max(x.abs()))
}

/// Terms and norm, where a NaN is like another.
fn check_numbers(what: &str, got: &Stats, told: &oracle::Told, norm: f64) {
    let expected = Stats { terms: told.terms, norm };
    for (index, (got, expected)) in got.numbers().into_iter().zip(expected.numbers()).enumerate() {
        let near = (got - expected).abs() <= 2e-5 * expected.abs().max(1.0);
        assert!(near || got.is_nan() && expected.is_nan(), "{what}, number {index}: {got}, expected {expected}");
    }
}

fn check_gradient(case: &Case, aim: &Aim) {
    let said = oracle::forward(case, &wide(&case.flat));
    let told = oracle::tell(case, &said, &oracle::judge(case, &said, aim).advantages, aim);
    let mut first: Option<Vec<f64>> = None;
    for (name, mut engine) in case.engines() {
        let (stats, gradient) = engine.gradients(&case.data(), aim).unwrap();
        let expected = first.get_or_insert_with(|| wide(&gradient));
        assert_close(&format!("{name}, {aim:?}"), &gradient, expected, 1e-5 * largest(expected));
        let norm = expected.iter().map(|x| x * x).sum::<f64>().sqrt();
        check_numbers(&format!("{name}, {aim:?}, {:?}", case.weights), &stats, &told, norm);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn drawn_networks_agree(shape in Shape::any(), index in 0..LOSSES) {
        let case = shape.case();
        check_forward(&case);
        check_gradient(&case, &loss(&case, index));
    }
}

/// One network of each kind.
fn shapes() -> Vec<Shape> {
    let prompted = |seed: u32, pooling: Pooling| Shape { pooling: Some(pooling), ..Shape::plain(seed) };
    vec![
        Shape::full(1, 1),
        Shape::full(2, 2),
        Shape::full(3, 3),
        Shape { states: false, inputs: false, weighing: Weighing::Lengths, ..Shape::full(4, 2) },
        Shape { start: true, starts: true, ..Shape::plain(5) },
        Shape { previous: false, dense: 17, layers: 2, ..Shape::plain(6) },
        Shape { previous: false, start: true, ..Shape::plain(7) },
        Shape { previous: false, start: true, states: true, layers: 2, ..Shape::plain(12) },
        Shape { previous: false, discrete: vec![1, 4], states: true, layers: 3, ..Shape::plain(8) },
        Shape { layers: 2, weighing: Weighing::Any, ..prompted(9, Pooling::Own) },
        Shape { dense: 2, start: true, weighing: Weighing::Lengths, ..prompted(10, Pooling::Batch) },
        Shape { window: Some(3), clock: true, ..Shape::full(21, 2) },
        Shape { window: Some(2), ..Shape::full(22, 1) },
        Shape { window: Some(9), clock: true, weighing: Weighing::Lengths, ..Shape::plain(23) },
        Shape { clock: true, ..Shape::full(24, 2) },
        Shape { window: Some(4), dense: 2, weighing: Weighing::Any, ..prompted(25, Pooling::Own) },
        Shape { states: true, allowed: true, previous: false, discrete: vec![3], ..prompted(11, Pooling::Own) },
        Shape { recurrent: false, ..Shape::full(13, 2) },
        Shape { recurrent: false, layers: 2, weighing: Weighing::Lengths, ..prompted(14, Pooling::Own) },
        Shape { ragged: true, ..prompted(15, Pooling::Own) },
        Shape { ragged: true, layers: 2, ..prompted(16, Pooling::Batch) },
        Shape { in_order: true, ..prompted(17, Pooling::Own) },
        Shape { in_order: true, ragged: true, weighing: Weighing::Any, ..prompted(18, Pooling::Own) },
        Shape { attends: true, ragged: true, ..prompted(19, Pooling::Own) },
        Shape { attends: true, weighing: Weighing::Lengths, ..prompted(20, Pooling::Batch) },
        Shape { in_order: true, attends: true, ragged: true, weighing: Weighing::Lengths, ..prompted(21, Pooling::Own) },
        Shape { in_order: true, attends: true, layers: 2, states: true, previous: false, dense: 3, ..prompted(22, Pooling::Own) },
        Shape { values: true, ragged: true, weighing: Weighing::Any, ..prompted(26, Pooling::Own) },
        Shape { values: true, attends: true, ragged: true, ..prompted(27, Pooling::Batch) },
        Shape { values: true, attends: true, previous: false, start: true, ..prompted(28, Pooling::Own) },
        Shape { values: true, in_order: true, ragged: true, ..prompted(29, Pooling::Own) },
        Shape { values: true, in_order: true, attends: true, ragged: true, layers: 2, ..prompted(30, Pooling::Own) },
    ]
}

#[test]
fn every_derivative_of_every_loss_matches_its_central_difference() {
    for (place, shape) in shapes().into_iter().enumerate() {
        let case = shape.case();
        check_forward(&case);
        // Every loss for a network that has all inputs, of 1, 2 or 3 layers; and every one for some other.
        let losses = (0..LOSSES).filter(|index| if place < 3 { index % 3 == place } else { index % 9 == (place - 3) % 9 });
        for index in losses {
            let aim = loss(&case, index);
            let (told, expected) = numerical(&case, &aim);
            let norm = expected.iter().map(|g| g * g).sum::<f64>().sqrt();
            for (name, mut engine) in case.engines() {
                let what = format!("{name}, loss {index}, {shape:?}");
                let (stats, got) = engine.gradients(&case.data(), &aim).unwrap();
                assert_close(&what, &got, &expected, 5e-6 * largest(&expected));
                check_numbers(&what, &stats, &told, norm);
            }
        }
    }
}

/// The drawn losses have what they are drawn for: ratios on both sides of the clip range and within, and values that are clipped.
#[test]
fn drawn_losses_clip_some_steps() {
    let case = Shape { rows: 20, ..Shape::full(1, 2) }.case();
    let aim = loss(&case, 2 * 8 + 7);
    let said = oracle::forward(&case, &wide(&case.flat));
    let told = oracle::tell(&case, &said, &oracle::judge(&case, &said, &aim).advantages, &aim);
    let count = |of: &dyn Fn(f64) -> bool| told.ratios.iter().filter(|&&ratio| of(ratio)).count();
    assert!(count(&|r| r < 0.8) > 3 && count(&|r| (0.8..=1.2).contains(&r)) > 3 && count(&|r| r > 1.2) > 3);
    assert!(told.terms.approx_kl > 0.01 && told.terms.clip_fraction > 0.1);
    let free = loss(&case, 2 * 8 + 6);
    assert!(free.old_values.is_some() && aim.old_values.is_some());
    let mut unclipped = aim.clone();
    unclipped.objective.value_clip_range = f64::INFINITY;
    let without = oracle::tell(&case, &said, &oracle::judge(&case, &said, &unclipped).advantages, &unclipped);
    assert!(told.terms.value_loss > without.terms.value_loss + 0.01, "some errors are those of clipped values");
}

/// 600 rows make more chunks than gradient groups, and a ragged last chunk.
#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    for window in [None, Some(3)] {
        any_number_of_threads(&Shape { window, clock: window.is_some(), ..Shape::full(12, 2) }.sized(601, 5, 20).case());
    }
    for in_order in [false, true] {
        let reads =
            Shape { pooling: Some(Pooling::Own), values: true, attends: true, ragged: true, in_order, ..Shape::plain(31) };
        any_number_of_threads(&reads.sized(601, 5, 20).case());
    }
}

fn any_number_of_threads(case: &Case) {
    for isa in Isa::available() {
        let mut traces = [1, 2, 3, 8].map(|threads| {
            let mut engine = Fused::with_isa(&case.model, threads, &case.flat, isa).unwrap();
            for index in [2 * 8 + 7, 24 + 2 * 8 + 6] {
                engine.update(&case.data(), &loss(case, index)).unwrap();
            }
            let said = engine.evaluate(&case.data()).unwrap();
            let bits = |values: Vec<f32>| values.into_iter().map(f32::to_bits).collect::<Vec<_>>();
            (bits(engine.parameters().unwrap()), bits(said.logits))
        });
        let first = std::mem::take(&mut traces[0]);
        assert!(traces[1..].iter().all(|trace| *trace == first), "{isa:?}");
    }
}

/// What an open loop does not have is refused, and named.
#[test]
fn a_rollout_observes_nothing() {
    for (shape, place) in
        [(Shape { dense: 2, ..Shape::plain(1) }, 1), (Shape { discrete: vec![2], start: true, ..Shape::plain(1) }, 2)]
    {
        let case = shape.case();
        assert!(!matches!(case.model.inputs[place], Input::PreviousAction | Input::EpisodeStart));
        for (name, mut engine) in case.engines() {
            let sampling = Sampling::Random { seed: Seed(1), rollout: 0 };
            let error = engine.rollout(case.prompts(), &case.rollout, sampling).unwrap_err();
            assert!(matches!(error, innate_core::Error::Invalid { path, .. } if path.starts_with("inputs")), "{name}");
        }
        let mut policy = case.policy(3).unwrap();
        policy.begin(case.prompts()).unwrap();
        let (mut actions, mut floats) = (vec![0; case.rows], [(); 3].map(|()| vec![0.0; case.rows]));
        let [log_probs, entropies, values] = &mut floats;
        let mut out = StepOutput { actions: &mut actions, log_probs, entropies, values };
        let error = policy.step(&Observation::default(), Sampling::Greedy, &mut out).unwrap_err();
        let unseen = if case.model.dense() > 0 { "dense" } else { "discrete" };
        assert!(
            matches!(error, innate_core::Error::Invalid { path, .. } if path == unseen),
            "a policy observes all that is read"
        );
    }
}

//! The losses against their page, `objective/loss.rs`, the gradient against central differences, and what the network makes of its inputs.

use std::borrow::Cow;

use candle_core::{Device, Tensor};

use super::choice::Menu;
use super::inputs::Inputs;
use super::loss::{Said, loss};
use super::{Cell, Plain};
use crate::data::{Evaluation, RolloutSpec, Sampling, Trajectories};
use crate::engine::Engine;
use crate::error::Error;
use crate::model::{Action, Attention, Encoder, Input, ModelSpec, init, params};
use crate::objective::{
    Advantages, Baseline, Judge, Loss, Objective, Reduction, StepView, Sums, Targets, Terms, Totals, explained_variance,
};
use crate::optimizer::OptimizerConfig;
use crate::rng::{Seed, philox};

const N: usize = 3;
const T: usize = 5;
const A: usize = 4;
const CLIP: f64 = 0.2;

fn spec() -> ModelSpec {
    ModelSpec {
        vocabulary: 6,
        encoder: Encoder::None,
        inputs: vec![
            Input::PreviousAction,
            Input::EpisodeStart,
            Input::Discrete { sizes: vec![2, 3] },
            Input::Dense { width: 2 },
        ],
        layers: 2,
        hidden: 3,
        recurrent: true,
        attention: Attention::NONE,
        action: Action::Categorical { size: A },
    }
}

fn rollout() -> RolloutSpec {
    RolloutSpec { horizon: T, start_token: 5, action_mask: Some(vec![true, false, true, true]) }
}

fn words(stream: u32, count: usize) -> impl Iterator<Item = u32> {
    (0..count).map(move |index| philox([index as u32, stream, 0, 0], [3, 77])[0])
}

fn below(stream: u32, count: usize, limit: u32) -> Vec<i32> {
    words(stream, count).map(|word| (word % limit) as i32).collect()
}

fn floats(stream: u32, count: usize) -> Vec<f32> {
    words(stream, count).map(|word| (word % 1000) as f32 / 500.0 - 1.0).collect()
}

/// All that trajectories can have; what the dead steps hold is `garbage`.
fn data(rollout: &RolloutSpec, garbage: bool) -> Trajectories<'_> {
    let actions: Vec<i32> = below(0, N * T, 2).into_iter().map(|action| 2 * action).collect();
    let mut allowed: Vec<u8> = below(1, N * T * A, 2).into_iter().map(|allow| allow as u8).collect();
    actions.iter().enumerate().for_each(|(cell, &action)| allowed[cell * A + action as usize] = 1);
    let mut data = Trajectories {
        rollout,
        rows: N,
        contexts: Cow::default(),
        context_lengths: None,
        context_values: None,
        stages: Cow::default(),
        states: Some(floats(2, N * 2 * 3).into()),
        ages: None,
        past: None,
        starts: Some(vec![0, 0, 1, 0, 0, /**/ 1, 0, 0, 0, 1, /**/ 0, 0, 0, 0, 0].into()),
        inputs: Some(below(3, N * T, 6).into()),
        discrete: Some(below(4, N * T * 2, 2).into()),
        dense: Some(floats(5, N * T * 2).into()),
        actions: actions.into(),
        allowed: Some(allowed.into()),
        weights: Some(vec![1.0, 0.5, 2.0, 1.0, 0.0, /**/ 1.0, 1.0, 1.0, 0.0, 1.0, /**/ 1.0, 0.0, 0.0, 0.0, 0.0].into()),
    };
    if garbage {
        for cell in [4, 8, 11, 12, 13, 14] {
            data.actions.to_mut()[cell] = 3;
            data.allowed.as_mut().unwrap().to_mut()[cell * A..][..A].copy_from_slice(&[0, 0, 0, 1]);
            data.dense.as_mut().unwrap().to_mut()[2 * cell] = 1e4;
        }
    }
    data
}

fn engine(flat: &[f32], cell: Cell) -> Plain {
    Plain::with_cell(spec(), Device::Cpu, flat, cell).unwrap()
}

fn weights() -> Vec<f32> {
    init(&spec(), Seed(4))
}

/// Old log-probabilities whose ratios lie within and beyond the clip range on both sides.
fn old(data: &Trajectories<'_>) -> Vec<f32> {
    let offsets = [-0.6, 0.05, 0.6, -0.05, 0.0];
    let now = engine(&weights(), Cell::Composed).evaluate(data).unwrap().log_probs;
    now.iter().enumerate().map(|(cell, log_prob)| log_prob + offsets[cell * 3 % 5]).collect()
}

fn cases<'a>(old: &'a [f32], whole: &'a [f32], each: &'a [f32]) -> Vec<Targets<'a>> {
    let advantages = [
        Advantages::Returns { returns: whole, baseline: Baseline::Program },
        Advantages::Returns { returns: whole, baseline: Baseline::Step },
        Advantages::Returns { returns: each, baseline: Baseline::Step },
        Advantages::Given { advantages: whole, value_targets: Some(each) },
        Advantages::Given { advantages: each, value_targets: Some(whole) },
        Advantages::Given { advantages: each, value_targets: None },
    ];
    advantages
        .into_iter()
        .flat_map(|advantages| {
            let olds = [(None, None), (Some(old), None), (Some(old), Some(old))];
            olds.map(|(old_log_probs, old_values)| Targets {
                advantages,
                old_log_probs,
                old_values,
                reference_log_probs: old_log_probs,
            })
        })
        .collect()
}

fn objectives() -> [Objective; 4] {
    let objective = Objective { entropy_coef: 0.3, kl_coef: 0.2, ..Objective::default() }.clipped(CLIP);
    [
        objective,
        Objective { reduction: Reduction::Step, ..objective }.clipped(f64::INFINITY),
        Objective { value_clip_range: 0.1, clip_range_high: 2.0 * CLIP, ..objective },
        Objective { totals: Some(Totals { rows: 7.0, steps: 20.0 }), reduction: Reduction::Step, ..objective },
    ]
}

/// The terms by the page.
fn by_the_page(said: &Evaluation, data: &Trajectories<'_>, targets: &Targets<'_>, objective: &Objective) -> Terms {
    let (loss, mut sums) = (Loss::new(objective, data, targets), Sums::default());
    let values = |row: usize| &said.values[row * T..][..data.length(row)];
    for row in 0..N {
        let judge = Judge::new(*targets, data, row, values(row));
        for t in 0..data.length(row) {
            let (cell, (advantage, error, old_error)) = (row * T + t, judge.step(N, t));
            let view = StepView {
                log_prob: said.log_probs[cell],
                old_log_prob: targets.old_log_probs.map(|old| old[cell]),
                reference_log_prob: targets.reference_log_probs.map(|reference| reference[cell]),
                advantage,
                entropy: said.entropies[cell],
                error,
                old_error,
                share: judge.share,
                weight: data.weight(row, t),
            };
            loss.step(&view, &mut sums);
        }
    }
    loss.terms(&sums, explained_variance(targets, data, values))
}

fn numbers(terms: &Terms) -> [f64; 8] {
    let &Terms { loss, policy_loss, value_loss, entropy, approx_kl, clip_fraction, reference_kl, explained_variance } = terms;
    [loss, policy_loss, value_loss, entropy, approx_kl, clip_fraction, reference_kl, explained_variance]
}

#[test]
fn the_terms_are_those_of_the_page() {
    let rollout = rollout();
    let data = data(&rollout, false);
    let (old, whole, each) = (old(&data), floats(6, N), floats(7, N * T));
    for cell in [Cell::Composed, Cell::Operation] {
        let mut engine = engine(&weights(), cell);
        let said = engine.evaluate(&data).unwrap();
        for targets in cases(&old, &whole, &each) {
            for objective in objectives() {
                let got = numbers(&engine.accumulate(&data, &targets, &objective).unwrap());
                let expected = numbers(&by_the_page(&said, &data, &targets, &objective));
                for (got, expected) in got.into_iter().zip(expected) {
                    let close = (got - expected).abs() < 1e-5 || got.is_nan() && expected.is_nan();
                    assert!(close, "{cell:?} {targets:?} {objective:?}: {got} {expected}");
                }
            }
        }
    }
}

fn said(engine: &Plain, data: &Trajectories<'_>) -> Said {
    let menu = Menu::new(&engine.spec, data.rollout);
    let heads = engine.present(&menu).unwrap().along(data).unwrap();
    let log_probs = heads.log_prob(menu.places(&data.actions)).unwrap();
    Said { log_probs, entropies: heads.entropies, values: heads.values }
}

/// The loss with its advantages held, as no gradient flows through them.
fn held_loss(flat: &[f32], data: &Trajectories<'_>, held: &[f32], targets: &Targets<'_>, objective: &Objective) -> f64 {
    let said = said(&engine(flat, Cell::Composed), data);
    let judged = Targets { advantages: Advantages::Given { advantages: held, value_targets: None }, ..*targets };
    let [held, fitted] = [&judged, targets].map(|targets| loss(&said, data, targets, objective).unwrap().1);
    held.loss + objective.value_coef * fitted.value_loss
}

#[test]
fn the_gradient_is_that_of_the_loss() {
    const STEP: f32 = 1e-2;
    let rollout = rollout();
    let data = data(&rollout, false);
    data.check(&spec()).unwrap();
    let (old, whole, each) = (old(&data), floats(6, N), floats(7, N * T));
    let (cases, objective) = (cases(&old, &whole, &each), objectives()[0]);
    let values = engine(&weights(), Cell::Composed).evaluate(&data).unwrap().values;
    for targets in [&cases[0], &cases[5], &cases[7]] {
        let judge = |row: usize| Judge::new(*targets, &data, row, &values[row * T..][..T]);
        let held: Vec<f32> = (0..N * T).map(|cell| judge(cell / T).step(N, cell % T).0).collect();
        let gradients = [Cell::Composed, Cell::Operation].map(|cell| {
            let mut engine = engine(&weights(), cell);
            engine.accumulate(&data, targets, &objective).unwrap();
            engine.gradient().unwrap()
        });
        for index in 0..weights().len() {
            let at = |change: f32| {
                let mut flat = weights();
                flat[index] += change;
                held_loss(&flat, &data, &held, targets, &objective)
            };
            let expected = (at(STEP) - at(-STEP)) / f64::from(2.0 * STEP);
            for got in gradients.each_ref().map(|gradient| f64::from(gradient[index])) {
                assert!((got - expected).abs() < 3e-4, "{targets:?} {index}: {got} {expected}");
            }
        }
    }
}

#[test]
fn what_does_not_count_changes_nothing() {
    let rollout = rollout();
    let (clean, spoiled) = (data(&rollout, false), data(&rollout, true));
    let (old, whole, each) = (old(&clean), floats(6, N), floats(7, N * T));
    let spoil = |values: &[f32], to: f32| {
        let weights = clean.weights.as_deref().unwrap();
        values.iter().zip(weights).map(|(&value, &weight)| if weight == 0.0 { to } else { value }).collect::<Vec<_>>()
    };
    let said = said(&engine(&weights(), Cell::Composed), &clean);
    let undefined = [&said.log_probs, &said.entropies, &said.values]
        .map(|of| Tensor::new(spoil(&of.to_vec1().unwrap(), f32::NAN), &Device::Cpu).unwrap());
    let [log_probs, entropies, values] = undefined;
    let undefined = Said { log_probs, entropies, values };
    let (bad_old, bad_each) = (spoil(&old, -1e30), spoil(&each, 3e38));
    for (targets, bad) in cases(&old, &whole, &each).iter().zip(cases(&bad_old, &whole, &bad_each)) {
        for objective in objectives() {
            let terms = |said: &Said| numbers(&loss(said, &clean, targets, &objective).unwrap().1).map(f64::to_bits);
            assert_eq!(terms(&undefined), terms(&said), "{targets:?} {objective:?}");
            let learned = [(&clean, targets), (&spoiled, &bad)].map(|(data, targets)| {
                let mut engine = engine(&weights(), Cell::Composed);
                let terms = engine.accumulate(data, targets, &objective).unwrap();
                (numbers(&terms).map(f64::to_bits), engine.gradient().unwrap())
            });
            assert_eq!(learned[0], learned[1], "{targets:?} {objective:?}");
        }
    }
}

#[test]
fn inputs_are_what_the_fused_engine_reads() {
    let (rollout, spec) = (rollout(), spec());
    let all = data(&rollout, false);
    let variants = [
        all.clone(),
        Trajectories { inputs: None, ..all.clone() },
        Trajectories { inputs: None, starts: None, ..all.clone() },
        Trajectories { starts: None, states: None, ..all },
    ];
    for data in variants {
        let inputs = Inputs::along(&spec, &data).unwrap();
        let mut features = inputs.features.chunks_exact(spec.features());
        let mut expected = vec![f32::NAN; spec.features()];
        let mut ages = [0; N];
        for (index, &token) in inputs.tokens.iter().enumerate() {
            let (row, t) = (index % N, index / N);
            ages[row] = data.age(row, t, ages[row]);
            assert_eq!(inputs.ages[index], ages[row], "row {row}, step {t}");
            data.write_features(&spec, (row, t), ages[row], &mut expected);
            assert_eq!((token, features.next()), (data.input(row, t), Some(&*expected)), "row {row}, step {t}");
        }
        assert_eq!((inputs.tokens.len(), features.next()), (N * T, None));
    }
}

#[test]
fn an_episode_that_starts_is_a_row_of_its_own() {
    let rollout = rollout();
    let whole = Trajectories { inputs: None, ..data(&rollout, false) };
    let said = engine(&weights(), Cell::Composed).evaluate(&whole).unwrap();
    let tail = |of: &[i32], width: usize| of[2 * width..T * width].to_vec();
    let alone = Trajectories {
        rows: 1,
        states: None,
        starts: None,
        discrete: Some(tail(whole.discrete.as_deref().unwrap(), 2).into()),
        dense: Some(whole.dense.as_deref().unwrap()[4..10].into()),
        actions: tail(&whole.actions, 1).into(),
        allowed: Some(whole.allowed.as_deref().unwrap()[2 * A..T * A].into()),
        weights: None,
        ..whole.clone()
    };
    alone.check(&spec()).unwrap();
    let again = engine(&weights(), Cell::Composed).evaluate(&alone).unwrap();
    let finite = |x: &f32| x.max(-1e9);
    let close = |one: &[f32], two: &[f32]| one.iter().zip(two).all(|(one, two)| (finite(one) - finite(two)).abs() < 1e-6);
    assert!(close(&again.log_probs, &said.log_probs[2..T]) && close(&again.values, &said.values[2..T]));
    assert!(close(&again.logits, &said.logits[2 * A..T * A]));
    // The mask of the rollout beside that of the step.
    assert!(said.logits.iter().skip(1).step_by(A).all(|&logit| logit == f32::NEG_INFINITY));
    assert!(said.entropies.iter().chain(&said.values).all(|x| x.is_finite()));
}

#[test]
fn gradients_add_up_until_a_step() {
    let rollout = rollout();
    let data = data(&rollout, false);
    let returns = floats(6, N);
    let mut engine = engine(&weights(), Cell::Composed);
    assert_eq!((engine.gradient_norm().unwrap(), engine.gradient().unwrap()), (0.0, vec![0.0; weights().len()]));
    engine.accumulate(&data, &Targets::returns(&returns, Baseline::Program), &Objective::default()).unwrap();
    let whole = engine.gradient().unwrap();
    engine.clear_gradient();
    let objective = Objective { totals: Some(Totals { rows: 3.0, steps: data.counted() }), ..Objective::default() };
    for rows in [vec![2, 0], vec![1]] {
        let returns: Vec<f32> = rows.iter().map(|&row| returns[row as usize]).collect();
        engine.accumulate(&data.select(&rows).unwrap(), &Targets::returns(&returns, Baseline::Program), &objective).unwrap();
    }
    let summed = engine.gradient().unwrap();
    assert!(whole.iter().zip(&summed).all(|(one, two)| (one - two).abs() < 1e-6));

    // A loss that is not finite leaves what was accumulated.
    let huge = Advantages::Given { advantages: &[3e38; N], value_targets: None };
    let refused = engine.accumulate(&data, &Targets::judged(huge), &objective);
    assert!(matches!(refused, Err(Error::NonFinite { what: "loss", .. })));
    assert_eq!(engine.gradient().unwrap(), summed);

    let norm = summed.iter().map(|&g| f64::from(g).powi(2)).sum::<f64>().sqrt();
    let before = engine.weights().unwrap();
    assert!((engine.gradient_norm().unwrap() - norm).abs() < 1e-6);
    assert!(
        (engine.apply(&OptimizerConfig { max_grad_norm: norm / 2.0, ..OptimizerConfig::default() }).unwrap() - norm).abs() < 1e-6
    );
    let adam = engine.optimizer().unwrap();
    assert!(adam.exp_avg.iter().zip(&summed).all(|(m, g)| (m - 0.05 * g).abs() < 1e-6));
    assert_eq!((adam.step, engine.gradient().unwrap()), (1, vec![0.0; summed.len()]));
    assert!(!std::sync::Arc::ptr_eq(&before, &engine.weights().unwrap()));

    engine.set_gradient(&summed).unwrap();
    let (flat, packed) = (engine.parameters().unwrap(), engine.weights().unwrap());
    let refused = engine.apply(&OptimizerConfig { learning_rate: 3e38, ..OptimizerConfig::default() });
    assert!(matches!(refused, Err(Error::NonFinite { what: "weights", .. })));
    assert_eq!((engine.parameters().unwrap(), engine.optimizer().unwrap()), (flat, adam));
    assert_eq!(engine.gradient().unwrap(), vec![0.0; summed.len()]);
    assert!(std::sync::Arc::ptr_eq(&packed, &engine.weights().unwrap()));
    engine.set_gradient(&vec![f32::MAX; summed.len()]).unwrap();
    assert!(matches!(engine.gradient_norm(), Err(Error::NonFinite { what: "grad_norm", .. })));
}

#[test]
fn a_rollout_is_what_its_evaluation_says() {
    let rollout = rollout();
    let sampling = Sampling::Random { seed: Seed(5), rollout: 2 };
    let seeing = engine(&weights(), Cell::Composed).rollout(data(&rollout, false).prompts(), &rollout, sampling);
    assert!(matches!(seeing, Err(Error::Invalid { path, .. }) if path.starts_with("inputs[")));
    let spec = ModelSpec { inputs: vec![Input::PreviousAction, Input::EpisodeStart], ..spec() };
    let mut engine = Plain::new(spec.clone(), Device::Cpu, &init(&spec, Seed(4))).unwrap();
    let prompts = crate::data::Prompts::none(40);
    let done = engine.rollout(prompts, &rollout, sampling).unwrap();
    let data = Trajectories::programs(&rollout, prompts, &done.actions);
    data.check(&spec).unwrap();
    let said = engine.evaluate(&data).unwrap();
    for (one, two) in [(&done.log_probs, &said.log_probs), (&done.values, &said.values), (&done.entropies, &said.entropies)] {
        assert!(one.iter().zip(two).all(|(one, two)| (one - two).abs() < 1e-6));
    }
    assert!([0, 2, 3].iter().all(|action| done.actions.contains(action)));
    assert_eq!(params(&spec).iter().find(|param| param.name == "rnn.weight_ih_l0").unwrap().shape, [9, 4]);
}

//! Gradients are summed until a step is taken along them; a step is taken on weights that nobody else holds.

use std::sync::Arc;

use innate_core::Agent;
use innate_core::data::{Observation, Sampling};
use innate_core::device::DeviceKind;
use innate_core::engine::fused::{Fused, Policy, StepOutput};
use innate_core::engine::{Engine, EngineKind};
use innate_core::error::Error;
use innate_core::kernel::simd::Isa;
use innate_core::objective::{Objective, Terms, Totals};
use innate_core::rng::Seed;
use innate_core::{AgentState, Lesson, Placement};

use crate::shape::{LOSSES, Shape, loss};
use crate::{Aim, Case, Judged, Learning, Named, assert_close, wide};

/// The given rows of everything, by hand.
fn part_of(case: &Case, rows: &[usize]) -> Case {
    fn of<T: Copy>(values: &[T], n: usize, rows: &[usize]) -> Vec<T> {
        let width = values.len() / n;
        rows.iter().flat_map(|row| values[row * width..(row + 1) * width].to_vec()).collect()
    }
    let n = case.rows;
    Case {
        model: case.model.clone(),
        rollout: case.rollout.clone(),
        flat: case.flat.clone(),
        rows: rows.len(),
        contexts: of(&case.contexts, n, rows),
        context_lengths: case.context_lengths.as_ref().map(|values| of(values, n, rows)),
        context_values: case.context_values.as_ref().map(|values| of(values, n, rows)),
        stages: of(&case.stages, n, rows),
        states: case.states.as_ref().map(|values| of(values, n, rows)),
        ages: None,
        past: None,
        starts: case.starts.as_ref().map(|values| of(values, n, rows)),
        inputs: case.inputs.as_ref().map(|values| of(values, n, rows)),
        discrete: case.discrete.as_ref().map(|values| of(values, n, rows)),
        dense: case.dense.as_ref().map(|values| of(values, n, rows)),
        actions: of(&case.actions, n, rows),
        allowed: case.allowed.as_ref().map(|values| of(values, n, rows)),
        weights: case.weights.as_ref().map(|values| of(values, n, rows)),
        returns: of(&case.returns, n, rows),
    }
}

fn part_of_aim(aim: &Aim, n: usize, rows: &[usize]) -> Aim {
    let of = |values: &Vec<f32>| -> Vec<f32> {
        let width = values.len() / n;
        rows.iter().flat_map(|row| values[row * width..][..width].to_vec()).collect()
    };
    let judged = match &aim.judged {
        Judged::Returns(returns, baseline) => Judged::Returns(of(returns), *baseline),
        Judged::Given { advantages, value_targets } => {
            Judged::Given { advantages: of(advantages), value_targets: value_targets.as_ref().map(of) }
        }
    };
    Aim {
        judged,
        old_log_probs: aim.old_log_probs.as_ref().map(of),
        old_values: aim.old_values.as_ref().map(of),
        reference_log_probs: aim.reference_log_probs.as_ref().map(of),
        ..aim.clone()
    }
}

fn totals(case: &Case) -> Totals {
    Totals { rows: case.rows as f64, steps: case.weighed().iter().sum() }
}

fn cases() -> [Case; 2] {
    let prompted = Shape { pooling: Some(innate_core::model::Pooling::Own), states: false, starts: false, ..Shape::full(22, 1) };
    [Shape::full(21, 2).sized(70, 4, 9).case(), prompted.sized(70, 4, 9).case()]
}

/// What the sum of the parts can tell.
fn sums(terms: &Terms) -> [f64; 7] {
    let &Terms { loss, policy_loss, value_loss, entropy, approx_kl, clip_fraction, reference_kl, .. } = terms;
    [loss, policy_loss, value_loss, entropy, approx_kl, clip_fraction, reference_kl]
}

#[test]
fn parts_with_the_totals_of_the_whole_sum_to_it_in_any_order() {
    let parts: [Vec<usize>; 3] =
        [(0..70).step_by(2).collect(), (36..70).filter(|row| row % 2 == 1).collect(), (0..18).map(|i| 2 * i + 1).collect()];
    for case in cases() {
        for index in (0..LOSSES / 2).step_by(5) {
            let mut aim = loss(&case, index);
            let pieces: Vec<_> = parts.iter().map(|rows| (part_of(&case, rows), part_of_aim(&aim, 70, rows))).collect();
            for (name, mut engine) in case.engines() {
                let (stats, whole) = engine.gradients(&case.data(), &aim).unwrap();
                aim.objective.totals = Some(totals(&case));
                for order in [[0, 1, 2], [2, 0, 1]] {
                    let mut total = [0.0; 6];
                    for &piece in &order {
                        let (part, mut of_part) = (&pieces[piece].0, pieces[piece].1.clone());
                        of_part.objective = aim.objective;
                        let terms = engine.add(&part.data(), &of_part).unwrap();
                        total.iter_mut().zip(sums(&terms)).for_each(|(total, x)| *total += x);
                    }
                    let gradient = engine.gradient().unwrap();
                    let norm = engine.gradient_norm().unwrap();
                    // Ten roundings of the largest: what f32 loses by another order of the same sum.
                    let largest = whole.iter().fold(1.0, |largest: f64, &x| largest.max(f64::from(x.abs())));
                    assert_close(&name, &gradient, &wide(&whole), 2e-6 * largest);
                    assert!((norm - stats.norm).abs() < 1e-5, "{name}: {norm} {stats:?}");
                    for (got, expected) in total.iter().zip(sums(&stats.terms)) {
                        assert!((got - expected).abs() < 1e-5, "{name}: {total:?} {stats:?}");
                    }
                    engine.clear_gradient();
                    assert!(engine.gradient().unwrap().iter().all(|&x| x == 0.0), "{name}");
                }
            }
        }
    }
}

fn agent(case: &Case, engine: EngineKind) -> Agent {
    let placement = Placement { device: DeviceKind::Cpu, engine, threads: 2 };
    let fresh = Agent::new(case.model.clone(), case.rollout.clone(), 1, placement).unwrap().state("").unwrap();
    Agent::from_state(&AgentState { parameters: case.flat.clone(), ..fresh }, placement).unwrap()
}

#[test]
fn selected_rows_are_the_rows_put_together_by_hand() {
    let selections: [&[u32]; 4] = [&[0], &[69, 3, 3, 12], &[5, 6, 7, 8, 40], &[1, 0]];
    for case in cases() {
        for index in (0..LOSSES).step_by(7) {
            let aim = loss(&case, index);
            for rows in selections {
                let usual: Vec<usize> = rows.iter().map(|&row| row as usize).collect();
                let (part, of_part) = (part_of(&case, &usual), part_of_aim(&aim, 70, &usual));
                if part.counts().iter().all(|counts| !counts) {
                    continue;
                }
                assert_eq!(case.data().select(rows).unwrap(), part.data());
                for engine in [EngineKind::Fused, EngineKind::Plain] {
                    let [mut one, mut two] = [(); 2].map(|()| agent(&case, engine));
                    let (data, targets) = (case.data(), aim.targets());
                    let lesson = Lesson { data: &data, targets: &targets, objective: &aim.objective };
                    let terms = one.accumulate(&lesson, Some(rows)).unwrap();
                    let (data, targets) = (part.data(), of_part.targets());
                    let lesson = Lesson { data: &data, targets: &targets, objective: &of_part.objective };
                    let expected = two.accumulate(&lesson, None).unwrap();
                    assert_eq!(sums(&terms).map(f64::to_bits), sums(&expected).map(f64::to_bits), "{engine:?}, {rows:?}");
                    assert_eq!(one.gradient().unwrap(), two.gradient().unwrap(), "{engine:?}, {rows:?}");
                }
            }
        }
    }
}

#[test]
fn a_gradient_put_there_is_stepped_along_as_one_s_own() {
    let case = &cases()[0];
    for ((name, mut one), (_, mut two)) in case.engines().into_iter().zip(case.engines()) {
        let aim = loss(case, 16);
        one.add(&case.data(), &aim).unwrap();
        two.set_gradient(&one.gradient().unwrap()).unwrap();
        assert_eq!(one.gradient().unwrap(), two.gradient().unwrap(), "{name}");
        assert_eq!(two.gradient_norm().unwrap().to_bits(), one.gradient_norm().unwrap().to_bits(), "{name}");
        // Asking for the norm changes nothing.
        assert_eq!(one.gradient().unwrap(), two.gradient().unwrap(), "{name}");
        for engine in [&mut one, &mut two] {
            engine.apply(&aim.optimizer).unwrap();
            assert!(engine.gradient().unwrap().iter().all(|&x| x == 0.0), "{name}");
        }
        assert_eq!(one.parameters().unwrap(), two.parameters().unwrap(), "{name}");
        assert_eq!(one.optimizer().unwrap(), two.optimizer().unwrap(), "{name}");
        // And one's own is added to what was put there.
        let added = |engine: &mut Box<dyn Engine>| {
            engine.set_gradient(&case.flat).unwrap();
            engine.add(&case.data(), &aim).unwrap();
            engine.gradient().unwrap()
        };
        let sum = added(&mut one);
        one.clear_gradient();
        one.add(&case.data(), &aim).unwrap();
        let expected: Vec<f64> = wide(&one.gradient().unwrap()).iter().zip(&case.flat).map(|(g, &w)| g + f64::from(w)).collect();
        assert_close(&name, &sum, &expected, 1e-6);
    }
}

#[test]
fn what_fails_leaves_what_waits() {
    let case = &cases()[1];
    for (name, mut engine) in case.engines() {
        let aim = loss(case, 1);
        engine.add(&case.data(), &aim).unwrap();
        let before = (engine.gradient().unwrap(), engine.parameters().unwrap(), engine.optimizer().unwrap());
        let mut overflows = aim.clone();
        overflows.old_log_probs = Some(vec![-3e38; case.actions.len()]);
        assert!(matches!(engine.add(&case.data(), &overflows), Err(Error::NonFinite { what: "loss", .. })), "{name}");
        assert_eq!((engine.gradient().unwrap(), engine.parameters().unwrap(), engine.optimizer().unwrap()), before, "{name}");
        // A gradient that is not finite is not stepped along, and gone.
        engine.set_gradient(&vec![3e38; case.flat.len()]).unwrap();
        engine.add(&case.data(), &aim).unwrap();
        engine.set_gradient(&vec![f32::INFINITY; case.flat.len()]).unwrap();
        assert!(matches!(engine.apply(&aim.optimizer), Err(Error::NonFinite { what: "grad_norm", .. })), "{name}");
        assert!(engine.gradient().unwrap().iter().all(|&x| x == 0.0), "{name}");
        assert_eq!((engine.parameters().unwrap(), engine.optimizer().unwrap()), (before.1, before.2), "{name}");
    }
}

/// All that a policy decides and says in three steps.
fn decisions(policy: &mut Policy, case: &Case) -> Vec<(i32, [u32; 3])> {
    let sampling = Sampling::Random { seed: Seed(5), rollout: 0 };
    policy.begin(case.prompts()).unwrap();
    let n = case.rows;
    (0..3)
        .flat_map(|_| {
            let (mut actions, mut floats) = (vec![0; n], [(); 3].map(|()| vec![0.0; n]));
            let [log_probs, entropies, values] = &mut floats;
            policy
                .step(&Observation::default(), sampling, &mut StepOutput { actions: &mut actions, log_probs, entropies, values })
                .unwrap();
            let said = |row: usize| floats.each_ref().map(|of| of[row].to_bits());
            actions.into_iter().enumerate().map(|(row, action)| (action, said(row))).collect::<Vec<_>>()
        })
        .collect()
}

type Change = fn(&mut Named, &Case, &Aim);

#[test]
fn weights_that_are_shared_stay_as_they_are() {
    let case = Shape { start: true, layers: 2, ..Shape::plain(23) }.sized(40, 3, 20).case();
    let aim = Aim {
        optimizer: innate_core::optimizer::OptimizerConfig { learning_rate: 0.05, ..Default::default() },
        ..loss(&case, 1)
    };
    let change: [(&str, Change); 2] = [
        ("apply", |(_, engine), case, aim| _ = engine.update(&case.data(), aim).unwrap()),
        ("set_parameters", |(_, engine), case, _| {
            engine.set_parameters(&case.flat.iter().map(|w| w * 0.5).collect::<Vec<_>>()).unwrap();
        }),
    ];
    for (what, change) in change {
        for (mut shared, mut alone) in case.engines().into_iter().zip(case.engines()) {
            let mut policies = Vec::new();
            for _ in 0..3 {
                let mut policy = Policy::new(shared.1.weights().unwrap(), &case.rollout, 40).unwrap();
                let said = decisions(&mut policy, &case);
                policies.push((policy, said));
                change(&mut shared, &case, &aim);
                change(&mut alone, &case, &aim);
                for (policy, said) in &mut policies {
                    assert!(decisions(policy, &case) == *said, "{}, {what}", shared.0);
                }
                assert_eq!(shared.1.parameters().unwrap(), alone.1.parameters().unwrap(), "{}, {what}", shared.0);
                assert_eq!(shared.1.optimizer().unwrap(), alone.1.optimizer().unwrap(), "{}, {what}", shared.0);
            }
            let generations: Vec<u64> = policies.iter().map(|(policy, _)| policy.weights().generation()).collect();
            assert!(generations.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{}: {generations:?}", shared.0);
            assert!(policies[0].1 != policies[1].1, "{}, {what}: nothing was changed", shared.0);
        }
    }
}

/// A step that is not taken makes no generation.
#[test]
fn only_a_change_makes_a_generation() {
    let case = Shape::plain(24).case();
    let aim = loss(&case, 1);
    for isa in Isa::available() {
        let mut engine = Fused::with_isa(&case.model, 1, &case.flat, isa).unwrap();
        let weights = engine.weights().unwrap();
        let said = engine.evaluate(&case.data()).unwrap();
        assert!(engine.update(&case.data(), &aim.clone().learning_rate(3e38)).is_err());
        engine.gradients(&case.data(), &aim).unwrap();
        assert!(Arc::ptr_eq(&weights, &engine.weights().unwrap()));
        assert_eq!(engine.evaluate(&case.data()).unwrap(), said);
        engine.update(&case.data(), &aim).unwrap();
        assert_eq!(engine.weights().unwrap().generation(), weights.generation() + 1);
    }
}

/// The default of `totals` is the batch's own.
#[test]
fn without_totals_a_batch_is_the_whole() {
    for case in cases() {
        let aim = loss(&case, 2 * 8 + 4);
        let told = Aim { objective: Objective { totals: Some(totals(&case)), ..aim.objective }, ..aim.clone() };
        for (name, mut engine) in case.engines() {
            assert_eq!(engine.gradients(&case.data(), &told).unwrap(), engine.gradients(&case.data(), &aim).unwrap(), "{name}");
        }
    }
}

//! How much each step counts: nothing that is said of a step of weight 0 matters, and the others matter by their weights.

use innate_core::data::Trajectories;
use innate_core::objective::{Baseline, Reduction};

use crate::shape::{LOSSES, Shape, Weighing, loss};
use crate::{Aim, Case, Judged, Learning, assert_close, wide};

/// Puts other numbers where `dead` says.
fn spoil<T: Copy>(values: &mut [T], dead: impl Fn(usize) -> bool, with: impl Fn(usize, T) -> T) {
    for (i, value) in values.iter_mut().enumerate().filter(|(i, _)| dead(*i)) {
        *value = with(i, *value);
    }
}

fn spoil_judgement(case: &Case, aim: &mut Aim, sign: f32) {
    let counts = case.counts();
    let dead = |len: usize| {
        let (counts, steps) = (counts.clone(), case.steps());
        move |i: usize| if len == case.rows { counts[i * steps..][..steps].iter().all(|c| !c) } else { !counts[i] }
    };
    let huge = |values: &mut Vec<f32>| {
        let dead = dead(values.len());
        spoil(values, dead, |i, _| if i % 2 == 0 { 3e38 * sign } else { -7.0 });
    };
    match &mut aim.judged {
        Judged::Returns(returns, _) => huge(returns),
        Judged::Given { advantages, value_targets } => {
            huge(advantages);
            value_targets.iter_mut().for_each(huge);
        }
    }
    aim.old_log_probs.iter_mut().for_each(huge);
    aim.reference_log_probs.iter_mut().for_each(huge);
}

#[test]
fn what_a_step_without_weight_is_judged_by_changes_nothing() {
    for weighing in [Weighing::Lengths, Weighing::Any] {
        let case = Shape { weighing, ..Shape::full(6, 2) }.sized(60, 3, 9).case();
        assert!(case.counts().chunks(3).any(|row| row.iter().all(|counts| !counts)), "no row is dead");
        for index in (0..LOSSES).step_by(5) {
            let aim = loss(&case, index);
            for sign in [1.0, -1.0] {
                let mut spoiled = aim.clone();
                spoil_judgement(&case, &mut spoiled, sign);
                for (name, mut engine) in case.engines() {
                    let (stats, gradient) = engine.gradients(&case.data(), &aim).unwrap();
                    let (other, changed) = engine.gradients(&case.data(), &spoiled).unwrap();
                    assert_eq!(other.numbers().map(f64::to_bits), stats.numbers().map(f64::to_bits), "{name}, loss {index}");
                    assert_eq!(changed, gradient, "{name}, loss {index}");
                }
            }
        }
    }
}

/// Everything of the steps behind the last one that counts, and of those in a gap before another episode.
fn spoil_steps(case: &mut Case, dead: &[bool]) {
    let a = case.model.actions();
    let mask = case.rollout.action_mask.clone().unwrap();
    spoil(&mut case.actions, |i| dead[i], |_, _| 0);
    let allow = |i: usize, _: u8| u8::from(mask[i % a]);
    spoil(case.allowed.as_mut().unwrap(), |i| dead[i / a], allow);
    spoil(case.inputs.as_mut().unwrap(), |i| dead[i], |_, token| 1 - token.min(1));
    spoil(case.dense.as_mut().unwrap(), |i| dead[i / 2], |i, _| if i % 3 == 0 { -1e6 } else { 40.0 });
    let sizes = case.model.discrete().to_vec();
    let spoiled = |i: usize, number: i32| (number + 1) % sizes[i % sizes.len()] as i32;
    spoil(case.discrete.as_mut().unwrap(), |i| dead[i / sizes.len()], spoiled);
}

#[test]
fn what_happened_at_steps_that_nothing_counts_after_changes_nothing() {
    let mut case = Shape { weighing: Weighing::Lengths, ..Shape::full(7, 2) }.sized(40, 6, 9).case();
    // A gap in the middle of every fourth row, with another episode behind it.
    let mut dead: Vec<bool> = case.counts().iter().map(|counts| !counts).collect();
    for row in (0..40).step_by(4) {
        for t in 0..6 {
            let at = row * 6 + t;
            dead[at] = t == 1 || t == 2;
            case.weights.as_mut().unwrap()[at] = if dead[at] { 0.0 } else { 1.0 };
            case.starts.as_mut().unwrap()[at] = u8::from(t == 3);
        }
    }
    let mut other = case.clone();
    spoil_steps(&mut other, &dead);
    // Behind the end, an episode may begin as well.
    let gap = |i: usize| (i / 6).is_multiple_of(4);
    spoil(other.starts.as_mut().unwrap(), |i| dead[i] && !gap(i), |_, start| 1 - start);
    for index in [0, 4, 7, 16, 26, 35] {
        let aim = loss(&case, index);
        for (name, mut engine) in case.engines() {
            let (stats, gradient) = engine.gradients(&case.data(), &aim).unwrap();
            let (others, changed) = engine.gradients(&other.data(), &aim).unwrap();
            assert_eq!(others.numbers().map(f64::to_bits), stats.numbers().map(f64::to_bits), "{name}, loss {index}");
            assert_eq!(changed, gradient, "{name}, loss {index}");
            let (said, elsewhere) = (engine.evaluate(&case.data()).unwrap(), engine.evaluate(&other.data()).unwrap());
            for i in (0..dead.len()).filter(|&i| !dead[i]) {
                assert_eq!(said.log_probs[i].to_bits(), elsewhere.log_probs[i].to_bits(), "{name}");
                assert_eq!(said.values[i].to_bits(), elsewhere.values[i].to_bits(), "{name}");
            }
        }
    }
}

#[test]
fn lengths_are_weights_of_one_and_zero() {
    let case = Shape { weighing: Weighing::Alike, ..Shape::full(8, 1) }.sized(5, 4, 3).case();
    let lengths = [4, 0, 1, 3, 2];
    let expected = [[1.0; 4], [0.0; 4], [1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 0.0], [1.0, 1.0, 0.0, 0.0]].concat();
    assert_eq!(case.data().of_lengths(&lengths), Trajectories { weights: Some(expected.into()), ..case.data() });
}

/// With a gap in it, a row's earlier steps still learn from the later ones, through the state that goes on.
#[test]
fn a_gap_is_gone_through() {
    for (reduction, baseline) in [(Reduction::Episode, Baseline::Program), (Reduction::Step, Baseline::Step)] {
        let mut case = Shape { layers: 2, ..Shape::plain(9) }.case();
        case.weights = Some([1.0, 0.0, 0.0, 1.0].repeat(3));
        let mut aim = case.aim(baseline).coefs(0.5, 0.3).unclipped();
        aim.objective.reduction = reduction;
        let (told, expected) = crate::gradient::numerical(&case, &aim);
        for (name, mut engine) in case.engines() {
            let (stats, gradient) = engine.gradients(&case.data(), &aim).unwrap();
            assert_close(&name, &gradient, &expected, 5e-6);
            assert!((stats.terms.loss - told.terms.loss).abs() < 5e-6, "{name}");
        }
    }
}

fn doubled(case: &Case) -> Case {
    let weights = case.weights.as_ref().map(|weights| weights.iter().map(|weight| weight * 2.0).collect());
    Case { weights, ..case.clone() }
}

#[test]
fn a_mean_over_steps_does_not_know_the_unit_of_weight() {
    let case = Shape::full(10, 2).sized(40, 5, 9).case();
    for index in (0..LOSSES / 2).filter(|index| index / 24 == 1 && index % 8 != 0) {
        let aim = loss(&case, index);
        for (name, mut engine) in case.engines() {
            let (stats, gradient) = engine.gradients(&case.data(), &aim).unwrap();
            let (other, changed) = engine.gradients(&doubled(&case).data(), &aim).unwrap();
            assert_close(&name, &changed, &wide(&gradient), 1e-6);
            for (got, expected) in other.numbers().into_iter().zip(stats.numbers()) {
                assert!((got - expected).abs() < 1e-6 || got.is_nan() && expected.is_nan(), "{name}: {got} {expected}");
            }
        }
    }
}

/// A row of weight 2 is two rows of weight 1.
#[test]
fn a_row_that_counts_twice_is_two_rows() {
    let case = Shape { weighing: Weighing::Alike, ..Shape::full(11, 2) }.sized(40, 5, 9).case();
    let rows: Vec<u32> = (0..40).chain((0..40).filter(|row| row % 3 == 0)).collect();
    let weights: Vec<f32> = (0..200).map(|i| if i / 5 % 3 == 0 { 2.0 } else { 1.0 }).collect();
    let returns = |rows: &mut dyn Iterator<Item = u32>| rows.map(|row| (row * 7 % 11) as f32 / 11.0).collect::<Vec<_>>();
    let aim = |returns: Vec<f32>| {
        let mut aim = Aim::new(Judged::Returns(returns, Baseline::Step)).coefs(0.5, 0.3).unclipped();
        aim.objective.reduction = Reduction::Step;
        aim
    };
    for (name, mut engine) in case.engines() {
        let twice = Trajectories { weights: Some((&weights).into()), ..case.data() };
        let (stats, gradient) = engine.gradients(&twice, &aim(returns(&mut (0..40)))).unwrap();
        let repeated = case.data().select(&rows).unwrap();
        let (other, expected) = engine.gradients(&repeated, &aim(returns(&mut rows.iter().copied()))).unwrap();
        assert_close(&name, &gradient, &wide(&expected), 1e-6);
        for (got, expected) in stats.numbers().into_iter().zip(other.numbers()) {
            assert!((got - expected).abs() < 1e-5, "{name}: {got} {expected}");
        }
    }
}

//! Actions that are not allowed at a step have no part in it: none in the distribution, none in the gradient.

use innate_core::model::ParamKind;
use innate_core::objective::Baseline;

use crate::shape::Shape;
use crate::{Aim, Case, Judged, Learning};

const ACTIONS: usize = 4;

/// Every subset of the actions that is not empty, one a step, with every action of it taken once.
fn subsets(mask: Option<Vec<bool>>) -> Case {
    let may = |action: usize| mask.as_ref().is_none_or(|mask| mask[action]);
    let pairs: Vec<(u8, usize)> = (1..1_u8 << ACTIONS)
        .flat_map(|subset| (0..ACTIONS).map(move |action| (subset, action)))
        .filter(|&(subset, action)| subset >> action & 1 == 1 && may(action))
        .collect();
    let shape = Shape { actions: ACTIONS, dense: 2, layers: 2, ..Shape::plain(3) }.sized(pairs.len(), 1, 5);
    let mut case = shape.case();
    case.rollout.action_mask = mask;
    // One state for all, so that the actions of a subset are those of one distribution.
    case.dense = Some([0.3, -0.8].repeat(pairs.len()));
    case.actions = pairs.iter().map(|&(_, action)| action as i32).collect();
    case.allowed = Some(pairs.iter().flat_map(|&(subset, _)| (0..ACTIONS).map(move |action| subset >> action & 1)).collect());
    case
}

fn masks() -> [Option<Vec<bool>>; 3] {
    [None, Some(vec![true, false, true, true]), Some(vec![false, false, false, true])]
}

#[test]
fn the_probabilities_of_what_is_allowed_sum_to_one() {
    for mask in masks() {
        let case = subsets(mask);
        let may = |step: usize, action: usize| {
            case.allowed.as_ref().unwrap()[step * ACTIONS + action] != 0
                && case.rollout.action_mask.as_ref().is_none_or(|mask| mask[action])
        };
        for (name, mut engine) in case.engines() {
            let said = engine.evaluate(&case.data()).unwrap();
            let mut sums = std::collections::BTreeMap::<Vec<bool>, (f64, f64)>::new();
            for (step, logits) in said.logits.chunks(ACTIONS).enumerate() {
                let allowed: Vec<bool> = (0..ACTIONS).map(|action| may(step, action)).collect();
                for (logit, &allowed) in logits.iter().zip(&allowed) {
                    assert!(if allowed { logit.is_finite() } else { *logit == f32::NEG_INFINITY }, "{name}: {logits:?}");
                }
                let subset = case.allowed.as_ref().unwrap()[step * ACTIONS..][..ACTIONS].iter().map(|&a| a != 0).collect();
                let log_prob = f64::from(said.log_probs[step]);
                let sum = sums.entry(subset).or_default();
                sum.0 += log_prob.exp();
                sum.1 -= log_prob * log_prob.exp();
                if allowed.iter().filter(|allowed| **allowed).count() == 1 {
                    assert!(said.log_probs[step] == 0.0 && said.entropies[step].abs() < 1e-8, "{name}");
                }
            }
            assert!(sums.values().all(|(sum, _)| (sum - 1.0).abs() < 1e-6), "{name}: {sums:?}");
            for (step, &entropy) in said.entropies.iter().enumerate() {
                let subset: Vec<bool> =
                    case.allowed.as_ref().unwrap()[step * ACTIONS..][..ACTIONS].iter().map(|&a| a != 0).collect();
                assert!((f64::from(entropy) - sums[&subset].1).abs() < 1e-6, "{name}: {entropy} {:?}", sums[&subset]);
            }
        }
    }
}

/// Rows of the policy's head, `[A]` of the gradient of its weight and bias.
fn head_rows(case: &Case, gradient: &[f32]) -> Vec<Vec<f32>> {
    let (weight, bias) = (&gradient[case.place(ParamKind::PolicyWeight)], &gradient[case.place(ParamKind::PolicyBias)]);
    weight.chunks(case.model.hidden).zip(bias).map(|(row, &bias)| [row, &[bias]].concat()).collect()
}

#[test]
fn what_is_never_allowed_has_no_gradient() {
    let aim = |case: &Case| case.aim(Baseline::Step).coefs(0.5, 0.3);
    for forbidden in 0..ACTIONS {
        let mut case = Shape { actions: ACTIONS, layers: 2, ..Shape::plain(5) }.sized(40, 4, 9).case();
        let others: Vec<i32> = (0..ACTIONS as i32).filter(|&action| action as usize != forbidden).collect();
        case.actions.iter_mut().for_each(|action| *action = others[*action as usize % others.len()]);
        case.allowed = Some((0..case.actions.len() * ACTIONS).map(|i| u8::from(i % ACTIONS != forbidden)).collect());
        for (name, mut engine) in case.engines() {
            let (_, gradient) = engine.gradients(&case.data(), &aim(&case)).unwrap();
            for (action, row) in head_rows(&case, &gradient).iter().enumerate() {
                assert_eq!(row.iter().all(|&x| x == 0.0), action == forbidden, "{name}: {action} {row:?}");
            }
        }
        // A mask of the whole rollout is the same network.
        let masked = Case {
            allowed: None,
            rollout: innate_core::data::RolloutSpec {
                action_mask: Some((0..ACTIONS).map(|action| action != forbidden).collect()),
                ..case.rollout.clone()
            },
            ..case.clone()
        };
        for ((name, mut one), (_, mut two)) in case.engines().into_iter().zip(masked.engines()) {
            let (stats, gradient) = one.gradients(&case.data(), &aim(&case)).unwrap();
            let (expected, other) = two.gradients(&masked.data(), &aim(&masked)).unwrap();
            crate::assert_close(&name, &gradient, &crate::wide(&other), 1e-6);
            assert!((stats.terms.loss - expected.terms.loss).abs() < 1e-6, "{name}");
        }
    }
}

/// Whatever the weights of the others: with one action left there is nothing to choose, so nothing to learn, and no number is lost.
#[test]
fn where_one_action_is_left_it_is_certain() {
    for bias in [0.0, 3e38, -3e38] {
        let mut case = Shape { actions: ACTIONS, layers: 2, ..Shape::plain(5) }.sized(40, 4, 9).case();
        let place = case.place(ParamKind::PolicyBias);
        case.flat[place].iter_mut().skip(1).for_each(|x| *x = bias);
        case.actions.fill(0);
        case.allowed = Some((0..case.actions.len() * ACTIONS).map(|i| u8::from(i % ACTIONS == 0)).collect());
        let count = case.actions.len();
        let mut aim = Aim::new(Judged::Given { advantages: vec![2.0; count], value_targets: None }).coefs(0.5, 0.3);
        for old in [None, Some(vec![-1.0; count]), Some(vec![0.0; count])] {
            aim.old_log_probs = old;
            for (name, mut engine) in case.engines() {
                let said = engine.evaluate(&case.data()).unwrap();
                assert!(said.log_probs.iter().all(|&x| x == 0.0), "{name} {bias}");
                assert!(said.entropies.iter().all(|x| x.abs() < 1e-8), "{name} {bias}");
                let (stats, gradient) = engine.gradients(&case.data(), &aim).unwrap();
                assert!(stats.terms.loss.is_finite(), "{name} {bias}: {stats:?}");
                assert!(gradient.iter().all(|x| x.abs() < 1e-7), "{name} {bias}: {gradient:?}");
            }
        }
    }
}

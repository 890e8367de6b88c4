//! Steps after the end of a program do not count.

use innate_core::data::{Sampling, Trajectories};
use innate_core::error::Error;
use innate_core::model::Pooling;
use innate_core::objective::Baseline;

use crate::{Aim, Case, Learning, Stats, assert_close, wide};

const BASELINES: [Baseline; 2] = [Baseline::Program, Baseline::Step];

fn aim(case: &Case, baseline: Baseline) -> Aim {
    case.aim(baseline).coefs(0.5, 0.2)
}

fn bits(stats: &Stats, gradient: &[f32]) -> (Vec<u64>, Vec<u32>) {
    (stats.numbers().map(f64::to_bits).to_vec(), gradient.iter().map(|x| x.to_bits()).collect())
}

/// 70 problems make three chunks, the last of six.
fn case(pooling: Pooling) -> Case {
    Case::new(21, [18, 3, 20, 70, 4, 6], pooling, true)
}

#[test]
fn what_was_emitted_after_the_end_changes_nothing() {
    for pooling in [Pooling::Own, Pooling::Batch] {
        let case = case(pooling).ending(21);
        let other = Case::new(22, [18, 3, 20, 70, 4, 6], pooling, true).actions;
        let actions: Vec<i32> =
            case.counts().iter().zip(case.actions.iter().zip(&other)).map(|(&c, (&a, &b))| if c { a } else { b }).collect();
        assert_ne!(actions, case.actions);
        for baseline in BASELINES {
            for (name, mut engine) in case.engines() {
                let (stats, gradient) = engine.gradients(&case.data(), &aim(&case, baseline)).unwrap();
                let (others, other) = engine.gradients(&case.acting(&actions), &aim(&case, baseline)).unwrap();
                assert_eq!(bits(&others, &other), bits(&stats, &gradient), "{name}, {pooling:?}, {baseline:?}");
            }
        }
    }
}

#[test]
fn programs_cut_at_a_common_end_are_the_same_programs() {
    for pooling in [Pooling::Own, Pooling::Batch] {
        for length in [1, 2, 5] {
            let whole = case(pooling).of_lengths(&[length; 70]);
            let mut cut = case(pooling);
            cut.actions = whole.actions.chunks(6).flat_map(|row| row[..length as usize].to_vec()).collect();
            for baseline in BASELINES {
                for ((name, mut one), (_, mut two)) in whole.engines().into_iter().zip(cut.engines()) {
                    let (stats, gradient) = one.gradients(&whole.data(), &aim(&whole, baseline)).unwrap();
                    let (cut_stats, cut_gradient) = two.gradients(&cut.data(), &aim(&cut, baseline)).unwrap();
                    let what = format!("{name}, {pooling:?}, {baseline:?}, {length}");
                    assert_close(&what, &gradient, &wide(&cut_gradient), 1e-6);
                    for (one, two) in stats.numbers().into_iter().zip(cut_stats.numbers()) {
                        assert!((one - two).abs() < 1e-5, "{what}: {one} {two}");
                    }
                }
            }
        }
    }
}

#[test]
fn lengths_of_whole_programs_are_no_lengths() {
    for baseline in BASELINES {
        let whole = case(Pooling::Own);
        let measured = whole.clone().of_lengths(&[6; 70]);
        for (name, mut engine) in whole.engines() {
            let (stats, gradient) = engine.gradients(&whole.data(), &aim(&whole, baseline)).unwrap();
            let (given, other) = engine.gradients(&measured.data(), &aim(&whole, baseline)).unwrap();
            assert_eq!(bits(&given, &other), bits(&stats, &gradient), "{name}, {baseline:?}");
        }
    }
}

#[test]
fn an_update_after_a_rollout_takes_lengths_too() {
    let case = case(Pooling::Own).ending(21);
    for ((name, mut kept), (_, mut fresh)) in case.engines().into_iter().zip(case.engines()) {
        let rollout = kept.rollout(case.prompts(), &case.rollout, Sampling::Greedy).unwrap();
        let episodes = &case.acting(&rollout.actions);
        let whole = Trajectories { weights: None, ..episodes.clone() };
        kept.gradients(&whole, &aim(&case, Baseline::Step)).unwrap();
        kept.update(episodes, &aim(&case, Baseline::Step)).unwrap();
        fresh.update(episodes, &aim(&case, Baseline::Step)).unwrap();
        assert_eq!(kept.parameters().unwrap(), fresh.parameters().unwrap(), "{name}");
    }
}

#[test]
fn a_bad_weight_is_named() {
    let case = case(Pooling::Own);
    let but = |index: usize, weight: f32| {
        let mut weights = vec![1.0; 420];
        weights[index] = weight;
        weights
    };
    for (weights, expected) in [
        (vec![1.0; 419], "weights"),
        (vec![1.0; 421], "weights"),
        (vec![], "weights"),
        (vec![0.0; 420], "weights"),
        (but(3, -1.0), "weights[3]"),
        (but(419, f32::NAN), "weights[419]"),
        (but(0, f32::INFINITY), "weights[0]"),
    ] {
        let data = Trajectories { weights: Some(weights.into()), ..case.data() };
        match data.check(&case.model) {
            Err(Error::Invalid { path, .. }) => assert_eq!(path, expected),
            other => panic!("{other:?}"),
        }
    }
}

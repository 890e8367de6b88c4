//! Steps after the end of a program do not count.

use innate_core::config::{Baseline, ContextPooling, UpdateConfig};
use innate_core::engine::{Episodes, UpdateStats};
use innate_core::error::Error;

use crate::{Case, assert_close, wide};

const BASELINES: [Baseline; 2] = [Baseline::Program, Baseline::Step];

fn config(baseline: Baseline) -> UpdateConfig {
    UpdateConfig { baseline, entropy_coef: 0.2, ..UpdateConfig::default() }
}

fn bits(stats: &UpdateStats, gradient: &[f32]) -> (Vec<u64>, Vec<u32>) {
    let UpdateStats { loss, policy_loss, value_loss, entropy, grad_norm, explained_variance } = *stats;
    let stats = [loss, policy_loss, value_loss, entropy, grad_norm, explained_variance].map(f64::to_bits).to_vec();
    (stats, gradient.iter().map(|x| x.to_bits()).collect())
}

/// 70 problems make three chunks, the last of six.
fn case(pooling: ContextPooling) -> Case {
    Case::new(21, [18, 3, 20, 70, 4, 6], pooling, true)
}

#[test]
fn what_was_emitted_after_the_end_changes_nothing() {
    for pooling in [ContextPooling::Own, ContextPooling::Batch] {
        let case = case(pooling).ending(21);
        let other = Case::new(22, [18, 3, 20, 70, 4, 6], pooling, true).actions;
        let actions: Vec<i32> =
            case.counts().iter().zip(case.actions.iter().zip(&other)).map(|(&c, (&a, &b))| if c { a } else { b }).collect();
        assert_ne!(actions, case.actions);
        for baseline in BASELINES {
            for (name, mut engine) in case.engines() {
                let (stats, gradient) = engine.gradients(case.episodes(), &config(baseline)).unwrap();
                let (others, other) =
                    engine.gradients(Episodes { actions: &actions, ..case.episodes() }, &config(baseline)).unwrap();
                assert_eq!(bits(&others, &other), bits(&stats, &gradient), "{name}, {pooling:?}, {baseline:?}");
            }
        }
    }
}

#[test]
fn programs_cut_at_a_common_end_are_the_same_programs() {
    for pooling in [ContextPooling::Own, ContextPooling::Batch] {
        for length in [1, 2, 5] {
            let mut whole = case(pooling);
            whole.lengths = Some(vec![length; 70]);
            let mut cut = case(pooling);
            cut.actions = whole.actions.chunks(6).flat_map(|row| row[..length as usize].to_vec()).collect();
            for baseline in BASELINES {
                for ((name, mut one), (_, mut two)) in whole.engines().into_iter().zip(cut.engines()) {
                    let (stats, gradient) = one.gradients(whole.episodes(), &config(baseline)).unwrap();
                    let (cut_stats, cut_gradient) = two.gradients(cut.episodes(), &config(baseline)).unwrap();
                    let what = format!("{name}, {pooling:?}, {baseline:?}, {length}");
                    assert_close(&what, &gradient, &wide(&cut_gradient), 1e-6);
                    for (one, two) in [
                        (stats.loss, cut_stats.loss),
                        (stats.policy_loss, cut_stats.policy_loss),
                        (stats.value_loss, cut_stats.value_loss),
                        (stats.entropy, cut_stats.entropy),
                        (stats.grad_norm, cut_stats.grad_norm),
                        (stats.explained_variance, cut_stats.explained_variance),
                    ] {
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
        let mut whole = case(ContextPooling::Own);
        for (name, mut engine) in whole.engines() {
            whole.lengths = None;
            let (stats, gradient) = engine.gradients(whole.episodes(), &config(baseline)).unwrap();
            whole.lengths = Some(vec![6; 70]);
            let (given, other) = engine.gradients(whole.episodes(), &config(baseline)).unwrap();
            assert_eq!(bits(&given, &other), bits(&stats, &gradient), "{name}, {baseline:?}");
        }
    }
}

#[test]
fn an_update_after_a_rollout_takes_lengths_too() {
    let case = case(ContextPooling::Own).ending(21);
    for ((name, mut kept), (_, mut fresh)) in case.engines().into_iter().zip(case.engines()) {
        let rollout = kept.rollout(case.prompts(), innate_core::engine::Sampling::Greedy).unwrap();
        let episodes = Episodes { actions: &rollout.actions, ..case.episodes() };
        let whole = Episodes { lengths: None, ..episodes };
        kept.gradients(whole, &config(Baseline::Step)).unwrap();
        kept.update(episodes, &config(Baseline::Step)).unwrap();
        fresh.update(episodes, &config(Baseline::Step)).unwrap();
        assert_eq!(kept.parameters().unwrap(), fresh.parameters().unwrap(), "{name}");
    }
}

#[test]
fn a_bad_length_is_named() {
    let mut case = case(ContextPooling::Own);
    for (lengths, path) in [
        (vec![6; 69], "lengths"),
        (vec![6; 71], "lengths"),
        (vec![], "lengths"),
        ([vec![6; 3], vec![0], vec![6; 66]].concat(), "lengths[3]"),
        ([vec![6; 69], vec![7]].concat(), "lengths[69]"),
        ([vec![i32::MIN], vec![6; 69]].concat(), "lengths[0]"),
    ] {
        case.lengths = Some(lengths);
        let episodes = Episodes {
            prompts: case.prompts(),
            actions: &case.actions,
            lengths: case.lengths.as_deref(),
            returns: &case.returns,
        };
        match episodes.check(&case.config) {
            Err(Error::Invalid { path: got, .. }) => assert_eq!(got, path),
            other => panic!("{other:?}"),
        }
    }
}

//! What the fused engine keeps of a forward pass is used again only for the very same one: nothing is told of the past by what came before.

use innate_core::data::{Prompts, RolloutSpec, Sampling, Trajectories};
use innate_core::engine::Engine;
use innate_core::model::Pooling;
use innate_core::objective::Baseline;
use innate_core::rng::Seed;

use crate::shape::Shape;
use crate::{Aim, Case, Judged, Learning, assert_close, wide};

/// Ways in which two batches of one size differ.
fn variants(case: &Case) -> [(&'static str, [Vec<i32>; 3]); 4] {
    let whole = [case.contexts.clone(), case.stages.clone(), case.actions.clone()];
    let other = |part: usize, limit: i32| {
        let mut changed = whole.clone();
        changed[part].iter_mut().for_each(|id| *id = (*id + 1) % limit);
        changed
    };
    [("same", whole.clone()), ("contexts", other(0, 7)), ("stages", other(1, 2)), ("actions", other(2, 7))]
}

#[test]
fn a_batch_that_differs_in_one_part_is_run_afresh() {
    for pooling in [Pooling::Own, Pooling::Batch] {
        let case = Case::new(21, [7, 2, 5, 40, 3, 4], pooling, false);
        let aim = case.aim(Baseline::Program);
        let variants = variants(&case);
        let said = |engine: &mut Box<dyn Engine>, [contexts, stages, actions]: &[Vec<i32>; 3]| {
            let data = Trajectories::programs(&case.rollout, Prompts::new(&case.model, contexts, stages).unwrap(), actions);
            (engine.gradients(&data, &aim).unwrap(), engine.evaluate(&data).unwrap())
        };
        for (index, (name, mut engine)) in case.engines().into_iter().enumerate() {
            for (_, before) in &variants {
                for (what, batch) in &variants {
                    said(&mut engine, before);
                    let (_, mut fresh) = case.engines().swap_remove(index);
                    assert_eq!(said(&mut engine, batch), said(&mut fresh, batch), "{name} {what}");
                }
            }
        }
    }
}

/// The numbers beside the tokens are part of what was shown.
#[test]
fn a_batch_with_other_values_is_run_afresh() {
    for in_order in [false, true] {
        let case = Shape { pooling: Some(Pooling::Own), values: true, in_order, ..Shape::plain(26) }.case();
        let mut other = case.clone();
        other.context_values.iter_mut().flatten().for_each(|value| *value += 0.5);
        for (index, (name, mut engine)) in case.engines().into_iter().enumerate() {
            for batch in [&case, &other, &case] {
                let (_, mut fresh) = case.engines().swap_remove(index);
                let said = |engine: &mut Box<dyn Engine>| engine.gradients(&batch.data(), &case.aim(Baseline::Program)).unwrap();
                assert_eq!(said(&mut engine), said(&mut fresh), "{name}");
            }
        }
    }
}

#[test]
fn a_batch_of_another_size_is_run_afresh() {
    let small = Case::new(22, [7, 2, 5, 3, 3, 4], Pooling::Own, false);
    let cases =
        [Case::new(23, [7, 2, 5, 70, 2, 5], Pooling::Own, false), Case::new(24, [7, 2, 5, 33, 4, 1], Pooling::Own, false)];
    for (index, (name, mut engine)) in small.engines().into_iter().enumerate() {
        for case in [&cases[0], &small, &cases[1], &cases[0], &small] {
            let (_, mut fresh) = small.engines().swap_remove(index);
            assert_eq!(engine.evaluate(&case.data()).unwrap(), fresh.evaluate(&case.data()).unwrap(), "{name}");
            let gradients = |engine: &mut Box<dyn Engine>| engine.gradients(&case.data(), &case.aim(Baseline::Program)).unwrap();
            assert_eq!(gradients(&mut engine), gradients(&mut fresh), "{name}");
        }
    }
}

/// New weights, whoever made them, make all that was kept worthless.
#[test]
fn new_weights_are_seen_at_once() {
    let case = Case::new(25, [7, 2, 5, 40, 3, 4], Pooling::Batch, true);
    let aim = case.aim(Baseline::Program).learning_rate(0.05);
    let moved: Vec<f32> = case.flat.iter().map(|w| w * 0.5 + 0.01).collect();
    for (index, (name, mut engine)) in case.engines().into_iter().enumerate() {
        engine.rollout(case.prompts(), &case.rollout, Sampling::Random { seed: Seed(2), rollout: 0 }).unwrap();
        let before = engine.evaluate(&case.data()).unwrap();
        engine.set_parameters(&moved).unwrap();
        let loaded = engine.evaluate(&case.data()).unwrap();
        let (_, mut fresh) = case.engines().swap_remove(index);
        fresh.set_parameters(&moved).unwrap();
        assert_eq!(loaded, fresh.evaluate(&case.data()).unwrap(), "{name}");
        assert_ne!(loaded, before, "{name}");

        engine.update(&case.data(), &aim).unwrap();
        let updated = engine.evaluate(&case.data()).unwrap();
        fresh.set_parameters(&engine.parameters().unwrap()).unwrap();
        assert_eq!(updated, fresh.evaluate(&case.data()).unwrap(), "{name}");
        assert_ne!(updated, loaded, "{name}");
    }
}

/// A step moves every weight against its first moment and by no more than Adam's bound.
#[test]
fn a_first_step_is_the_learning_rate_against_the_sign_of_the_gradient() {
    let case = Case::new(26, [7, 2, 5, 9, 3, 4], Pooling::Own, false);
    let mut aim = case.aim(Baseline::Program).learning_rate(0.01);
    aim.optimizer.epsilon = 1e-12;
    for (name, mut engine) in case.engines() {
        let (_, gradient) = engine.gradients(&case.data(), &aim).unwrap();
        engine.update(&case.data(), &aim).unwrap();
        let (weights, adam) = (engine.parameters().unwrap(), engine.optimizer().unwrap());
        assert_eq!(adam.step, 1);
        assert_close(&name, &adam.exp_avg, &gradient.iter().map(|&g| 0.1 * f64::from(g)).collect::<Vec<_>>(), 1e-6);
        assert_close(&name, &adam.exp_avg_sq, &gradient.iter().map(|&g| 1e-3 * f64::from(g).powi(2)).collect::<Vec<_>>(), 1e-8);
        let expected: Vec<f64> = wide(&case.flat)
            .iter()
            .zip(&gradient)
            .map(|(w, &g)| if g.abs() > 1e-6 { w - 0.01 * f64::from(g.signum()) } else { f64::NAN })
            .collect();
        let sure: Vec<usize> = (0..weights.len()).filter(|&i| !expected[i].is_nan()).collect();
        assert!(sure.len() > weights.len() / 2, "{name}");
        let pick = |values: &[f32]| sure.iter().map(|&i| values[i]).collect::<Vec<_>>();
        assert_close(&name, &pick(&weights), &sure.iter().map(|&i| expected[i]).collect::<Vec<_>>(), 1e-5);
    }
}

/// The actions of a rollout, told otherwise: in rows of another length, behind other tokens, from other states, under other masks.
#[test]
fn the_actions_of_a_rollout_in_another_setting_are_run_afresh() {
    let case = Shape { start: true, layers: 2, ..Shape::plain(27) }.sized(40, 6, 9).case();
    let sampling = Sampling::Random { seed: Seed(2), rollout: 0 };
    for (index, (name, mut engine)) in case.engines().into_iter().enumerate() {
        let actions = engine.rollout(case.prompts(), &case.rollout, sampling).unwrap().actions;
        let data = case.acting(&actions);
        let (masked, other) = (
            RolloutSpec { action_mask: Some(vec![true; 3]), ..case.rollout.clone() },
            RolloutSpec { start_token: 0, ..case.rollout.clone() },
        );
        let variants = [
            ("nothing", data.clone()),
            ("rows", Trajectories { rows: 60, ..data.clone() }),
            ("longer rows", Trajectories { rows: 24, ..data.clone() }),
            ("states", Trajectories { states: Some(vec![0.5; 40 * 2 * 9].into()), ..data.clone() }),
            ("starts", Trajectories { starts: Some(vec![1; 240].into()), ..data.clone() }),
            ("inputs", Trajectories { inputs: Some(vec![3; 240].into()), ..data.clone() }),
            ("allowed", Trajectories { allowed: Some(vec![1; 720].into()), ..data.clone() }),
            ("mask", Trajectories { rollout: &masked, ..data.clone() }),
            ("start token", Trajectories { rollout: &other, ..data.clone() }),
            ("weights", Trajectories { weights: Some([0.0, 1.0, 2.0].repeat(80).into()), ..data.clone() }),
        ];
        for (what, variant) in variants {
            variant.check(&case.model).unwrap();
            let aim = |data: &Trajectories<'_>| {
                let returns = (0..data.rows).map(|row| (row % 7) as f32 / 7.0).collect();
                Aim::new(Judged::Returns(returns, Baseline::Step))
            };
            let (_, mut fresh) = case.engines().swap_remove(index);
            engine.rollout(case.prompts(), &case.rollout, sampling).unwrap();
            let got = engine.gradients(&variant, &aim(&variant)).unwrap();
            assert_eq!(got, fresh.gradients(&variant, &aim(&variant)).unwrap(), "{name}, {what}");
            // What was kept of the rollout is gone where something else was run over it.
            let (_, mut fresh) = case.engines().swap_remove(index);
            let again = engine.gradients(&data, &aim(&data)).unwrap();
            assert_eq!(again, fresh.gradients(&data, &aim(&data)).unwrap(), "{name}, after {what}");
        }
    }
}

/// A step makes what was kept worthless, and so does one on weights that somebody else holds.
#[test]
fn nothing_is_kept_behind_a_step() {
    let case = Shape { layers: 2, ..Shape::plain(28) }.sized(40, 4, 9).case();
    for (index, (name, mut engine)) in case.engines().into_iter().enumerate() {
        for shared in [false, true] {
            let actions =
                engine.rollout(case.prompts(), &case.rollout, Sampling::Random { seed: Seed(2), rollout: 0 }).unwrap().actions;
            let (data, aim) = (case.acting(&actions), case.aim(Baseline::Step).learning_rate(0.05));
            let held = shared.then(|| engine.weights().unwrap());
            engine.update(&data, &aim).unwrap();
            let (_, mut fresh) = case.engines().swap_remove(index);
            fresh.set_parameters(&engine.parameters().unwrap()).unwrap();
            let got = engine.gradients(&data, &aim).unwrap();
            assert_eq!(got, fresh.gradients(&data, &aim).unwrap(), "{name}, shared: {shared}");
            drop(held);
        }
    }
}

//! One PPO minibatch of PyTorch's (tools/golden/ppo.py), number by number: two layers over all kinds of inputs, episodes that begin inside the
//! sequences, masks, clipped ratios and clipped values.

use innate_core::data::RolloutSpec;
use innate_core::model::{Action, Attention, Encoder, Input, ModelSpec};
use innate_core::objective::{Objective, Reduction};

use crate::golden::Golden;
use crate::{Aim, Case, Judged, Learning, assert_close, wide};

fn case(golden: &Golden) -> Case {
    let model = ModelSpec {
        vocabulary: 6,
        encoder: Encoder::None,
        inputs: vec![
            Input::PreviousAction,
            Input::EpisodeStart,
            Input::Discrete { sizes: vec![2, 3] },
            Input::Dense { width: 3 },
        ],
        layers: 2,
        recurrent: true,
        hidden: 8,
        attention: Attention::NONE,
        action: Action::Categorical { size: 5 },
    };
    Case {
        flat: golden.flat("init", &model),
        rollout: RolloutSpec { horizon: 1, start_token: 5, action_mask: None },
        rows: 7,
        contexts: vec![],
        context_lengths: None,
        context_values: None,
        stages: vec![],
        states: Some(golden.floats("states")),
        ages: None,
        past: None,
        starts: Some(golden.bytes("starts")),
        inputs: Some(golden.ids("inputs")),
        discrete: Some(golden.ids("discrete")),
        dense: Some(golden.floats("dense")),
        actions: golden.ids("actions"),
        allowed: Some(golden.bytes("allowed")),
        weights: None,
        returns: vec![],
        model,
    }
}

#[test]
fn a_minibatch_of_ppo_matches_pytorch() {
    let golden = Golden::read("ppo/minibatch");
    let case = case(&golden);
    assert!(case.starts.as_ref().unwrap().chunks(6).any(|row| row[1..].contains(&1)), "episodes begin inside");
    let mut aim =
        Aim::new(Judged::Given { advantages: golden.floats("advantages"), value_targets: Some(golden.floats("value_targets")) });
    (aim.old_log_probs, aim.old_values) = (Some(golden.floats("old_log_probs")), Some(golden.floats("old_values")));
    aim.objective = Objective { value_clip_range: 0.2, reduction: Reduction::Step, ..Objective::default() }.clipped(0.2);
    aim.optimizer.max_grad_norm = 0.1;
    let terms = golden.floats("terms");
    assert!(terms[5] > 0.1 && terms[6] > 0.1, "some ratios are clipped, and so is the gradient: {terms:?}");
    for (name, mut engine) in case.engines() {
        let said = engine.evaluate(&case.data()).unwrap();
        assert_close(&format!("{name}, log_probs"), &said.log_probs, &wide(&golden.floats("log_probs")), 2e-5);
        assert_close(&format!("{name}, values"), &said.values, &wide(&golden.floats("values")), 2e-5);
        let (_, gradient) = engine.gradients(&case.data(), &aim.clone().unclipped()).unwrap();
        assert_close(&format!("{name}, gradient"), &gradient, &wide(&golden.flat("grad", &case.model)), 2e-5);
        let stats = engine.update(&case.data(), &aim).unwrap();
        let [loss, policy, value, entropy, kl, clipped, _, _, norm] = stats.numbers();
        for (got, expected) in [loss, policy, value, entropy, kl, clipped, norm].into_iter().zip(&terms) {
            assert!((got - f64::from(*expected)).abs() < 2e-5, "{name}: {stats:?}, expected {terms:?}");
        }
        assert_close(&format!("{name}, weights"), &engine.parameters().unwrap(), &wide(&golden.flat("after", &case.model)), 2e-5);
    }
}

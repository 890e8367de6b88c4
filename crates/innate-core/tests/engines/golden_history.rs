//! Attention over a row's past against PyTorch's (tools/golden/history.py), number by number: two layers with the clock, rows that go on from stored
//! states as far into their episodes as the window reaches and not so far, and episodes that begin inside the sequences.

use innate_core::data::RolloutSpec;
use innate_core::model::{Action, Attention, Encoder, History, Input, ModelSpec};
use innate_core::objective::{Objective, Reduction};

use crate::golden::Golden;
use crate::{Aim, Case, Judged, Learning, assert_close, wide};

fn case(golden: &Golden) -> Case {
    let model = ModelSpec {
        vocabulary: 6,
        encoder: Encoder::None,
        inputs: vec![Input::PreviousAction, Input::Clock, Input::Dense { width: 3 }],
        layers: 2,
        recurrent: true,
        hidden: 8,
        attention: Attention { history: Some(History { window: 4 }), ..Attention::NONE },
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
        ages: Some(golden.ids("ages")),
        past: Some(golden.floats("past")),
        starts: Some(golden.bytes("starts")),
        inputs: Some(golden.ids("inputs")),
        discrete: None,
        dense: Some(golden.floats("dense")),
        actions: golden.ids("actions"),
        allowed: None,
        weights: None,
        returns: vec![],
        model,
    }
}

#[test]
fn attention_over_the_past_matches_pytorch() {
    let golden = Golden::read("history/minibatch");
    let case = case(&golden);
    assert!(case.starts.as_ref().unwrap().chunks(6).any(|row| row[1..].contains(&1)), "episodes begin inside");
    let mut aim =
        Aim::new(Judged::Given { advantages: golden.floats("advantages"), value_targets: Some(golden.floats("value_targets")) });
    aim.objective = Objective { value_coef: 0.5, entropy_coef: 0.01, reduction: Reduction::Step, ..Objective::default() };
    let loss = f64::from(golden.floats("loss")[0]);
    for (name, mut engine) in case.engines() {
        let said = engine.evaluate(&case.data()).unwrap();
        assert_close(&format!("{name}, log_probs"), &said.log_probs, &wide(&golden.floats("log_probs")), 2e-5);
        assert_close(&format!("{name}, values"), &said.values, &wide(&golden.floats("values")), 2e-5);
        let (stats, gradient) = engine.gradients(&case.data(), &aim.clone().unclipped()).unwrap();
        assert!((stats.numbers()[0] - loss).abs() < 2e-5, "{name}: {stats:?}, expected {loss}");
        assert_close(&format!("{name}, gradient"), &gradient, &wide(&golden.flat("grad", &case.model)), 2e-5);
    }
}

//! Prompts read in order, averaged and attended to in PyTorch (tools/golden/reading.py), number by number: contexts of different lengths,
//! without and with numbers beside the tokens.

use innate_core::data::RolloutSpec;
use innate_core::model::{Attention, Direction, Encoder, ModelSpec, Pooling};
use innate_core::objective::{Objective, Reduction};

use crate::golden::Golden;
use crate::{Aim, Case, Judged, Learning, assert_close, wide};

fn case(golden: &Golden, encoder: Encoder) -> Case {
    let model = ModelSpec {
        encoder,
        attention: Attention { prompt: true, ..Attention::NONE },
        ..ModelSpec::open_loop(7, 2, 8, Pooling::Own)
    };
    Case {
        flat: golden.flat("init", &model),
        rollout: RolloutSpec { horizon: 4, start_token: 3, action_mask: None },
        rows: 9,
        contexts: golden.ids("contexts"),
        context_lengths: Some(golden.ids("lengths")),
        context_values: model.reads_values().then(|| golden.floats("numbers")),
        stages: golden.ids("stages"),
        states: None,
        ages: None,
        past: None,
        starts: None,
        inputs: None,
        discrete: None,
        dense: None,
        actions: golden.ids("actions"),
        allowed: None,
        weights: None,
        returns: vec![],
        model,
    }
}

/// Contexts, and the numbers beside them, the other way around, which read backward are what was read.
fn turn_around(case: &mut Case) {
    let length = case.contexts.len() / case.rows;
    let lengths = case.context_lengths.as_ref().unwrap();
    for (context, &counts) in case.contexts.chunks_mut(length).zip(lengths) {
        context[..counts as usize].reverse();
    }
    for (values, &counts) in case.context_values.iter_mut().flat_map(|values| values.chunks_mut(length)).zip(lengths) {
        values[..counts as usize].reverse();
    }
}

#[test]
fn prompts_are_read_and_attended_to_as_in_pytorch() {
    let pooled = |values| Encoder::Pooled { stages: 2, pooling: Pooling::Own, values };
    let in_order = |direction, values| Encoder::Recurrent { stages: 2, direction, values };
    let (forward, backward) = (Direction::Forward, Direction::Backward);
    for (name, encoder) in [
        ("in_order", in_order(forward, false)),
        ("in_order", in_order(backward, false)),
        ("pooled", pooled(false)),
        ("in_order_values", in_order(forward, true)),
        ("in_order_values", in_order(backward, true)),
        ("pooled_values", pooled(true)),
    ] {
        let golden = Golden::read(&format!("reading/{name}"));
        let mut case = case(&golden, encoder);
        if case.model.direction() == Some(backward) {
            turn_around(&mut case);
        }
        let mut aim = Aim::new(Judged::Given {
            advantages: golden.floats("advantages"),
            value_targets: Some(golden.floats("value_targets")),
        });
        aim.objective = Objective { reduction: Reduction::Step, ..Objective::default() };
        let aim = aim.coefs(0.5, 0.01).unclipped();
        for (engine_name, mut engine) in case.engines() {
            let what = |part: &str| format!("{engine_name}, {name}, {part}");
            let said = engine.evaluate(&case.data()).unwrap();
            assert_close(&what("logits"), &said.logits, &wide(&golden.floats("logits")), 2e-6);
            assert_close(&what("log_probs"), &said.log_probs, &wide(&golden.floats("log_probs")), 2e-6);
            assert_close(&what("values"), &said.values, &wide(&golden.floats("values")), 2e-6);
            let (stats, gradient) = engine.gradients(&case.data(), &aim).unwrap();
            assert!((stats.terms.loss - f64::from(golden.floats("loss")[0])).abs() < 2e-6, "{}", what("loss"));
            assert_close(&what("gradient"), &gradient, &wide(&golden.flat("grad", &case.model)), 2e-6);
            engine.update(&case.data(), &aim).unwrap();
            assert_close(&what("weights"), &engine.parameters().unwrap(), &wide(&golden.flat("after", &case.model)), 2e-5);
        }
    }
}

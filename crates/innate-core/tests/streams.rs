//! Which word of which block every random number is made from, and where every parameter stands; inputs are checked at both ends.

#![allow(clippy::unwrap_used)]

use innate_core::data::{Prompts, RolloutSpec, Trajectories};
use innate_core::error::Error;
use innate_core::model::{Action, Attention, Direction, Encoder, History, Input, ModelSpec, Pooling, count, init, params};
use innate_core::objective::{Advantages, Baseline, Targets};
use innate_core::rng::{Seed, Stream, philox, unit};

/// Bits in the upper half that overlap with those of the streams' numbers, and a lower half that is not symmetric.
const SEED: u64 = 0x7FFF_0F5A_0123_4567;

fn key(stream: Stream) -> [u32; 2] {
    [0x0123_4567, 0x7FFF_0F5A ^ stream as u32]
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().copied().map(f32::to_bits).collect()
}

fn model() -> ModelSpec {
    ModelSpec::open_loop(7, 2, 5, Pooling::Own)
}

#[test]
fn a_unit_has_the_24_upper_bits() {
    for (word, expected) in [
        (0, 0.0),
        (255, 0.0),
        (256, 1.0 / 16_777_216.0),
        (1 << 31, 0.5),
        (3 << 30, 0.75),
        (u32::MAX, 16_777_215.0 / 16_777_216.0),
    ] {
        assert_eq!(unit(word).to_bits(), (expected as f32).to_bits(), "{word}");
    }
}

#[test]
fn an_actions_uniform_is_one_word_of_its_rows_block() {
    for rollout in [0_u64, 5, u64::from(u32::MAX), (9 << 32) + 4] {
        for row in [0, 1, 70] {
            for step in 0..11 {
                let counter = [row as u32, step as u32 / 4, rollout as u32, (rollout >> 32) as u32];
                let word = philox(counter, key(Stream::Actions))[step % 4];
                let got = Seed(SEED).action_uniform(rollout, row, step);
                assert_eq!(got.to_bits(), unit(word).to_bits(), "{rollout} {row} {step}");
                let word = philox(counter, key(Stream::Session))[step % 4];
                let got = Seed(SEED).uniform(Stream::Session, rollout, row, step);
                assert_eq!(got.to_bits(), unit(word).to_bits(), "session {rollout} {row} {step}");
            }
        }
    }
}

#[test]
fn initial_weights_are_these_words() {
    for len in [1, 2, 3, 4, 5, 9] {
        let mut uniforms = vec![9.0; len];
        Seed(SEED).fill_uniform(3, 0.25, &mut uniforms);
        let mut normals = vec![9.0; len];
        Seed(SEED).fill_normal(6, &mut normals);
        for i in 0..len {
            let word = philox([i as u32 / 4, 0, 3, 0], key(Stream::Init))[i % 4];
            let expected = (f64::from(word >> 8) / f64::from(1 << 23) - 1.0) * 0.25;
            assert!((f64::from(uniforms[i]) - expected).abs() < 1e-7, "{i}: {} {expected}", uniforms[i]);

            let words = philox([i as u32 / 2, 0, 6, 1], key(Stream::Init));
            let radius = (-2.0 * (1.0 - f64::from(unit(words[0]))).ln()).sqrt();
            let angle = std::f64::consts::TAU * f64::from(unit(words[1]));
            let expected = radius * if i % 2 == 0 { angle.cos() } else { angle.sin() };
            assert!((f64::from(normals[i]) - expected).abs() < 1e-6, "{i}: {} {expected}", normals[i]);
        }
    }
}

fn check_places(model: &ModelSpec, shapes: &[(&str, &[usize])]) {
    let specs = params(model);
    assert_eq!(specs.len(), shapes.len());
    let mut offset = 0;
    for (spec, &(name, shape)) in specs.iter().zip(shapes) {
        let len = shape.iter().product::<usize>();
        assert_eq!((&*spec.name, spec.shape.as_slice(), spec.offset), (name, shape, offset));
        assert_eq!((spec.len(), spec.range(), spec.is_empty()), (len, offset..offset + len, false));
        offset += len;
    }
    assert_eq!(count(model), offset);
}

#[test]
fn parameters_stand_one_behind_the_other_in_pytorchs_order() {
    let heads: [(&str, &[usize]); 4] = [("pi.weight", &[7, 5]), ("pi.bias", &[7]), ("v.weight", &[1, 5]), ("v.bias", &[1])];
    let layer: [(&str, &[usize]); 4] =
        [("rnn.weight_ih_l0", &[15, 5]), ("rnn.weight_hh_l0", &[15, 5]), ("rnn.bias_ih_l0", &[15]), ("rnn.bias_hh_l0", &[15])];
    let above: [(&str, &[usize]); 4] =
        [("rnn.weight_ih_l1", &[15, 5]), ("rnn.weight_hh_l1", &[15, 5]), ("rnn.bias_ih_l1", &[15]), ("rnn.bias_hh_l1", &[15])];
    let embeddings: [(&str, &[usize]); 2] = [("emb.weight", &[7, 5]), ("stage_emb.weight", &[2, 5])];
    check_places(&model(), &[&embeddings[..], &layer, &heads].concat());
    check_places(&ModelSpec { layers: 2, ..model() }, &[&embeddings[..], &layer, &above, &heads].concat());
    let none = ModelSpec { vocabulary: 0, ..model() };
    assert!(params(&none)[0].is_empty());

    // Beside the embedding of the token before, whatever else is read; and fewer actions than tokens.
    let reads = |width: usize, inputs: &[Input]| {
        let model =
            ModelSpec { encoder: Encoder::None, inputs: inputs.to_vec(), action: Action::Categorical { size: 3 }, ..model() };
        let first: &[usize] = &[15, width];
        let heads: [(&str, &[usize]); 4] = [("pi.weight", &[3, 5]), ("pi.bias", &[3]), ("v.weight", &[1, 5]), ("v.bias", &[1])];
        let embedding = if inputs.contains(&Input::PreviousAction) { &embeddings[..1] } else { &[] };
        check_places(&model, &[embedding, &[("rnn.weight_ih_l0", first)], &layer[1..], &heads].concat());
    };
    let numbers = [Input::EpisodeStart, Input::Discrete { sizes: vec![2, 3] }, Input::Dense { width: 4 }];
    reads(5, &[Input::PreviousAction]);
    reads(15, &[&[Input::PreviousAction], &numbers[..]].concat());
    reads(10, &numbers);
    reads(4, &numbers[2..]);
}

#[test]
fn embeddings_are_normal_and_the_rest_uniform_within_one_over_the_root_of_the_width() {
    for (hidden, layers) in [(5, 1), (64, 1), (5, 3)] {
        let model = ModelSpec { hidden, layers, ..model() };
        let flat = init(&model, Seed(SEED));
        assert_eq!(flat.len(), count(&model));
        for (index, spec) in params(&model).iter().enumerate() {
            let mut expected = vec![0.0; spec.len()];
            if spec.name == "emb.weight" || spec.name == "stage_emb.weight" {
                Seed(SEED).fill_normal(index as u32, &mut expected);
            } else {
                Seed(SEED).fill_uniform(index as u32, 1.0 / (hidden as f32).sqrt(), &mut expected);
            }
            assert_eq!(bits(&flat[spec.range()]), bits(&expected), "{}", spec.name);
        }
    }
}

/// The path of the bad value, empty where all is well.
fn path<T>(result: Result<T, Error>) -> String {
    match result {
        Ok(_) => String::new(),
        Err(Error::Invalid { path, .. }) => path,
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn the_first_bad_element_of_a_batch_is_named() {
    let (model, contexts) = (model(), [0; 6]);
    let prompts = |contexts: &[i32], stages: &[i32]| path(Prompts::new(&model, contexts, stages));
    assert_eq!(prompts(&[0, 6, 3, 1], &[0, 1]), "");
    assert_eq!(prompts(&[0, 6, 7, -1], &[0, 1]), "contexts[2]");
    assert_eq!(prompts(&[0, -1, 7, 1], &[0, 1]), "contexts[1]");
    assert_eq!(prompts(&[0, 6, 3, 1], &[0, 2]), "stages[1]");
    assert_eq!(prompts(&[0, 6, 3, 1], &[-1, 2]), "stages[0]");
    assert_eq!(prompts(&[0, 6, 3], &[0, 1]), "contexts");
    assert_eq!(prompts(&[], &[0, 1]), "contexts");
    assert_eq!(prompts(&[1], &[]), "stages");
    assert_eq!(path(Prompts { rows: 3, ..Prompts::of(&[0; 6], &[0, 1]) }.check(&model)), "stages");
    let promptless = ModelSpec { encoder: Encoder::None, ..model.clone() };
    assert_eq!(path(Prompts::none(3).check(&promptless)), "");
    assert_eq!(path(Prompts { contexts: &[1], stages: &[0], ..Prompts::none(3) }.check(&promptless)), "contexts");
    assert_eq!(path(Prompts { stages: &[0], ..Prompts::none(3) }.check(&promptless)), "stages");

    let numbers =
        ModelSpec { encoder: Encoder::Recurrent { stages: 2, direction: Direction::Backward, values: true }, ..model.clone() };
    let beside = |values: Option<&[f32]>| path(Prompts { values, ..Prompts::of(&[0, 6, 3, 1], &[0, 1]) }.check(&numbers));
    assert_eq!(beside(Some(&[0.0, 1.5, -2.0, 0.0])), "");
    assert_eq!(beside(None), "contextValues");
    assert_eq!(beside(Some(&[0.0, 1.5, -2.0])), "contextValues");
    assert_eq!(beside(Some(&[0.0, 1.5, f32::NAN, f32::INFINITY])), "contextValues[2]");
    let unread = Prompts { values: Some(&[0.0; 4]), ..Prompts::of(&[0, 6, 3, 1], &[0, 1]) };
    assert_eq!(path(unread.check(&model)), "contextValues");
    assert_eq!(path(unread.check(&promptless)), "contextValues");

    let rollout = RolloutSpec { horizon: 3, start_token: 1, action_mask: Some((0..7).map(|token| token != 1).collect()) };
    let batch = Prompts::new(&model, &contexts, &[0, 1]).unwrap();
    assert_eq!((batch.rows, batch.context_len()), (2, 3));
    let steps = |actions: &[i32]| {
        let data = Trajectories::programs(&rollout, batch, actions);
        data.check(&model).map(|()| data.steps())
    };
    assert_eq!(steps(&[0, 2, 3, 4, 5, 6, 0, 2]).unwrap(), 4);
    assert_eq!(steps(&[0, 2]).unwrap(), 1);
    assert_eq!(path(steps(&[0, 2, 3])), "actions");
    assert_eq!(path(steps(&[])), "actions");
    assert_eq!(path(steps(&[0, 7])), "actions[1]");
    assert_eq!(path(steps(&[-1, 7])), "actions[0]");
    assert_eq!(path(steps(&[0, 2, 3, 1])), "actions[3]");
    let unmasked = RolloutSpec { action_mask: None, ..rollout.clone() };
    assert_eq!(path(Trajectories::programs(&unmasked, batch, &[0, 2, 3, 1]).check(&model)), "");

    let data = Trajectories::programs(&rollout, batch, &[0, 2, 3, 4]);
    let returns = |returns: &[f32], baseline| path(Targets::returns(returns, baseline).check(&data));
    for baseline in [Baseline::Program, Baseline::Step] {
        assert_eq!(returns(&[0.0, -1.0], baseline), "");
        assert_eq!(returns(&[0.0], baseline), "returns");
        assert_eq!(returns(&[0.0, 1.0, 2.0], baseline), "returns");
        assert_eq!(returns(&[0.0, f32::NAN], baseline), "returns[1]");
        assert_eq!(returns(&[f32::INFINITY, f32::NAN], baseline), "returns[0]");
    }
    assert_eq!(returns(&[0.0; 4], Baseline::Step), "");
    assert_eq!(returns(&[0.0; 4], Baseline::Program), "returns");

    let given = |advantages: &[f32], value_targets: Option<&[f32]>, old_log_probs: Option<&[f32]>| {
        path(Targets { old_log_probs, ..Targets::judged(Advantages::Given { advantages, value_targets }) }.check(&data))
    };
    assert_eq!(given(&[0.0; 2], None, None), "");
    assert_eq!(given(&[0.0; 4], Some(&[0.0; 2]), Some(&[0.0; 4])), "");
    assert_eq!(given(&[0.0; 3], None, None), "advantages");
    assert_eq!(given(&[0.0, f32::NAN], None, None), "advantages[1]");
    assert_eq!(given(&[0.0; 2], Some(&[0.0; 1]), None), "valueTargets");
    assert_eq!(given(&[0.0; 2], Some(&[f32::INFINITY, 0.0]), None), "valueTargets[0]");
    assert_eq!(given(&[0.0; 2], None, Some(&[0.0; 2])), "oldLogProbs");
    assert_eq!(given(&[0.0; 2], None, Some(&[0.0, 0.0, f32::NEG_INFINITY, 0.0])), "oldLogProbs[2]");
    let old = |old_values: &[f32]| {
        let advantages = Advantages::Given { advantages: &[0.0; 2], value_targets: Some(&[0.0; 2]) };
        path(Targets { old_values: Some(old_values), ..Targets::judged(advantages) }.check(&data))
    };
    assert_eq!(old(&[0.0; 4]), "");
    assert_eq!(old(&[0.0; 2]), "oldValues");
    assert_eq!(old(&[0.0, f32::NAN, 0.0, 0.0]), "oldValues[1]");
}

type Spoil = fn(&mut Trajectories<'_>);

/// Everything of [`Trajectories`] that an open loop does not have.
#[test]
fn the_first_bad_element_of_what_was_observed_is_named() {
    let model = ModelSpec {
        encoder: Encoder::None,
        inputs: vec![
            Input::PreviousAction,
            Input::EpisodeStart,
            Input::Discrete { sizes: vec![2, 3] },
            Input::Dense { width: 2 },
        ],
        layers: 2,
        action: Action::Categorical { size: 3 },
        ..model()
    };
    let rollout = RolloutSpec { horizon: 2, start_token: 6, action_mask: None };
    let prompts = Prompts::none(2);
    let good = Trajectories {
        states: Some(vec![0.5; 2 * 2 * 5].into()),
        starts: Some(vec![1, 0, 0, 7].into()),
        inputs: Some(vec![6, 5, 4, 3].into()),
        discrete: Some(vec![1, 2, 0, 0, 1, 0, 0, 2].into()),
        dense: Some(vec![1.0; 8].into()),
        allowed: Some(vec![1, 1, 1, 0, 1, 1, 1, 0, 2, 1, 1, 1].into()),
        weights: Some(vec![1.0, 0.0, 0.5, 2.0].into()),
        ..Trajectories::programs(&rollout, prompts, &[0, 1, 2, 2])
    };
    let cases: [(&str, Spoil); 25] = [
        ("", |_| {}),
        ("states", |d| _ = d.states.as_mut().unwrap().to_mut().pop()),
        ("states[19]", |d| d.states.as_mut().unwrap().to_mut()[19] = f32::NAN),
        ("", |d| d.ages = Some(vec![0, 7].into())),
        ("ages", |d| d.ages = Some(vec![0].into())),
        ("ages[1]", |d| d.ages = Some(vec![0, -1].into())),
        ("past", |d| d.past = Some(vec![0.0; 30].into())),
        ("starts", |d| d.starts.as_mut().unwrap().to_mut().push(0)),
        ("inputs", |d| d.inputs.as_mut().unwrap().to_mut().clear()),
        ("inputs[3]", |d| d.inputs.as_mut().unwrap().to_mut()[3] = 7),
        ("inputs[0]", |d| d.inputs.as_mut().unwrap().to_mut()[0] = -1),
        ("discrete", |d| d.discrete = None),
        ("discrete", |d| d.discrete.as_mut().unwrap().to_mut().push(0)),
        ("discrete[2]", |d| d.discrete.as_mut().unwrap().to_mut()[2] = 2),
        ("discrete[7]", |d| d.discrete.as_mut().unwrap().to_mut()[7] = 3),
        ("discrete[5]", |d| d.discrete.as_mut().unwrap().to_mut()[5] = -1),
        ("dense", |d| d.dense = None),
        ("dense[6]", |d| d.dense.as_mut().unwrap().to_mut()[6] = f32::INFINITY),
        ("actions[3]", |d| d.actions.to_mut()[3] = 3),
        ("allowed", |d| _ = d.allowed.as_mut().unwrap().to_mut().pop()),
        ("actions[1]", |d| d.actions.to_mut()[1] = 0),
        ("actions[2]", |d| d.actions.to_mut()[2] = 1),
        ("weights", |d| _ = d.weights.as_mut().unwrap().to_mut().pop()),
        ("weights[1]", |d| d.weights.as_mut().unwrap().to_mut()[1] = -0.5),
        ("weights", |d| d.weights.as_mut().unwrap().to_mut().fill(0.0)),
    ];
    for (expected, spoil) in cases {
        let mut data = good.clone();
        spoil(&mut data);
        assert_eq!(path(data.check(&model)), expected);
    }
    let only = |inputs: &[Input]| ModelSpec { inputs: inputs.to_vec(), ..model.clone() };
    let fed = Trajectories { discrete: None, dense: None, starts: None, ..good.clone() };
    assert_eq!(path(fed.check(&only(&[Input::EpisodeStart]))), "inputs");
    assert_eq!(path(good.check(&only(&[Input::PreviousAction]))), "discrete");
    let prompted = ModelSpec { encoder: Encoder::Pooled { stages: 1, pooling: Pooling::Own, values: false }, ..model.clone() };
    let begun = Trajectories { contexts: vec![0; 2].into(), stages: vec![0; 2].into(), ..good.clone() };
    assert_eq!(path(begun.check(&prompted)), "starts");
    assert_eq!(path(Trajectories { starts: None, ..begun }.check(&prompted)), "");
    let attending =
        ModelSpec { attention: Attention { history: Some(History { window: 3 }), ..Attention::NONE }, ..model.clone() };
    let gone_on = Trajectories { ages: Some(vec![2, 0].into()), past: Some(vec![0.5; 2 * 3 * 5].into()), ..good.clone() };
    assert_eq!(path(gone_on.check(&attending)), "");
    assert_eq!(path(Trajectories { ages: None, ..gone_on.clone() }.check(&attending)), "ages");
    assert_eq!(path(Trajectories { past: Some(vec![0.5; 29].into()), ..gone_on.clone() }.check(&attending)), "past");
    assert_eq!(path(Trajectories { past: Some(vec![f32::NAN; 30].into()), ..gone_on }.check(&attending)), "past[0]");
    for (rows, expected) in [(&[][..], "rows"), (&[1, 2], "rows[1]"), (&[1, 0, 1], "")] {
        assert_eq!(path(good.select(rows)), expected);
    }
}

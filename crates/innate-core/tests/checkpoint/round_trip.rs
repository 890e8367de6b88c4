//! Any state that an agent can be in comes back from its bytes, and any reader of safetensors finds its numbers in them.

use innate_core::AgentState;
use innate_core::checkpoint::{MAX_COUNTER, decode, encode};
use innate_core::collect::{Normalizer, Running};
use innate_core::data::RolloutSpec;
use innate_core::model::{Action, Attention, Direction, Encoder, Input, ModelSpec, Pooling, count, params};
use innate_core::optimizer::AdamState;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use safetensors::SafeTensors;

const KNOWN: [&str; 8] = ["format", "version", "model", "rollout", "optimizer", "streams", "note", "normalization"];

fn encoders() -> impl Strategy<Value = Encoder> {
    let pooling = prop_oneof![Just(Pooling::Own), Just(Pooling::Batch)];
    let direction = prop_oneof![Just(Direction::Forward), Just(Direction::Backward)];
    prop_oneof![
        Just(Encoder::None),
        (1..4_usize, pooling, any::<bool>()).prop_map(|(stages, pooling, values)| Encoder::Pooled { stages, pooling, values }),
        (1..4_usize, direction, any::<bool>()).prop_map(|(stages, direction, values)| Encoder::Recurrent {
            stages,
            direction,
            values
        }),
    ]
}

/// The previous action first, the others in any order, at least one of all.
fn inputs() -> impl Strategy<Value = Vec<Input>> {
    let others = (vec(1..4_usize, 1..3), 1..4_usize)
        .prop_map(|(sizes, width)| vec![Input::EpisodeStart, Input::Discrete { sizes }, Input::Dense { width }]);
    let others = others.prop_flat_map(|others| proptest::sample::subsequence(others, 0..=3).prop_shuffle());
    (any::<bool>(), others).prop_map(|(reads_action, others)| {
        let first = (reads_action || others.is_empty()).then_some(Input::PreviousAction);
        first.into_iter().chain(others).collect()
    })
}

fn models() -> impl Strategy<Value = ModelSpec> {
    let choices = (any::<bool>(), any::<bool>());
    (1..6_usize, encoders(), inputs(), 1..=3_usize, 1..4_usize, choices, any::<proptest::sample::Index>()).prop_map(
        |(vocabulary, encoder, inputs, layers, hidden, (recurrent, attends), size)| ModelSpec {
            vocabulary,
            encoder,
            inputs,
            layers,
            hidden,
            recurrent,
            attention: Attention { prompt: attends && encoder != Encoder::None, ..Attention::NONE },
            action: Action::Categorical { size: 1 + size.index(vocabulary) },
        },
    )
}

fn rollouts(model: &ModelSpec) -> impl Strategy<Value = RolloutSpec> + use<> {
    let masks = vec(any::<bool>(), model.actions()).prop_map(|mut mask| {
        mask[0] |= !mask.contains(&true);
        mask
    });
    (1..=1_usize << 20, 0..model.vocabulary, proptest::option::of(masks))
        .prop_map(|(horizon, start_token, action_mask)| RolloutSpec { horizon, start_token, action_mask })
}

/// Statistics of vectors of `width` numbers, or none: any numbers of 64 bits, far beyond those of 32 bits.
fn statistics(width: usize) -> impl Strategy<Value = Option<Running>> {
    let mean = prop_oneof![-1e100..=1e100_f64, -1.0..1.0_f64, Just(-0.0), Just(f64::from_bits(1))];
    let variance = prop_oneof![0.0..=1e200_f64, 0.0..1.0_f64, Just(f64::MIN_POSITIVE), Just(0.0)];
    let count = prop_oneof![0.0..=1e100_f64, (0..1_u64 << 53).prop_map(|count| count as f64)];
    proptest::option::of((count, vec(mean, width), vec(variance, width)).prop_map(|(count, mean, variance)| Running {
        count,
        mean,
        variance,
    }))
}

fn normalizers(model: &ModelSpec) -> impl Strategy<Value = Normalizer> + use<> {
    (statistics(model.dense()), statistics(1)).prop_map(|(observations, returns)| Normalizer { observations, returns })
}

fn states() -> impl Strategy<Value = AgentState> {
    let finite = proptest::num::f32::POSITIVE | proptest::num::f32::NEGATIVE | proptest::num::f32::NORMAL;
    let finite = finite | proptest::num::f32::SUBNORMAL | proptest::num::f32::ZERO;
    let counter = || prop_oneof![0..10_u64, 0..=MAX_COUNTER];
    let sections =
        btree_map(any::<String>().prop_filter("not the format's own", |name| !KNOWN.contains(&&**name)), any::<String>(), 0..4);
    (models(), counter(), counter(), counter(), any::<String>(), sections).prop_flat_map(
        move |(model, seed, taken, step, note, sections)| {
            let len = count(&model);
            let numbers = vec(finite, 3 * len);
            (rollouts(&model), normalizers(&model), numbers).prop_map(move |(rollout, normalizer, numbers)| AgentState {
                rollout,
                normalizer,
                seed,
                rollouts: taken,
                parameters: numbers[..len].to_vec(),
                optimizer: AdamState {
                    step,
                    exp_avg: numbers[len..2 * len].to_vec(),
                    exp_avg_sq: numbers[2 * len..].iter().map(|x| x.abs()).collect(),
                },
                note: note.clone(),
                sections: sections.clone(),
                model: model.clone(),
            })
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_state_comes_back(state in states()) {
        let bytes = encode(&state, "x").unwrap();
        let read = decode(&bytes, "x").unwrap();
        prop_assert_eq!(&read, &state);
        // −0 equals 0 as a number only.
        prop_assert_eq!(encode(&read, "x").unwrap(), &*bytes);

        let file = SafeTensors::deserialize(&bytes).unwrap();
        let vectors = [("", &state.parameters), ("adam.exp_avg.", &state.optimizer.exp_avg), ("adam.exp_avg_sq.", &state.optimizer.exp_avg_sq)];
        for (prefix, vector) in vectors {
            for param in params(&state.model) {
                let tensor = file.tensor(&format!("{prefix}{}", param.name)).unwrap();
                prop_assert_eq!(tensor.shape(), &*param.shape);
                let numbers: Vec<u8> = vector[param.range()].iter().flat_map(|number| number.to_le_bytes()).collect();
                prop_assert_eq!(tensor.data(), &*numbers);
            }
        }
        prop_assert_eq!(file.len(), 3 * params(&state.model).len());
    }

    #[test]
    fn agents_go_on_from_any_model(model in models(), horizon in 1..4_usize) {
        let state = super::state_of(model);
        let rollout = RolloutSpec { horizon, start_token: 0, ..state.rollout };
        super::usable::check(&AgentState { rollout, ..state });
    }
}

#[test]
fn unknown_sections_are_kept_as_they_are() {
    let state = super::state();
    let (name, text) = ("later \"é\"\n", "no JSON, \u{0}");
    let bytes = super::with_section(&encode(&state, "x").unwrap(), name, text);
    let read = decode(&bytes, "x").unwrap();
    let mut sections = state.sections.clone();
    sections.insert(name.to_owned(), text.to_owned());
    assert_eq!(read, AgentState { sections, ..state });
    assert_eq!(decode(&encode(&read, "x").unwrap(), "x").unwrap(), read);
}

#[test]
fn a_section_is_not_written_under_a_name_of_the_formats_own() {
    for name in KNOWN {
        let state = AgentState { sections: [(name.to_owned(), "x".to_owned())].into(), ..super::state() };
        let Err(innate_core::Error::Checkpoint { message, remedy, .. }) = encode(&state, "x") else { panic!("{name}") };
        assert!(
            message.contains(&format!("cannot be written: the section `{name}`")) && remedy.contains("name"),
            "{message} {remedy}"
        );
    }
}

//! Every field of a section by itself: what is written comes back, what is missing, wrong or not known is named, and what a message quotes is
//! short.

use innate_core::AgentState;
use innate_core::checkpoint::{VERSION, decode, encode};
use innate_core::collect::Normalizer;
use innate_core::data::RolloutSpec;
use innate_core::model::{ModelSpec, Pooling};
use serde_json::{Value, json};

use super::{header_of, refusal, state, state_of, state_of_inputs, with_field, with_header, with_section};

#[test]
fn every_pooling_and_mask_comes_back() {
    let masks = [None, Some(vec![true; 4]), Some(vec![false, true, false, true])];
    for pooling in [Pooling::Own, Pooling::Batch] {
        for action_mask in masks.clone() {
            let state = state_of(ModelSpec::open_loop(4, 3, 5, pooling));
            let state = AgentState { rollout: RolloutSpec { action_mask, ..state.rollout }, ..state };
            assert_eq!(decode(&encode(&state, "x").unwrap(), "x").unwrap(), state);
        }
    }
}

/// Numbers that no other field shares, so that none can stand for another.
#[test]
fn vectors_and_counters_are_not_exchanged() {
    let mut state = state_of_inputs();
    let count = state.parameters.len();
    let numbered = |from: f32| (0..count).map(|i| from + i as f32).collect::<Vec<_>>();
    (state.seed, state.rollouts, state.optimizer.step) = (3, 5, 7);
    state.parameters = numbered(-500.0);
    state.optimizer.exp_avg = numbered(-9000.0);
    state.optimizer.exp_avg_sq = numbered(0.0);
    state.note = "x".repeat(300);
    let bytes = encode(&state, "x").unwrap();
    assert_eq!(decode(&bytes, "x").unwrap(), state);
    assert_eq!((u64::from_le_bytes(bytes[..8].try_into().unwrap()) % 8, bytes.len() % 4), (0, 0));
}

#[test]
fn a_second_moment_may_be_zero_and_not_below() {
    let mut state = state();
    state.optimizer.exp_avg[1] = -1.0;
    state.optimizer.exp_avg_sq[1] = 0.0;
    let good = encode(&state, "x").unwrap();
    assert!(decode(&good, "x").is_ok());
    let count = state.parameters.len();
    // A number of one of the three vectors, changed in the file.
    let spoilt = |vector: usize, index: usize, value: f32| {
        let mut bytes = good.clone();
        let at = bytes.len() - 4 * count * (3 - vector) + 4 * index;
        bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        refusal(&bytes).1
    };
    for value in [-1e-30, f32::NAN, f32::INFINITY] {
        let message = spoilt(2, 1, value);
        for part in ["adam.exp_avg_sq.emb.weight", "element 1", "at least 0"] {
            assert!(message.contains(part), "{message}");
        }
    }
    let message = spoilt(1, 2, f32::NEG_INFINITY);
    assert!(message.contains("element 2 must be a finite number, got -inf"), "{message}");
}

#[test]
fn only_a_newer_version_is_called_newer() {
    let version = |version: u64| refusal(&with_section(&encode(&state(), "x").unwrap(), "version", &version.to_string())).1;
    let older = version(0);
    assert!(older.contains("version 0") && !older.contains("newer"), "{older}");
    for version in [version(VERSION + 1), version(u64::MAX)] {
        assert!(version.contains("newer") && version.contains("the release that wrote it"), "{version}");
    }
}

#[test]
fn what_a_message_quotes_ends_after_eighty_characters() {
    for (given, quoted) in [
        ("-1".to_owned(), "-1".to_owned()),
        ("é".repeat(80), "é".repeat(80)),
        ("é".repeat(81), format!("{}…", "é".repeat(80))),
        ("a\nb\u{7}c".to_owned(), "a b c".to_owned()),
    ] {
        let (_, message) = refusal(&with_section(&encode(&state(), "x").unwrap(), "version", &given));
        assert!(message.contains(&format!("got {quoted}. ")), "{message}");
    }
}

/// All objects of all sections, by JSON pointers.
const OBJECTS: [(&str, &str); 12] = [
    ("model", ""),
    ("model", "/encoder"),
    ("model", "/inputs/0"),
    ("model", "/inputs/2"),
    ("model", "/inputs/3"),
    ("model", "/action"),
    ("rollout", ""),
    ("optimizer", ""),
    ("streams", ""),
    ("normalization", ""),
    ("normalization", "/observations"),
    ("normalization", "/returns"),
];

fn dotted(section: &str, pointer: &str) -> String {
    let parts = pointer.split('/').skip(1);
    parts.fold(section.to_owned(), |path, part| match part.parse::<usize>() {
        Ok(index) => format!("{path}[{index}]"),
        Err(_) => format!("{path}.{part}"),
    })
}

#[test]
fn each_section_and_field_is_needed_and_no_other_is_taken() {
    let bytes = encode(&state_of_inputs(), "x").unwrap();
    for name in ["version", "model", "rollout", "optimizer", "streams", "note"] {
        let without = with_header(&bytes, |h| drop(h["__metadata__"].as_object_mut().unwrap().remove(name)));
        assert!(refusal(&without).1.contains(&format!("lacks `{name}`")));
    }
    let header: Value = serde_json::from_str(header_of(&bytes).0).unwrap();
    let mut fields = 0;
    for (section, pointer) in OBJECTS {
        let path = dotted(section, pointer);
        let object: Value = serde_json::from_str(header["__metadata__"][section].as_str().unwrap()).unwrap();
        for name in object.pointer(pointer).unwrap().as_object().unwrap().keys() {
            fields += 1;
            let without = with_field(&bytes, section, pointer, |object| drop(object.as_object_mut().unwrap().remove(name)));
            let (_, message) = refusal(&without);
            assert!(message.contains(&format!("lacks `{path}.{name}`")), "{message}");
        }
        let (_, message) = refusal(&with_field(&bytes, section, pointer, |object| object["later"] = json!(1)));
        assert!(message.contains(&format!("`{path}.later`")) && message.contains("newer"), "{message}");
    }
    assert_eq!(fields, 6 + 1 + 1 + 2 + 2 + 2 + 3 + 2 + 2 + 2 + 3 + 3);
}

#[test]
fn a_kind_that_is_not_known_is_a_newer_releases() {
    for (state, section, pointer) in [
        (state(), "model", "/encoder/kind"),
        (state(), "model", "/encoder/pooling"),
        (state_of_inputs(), "model", "/inputs/1/kind"),
        (state(), "model", "/action/kind"),
        (state(), "optimizer", "/kind"),
    ] {
        let bytes = with_field(&encode(&state, "x").unwrap(), section, pointer, |kind| *kind = "quaternion".into());
        let (path, message) = refusal(&bytes);
        assert_eq!(path, "some.safetensors");
        for part in [&*format!("`{}`", dotted(section, pointer)), "`quaternion`", "newer release", "the release that wrote it"] {
            assert!(message.contains(part), "{message} should speak of {part}");
        }
    }
}

#[test]
fn what_is_no_value_of_a_field_is_named() {
    let inputs = json!([{ "kind": "discrete", "sizes": [2, "3"] }]);
    for (section, name, value, named) in [
        ("model", "vocabulary", json!(-1), "vocabulary`"),
        ("model", "vocabulary", json!(5.0), "vocabulary`"),
        ("model", "vocabulary", json!("6"), "vocabulary`"),
        ("model", "vocabulary", json!((1_u64 << 53)), "vocabulary`"),
        ("model", "vocabulary", json!(0), "must be between 1 and"),
        ("model", "encoder", Value::Null, "encoder` in its metadata must be an object"),
        ("model", "encoder", json!({ "kind": 1 }), "encoder.kind` in its metadata must be a text"),
        (
            "model",
            "encoder",
            json!({ "kind": "recurrent", "stages": 2, "values": 1 }),
            "encoder.values` in its metadata must be true or false",
        ),
        ("model", "inputs", json!({}), "inputs` in its metadata must be a list"),
        ("model", "inputs", json!([]), "`inputs`"),
        ("model", "inputs", json!([{ "kind": "previousAction" }, []]), "inputs[1]` in its metadata must be an object"),
        ("model", "inputs", inputs, "inputs[0].sizes[1]`"),
        ("model", "layers", json!(0), "`layers`"),
        ("model", "layers", json!(65), "`layers`"),
        ("model", "hidden", json!(1e300), "hidden`"),
        ("model", "action", json!({ "kind": "categorical", "size": 7 }), "`actions`"),
        ("rollout", "horizon", json!(-2), "horizon`"),
        ("rollout", "horizon", json!(0), "`horizon`"),
        ("rollout", "startToken", json!(6), "`startToken`"),
        ("rollout", "actionMask", json!(true), "actionMask` in its metadata must be a list"),
        ("rollout", "actionMask", json!([true, 1]), "actionMask[1]` in its metadata must be true or false"),
        ("rollout", "actionMask", json!([true]), "`actionMask`"),
        ("rollout", "actionMask", json!([false, false, false, false, false, false]), "`actionMask`"),
        ("optimizer", "step", json!("4"), "step`"),
        ("streams", "seed", json!(-1), "seed`"),
        ("streams", "rollouts", json!(0.5), "rollouts`"),
    ] {
        let bytes = with_field(&encode(&state(), "x").unwrap(), section, &format!("/{name}"), |field| *field = value.clone());
        let (path, message) = refusal(&bytes);
        assert_eq!(path, "some.safetensors");
        assert!(message.contains(named) && !message.contains("newer"), "{message} should speak of {named}");
    }
    for text in ["", "{", "[]", "null", "{} {}"] {
        let (_, message) = refusal(&with_section(&encode(&state(), "x").unwrap(), "streams", text));
        assert!(message.contains("`streams`") && !message.contains("newer"), "{message}");
    }
}

/// Statistics that are kept make a section, and others none: files of agents that normalize nothing are as they were.
#[test]
fn statistics_are_a_section_where_there_are_some() {
    let has = |bytes: &[u8]| header_of(bytes).0.contains("normalization");
    let with = state_of_inputs();
    assert!(has(&encode(&with, "x").unwrap()));
    let without = AgentState { normalizer: Normalizer::default(), ..with.clone() };
    let bytes = encode(&without, "x").unwrap();
    assert!(!has(&bytes));
    assert_eq!(decode(&bytes, "x").unwrap(), without);
    for change in [(|of| of.observations = None) as fn(&mut Normalizer), |of| of.returns = None] {
        let mut state = with.clone();
        change(&mut state.normalizer);
        let bytes = encode(&state, "x").unwrap();
        assert_eq!(decode(&bytes, "x").unwrap(), state);
        assert!(header_of(&bytes).0.contains(":null"));
    }
}

#[test]
fn what_no_statistics_are_is_named() {
    let bytes = encode(&state_of_inputs(), "x").unwrap();
    for (pointer, value, named) in [
        ("", json!([]), "`normalization` in its metadata must be an object"),
        ("/observations", json!(1), "normalization.observations` in its metadata must be an object"),
        ("/observations/count", json!("4"), "normalization.observations.count` in its metadata must be a number"),
        ("/observations/count", json!(-1), "`normalization.observations.count` must be between 0 and"),
        ("/observations/count", json!(1e101), "`normalization.observations.count` must be between 0 and"),
        ("/observations/mean", json!(0.0), "normalization.observations.mean` in its metadata must be a list"),
        ("/observations/mean", json!([0.0]), "`normalization.observations.mean` must hold 2 numbers, got 1"),
        ("/observations/mean", json!([0.0, null]), "normalization.observations.mean[1]` in its metadata must be a number"),
        ("/observations/mean", json!([0.0, -1e101]), "`normalization.observations.mean[1]` cannot be"),
        ("/observations/variance", json!([0.0, -1e-9]), "`normalization.observations.variance[1]` cannot be"),
        ("/returns/variance", json!([1e201]), "`normalization.returns.variance[0]` cannot be"),
        ("/returns/mean", json!([0, 0]), "`normalization.returns.mean` must hold 1 numbers, got 2"),
    ] {
        let (path, message) = refusal(&with_field(&bytes, "normalization", pointer, |field| *field = value.clone()));
        assert_eq!(path, "some.safetensors");
        assert!(message.contains(named) && !message.contains("newer"), "{message} should speak of {named}");
    }
    // A model without vectors has no statistics of them.
    let without = encode(&state(), "x").unwrap();
    let text = header_of(&bytes).0.parse::<Value>().unwrap()["__metadata__"]["normalization"].as_str().unwrap().to_owned();
    let (_, message) = refusal(&with_section(&without, "normalization", &text));
    assert!(message.contains("`normalization.observations.mean` must hold 0 numbers"), "{message}");
}

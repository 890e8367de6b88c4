//! Checkpoints: nothing is lost, nothing panics.

#![allow(clippy::unwrap_used)]

mod allocation;
mod corruption;
mod documented;
mod fields;
mod file;
#[cfg(unix)]
mod processes;
mod resume;
mod round_trip;
#[path = "../support/mod.rs"]
mod support;
mod trainer;
mod usable;
mod v1;

use std::path::PathBuf;

use innate_core::AgentState;
use innate_core::checkpoint::{MAX_COUNTER, decode, encode, load, save};
use innate_core::collect::{Normalizer, Running};
use innate_core::data::RolloutSpec;
use innate_core::error::Error;
use innate_core::model::{Encoder, Input, ModelSpec, Pooling, init};
use innate_core::optimizer::AdamState;
use innate_core::rng::Seed;
use safetensors::SafeTensors;
use serde_json::Value;

/// A state of `model` as after some updates.
fn state_of(model: ModelSpec) -> AgentState {
    let parameters = init(&model, Seed(5));
    let moment = |power: i32| parameters.iter().map(|x| (x / 8.0).powi(power)).collect();
    AgentState {
        rollout: RolloutSpec { horizon: 3, start_token: 1, action_mask: None },
        seed: MAX_COUNTER,
        rollouts: 3,
        optimizer: AdamState { step: 4, exp_avg: moment(1), exp_avg_sq: moment(2) },
        normalizer: Normalizer::default(),
        note: "a note, \"quoted\"\n€".to_owned(),
        sections: [("spare".to_owned(), "{\"of\":\"a newer release\"}".to_owned())].into(),
        model,
        parameters,
    }
}

fn state() -> AgentState {
    let state = state_of(ModelSpec::open_loop(6, 2, 5, Pooling::Batch));
    let action_mask = Some(vec![true, true, false, true, true, true]);
    AgentState { rollout: RolloutSpec { action_mask, ..state.rollout }, ..state }
}

/// A state of a model with every kind of input, and with statistics.
fn state_of_inputs() -> AgentState {
    let state = state_of(ModelSpec {
        encoder: Encoder::None,
        inputs: vec![
            Input::PreviousAction,
            Input::EpisodeStart,
            Input::Discrete { sizes: vec![2, 3] },
            Input::Dense { width: 2 },
        ],
        layers: 2,
        ..ModelSpec::open_loop(6, 1, 3, Pooling::Own)
    });
    let normalizer = Normalizer {
        observations: Some(Running { count: 40.0, mean: vec![0.1, -1e9], variance: vec![1.0 / 3.0, 0.0] }),
        returns: Some(Running { count: 1e15, mean: vec![-0.0], variance: vec![f64::MIN_POSITIVE] }),
    };
    AgentState { normalizer, ..state }
}

/// A folder of this test's own, removed when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("innate-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

/// The header of a file, and what follows it.
fn header_of(bytes: &[u8]) -> (&str, &[u8]) {
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    (std::str::from_utf8(&bytes[8..8 + length]).unwrap(), &bytes[8 + length..])
}

/// `bytes` with its header passed through `edit`; the data stays.
fn with_header(bytes: &[u8], edit: impl FnOnce(&mut Value)) -> Vec<u8> {
    let (header, data) = header_of(bytes);
    let mut header = serde_json::from_str(header).unwrap();
    edit(&mut header);
    let header = serde_json::to_vec(&header).unwrap();
    [&(header.len() as u64).to_le_bytes(), header.as_slice(), data].concat()
}

/// `bytes` with another text in a section.
fn with_section(bytes: &[u8], name: &str, text: &str) -> Vec<u8> {
    with_header(bytes, |header| header["__metadata__"][name] = text.into())
}

/// `bytes` with the value at a JSON pointer into a section passed through `edit`.
fn with_field(bytes: &[u8], section: &str, pointer: &str, edit: impl FnOnce(&mut Value)) -> Vec<u8> {
    with_header(bytes, |header| {
        let text = &mut header["__metadata__"][section];
        let mut fields: Value = serde_json::from_str(text.as_str().unwrap()).unwrap();
        edit(fields.pointer_mut(pointer).unwrap());
        *text = fields.to_string().into();
    })
}

fn refusal(bytes: &[u8]) -> (String, String) {
    match decode(bytes, "some.safetensors") {
        Err(Error::Checkpoint { path, message, remedy }) => {
            assert!(message.contains("some.safetensors"), "{message}");
            assert!(remedy.ends_with('.'), "{remedy}");
            (path, format!("{message}. {remedy}"))
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_round_trip_is_bit_equal_and_leaves_one_file() {
    let folder = Folder::new("round-trip");
    let path = folder.0.join("agent.safetensors");
    let state = state();
    save(&path, &state).unwrap();
    save(&path, &state).unwrap();
    assert_eq!(load(&path).unwrap(), state);
    assert_eq!(std::fs::read(&path).unwrap(), encode(&state, "x").unwrap(), "the same state gives the same bytes");
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 1);
}

#[test]
fn any_safetensors_reader_finds_pytorchs_names() {
    let bytes = encode(&state(), "x").unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(file.tensor("rnn.weight_hh_l0").unwrap().shape(), [15, 5]);
    assert_eq!(file.tensor("adam.exp_avg_sq.v.weight").unwrap().shape(), [1, 5]);
    assert_eq!(file.len(), 30);
}

#[test]
fn every_truncation_is_refused() {
    let bytes = encode(&state(), "x").unwrap();
    for length in 0..bytes.len() {
        refusal(&bytes[..length]);
    }
    refusal(&[bytes.as_slice(), &[0]].concat());
}

#[test]
fn what_is_wrong_is_named() {
    let bytes = encode(&state(), "x").unwrap();
    let section = |name: &str, text: &str| with_section(&bytes, name, text);
    let named = |from: &'static str, to: &'static str| {
        with_header(&bytes, |header| {
            let header = header.as_object_mut().unwrap();
            let tensor = header.remove(from).unwrap();
            header.insert(to.to_owned(), tensor);
        })
    };
    let cases = [
        (b"not a checkpoint at all".to_vec(), "some.safetensors", "safetensors file"),
        (with_header(&bytes, |h| drop(h.as_object_mut().unwrap().remove("__metadata__"))), "some.safetensors", "state dict"),
        (section("format", "pt"), "some.safetensors", "state dict"),
        (section("version", "one"), "some.safetensors", "`version`"),
        (named("v.bias", "v.bias2"), "v.bias2", "not part of this network"),
        (named("adam.exp_avg.v.bias", "adam.exp_avg.x"), "adam.exp_avg.x", "not part of this network"),
        (with_header(&bytes, |h| h["pi.bias"]["dtype"] = "I32".into()), "pi.bias", "dtype F32"),
        (with_header(&bytes, |h| h["v.weight"]["shape"] = vec![5, 1].into()), "v.weight", "shape [1, 5]"),
    ];
    for (bytes, path, text) in cases {
        let (got_path, message) = refusal(&bytes);
        assert_eq!(got_path, path, "{message}");
        assert!(message.contains(text), "{message} should speak of {text}");
    }
}

/// A state that cannot be read back, and what names its fault.
fn unfit() -> Vec<(&'static str, AgentState)> {
    type Spoil = fn(&mut AgentState);
    let cases: [(&str, Spoil); 14] = [
        ("emb.weight", |s| s.parameters[0] = f32::NAN),
        ("v.bias", |s| *s.parameters.last_mut().unwrap() = f32::INFINITY),
        ("adam.exp_avg.emb.weight", |s| s.optimizer.exp_avg[0] = f32::NEG_INFINITY),
        ("adam.exp_avg_sq.emb.weight", |s| s.optimizer.exp_avg_sq[0] = -1.0),
        ("adam.exp_avg_sq.v.bias", |s| *s.optimizer.exp_avg_sq.last_mut().unwrap() = f32::NAN),
        ("some.safetensors", |s| s.seed = MAX_COUNTER + 1),
        ("some.safetensors", |s| s.rollouts = u64::MAX),
        ("some.safetensors", |s| s.optimizer.step = MAX_COUNTER + 1),
        ("some.safetensors", |s| s.model.layers = 0),
        ("some.safetensors", |s| s.rollout.horizon = 0),
        ("some.safetensors", |s| s.parameters.truncate(1)),
        ("some.safetensors", |s| s.optimizer.exp_avg_sq.push(0.0)),
        ("some.safetensors", |s| s.normalizer.observations = Some(Running::new(2))),
        ("some.safetensors", |s| {
            s.normalizer.returns = Some(Running { count: f64::NAN, ..Running::new(1) });
        }),
    ];
    let spoil = |(path, spoil): (&'static str, Spoil)| {
        let mut state = state();
        spoil(&mut state);
        (path, state)
    };
    cases.into_iter().map(spoil).collect()
}

#[test]
fn what_cannot_be_read_back_is_not_written() {
    for (named, state) in unfit() {
        let Err(Error::Checkpoint { path, message, remedy }) = encode(&state, "some.safetensors") else { panic!("{named}") };
        assert_eq!(path, named, "{message}");
        assert!(message.starts_with("some.safetensors: cannot be written: "), "{message}");
        assert!(remedy.contains("last file"), "{remedy}");
    }
}

/// Where a model reads no tokens, nothing else bounds these two.
#[test]
fn numbers_that_mean_nothing_to_the_model_are_kept_as_far_as_they_can_be_read() {
    let mut model = state_of_inputs().model;
    model.inputs.remove(0);
    model.vocabulary = MAX_COUNTER as usize;
    let mut good = state_of(model);
    good.rollout.start_token = MAX_COUNTER as usize;
    assert_eq!(decode(&encode(&good, "x").unwrap(), "x").unwrap(), good);
    let spoilt: [fn(&mut AgentState); 2] = [|s| s.model.vocabulary += 1, |s| s.rollout.start_token += 1];
    for spoil in spoilt {
        let mut state = good.clone();
        spoil(&mut state);
        assert!(encode(&state, "x").is_err());
    }
}

#[test]
fn numbers_that_no_agent_has_are_not_read() {
    let bytes = encode(&state(), "x").unwrap();
    let zeros = bytes.len() - 4 * state().parameters.len();
    for (from, number, path) in [
        (zeros, -1.0_f32, "adam.exp_avg_sq.emb.weight"),
        (bytes.len() - 4, f32::NAN, "adam.exp_avg_sq.v.bias"),
        (zeros - 4, f32::INFINITY, "adam.exp_avg.v.bias"),
    ] {
        let mut bytes = bytes.clone();
        bytes[from..from + 4].copy_from_slice(&number.to_le_bytes());
        assert_eq!(refusal(&bytes).0, path);
    }
    for (section, counter) in [("streams", "seed"), ("streams", "rollouts"), ("optimizer", "step")] {
        let with = |count: u64| with_field(&bytes, section, &format!("/{counter}"), |number| *number = count.into());
        assert!(refusal(&with(MAX_COUNTER + 1)).1.contains(&format!("`{section}.{counter}`")));
        decode(&with(MAX_COUNTER), "x").unwrap();
    }
}

#[test]
fn a_header_that_no_reader_takes_is_not_written() {
    let long = "\u{1}".repeat(17_000_000);
    let states =
        [AgentState { note: long.clone(), ..state() }, AgentState { sections: [("spare".to_owned(), long)].into(), ..state() }];
    for state in states {
        let Err(Error::Checkpoint { message, remedy, .. }) = encode(&state, "some.safetensors") else { panic!() };
        assert!(message.contains("header") && remedy.contains("Shorten"), "{message} {remedy}");
    }
}

#[test]
fn a_missing_tensor_is_named() {
    let state = state();
    let bytes = encode(&state, "x").unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let without = file.iter().filter(|(name, _)| *name != "rnn.bias_hh_l0");
    let bytes = safetensors::serialize(without, header.metadata().clone()).unwrap();
    let (path, message) = refusal(&bytes);
    assert_eq!(path, "rnn.bias_hh_l0");
    assert!(message.contains("missing"), "{message}");
}

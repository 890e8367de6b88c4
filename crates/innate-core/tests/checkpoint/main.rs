//! Checkpoints: nothing is lost, nothing panics.

#![allow(clippy::unwrap_used)]

mod allocation;
mod corruption;
mod file;
#[cfg(unix)]
mod processes;
#[path = "../support/mod.rs"]
mod support;
mod usable;

use std::path::PathBuf;

use innate_core::checkpoint::{MAX_COUNTER, decode, encode, load, save};
use innate_core::config::{ContextPooling, EngineKind, NetworkConfig, UpdateConfig};
use innate_core::engine::{Episodes, Prompts};
use innate_core::error::Error;
use innate_core::{Agent, AgentState};
use safetensors::SafeTensors;
use support::device;

fn config() -> NetworkConfig {
    NetworkConfig {
        vocab_size: 6,
        stage_count: 2,
        hidden_size: 5,
        horizon: 3,
        start_token: 1,
        pooling: ContextPooling::Batch,
        action_mask: Some(vec![true, true, false, true, true, true]),
    }
}

const CONTEXTS: [i32; 8] = [0, 1, 2, 3, 4, 5, 0, 1];
const STAGES: [i32; 4] = [0, 1, 1, 0];

fn iterate(agent: &mut Agent) {
    let rollout = agent.rollout(&CONTEXTS, &STAGES, false).unwrap();
    let prompts = Prompts { contexts: &CONTEXTS, stages: &STAGES };
    let episodes = Episodes { prompts, actions: &rollout.actions, lengths: None, returns: &[0.0, 1.0, 0.5, 0.25] };
    agent.update(episodes, &UpdateConfig::default()).unwrap();
}

fn trained() -> Agent {
    let mut agent = Agent::new(config(), EngineKind::Plain, device(), MAX_COUNTER, 1).unwrap();
    (0..3).for_each(|_| iterate(&mut agent));
    agent
}

fn state() -> AgentState {
    trained().state("a note, \"quoted\"\n€").unwrap()
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

/// `bytes` with its header passed through `edit`; the data stays.
fn with_header(bytes: &[u8], edit: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut header: serde_json::Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    edit(&mut header);
    let header = serde_json::to_vec(&header).unwrap();
    [&(header.len() as u64).to_le_bytes(), header.as_slice(), &bytes[8 + length..]].concat()
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
fn a_resumed_run_equals_an_uninterrupted_one() {
    let mut whole = trained();
    let state = decode(&encode(&whole.state("").unwrap(), "x").unwrap(), "x").unwrap();
    let mut resumed = Agent::from_state(&state, EngineKind::Plain, device(), 1).unwrap();
    for _ in 0..3 {
        iterate(&mut whole);
        iterate(&mut resumed);
    }
    assert_eq!(whole.state("").unwrap(), resumed.state("").unwrap());
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
    let metadata =
        |key: &'static str, value: &'static str| with_header(&bytes, |header| header["__metadata__"][key] = value.into());
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
        (metadata("format", "pt"), "some.safetensors", "state dict"),
        (metadata("version", "2"), "some.safetensors", "newer"),
        (metadata("version", "one"), "some.safetensors", "`version`"),
        (metadata("seed", "-1"), "some.safetensors", "`seed`"),
        (metadata("rollouts", "1e3"), "some.safetensors", "`rollouts`"),
        (metadata("config", "{"), "some.safetensors", "`config`"),
        (metadata("config", "{\"vocabSize\":-1}"), "some.safetensors", "`vocabSize`"),
        (with_header(&bytes, |h| drop(h["__metadata__"].as_object_mut().unwrap().remove("note"))), "some.safetensors", "`note`"),
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
    let cases: [(&str, Spoil); 11] = [
        ("emb.weight", |s| s.parameters[0] = f32::NAN),
        ("v.bias", |s| *s.parameters.last_mut().unwrap() = f32::INFINITY),
        ("adam.exp_avg.emb.weight", |s| s.optimizer.exp_avg[0] = f32::NEG_INFINITY),
        ("adam.exp_avg_sq.emb.weight", |s| s.optimizer.exp_avg_sq[0] = -1.0),
        ("adam.exp_avg_sq.v.bias", |s| *s.optimizer.exp_avg_sq.last_mut().unwrap() = f32::NAN),
        ("some.safetensors", |s| s.seed = MAX_COUNTER + 1),
        ("some.safetensors", |s| s.rollouts = u64::MAX),
        ("some.safetensors", |s| s.optimizer.step = MAX_COUNTER + 1),
        ("some.safetensors", |s| s.config.horizon = 0),
        ("some.safetensors", |s| s.parameters.truncate(1)),
        ("some.safetensors", |s| s.optimizer.exp_avg_sq.push(0.0)),
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
    for counter in ["seed", "rollouts", "adam.step"] {
        let with = |count: u64| with_header(&bytes, |header| header["__metadata__"][counter] = count.to_string().into());
        assert!(refusal(&with(MAX_COUNTER + 1)).1.contains(&format!("`{counter}`")));
        decode(&with(MAX_COUNTER), "x").unwrap();
    }
}

#[test]
fn a_header_that_no_reader_takes_is_not_written() {
    let state = AgentState { note: "\u{1}".repeat(17_000_000), ..state() };
    let Err(Error::Checkpoint { message, remedy, .. }) = encode(&state, "some.safetensors") else { panic!() };
    assert!(message.contains("header") && remedy.contains("Shorten"), "{message} {remedy}");
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

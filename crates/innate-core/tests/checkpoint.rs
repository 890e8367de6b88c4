//! Checkpoints: nothing is lost, nothing panics.

#![allow(clippy::unwrap_used)]

mod support;

use std::path::PathBuf;

use innate_core::checkpoint::{decode, encode, load, save};
use innate_core::config::{ContextPooling, EngineKind, NetworkConfig, UpdateConfig};
use innate_core::engine::{Episodes, Prompts};
use innate_core::error::Error;
use innate_core::{Agent, AgentState};
use proptest::prelude::*;
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
    // A seed above 2^53 would be rounded by a JSON number.
    let mut agent = Agent::new(config(), EngineKind::Plain, device(), u64::MAX - 7, 1).unwrap();
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
        Err(Error::Checkpoint { path, message }) => {
            assert!(message.contains("some.safetensors"), "{message}");
            (path, message)
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
    assert_eq!(std::fs::read(&path).unwrap(), encode(&state).unwrap(), "the same state gives the same bytes");
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 1);
}

#[test]
fn a_resumed_run_equals_an_uninterrupted_one() {
    let mut whole = trained();
    let state = decode(&encode(&whole.state("").unwrap()).unwrap(), "x").unwrap();
    let mut resumed = Agent::from_state(&state, EngineKind::Plain, device(), 1).unwrap();
    for _ in 0..3 {
        iterate(&mut whole);
        iterate(&mut resumed);
    }
    assert_eq!(whole.state("").unwrap(), resumed.state("").unwrap());
}

#[test]
fn any_safetensors_reader_finds_pytorchs_names() {
    let bytes = encode(&state()).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(file.tensor("rnn.weight_hh_l0").unwrap().shape(), [15, 5]);
    assert_eq!(file.tensor("adam.exp_avg_sq.v.weight").unwrap().shape(), [1, 5]);
    assert_eq!(file.len(), 30);
}

#[test]
fn every_truncation_is_refused() {
    let bytes = encode(&state()).unwrap();
    for length in 0..bytes.len() {
        refusal(&bytes[..length]);
    }
    refusal(&[bytes.as_slice(), &[0]].concat());
}

#[test]
fn what_is_wrong_is_named() {
    let bytes = encode(&state()).unwrap();
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
        (with_header(&bytes, |h| drop(h.as_object_mut().unwrap().remove("__metadata__"))), "some.safetensors", "loadStateDict"),
        (metadata("format", "pt"), "some.safetensors", "loadStateDict"),
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

    let mut spoiled = state();
    spoiled.parameters[0] = f32::NAN;
    assert_eq!(refusal(&encode(&spoiled).unwrap()).0, "emb.weight");
    let mut spoiled = state();
    spoiled.optimizer.exp_avg_sq[0] = -1.0;
    assert_eq!(refusal(&encode(&spoiled).unwrap()).0, "adam.exp_avg_sq.emb.weight");
}

#[test]
fn a_missing_tensor_is_named() {
    let state = state();
    let bytes = encode(&state).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let without = file.iter().filter(|(name, _)| *name != "rnn.bias_hh_l0");
    let bytes = safetensors::serialize(without, header.metadata().clone()).unwrap();
    let (path, message) = refusal(&bytes);
    assert_eq!(path, "rnn.bias_hh_l0");
    assert!(message.contains("missing"), "{message}");
}

#[test]
fn a_file_that_cannot_be_opened_or_written_is_named() {
    let folder = Folder::new("unwritable");
    let missing = folder.0.join("none/agent.safetensors");
    for result in [load(&missing).map(drop), save(&missing, &state()), save(&folder.0, &state()), load(&folder.0).map(drop)] {
        let Err(Error::Checkpoint { message, .. }) = result else { panic!("{result:?}") };
        assert!(message.contains("innate-unwritable"), "{message}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(decode(&bytes, "x").is_err());
    }

    /// A changed byte may leave a valid file (another digit in a weight or in the note); it is then taken as what it says.
    #[test]
    fn corruption_is_refused_or_harmless(changes in proptest::collection::vec((0_usize..4000, any::<u8>()), 1..4)) {
        let mut bytes = encode(&state()).unwrap();
        for (index, byte) in changes {
            let index = index % bytes.len();
            bytes[index] = byte;
        }
        if let Ok(state) = decode(&bytes, "x") {
            prop_assert!(state.parameters.iter().chain(&state.optimizer.exp_avg).all(|value| value.is_finite()));
            prop_assert!(state.config.validate().is_ok());
        }
    }
}

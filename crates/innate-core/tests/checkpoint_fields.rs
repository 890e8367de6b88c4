//! Every field of a checkpoint by itself: what is written comes back, and what a message quotes is short.

#![allow(clippy::unwrap_used)]

use innate_core::checkpoint::{decode, encode};
use innate_core::config::{ContextPooling, DeviceKind, EngineKind, NetworkConfig};
use innate_core::error::Error;
use innate_core::{Agent, AgentState};

fn fresh(pooling: ContextPooling, action_mask: Option<Vec<bool>>) -> AgentState {
    let config =
        NetworkConfig { vocab_size: 4, stage_count: 3, hidden_size: 5, horizon: 2, start_token: 1, pooling, action_mask };
    Agent::new(config, EngineKind::Plain, DeviceKind::Cpu, 11, 1).unwrap().state("").unwrap()
}

/// `state` encoded, with one field of its metadata changed.
fn changed(state: &AgentState, key: &str, value: &str) -> Vec<u8> {
    let bytes = encode(state, "x").unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut header: serde_json::Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    header["__metadata__"][key] = value.into();
    let header = serde_json::to_vec(&header).unwrap();
    [&(header.len() as u64).to_le_bytes(), header.as_slice(), &bytes[8 + length..]].concat()
}

fn message(bytes: &[u8]) -> String {
    match decode(bytes, "some.safetensors") {
        Err(Error::Checkpoint { message, .. }) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_pooling_and_mask_comes_back() {
    let masks = [None, Some(vec![true; 4]), Some(vec![false, true, false, true])];
    for pooling in [ContextPooling::Own, ContextPooling::Batch] {
        for mask in &masks {
            let state = fresh(pooling, mask.clone());
            assert_eq!(decode(&encode(&state, "x").unwrap(), "x").unwrap(), state);
        }
    }
}

/// Numbers that no other field shares, so that none can stand for another.
#[test]
fn vectors_and_counters_are_not_exchanged() {
    let mut state = fresh(ContextPooling::Own, None);
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
    let mut state = fresh(ContextPooling::Own, None);
    state.optimizer.exp_avg[1] = -1.0;
    let good = encode(&state, "x").unwrap();
    assert!(decode(&good, "x").is_ok());
    let count = state.parameters.len();
    // A number of one of the three vectors, changed in the file.
    let spoilt = |vector: usize, index: usize, value: f32| {
        let mut bytes = good.clone();
        let at = bytes.len() - 4 * count * (3 - vector) + 4 * index;
        bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        message(&bytes)
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
fn an_older_version_is_not_called_newer() {
    let state = fresh(ContextPooling::Own, None);
    let older = message(&changed(&state, "version", "0"));
    assert!(older.contains("version 0") && !older.contains("newer"), "{older}");
    assert!(message(&changed(&state, "version", "2")).contains("newer"));
}

#[test]
fn what_a_message_quotes_ends_after_eighty_characters() {
    let state = fresh(ContextPooling::Own, None);
    for (given, quoted) in [
        ("-1".to_owned(), "-1".to_owned()),
        ("é".repeat(80), "é".repeat(80)),
        ("é".repeat(81), format!("{}…", "é".repeat(80))),
        ("a\nb\u{7}c".to_owned(), "a b c".to_owned()),
    ] {
        let message = message(&changed(&state, "seed", &given));
        assert!(message.ends_with(&format!("got {quoted}")), "{message}");
    }
}

#[test]
fn each_part_of_the_configuration_is_needed() {
    let state = fresh(ContextPooling::Own, Some(vec![true; 4]));
    let whole = r#"{"vocabSize":4,"stageCount":3,"hiddenSize":5,"horizon":2,"startToken":1,"pooling":"own","actionMask":null}"#;
    assert!(decode(&changed(&state, "config", whole), "x").is_ok());
    for (from, to, name) in [
        ("\"vocabSize\":4,", "", "vocabSize"),
        ("\"stageCount\":3,", "\"stageCount\":3.5,", "stageCount"),
        ("\"hiddenSize\":5", "\"hiddenSize\":\"5\"", "hiddenSize"),
        ("\"horizon\":2", "\"horizon\":-2", "horizon"),
        ("\"startToken\":1", "\"startToken\":4", "startToken"),
        ("\"own\"", "\"mean\"", "pooling"),
        ("null", "[true,1,true,true]", "actionMask"),
        ("null", "true", "actionMask"),
        ("null", "[false,false,false,false]", "actionMask"),
        ("null", "[true]", "actionMask"),
    ] {
        let message = message(&changed(&state, "config", &whole.replace(from, to)));
        assert!(message.contains(&format!("`{name}`")), "{message}");
    }
}

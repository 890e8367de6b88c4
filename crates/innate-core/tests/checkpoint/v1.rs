//! Files that releases of version 1 wrote.

use std::path::Path;

use innate_core::AgentState;
use innate_core::checkpoint::{decode, encode, load, save};
use innate_core::data::RolloutSpec;
use innate_core::model::{ModelSpec, Pooling};
use safetensors::{Dtype, SafeTensors};

use super::{Folder, refusal, usable, with_field, with_header, with_section};

pub(crate) const MASKED: &[u8] = include_bytes!("../../../../__test__/golden/checkpoints/v1-masked.safetensors");

const TENSORS: [&str; 10] = [
    "emb.weight",
    "stage_emb.weight",
    "rnn.weight_ih_l0",
    "rnn.weight_hh_l0",
    "rnn.bias_ih_l0",
    "rnn.bias_hh_l0",
    "pi.weight",
    "pi.bias",
    "v.weight",
    "v.bias",
];

/// The numbers of ten tensors of a file, one after another.
fn numbers(file: &SafeTensors<'_>, prefix: &str) -> Vec<f32> {
    let numbers = |name: &&str| {
        let tensor = file.tensor(&format!("{prefix}{name}")).unwrap();
        assert_eq!(tensor.dtype(), Dtype::F32);
        let (numbers, rest) = tensor.data().as_chunks::<4>();
        assert!(rest.is_empty());
        numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect::<Vec<_>>()
    };
    TENSORS.iter().flat_map(numbers).collect()
}

#[test]
fn each_is_read_whole_and_saved_as_version_2() {
    let tools = Some((0..18).map(|token| (11..17).contains(&token)).collect::<Vec<_>>());
    let folder = Folder::new("v1");
    for (name, hidden, pooling, horizon, action_mask, counters, task) in [
        ("fresh", 6, Pooling::Own, 7, tools.clone(), (7, 0, 0), "arithmetic"),
        ("masked", 5, Pooling::Own, 7, tools, (1_099_511_627_777, 4, 4), "arithmetic"),
        ("batch-pooled", 8, Pooling::Batch, 6, None, (0, 3, 3), "tutorial"),
    ] {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../__test__/golden/checkpoints");
        let path = golden.join(format!("v1-{name}.safetensors"));
        let bytes = std::fs::read(&path).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();

        let state = load(&path).unwrap();
        assert_eq!(state.model, ModelSpec::open_loop(18, 3, hidden, pooling), "{name}");
        assert_eq!(state.rollout, RolloutSpec { horizon, start_token: 10, action_mask }, "{name}");
        assert_eq!((state.seed, state.rollouts, state.optimizer.step), counters, "{name}");
        assert_eq!(state.parameters, numbers(&file, ""), "{name}");
        assert_eq!(state.optimizer.exp_avg, numbers(&file, "adam.exp_avg."), "{name}");
        assert_eq!(state.optimizer.exp_avg_sq, numbers(&file, "adam.exp_avg_sq."), "{name}");
        assert_eq!(&state.note, &metadata.metadata().as_ref().unwrap()["note"], "{name}");
        assert!(state.note.contains(&format!("\"task\":\"{task}\"")) && state.sections.is_empty(), "{name}");

        let again = folder.0.join(name);
        save(&again, &state).unwrap();
        assert_eq!(load(&again).unwrap(), state, "{name}");
        let (_, metadata) = SafeTensors::read_metadata(&std::fs::read(&again).unwrap()).unwrap();
        assert_eq!(metadata.metadata().as_ref().unwrap()["version"], "2", "{name}");
    }
}

#[test]
fn agents_go_on_from_one() {
    usable::check(&decode(MASKED, "x").unwrap());
}

/// A writer of version 1 knew no sections, and no release kept any in such a file.
#[test]
fn what_is_not_version_1s_is_left_behind() {
    let more = with_section(&with_section(MASKED, "model", "{}"), "spare", "x");
    assert_eq!(decode(&more, "x").unwrap(), decode(MASKED, "x").unwrap());
}

#[test]
fn each_part_is_needed() {
    let whole = decode(MASKED, "x").unwrap();
    let unmasked = with_field(MASKED, "config", "/actionMask", |mask| *mask = serde_json::Value::Null);
    assert_eq!(
        decode(&unmasked, "x").unwrap(),
        AgentState { rollout: RolloutSpec { action_mask: None, ..whole.rollout.clone() }, ..whole.clone() }
    );
    assert_eq!(decode(&encode(&whole, "x").unwrap(), "x").unwrap(), whole);
    for name in ["config", "seed", "rollouts", "adam.step", "note"] {
        let without = with_header(MASKED, |h| drop(h["__metadata__"].as_object_mut().unwrap().remove(name)));
        assert!(refusal(&without).1.contains(&format!("lacks `{name}`")));
    }
    for (name, text) in [
        ("seed", "-1"),
        ("seed", "9007199254740992"),
        ("rollouts", "1e3"),
        ("rollouts", "9007199254740992"),
        ("adam.step", ""),
        ("config", "{"),
        ("config", "[]"),
    ] {
        let (_, message) = refusal(&with_section(MASKED, name, text));
        assert!(message.contains(&format!("`{name}`")) && !message.contains("newer"), "{message}");
    }
    assert!(refusal(&with_section(MASKED, "adam.step", "9007199254740992")).1.contains("`step`"));
    for (name, value) in [
        ("vocabSize", "null"),
        ("vocabSize", "0"),
        ("stageCount", "3.5"),
        ("stageCount", "0"),
        ("hiddenSize", "\"5\""),
        ("hiddenSize", "8193"),
        ("horizon", "-2"),
        ("horizon", "0"),
        ("startToken", "18"),
        ("startToken", "9007199254740992"),
        ("pooling", "\"mean\""),
        ("pooling", "1"),
        ("actionMask", "true"),
        ("actionMask", "[true]"),
        ("actionMask", "[true,1]"),
        ("actionMask", "[]"),
    ] {
        let value = serde_json::from_str(value).unwrap();
        let (_, message) = refusal(&with_field(MASKED, "config", &format!("/{name}"), |field| *field = value));
        assert!(message.contains(name) && !message.contains("newer"), "{message}");
        let without = with_field(MASKED, "config", "", |config| drop(config.as_object_mut().unwrap().remove(name)));
        assert!(refusal(&without).1.contains(&format!("lacks `config.{name}`")));
    }
}

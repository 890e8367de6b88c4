//! What docs/concepts/checkpoint-format.md says, done by hand.

use innate_core::AgentState;
use innate_core::checkpoint::{decode, encode};
use innate_core::collect::{Normalizer, Running};
use innate_core::data::RolloutSpec;
use innate_core::model::{Action, Attention, Encoder, Input, ModelSpec, Pooling};
use innate_core::optimizer::AdamState;
use serde_json::Value;

const PAGE: &str = include_str!("../../../../docs/concepts/checkpoint-format.md");

/// The page's tensors of the page's example: V = 5, S = 2, H = 4, I = 4 + 2, A = 3.
const TENSORS: [(&str, &[usize]); 10] = [
    ("emb.weight", &[5, 4]),
    ("stage_emb.weight", &[2, 4]),
    ("rnn.weight_ih_l0", &[12, 6]),
    ("rnn.weight_hh_l0", &[12, 4]),
    ("rnn.bias_ih_l0", &[12]),
    ("rnn.bias_hh_l0", &[12]),
    ("pi.weight", &[3, 4]),
    ("pi.bias", &[3]),
    ("v.weight", &[1, 4]),
    ("v.bias", &[1]),
];

/// The state that the page's example describes, with the numbers from `first` on.
fn state(first: u16) -> AgentState {
    let count: usize = TENSORS.iter().map(|(_, shape)| shape.iter().product::<usize>()).sum();
    let numbers = |vector: usize| (vector * count..(vector + 1) * count).map(|at| f32::from(first + at as u16)).collect();
    AgentState {
        model: ModelSpec {
            vocabulary: 5,
            encoder: Encoder::Pooled { stages: 2, pooling: Pooling::Own, values: false },
            inputs: vec![Input::PreviousAction, Input::Dense { width: 2 }],
            layers: 1,
            hidden: 4,
            recurrent: true,
            attention: Attention::NONE,
            action: Action::Categorical { size: 3 },
        },
        rollout: RolloutSpec { horizon: 6, start_token: 4, action_mask: Some(vec![true, false, true]) },
        seed: 1,
        rollouts: 7,
        parameters: numbers(0),
        optimizer: AdamState { step: 8, exp_avg: numbers(1), exp_avg_sq: numbers(2) },
        normalizer: Normalizer {
            observations: Some(Running { count: 640.0, mean: vec![0.25, -3.5], variance: vec![1.0, 0.1] }),
            returns: None,
        },
        note: String::new(),
        sections: std::collections::BTreeMap::new(),
    }
}

/// The page's file, by nothing but the page.
fn by_hand(first: u16) -> Vec<u8> {
    let example = PAGE.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    let sections: Value = serde_json::from_str(example).unwrap();
    let (mut entries, mut data) = (Vec::new(), Vec::new());
    for prefix in ["", "adam.exp_avg.", "adam.exp_avg_sq."] {
        for (name, shape) in TENSORS {
            let begin = data.len();
            for _ in 0..shape.iter().product() {
                data.extend_from_slice(&f32::from(first + (data.len() / 4) as u16).to_le_bytes());
            }
            let shape = format!("{shape:?}").replace(' ', "");
            entries.push(format!(
                "\"{prefix}{name}\":{{\"data_offsets\":[{begin},{}],\"dtype\":\"F32\",\"shape\":{shape}}}",
                data.len()
            ));
        }
    }
    entries.push(format!("\"__metadata__\":{sections}"));
    entries.sort();
    let mut header = format!("{{{}}}", entries.join(","));
    while header.len() % 8 != 0 {
        header.push(' ');
    }
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &data].concat()
}

#[test]
fn a_file_by_the_pages_rules_is_the_file() {
    let state = state(1000);
    assert_eq!(decode(&by_hand(1000), "x").unwrap(), state);
    let (bytes, by_hand) = (encode(&state, "x").unwrap(), by_hand(1000));
    assert_eq!(String::from_utf8_lossy(super::header_of(&bytes).0.as_bytes()), super::header_of(&by_hand).0);
    assert_eq!(bytes, by_hand);
}

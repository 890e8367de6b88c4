//! Sizes that are asked for before memory is taken, as numbers; and which of several bad rows is named.

use super::budget::afford_network;
use super::chunk::{Chunk, Scratch};
use super::layout::{Layout, Partial};
use super::network::Network;
use super::{CHUNK, Fused};
use crate::config::{ContextPooling, NetworkConfig};
use crate::engine::{Engine, Prompts, Sampling};
use crate::error::Error;
use crate::memory::Bytes;
use crate::params;
use crate::rng::Seed;

fn config(vocab_size: usize, stage_count: usize, hidden_size: usize) -> NetworkConfig {
    NetworkConfig {
        vocab_size,
        stage_count,
        hidden_size,
        horizon: 4,
        start_token: 1,
        pooling: ContextPooling::Own,
        action_mask: None,
    }
}

#[test]
fn bytes_are_those_of_the_documented_shapes() {
    let layout = Layout::new(&config(7, 2, 5));
    assert_eq!((layout.hp, layout.np, CHUNK), (16, 16, 32));
    let matrices = 2 * 3 * 16 * 16 + 2 * 3 * 16;
    assert_eq!(layout.len, (7 + 2) * 16 + matrices + 8 * 16 + 16);
    assert_eq!(Partial::new(&layout).len, 3 * 16 * 16 + 4 * 16 + 8 * 16 + 16 + (2 + 7) * 16 + 7 * 3 * 16 + 16);
    // Beside the weights: both matrices and the table in panels, the heads transposed.
    assert_eq!(Network::bytes_for(&layout), Bytes::floats(&[layout.len + 2 * 3 * 5 * 16 + 7 * 3 * 16 + 5 * 16]));
    // A state, what is saved of the step, probabilities, an input; then what comes out.
    let step = 32 * (16 + 4 * 16 + 16 + 1);
    assert_eq!(Chunk::bytes_for(&layout, 9, 9), Bytes::floats(&[11 * step + 4 * 32 * 9]));
    assert_eq!(Chunk::bytes_for(&layout, 9, 1), Bytes::floats(&[3 * step + 4 * 32 * 9]));
    // The gradient of a state, those of the gates and a state; what the layer gathers of its states, restarts and gates; logits.
    assert_eq!(Scratch::bytes_for(&layout, 9), Bytes::floats(&[32 * (6 * 16 + 6 * 16) + 9 * 32 * 16]));
}

#[test]
fn the_widest_part_of_a_network_is_to_be_lowered() {
    let (many, wide) = (1 << 40, 1 << 22);
    for (config, expected) in [
        (config(many, 2, 5), "vocabSize"),
        (config(7, many, 5), "stageCount"),
        (config(many, many, 5), "vocabSize"),
        (config(7, 2, wide), "hiddenSize"),
        (config(6 * wide, 2, wide), "hiddenSize"),
        (config(6 * wide + 1, 2, wide), "vocabSize"),
    ] {
        let Err(Error::Memory { path, remedy, .. }) = afford_network(&config) else { panic!("granted: {config:?}") };
        assert_eq!((path.as_str(), remedy), (expected, "Lower it."));
    }
    assert!(afford_network(&config(7, 2, 5)).is_ok());
}

/// Rows of different chunks, which different threads come to: the first of them is named, whoever was first.
#[test]
fn of_several_rows_without_probabilities_the_first_is_named() {
    let config = config(7, 2, 5);
    let mut flat = params::init(&config, Seed(1));
    let emb = params::specs(&config)[0].range();
    flat[emb][6 * 5..].fill(f32::NAN);
    let mut contexts = vec![1; 200];
    for row in [190, 150, 70, 41] {
        contexts[row] = 6;
    }
    let prompts = Prompts::new(&config, &contexts, &[0; 200]).unwrap();
    for threads in [1, 3] {
        let mut engine = Fused::new(config.clone(), threads, &flat).unwrap();
        for _ in 0..5 {
            let error = engine.rollout(prompts, Sampling::Greedy).unwrap_err();
            assert!(matches!(error, Error::NonFinite { what: "logits", at: Some((41, 0)), .. }), "{error:?}");
        }
    }
}

/// A sampled rollout that fails has written over some of what the last one kept. (A gradient cannot tell here: weights with which one row
/// fails and another does not make every gradient NaN.)
#[test]
fn a_rollout_that_fails_leaves_nothing_kept() {
    let config = NetworkConfig { action_mask: Some((0..7).map(|token| token != 6).collect()), ..config(7, 2, 5) };
    let mut flat = params::init(&config, Seed(1));
    let emb = params::specs(&config)[0].range();
    flat[emb][6 * 5..].fill(f32::NAN);
    let mut engine = Fused::new(config.clone(), 2, &flat).unwrap();
    let sampling = Sampling::Random { seed: Seed(1), rollout: 0 };
    let (good, mut bad) = (vec![1; 200], vec![1; 200]);
    bad[150] = 6;
    for (contexts, kept) in [(&good, true), (&bad, false), (&good, true)] {
        let prompts = Prompts::new(&config, contexts, &[0; 200]).unwrap();
        assert_eq!(engine.rollout(prompts, sampling).is_ok(), kept);
        assert_eq!(engine.kept.valid, kept);
    }
    // One that keeps nothing, failing or not, leaves what is kept as it is.
    for contexts in [&bad, &good] {
        let _ = engine.rollout(Prompts::new(&config, contexts, &[0; 200]).unwrap(), Sampling::Greedy);
        assert!(engine.kept.valid);
    }
}

//! Sizes that are asked for before memory is taken, as numbers; and which of several bad rows is named.

use super::budget::afford_network;
use super::chunk::{CHUNK, height};
use super::chunk::{Chunk, Scratch};
use super::layout::{Layout, Partial};
use super::weights::Weights;
use super::{Fused, own};
use crate::data::{Prompts, RolloutSpec, Sampling, Trajectories};
use crate::engine::Engine;
use crate::error::Error;
use crate::memory::Bytes;
use crate::model::{self, Encoder, Input, ModelSpec, Pooling};
use crate::objective::{Baseline, Objective, Targets};
use crate::rng::Seed;

fn config(vocab: usize, stages: usize, hidden: usize) -> ModelSpec {
    ModelSpec::open_loop(vocab, stages, hidden, Pooling::Own)
}

fn rollout() -> RolloutSpec {
    RolloutSpec { horizon: 4, start_token: 1, action_mask: None }
}

#[test]
fn bytes_are_those_of_the_documented_shapes() {
    let layout = Layout::new(&config(7, 2, 5));
    assert_eq!((layout.hp, layout.np, CHUNK), (16, 16, 32));
    let matrices = 2 * 3 * 16 * 16 + 2 * 3 * 16;
    assert_eq!(layout.len, (7 + 2) * 16 + matrices + 8 * 16 + 16);
    assert_eq!(Partial::new(&layout).len, 3 * 16 * 16 + 4 * 16 + 8 * 16 + 16 + (2 + 7) * 16 + 7 * 3 * 16 + 16);
    // Beside the weights: both matrices and the table in panels, the heads transposed.
    assert_eq!(Weights::bytes_for(&layout), Bytes::floats(&[layout.len + 2 * 3 * 5 * 16 + 7 * 3 * 16 + 5 * 16]));
    // A state, what is saved of the step, an input; the present logits, probabilities, and what comes out.
    let (step, logits) = (32 * (16 + 4 * 16 + 1), 32 * 16);
    assert_eq!(Chunk::bytes_for(&layout, (9, 9), 3), Bytes::floats(&[11 * step + logits + 9 * logits + 4 * 32 * 9]));
    assert_eq!(Chunk::bytes_for(&layout, (9, 1), 3), Bytes::floats(&[3 * step + logits + logits + 4 * 32 * 9]));
    // The gradient of a state and a state; what waits: of each layer those of the gates and two states, and logits; what the layer gathers of its
    // states, restarts and gates; logits.
    assert_eq!(
        Scratch::bytes_for(&layout, 9, (3, false)),
        Bytes::floats(&[32 * (3 * 16 + (6 * 16 + 16) + 6 * 16) + 9 * 32 * 16])
    );

    // Two layers over numbers: no embedding, the table is the bias, features have weights, and inputs have gates of their own.
    let spec = ModelSpec {
        encoder: Encoder::None,
        inputs: vec![Input::EpisodeStart, Input::Dense { width: 16 }],
        layers: 2,
        ..config(7, 2, 5)
    };
    let layout = Layout::new(&spec);
    assert_eq!((layout.table, layout.vocab, layout.features, layout.fp), (1, 0, 17, 32));
    let layer = 3 * 16 * 16 + 2 * 3 * 16;
    assert_eq!(layout.len, layer + (layer + 3 * 16 * 16) + 3 * 16 * 32 + 8 * 16 + 16);
    assert_eq!(Partial::new(&layout).len, 3 * 3 * 16 * 16 + 2 * 4 * 16 + 8 * 16 + 16 + 3 * 16 * 32 + 16);
    assert_eq!(Weights::bytes_for(&layout), Bytes::floats(&[layout.len + 3 * 3 * 5 * 16 + 3 * 17 * 16 + 3 * 16 + 5 * 16]));
    let step = 32 * (2 * (16 + 4 * 16) + 32 + 1);
    let kept = Bytes::floats(&[11 * step + 3 * 32 * 16 + logits + 9 * logits + 4 * 32 * 9]);
    assert_eq!(Chunk::bytes_for(&layout, (9, 9), 3), kept);
    assert_eq!(
        Scratch::bytes_for(&layout, 9, (3, false)),
        Bytes::floats(&[32 * (4 * 16 + 32 + (2 * 6 * 16 + 32 + 16) + 6 * 16) + 9 * 32 * 16])
    );
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
    let mut flat = model::init(&config, Seed(1));
    let emb = model::params(&config)[0].range();
    flat[emb][6 * 5..].fill(f32::NAN);
    let mut contexts = vec![1; 200];
    for row in [190, 150, 70, 41] {
        contexts[row] = 6;
    }
    let prompts = Prompts::new(&config, &contexts, &[0; 200]).unwrap();
    for threads in [1, 3] {
        let mut engine = Fused::new(&config, threads, &flat).unwrap();
        for _ in 0..5 {
            let error = engine.rollout(prompts, &rollout(), Sampling::Greedy).unwrap_err();
            assert!(matches!(error, Error::NonFinite { what: "logits", at: Some((41, 0)), .. }), "{error:?}");
        }
    }
}

/// A sampled rollout that fails has written over some of what the last one kept. (A gradient cannot tell here: weights with which one row
/// fails and another does not make every gradient NaN.)
#[test]
fn a_rollout_that_fails_leaves_nothing_kept() {
    let (config, spec) =
        (config(7, 2, 5), RolloutSpec { action_mask: Some((0..7).map(|token| token != 6).collect()), ..rollout() });
    let mut flat = model::init(&config, Seed(1));
    let emb = model::params(&config)[0].range();
    flat[emb][6 * 5..].fill(f32::NAN);
    let mut engine = Fused::new(&config, 2, &flat).unwrap();
    let sampling = Sampling::Random { seed: Seed(1), rollout: 0 };
    let (good, mut bad) = (vec![1; 200], vec![1; 200]);
    bad[150] = 6;
    for (contexts, kept) in [(&good, true), (&bad, false), (&good, true)] {
        let prompts = Prompts::new(&config, contexts, &[0; 200]).unwrap();
        assert_eq!(engine.rollout(prompts, &spec, sampling).is_ok(), kept);
        assert_eq!(engine.kept.generation.is_some(), kept);
    }
    // One that keeps nothing, failing or not, leaves what is kept as it is.
    for contexts in [&bad, &good] {
        let _ = engine.rollout(Prompts::new(&config, contexts, &[0; 200]).unwrap(), &spec, Sampling::Greedy);
        assert!(engine.kept.generation.is_some());
    }
}

/// The kept activations of steps that do not count may be anything.
#[test]
fn what_lies_after_the_end_is_not_read() {
    const STEPS: usize = 5;
    const N: usize = 40;
    let config = ModelSpec::open_loop(18, 2, 20, Pooling::Own);
    let spec = RolloutSpec { horizon: STEPS, start_token: 10, action_mask: None };
    let contexts: Vec<i32> = (0..N as i32 * 3).map(|i| i * 7 % 18).collect();
    let prompts = Prompts::new(&config, &contexts, &[1; N]).unwrap();
    let lengths: Vec<i32> = (0..N as i32).map(|i| 1 + i * 3 % STEPS as i32).collect();
    let returns: Vec<f32> = (0..N).map(|i| (i % 7) as f32 / 7.0).collect();
    let mut engine = Fused::new(&config, 2, &model::init(&config, Seed(1))).unwrap();
    let actions = engine.rollout(prompts, &spec, Sampling::Random { seed: Seed(2), rollout: 0 }).unwrap().actions;
    let data = Trajectories::programs(&spec, prompts, &actions).of_lengths(&lengths);
    for baseline in [Baseline::Program, Baseline::Step] {
        let gradient = |engine: &mut Fused| {
            engine.clear_gradient();
            let terms = engine.accumulate(&data, &Targets::returns(&returns, baseline), &Objective::default()).unwrap();
            (terms, engine.gradient().unwrap())
        };
        let before = gradient(&mut engine);
        for (index, &length) in lengths.iter().enumerate() {
            let (chunk, row) = (index / height(N), index % height(N));
            own(&mut engine.chunks[chunk]).spoil(row, length as usize..STEPS, (STEPS, &engine.weights.layout));
        }
        assert_eq!(gradient(&mut engine), before);
    }
}

//! Which word of which block every random number is made from, and where every parameter stands; inputs are checked at both ends.

#![allow(clippy::unwrap_used)]

use innate_core::config::{ContextPooling, NetworkConfig};
use innate_core::engine::{Episodes, Prompts};
use innate_core::error::Error;
use innate_core::params;
use innate_core::rng::{Seed, Stream, philox, unit};

/// Bits in the upper half that overlap with those of the streams' numbers, and a lower half that is not symmetric.
const SEED: u64 = 0x7FFF_0F5A_0123_4567;

fn key(stream: Stream) -> [u32; 2] {
    [0x0123_4567, 0x7FFF_0F5A ^ stream as u32]
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().copied().map(f32::to_bits).collect()
}

fn config() -> NetworkConfig {
    NetworkConfig {
        vocab_size: 7,
        stage_count: 2,
        hidden_size: 5,
        horizon: 3,
        start_token: 1,
        pooling: ContextPooling::Own,
        action_mask: Some(vec![true, false, true, true, true, true, true]),
    }
}

#[test]
fn a_unit_has_the_24_upper_bits() {
    for (word, expected) in [
        (0, 0.0),
        (255, 0.0),
        (256, 1.0 / 16_777_216.0),
        (1 << 31, 0.5),
        (3 << 30, 0.75),
        (u32::MAX, 16_777_215.0 / 16_777_216.0),
    ] {
        assert_eq!(unit(word).to_bits(), (expected as f32).to_bits(), "{word}");
    }
}

#[test]
fn an_actions_uniform_is_one_word_of_its_rows_block() {
    for rollout in [0_u64, 5, u64::from(u32::MAX), (9 << 32) + 4] {
        for row in [0, 1, 70] {
            for step in 0..11 {
                let counter = [row as u32, step as u32 / 4, rollout as u32, (rollout >> 32) as u32];
                let word = philox(counter, key(Stream::Actions))[step % 4];
                let got = Seed(SEED).action_uniform(rollout, row, step);
                assert_eq!(got.to_bits(), unit(word).to_bits(), "{rollout} {row} {step}");
                let word = philox(counter, key(Stream::Session))[step % 4];
                let got = Seed(SEED).uniform(Stream::Session, rollout, row, step);
                assert_eq!(got.to_bits(), unit(word).to_bits(), "session {rollout} {row} {step}");
            }
        }
    }
}

#[test]
fn initial_weights_are_these_words() {
    for len in [1, 2, 3, 4, 5, 9] {
        let mut uniforms = vec![9.0; len];
        Seed(SEED).fill_uniform(3, 0.25, &mut uniforms);
        let mut normals = vec![9.0; len];
        Seed(SEED).fill_normal(6, &mut normals);
        for i in 0..len {
            let word = philox([i as u32 / 4, 0, 3, 0], key(Stream::Init))[i % 4];
            let expected = (f64::from(word >> 8) / f64::from(1 << 23) - 1.0) * 0.25;
            assert!((f64::from(uniforms[i]) - expected).abs() < 1e-7, "{i}: {} {expected}", uniforms[i]);

            let words = philox([i as u32 / 2, 0, 6, 1], key(Stream::Init));
            let radius = (-2.0 * (1.0 - f64::from(unit(words[0]))).ln()).sqrt();
            let angle = std::f64::consts::TAU * f64::from(unit(words[1]));
            let expected = radius * if i % 2 == 0 { angle.cos() } else { angle.sin() };
            assert!((f64::from(normals[i]) - expected).abs() < 1e-6, "{i}: {} {expected}", normals[i]);
        }
    }
}

#[test]
fn parameters_stand_one_behind_the_other_in_pytorchs_order() {
    let specs = params::specs(&config());
    let shapes: [(&str, &[usize]); 10] = [
        ("emb.weight", &[7, 5]),
        ("stage_emb.weight", &[2, 5]),
        ("rnn.weight_ih_l0", &[15, 5]),
        ("rnn.weight_hh_l0", &[15, 5]),
        ("rnn.bias_ih_l0", &[15]),
        ("rnn.bias_hh_l0", &[15]),
        ("pi.weight", &[7, 5]),
        ("pi.bias", &[7]),
        ("v.weight", &[1, 5]),
        ("v.bias", &[1]),
    ];
    assert_eq!(specs.len(), shapes.len());
    let mut offset = 0;
    for (spec, (name, shape)) in specs.iter().zip(shapes) {
        let len = shape.iter().product::<usize>();
        assert_eq!((spec.name, spec.shape.as_slice(), spec.offset), (name, shape, offset));
        assert_eq!((spec.len(), spec.range(), spec.is_empty()), (len, offset..offset + len, false));
        offset += len;
    }
    assert_eq!(params::count(&config()), offset);
    let none = NetworkConfig { vocab_size: 0, ..config() };
    assert!(params::specs(&none)[0].is_empty());
}

#[test]
fn embeddings_are_normal_and_the_rest_uniform_within_one_over_the_root_of_the_width() {
    for hidden_size in [5, 64] {
        let config = NetworkConfig { hidden_size, ..config() };
        let flat = params::init(&config, Seed(SEED));
        assert_eq!(flat.len(), params::count(&config));
        for (index, spec) in params::specs(&config).iter().enumerate() {
            let mut expected = vec![0.0; spec.len()];
            if spec.name == "emb.weight" || spec.name == "stage_emb.weight" {
                Seed(SEED).fill_normal(index as u32, &mut expected);
            } else {
                Seed(SEED).fill_uniform(index as u32, 1.0 / (hidden_size as f32).sqrt(), &mut expected);
            }
            assert_eq!(bits(&flat[spec.range()]), bits(&expected), "{}", spec.name);
        }
    }
}

/// The path of the bad value, empty where all is well.
fn path<T>(result: Result<T, Error>) -> String {
    match result {
        Ok(_) => String::new(),
        Err(Error::Invalid { path, .. }) => path,
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn the_first_bad_element_of_a_batch_is_named() {
    let config = config();
    let prompts = |contexts: &[i32], stages: &[i32]| path(Prompts::new(&config, contexts, stages));
    assert_eq!(prompts(&[0, 6, 3, 1], &[0, 1]), "");
    assert_eq!(prompts(&[0, 6, 7, -1], &[0, 1]), "contexts[2]");
    assert_eq!(prompts(&[0, -1, 7, 1], &[0, 1]), "contexts[1]");
    assert_eq!(prompts(&[0, 6, 3, 1], &[0, 2]), "stages[1]");
    assert_eq!(prompts(&[0, 6, 3, 1], &[-1, 2]), "stages[0]");
    assert_eq!(prompts(&[0, 6, 3], &[0, 1]), "contexts");
    assert_eq!(prompts(&[], &[0, 1]), "contexts");
    assert_eq!(prompts(&[1], &[]), "stages");

    let contexts = [0; 6];
    let batch = Prompts::new(&config, &contexts, &[0, 1]).unwrap();
    assert_eq!((batch.len(), batch.context_len(), batch.is_empty()), (2, 3, false));
    assert!(Prompts { contexts: &[], stages: &[] }.is_empty());
    let steps = |actions: &[i32]| batch.check_actions(&config, actions);
    assert_eq!(steps(&[0, 2, 3, 4, 5, 6, 0, 2]).unwrap(), 4);
    assert_eq!(steps(&[0, 2]).unwrap(), 1);
    assert_eq!(path(steps(&[0, 2, 3])), "actions");
    assert_eq!(path(steps(&[])), "actions");
    assert_eq!(path(steps(&[0, 7])), "actions[1]");
    assert_eq!(path(steps(&[-1, 7])), "actions[0]");
    assert_eq!(path(steps(&[0, 2, 3, 1])), "actions[3]");
    let unmasked = NetworkConfig { action_mask: None, ..config.clone() };
    assert_eq!(batch.check_actions(&unmasked, &[0, 2, 3, 1]).unwrap(), 2);
    let returns =
        |returns: &[f32]| path(Episodes { prompts: batch, actions: &[0, 2, 3, 4], lengths: None, returns }.check(&config));
    assert_eq!(Episodes { prompts: batch, actions: &[0, 2, 3, 4], lengths: None, returns: &[0.0; 2] }.steps(), 2);
    assert_eq!(returns(&[0.0, -1.0]), "");
    assert_eq!(returns(&[0.0]), "returns");
    assert_eq!(returns(&[0.0, 1.0, 2.0]), "returns");
    assert_eq!(returns(&[0.0, f32::NAN]), "returns[1]");
    assert_eq!(returns(&[f32::INFINITY, f32::NAN]), "returns[0]");
}

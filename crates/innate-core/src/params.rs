//! The parameters by PyTorch's names, in one fixed order, as one flat vector in PyTorch's layout.

use crate::config::NetworkConfig;
use crate::error::{Error, Result};
use crate::rng::Seed;

/// One named tensor inside the flat vector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParamSpec {
    /// PyTorch's name, such as `rnn.weight_hh_l0`.
    pub name: &'static str,
    /// PyTorch's shape.
    pub shape: Vec<usize>,
    /// First element in the flat vector.
    pub offset: usize,
}

impl ParamSpec {
    /// Number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether the tensor has no element; never, for a valid network.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The tensor's place in the flat vector.
    pub fn range(&self) -> std::ops::Range<usize> {
        self.offset..self.offset + self.len()
    }
}

/// All tensors of a network, in the order of the flat vector.
pub fn specs(config: &NetworkConfig) -> Vec<ParamSpec> {
    let (v, s, h) = (config.vocab_size, config.stage_count, config.hidden_size);
    let shapes: [(&'static str, Vec<usize>); 10] = [
        ("emb.weight", vec![v, h]),
        ("stage_emb.weight", vec![s, h]),
        ("rnn.weight_ih_l0", vec![3 * h, h]),
        ("rnn.weight_hh_l0", vec![3 * h, h]),
        ("rnn.bias_ih_l0", vec![3 * h]),
        ("rnn.bias_hh_l0", vec![3 * h]),
        ("pi.weight", vec![v, h]),
        ("pi.bias", vec![v]),
        ("v.weight", vec![1, h]),
        ("v.bias", vec![1]),
    ];
    let mut offset = 0;
    shapes
        .into_iter()
        .map(|(name, shape)| {
            let spec = ParamSpec { name, shape, offset };
            offset += spec.len();
            spec
        })
        .collect()
}

/// Length of the flat vector.
pub fn count(config: &NetworkConfig) -> usize {
    specs(config).last().map_or(0, |spec| spec.range().end)
}

/// Refuses a flat vector of another length than the network's.
pub(crate) fn check_len(config: &NetworkConfig, path: &str, flat: &[f32]) -> Result<()> {
    let count = count(config);
    if flat.len() == count { Ok(()) } else { Err(Error::invalid(path, format!("must hold {count} numbers, got {}", flat.len()))) }
}

/// As [`check_len`], and refuses an element that is not finite.
pub(crate) fn check(config: &NetworkConfig, path: &str, flat: &[f32]) -> Result<()> {
    check_len(config, path, flat)?;
    match flat.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(Error::invalid(format!("{path}[{index}]"), format!("must be a finite number, got {}", flat[index]))),
        None => Ok(()),
    }
}

/// Fresh weights as PyTorch draws them: embeddings N(0, 1), everything else U(±1/√H).
pub fn init(config: &NetworkConfig, seed: Seed) -> Vec<f32> {
    let mut flat = vec![0.0; count(config)];
    fill(config, seed, &mut flat);
    flat
}

/// As [`init`], into a vector of the network's length.
pub(crate) fn fill(config: &NetworkConfig, seed: Seed, flat: &mut [f32]) {
    let bound = 1.0 / (config.hidden_size as f32).sqrt();
    for (index, spec) in specs(config).into_iter().enumerate() {
        let out = &mut flat[spec.range()];
        if spec.name.contains("emb.") {
            seed.fill_normal(index as u32, out);
        } else {
            seed.fill_uniform(index as u32, bound, out);
        }
    }
}

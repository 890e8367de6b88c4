//! Fresh weights as PyTorch draws them: embeddings N(0, 1), everything else U(±1/√H).

use super::{ModelSpec, ParamKind, count, params};
use crate::rng::Seed;

/// Fresh weights, flat (see [`params`]); tensor number i takes stream number i of the seed.
pub fn init(spec: &ModelSpec, seed: Seed) -> Vec<f32> {
    let mut flat = vec![0.0; count(spec)];
    fill(spec, seed, &mut flat);
    flat
}

/// As [`init`], into a vector of the network's length.
pub(crate) fn fill(spec: &ModelSpec, seed: Seed, flat: &mut [f32]) {
    let bound = 1.0 / (spec.hidden as f32).sqrt();
    for (index, param) in params(spec).into_iter().enumerate() {
        let out = &mut flat[param.range()];
        match param.kind {
            ParamKind::Embedding | ParamKind::StageEmbedding => seed.fill_normal(index as u32, out),
            _ => seed.fill_uniform(index as u32, bound, out),
        }
    }
}

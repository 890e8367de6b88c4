//! Fresh weights as PyTorch draws them: embeddings N(0, 1), everything else U(±1/√H), the heads U(±1/√R) of the R numbers they read. But what is read beside an embedding has as much of a say as
//! the embedding: U(±1) for what is 0 or 1, U(±1/√D) for a vector of D numbers. With PyTorch's bound an observation would move the state ten times
//! less than the action before it does.

use super::{Input, ModelSpec, ParamKind, count, params};
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
    let of_heads = 1.0 / ((spec.reads() * spec.hidden) as f32).sqrt();
    for (index, param) in params(spec).into_iter().enumerate() {
        let out = &mut flat[param.range()];
        match param.kind {
            ParamKind::Embedding | ParamKind::StageEmbedding => seed.fill_normal(index as u32, out),
            ParamKind::PolicyWeight | ParamKind::PolicyBias | ParamKind::ValueWeight | ParamKind::ValueBias => {
                seed.fill_uniform(index as u32, of_heads, out);
            }
            _ => seed.fill_uniform(index as u32, bound, out),
        }
        if param.kind == ParamKind::WeightIh(0) {
            widen(spec, bound, param.shape[1], out);
        }
    }
}

/// Scales the columns `[3H, width]` of what is read beside the embedding, which come last.
fn widen(spec: &ModelSpec, bound: f32, width: usize, weight_ih: &mut [f32]) {
    let scales: Vec<f32> = spec
        .inputs
        .iter()
        .flat_map(|input| {
            let (columns, of_input) = match input {
                Input::PreviousAction => (0, bound),
                Input::EpisodeStart => (1, 1.0),
                Input::Discrete { sizes } => (sizes.iter().sum(), 1.0),
                Input::Dense { width } => (*width, 1.0 / (*width as f32).sqrt()),
            };
            std::iter::repeat_n(of_input / bound, columns)
        })
        .collect();
    for row in weight_ih.chunks_exact_mut(width) {
        row[width - scales.len()..].iter_mut().zip(&scales).for_each(|(weight, scale)| *weight *= scale);
    }
}

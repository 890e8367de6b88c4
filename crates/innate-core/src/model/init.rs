//! Fresh weights as PyTorch draws them: embeddings N(0, 1), what a number beside a token is multiplied by U(±1), everything else U(±1/√H), the heads U(±1/√R) of the R numbers they read. But what is read beside an embedding has as much of a say as
//! the embedding: U(±1) for what is 0 or 1, U(±1/√D) for a vector of D numbers, the clock among them. The bias by distance begins at 0. With PyTorch's bound an observation would move the state ten times
//! less than the action before it does.

use super::{CLOCK, Input, ModelSpec, ParamKind, count, params};
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
    let of_heads = 1.0 / (spec.read_width() as f32).sqrt();
    for (index, param) in params(spec).into_iter().enumerate() {
        let out = &mut flat[param.range()];
        match param.kind {
            ParamKind::Embedding | ParamKind::StageEmbedding => seed.fill_normal(index as u32, out),
            ParamKind::PolicyWeight | ParamKind::PolicyBias | ParamKind::ValueWeight | ParamKind::ValueBias => {
                seed.fill_uniform(index as u32, of_heads, out);
            }
            // PyTorch's linear layer of one number.
            ParamKind::ValueEmbedding => seed.fill_uniform(index as u32, 1.0, out),
            // As good as any distance until it is learned.
            ParamKind::HistoryBias => {}
            _ => seed.fill_uniform(index as u32, bound, out),
        }
        match param.kind {
            ParamKind::WeightIh(0) => widen(&of_inputs(spec, bound), param.shape[1], out),
            ParamKind::HistoryQuery | ParamKind::HistoryKey if spec.reads_clock() => {
                widen(&[of_vector(CLOCK) / bound; CLOCK], param.shape[1], out);
            }
            _ => {}
        }
    }
}

/// The bound of what is read as a vector of `width` numbers.
fn of_vector(width: usize) -> f32 {
    1.0 / (width as f32).sqrt()
}

/// The bounds of what is read beside the embedding, in multiples of `bound`, by column.
fn of_inputs(spec: &ModelSpec, bound: f32) -> Vec<f32> {
    let of_input = |input: &Input| {
        let (columns, of_input) = match input {
            Input::PreviousAction => (0, bound),
            Input::EpisodeStart => (1, 1.0),
            Input::Clock => (CLOCK, of_vector(CLOCK)),
            Input::Discrete { sizes } => (sizes.iter().sum(), 1.0),
            Input::Dense { width } => (*width, of_vector(*width)),
        };
        std::iter::repeat_n(of_input / bound, columns)
    };
    spec.inputs.iter().flat_map(of_input).collect()
}

/// Scales the last columns of `weight`, `[_, width]`.
fn widen(scales: &[f32], width: usize, weight: &mut [f32]) {
    for row in weight.chunks_exact_mut(width) {
        row[width - scales.len()..].iter_mut().zip(scales).for_each(|(weight, scale)| *weight *= scale);
    }
}

//! The parameters by PyTorch's names, in one fixed order, as one flat vector in PyTorch's layout.

use super::{CLOCK, History, ModelSpec};
use crate::error::{Error, Result};

/// What a tensor is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParamKind {
    /// `emb.weight`, `[V, H]`.
    Embedding,
    /// `stage_emb.weight`, `[S, H]`.
    StageEmbedding,
    /// `value_emb.weight`, `[H, 1]`: what a number beside a token of a context is multiplied by.
    ValueEmbedding,
    /// `encoder.weight_ih_l0`, `[3H, H]`, gates r, z, n: of the GRU over the context.
    EncoderWeightIh,
    /// `encoder.weight_hh_l0`, `[3H, H]`.
    EncoderWeightHh,
    /// `encoder.bias_ih_l0`, `[3H]`.
    EncoderBiasIh,
    /// `encoder.bias_hh_l0`, `[3H]`.
    EncoderBiasHh,
    /// `rnn.weight_ih_l{k}`, `[3H, D]`, gates r, z, n; D is the width of the layer's input.
    WeightIh(usize),
    /// `rnn.weight_hh_l{k}`, `[3H, H]`.
    WeightHh(usize),
    /// `rnn.bias_ih_l{k}`, `[3H]`.
    BiasIh(usize),
    /// `rnn.bias_hh_l{k}`, `[3H]`.
    BiasHh(usize),
    /// `attn.prompt.query.weight`, `[H, H]`.
    PromptQuery,
    /// `attn.history.query.weight`, `[64, H + C]`; C is the width of the clock where it is read, else 0.
    HistoryQuery,
    /// `attn.history.key.weight`, `[64, H + C]`.
    HistoryKey,
    /// `attn.history.value.weight`, `[64, H]`.
    HistoryValue,
    /// `attn.history.bias`, `[2, window]`: of each head, 1 step back first.
    HistoryBias,
    /// `pi.weight`, `[A, R]`; R is the width of what the heads read: H for the state, H for the prompt and 64 for the past where they are
    /// attended to.
    PolicyWeight,
    /// `pi.bias`, `[A]`.
    PolicyBias,
    /// `v.weight`, `[1, R]`.
    ValueWeight,
    /// `v.bias`, `[1]`.
    ValueBias,
}

impl ParamKind {
    fn name(self) -> String {
        match self {
            Self::Embedding => "emb.weight".to_owned(),
            Self::StageEmbedding => "stage_emb.weight".to_owned(),
            Self::ValueEmbedding => "value_emb.weight".to_owned(),
            Self::EncoderWeightIh => "encoder.weight_ih_l0".to_owned(),
            Self::EncoderWeightHh => "encoder.weight_hh_l0".to_owned(),
            Self::EncoderBiasIh => "encoder.bias_ih_l0".to_owned(),
            Self::EncoderBiasHh => "encoder.bias_hh_l0".to_owned(),
            Self::WeightIh(layer) => format!("rnn.weight_ih_l{layer}"),
            Self::WeightHh(layer) => format!("rnn.weight_hh_l{layer}"),
            Self::BiasIh(layer) => format!("rnn.bias_ih_l{layer}"),
            Self::BiasHh(layer) => format!("rnn.bias_hh_l{layer}"),
            Self::PromptQuery => "attn.prompt.query.weight".to_owned(),
            Self::HistoryQuery => "attn.history.query.weight".to_owned(),
            Self::HistoryKey => "attn.history.key.weight".to_owned(),
            Self::HistoryValue => "attn.history.value.weight".to_owned(),
            Self::HistoryBias => "attn.history.bias".to_owned(),
            Self::PolicyWeight => "pi.weight".to_owned(),
            Self::PolicyBias => "pi.bias".to_owned(),
            Self::ValueWeight => "v.weight".to_owned(),
            Self::ValueBias => "v.bias".to_owned(),
        }
    }
}

/// One named tensor inside the flat vector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParamSpec {
    /// What it is for.
    pub kind: ParamKind,
    /// PyTorch's name, such as `rnn.weight_hh_l0`.
    pub name: String,
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
pub fn params(spec: &ModelSpec) -> Vec<ParamSpec> {
    let (v, s, h, a) = (spec.vocabulary, spec.stages(), spec.hidden, spec.actions());
    let first = spec.features() + if spec.reads_previous_action() { h } else { 0 };
    let mut shapes = Vec::new();
    if spec.embeds() {
        shapes.push((ParamKind::Embedding, vec![v, h]));
    }
    if s > 0 {
        shapes.push((ParamKind::StageEmbedding, vec![s, h]));
    }
    if spec.reads_values() {
        shapes.push((ParamKind::ValueEmbedding, vec![h, 1]));
    }
    if spec.reads_in_order() {
        shapes.push((ParamKind::EncoderWeightIh, vec![3 * h, h]));
        shapes.push((ParamKind::EncoderWeightHh, vec![3 * h, h]));
        shapes.push((ParamKind::EncoderBiasIh, vec![3 * h]));
        shapes.push((ParamKind::EncoderBiasHh, vec![3 * h]));
    }
    for layer in 0..spec.layers {
        shapes.push((ParamKind::WeightIh(layer), vec![3 * h, if layer == 0 { first } else { h }]));
        shapes.push((ParamKind::WeightHh(layer), vec![3 * h, h]));
        shapes.push((ParamKind::BiasIh(layer), vec![3 * h]));
        shapes.push((ParamKind::BiasHh(layer), vec![3 * h]));
    }
    if spec.attention.prompt {
        shapes.push((ParamKind::PromptQuery, vec![h, h]));
    }
    if let Some(History { window }) = spec.attention.history {
        let made_of = h + if spec.reads_clock() { CLOCK } else { 0 };
        shapes.push((ParamKind::HistoryQuery, vec![History::READ, made_of]));
        shapes.push((ParamKind::HistoryKey, vec![History::READ, made_of]));
        shapes.push((ParamKind::HistoryValue, vec![History::READ, h]));
        shapes.push((ParamKind::HistoryBias, vec![History::HEADS, window]));
    }
    let read = spec.read_width();
    shapes.push((ParamKind::PolicyWeight, vec![a, read]));
    shapes.push((ParamKind::PolicyBias, vec![a]));
    shapes.push((ParamKind::ValueWeight, vec![1, read]));
    shapes.push((ParamKind::ValueBias, vec![1]));
    let mut offset = 0;
    shapes
        .into_iter()
        .map(|(kind, shape)| {
            let param = ParamSpec { kind, name: kind.name(), shape, offset };
            offset += param.len();
            param
        })
        .collect()
}

/// Length of the flat vector.
pub fn count(spec: &ModelSpec) -> usize {
    params(spec).last().map_or(0, |param| param.range().end)
}

/// Refuses a flat vector of another length than the network's.
pub(crate) fn check_len(spec: &ModelSpec, path: &str, flat: &[f32]) -> Result<()> {
    let count = count(spec);
    if flat.len() == count { Ok(()) } else { Err(Error::invalid(path, format!("must hold {count} numbers, got {}", flat.len()))) }
}

/// As [`check_len`], and refuses an element that is not finite.
pub(crate) fn check(spec: &ModelSpec, path: &str, flat: &[f32]) -> Result<()> {
    check_len(spec, path, flat)?;
    match flat.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(Error::invalid(format!("{path}[{index}]"), format!("must be a finite number, got {}", flat[index]))),
        None => Ok(()),
    }
}

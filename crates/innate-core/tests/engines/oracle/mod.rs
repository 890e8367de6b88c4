//! The network and its losses once more, in f64 and as plain loops, sharing nothing with the engines but the order of the parameters.

mod loss;

use innate_core::model::{Direction, Encoder, History, Input, ParamKind, ParamSpec, Pooling, params};

use crate::Case;
pub(crate) use loss::{Told, judge, tell};

/// What the network says of a case's actions; shapes as in `Evaluation`.
pub(crate) struct Said {
    pub(crate) logits: Vec<f64>,
    pub(crate) log_probs: Vec<f64>,
    pub(crate) entropies: Vec<f64>,
    pub(crate) values: Vec<f64>,
}

struct Weights<'a>(&'a [f64], Vec<ParamSpec>);

impl<'a> Weights<'a> {
    /// Rows of a tensor.
    fn rows(&self, kind: ParamKind) -> std::slice::ChunksExact<'a, f64> {
        let spec = self.1.iter().find(|spec| spec.kind == kind).unwrap();
        self.0[spec.range()].chunks_exact(spec.shape.get(1).copied().unwrap_or(1))
    }

    fn row(&self, kind: ParamKind, row: usize) -> &'a [f64] {
        self.rows(kind).nth(row).unwrap()
    }

    fn affine(&self, weight: ParamKind, bias: ParamKind, x: &[f64]) -> Vec<f64> {
        let dot = |row: &[f64]| row.iter().zip(x).map(|(w, x)| w * x).sum::<f64>();
        assert_eq!(self.row(weight, 0).len(), x.len());
        self.rows(weight).zip(self.rows(bias)).map(|(row, bias)| dot(row) + bias[0]).collect()
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Weights and biases of the input, then of the state.
struct GruKinds([ParamKind; 4]);

impl GruKinds {
    const ENCODER: Self =
        Self([ParamKind::EncoderWeightIh, ParamKind::EncoderBiasIh, ParamKind::EncoderWeightHh, ParamKind::EncoderBiasHh]);

    fn layer(layer: usize) -> Self {
        Self([ParamKind::WeightIh(layer), ParamKind::BiasIh(layer), ParamKind::WeightHh(layer), ParamKind::BiasHh(layer)])
    }
}

fn cell(weights: &Weights<'_>, GruKinds([w_ih, b_ih, w_hh, b_hh]): GruKinds, x: &[f64], hidden: &[f64]) -> Vec<f64> {
    let h = hidden.len();
    let input = weights.affine(w_ih, b_ih, x);
    let own = weights.affine(w_hh, b_hh, hidden);
    (0..h)
        .map(|i| {
            let r = sigmoid(input[i] + own[i]);
            let z = sigmoid(input[h + i] + own[h + i]);
            let n = (input[2 * h + i] + r * own[2 * h + i]).tanh();
            (1.0 - z) * n + z * hidden[i]
        })
        .collect()
}

/// What each row has read of its prompt: a vector a token that counts.
fn read_prompts(case: &Case, weights: &Weights<'_>) -> Vec<Vec<Vec<f64>>> {
    if case.model.encoder == Encoder::None {
        return vec![vec![]; case.rows];
    }
    let length = case.contexts.len() / case.rows;
    let rows = case.contexts.chunks(length).enumerate();
    rows.map(|(row, context)| {
        let context = &context[..case.context_lengths.as_ref().map_or(length, |lengths| lengths[row] as usize)];
        let mut embeddings: Vec<_> = context
            .iter()
            .enumerate()
            .map(|(t, &token)| {
                let embedding = weights.row(ParamKind::Embedding, token as usize);
                let Some(values) = &case.context_values else { return embedding.to_vec() };
                let value = f64::from(values[row * length + t]);
                embedding.iter().zip(weights.rows(ParamKind::ValueEmbedding)).map(|(x, w)| x + value * w[0]).collect()
            })
            .collect();
        match case.model.encoder {
            Encoder::None | Encoder::Pooled { .. } => return embeddings,
            Encoder::Recurrent { direction: Direction::Forward, .. } => {}
            Encoder::Recurrent { direction: Direction::Backward, .. } => embeddings.reverse(),
        }
        let mut state = vec![0.0; case.model.hidden];
        embeddings
            .iter()
            .map(|x| {
                state = cell(weights, GruKinds::ENCODER, x, &state);
                state.clone()
            })
            .collect()
    })
    .collect()
}

/// What the heads read at a state: itself, and what attention reads out of the prompt.
fn attend(case: &Case, weights: &Weights<'_>, state: &[f64], read: &[Vec<f64>]) -> Vec<f64> {
    if !case.model.attention.prompt {
        return state.to_vec();
    }
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let query: Vec<f64> = weights.rows(ParamKind::PromptQuery).map(|row| dot(row, state)).collect();
    let scores: Vec<f64> = read.iter().map(|key| dot(&query, key) / (state.len() as f64).sqrt()).collect();
    let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let total = scores.iter().map(|score| (score - top).exp()).sum::<f64>();
    let shares: Vec<f64> = scores.iter().map(|score| (score - top).exp() / total).collect();
    let of_prompt = (0..state.len()).map(|i| shares.iter().zip(read).map(|(share, value)| share * value[i]).sum());
    state.iter().copied().chain(of_prompt).collect()
}

/// All rows' states before their first step, layer by layer.
fn first_states(case: &Case, weights: &Weights<'_>, read: &[Vec<Vec<f64>>]) -> Vec<Vec<Vec<f64>>> {
    let (n, layers, h) = (case.rows, case.model.layers, case.model.hidden);
    if let Some(states) = &case.states {
        let layer = |layer: &[f32]| crate::wide(layer);
        return states.chunks(layers * h).map(|row| row.chunks(h).map(layer).collect()).collect();
    }
    let mut states = vec![vec![vec![0.0; h]; layers]; n];
    let mean = |vectors: &[&Vec<f64>]| -> Vec<f64> {
        (0..h).map(|i| vectors.iter().map(|vector| vector[i]).sum::<f64>() / vectors.len() as f64).collect()
    };
    let contexts: Vec<_> = match case.model.encoder {
        Encoder::None => return states,
        Encoder::Recurrent { .. } => read.iter().map(|read| read.last().unwrap().clone()).collect(),
        Encoder::Pooled { pooling: Pooling::Own, .. } => read.iter().map(|read| mean(&read.iter().collect::<Vec<_>>())).collect(),
        Encoder::Pooled { pooling: Pooling::Batch, .. } => vec![mean(&read.iter().flatten().collect::<Vec<_>>()); n],
    };
    for ((states, context), &stage) in states.iter_mut().zip(contexts).zip(&case.stages) {
        let stage = weights.row(ParamKind::StageEmbedding, stage as usize);
        states[0] = context.iter().zip(stage).map(|(c, s)| (c + s).tanh()).collect();
    }
    states
}

/// What the first layer reads at step `t` of a row, which is `cell` of the batch.
fn read(case: &Case, weights: &Weights<'_>, (cell, t): (usize, usize), age: usize) -> Vec<f64> {
    let starts = case.starts.as_ref().map(|starts| starts[cell] != 0);
    let mut x = Vec::new();
    for input in &case.model.inputs {
        match input {
            Input::PreviousAction => {
                let token = match &case.inputs {
                    Some(inputs) => inputs[cell] as usize,
                    None if t == 0 || starts == Some(true) => case.rollout.start_token,
                    None => case.actions[cell - 1] as usize,
                };
                x.extend(weights.row(ParamKind::Embedding, token));
            }
            Input::Clock => x.extend(clock(age)),
            Input::EpisodeStart => x.push(match starts {
                Some(starts) => f64::from(u8::from(starts)),
                None => f64::from(u8::from(t == 0 && case.states.is_none())),
            }),
            Input::Discrete { sizes } => {
                let numbers = &case.discrete.as_ref().unwrap()[cell * sizes.len()..];
                for (&size, &number) in sizes.iter().zip(numbers) {
                    x.extend((0..size).map(|value| if value as i32 == number { 1.0 } else { 0.0 }));
                }
            }
            Input::Dense { width } => {
                let vector = &case.dense.as_ref().unwrap()[cell * width..][..*width];
                x.extend(vector.iter().copied().map(f64::from));
            }
        }
    }
    x
}

fn clock(age: usize) -> Vec<f64> {
    let turns = |k: i32| age as f64 / (4.0 * 2_f64.powi(k)) * std::f64::consts::TAU;
    (0..8).flat_map(|k| [turns(k).sin(), turns(k).cos()]).collect()
}

/// The states after the steps of an episode so far, each with its step.
struct Remembered(Vec<(usize, Vec<f64>)>);

impl Remembered {
    fn new(case: &Case, row: usize) -> Self {
        let (Some(past), Some(ages)) = (&case.past, &case.ages) else { return Self(Vec::new()) };
        let (age, h) = (ages[row] as usize, case.model.hidden);
        let of_row: Vec<&[f32]> = past.chunks(past.len() / case.rows).nth(row).unwrap().chunks(h).collect();
        // The last one is of the step before; those of steps before the first are not of the episode.
        let steps = (0..of_row.len()).rev().zip(1..).filter(|&(_, back)| back <= age);
        let mut states: Vec<_> = steps.map(|(place, back)| (age - back, crate::wide(of_row[place]))).collect();
        states.reverse();
        Self(states)
    }

    /// What is read out at step `age` in state `h`, which becomes past.
    fn attend(&mut self, case: &Case, weights: &Weights<'_>, h: &[f64], age: usize) -> Vec<f64> {
        let Some(History { window }) = case.model.attention.history else { return Vec::new() };
        let times = |kind: ParamKind, x: &[f64]| -> Vec<f64> {
            weights.rows(kind).map(|row| row.iter().zip(x).map(|(w, x)| w * x).sum()).collect()
        };
        let clocked = |h: &[f64], age: usize| [h, &if case.model.reads_clock() { clock(age) } else { vec![] }].concat();
        let query = times(ParamKind::HistoryQuery, &clocked(h, age));
        let mut out = vec![0.0; 64];
        for head in 0..2 {
            let of = head * 32..(head + 1) * 32;
            let seen = self.0.iter().filter(|(then, _)| age - then <= window);
            let scored: Vec<(f64, Vec<f64>)> = seen
                .map(|(then, state)| {
                    let key = times(ParamKind::HistoryKey, &clocked(state, *then));
                    let dot: f64 = of.clone().map(|i| query[i] * key[i]).sum();
                    let bias = weights.row(ParamKind::HistoryBias, head)[age - then - 1];
                    ((dot / 32_f64.sqrt() + bias).exp(), times(ParamKind::HistoryValue, state))
                })
                .collect();
            let total: f64 = scored.iter().map(|(weight, _)| weight).sum();
            for (weight, value) in &scored {
                of.clone().for_each(|i| out[i] += weight / total * value[i]);
            }
        }
        self.0.push((age, h.to_vec()));
        out
    }
}

fn may(case: &Case, cell: usize, action: usize) -> bool {
    let at_step = |allowed: &Vec<u8>| allowed[cell * case.model.actions() + action] != 0;
    case.rollout.action_mask.as_ref().is_none_or(|mask| mask[action]) && case.allowed.as_ref().is_none_or(at_step)
}

/// The forward pass under the parameters `flat`.
pub(crate) fn forward(case: &Case, flat: &[f64]) -> Said {
    let weights = Weights(flat, params(&case.model));
    let steps = case.steps();
    let mut said = Said { logits: Vec::new(), log_probs: Vec::new(), entropies: Vec::new(), values: Vec::new() };
    let shown = read_prompts(case, &weights);
    for (row, mut states) in first_states(case, &weights, &shown).into_iter().enumerate() {
        let first = states.clone();
        let mut past = Remembered::new(case, row);
        let mut age = case.ages.as_ref().map_or(0, |ages| ages[row] as usize);
        for t in 0..steps {
            let at = row * steps + t;
            if !case.model.recurrent {
                states.clone_from(&first);
            }
            if case.starts.as_ref().is_some_and(|starts| starts[at] != 0) {
                for state in &mut states {
                    state.fill(0.0);
                }
                past.0.clear();
                age = 0;
            }
            let mut x = read(case, &weights, (at, t), age);
            for (layer, state) in states.iter_mut().enumerate() {
                *state = cell(&weights, GruKinds::layer(layer), &x, state);
                x.clone_from(state);
            }
            let read_out = past.attend(case, &weights, &x, age);
            x = attend(case, &weights, &x, &shown[row]);
            x.extend(read_out);
            age += 1;
            let mut logits = weights.affine(ParamKind::PolicyWeight, ParamKind::PolicyBias, &x);
            for (action, logit) in logits.iter_mut().enumerate().filter(|(action, _)| !may(case, at, *action)) {
                *logit = f64::NEG_INFINITY;
                assert!(action as i32 != case.actions[at]);
            }
            let top = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let total = logits.iter().map(|logit| (logit - top).exp()).sum::<f64>();
            let log_policy: Vec<f64> = logits.iter().map(|logit| logit - top - total.ln()).collect();
            said.entropies.push(-log_policy.iter().map(|log_p| log_p.exp() * (log_p.exp() + 1e-9).ln()).sum::<f64>());
            said.log_probs.push(log_policy[case.actions[at] as usize]);
            said.values.push(weights.affine(ParamKind::ValueWeight, ParamKind::ValueBias, &x)[0]);
            said.logits.extend(logits);
        }
    }
    said
}

//! The network and its loss once more, in f64 and as plain loops, sharing nothing with the engines but the order of the parameters.

use innate_core::config::{Baseline, ContextPooling, NetworkConfig, UpdateConfig};
use innate_core::params;

use crate::Case;

/// What the network says of a case's actions; shapes as in `Evaluation`.
pub(crate) struct Said {
    pub(crate) logits: Vec<f64>,
    pub(crate) log_probs: Vec<f64>,
    pub(crate) entropies: Vec<f64>,
    pub(crate) values: Vec<f64>,
}

struct Weights<'a>(&'a [f64], Vec<params::ParamSpec>);

impl Weights<'_> {
    fn row(&self, name: &str, row: usize) -> &[f64] {
        let spec = self.1.iter().find(|spec| spec.name == name).unwrap();
        let width = spec.shape.get(1).copied().unwrap_or(1);
        &self.0[spec.offset + row * width..spec.offset + (row + 1) * width]
    }

    fn affine(&self, weight: &str, bias: &str, row: usize, x: &[f64]) -> f64 {
        self.row(bias, row)[0] + self.row(weight, row).iter().zip(x).map(|(w, x)| w * x).sum::<f64>()
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn cell(weights: &Weights<'_>, x: &[f64], hidden: &[f64]) -> Vec<f64> {
    let h = hidden.len();
    let input = |row| weights.affine("rnn.weight_ih_l0", "rnn.bias_ih_l0", row, x);
    let own = |row| weights.affine("rnn.weight_hh_l0", "rnn.bias_hh_l0", row, hidden);
    (0..h)
        .map(|i| {
            let r = sigmoid(input(i) + own(i));
            let z = sigmoid(input(h + i) + own(h + i));
            let n = (input(2 * h + i) + r * own(2 * h + i)).tanh();
            (1.0 - z) * n + z * hidden[i]
        })
        .collect()
}

/// Each problem's context as one vector.
fn pooled(config: &NetworkConfig, weights: &Weights<'_>, contexts: &[i32], n: usize) -> Vec<Vec<f64>> {
    let mean = |tokens: &[i32]| -> Vec<f64> {
        let sum = |i: usize| tokens.iter().map(|&token| weights.row("emb.weight", token as usize)[i]).sum::<f64>();
        (0..config.hidden_size).map(|i| sum(i) / tokens.len() as f64).collect()
    };
    match config.pooling {
        ContextPooling::Own => contexts.chunks(contexts.len() / n).map(mean).collect(),
        ContextPooling::Batch => vec![mean(contexts); n],
    }
}

/// The forward pass under the parameters `flat`.
pub(crate) fn forward(case: &Case, flat: &[f64]) -> Said {
    let config = &case.config;
    let weights = Weights(flat, params::specs(config));
    let n = case.stages.len();
    let mut said = Said { logits: Vec::new(), log_probs: Vec::new(), entropies: Vec::new(), values: Vec::new() };
    let contexts = pooled(config, &weights, &case.contexts, n);
    for (row, actions) in case.actions.chunks(case.actions.len() / n).enumerate() {
        let stage = weights.row("stage_emb.weight", case.stages[row] as usize);
        let mut hidden: Vec<f64> = contexts[row].iter().zip(stage).map(|(c, s)| (c + s).tanh()).collect();
        let mut input = config.start_token;
        for &action in actions {
            hidden = cell(&weights, weights.row("emb.weight", input), &hidden);
            let logits: Vec<f64> = (0..config.vocab_size)
                .map(|token| match &config.action_mask {
                    Some(mask) if !mask[token] => f64::NEG_INFINITY,
                    _ => weights.affine("pi.weight", "pi.bias", token, &hidden),
                })
                .collect();
            let top = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let total = logits.iter().map(|logit| (logit - top).exp()).sum::<f64>();
            let log_policy = logits.iter().map(|logit| logit - top - total.ln());
            said.entropies.push(-log_policy.clone().map(|log_p| log_p.exp() * (log_p.exp() + 1e-9).ln()).sum::<f64>());
            said.log_probs.push(log_policy.collect::<Vec<_>>()[action as usize]);
            said.values.push(weights.affine("v.weight", "v.bias", 0, &hidden));
            said.logits.extend(logits);
            input = action as usize;
        }
    }
    said
}

/// The advantage at each step, `[n, T]`; 0 at those that do not count.
pub(crate) fn advantages(case: &Case, said: &Said, baseline: Baseline) -> Vec<f64> {
    let (steps, counts) = (case.steps(), case.counts());
    let rows = said.values.chunks(steps).zip(counts.chunks(steps)).zip(&case.returns);
    rows.flat_map(|((values, counts), &target)| {
        let program = values.iter().zip(counts).map(|(value, &counts)| if counts { *value } else { 0.0 }).sum::<f64>();
        values.iter().zip(counts).map(move |(&value, &counts)| match baseline {
            _ if !counts => 0.0,
            Baseline::Program => f64::from(target) - program,
            Baseline::Step => f64::from(target) - value,
        })
    })
    .collect()
}

/// The loss under `flat`, with the advantages held where they are given: the policy's gradient does not flow through them.
pub(crate) fn loss(case: &Case, flat: &[f64], advantages_held: &[f64], config: &UpdateConfig) -> f64 {
    let said = forward(case, flat);
    let n = case.stages.len() as f64;
    let policy = -said.log_probs.iter().zip(advantages_held).map(|(log_prob, a)| log_prob * a).sum::<f64>() / n;
    let errors = advantages(case, &said, config.baseline);
    let counts = case.counts();
    let counted = counts.iter().filter(|&&counts| counts).count() as f64;
    let value = match config.baseline {
        // One error a program, that of its first step.
        Baseline::Program => errors.iter().step_by(case.steps()).map(|error| error * error).sum::<f64>() / n,
        Baseline::Step => errors.iter().map(|error| error * error).sum::<f64>() / counted,
    };
    let entropy = said.entropies.iter().zip(counts).filter(|(_, counts)| *counts).map(|(e, _)| e).sum::<f64>() / counted;
    policy + config.value_coef * value - config.entropy_coef * entropy
}

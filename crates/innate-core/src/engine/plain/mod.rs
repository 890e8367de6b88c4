//! The plain-Candle twin: Candle's tensor operations and autograd, on any Candle device.

mod network;

use candle_core::{Device, Tensor, Var};

pub use network::Cell;
use network::{Batch, Weights};

use super::{AdamState, Engine, Episodes, Evaluation, Prompts, Rollout, Sampling, UpdateStats};
use crate::config::{Baseline, NetworkConfig, UpdateConfig};
use crate::error::{Error, Result};
use crate::memory::{Bytes, FEWER, afford, filled};
use crate::params::{self, ParamSpec};

type Candle<T> = candle_core::Result<T>;

/// The network and its optimizer as Candle tensors.
#[derive(Debug)]
pub struct Plain {
    config: NetworkConfig,
    device: Device,
    cell: Cell,
    specs: Vec<ParamSpec>,
    /// Where some tokens are masked.
    allowed: Option<Allowed>,
    /// `[P]`
    flat: Tensor,
    /// `[P]`
    exp_avg: Tensor,
    /// `[P]`
    exp_avg_sq: Tensor,
    step: u64,
}

/// The tokens that may be emitted, `A` of them. The policy's head is computed for these alone: whatever the weights are, a masked token has
/// no part in the distribution.
#[derive(Debug)]
struct Allowed {
    /// `[A]`, ascending.
    tokens: Vec<usize>,
    /// Each token's place in `tokens`, `[V]`; of no meaning where it is masked.
    places: Vec<i32>,
    /// `tokens` on the device.
    index: Tensor,
}

impl Allowed {
    fn new(mask: &[bool], device: &Device) -> Candle<Self> {
        let tokens: Vec<usize> = (0..mask.len()).filter(|&token| mask[token]).collect();
        let mut places = vec![0; mask.len()];
        for (place, &token) in tokens.iter().enumerate() {
            places[token] = place as i32;
        }
        let index = tokens.iter().map(|&token| token as u32).collect::<Vec<_>>();
        Ok(Self { index: Tensor::from_vec(index, tokens.len(), device)?, tokens, places })
    }
}

impl Plain {
    /// A network on `device` with the given flat parameters and a fresh optimizer. The GRU's cell is one operation on CUDA, where it has
    /// kernels of its own, and composed elsewhere.
    ///
    /// # Errors
    /// When `flat` does not have the network's length or the device refuses.
    pub fn new(config: NetworkConfig, device: Device, flat: &[f32]) -> Result<Self> {
        let cell = if device.is_cuda() { Cell::Operation } else { Cell::Composed };
        Self::with_cell(config, device, flat, cell)
    }

    /// As [`Plain::new`] with a given cell.
    ///
    /// # Errors
    /// As [`Plain::new`].
    pub fn with_cell(config: NetworkConfig, device: Device, flat: &[f32], cell: Cell) -> Result<Self> {
        let count = params::count(&config);
        let allowed = config.action_mask.as_ref().map(|mask| Allowed::new(mask, &device)).transpose()?;
        let flat = Tensor::from_slice(flat, count, &device)?;
        let zeros = flat.zeros_like()?;
        Ok(Self {
            specs: params::specs(&config),
            allowed,
            exp_avg: zeros.clone(),
            exp_avg_sq: zeros,
            flat,
            step: 0,
            config,
            device,
            cell,
        })
    }

    /// The weights one by one, as views of the flat vector.
    fn tensors(&self) -> Candle<Vec<Tensor>> {
        self.specs.iter().map(|spec| self.flat.narrow(0, spec.offset, spec.len())?.reshape(spec.shape.as_slice())).collect()
    }

    fn weights<'a>(&'a self, tensors: &'a [Tensor]) -> Candle<Weights<'a>> {
        let of_allowed = |weight: &Tensor| match &self.allowed {
            Some(allowed) => weight.index_select(&allowed.index, 0),
            None => Ok(weight.clone()),
        };
        Ok(Weights {
            config: &self.config,
            cell: self.cell,
            emb: &tensors[0],
            stage_emb: &tensors[1],
            w_ih: &tensors[2],
            w_hh: &tensors[3],
            b_ih: &tensors[4],
            b_hh: &tensors[5],
            pi_w: of_allowed(&tensors[6])?,
            pi_b: of_allowed(&tensors[7])?,
            v_w: &tensors[8],
            v_b: &tensors[9],
        })
    }

    /// Asks for what `n` problems of `steps` steps take on the processor, by an estimate of how many values of H, and of V, Candle makes of
    /// a step. Other devices refuse by themselves.
    fn afford(&self, n: usize, steps: usize, (of_hidden, of_vocab): (usize, usize)) -> Result<()> {
        if !self.device.is_cpu() {
            return Ok(());
        }
        let &NetworkConfig { hidden_size, vocab_size, .. } = &self.config;
        let step = Bytes::floats(&[hidden_size, of_hidden]).plus(Bytes::floats(&[vocab_size, of_vocab]));
        let what = || format!("a batch of {n} problems × {steps} steps at hiddenSize {hidden_size} by the plain engine");
        afford(step.times(n).times(steps), "stages", what, FEWER)
    }

    /// The place of each action among the allowed tokens.
    fn places(&self, actions: &[i32]) -> Candle<Tensor> {
        match &self.allowed {
            Some(allowed) => self.ids(actions.iter().map(|&action| allowed.places[action as usize])),
            None => self.ids(actions.iter().copied()),
        }
    }

    fn ids(&self, ids: impl IntoIterator<Item = i32>) -> Candle<Tensor> {
        let ids: Vec<u32> = ids.into_iter().map(|id| id as u32).collect();
        let len = ids.len();
        Tensor::from_vec(ids, len, &self.device)
    }

    fn batch(&self, prompts: Prompts<'_>) -> Candle<Batch> {
        Ok(Batch {
            n: prompts.len(),
            contexts: self.ids(prompts.contexts.iter().copied())?,
            stages: self.ids(prompts.stages.iter().copied())?,
        })
    }

    /// What the network reads along given actions: the start token, then all actions but the last, step by step, `[T·n]`.
    fn inputs(&self, actions: &[i32], steps: usize) -> Candle<Tensor> {
        let rows = actions.len() / steps;
        let token = |step: usize, row: usize| match step {
            0 => self.config.start_token as i32,
            _ => actions[row * steps + step - 1],
        };
        self.ids((0..steps).flat_map(|step| (0..rows).map(move |row| token(step, row))))
    }

    /// The loss's terms and the clipped gradient, `[P]`.
    fn clipped(&self, episodes: Episodes<'_>, config: &UpdateConfig) -> Result<(UpdateStats, Tensor)> {
        let Episodes { prompts, actions, returns, .. } = episodes;
        let (n, steps) = (prompts.len(), episodes.steps());
        self.afford(n, steps, (60, 24))?;
        // 1 where a step counts, 0 after the end, [n, T].
        let weights = (0..n).flat_map(|problem| (0..steps).map(move |t| if t < episodes.length(problem) { 1_f32 } else { 0.0 }));
        let weights = Tensor::from_vec(weights.collect::<Vec<_>>(), (n, steps), &self.device)?;
        let counted = episodes.counted() as f64;
        let vars = self.tensors()?.iter().map(Var::from_tensor).collect::<Candle<Vec<_>>>()?;
        let tensors: Vec<Tensor> = vars.iter().map(|var| var.as_tensor().clone()).collect();
        let heads = self.weights(&tensors)?.unroll(&self.batch(prompts)?, &self.inputs(actions, steps)?, steps)?;
        let log_prob = heads.log_prob(&self.places(actions)?)?.reshape((n, steps))?;
        let values = heads.values.reshape((n, steps))?;
        let target = Tensor::from_slice(returns, (n, 1), &self.device)?;
        // [n, 1] for the program's own sum of values, [n, T] for each step's value.
        let estimate = match config.baseline {
            Baseline::Program => (values * &weights)?.sum_keepdim(1)?,
            Baseline::Step => values,
        };
        let error = estimate.broadcast_sub(&target)?;
        let policy_loss = (log_prob * &weights)?.broadcast_mul(&error.detach())?.sum(1)?.mean_all()?;
        let value_loss = match config.baseline {
            Baseline::Program => error.sqr()?.mean_all()?,
            Baseline::Step => ((error.sqr()? * &weights)?.sum_all()? / counted)?,
        };
        let entropy = ((heads.entropies * weights.flatten_all()?)?.sum_all()? / counted)?;
        let loss = ((&policy_loss + value_loss.affine(config.value_coef, 0.0)?)? - entropy.affine(config.entropy_coef, 0.0)?)?;

        let terms = Tensor::stack(&[&loss, &policy_loss, &value_loss, &entropy], 0)?.to_vec1::<f32>()?;
        finite("loss", f64::from(terms[0]))?;
        let mut store = loss.backward()?;
        let grads = vars
            .iter()
            .map(|var| store.remove(var).map_or_else(|| var.zeros_like(), Ok)?.flatten_all())
            .collect::<Candle<Vec<_>>>()?;
        let squares = grads.iter().map(|grad| grad.sqr()?.sum_all()).collect::<Candle<Vec<_>>>()?;
        let squares = Tensor::stack(&squares, 0)?.to_vec1::<f32>()?;
        let grad_norm = squares.into_iter().map(f64::from).sum::<f64>().sqrt();
        finite("grad_norm", grad_norm)?;
        let coefficient = (config.max_grad_norm / (grad_norm + 1e-6)).min(1.0);
        let stats = UpdateStats {
            loss: f64::from(terms[0]),
            policy_loss: f64::from(terms[1]),
            value_loss: f64::from(terms[2]),
            entropy: f64::from(terms[3]).max(0.0),
            grad_norm,
            explained_variance: explained_variance(episodes, &estimate.to_vec2::<f32>()?),
        };
        Ok((stats, Tensor::cat(&grads, 0)?.affine(coefficient, 0.0)?))
    }
}

fn finite(what: &'static str, value: f64) -> Result<()> {
    if value.is_finite() { Ok(()) } else { Err(Error::NonFinite { what, value, at: None }) }
}

/// Refuses a row of logits or probabilities that are no distribution: with a NaN, or without a finite largest one.
fn defined(scores: &[f32], row: usize, step: usize) -> Result<()> {
    let largest =
        scores.iter().copied().fold(f32::NEG_INFINITY, |largest, x| if x > largest || x.is_nan() { x } else { largest });
    // A NaN compares as neither larger nor smaller, so it stays.
    if largest.is_finite() {
        return Ok(());
    }
    Err(Error::NonFinite { what: "logits", value: f64::from(largest), at: Some((row, step)) })
}

/// 1 − Var(R − V)/Var(R) over all estimates of each return; NaN when all returns are equal.
fn explained_variance(episodes: Episodes<'_>, estimates: &[Vec<f32>]) -> f64 {
    let returns = episodes.returns;
    if returns.iter().all(|value| value - returns[0] == 0.0) {
        return f64::NAN;
    }
    let variance = |values: Vec<f64>| {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n
    };
    let pairs = returns.iter().zip(estimates).enumerate().flat_map(|(problem, (&target, row))| {
        row.iter().take(episodes.length(problem)).map(move |&value| (f64::from(target), f64::from(value)))
    });
    1.0 - variance(pairs.clone().map(|(target, value)| target - value).collect())
        / variance(pairs.map(|(target, _)| target).collect())
}

impl Engine for Plain {
    fn bytes(&self) -> usize {
        let allowed = self.allowed.as_ref().map_or(0, |allowed| allowed.index.elem_count());
        size_of::<f32>()
            * (allowed + [&self.flat, &self.exp_avg, &self.exp_avg_sq].into_iter().map(Tensor::elem_count).sum::<usize>())
    }

    fn parameters(&self) -> Result<Vec<f32>> {
        Ok(self.flat.to_vec1()?)
    }

    fn set_parameters(&mut self, flat: &[f32]) -> Result<()> {
        self.flat = Tensor::from_slice(flat, self.flat.dims1()?, &self.device)?;
        Ok(())
    }

    fn optimizer(&self) -> Result<AdamState> {
        Ok(AdamState { step: self.step, exp_avg: self.exp_avg.to_vec1()?, exp_avg_sq: self.exp_avg_sq.to_vec1()? })
    }

    fn set_optimizer(&mut self, state: &AdamState) -> Result<()> {
        let count = self.flat.dims1()?;
        let exp_avg = Tensor::from_slice(&state.exp_avg, count, &self.device)?;
        self.exp_avg_sq = Tensor::from_slice(&state.exp_avg_sq, count, &self.device)?;
        self.exp_avg = exp_avg;
        self.step = state.step;
        Ok(())
    }

    fn rollout(&mut self, prompts: Prompts<'_>, sampling: Sampling) -> Result<Rollout> {
        let (n, steps) = (prompts.len(), self.config.horizon);
        self.afford(n, 1, (30, 12))?;
        // Of all steps, only what comes out is held: twice while it is put together, and once where the caller reads it.
        let what = || format!("what {n} problems × {steps} steps give back");
        afford(Bytes::floats(&[n, steps, 4]).times(3), "stages", what, FEWER)?;
        let tensors = self.tensors()?;
        let weights = self.weights(&tensors)?;
        let mut hidden = weights.start(&self.batch(prompts)?)?;
        let mut actions = filled(n * steps, 0)?;
        let mut previous = vec![self.config.start_token as i32; n];
        let (mut log_probs, mut entropies, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for t in 0..steps {
            hidden = weights.step(&weights.input_gates(&self.ids(previous.iter().copied())?)?, &hidden)?;
            let heads = weights.heads(&hidden)?;
            let scores = if sampling == Sampling::Greedy { &heads.logits } else { &heads.policy };
            for (row, scores) in scores.to_vec2::<f32>()?.iter().enumerate() {
                defined(scores, row, t)?;
                let place = choose(scores, sampling, row, t);
                previous[row] = self.allowed.as_ref().map_or(place, |allowed| allowed.tokens[place]) as i32;
                actions[row * steps + t] = previous[row];
            }
            log_probs.push(heads.log_prob(&self.places(&previous)?)?);
            entropies.push(heads.entropies);
            values.push(heads.values);
        }
        let host = |columns: &[Tensor]| Tensor::stack(columns, 1)?.flatten_all()?.to_vec1::<f32>();
        Ok(Rollout { actions, log_probs: host(&log_probs)?, entropies: host(&entropies)?, values: host(&values)? })
    }

    fn evaluate(&mut self, prompts: Prompts<'_>, actions: &[i32]) -> Result<Evaluation> {
        let steps = actions.len() / prompts.len();
        self.afford(prompts.len(), steps, (30, 14))?;
        let tensors = self.tensors()?;
        let heads = self.weights(&tensors)?.unroll(&self.batch(prompts)?, &self.inputs(actions, steps)?, steps)?;
        let log_probs = heads.log_prob(&self.places(actions)?)?.to_vec1()?;
        let mut logits = heads.logits.to_vec2::<f32>()?;
        for (index, logits) in logits.iter_mut().enumerate() {
            defined(logits, index / steps, index % steps)?;
            if let Some(allowed) = &self.allowed {
                let mut all = vec![f32::NEG_INFINITY; self.config.vocab_size];
                allowed.tokens.iter().zip(&*logits).for_each(|(&token, &logit)| all[token] = logit);
                *logits = all;
            }
        }
        let logits = logits.concat();
        Ok(Evaluation { logits, log_probs, entropies: heads.entropies.to_vec1()?, values: heads.values.to_vec1()? })
    }

    fn gradients(&mut self, episodes: Episodes<'_>, config: &UpdateConfig) -> Result<(UpdateStats, Vec<f32>)> {
        let (stats, gradient) = self.clipped(episodes, config)?;
        Ok((stats, gradient.to_vec1()?))
    }

    fn update(&mut self, episodes: Episodes<'_>, config: &UpdateConfig) -> Result<UpdateStats> {
        let (stats, gradient) = self.clipped(episodes, config)?;
        let step = self.step + 1;
        let correction1 = 1.0 - config.beta1.powf(step as f64);
        let correction2 = 1.0 - config.beta2.powf(step as f64);
        let exp_avg = (self.exp_avg.affine(config.beta1, 0.0)? + gradient.affine(1.0 - config.beta1, 0.0)?)?;
        let exp_avg_sq = (self.exp_avg_sq.affine(config.beta2, 0.0)? + gradient.sqr()?.affine(1.0 - config.beta2, 0.0)?)?;
        let denominator = exp_avg_sq.sqrt()?.affine(1.0 / correction2.sqrt(), config.epsilon)?;
        let change = (&exp_avg / denominator)?.affine(config.learning_rate / correction1, 0.0)?;
        let flat = (&self.flat - change)?;
        // 0·x is 0 for every finite x and NaN for the others.
        let checks =
            [&flat, &exp_avg, &exp_avg_sq].into_iter().map(|x| x.affine(0.0, 0.0)?.sum_all()).collect::<Candle<Vec<_>>>()?;
        let value = f64::from(Tensor::stack(&checks, 0)?.sum_all()?.to_scalar::<f32>()?);
        finite("weights", value)?;
        (self.flat, self.exp_avg, self.exp_avg_sq, self.step) = (flat, exp_avg, exp_avg_sq, step);
        Ok(stats)
    }
}

/// The place of a row's action among the allowed tokens, as [`Sampling`] says.
fn choose(scores: &[f32], sampling: Sampling, row: usize, step: usize) -> usize {
    let mut chosen = 0;
    match sampling.uniform(row, step) {
        None => {
            for (place, &score) in scores.iter().enumerate() {
                if score > scores[chosen] {
                    chosen = place;
                }
            }
        }
        Some(uniform) => {
            let mut cumulative = 0.0;
            for (place, &probability) in scores.iter().enumerate().filter(|(_, probability)| **probability > 0.0) {
                chosen = place;
                cumulative += probability;
                if cumulative > uniform {
                    break;
                }
            }
        }
    }
    chosen
}

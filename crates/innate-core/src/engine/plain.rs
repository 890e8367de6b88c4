//! The plain-Candle twin: Candle's tensor operations and autograd, on any Candle device.

use candle_core::{D, Device, Tensor, Var};

use super::{AdamState, ENTROPY_EPSILON, Engine, Evaluation, Prompts, Rollout, Sampling, UpdateStats};
use crate::config::{ContextPooling, NetworkConfig, UpdateConfig};
use crate::error::{Error, Result};
use crate::params::{self, ParamSpec};

type Candle<T> = candle_core::Result<T>;

/// Added to the logits of masked tokens. Finite, because −∞ in a product of the backward pass gives NaN.
const MASKED: f32 = -1e9;

/// The network and its optimizer as Candle tensors.
#[derive(Debug)]
pub struct Plain {
    config: NetworkConfig,
    device: Device,
    specs: Vec<ParamSpec>,
    /// 0 where a token is allowed, [`MASKED`] where it is not, `[1, V]`.
    mask: Option<Tensor>,
    /// `[P]`
    flat: Tensor,
    /// `[P]`
    exp_avg: Tensor,
    /// `[P]`
    exp_avg_sq: Tensor,
    step: u64,
}

/// A batch on the device.
struct Batch {
    n: usize,
    /// Token ids, `[n·L]`.
    contexts: Tensor,
    /// Stage ids, `[n]`.
    stages: Tensor,
}

/// What the heads say, `R` being any number of rows.
struct Heads {
    /// Masked tokens far below all others, `[R, V]`.
    logits: Tensor,
    /// `[R, V]`
    log_policy: Tensor,
    /// `[R, V]`
    policy: Tensor,
    /// `[R]`
    entropies: Tensor,
    /// `[R]`
    values: Tensor,
}

impl Heads {
    /// log π of one token a row, `[R]`.
    fn log_prob(&self, tokens: &Tensor) -> Candle<Tensor> {
        self.log_policy.gather(&tokens.unsqueeze(1)?, 1)?.squeeze(1)
    }
}

/// The weights as tensors of PyTorch's shapes.
struct Weights<'a> {
    config: &'a NetworkConfig,
    mask: Option<&'a Tensor>,
    emb: &'a Tensor,
    stage_emb: &'a Tensor,
    w_ih: &'a Tensor,
    w_hh: &'a Tensor,
    b_ih: &'a Tensor,
    b_hh: &'a Tensor,
    pi_w: &'a Tensor,
    pi_b: &'a Tensor,
    v_w: &'a Tensor,
    v_b: &'a Tensor,
}

fn linear(x: &Tensor, weight: &Tensor, bias: &Tensor) -> Candle<Tensor> {
    x.matmul(&weight.t()?)?.broadcast_add(bias)
}

/// By the hyperbolic tangent: no overflow either way, so no NaN in its gradient.
fn sigmoid(x: &Tensor) -> Candle<Tensor> {
    x.affine(0.5, 0.0)?.tanh()?.affine(0.5, 0.5)
}

impl Weights<'_> {
    /// The initial hidden state, `[n, H]`.
    fn start(&self, batch: &Batch) -> Candle<Tensor> {
        let tokens = self.emb.index_select(&batch.contexts, 0)?.reshape((batch.n, (), self.config.hidden_size))?;
        let mut context = tokens.mean(1)?;
        if self.config.pooling == ContextPooling::Batch {
            context = context.mean_keepdim(0)?;
        }
        self.stage_emb.index_select(&batch.stages, 0)?.broadcast_add(&context)?.tanh()
    }

    /// The input's share of the gates, `[R, 3H]`, of token ids `[R]`.
    fn input_gates(&self, tokens: &Tensor) -> Candle<Tensor> {
        linear(&self.emb.index_select(tokens, 0)?, self.w_ih, self.b_ih)
    }

    /// The next hidden state `[n, H]` from the input's gates `[n, 3H]`.
    fn step(&self, gates: &Tensor, hidden: &Tensor) -> Candle<Tensor> {
        let h = self.config.hidden_size;
        let recurrent = linear(hidden, self.w_hh, self.b_hh)?;
        let pair = |gate: usize| Ok::<_, candle_core::Error>((gates.narrow(1, gate * h, h)?, recurrent.narrow(1, gate * h, h)?));
        let (input, own) = pair(0)?;
        let r = sigmoid(&(input + own)?)?;
        let (input, own) = pair(1)?;
        let z = sigmoid(&(input + own)?)?;
        let (input, own) = pair(2)?;
        let n = (input + (r * own)?)?.tanh()?;
        &n + (z * (hidden - &n)?)?
    }

    /// Policy and value of hidden states `[R, H]`.
    fn heads(&self, hidden: &Tensor) -> Candle<Heads> {
        let mut logits = linear(hidden, self.pi_w, self.pi_b)?;
        if let Some(mask) = self.mask {
            logits = logits.broadcast_add(mask)?;
        }
        let shifted = logits.broadcast_sub(&logits.max_keepdim(D::Minus1)?.detach())?;
        let log_policy = shifted.broadcast_sub(&shifted.exp()?.sum_keepdim(D::Minus1)?.log()?)?;
        let policy = log_policy.exp()?;
        let entropies = (&policy * policy.affine(1.0, f64::from(ENTROPY_EPSILON))?.log()?)?.sum(D::Minus1)?.neg()?;
        let values = linear(hidden, self.v_w, self.v_b)?.squeeze(1)?;
        Ok(Heads { logits, log_policy, policy, entropies, values })
    }

    /// The heads along given actions, one row a problem and step, `[n·T]`.
    fn unroll(&self, batch: &Batch, inputs: &Tensor, steps: usize) -> Candle<Heads> {
        let gates = self.input_gates(inputs)?.reshape((batch.n, steps, 3 * self.config.hidden_size))?;
        let mut hidden = self.start(batch)?;
        let mut states = Vec::with_capacity(steps);
        for t in 0..steps {
            hidden = self.step(&gates.narrow(1, t, 1)?.squeeze(1)?, &hidden)?;
            states.push(hidden.clone());
        }
        self.heads(&Tensor::stack(&states, 1)?.reshape((batch.n * steps, self.config.hidden_size))?)
    }
}

impl Plain {
    /// A network on `device` with the given flat parameters and a fresh optimizer.
    ///
    /// # Errors
    /// When `flat` does not have the network's length or the device refuses.
    pub fn new(config: NetworkConfig, device: Device, flat: &[f32]) -> Result<Self> {
        let count = params::count(&config);
        let mask = match &config.action_mask {
            Some(allowed) => {
                let added: Vec<f32> = allowed.iter().map(|&allow| if allow { 0.0 } else { MASKED }).collect();
                Some(Tensor::from_vec(added, (1, config.vocab_size), &device)?)
            }
            None => None,
        };
        let flat = Tensor::from_slice(flat, count, &device)?;
        let zeros = flat.zeros_like()?;
        Ok(Self { specs: params::specs(&config), mask, exp_avg: zeros.clone(), exp_avg_sq: zeros, flat, step: 0, config, device })
    }

    /// The weights one by one, as views of the flat vector.
    fn tensors(&self) -> Candle<Vec<Tensor>> {
        self.specs.iter().map(|spec| self.flat.narrow(0, spec.offset, spec.len())?.reshape(spec.shape.as_slice())).collect()
    }

    fn weights<'a>(&'a self, tensors: &'a [Tensor]) -> Weights<'a> {
        Weights {
            config: &self.config,
            mask: self.mask.as_ref(),
            emb: &tensors[0],
            stage_emb: &tensors[1],
            w_ih: &tensors[2],
            w_hh: &tensors[3],
            b_ih: &tensors[4],
            b_hh: &tensors[5],
            pi_w: &tensors[6],
            pi_b: &tensors[7],
            v_w: &tensors[8],
            v_b: &tensors[9],
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

    /// What the network reads along given actions: the start token, then all actions but the last, `[n·T]`.
    fn inputs(&self, actions: &[i32], steps: usize) -> Candle<Tensor> {
        let start = self.config.start_token as i32;
        self.ids(actions.chunks(steps).flat_map(|row| std::iter::once(start).chain(row[..steps - 1].iter().copied())))
    }

    /// The loss's terms and the clipped gradient, `[P]`.
    fn clipped(
        &self,
        prompts: Prompts<'_>,
        actions: &[i32],
        returns: &[f32],
        config: &UpdateConfig,
    ) -> Result<(UpdateStats, Tensor)> {
        let n = prompts.len();
        let steps = actions.len() / n;
        let vars = self.tensors()?.iter().map(Var::from_tensor).collect::<Candle<Vec<_>>>()?;
        let tensors: Vec<Tensor> = vars.iter().map(|var| var.as_tensor().clone()).collect();
        let heads = self.weights(&tensors).unroll(&self.batch(prompts)?, &self.inputs(actions, steps)?, steps)?;
        let log_prob = heads.log_prob(&self.ids(actions.iter().copied())?)?.reshape((n, steps))?.sum(1)?;
        let estimate = heads.values.reshape((n, steps))?.sum(1)?;
        let target = Tensor::from_slice(returns, n, &self.device)?;
        let error = (&estimate - &target)?;
        let policy_loss = (log_prob * error.detach())?.mean_all()?;
        let value_loss = error.sqr()?.mean_all()?;
        let entropy = heads.entropies.mean_all()?;
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
            explained_variance: explained_variance(returns, &estimate.to_vec1::<f32>()?),
        };
        Ok((stats, Tensor::cat(&grads, 0)?.affine(coefficient, 0.0)?))
    }
}

fn finite(what: &'static str, value: f64) -> Result<()> {
    if value.is_finite() { Ok(()) } else { Err(Error::NonFinite { what, value }) }
}

/// 1 − Var(R − V̂)/Var(R); NaN when all returns are equal.
fn explained_variance(returns: &[f32], estimates: &[f32]) -> f64 {
    if returns.iter().all(|value| value - returns[0] == 0.0) {
        return f64::NAN;
    }
    let variance = |values: &dyn Fn(usize) -> f64| {
        let n = returns.len() as f64;
        let mean = (0..returns.len()).map(values).sum::<f64>() / n;
        (0..returns.len()).map(|i| (values(i) - mean).powi(2)).sum::<f64>() / n
    };
    1.0 - variance(&|i| f64::from(returns[i]) - f64::from(estimates[i])) / variance(&|i| f64::from(returns[i]))
}

impl Engine for Plain {
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
        let tensors = self.tensors()?;
        let weights = self.weights(&tensors);
        let mut hidden = weights.start(&self.batch(prompts)?)?;
        let mut actions = vec![0; n * steps];
        let mut previous = vec![self.config.start_token as i32; n];
        let (mut log_probs, mut entropies, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for t in 0..steps {
            hidden = weights.step(&weights.input_gates(&self.ids(previous.iter().copied())?)?, &hidden)?;
            let heads = weights.heads(&hidden)?;
            let scores = match sampling {
                Sampling::Greedy => &heads.logits,
                Sampling::Random { .. } => &heads.policy,
            };
            let scores = scores.flatten_all()?.to_vec1::<f32>()?;
            for (row, scores) in scores.chunks(self.config.vocab_size).enumerate() {
                previous[row] = choose(scores, self.config.action_mask.as_deref(), sampling, row, t);
                actions[row * steps + t] = previous[row];
            }
            log_probs.push(heads.log_prob(&self.ids(previous.iter().copied())?)?);
            entropies.push(heads.entropies);
            values.push(heads.values);
        }
        let host = |columns: &[Tensor]| Tensor::stack(columns, 1)?.flatten_all()?.to_vec1::<f32>();
        Ok(Rollout { actions, log_probs: host(&log_probs)?, entropies: host(&entropies)?, values: host(&values)? })
    }

    fn evaluate(&mut self, prompts: Prompts<'_>, actions: &[i32]) -> Result<Evaluation> {
        let steps = actions.len() / prompts.len();
        let tensors = self.tensors()?;
        let heads = self.weights(&tensors).unroll(&self.batch(prompts)?, &self.inputs(actions, steps)?, steps)?;
        let log_probs = heads.log_prob(&self.ids(actions.iter().copied())?)?.to_vec1()?;
        let mut logits = heads.logits.flatten_all()?.to_vec1()?;
        if let Some(mask) = &self.config.action_mask {
            for row in logits.chunks_mut(mask.len()) {
                for (logit, _) in row.iter_mut().zip(mask).filter(|(_, allowed)| !**allowed) {
                    *logit = f32::NEG_INFINITY;
                }
            }
        }
        Ok(Evaluation { logits, log_probs, entropies: heads.entropies.to_vec1()?, values: heads.values.to_vec1()? })
    }

    fn gradients(
        &mut self,
        prompts: Prompts<'_>,
        actions: &[i32],
        returns: &[f32],
        config: &UpdateConfig,
    ) -> Result<(UpdateStats, Vec<f32>)> {
        let (stats, gradient) = self.clipped(prompts, actions, returns, config)?;
        Ok((stats, gradient.to_vec1()?))
    }

    fn update(&mut self, prompts: Prompts<'_>, actions: &[i32], returns: &[f32], config: &UpdateConfig) -> Result<UpdateStats> {
        let (stats, gradient) = self.clipped(prompts, actions, returns, config)?;
        let step = self.step + 1;
        let correction1 = 1.0 - config.beta1.powf(step as f64);
        let correction2 = 1.0 - config.beta2.powf(step as f64);
        let exp_avg = (self.exp_avg.affine(config.beta1, 0.0)? + gradient.affine(1.0 - config.beta1, 0.0)?)?;
        let exp_avg_sq = (self.exp_avg_sq.affine(config.beta2, 0.0)? + gradient.sqr()?.affine(1.0 - config.beta2, 0.0)?)?;
        let denominator = exp_avg_sq.sqrt()?.affine(1.0 / correction2.sqrt(), config.epsilon)?;
        let change = (&exp_avg / denominator)?.affine(config.learning_rate / correction1, 0.0)?;
        self.flat = (&self.flat - change)?;
        (self.exp_avg, self.exp_avg_sq, self.step) = (exp_avg, exp_avg_sq, step);
        Ok(stats)
    }
}

/// One action of a row, as [`Sampling`] says.
fn choose(scores: &[f32], mask: Option<&[bool]>, sampling: Sampling, row: usize, step: usize) -> i32 {
    let mut allowed = scores.iter().enumerate().filter(|(token, _)| mask.is_none_or(|mask| mask[*token]));
    let mut chosen = 0;
    match sampling {
        Sampling::Greedy => {
            let mut best = f32::NEG_INFINITY;
            for (token, &score) in allowed {
                if score > best {
                    (chosen, best) = (token, score);
                }
            }
        }
        Sampling::Random { seed, rollout } => {
            let uniform = seed.action_uniform(rollout, row, step);
            let mut cumulative = 0.0;
            while let Some((token, &probability)) = allowed.next()
                && cumulative <= uniform
            {
                chosen = token;
                cumulative += probability;
            }
        }
    }
    chosen as i32
}

//! The plain-Candle twin: Candle's tensor operations and autograd, on any Candle device.
//!
//! `network` is the network and `loss` what is differentiated; `inputs` is what is read at each step, `choice` what may be chosen.

mod choice;
mod history;
mod inputs;
mod loss;
mod network;
mod reading;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use candle_core::{Device, Tensor, Var};

use self::choice::{Menu, choose, defined};
use self::history::Past;
use self::inputs::Inputs;
use self::loss::{Said, loss};
pub use self::network::Cell;
use self::network::Network;
use super::Engine;
use super::fused::Weights;
use crate::data::{Evaluation, Prompts, Rollout, RolloutSpec, Sampling, Trajectories};
use crate::error::{Error, Result};
use crate::memory::{Bytes, FEWER, afford, filled};
use crate::model::{History, ModelSpec, ParamSpec, count, params};
use crate::objective::{Objective, Targets, Terms};
use crate::optimizer::{AdamState, OptimizerConfig};

type Candle<T> = candle_core::Result<T>;

/// The network and its optimizer as Candle tensors.
pub struct Plain {
    spec: ModelSpec,
    device: Device,
    cell: Cell,
    params: Vec<ParamSpec>,
    /// `[P]`
    flat: Tensor,
    /// `[P]`; `None` is zero.
    gradient: Option<Tensor>,
    /// `[P]`
    exp_avg: Tensor,
    /// `[P]`
    exp_avg_sq: Tensor,
    step: u64,
    generation: u64,
    /// Of this generation.
    packed: Option<Arc<Weights>>,
}

/// How many numbers of each width are made of a step, by estimate.
#[derive(Clone, Copy)]
struct Made {
    hidden: usize,
    actions: usize,
    features: usize,
}

const SAMPLED: Made = Made { hidden: 30, actions: 12, features: 4 };
const EVALUATED: Made = Made { hidden: 30, actions: 16, features: 4 };
const DIFFERENTIATED: Made = Made { hidden: 60, actions: 30, features: 10 };

impl Plain {
    /// A network on `device` with the given flat parameters and a fresh optimizer. The GRU's cell is one operation on CUDA, where it has
    /// kernels of its own, and composed elsewhere.
    ///
    /// # Errors
    /// When `flat` does not have the network's length or the device refuses.
    pub fn new(spec: ModelSpec, device: Device, flat: &[f32]) -> Result<Self> {
        let cell = if device.is_cuda() { Cell::Operation } else { Cell::Composed };
        Self::with_cell(spec, device, flat, cell)
    }

    /// As [`Plain::new`] with a given cell.
    ///
    /// # Errors
    /// As [`Plain::new`].
    pub fn with_cell(spec: ModelSpec, device: Device, flat: &[f32], cell: Cell) -> Result<Self> {
        let flat = Tensor::from_slice(flat, count(&spec), &device)?;
        let zeros = flat.zeros_like()?;
        Ok(Self {
            params: params(&spec),
            exp_avg: zeros.clone(),
            exp_avg_sq: zeros,
            flat,
            gradient: None,
            step: 0,
            generation: 0,
            packed: None,
            spec,
            device,
            cell,
        })
    }

    /// A flat vector's tensors one by one, as views of it.
    fn split(&self, flat: &Tensor) -> Candle<Vec<Tensor>> {
        self.params.iter().map(|param| flat.narrow(0, param.offset, param.len())?.reshape(param.shape.as_slice())).collect()
    }

    fn network<'a>(&'a self, menu: &'a Menu, tensors: Vec<Tensor>) -> Candle<Network<'a>> {
        Network::new(&self.spec, self.cell, &self.device, menu, &self.params, tensors)
    }

    /// The network with the present weights.
    fn present<'a>(&'a self, menu: &'a Menu) -> Candle<Network<'a>> {
        self.network(menu, self.split(&self.flat)?)
    }

    fn tensor(&self, flat: &[f32]) -> Candle<Tensor> {
        Tensor::from_slice(flat, self.flat.dims1()?, &self.device)
    }

    fn replace_weights(&mut self, flat: Tensor) {
        self.flat = flat;
        self.generation += 1;
        self.packed = None;
    }

    /// Asks for what `n` problems of `steps` steps take on the processor. Other devices refuse by themselves.
    fn afford(&self, n: usize, steps: usize, made: Made) -> Result<()> {
        if !self.device.is_cpu() {
            return Ok(());
        }
        let hidden = self.spec.hidden;
        let step = Bytes::floats(&[self.spec.layers, hidden, made.hidden])
            .plus(Bytes::floats(&[self.spec.actions(), made.actions]))
            .plus(Bytes::floats(&[self.spec.features(), made.features]))
            .plus(self.reach(steps).times(made.actions));
        let what = || format!("a batch of {n} problems × {steps} steps at hiddenSize {hidden} by the plain engine");
        afford(step.times(n).times(steps), "stages", what, FEWER)
    }

    /// Bytes of the scores of a step among `steps`.
    fn reach(&self, steps: usize) -> Bytes {
        self.spec.attention.history.map_or(Bytes(0), |History { window }| {
            Bytes::floats(&[History::HEADS, steps.saturating_add(window)]).plus(Bytes::floats(&[History::READ]))
        })
    }

    /// Global norm of the gradient: squares are summed in f32 within a parameter and in f64 between them.
    fn norm(&self, gradient: &Tensor) -> Result<f64> {
        let squares = self.split(gradient)?.iter().map(|of| of.sqr()?.sum_all()).collect::<Candle<Vec<_>>>()?;
        let squares = Tensor::stack(&squares, 0)?.to_vec1::<f32>()?;
        let norm = squares.into_iter().map(f64::from).sum::<f64>().sqrt();
        finite("grad_norm", norm)?;
        Ok(norm)
    }

    /// A step of Adam along a gradient.
    fn adam(&mut self, gradient: &Tensor, config: &OptimizerConfig) -> Result<()> {
        let &OptimizerConfig { learning_rate, beta1, beta2, epsilon, .. } = config;
        let step = self.step + 1;
        let correction1 = 1.0 - beta1.powf(step as f64);
        let correction2 = 1.0 - beta2.powf(step as f64);
        let exp_avg = (self.exp_avg.affine(beta1, 0.0)? + gradient.affine(1.0 - beta1, 0.0)?)?;
        let exp_avg_sq = (self.exp_avg_sq.affine(beta2, 0.0)? + gradient.sqr()?.affine(1.0 - beta2, 0.0)?)?;
        let denominator = exp_avg_sq.sqrt()?.affine(1.0 / correction2.sqrt(), epsilon)?;
        let change = (&exp_avg / denominator)?.affine(learning_rate / correction1, 0.0)?;
        let flat = (&self.flat - change)?;
        // 0·x is 0 for every finite x and NaN for the others.
        let checks =
            [&flat, &exp_avg, &exp_avg_sq].into_iter().map(|x| x.affine(0.0, 0.0)?.sum_all()).collect::<Candle<Vec<_>>>()?;
        finite("weights", f64::from(Tensor::stack(&checks, 0)?.sum_all()?.to_scalar::<f32>()?))?;
        self.replace_weights(flat);
        (self.exp_avg, self.exp_avg_sq, self.step) = (exp_avg, exp_avg_sq, step);
        Ok(())
    }
}

fn finite(what: &'static str, value: f64) -> Result<()> {
    if value.is_finite() { Ok(()) } else { Err(Error::NonFinite { what, value, at: None }) }
}

impl Engine for Plain {
    fn bytes(&self) -> usize {
        let held = [Some(&self.flat), Some(&self.exp_avg), Some(&self.exp_avg_sq), self.gradient.as_ref()];
        let tensors = size_of::<f32>() * held.into_iter().flatten().map(Tensor::elem_count).sum::<usize>();
        tensors + self.packed.as_ref().map_or(0, |packed| packed.bytes())
    }

    fn weights(&mut self) -> Result<Arc<Weights>> {
        if let Some(packed) = &self.packed {
            return Ok(packed.clone());
        }
        let packed = Weights::new(&self.spec, &self.parameters()?, self.generation)?;
        Ok(self.packed.insert(packed).clone())
    }

    fn parameters(&self) -> Result<Vec<f32>> {
        Ok(self.flat.to_vec1()?)
    }

    fn set_parameters(&mut self, flat: &[f32]) -> Result<()> {
        self.replace_weights(self.tensor(flat)?);
        Ok(())
    }

    fn optimizer(&self) -> Result<AdamState> {
        Ok(AdamState { step: self.step, exp_avg: self.exp_avg.to_vec1()?, exp_avg_sq: self.exp_avg_sq.to_vec1()? })
    }

    fn set_optimizer(&mut self, state: &AdamState) -> Result<()> {
        (self.exp_avg, self.exp_avg_sq) = (self.tensor(&state.exp_avg)?, self.tensor(&state.exp_avg_sq)?);
        self.step = state.step;
        Ok(())
    }

    fn rollout(&mut self, prompts: Prompts<'_>, spec: &RolloutSpec, sampling: Sampling<'_>) -> Result<Rollout> {
        self.spec.check_open_loop()?;
        let (n, steps) = (prompts.rows, spec.horizon);
        self.afford(n, 1, SAMPLED)?;
        // Of all steps, only what comes out is held: twice while it is put together, and once where the caller reads it.
        let what = || format!("what {n} problems × {steps} steps give back");
        afford(Bytes::floats(&[n, steps, 4]).times(3), "stages", what, FEWER)?;
        let menu = Menu::new(&self.spec, spec);
        let network = self.present(&menu)?;
        let read = network.read_prompts(prompts)?;
        let mut states = network.begin(prompts, read.as_ref(), None)?;
        let mut actions = filled(n * steps, 0)?;
        let mut chosen = vec![0; n];
        let mut before = Vec::new();
        let (mut log_probs, mut entropies, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for t in 0..steps {
            let inputs = Inputs::open_loop(&self.spec, spec, (n, t), (t > 0).then_some(&*chosen));
            let hidden = network.unroll(&network.read(inputs, n, 1)?, &mut states, None)?;
            let hidden = hidden.transpose(0, 1)?.contiguous()?;
            let past = Past::before(&self.spec, n, t, &before)?;
            let read_out = network.attend(&hidden, read.as_ref())?;
            let read_out = network.look_back(&hidden, &read_out, past.as_ref())?;
            if past.is_some() {
                before.push(hidden);
            }
            let heads = network.heads(&read_out.squeeze(1)?, None)?;
            let scores = if sampling == Sampling::Greedy { &heads.logits } else { &heads.policy };
            for (row, scores) in scores.to_vec2::<f32>()?.iter().enumerate() {
                defined(scores, row, t)?;
                chosen[row] = menu.action(choose(scores, sampling, row, t));
                actions[row * steps + t] = chosen[row];
            }
            log_probs.push(heads.log_prob(menu.places(&chosen))?);
            entropies.push(heads.entropies);
            values.push(heads.values);
        }
        let host = |columns: &[Tensor]| Tensor::stack(columns, 1)?.flatten_all()?.to_vec1::<f32>();
        Ok(Rollout { actions, log_probs: host(&log_probs)?, entropies: host(&entropies)?, values: host(&values)? })
    }

    fn evaluate(&mut self, data: &Trajectories<'_>) -> Result<Evaluation> {
        let steps = data.steps();
        self.afford(data.rows, steps, EVALUATED)?;
        let menu = Menu::new(&self.spec, data.rollout);
        let heads = self.present(&menu)?.along(data)?;
        let log_probs = heads.log_prob(menu.places(&data.actions))?.to_vec1()?;
        let mut logits = heads.logits.to_vec2::<f32>()?;
        for (cell, logits) in logits.iter_mut().enumerate() {
            defined(logits, cell / steps, cell % steps)?;
            *logits = menu.widen(logits);
        }
        Ok(Evaluation {
            logits: logits.concat(),
            log_probs,
            entropies: heads.entropies.to_vec1()?,
            values: heads.values.to_vec1()?,
        })
    }

    fn accumulate(&mut self, data: &Trajectories<'_>, targets: &Targets<'_>, objective: &Objective) -> Result<Terms> {
        self.afford(data.rows, data.steps(), DIFFERENTIATED)?;
        let menu = Menu::new(&self.spec, data.rollout);
        let vars = self.split(&self.flat)?.iter().map(Var::from_tensor).collect::<Candle<Vec<_>>>()?;
        let tensors = vars.iter().map(|var| var.as_tensor().clone()).collect();
        let heads = self.network(&menu, tensors)?.along(data)?;
        let log_probs = heads.log_prob(menu.places(&data.actions))?;
        let said = Said { log_probs, entropies: heads.entropies, values: heads.values };
        let (loss, terms) = loss(&said, data, targets, objective)?;
        finite("loss", terms.loss)?;
        let mut store = loss.backward()?;
        let grads = vars.iter().map(|var| store.remove(var).map_or_else(|| var.zeros_like(), Ok)?.flatten_all());
        let gradient = Tensor::cat(&grads.collect::<Candle<Vec<_>>>()?, 0)?;
        self.norm(&gradient)?;
        self.gradient = Some(match &self.gradient {
            Some(before) => (before + gradient)?,
            None => gradient,
        });
        Ok(terms)
    }

    fn gradient(&self) -> Result<Vec<f32>> {
        match &self.gradient {
            Some(gradient) => Ok(gradient.to_vec1()?),
            None => filled(self.flat.dims1()?, 0.0),
        }
    }

    fn set_gradient(&mut self, flat: &[f32]) -> Result<()> {
        self.gradient = Some(self.tensor(flat)?);
        Ok(())
    }

    fn clear_gradient(&mut self) {
        self.gradient = None;
    }

    fn gradient_norm(&mut self) -> Result<f64> {
        self.gradient.as_ref().map_or(Ok(0.0), |gradient| self.norm(gradient))
    }

    fn apply(&mut self, config: &OptimizerConfig) -> Result<f64> {
        let norm = self.gradient_norm();
        let gradient = self.gradient.take();
        let norm = norm?;
        let gradient = gradient.map_or_else(|| self.flat.zeros_like(), Ok)?;
        self.adam(&gradient.affine(config.clip_coefficient(norm), 0.0)?, config)?;
        Ok(norm)
    }
}

//! From an accumulated gradient to the next weights.

use std::sync::atomic::{AtomicBool, Ordering};

use super::parts::Parts;
use super::{BLOCK, Fused, own_weights};
use crate::error::{Error, Result};
use crate::kernel::adam::{Adam, Step, SumOfSquares};
use crate::kernel::buffer::Buffer;
use crate::kernel::simd::Isa;
use crate::optimizer::OptimizerConfig;

/// The gradient, and Adam's state; all laid out as the weights.
pub(super) struct Optimizer {
    pub(super) step: u64,
    pub(super) exp_avg: Buffer,
    pub(super) exp_avg_sq: Buffer,
    /// Sum of what was accumulated, or anything.
    pub(super) gradient: Buffer,
    /// Whether anything was accumulated.
    pub(super) accumulated: bool,
    /// Norm of the gradient, where it is known.
    pub(super) norm: Option<f64>,
    /// Where a step writes moments before they take the place of the present ones, and where a gradient is made that is added to another; made by
    /// the first.
    pub(super) spare: [Buffer; 2],
}

impl Optimizer {
    pub(super) fn new(len: usize) -> Result<Self> {
        Ok(Self {
            step: 0,
            exp_avg: Buffer::zeros(len)?,
            exp_avg_sq: Buffer::zeros(len)?,
            gradient: Buffer::zeros(len)?,
            accumulated: false,
            norm: None,
            spare: <[Buffer; 2]>::default(),
        })
    }

    pub(super) fn bytes(&self) -> usize {
        [&self.exp_avg, &self.exp_avg_sq, &self.gradient].into_iter().chain(&self.spare).map(Buffer::bytes).sum()
    }

    /// Global norm of what was accumulated.
    pub(super) fn accumulated_norm(&mut self, isa: Isa) -> Result<f64> {
        if !self.accumulated {
            self.gradient.fill(0.0);
            return Ok(0.0);
        }
        self.norm.map_or_else(|| gradient_norm(isa, &self.gradient), Ok)
    }
}

/// Global norm of a gradient.
pub(super) fn gradient_norm(isa: Isa, gradient: &[f32]) -> Result<f64> {
    let squares: f64 = gradient.chunks(BLOCK).map(|block| isa.run(SumOfSquares(block))).sum();
    let value = squares.sqrt();
    if value.is_finite() { Ok(value) } else { Err(Error::NonFinite { what: "grad_norm", value, at: None }) }
}

impl Fused {
    /// Takes one step along the clipped gradient, or none when a weight or a moment would stop being finite. The next weights are written over
    /// the gradient.
    pub(super) fn take_step(&mut self, config: &OptimizerConfig) -> Result<f64> {
        let (isa, len) = (self.weights.isa, self.weights.layout.len);
        let norm = self.optimizer.accumulated_norm(isa);
        let stepped = norm.and_then(|norm| self.write_step(config, norm, (isa, len)).map(|()| norm));
        self.optimizer.accumulated = false;
        stepped
    }

    fn write_step(&mut self, config: &OptimizerConfig, norm: f64, (isa, len): (Isa, usize)) -> Result<()> {
        let Optimizer { step, exp_avg, exp_avg_sq, gradient, spare, .. } = &mut self.optimizer;
        for spare in &mut *spare {
            spare.grow(len)?;
        }
        let numbers = Step::new(config, *step + 1, config.clip_coefficient(norm) as f32);
        let weights = &self.weights.params;
        let moments = [&*exp_avg, &*exp_avg_sq];
        let next_weights = Parts::new(gradient, BLOCK);
        let next = spare.each_mut().map(|spare| Parts::new(spare, BLOCK));
        let finite = AtomicBool::new(true);
        self.pool.run(len.div_ceil(BLOCK), &|task, _| {
            let range = task * BLOCK..len.min((task + 1) * BLOCK);
            // SAFETY: each block is taken by one task.
            let (gradient, next) = unsafe { (next_weights.take(task), next.each_ref().map(|next| next.take(task))) };
            let moments = moments.map(|moment| &moment[range.clone()]);
            if !isa.run(Adam { step: numbers, gradient, weight: &weights[range], moments, next }) {
                finite.store(false, Ordering::Relaxed);
            }
        });
        if !finite.into_inner() {
            let mut written = std::iter::once(&*gradient).chain(&*spare).flat_map(|buffer| &**buffer);
            let value = written.find(|x| !x.is_finite()).map_or(f64::NAN, |&x| f64::from(x));
            return Err(Error::NonFinite { what: "weights", value, at: None });
        }
        own_weights(&mut self.weights)?.swap_parameters(gradient);
        let [next_avg, next_avg_sq] = spare;
        std::mem::swap(exp_avg, next_avg);
        std::mem::swap(exp_avg_sq, next_avg_sq);
        *step += 1;
        Ok(())
    }
}

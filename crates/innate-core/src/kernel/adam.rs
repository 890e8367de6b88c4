//! Adam (Kingma and Ba, 2015) in PyTorch's arithmetic, and what comes before it: sums over gradient buffers and the norm.

use super::gru::add_into;
use super::simd::{Operation, Vector};
use crate::optimizer::OptimizerConfig;

/// `out = Σ parts`, in the order of the parts.
pub(crate) struct Sum<'a, 'b> {
    pub(crate) parts: &'a [&'b [f32]],
    pub(crate) out: &'a mut [f32],
}

impl Operation for Sum<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Some((first, rest)) = self.parts.split_first() else { return };
        self.out.copy_from_slice(first);
        for part in rest {
            add_into::<V>(self.out, part);
        }
    }
}

/// Σ x², in f32 within a block of 1024 and in f64 between blocks.
pub(crate) struct SumOfSquares<'a>(pub(crate) &'a [f32]);

impl Operation for SumOfSquares<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<V: Vector>(self) -> f64 {
        let mut total = 0.0;
        for block in self.0.chunks(1024) {
            let mut sum = V::zero();
            for x in block.chunks_exact(V::LANES) {
                // SAFETY: the chunk holds LANES floats.
                let x = unsafe { V::load(x.as_ptr()) };
                sum = x.mul_add(x, sum);
            }
            total += f64::from(sum.sum());
        }
        total
    }
}

/// Adam's numbers for one step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) clip: f32,
    lerp: f32,
    beta2: f32,
    add: f32,
    epsilon: f32,
    step_size: f32,
    correction2: f32,
}

impl Step {
    /// The numbers of step number `step` (from 1), for a gradient to be scaled by `clip`.
    pub(crate) fn new(config: &OptimizerConfig, step: u64, clip: f32) -> Self {
        let t = step.min(i32::MAX as u64) as i32;
        Self {
            clip,
            lerp: (1.0 - config.beta1) as f32,
            beta2: config.beta2 as f32,
            add: (1.0 - config.beta2) as f32,
            epsilon: config.epsilon as f32,
            step_size: (config.learning_rate / (1.0 - config.beta1.powi(t))) as f32,
            correction2: (1.0 - config.beta2.powi(t)).sqrt() as f32,
        }
    }
}

/// m ← m + (g − m)(1 − β₁), v ← β₂v + (1 − β₂)g², θ ← θ − step_size·m / (√v/√(1 − β₂ᵗ) + ε). What is new is written beside what it is made
/// of, so that a step can be thrown away; whether all of it is finite is given back.
pub(crate) struct Adam<'a> {
    pub(crate) step: Step,
    /// g on entry, the next θ on return.
    pub(crate) gradient: &'a mut [f32],
    pub(crate) weight: &'a [f32],
    /// m and v.
    pub(crate) moments: [&'a [f32]; 2],
    /// Written: the next m and v.
    pub(crate) next: [&'a mut [f32]; 2],
}

impl Operation for Adam<'_> {
    type Output = bool;

    #[inline(always)]
    fn run<V: Vector>(self) -> bool {
        let s = self.step;
        let (keep, add) = (V::splat(s.beta2), V::splat(s.add));
        let (lerp, clip) = (V::splat(s.lerp), V::splat(s.clip));
        let weights = self.gradient.chunks_exact_mut(V::LANES).zip(self.weight.chunks_exact(V::LANES));
        let ([m0, v0], [m1, v1]) =
            (self.moments.map(|of| of.chunks_exact(V::LANES)), self.next.map(|of| of.chunks_exact_mut(V::LANES)));
        // Zero while all is finite, since 0·x is 0 for every finite x and NaN for the others.
        let mut check = V::zero();
        for ((w1, w0), ((m0, m1), (v0, v1))) in weights.zip(m0.zip(m1).zip(v0.zip(v1))) {
            // SAFETY: all six chunks hold LANES floats.
            unsafe {
                let g = V::load(w1.as_ptr()).mul(clip);
                let m0 = V::load(m0.as_ptr());
                let m = g.sub(m0).mul_add(lerp, m0);
                let v = add.mul(g).mul_add(g, V::load(v0.as_ptr()).mul(keep));
                m.store(m1.as_mut_ptr());
                v.store(v1.as_mut_ptr());
                let denominator = v.sqrt().div(V::splat(s.correction2)).add(V::splat(s.epsilon));
                let w = V::load(w0.as_ptr()).sub(V::splat(s.step_size).mul(m.div(denominator)));
                w.store(w1.as_mut_ptr());
                check = v.mul_add(V::zero(), m.mul_add(V::zero(), w.mul_add(V::zero(), check)));
            }
        }
        check.sum() == 0.0
    }
}

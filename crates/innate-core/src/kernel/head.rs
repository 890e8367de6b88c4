//! Both linear heads as one product, and the distribution over tokens: softmax, entropy, log-probability, the choice of an action, and
//! the way back.
//!
//! A row of logits is `np` = padded(V + 1) floats: V tokens, the value in column V, padding. The bias that a product starts from is −∞ for
//! masked tokens and padding, so that they get probability exactly 0 and no gradient.

use super::matmul::{Matmul, Start};
use super::simd::{Operation, Vector};
use crate::data::place;

/// Added to a probability inside the logarithm of the entropy, as the tutorial does.
pub(crate) const ENTROPY_EPSILON: f32 = 1e-9;

/// `logits[rows, np] = Σ reads[i][rows, hp]·weight[i] + bias`.
pub(crate) struct Logits<'a> {
    pub(crate) rows: usize,
    pub(crate) hp: usize,
    pub(crate) hidden: usize,
    pub(crate) np: usize,
    /// What the heads read, `[rows, hp]` each.
    pub(crate) reads: &'a [&'a [f32]],
    /// Transposed, `[reads, hidden, np]`.
    pub(crate) weight: &'a [f32],
    /// `[np]`.
    pub(crate) bias: &'a [f32],
    pub(crate) logits: &'a mut [f32],
}

impl Operation for Logits<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        for row in self.logits.chunks_exact_mut(self.np).take(self.rows) {
            row.copy_from_slice(&self.bias[..self.np]);
        }
        for (a, b) in self.reads.iter().zip(self.weight.chunks_exact(self.hidden * self.np)) {
            Matmul {
                m: self.rows,
                n: self.np,
                k: self.hidden,
                a,
                a_row: self.hp,
                a_col: 1,
                b,
                b_row: self.np,
                c: &mut *self.logits,
                c_row: self.np,
                start: Start::Accumulate,
            }
            .run::<V>();
        }
    }
}

/// What a row of logits says beside its probabilities.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowStats {
    /// Subtract from a logit to get its log-probability.
    pub(crate) log_normalizer: f32,
    pub(crate) entropy: f32,
    pub(crate) value: f32,
}

/// Takes the value out of a row of logits (leaving −∞) and writes the probabilities beside it.
pub(crate) struct Distribution<'a> {
    pub(crate) vocab: usize,
    pub(crate) logits: &'a mut [f32],
    pub(crate) probabilities: &'a mut [f32],
}

impl Operation for Distribution<'_> {
    type Output = RowStats;

    #[inline(always)]
    fn run<V: Vector>(self) -> RowStats {
        let value = std::mem::replace(&mut self.logits[self.vocab], f32::NEG_INFINITY);
        let mut largest = V::splat(f32::NEG_INFINITY);
        for x in self.logits.chunks_exact(V::LANES) {
            // SAFETY: the chunk holds LANES floats.
            largest = largest.max(unsafe { V::load(x.as_ptr()) });
        }
        let max = largest.largest();
        let mut sum = V::zero();
        for (x, p) in self.logits.chunks_exact(V::LANES).zip(self.probabilities.chunks_exact_mut(V::LANES)) {
            // SAFETY: both chunks hold LANES floats.
            unsafe {
                let e = V::load(x.as_ptr()).sub(V::splat(max)).exp();
                e.store(p.as_mut_ptr());
                sum = sum.add(e);
            }
        }
        let total = sum.sum();
        let scale = V::splat(1.0 / total);
        let mut entropy = V::zero();
        for p in self.probabilities.chunks_exact_mut(V::LANES) {
            // SAFETY: the chunk holds LANES floats.
            unsafe {
                let x = V::load(p.as_ptr()).mul(scale);
                x.store(p.as_mut_ptr());
                entropy = x.mul_add(x.add(V::splat(ENTROPY_EPSILON)).ln(), entropy);
            }
        }
        RowStats { log_normalizer: max + total.ln(), entropy: -entropy.sum(), value }
    }
}

/// The first allowed token whose cumulative probability exceeds `uniform`, or the last allowed one.
pub(crate) fn sample(probabilities: &[f32], uniform: f32) -> usize {
    let mut cumulative = 0.0;
    let mut last = 0;
    for (token, &p) in probabilities.iter().enumerate() {
        if p > 0.0 {
            cumulative += p;
            last = token;
            if cumulative > uniform {
                break;
            }
        }
    }
    last
}

/// The allowed token at the place that `uniform` says among all that are, in their order.
pub(crate) fn any(logits: &[f32], uniform: f32) -> usize {
    let allowed = || logits.iter().enumerate().filter(|(_, logit)| **logit > f32::NEG_INFINITY);
    let count = allowed().count();
    allowed().nth(place(uniform, count.max(1))).map_or(0, |(token, _)| token)
}

/// The most probable token, the lowest id on a tie.
pub(crate) fn greedy(logits: &[f32]) -> usize {
    let mut best = 0;
    for (token, &x) in logits.iter().enumerate() {
        if x > logits[best] {
            best = token;
        }
    }
    best
}

/// dL/dlogits of one row, for L = −`advantage`·log π(action) − `entropy`·E + …, with `value` put in the value's column.
pub(crate) struct DistributionBackward<'a> {
    pub(crate) vocab: usize,
    pub(crate) probabilities: &'a [f32],
    pub(crate) action: usize,
    pub(crate) advantage: f32,
    pub(crate) entropy: f32,
    pub(crate) value: f32,
    pub(crate) dlogits: &'a mut [f32],
}

impl Operation for DistributionBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        // With g = dE/dπ = −log(π + ε) − π/(π + ε), dE/dlogit = π·(g − Σ π·g).
        let epsilon = V::splat(ENTROPY_EPSILON);
        let mut mean = V::zero();
        for (p, d) in self.probabilities.chunks_exact(V::LANES).zip(self.dlogits.chunks_exact_mut(V::LANES)) {
            // SAFETY: both chunks hold LANES floats.
            unsafe {
                let p = V::load(p.as_ptr());
                let shifted = p.add(epsilon);
                let g = V::zero().sub(shifted.ln().add(p.div(shifted)));
                g.store(d.as_mut_ptr());
                mean = p.mul_add(g, mean);
            }
        }
        let mean = V::splat(mean.sum());
        for (p, d) in self.probabilities.chunks_exact(V::LANES).zip(self.dlogits.chunks_exact_mut(V::LANES)) {
            // SAFETY: both chunks hold LANES floats.
            unsafe {
                let g = V::load(d.as_ptr());
                let inner = V::splat(-self.entropy).mul_add(g.sub(mean), V::splat(self.advantage));
                V::load(p.as_ptr()).mul(inner).store(d.as_mut_ptr());
            }
        }
        self.dlogits[self.action] -= self.advantage;
        self.dlogits[self.vocab] = self.value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sampling_inverts_the_cumulative_distribution() {
        let p = [0.0, 0.25, 0.0, 0.5, 0.25, 0.0];
        for (uniform, token) in [(0.0, 1), (0.2499, 1), (0.25, 3), (0.7499, 3), (0.75, 4), (0.999_999, 4)] {
            assert_eq!(sample(&p, uniform), token, "{uniform}");
        }
        assert_eq!(sample(&[0.5, 0.499, 0.0], 0.999_99), 1, "rounding leaves the last allowed token");
    }

    #[test]
    fn any_of_the_allowed_tokens_is_as_probable_as_the_others() {
        let none = f32::NEG_INFINITY;
        let logits = [none, 9.0, none, -50.0, 0.0, none];
        for (uniform, token) in [(0.0, 1), (0.333, 1), (0.334, 3), (0.666, 3), (0.667, 4), (0.999_999, 4)] {
            assert_eq!(any(&logits, uniform), token, "{uniform}");
        }
    }

    #[test]
    fn greedy_takes_the_lowest_of_equals() {
        assert_eq!(greedy(&[f32::NEG_INFINITY, 2.0, 1.0, 2.0]), 1);
    }
}

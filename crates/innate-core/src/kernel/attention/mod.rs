//! Attention of one row over a few vectors: softmax over keys, and the sum of values that it weighs.
//!
//! ```text
//! p = softmax(s·K·q)    c = Σ pⱼ·vⱼ        dvⱼ = pⱼ·dc    dsⱼ = pⱼ·(dc·vⱼ − Σ pᵢ·dc·vᵢ)    dq = s·Σ dsⱼ·kⱼ    dkⱼ = s·dsⱼ·q
//! ```
//!
//! Keys and values stand in memory in steps of `stride` floats. A row's weights are padded to whole vectors with zeros.

use super::matmul::{Matmul, Start};
use super::simd::{Operation, Vector};

/// One query, forward.
pub(crate) struct Attend<'a> {
    /// Padded width.
    pub(crate) hp: usize,
    /// What products are multiplied by.
    pub(crate) scale: f32,
    /// Keys, `count` of them, at least 1.
    pub(crate) count: usize,
    /// Floats from one key to the next, and from one value.
    pub(crate) stride: usize,
    /// `[hp]`.
    pub(crate) query: &'a [f32],
    pub(crate) keys: &'a [f32],
    pub(crate) values: &'a [f32],
    /// Written: p, a multiple of the lanes.
    pub(crate) weights: &'a mut [f32],
    /// Written: c, `[hp]`.
    pub(crate) out: &'a mut [f32],
}

impl Operation for Attend<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { hp, scale, count, stride, query, keys, values, weights, out } = self;
        let last = (count - 1) * stride + hp;
        assert!(count > 0 && count <= weights.len() && keys.len() >= last && values.len() >= last);
        assert!(query.len() >= hp && out.len() >= hp && weights.len().is_multiple_of(V::LANES));
        for (j, weight) in weights[..count].iter_mut().enumerate() {
            *weight = scale * dot::<V>(&query[..hp], &keys[j * stride..][..hp]);
        }
        softmax::<V>(weights, count);
        // SAFETY: every vector read or written lies within its first hp floats, checked above.
        unsafe {
            for i in (0..hp).step_by(V::LANES) {
                let mut sum = V::zero();
                for (j, &weight) in weights[..count].iter().enumerate() {
                    sum = V::splat(weight).mul_add(V::load(values.as_ptr().add(j * stride + i)), sum);
                }
                sum.store(out.as_mut_ptr().add(i));
            }
        }
    }
}

/// The first `count` of `weights` become their softmax, the others 0.
#[inline(always)]
pub(crate) fn softmax<V: Vector>(weights: &mut [f32], count: usize) {
    weights[count..].fill(f32::NEG_INFINITY);
    let mut largest = V::splat(f32::NEG_INFINITY);
    for x in weights.chunks_exact(V::LANES) {
        // SAFETY: the chunk holds LANES floats.
        largest = largest.max(unsafe { V::load(x.as_ptr()) });
    }
    let largest = V::splat(largest.largest());
    let mut sum = V::zero();
    for x in weights.chunks_exact_mut(V::LANES) {
        // SAFETY: the chunk holds LANES floats.
        unsafe {
            let e = V::load(x.as_ptr()).sub(largest).exp();
            e.store(x.as_mut_ptr());
            sum = sum.add(e);
        }
    }
    let scale = V::splat(1.0 / sum.sum());
    for x in weights.chunks_exact_mut(V::LANES) {
        // SAFETY: the chunk holds LANES floats.
        unsafe { V::load(x.as_ptr()).mul(scale).store(x.as_mut_ptr()) }
    }
}

/// Σ aᵢ·bᵢ, lengths a multiple of the lanes.
#[inline(always)]
pub(crate) fn dot<V: Vector>(a: &[f32], b: &[f32]) -> f32 {
    let mut sum = V::zero();
    for (a, b) in a.chunks_exact(V::LANES).zip(b.chunks_exact(V::LANES)) {
        // SAFETY: both chunks hold LANES floats.
        sum = unsafe { V::load(a.as_ptr()).mul_add(V::load(b.as_ptr()), sum) };
    }
    sum.sum()
}

/// All queries of one row over the same keys and values, backward.
pub(crate) struct AttendBackward<'a> {
    /// Padded width.
    pub(crate) hp: usize,
    pub(crate) scale: f32,
    /// Keys.
    pub(crate) count: usize,
    /// Floats from one key to the next, one value, and one of their gradients.
    pub(crate) stride: usize,
    pub(crate) keys: &'a [f32],
    pub(crate) values: &'a [f32],
    /// Queries.
    pub(crate) steps: usize,
    /// The queries and the floats between them.
    pub(crate) queries: (&'a [f32], usize),
    /// Their weights and the floats between them.
    pub(crate) weights: (&'a [f32], usize),
    /// Their dL/dc on entry, dL/dq on return, and the floats between them.
    pub(crate) gradients: (&'a mut [f32], usize),
    /// Room for a number a step and key, and the floats from one step to the next.
    pub(crate) dscores: (&'a mut [f32], usize),
    /// Written: dL/dk.
    pub(crate) dkeys: &'a mut [f32],
    /// Written: dL/dv.
    pub(crate) dvalues: &'a mut [f32],
}

impl Operation for AttendBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { hp, scale, count, stride, keys, values, steps, queries, weights, gradients, dscores, dkeys, dvalues } = self;
        let (d, d_row) = gradients;
        let (dscores, width) = dscores;
        assert!(width >= count && dscores.len() >= steps * width);
        for (t, dscores) in dscores.chunks_exact_mut(width).take(steps).enumerate() {
            let (weights, d) = (&weights.0[t * weights.1..][..count], &d[t * d_row..][..hp]);
            let mut mean = 0.0;
            for (j, (ds, &weight)) in dscores.iter_mut().zip(weights).enumerate() {
                *ds = dot::<V>(d, &values[j * stride..][..hp]);
                mean += weight * *ds;
            }
            for (ds, &weight) in dscores.iter_mut().zip(weights) {
                *ds = scale * weight * (*ds - mean);
            }
        }
        // Over keys: rows are keys, what is summed are steps; and over steps.
        let over = |a, a_col, b, b_row, c| Matmul {
            m: count,
            n: hp,
            k: steps,
            a,
            a_row: 1,
            a_col,
            b,
            b_row,
            c,
            c_row: stride,
            start: Start::Zero,
        };
        over(weights.0, weights.1, &*d, d_row, dvalues).run::<V>();
        over(&*dscores, width, queries.0, queries.1, dkeys).run::<V>();
        Matmul {
            m: steps,
            n: hp,
            k: count,
            a: dscores,
            a_row: width,
            a_col: 1,
            b: keys,
            b_row: stride,
            c: d,
            c_row: d_row,
            start: Start::Zero,
        }
        .run::<V>();
    }
}

#[cfg(test)]
mod tests;

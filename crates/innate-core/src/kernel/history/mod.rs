//! Attention of one row over what it made of its own past: heads over neighbouring positions, with a bias by distance.
//!
//! ```text
//! sⱼ = q·kⱼ/√WIDTH + b[distance]    p = softmax(s)    c = Σ pⱼ·vⱼ
//! dvⱼ = pⱼ·dc    dsⱼ = pⱼ·(dc·vⱼ − Σ pᵢ·dc·vᵢ)    db = ds    dq = Σ dsⱼ·kⱼ/√WIDTH    dkⱼ = dsⱼ·q/√WIDTH
//! ```
//!
//! A position holds its query, key and value of all heads, side by side. Sums over positions read these rows; what is made for many positions at
//! once, scores and dc·v, reads keys and values transposed. All orders of summation count from the first position, wherever that is in memory.

use super::simd::{Operation, PAD, Vector};
use crate::model::History;

/// Heads.
pub(crate) const HEADS: usize = History::HEADS;
/// Numbers of a query, a key and a value of one head.
pub(crate) const WIDTH: usize = History::WIDTH;
/// Numbers that are read out.
pub(crate) const READ: usize = HEADS * WIDTH;
/// Numbers of a position: queries, keys, values.
pub(crate) const MADE: usize = 3 * READ;
/// Numbers kept of a query for the way back: of each head the largest score, and 1 over the sum.
pub(crate) const SAVED: usize = 2 * HEADS;

/// 1 / √WIDTH.
const SCALE: f32 = 0.176_776_69;

/// The past of a position, and the position itself.
#[derive(Clone, Copy)]
pub(crate) struct Past<'a> {
    /// Positions before it, 0 or more.
    pub(crate) count: usize,
    /// Of each position from the first on, the present one last, `[count + 1, MADE]`.
    pub(crate) made: &'a [f32],
    /// Keys transposed, from the first position on: READ rows, of which `count` floats count, and there are a vector's more.
    pub(crate) keys: &'a [f32],
    /// Floats from one row of transposed keys or values to the next.
    pub(crate) stride: usize,
    /// For each head what is added to a score, by position from the first on; a vector's floats longer than it need be.
    pub(crate) bias: [&'a [f32]; HEADS],
}

impl<'a> Past<'a> {
    fn query(&self, head: usize) -> &'a [f32] {
        &self.made[self.count * MADE + head * WIDTH..][..WIDTH]
    }

    /// The scores of a head, and −∞ up to a whole vector.
    #[inline(always)]
    fn scores<V: Vector>(&self, head: usize, out: &mut [f32]) {
        let keys = &self.keys[head * WIDTH * self.stride..];
        products::<V>(self.query(head), keys, (self.stride, self.count), out);
        let bias = self.bias[head];
        let (scale, whole) = (V::splat(SCALE), self.count.next_multiple_of(V::LANES));
        for (x, b) in out[..whole].chunks_exact_mut(V::LANES).zip(bias[..whole].chunks_exact(V::LANES)) {
            // SAFETY: both chunks hold LANES floats.
            unsafe { V::load(x.as_ptr()).mul_add(scale, V::load(b.as_ptr())).store(x.as_mut_ptr()) };
        }
        out[self.count..whole].fill(f32::NEG_INFINITY);
    }
}

/// One query, forward.
pub(crate) struct Attend<'a> {
    pub(crate) past: Past<'a>,
    /// Room for a weight each position, in whole vectors.
    pub(crate) weights: &'a mut [f32],
    /// Written: c, `[READ]`; zeros without a past.
    pub(crate) out: &'a mut [f32],
    /// Written: `[SAVED]`.
    pub(crate) saved: &'a mut [f32],
}

impl Operation for Attend<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { past, weights, out, saved } = self;
        if past.count == 0 {
            out.fill(0.0);
            saved.fill(0.0);
            return;
        }
        let whole = past.count.next_multiple_of(V::LANES);
        for head in 0..HEADS {
            past.scores::<V>(head, weights);
            let mut largest = V::splat(f32::NEG_INFINITY);
            for x in weights[..whole].chunks_exact(V::LANES) {
                // SAFETY: the chunk holds LANES floats.
                largest = largest.max(unsafe { V::load(x.as_ptr()) });
            }
            let largest = largest.largest();
            let sum = exponentials::<V>(&mut weights[..whole], largest, 1.0);
            let (scale, out) = (1.0 / sum, &mut out[head * WIDTH..][..WIDTH]);
            weighted::<V>(&weights[..past.count], &past.made[2 * READ + head * WIDTH..], out);
            for x in out.iter_mut() {
                *x *= scale;
            }
            (saved[2 * head], saved[2 * head + 1]) = (largest, scale);
        }
    }
}

/// One query, backward.
pub(crate) struct AttendBackward<'a> {
    pub(crate) past: Past<'a>,
    /// Values transposed, as [`Past::keys`].
    pub(crate) values: &'a [f32],
    /// What [`Attend`] wrote.
    pub(crate) saved: &'a [f32],
    /// dL/dc, `[READ]`.
    pub(crate) dout: &'a [f32],
    /// Room for two numbers a position, in whole vectors.
    pub(crate) scratch: &'a mut [f32],
    /// Gradients laid out as [`Past::made`]: the present query's is written, those of the past keys and values are added to.
    pub(crate) dmade: &'a mut [f32],
    /// Added to: those at the bias, laid out as [`Past::bias`].
    pub(crate) dbias: [&'a mut [f32]; HEADS],
}

impl Operation for AttendBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { past, values, saved, dout, scratch, dmade, dbias } = self;
        let (before, present) = dmade.split_at_mut(past.count * MADE);
        let dquery = &mut present[..READ];
        if past.count == 0 {
            dquery.fill(0.0);
            return;
        }
        let whole = past.count.next_multiple_of(V::LANES);
        let (weights, dscores) = scratch.split_at_mut(scratch.len() / 2);
        let (weights, dscores) = (&mut weights[..whole], &mut dscores[..whole]);
        for (head, dbias) in dbias.into_iter().enumerate() {
            let dout = &dout[head * WIDTH..][..WIDTH];
            past.scores::<V>(head, weights);
            exponentials::<V>(weights, saved[2 * head], saved[2 * head + 1]);
            products::<V>(dout, &values[head * WIDTH * past.stride..], (past.stride, past.count), dscores);
            dscores[past.count..].fill(0.0);
            let mut mean = V::zero();
            for (p, d) in weights.chunks_exact(V::LANES).zip(dscores.chunks_exact(V::LANES)) {
                // SAFETY: both chunks hold LANES floats.
                mean = unsafe { V::load(p.as_ptr()).mul_add(V::load(d.as_ptr()), mean) };
            }
            let (mean, scale) = (V::splat(mean.sum()), V::splat(SCALE));
            let each = weights.chunks_exact(V::LANES).zip(dscores.chunks_exact_mut(V::LANES));
            for ((p, d), dbias) in each.zip(dbias[..whole].chunks_exact_mut(V::LANES)) {
                // SAFETY: all chunks hold LANES floats.
                unsafe {
                    let ds = V::load(p.as_ptr()).mul(V::load(d.as_ptr()).sub(mean));
                    V::load(dbias.as_ptr()).add(ds).store(dbias.as_mut_ptr());
                    ds.mul(scale).store(d.as_mut_ptr());
                }
            }
            let keys = READ + head * WIDTH;
            weighted::<V>(&dscores[..past.count], &past.made[keys..], &mut dquery[head * WIDTH..][..WIDTH]);
            spread::<V>(&dscores[..past.count], past.query(head), &mut before[keys..]);
            spread::<V>(&weights[..past.count], dout, &mut before[READ + keys..]);
        }
    }
}

/// eˣ⁻ˡ·scale in place of each x; their sum.
#[inline(always)]
fn exponentials<V: Vector>(x: &mut [f32], largest: f32, scale: f32) -> f32 {
    let (largest, scale) = (V::splat(largest), V::splat(scale));
    let mut sum = V::zero();
    for x in x.chunks_exact_mut(V::LANES) {
        // SAFETY: the chunk holds LANES floats.
        unsafe {
            let e = V::load(x.as_ptr()).sub(largest).exp().mul(scale);
            e.store(x.as_mut_ptr());
            sum = sum.add(e);
        }
    }
    sum.sum()
}

/// `out[j] = Σᵢ x[i]·matrix[i·stride + j]` for the first `count` places, and anything up to a whole vector.
#[inline(always)]
fn products<V: Vector>(x: &[f32], matrix: &[f32], (stride, count): (usize, usize), out: &mut [f32]) {
    let whole = count.next_multiple_of(V::LANES);
    assert!(x.len() == WIDTH && out.len() >= whole && matrix.len() >= (WIDTH - 1) * stride + whole);
    let mut j = 0;
    // SAFETY: whole vectors up to `whole` lie within each row of the matrix and within `out`, checked above.
    unsafe {
        while whole - j >= 4 * V::LANES {
            product::<V, 4>(x, matrix.as_ptr().add(j), stride, out.as_mut_ptr().add(j));
            j += 4 * V::LANES;
        }
        while j < whole {
            product::<V, 1>(x, matrix.as_ptr().add(j), stride, out.as_mut_ptr().add(j));
            j += V::LANES;
        }
    }
}

/// # Safety
/// `N` vectors of each row and of `out` are valid.
#[inline(always)]
unsafe fn product<V: Vector, const N: usize>(x: &[f32], matrix: *const f32, stride: usize, out: *mut f32) {
    let mut sums = [V::zero(); N];
    // SAFETY: the caller's promise.
    unsafe {
        for (i, &x) in x.iter().enumerate() {
            let (x, row) = (V::splat(x), matrix.add(i * stride));
            for (n, sum) in sums.iter_mut().enumerate() {
                *sum = x.mul_add(V::load(row.add(n * V::LANES)), *sum);
            }
        }
        for (n, sum) in sums.into_iter().enumerate() {
            sum.store(out.add(n * V::LANES));
        }
    }
}

/// `out = Σⱼ weights[j]·rows[j·MADE..]`, `[WIDTH]`: in four sums, so that none waits for itself.
#[inline(always)]
fn weighted<V: Vector>(weights: &[f32], rows: &[f32], out: &mut [f32]) {
    assert!(rows.len() >= (weights.len() - 1) * MADE + WIDTH && out.len() == WIDTH);
    for i in (0..WIDTH).step_by(2 * V::LANES) {
        let mut sums = [[V::zero(); 2]; 4];
        // SAFETY: two vectors from i on lie within WIDTH, and every row holds WIDTH floats, checked above.
        unsafe {
            let rows = rows.as_ptr().add(i);
            let add = |sum: &mut [V; 2], j: usize| {
                let (weight, row) = (V::splat(*weights.get_unchecked(j)), rows.add(j * MADE));
                sum[0] = weight.mul_add(V::load(row), sum[0]);
                sum[1] = weight.mul_add(V::load(row.add(V::LANES)), sum[1]);
            };
            let quads = weights.len() / 4 * 4;
            for j in (0..quads).step_by(4) {
                for (n, sum) in sums.iter_mut().enumerate() {
                    add(sum, j + n);
                }
            }
            for (sum, j) in sums.iter_mut().zip(quads..weights.len()) {
                add(sum, j);
            }
            let out = out.as_mut_ptr().add(i);
            for n in 0..2 {
                let [a, b, c, d] = sums.map(|sum| sum[n]);
                a.add(b).add(c.add(d)).store(out.add(n * V::LANES));
            }
        }
    }
}

/// `rows[j·MADE..] += weights[j]·x`, `[WIDTH]` each.
#[inline(always)]
fn spread<V: Vector>(weights: &[f32], x: &[f32], rows: &mut [f32]) {
    assert!(rows.len() >= (weights.len() - 1) * MADE + WIDTH && x.len() == WIDTH);
    for i in (0..WIDTH).step_by(2 * V::LANES) {
        // SAFETY: as in `weighted`.
        unsafe {
            let (low, high) = (V::load(x.as_ptr().add(i)), V::load(x.as_ptr().add(i + V::LANES)));
            for (j, &weight) in weights.iter().enumerate() {
                let (weight, row) = (V::splat(weight), rows.as_mut_ptr().add(j * MADE + i));
                weight.mul_add(low, V::load(row)).store(row);
                let row = row.add(V::LANES);
                weight.mul_add(high, V::load(row)).store(row);
            }
        }
    }
}

/// Floats that weights or biases of `positions` positions take, what is read beyond them included.
pub(crate) const fn room(positions: usize) -> usize {
    positions.next_multiple_of(PAD) + PAD
}

/// Floats from one row of transposed keys or values of `positions` positions to the next: an odd number of cache lines, or the rows would share
/// few places of the cache.
pub(crate) const fn stride(positions: usize) -> usize {
    (positions.div_ceil(PAD) | 1) * PAD
}

#[cfg(test)]
mod tests;

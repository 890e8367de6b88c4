//! Multiples of a vector: what numbers beside tokens add to what is made of the tokens, and their way back.

use super::simd::{Operation, Vector};

/// Rows of a table, each with a multiple of one vector: `out[i] = table[rows[i]] + factors[i]·vector`. Widths are multiples of the lanes.
pub(crate) struct ScaledRows<'a> {
    /// `[_, width]`.
    pub(crate) table: &'a [f32],
    pub(crate) rows: &'a [u32],
    /// `[width]`.
    pub(crate) vector: &'a [f32],
    pub(crate) factors: &'a [f32],
    /// `[_, width]`.
    pub(crate) out: &'a mut [f32],
}

impl Operation for ScaledRows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { table, rows, vector, factors, out } = self;
        let width = vector.len();
        for ((&row, &factor), out) in rows.iter().zip(factors).zip(out.chunks_exact_mut(width)) {
            out.copy_from_slice(&table[row as usize * width..][..width]);
            add_scaled::<V>(out, vector, factor);
        }
    }
}

/// `out += Σᵢ factors[i]·x[i·stride..]`, as wide as `out`, a multiple of the lanes.
pub(crate) struct ScaledSum<'a> {
    pub(crate) x: &'a [f32],
    pub(crate) stride: usize,
    pub(crate) factors: &'a [f32],
    pub(crate) out: &'a mut [f32],
}

impl Operation for ScaledSum<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        for (i, &factor) in self.factors.iter().enumerate() {
            add_scaled::<V>(self.out, &self.x[i * self.stride..], factor);
        }
    }
}

#[inline(always)]
fn add_scaled<V: Vector>(out: &mut [f32], x: &[f32], factor: f32) {
    let factor = V::splat(factor);
    for (out, x) in out.chunks_exact_mut(V::LANES).zip(x.chunks_exact(V::LANES)) {
        // SAFETY: both chunks hold LANES floats.
        unsafe { V::load(x.as_ptr()).mul_add(factor, V::load(out.as_ptr())).store(out.as_mut_ptr()) }
    }
}

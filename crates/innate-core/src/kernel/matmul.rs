//! Small dense products, tiled for registers: C ← A·B (+ C), A read through two strides so that it may stand transposed.

use super::simd::{Operation, PAD, Vector};

/// What an accumulator starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// C is overwritten.
    Zero,
    /// C is added to.
    Accumulate,
}

/// `C[m, n] ← Σ_k A[m, k]·B[k, n]`, with `A[m, k] = a[m·a_row + k·a_col]`, B and C row-major with strides `b_row`, `c_row`.
/// `n` is a multiple of [`PAD`]. The sum over k is taken in order, so the result does not depend on how rows are split among calls.
pub(crate) struct Matmul<'a> {
    pub(crate) m: usize,
    pub(crate) n: usize,
    pub(crate) k: usize,
    pub(crate) a: &'a [f32],
    pub(crate) a_row: usize,
    pub(crate) a_col: usize,
    pub(crate) b: &'a [f32],
    pub(crate) b_row: usize,
    pub(crate) c: &'a mut [f32],
    pub(crate) c_row: usize,
    pub(crate) start: Start,
}

impl Operation for Matmul<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { m, n, k, .. } = self;
        if m == 0 || n == 0 {
            return;
        }
        assert!(n.is_multiple_of(PAD));
        assert!(k == 0 || self.a.len() > (m - 1) * self.a_row + (k - 1) * self.a_col);
        assert!(k == 0 || self.b.len() >= (k - 1) * self.b_row + n);
        assert!(self.c.len() >= (m - 1) * self.c_row + n);
        let tile = Tile {
            k,
            a: self.a.as_ptr(),
            a_row: self.a_row,
            a_col: self.a_col,
            b: self.b.as_ptr(),
            b_row: self.b_row,
            c: self.c.as_mut_ptr(),
            c_row: self.c_row,
            accumulate: self.start == Start::Accumulate,
        };
        let vectors = n / V::LANES;
        // Few rows take wide tiles, or each sum would wait for itself.
        let (rest, whole) = (m % 4, m - m % 4);
        // SAFETY: the strides were checked against the slices above, and every tile lies within m × n.
        unsafe {
            if whole > 0 {
                let mut j = 0;
                if V::ROWS >= 8 {
                    while vectors - j >= 3 {
                        tile.column::<V, 3>(whole, j * V::LANES);
                        j += 3;
                    }
                }
                while vectors - j >= 2 {
                    tile.column::<V, 2>(whole, j * V::LANES);
                    j += 2;
                }
                if j < vectors {
                    tile.column::<V, 1>(whole, j * V::LANES);
                }
            }
            if rest >= 2 {
                tile.row::<V, 2, 6>(whole, vectors);
            }
            if rest % 2 == 1 {
                tile.row::<V, 1, 12>(m - 1, vectors);
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Tile {
    k: usize,
    a: *const f32,
    a_row: usize,
    a_col: usize,
    b: *const f32,
    b_row: usize,
    c: *mut f32,
    c_row: usize,
    accumulate: bool,
}

impl Tile {
    /// All `m` rows, a multiple of four, of the columns `[j, j + N·LANES)`.
    #[inline(always)]
    unsafe fn column<V: Vector, const N: usize>(self, m: usize, j: usize) {
        let mut i = 0;
        // SAFETY: the caller's promise; rows i..i + R are below m.
        unsafe {
            if V::ROWS >= 8 {
                while m - i >= 8 {
                    self.block::<V, 8, N>(i, j);
                    i += 8;
                }
            } else {
                // Narrower and higher: of 16 registers 12 are sums, and three vectors beside them do not stay in the rest.
                while m - i >= 6 && m - i != 8 {
                    self.block::<V, 6, N>(i, j);
                    i += 6;
                }
            }
            while m - i >= 4 {
                self.block::<V, 4, N>(i, j);
                i += 4;
            }
        }
    }

    /// `R` rows from row `i` on, all columns: `N` vectors at a time, then what is left.
    #[inline(always)]
    unsafe fn row<V: Vector, const R: usize, const N: usize>(self, i: usize, vectors: usize) {
        let mut j = 0;
        // SAFETY: the caller's promise.
        unsafe {
            while vectors - j >= N {
                self.block::<V, R, N>(i, j * V::LANES);
                j += N;
            }
            while vectors - j >= 4 {
                self.block::<V, R, 4>(i, j * V::LANES);
                j += 4;
            }
            while j < vectors {
                self.block::<V, R, 1>(i, j * V::LANES);
                j += 1;
            }
        }
    }

    #[inline(always)]
    unsafe fn block<V: Vector, const R: usize, const N: usize>(self, i: usize, j: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            let mut acc = [[V::zero(); N]; R];
            let c = self.c.add(i * self.c_row + j);
            if self.accumulate {
                for (r, row) in acc.iter_mut().enumerate() {
                    for (v, x) in row.iter_mut().enumerate() {
                        *x = V::load(c.add(r * self.c_row + v * V::LANES));
                    }
                }
            }
            let mut a = self.a.add(i * self.a_row);
            let mut b = self.b.add(j);
            for _ in 0..self.k {
                let mut panel = [V::zero(); N];
                for (v, x) in panel.iter_mut().enumerate() {
                    *x = V::load(b.add(v * V::LANES));
                }
                for (r, row) in acc.iter_mut().enumerate() {
                    let x = V::splat(*a.add(r * self.a_row));
                    for (y, &w) in row.iter_mut().zip(&panel) {
                        *y = x.mul_add(w, *y);
                    }
                }
                a = a.wrapping_add(self.a_col);
                b = b.wrapping_add(self.b_row);
            }
            for (r, row) in acc.iter().enumerate() {
                for (v, x) in row.iter().enumerate() {
                    x.store(c.add(r * self.c_row + v * V::LANES));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::simd::Isa;
    use super::*;

    #[test]
    fn products_match_the_definition() {
        for isa in Isa::available() {
            for (m, n, k, transposed) in
                [(1, 16, 5, false), (9, 48, 7, true), (31, 96, 33, false), (19, 112, 1, true), (3, 32, 0, false)]
            {
                let a: Vec<f32> = (0..m * k).map(|i| ((i * 37 % 101) as f32 - 50.0) / 50.0).collect();
                let b: Vec<f32> = (0..k * n).map(|i| ((i * 53 % 97) as f32 - 48.0) / 48.0).collect();
                let (a_row, a_col) = if transposed { (1, m) } else { (k, 1) };
                let mut c = vec![0.5; m * n];
                for start in [Start::Accumulate, Start::Zero] {
                    let base: Vec<f32> = if start == Start::Zero { vec![0.0; m * n] } else { c.clone() };
                    isa.run(Matmul { m, n, k, a: &a, a_row, a_col, b: &b, b_row: n, c: &mut c, c_row: n, start });
                    for i in 0..m {
                        for j in 0..n {
                            let want: f64 = (0..k).map(|x| f64::from(a[i * a_row + x * a_col]) * f64::from(b[x * n + j])).sum();
                            let want = want + f64::from(base[i * n + j]);
                            assert!((f64::from(c[i * n + j]) - want).abs() < 1e-5, "{isa:?} {m}x{n}x{k}");
                        }
                    }
                }
            }
        }
    }

    /// Every number of rows up to beyond three blocks of six, and widths of every number of vectors: as the definition, and to the bit as one row
    /// at a time.
    #[test]
    fn few_rows_are_as_many() {
        const K: usize = 7;
        for isa in Isa::available() {
            for (m, blocks) in (1..=22).flat_map(|m| (1..=14).map(move |blocks| (m, blocks))) {
                let n = blocks * PAD;
                let a: Vec<f32> = (0..m * K).map(|i| ((i * 37 % 101) as f32 - 50.0) / 50.0).collect();
                let b: Vec<f32> = (0..K * n).map(|i| ((i * 53 % 97) as f32 - 48.0) / 48.0).collect();
                let from: Vec<f32> = (0..m * n).map(|i| (i % 13) as f32 / 4.0 - 1.0).collect();
                for start in [Start::Accumulate, Start::Zero] {
                    let (mut c, mut single) = (from.clone(), from.clone());
                    let of = |a, m, c| Matmul { m, n, k: K, a, a_row: K, a_col: 1, b: &b, b_row: n, c, c_row: n, start };
                    isa.run(of(&a, m, &mut c));
                    for (a, c) in a.chunks_exact(K).zip(single.chunks_exact_mut(n)) {
                        isa.run(of(a, 1, c));
                    }
                    let bits = |values: &[f32]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                    assert_eq!(bits(&c), bits(&single), "{isa:?} {m}x{n} {start:?}");
                    for (at, &got) in c.iter().enumerate() {
                        let base = if start == Start::Zero { 0.0 } else { f64::from(from[at]) };
                        let dot = |x: usize| f64::from(a[at / n * K + x]) * f64::from(b[x * n + at % n]);
                        let want = base + (0..K).map(dot).sum::<f64>();
                        assert!((f64::from(got) - want).abs() < 1e-5, "{isa:?} {m}x{n} {start:?}: {got} {want}");
                    }
                }
            }
        }
    }
}

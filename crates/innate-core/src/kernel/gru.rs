//! One step of a GRU layer for a block of rows. PyTorch's form: with gates r, z, n,
//!
//! ```text
//! r = σ(gi_r + W_hr·h + b_hr)    z = σ(gi_z + W_hz·h + b_hz)    n = tanh(gi_n + r·(W_hn·h + b_hn))    h' = (1 − z)·n + z·h
//! ```
//!
//! where gi = W_ih·x + b_ih has been computed for all inputs at once: one row a token where inputs are tokens, one row a problem where
//! they are dense.

use std::sync::atomic::{Ordering, compiler_fence};

use super::matmul::{Matmul, Start};
use super::simd::{Isa, Operation, Vector};

/// Floats saved for the backward pass, in multiples of the padded width: r, z, n and W_hn·h + b_hn.
pub(crate) const SAVED: usize = 4;

/// Repacks gate weights for [`Forward`]: `weight` `[3, hp, width]` row-major → panels `[hp/lanes][k][3][lanes]`, one panel the three gates of
/// `lanes` neighbouring units, so that a tile ends with all it needs for the new state.
pub(crate) fn pack_panel(weight: &[f32], (hp, width): (usize, usize), k: usize, lanes: usize, panel: usize, out: &mut [f32]) {
    for gate in 0..3 {
        for lane in 0..lanes {
            let row = &weight[(gate * hp + panel * lanes + lane) * width..][..k];
            for (x, &w) in out[gate * lanes + lane..].iter_mut().step_by(3 * lanes).zip(row) {
                *x = w;
            }
        }
    }
}

/// Floats of one panel.
pub(crate) const fn panel_len(k: usize, lanes: usize) -> usize {
    k * 3 * lanes
}

/// Lanes of the panels for an instruction set.
pub(crate) fn lanes(isa: Isa) -> usize {
    struct Lanes;
    impl Operation for Lanes {
        type Output = usize;
        #[inline(always)]
        fn run<V: Vector>(self) -> usize {
            V::LANES
        }
    }
    isa.run(Lanes)
}

/// What the gates of dense inputs are added to.
pub(crate) enum Base<'a> {
    /// b_ih, `[3, hp]`, for every row.
    Bias(&'a [f32]),
    /// Gates in panel order, `[_, 3·hp]`, and which row of them each row takes.
    Rows(&'a [f32], &'a [u32]),
    /// Nothing.
    Zero,
}

/// gi rows for a block of dense inputs: `x[rows, dp]·W_ihᵀ + base`, in panel order `[rows][hp/lanes][3][lanes]`.
pub(crate) struct InputGates<'a> {
    pub(crate) rows: usize,
    /// Padded width of the state.
    pub(crate) hp: usize,
    /// Padded width of the inputs.
    pub(crate) dp: usize,
    /// True width of the inputs.
    pub(crate) k: usize,
    pub(crate) x: &'a [f32],
    /// Packed W_ih.
    pub(crate) panels: &'a [f32],
    pub(crate) base: Base<'a>,
    pub(crate) out: &'a mut [f32],
}

impl Operation for InputGates<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { rows, hp, dp, k, x, panels, base, out } = self;
        for (index, row) in out.chunks_exact_mut(3 * hp).take(rows).enumerate() {
            match base {
                Base::Zero => row.fill(0.0),
                Base::Rows(gates, rows) => row.copy_from_slice(&gates[rows[index] as usize * 3 * hp..][..3 * hp]),
                Base::Bias(bias) => {
                    for (panel, block) in row.chunks_exact_mut(3 * V::LANES).enumerate() {
                        for (gate, lanes) in block.chunks_exact_mut(V::LANES).enumerate() {
                            lanes.copy_from_slice(&bias[gate * hp + panel * V::LANES..][..V::LANES]);
                        }
                    }
                }
            }
        }
        let width = 3 * V::LANES;
        for panel in 0..hp / V::LANES {
            let weights = &panels[panel * panel_len(k, V::LANES)..][..panel_len(k, V::LANES)];
            Panel { x, k, x_row: dp, weights }.accumulate::<V>(rows, &mut out[panel * width..], 3 * hp);
        }
    }
}

/// A product with one panel: three vectors wide.
struct Panel<'a> {
    x: &'a [f32],
    k: usize,
    x_row: usize,
    weights: &'a [f32],
}

impl Panel<'_> {
    #[inline(always)]
    fn accumulate<V: Vector>(&self, rows: usize, out: &mut [f32], out_row: usize) {
        assert!(rows == 0 || out.len() >= (rows - 1) * out_row + 3 * V::LANES);
        for row in 0..rows {
            // SAFETY: the row and its three vectors were checked above; `tile` checks its own operands.
            unsafe {
                let c = out.as_mut_ptr().add(row * out_row);
                let start = [[V::load(c), V::load(c.add(V::LANES)), V::load(c.add(2 * V::LANES))]];
                let [[a, b, d]] = self.tile::<V, 1>(row, start);
                a.store(c);
                b.store(c.add(V::LANES));
                d.store(c.add(2 * V::LANES));
            }
        }
    }

    /// `acc + x[row..row + R]·weights`.
    #[inline(always)]
    fn tile<V: Vector, const R: usize>(&self, row: usize, mut acc: [[V; 3]; R]) -> [[V; 3]; R] {
        assert!(self.x.len() >= (row + R - 1) * self.x_row + self.k && self.weights.len() >= self.k * 3 * V::LANES);
        // SAFETY: rows `row..row + R` of x hold k floats and the panel holds k·3·LANES, checked above.
        unsafe {
            let x = self.x.as_ptr().add(row * self.x_row);
            let mut w = self.weights.as_ptr();
            for k in 0..self.k {
                let (wr, wz, wn) = (V::load(w), V::load(w.add(V::LANES)), V::load(w.add(2 * V::LANES)));
                for (r, [ar, az, an]) in acc.iter_mut().enumerate() {
                    // Where there are 16 registers the third weight has none beside 12 sums: it is read for each row, behind a fence, since the
                    // compiler would keep it, and spill a sum at every step instead.
                    let wn = if V::ROWS >= 8 {
                        wn
                    } else {
                        compiler_fence(Ordering::SeqCst);
                        V::load(w.add(2 * V::LANES))
                    };
                    let h = V::splat(*x.add(r * self.x_row + k));
                    *ar = h.mul_add(wr, *ar);
                    *az = h.mul_add(wz, *az);
                    *an = h.mul_add(wn, *an);
                }
                w = w.wrapping_add(3 * V::LANES);
            }
        }
        acc
    }
}

/// The forward step.
pub(crate) struct Forward<'a> {
    pub(crate) rows: usize,
    /// Padded width.
    pub(crate) hp: usize,
    /// True width.
    pub(crate) hidden: usize,
    /// Packed W_hh.
    pub(crate) panels: &'a [f32],
    /// b_hh, `[3, hp]`.
    pub(crate) bias: &'a [f32],
    /// gi in panel order, `[_, 3·hp]`.
    pub(crate) gates: &'a [f32],
    /// Which row of `gates` each row takes, `[rows]`.
    pub(crate) gate_rows: &'a [u32],
    /// h, `[rows, hp]`.
    pub(crate) h: &'a [f32],
    /// h', `[rows, hp]`.
    pub(crate) h_next: &'a mut [f32],
    /// `[rows, 4, hp]`.
    pub(crate) saved: &'a mut [f32],
}

impl Operation for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(mut self) {
        let (rows, hp) = (self.rows, self.hp);
        assert!(self.h.len() >= rows * hp && self.h_next.len() >= rows * hp && self.saved.len() >= rows * SAVED * hp);
        assert!(self.bias.len() >= 3 * hp && self.gate_rows.len() >= rows);
        let limit = self.gates.len() / (3 * hp);
        assert!(self.gate_rows[..rows].iter().all(|&row| (row as usize) < limit));
        for panel in 0..hp / V::LANES {
            let mut row = 0;
            if V::ROWS >= 8 {
                while rows - row >= 8 {
                    self.block::<V, 8>(row, panel);
                    row += 8;
                }
            }
            while rows - row >= 4 {
                self.block::<V, 4>(row, panel);
                row += 4;
            }
            if rows - row >= 2 {
                self.block::<V, 2>(row, panel);
                row += 2;
            }
            if row < rows {
                self.block::<V, 1>(row, panel);
            }
        }
    }
}

impl Forward<'_> {
    #[inline(always)]
    fn block<V: Vector, const R: usize>(&mut self, row: usize, panel: usize) {
        let hp = self.hp;
        let j = panel * V::LANES;
        let len = panel_len(self.hidden, V::LANES);
        // SAFETY: `run` checked every slice against rows and hp; j + LANES ≤ hp, row + R ≤ rows, gate rows are below their limit.
        unsafe {
            let bias = self.bias.as_ptr().add(j);
            let start = [V::load(bias), V::load(bias.add(hp)), V::load(bias.add(2 * hp))];
            let product = Panel { x: self.h, k: self.hidden, x_row: hp, weights: &self.panels[panel * len..][..len] };
            let acc = product.tile::<V, R>(row, [start; R]);
            for (i, [ar, az, an]) in acc.into_iter().enumerate() {
                let i = row + i;
                let gates = self.gates.as_ptr().add(*self.gate_rows.get_unchecked(i) as usize * 3 * hp + 3 * j);
                let r = ar.add(V::load(gates)).sigmoid();
                let z = az.add(V::load(gates.add(V::LANES))).sigmoid();
                let n = r.mul_add(an, V::load(gates.add(2 * V::LANES))).tanh();
                let h = V::load(self.h.as_ptr().add(i * hp + j));
                // (1 − z)·n + z·h
                let next = z.mul_add(h.sub(n), n);
                next.store(self.h_next.as_mut_ptr().add(i * hp + j));
                let saved = self.saved.as_mut_ptr().add(i * SAVED * hp + j);
                r.store(saved);
                z.store(saved.add(hp));
                n.store(saved.add(2 * hp));
                an.store(saved.add(3 * hp));
            }
        }
    }
}

/// The backward step: turns dL/dh' into dL/dh and adds to the bias gradients. [`StateGradient`] makes the weights' of what it writes.
pub(crate) struct Backward<'a> {
    pub(crate) rows: usize,
    pub(crate) hp: usize,
    /// What [`Forward`] saved.
    pub(crate) saved: &'a [f32],
    /// h before the step, `[rows, hp]`.
    pub(crate) h: &'a [f32],
    /// W_hh, `[3, hp, hp]` row-major.
    pub(crate) weight: &'a [f32],
    /// dL/dh' on entry, dL/dh on return, `[rows, hp]`.
    pub(crate) dh: &'a mut [f32],
    /// Written: gradients at r, z, W_hn·h + b_hn and n before their nonlinearity, `[rows, 4, hp]`. The input's gates get (0, 1, 3), the
    /// state's (0, 1, 2).
    pub(crate) dgates: &'a mut [f32],
    /// Added to: sums of `dgates` over rows, `[4, hp]`.
    pub(crate) dbias: &'a mut [f32],
}

impl Operation for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { rows, hp, saved, h, weight, dh, dgates, dbias } = self;
        assert!(saved.len() >= rows * SAVED * hp && h.len() >= rows * hp && dh.len() >= rows * hp);
        assert!(dgates.len() >= rows * SAVED * hp && dbias.len() >= SAVED * hp);
        let one = V::splat(1.0);
        for j in (0..hp).step_by(V::LANES) {
            let mut sums = [V::zero(); SAVED];
            for row in 0..rows {
                // SAFETY: the slices were checked above; j + LANES ≤ hp.
                unsafe {
                    let s = saved.as_ptr().add(row * SAVED * hp + j);
                    let (r, z) = (V::load(s), V::load(s.add(hp)));
                    let (n, hn) = (V::load(s.add(2 * hp)), V::load(s.add(3 * hp)));
                    let d = dh.as_mut_ptr().add(row * hp + j);
                    let g = V::load(d);
                    let dz = g.mul(V::load(h.as_ptr().add(row * hp + j)).sub(n)).mul(z.mul(one.sub(z)));
                    let dn = g.mul(one.sub(z)).mul(one.sub(n.mul(n)));
                    let dr = dn.mul(hn).mul(r.mul(one.sub(r)));
                    let dhn = dn.mul(r);
                    g.mul(z).store(d);
                    let out = dgates.as_mut_ptr().add(row * SAVED * hp + j);
                    for (gate, (sum, value)) in sums.iter_mut().zip([dr, dz, dhn, dn]).enumerate() {
                        value.store(out.add(gate * hp));
                        *sum = sum.add(value);
                    }
                }
            }
            for (gate, sum) in sums.into_iter().enumerate() {
                // SAFETY: dbias holds 4·hp floats.
                unsafe {
                    let out = dbias.as_mut_ptr().add(gate * hp + j);
                    V::load(out).add(sum).store(out);
                }
            }
        }
        Matmul {
            m: rows,
            n: hp,
            k: 3 * hp,
            a: dgates,
            a_row: SAVED * hp,
            a_col: 1,
            b: weight,
            b_row: hp,
            c: dh,
            c_row: hp,
            start: Start::Accumulate,
        }
        .run::<V>();
    }
}

/// dL/dW_hh of any number of rows, of one step or of several.
pub(crate) struct StateGradient<'a> {
    pub(crate) rows: usize,
    pub(crate) hp: usize,
    /// What [`Backward`] wrote, `[rows, 4, hp]`.
    pub(crate) dgates: &'a [f32],
    /// h before the step, `[rows, hp]`.
    pub(crate) h: &'a [f32],
    /// Added to: `[3, hp, hp]`.
    pub(crate) dweight: &'a mut [f32],
}

impl Operation for StateGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { rows, hp, dgates, h, dweight } = self;
        Matmul {
            m: 3 * hp,
            n: hp,
            k: rows,
            a: dgates,
            a_row: 1,
            a_col: SAVED * hp,
            b: h,
            b_row: hp,
            c: dweight,
            c_row: hp,
            start: Start::Accumulate,
        }
        .run::<V>();
    }
}

/// Adds the gradients at the input's gates to the rows of dL/dgi that they came from: `table[gate_rows[i]] += (dr, dz, dn)[i]`.
pub(crate) struct ScatterInput<'a> {
    pub(crate) hp: usize,
    pub(crate) gate_rows: &'a [u32],
    pub(crate) dgates: &'a [f32],
    /// `[_, 3, hp]`.
    pub(crate) table: &'a mut [f32],
}

impl Operation for ScatterInput<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let hp = self.hp;
        for (&token, d) in self.gate_rows.iter().zip(self.dgates.chunks_exact(SAVED * hp)) {
            let out = &mut self.table[token as usize * 3 * hp..][..3 * hp];
            add_into::<V>(&mut out[..2 * hp], &d[..2 * hp]);
            add_into::<V>(&mut out[2 * hp..], &d[3 * hp..]);
        }
    }
}

/// `out += x`, lengths a multiple of the lanes.
#[inline(always)]
pub(crate) fn add_into<V: Vector>(out: &mut [f32], x: &[f32]) {
    for (out, x) in out.chunks_exact_mut(V::LANES).zip(x.chunks_exact(V::LANES)) {
        // SAFETY: both chunks hold LANES floats.
        unsafe { V::load(out.as_ptr()).add(V::load(x.as_ptr())).store(out.as_mut_ptr()) }
    }
}

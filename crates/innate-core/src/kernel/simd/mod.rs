//! Vectors of f32 for the instruction set found at run time, and the elementary functions on them.
//!
//! A kernel is written once over [`Vector`] as an [`Operation`]; [`Isa::run`] compiles it for each instruction set and calls the one that
//! the processor has. Everything between `run` and the intrinsics is `#[inline(always)]`, so that it is compiled with the features of the
//! caller. Buffers are padded to [`PAD`] elements, a multiple of every `LANES`, so that no kernel has a ragged edge.

/// Implements the operations that are one intrinsic each.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! intrinsics {
    ($($name:ident = $intrinsic:ident ( $($argument:ident),* );)*) => {$(
        #[inline(always)]
        fn $name(self $(, $argument: Self)*) -> Self {
            // SAFETY: a value of this type exists only where the processor has the instructions.
            Self(unsafe { $intrinsic(self.0 $(, $argument.0)*) })
        }
    )*};
}

#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

/// Rows of weights and activations are padded to a multiple of this many floats: 64 bytes.
pub(crate) const PAD: usize = 16;

/// `size` rounded up to a multiple of [`PAD`].
pub(crate) const fn padded(size: usize) -> usize {
    size.div_ceil(PAD) * PAD
}

/// A vector of f32. A value exists only under [`Isa::run`], which has checked that the processor has the instructions.
pub(crate) trait Vector: Copy {
    /// Floats in a vector; divides [`PAD`].
    const LANES: usize;
    /// Rows of a product's tile: 3·ROWS accumulators, three operands and a broadcast must fit in the registers.
    const ROWS: usize;

    fn splat(x: f32) -> Self;
    /// # Safety
    /// `p` is valid for reading `LANES` floats.
    unsafe fn load(p: *const f32) -> Self;
    /// # Safety
    /// `p` is valid for writing `LANES` floats.
    unsafe fn store(self, p: *mut f32);
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    fn div(self, other: Self) -> Self;
    /// The smaller; `other` where either is NaN (so a clamp keeps a NaN when its bounds come first).
    fn min(self, other: Self) -> Self;
    /// The larger; `other` where either is NaN.
    fn max(self, other: Self) -> Self;
    /// `self · b + c`, rounded once where the processor can.
    fn mul_add(self, b: Self, c: Self) -> Self;
    fn sqrt(self) -> Self;
    /// To the nearest integer, as float.
    fn round(self) -> Self;
    /// 2ᵏ for integral `self` = k in −127..=127; k = −127 gives 0.
    fn exp2_integral(self) -> Self;
    /// (mantissa in [1, 2), exponent) of a positive normal number.
    fn split(self) -> (Self, Self);
    /// Sum of the lanes, in an order that is fixed for the instruction set.
    fn sum(self) -> f32;
    /// Largest lane.
    fn largest(self) -> f32;

    #[inline(always)]
    fn zero() -> Self {
        Self::splat(0.0)
    }

    /// eˣ within 2 ulp for x ≤ 88; 0 below −87.7 (so for −∞).
    #[inline(always)]
    fn exp(self) -> Self {
        let x = Self::splat(88.0).min(Self::splat(-88.1).max(self));
        let k = x.mul(Self::splat(std::f32::consts::LOG2_E)).round();
        let r = k.mul_add(Self::splat(-0.693_359_4), x);
        let r = k.mul_add(Self::splat(2.121_944_4e-4), r);
        let p = Self::splat(1.987_569_1e-4)
            .mul_add(r, Self::splat(1.398_2e-3))
            .mul_add(r, Self::splat(8.333_452e-3))
            .mul_add(r, Self::splat(4.166_579_6e-2))
            .mul_add(r, Self::splat(1.666_666_5e-1))
            .mul_add(r, Self::splat(5e-1));
        let y = p.mul_add(r.mul(r), r).add(Self::splat(1.0));
        y.mul(k.exp2_integral())
    }

    /// ln x within 2 ulp for positive normal x.
    #[inline(always)]
    fn ln(self) -> Self {
        let (mantissa, exponent) = self.split();
        // Halve a mantissa above √2, so that the polynomial's argument stays within ±0.42.
        let high = mantissa.mul(Self::splat(std::f32::consts::FRAC_1_SQRT_2)).sub(Self::splat(0.5)).round();
        let m = mantissa.mul(high.mul_add(Self::splat(-0.5), Self::splat(1.0)));
        let e = exponent.add(high);
        let x = m.sub(Self::splat(1.0));
        let z = x.mul(x);
        let p = Self::splat(7.037_683_6e-2)
            .mul_add(x, Self::splat(-1.151_461e-1))
            .mul_add(x, Self::splat(1.167_699_9e-1))
            .mul_add(x, Self::splat(-1.242_014_1e-1))
            .mul_add(x, Self::splat(1.424_932_3e-1))
            .mul_add(x, Self::splat(-1.666_805_8e-1))
            .mul_add(x, Self::splat(2.000_071_5e-1))
            .mul_add(x, Self::splat(-2.499_999_4e-1))
            .mul_add(x, Self::splat(3.333_333e-1));
        let y = p.mul(x).mul(z);
        let y = e.mul_add(Self::splat(-2.121_944_4e-4), y);
        let y = z.mul_add(Self::splat(-0.5), y);
        e.mul_add(Self::splat(0.693_359_4), x.add(y))
    }

    /// 1 / (1 + e⁻ˣ).
    #[inline(always)]
    fn sigmoid(self) -> Self {
        let one = Self::splat(1.0);
        one.div(one.add(Self::zero().sub(self).exp()))
    }

    /// tanh x within 4 ulp: a 13/6 rational minimax approximation on ±7.9, constant beyond (the one that Eigen uses).
    #[inline(always)]
    fn tanh(self) -> Self {
        let x = Self::splat(7.905_311).min(Self::splat(-7.905_311).max(self));
        let z = x.mul(x);
        let p = Self::splat(-2.760_768_5e-16)
            .mul_add(z, Self::splat(2.000_188e-13))
            .mul_add(z, Self::splat(-8.604_672e-11))
            .mul_add(z, Self::splat(5.122_297e-8))
            .mul_add(z, Self::splat(1.485_722_4e-5))
            .mul_add(z, Self::splat(6.372_619_3e-4))
            .mul_add(z, Self::splat(4.893_524_6e-3));
        let q = Self::splat(1.198_258_4e-6)
            .mul_add(z, Self::splat(1.185_347_1e-4))
            .mul_add(z, Self::splat(2.268_434_6e-3))
            .mul_add(z, Self::splat(4.893_525e-3));
        x.mul(p).div(q)
    }
}

/// A kernel, written once for every instruction set.
pub(crate) trait Operation {
    /// What it gives back.
    type Output;
    /// The body; `#[inline(always)]` in every implementation.
    fn run<V: Vector>(self) -> Self::Output;
}

/// An instruction set that the running processor has: a value comes from [`Isa::available`] alone, which has asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Isa(Set);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    /// No instructions beyond the target's baseline.
    Portable,
    /// x86-64 with AVX2 and FMA.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// x86-64 with AVX-512 F.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// AArch64.
    #[cfg(target_arch = "aarch64")]
    Neon,
}

impl Isa {
    /// All that this processor can run, best first; the portable one is always among them.
    pub fn available() -> Vec<Self> {
        let mut found = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") {
                found.push(Set::Avx512);
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                found.push(Set::Avx2);
            }
        }
        #[cfg(target_arch = "aarch64")]
        found.push(Set::Neon);
        found.push(Set::Portable);
        found.into_iter().map(Self).collect()
    }

    /// The best one.
    pub fn best() -> Self {
        Self::available()[0]
    }

    /// Runs `operation` with this instruction set.
    #[inline]
    pub(crate) fn run<O: Operation>(self, operation: O) -> O::Output {
        match self.0 {
            Set::Portable => operation.run::<portable::Portable>(),
            // SAFETY: `Isa::available` makes the only values, and has asked the processor.
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => unsafe { x86::run_avx2(operation) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => unsafe { x86::run_avx512(operation) },
            #[cfg(target_arch = "aarch64")]
            Set::Neon => operation.run::<neon::Neon>(),
        }
    }
}

impl std::fmt::Debug for Isa {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Map<'a>(&'a [f32], &'a mut [f32], u8);

    impl Operation for Map<'_> {
        type Output = ();
        #[inline(always)]
        fn run<V: Vector>(self) {
            for (x, y) in self.0.chunks_exact(V::LANES).zip(self.1.chunks_exact_mut(V::LANES)) {
                // SAFETY: both chunks hold LANES floats.
                unsafe {
                    let x = V::load(x.as_ptr());
                    let out = match self.2 {
                        0 => x.exp(),
                        1 => x.ln(),
                        2 => x.sigmoid(),
                        _ => x.tanh(),
                    };
                    out.store(y.as_mut_ptr());
                }
            }
        }
    }

    #[test]
    fn elementary_functions_match_the_standard_library() {
        type Case = (u8, f32, f32, fn(f64) -> f64, f64);
        let cases: [Case; 5] = [
            (0, -87.0, 88.0, f64::exp, 3e-7),
            (1, 1e-9, 2.0, f64::ln, 3e-7),
            (1, 1e-3, 1e6, f64::ln, 3e-7),
            (2, -30.0, 30.0, |x| 1.0 / (1.0 + (-x).exp()), 4e-7),
            (3, -12.0, 12.0, f64::tanh, 6e-7),
        ];
        for isa in Isa::available() {
            for (function, low, high, exact, tolerance) in cases {
                let inputs: Vec<f32> =
                    (0..=16_384u16).map(|i| low + (high - low) * f32::from(i) / 16_384.0).chain([1.0; 15]).collect();
                let mut out = vec![0.0; inputs.len()];
                isa.run(Map(&inputs, &mut out, function));
                for (&x, &y) in inputs.iter().zip(&out) {
                    let want = exact(f64::from(x));
                    // Near ln 1 = 0 the error is absolute.
                    let scale = if function == 1 { want.abs().max(1.0) } else { want.abs().max(1e-30) };
                    assert!(((f64::from(y) - want) / scale).abs() < tolerance, "{isa:?} {function}({x}) = {y}, want {want}");
                }
            }
        }
    }

    #[test]
    fn nan_stays_nan() {
        for isa in Isa::available() {
            for function in [0, 2, 3] {
                let mut out = [0.0; PAD];
                isa.run(Map(&[f32::NAN; PAD], &mut out, function));
                assert!(out.iter().all(|y| y.is_nan()), "{isa:?} {function}: {out:?}");
            }
        }
    }

    #[test]
    fn exp_of_minus_infinity_is_exactly_zero() {
        for isa in Isa::available() {
            let mut out = [1.0; PAD];
            isa.run(Map(&[f32::NEG_INFINITY; PAD], &mut out, 0));
            assert!(out.iter().all(|y| y.to_bits() == 0));
        }
    }
}

//! AVX2 with FMA, and AVX-512 F.

use std::arch::x86_64::{
    __m256, __m512, _MM_FROUND_NO_EXC, _MM_FROUND_TO_NEAREST_INT, _MM_MANT_NORM_1_2, _MM_MANT_SIGN_ZERO, _mm_add_ps, _mm_add_ss,
    _mm_cvtss_f32, _mm_max_ps, _mm_max_ss, _mm_movehl_ps, _mm_shuffle_ps, _mm256_add_epi32, _mm256_add_ps, _mm256_and_si256,
    _mm256_castps_si256, _mm256_castps256_ps128, _mm256_castsi256_ps, _mm256_cvtepi32_ps, _mm256_cvtps_epi32, _mm256_div_ps,
    _mm256_extractf128_ps, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_max_ps, _mm256_min_ps, _mm256_mul_ps, _mm256_or_si256,
    _mm256_round_ps, _mm256_set1_epi32, _mm256_set1_ps, _mm256_slli_epi32, _mm256_sqrt_ps, _mm256_srli_epi32, _mm256_storeu_ps,
    _mm256_sub_epi32, _mm256_sub_ps, _mm512_add_epi32, _mm512_add_ps, _mm512_castsi512_ps, _mm512_cvtps_epi32, _mm512_div_ps,
    _mm512_fmadd_ps, _mm512_getexp_ps, _mm512_getmant_ps, _mm512_loadu_ps, _mm512_max_ps, _mm512_min_ps, _mm512_mul_ps,
    _mm512_reduce_add_ps, _mm512_reduce_max_ps, _mm512_roundscale_ps, _mm512_set1_epi32, _mm512_set1_ps, _mm512_slli_epi32,
    _mm512_sqrt_ps, _mm512_storeu_ps, _mm512_sub_ps,
};

use super::{Operation, Vector};

/// # Safety
/// The processor has AVX2 and FMA.
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn run_avx2<O: Operation>(operation: O) -> O::Output {
    operation.run::<Avx2>()
}

/// # Safety
/// The processor has AVX-512 F.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn run_avx512<O: Operation>(operation: O) -> O::Output {
    operation.run::<Avx512>()
}

#[derive(Clone, Copy)]
pub(crate) struct Avx2(__m256);

impl Vector for Avx2 {
    const LANES: usize = 8;
    const ROWS: usize = 4;

    intrinsics! {
        add = _mm256_add_ps(other);
        sub = _mm256_sub_ps(other);
        mul = _mm256_mul_ps(other);
        div = _mm256_div_ps(other);
        min = _mm256_min_ps(other);
        max = _mm256_max_ps(other);
        mul_add = _mm256_fmadd_ps(b, c);
        sqrt = _mm256_sqrt_ps();
    }

    #[inline(always)]
    fn splat(x: f32) -> Self {
        // SAFETY: called only under `run_avx2`.
        Self(unsafe { _mm256_set1_ps(x) })
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self {
        // SAFETY: the caller's promise; unaligned loads.
        Self(unsafe { _mm256_loadu_ps(p) })
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        // SAFETY: the caller's promise; unaligned stores.
        unsafe { _mm256_storeu_ps(p, self.0) }
    }
    #[inline(always)]
    fn round(self) -> Self {
        // SAFETY: see `intrinsics`.
        Self(unsafe { _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(self.0) })
    }
    #[inline(always)]
    fn exp2_integral(self) -> Self {
        // SAFETY: see `intrinsics`.
        Self(unsafe {
            let biased = _mm256_add_epi32(_mm256_cvtps_epi32(self.0), _mm256_set1_epi32(127));
            _mm256_castsi256_ps(_mm256_slli_epi32::<23>(biased))
        })
    }
    #[inline(always)]
    fn split(self) -> (Self, Self) {
        // SAFETY: see `intrinsics`.
        unsafe {
            let bits = _mm256_castps_si256(self.0);
            let fraction = _mm256_and_si256(bits, _mm256_set1_epi32(0x007F_FFFF));
            let mantissa = _mm256_castsi256_ps(_mm256_or_si256(fraction, _mm256_set1_epi32(0x3F80_0000)));
            let exponent = _mm256_sub_epi32(_mm256_srli_epi32::<23>(bits), _mm256_set1_epi32(127));
            (Self(mantissa), Self(_mm256_cvtepi32_ps(exponent)))
        }
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        // SAFETY: see `intrinsics`.
        unsafe {
            let four = _mm_add_ps(_mm256_castps256_ps128(self.0), _mm256_extractf128_ps::<1>(self.0));
            let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
        }
    }
    #[inline(always)]
    fn largest(self) -> f32 {
        // SAFETY: see `intrinsics`.
        unsafe {
            let four = _mm_max_ps(_mm256_castps256_ps128(self.0), _mm256_extractf128_ps::<1>(self.0));
            let two = _mm_max_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_max_ss(two, _mm_shuffle_ps::<1>(two, two)))
        }
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Avx512(__m512);

impl Vector for Avx512 {
    const LANES: usize = 16;
    const ROWS: usize = 8;

    intrinsics! {
        add = _mm512_add_ps(other);
        sub = _mm512_sub_ps(other);
        mul = _mm512_mul_ps(other);
        div = _mm512_div_ps(other);
        min = _mm512_min_ps(other);
        max = _mm512_max_ps(other);
        mul_add = _mm512_fmadd_ps(b, c);
        sqrt = _mm512_sqrt_ps();
    }

    #[inline(always)]
    fn splat(x: f32) -> Self {
        // SAFETY: called only under `run_avx512`.
        Self(unsafe { _mm512_set1_ps(x) })
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self {
        // SAFETY: the caller's promise; unaligned loads.
        Self(unsafe { _mm512_loadu_ps(p) })
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        // SAFETY: the caller's promise; unaligned stores.
        unsafe { _mm512_storeu_ps(p, self.0) }
    }
    #[inline(always)]
    fn round(self) -> Self {
        // SAFETY: see `intrinsics`.
        Self(unsafe { _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(self.0) })
    }
    #[inline(always)]
    fn exp2_integral(self) -> Self {
        // SAFETY: see `intrinsics`.
        Self(unsafe {
            let biased = _mm512_add_epi32(_mm512_cvtps_epi32(self.0), _mm512_set1_epi32(127));
            _mm512_castsi512_ps(_mm512_slli_epi32::<23>(biased))
        })
    }
    #[inline(always)]
    fn split(self) -> (Self, Self) {
        // SAFETY: see `intrinsics`.
        unsafe {
            (Self(_mm512_getmant_ps::<{ _MM_MANT_NORM_1_2 }, { _MM_MANT_SIGN_ZERO }>(self.0)), Self(_mm512_getexp_ps(self.0)))
        }
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        // SAFETY: see `intrinsics`.
        unsafe { _mm512_reduce_add_ps(self.0) }
    }
    #[inline(always)]
    fn largest(self) -> f32 {
        // SAFETY: see `intrinsics`.
        unsafe { _mm512_reduce_max_ps(self.0) }
    }
}

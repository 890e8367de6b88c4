//! AArch64's NEON, which every such processor has.

use std::arch::aarch64::{
    float32x4_t, vaddq_f32, vaddq_s32, vaddvq_f32, vandq_u32, vcvtnq_s32_f32, vcvtq_f32_s32, vdivq_f32, vdupq_n_f32, vdupq_n_s32,
    vdupq_n_u32, vfmaq_f32, vld1q_f32, vmaxq_f32, vmaxvq_f32, vminq_f32, vmulq_f32, vorrq_u32, vreinterpretq_f32_s32,
    vreinterpretq_f32_u32, vreinterpretq_s32_u32, vreinterpretq_u32_f32, vrndnq_f32, vshlq_n_s32, vshrq_n_u32, vsqrtq_f32,
    vst1q_f32, vsubq_f32, vsubq_s32,
};

use super::Vector;

#[derive(Clone, Copy)]
pub(crate) struct Neon(float32x4_t);

impl Vector for Neon {
    const LANES: usize = 4;
    const ROWS: usize = 8;

    intrinsics! {
        add = vaddq_f32(other);
        sub = vsubq_f32(other);
        mul = vmulq_f32(other);
        div = vdivq_f32(other);
        min = vminq_f32(other);
        max = vmaxq_f32(other);
        sqrt = vsqrtq_f32();
        round = vrndnq_f32();
    }

    #[inline(always)]
    fn splat(x: f32) -> Self {
        // SAFETY: every AArch64 processor has NEON.
        Self(unsafe { vdupq_n_f32(x) })
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { vld1q_f32(p) })
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        // SAFETY: the caller's promise.
        unsafe { vst1q_f32(p, self.0) }
    }
    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        // SAFETY: every AArch64 processor has NEON.
        Self(unsafe { vfmaq_f32(c.0, self.0, b.0) })
    }
    #[inline(always)]
    fn exp2_integral(self) -> Self {
        // SAFETY: every AArch64 processor has NEON.
        Self(unsafe { vreinterpretq_f32_s32(vshlq_n_s32::<23>(vaddq_s32(vcvtnq_s32_f32(self.0), vdupq_n_s32(127)))) })
    }
    #[inline(always)]
    fn split(self) -> (Self, Self) {
        // SAFETY: every AArch64 processor has NEON.
        unsafe {
            let bits = vreinterpretq_u32_f32(self.0);
            let mantissa = vorrq_u32(vandq_u32(bits, vdupq_n_u32(0x007F_FFFF)), vdupq_n_u32(0x3F80_0000));
            let exponent = vsubq_s32(vreinterpretq_s32_u32(vshrq_n_u32::<23>(bits)), vdupq_n_s32(127));
            (Self(vreinterpretq_f32_u32(mantissa)), Self(vcvtq_f32_s32(exponent)))
        }
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        // SAFETY: every AArch64 processor has NEON.
        unsafe { vaddvq_f32(self.0) }
    }
    #[inline(always)]
    fn largest(self) -> f32 {
        // SAFETY: every AArch64 processor has NEON.
        unsafe { vmaxvq_f32(self.0) }
    }
}

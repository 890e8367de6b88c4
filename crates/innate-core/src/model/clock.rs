//! The clock: where in its episode a step is, as sines and cosines.

use std::f64::consts::TAU;
use std::sync::OnceLock;

/// Steps that each hand of the clock takes around: a neighbour is told from a neighbour, and the first step from all up to the 512th.
pub const PERIODS: [u32; 8] = [4, 8, 16, 32, 64, 128, 256, 512];

/// Numbers of the clock: sine and cosine of each hand.
pub(crate) const CLOCK: usize = 2 * PERIODS.len();

/// Steps after which it shows the same.
const AROUND: usize = PERIODS[PERIODS.len() - 1] as usize;

/// The step after step `age` of an episode. Beyond 2³¹ the count goes back by what takes the clock around, which shows the same.
#[inline]
pub(crate) fn next_age(age: u32) -> u32 {
    if age < i32::MAX as u32 { age + 1 } else { age + 1 - AROUND as u32 }
}

/// Writes what the clock shows at step `age` of an episode, counted from 0, `[CLOCK]`.
pub(crate) fn write_clock(age: u32, out: &mut [f32]) {
    static SHOWN: OnceLock<Vec<[f32; CLOCK]>> = OnceLock::new();
    let shown = SHOWN.get_or_init(|| {
        let hand = |age: usize, period: u32| (TAU * (age % period as usize) as f64 / f64::from(period)).sin_cos();
        let at = |age: usize| -> [f32; CLOCK] {
            std::array::from_fn(|place| {
                let (sine, cosine) = hand(age, PERIODS[place / 2]);
                (if place % 2 == 0 { sine } else { cosine }) as f32
            })
        };
        (0..AROUND).map(at).collect()
    });
    out.copy_from_slice(&shown[age as usize % AROUND]);
}

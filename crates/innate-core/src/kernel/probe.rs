//! What the kernels reach on this machine, for benchmarks.

use super::matmul::{Matmul, Start};
use super::simd::Isa;
use std::hint::black_box;
use std::sync::Barrier;
use std::time::{Duration, Instant};

/// Rate of `[m, k] · [k, n]` products (`n` a multiple of 16) done over and over for `duration` on each of `threads` threads at once, each
/// with operands of its own, in floating-point operations a second over all threads.
pub fn matmul_rate([m, k, n]: [usize; 3], threads: usize, duration: Duration) -> f64 {
    let barrier = Barrier::new(threads);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| one_thread([m, k, n], duration, &barrier))).collect();
        workers.into_iter().filter_map(|worker| worker.join().ok()).sum()
    })
}

fn one_thread([m, k, n]: [usize; 3], duration: Duration, barrier: &Barrier) -> f64 {
    let isa = Isa::best();
    let (a, b, mut c) = (vec![0.5; m * k], vec![0.25; k * n], vec![0.0; m * n]);
    let mut product = || {
        let (a, b) = (black_box(&a), black_box(&b));
        isa.run(Matmul { m, n, k, a, a_row: k, a_col: 1, b, b_row: n, c: &mut c, c_row: n, start: Start::Zero });
        black_box(&mut c);
    };
    product();
    barrier.wait();
    let start = Instant::now();
    let mut done = 0_u64;
    while start.elapsed() < duration {
        for _ in 0..16 {
            product();
        }
        done += 16;
    }
    rate([m, k, n], done, start.elapsed())
}

/// Floating-point operations a second: a multiplication and an addition for each of `m·k·n` terms.
fn rate([m, k, n]: [usize; 3], products: u64, time: Duration) -> f64 {
    2.0 * (m * k * n) as f64 * products as f64 / time.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_counts_two_operations_a_term() {
        assert!((rate([3, 5, 16], 7, Duration::from_millis(250)) - 2.0 * 240.0 * 7.0 * 4.0).abs() < 1e-9);
    }

    #[test]
    fn all_threads_work_for_the_time_asked_for() {
        let (time, start) = (Duration::from_millis(30), Instant::now());
        let rate = matmul_rate([4, 4, 16], 2, time);
        assert!(start.elapsed() >= time);
        assert!(rate.is_finite() && rate > 1e4 && rate < 1e13, "{rate}");
    }
}

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
    2.0 * (m * k * n) as f64 * done as f64 / start.elapsed().as_secs_f64()
}

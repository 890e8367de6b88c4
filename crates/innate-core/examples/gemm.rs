//! The machine's rate of f32 products of the tutorial's shapes, by the fused engine's own kernel on several threads at once. One JSON object
//! a line. `cargo run --release --example gemm -- [threads] [milliseconds a shape]`
#![allow(clippy::expect_used, reason = "a tool: what goes wrong is printed")]

use innate_core::kernel::{probe::matmul_rate, simd::Isa};
use std::time::Duration;

/// `[m, k, n]` of a step forward, a step backward, and the gradient of the recurrent weights.
const SHAPES: [[usize; 3]; 3] = [[192, 96, 288], [192, 288, 96], [96, 192, 288]];

fn main() {
    let arg = |i: usize, default: u64| std::env::args().nth(i).map_or(default, |x| x.parse().expect("a number"));
    let (threads, milliseconds) = (arg(1, 2), arg(2, 200));
    for shape in SHAPES {
        let rate = matmul_rate(shape, threads as usize, Duration::from_millis(milliseconds));
        let gflops = rate / 1e9;
        println!(r#"{{"engine":"innate {:?}","threads":{threads},"shape":{shape:?},"gflops":{gflops:.1}}}"#, Isa::best());
    }
}

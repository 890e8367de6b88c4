//! Greedy decisions by a session, with nothing around it: nanoseconds of one step, each the mean over a run of steps. Prints one JSON object.
//! `cargo run --release --example decide -- [rows] [milliseconds]`
#![allow(clippy::expect_used, reason = "a tool: what goes wrong is printed")]

use innate_core::engine::Sampling;
use innate_core::engine::fused::{Session, StepOutput};
use innate_core::rng::Seed;
use innate_core::{ContextPooling, NetworkConfig, params};
use std::time::{Duration, Instant};

const RUN: u32 = 32;

fn main() {
    let arg = |i: usize, default: usize| std::env::args().nth(i).map_or(default, |x| x.parse().expect("a number"));
    let (rows, milliseconds) = (arg(1, 1), arg(2, 1000));
    let config = NetworkConfig {
        vocab_size: 18,
        stage_count: 3,
        hidden_size: 96,
        horizon: 6,
        start_token: 10,
        pooling: ContextPooling::Own,
        action_mask: None,
    };
    let mut session = Session::new(config.clone(), &params::init(&config, Seed(1)), rows).expect("a session");
    let contexts: Vec<i32> = (0..rows * 4).map(|i| (i * 7 % 11) as i32).collect();
    session.begin(&contexts, &vec![0; rows]).expect("a begin");
    let (mut actions, mut log_probs, mut entropies, mut values) =
        (vec![0; rows], vec![0.0; rows], vec![0.0; rows], vec![0.0; rows]);
    let mut out = StepOutput { actions: &mut actions, log_probs: &mut log_probs, entropies: &mut entropies, values: &mut values };
    let mut steps = Vec::new();
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(milliseconds as u64) {
        let begun = Instant::now();
        for _ in 0..RUN {
            session.step(Sampling::Greedy, &mut out).expect("a step");
        }
        steps.push((begun.elapsed() / RUN).as_nanos());
    }
    println!(r#"{{"step":{:?}}}"#, &steps[steps.len() / 10..]);
}

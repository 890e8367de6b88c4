//! Greedy decisions by a policy, with nothing around it: nanoseconds of one step, each the mean over a run of steps. Prints one JSON object.
//! `cargo run --release --example decide -- [rows] [milliseconds]`
#![allow(clippy::expect_used, reason = "a tool: what goes wrong is printed")]

use innate_core::data::{Observation, Prompts, RolloutSpec, Sampling};
use innate_core::engine::fused::{Policy, StepOutput, Weights};
use innate_core::model::{ModelSpec, Pooling, init};
use innate_core::rng::Seed;
use std::time::{Duration, Instant};

const RUN: u32 = 32;

fn main() {
    let arg = |i: usize, default: usize| std::env::args().nth(i).map_or(default, |x| x.parse().expect("a number"));
    let (rows, milliseconds) = (arg(1, 1), arg(2, 1000));
    let model = ModelSpec::open_loop(18, 3, 96, Pooling::Own);
    let spec = RolloutSpec { horizon: 6, start_token: 10, action_mask: None };
    let weights = Weights::new(&model, &init(&model, Seed(1)), 1).expect("weights");
    let mut policy = Policy::new(weights, &spec, rows).expect("a policy");
    let contexts: Vec<i32> = (0..rows * 4).map(|i| (i * 7 % 11) as i32).collect();
    policy.begin(Prompts::of(&contexts, &vec![0; rows])).expect("a begin");
    let (mut actions, mut log_probs, mut entropies, mut values) =
        (vec![0; rows], vec![0.0; rows], vec![0.0; rows], vec![0.0; rows]);
    let mut out = StepOutput { actions: &mut actions, log_probs: &mut log_probs, entropies: &mut entropies, values: &mut values };
    let mut steps = Vec::new();
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(milliseconds as u64) {
        let begun = Instant::now();
        for _ in 0..RUN {
            policy.step(&Observation::default(), Sampling::Greedy, &mut out).expect("a step");
        }
        steps.push((begun.elapsed() / RUN).as_nanos());
    }
    println!(r#"{{"step":{:?}}}"#, &steps[steps.len() / 10..]);
}

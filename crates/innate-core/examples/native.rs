//! The native part of a training iteration, rollout and update by the fused engine, with nothing around it. Prints one JSON object with the
//! nanoseconds of each repetition. Programs end after 1 to `longest` steps, evenly, where that is given, else at the horizon.
//! `cargo run --release --example native -- [threads] [milliseconds] [batch] [hidden] [horizon] [longest]`
#![allow(clippy::expect_used, reason = "a tool: what goes wrong is printed")]

use innate_core::data::{Prompts, RolloutSpec, Sampling, Trajectories};
use innate_core::engine::{Engine, fused::Fused};
use innate_core::model::{ModelSpec, Pooling, init};
use innate_core::objective::{Baseline, Objective, Targets};
use innate_core::optimizer::OptimizerConfig;
use innate_core::rng::Seed;
use std::time::{Duration, Instant};

fn main() {
    let arg = |i: usize, default: usize| std::env::args().nth(i).map_or(default, |x| x.parse().expect("a number"));
    let (threads, milliseconds, n, hidden, horizon) = (arg(1, 2), arg(2, 1000), arg(3, 192), arg(4, 96), arg(5, 6));
    let model = ModelSpec::open_loop(18, 3, hidden, Pooling::Own);
    let spec = RolloutSpec { horizon, start_token: 10, action_mask: None };
    let mut engine = Fused::new(&model, threads, &init(&model, Seed(1))).expect("an engine");
    let contexts: Vec<i32> = (0..n * 4).map(|i| (i * 7 % 11) as i32).collect();
    let stages = vec![0; n];
    let longest = arg(6, 0);
    let lengths: Option<Vec<i32>> = (longest > 0).then(|| (0..n).map(|i| 1 + (i * 7 % longest) as i32).collect());
    let prompts = Prompts::new(&model, &contexts, &stages).expect("prompts");
    let (mut rollouts, mut updates) = (Vec::new(), Vec::new());
    let (start, warm_up) = (Instant::now(), Duration::from_millis(milliseconds as u64 / 10));
    for i in 0.. {
        let t0 = Instant::now();
        let rollout = engine.rollout(prompts, &spec, Sampling::Random { seed: Seed(2), rollout: i }).expect("a rollout");
        let t1 = Instant::now();
        let returns: Vec<f32> =
            rollout.actions.chunks(horizon).map(|a| a.iter().filter(|&&x| x == 14).count() as f32 * 0.1).collect();
        let t2 = Instant::now();
        let data = Trajectories::programs(&spec, prompts, &rollout.actions);
        let data = match &lengths {
            Some(lengths) => data.of_lengths(lengths),
            None => data,
        };
        let targets = Targets::returns(&returns, Baseline::Program);
        engine.accumulate(&data, &targets, &Objective::default()).expect("a gradient");
        engine.apply(&OptimizerConfig::default()).expect("a step");
        if start.elapsed() > warm_up {
            rollouts.push((t1 - t0).as_nanos());
            updates.push(t2.elapsed().as_nanos());
        }
        if start.elapsed() > Duration::from_millis(milliseconds as u64) && !updates.is_empty() {
            break;
        }
    }
    println!(r#"{{"rollout":{rollouts:?},"update":{updates:?}}}"#);
}

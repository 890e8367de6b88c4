//! Times the fused engine on one tutorial update. `cargo run --release --example update -- [threads] [batch] [hidden] [horizon]`
#![allow(clippy::expect_used, reason = "a tool: what goes wrong is printed")]

use innate_core::engine::{Engine, Prompts, Sampling, fused::Fused};
use innate_core::rng::Seed;
use innate_core::{ContextPooling, NetworkConfig, UpdateConfig, params};
use std::time::Instant;

fn main() {
    let arg = |i: usize, default: usize| std::env::args().nth(i).map_or(default, |x| x.parse().expect("a number"));
    let (threads, n, hidden_size, horizon) = (arg(1, 0), arg(2, 192), arg(3, 96), arg(4, 6));
    let config = NetworkConfig {
        vocab_size: 18,
        stage_count: 3,
        hidden_size,
        horizon,
        start_token: 10,
        pooling: ContextPooling::Own,
        action_mask: None,
    };
    let flat = params::init(&config, Seed(1));
    let mut engine = Fused::new(config.clone(), threads, &flat).expect("engine");
    let contexts: Vec<i32> = (0..n * 4).map(|i| (i * 7 % 11) as i32).collect();
    let stages = vec![0; n];
    let prompts = Prompts::new(&config, &contexts, &stages).expect("prompts");
    let (mut roll, mut upd) = (Vec::new(), Vec::new());
    let start = Instant::now();
    let mut i = 0;
    while start.elapsed().as_secs_f64() < 3.0 {
        let t0 = Instant::now();
        let r = engine.rollout(prompts, Sampling::Random { seed: Seed(2), rollout: i }).expect("rollout");
        let t1 = Instant::now();
        let returns: Vec<f32> = r.actions.chunks(horizon).map(|a| a.iter().filter(|&&x| x == 14).count() as f32 * 0.1).collect();
        let t2 = Instant::now();
        engine.update(prompts, &r.actions, &returns, &UpdateConfig::default()).expect("update");
        roll.push(t1 - t0);
        upd.push(t2.elapsed());
        i += 1;
    }
    roll.sort();
    upd.sort();
    let (r, u) = (roll[roll.len() / 2], upd[upd.len() / 2]);
    println!("rollout {r:?} update {u:?} total {:?} (min {:?}) over {i}", r + u, roll[0] + upd[0]);
}

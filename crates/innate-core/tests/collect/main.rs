//! The closed loop: what a collector writes down is what the network says of it afterwards, and what is learned from it is that and nothing else.

#![allow(clippy::unwrap_used)]

mod beside;
mod carried;
mod explore;
mod gae;
mod history;
mod learn;
mod masks;
mod normalization;
mod ratio;
mod rows;
mod same;
mod targets;
mod turns;
mod world;

use innate_core::agent::LearnConfig;
use innate_core::collect::{Collected, Collector, CollectorConfig};
use innate_core::device::DeviceKind;
use innate_core::engine::EngineKind;
use innate_core::error::Error;
use innate_core::objective::Gae;
use innate_core::{Agent, Placement};

use crate::world::{Log, World};

const FUSED: Placement = Placement { device: DeviceKind::Cpu, engine: EngineKind::Fused, threads: 2 };
const PLAIN: Placement = Placement { engine: EngineKind::Plain, ..FUSED };

const GAE: Gae = Gae { gamma: 0.9, lambda: 0.8 };

fn config(world: &World, steps: usize) -> CollectorConfig {
    CollectorConfig {
        rows: world.rows,
        steps,
        gae: GAE,
        autoreset: true,
        masked: world.masked,
        normalize_observations: false,
        normalize_rewards: false,
    }
}

/// Of one step of the optimizer on all rows.
fn once() -> LearnConfig {
    LearnConfig { epochs: 1, minibatches: 1, ..LearnConfig::default() }
}

/// A whole rollout: what was shown and answered, and what was recorded.
fn rollout(collector: &mut Collector, world: &mut World, steps: usize) -> (Log, Collected) {
    let log = world.drive(collector, steps);
    world.finish(collector);
    (log, collector.take().unwrap())
}

/// Gives a recording back.
fn resume(agent: &mut Agent, collector: &mut Collector, collected: Collected) {
    let (weights, number) = agent.next_rollout().unwrap();
    collector.resume(collected.recording, weights, number).unwrap();
}

fn path<T>(result: Result<T, Error>) -> String {
    match result {
        Err(Error::Invalid { path, .. }) => path,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("went through"),
    }
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|x| x.to_bits()).collect()
}

fn assert_near(what: &str, got: &[f32], expected: &[f64], tolerance: f64) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (index, (&got, &expected)) in got.iter().zip(expected).enumerate() {
        let off = (f64::from(got) - expected).abs();
        assert!(off <= tolerance * expected.abs().max(1.0), "{what}, number {index}: {got}, expected {expected}");
    }
}

//! Every engine against PyTorch's golden vectors, against an independent f64 oracle and against the other engines.

#![allow(clippy::unwrap_used)]

mod agreement;
mod finite;
mod golden;
mod gradient;
mod kept;
mod lengths;
mod oracle;
#[path = "../support/mod.rs"]
mod support;
mod terms;

use innate_core::config::{ContextPooling, DeviceKind, NetworkConfig};
use innate_core::device;
use innate_core::engine::fused::Fused;
use innate_core::engine::plain::{Cell, Plain};
use innate_core::engine::{Engine, Episodes, Prompts};
use innate_core::kernel::simd::Isa;
use innate_core::rng::{Seed, philox};
use innate_core::{error::Result, params};

/// An engine by name.
type Named = (String, Box<dyn Engine>);

/// All engines, each holding `flat`: the plain twin with its cell composed and as one operation, and the fused engine with every instruction
/// set that this processor has. With `INNATE_TEST_DEVICE=cuda` the plain twin on the CPU, which the first of a comparison is, and on CUDA.
fn engines(config: &NetworkConfig, flat: &[f32]) -> Result<Vec<Named>> {
    let plain = |name: &str, kind: DeviceKind, cell: Cell| -> Result<Named> {
        Ok((name.into(), Box::new(Plain::with_cell(config.clone(), device::open(kind)?, flat, cell)?)))
    };
    let composed = plain("plain", DeviceKind::Cpu, Cell::Composed)?;
    Ok(match support::device() {
        DeviceKind::Cuda => {
            let operation = plain("plain on CUDA", DeviceKind::Cuda, Cell::Operation)?;
            vec![composed, operation, plain("plain on CUDA, cell composed", DeviceKind::Cuda, Cell::Composed)?]
        }
        DeviceKind::Cpu => {
            let mut all = vec![composed, plain("plain, cell an operation", DeviceKind::Cpu, Cell::Operation)?];
            for isa in Isa::available() {
                all.push((format!("fused {isa:?}"), Box::new(Fused::with_isa(config.clone(), 2, flat, isa)?)));
            }
            all
        }
    })
}

/// A network and a batch for it, all drawn from one number.
struct Case {
    config: NetworkConfig,
    flat: Vec<f32>,
    contexts: Vec<i32>,
    stages: Vec<i32>,
    actions: Vec<i32>,
    lengths: Option<Vec<i32>>,
    returns: Vec<f32>,
}

impl Case {
    /// `masked` forbids every third token but the first.
    fn new(seed: u32, [v, s, h, n, l, t]: [usize; 6], pooling: ContextPooling, masked: bool) -> Self {
        let mask = masked.then(|| (0..v).map(|token| token % 3 != 1).collect::<Vec<_>>());
        let config = NetworkConfig {
            vocab_size: v,
            stage_count: s,
            hidden_size: h,
            horizon: t,
            start_token: v / 2,
            pooling,
            action_mask: mask.clone(),
        };
        let allowed: Vec<i32> =
            (0..v).filter(|&token| mask.as_ref().is_none_or(|mask| mask[token])).map(|token| token as i32).collect();
        let draw = |stream: u32, count: usize, limit: usize| -> Vec<usize> {
            (0..count).map(|i| philox([i as u32, stream, 0, 0], [seed, 77])[0] as usize % limit).collect()
        };
        Self {
            flat: params::init(&config, Seed(u64::from(seed))),
            contexts: draw(0, n * l, v).into_iter().map(|id| id as i32).collect(),
            stages: draw(1, n, s).into_iter().map(|id| id as i32).collect(),
            actions: draw(2, n * t, allowed.len()).into_iter().map(|index| allowed[index]).collect(),
            lengths: None,
            returns: draw(3, n, 1000).into_iter().map(|value| value as f32 / 700.0).collect(),
            config,
        }
    }

    /// With drawn lengths.
    fn ending(mut self, seed: u32) -> Self {
        let (n, steps) = (self.stages.len(), self.steps() as u32);
        self.lengths = Some((0..n).map(|row| 1 + (philox([row as u32, 4, 0, 0], [seed, 77])[0] % steps) as i32).collect());
        self
    }

    fn steps(&self) -> usize {
        self.actions.len() / self.stages.len()
    }

    /// Whether each step counts, `[n, T]`.
    fn counts(&self) -> Vec<bool> {
        let length = |row: usize| self.lengths.as_ref().map_or(self.steps(), |lengths| lengths[row] as usize);
        (0..self.stages.len()).flat_map(|row| (0..self.steps()).map(move |t| t < length(row))).collect()
    }

    fn engines(&self) -> Vec<Named> {
        engines(&self.config, &self.flat).unwrap()
    }

    fn prompts_without_actions(&self) -> Prompts<'_> {
        Prompts::new(&self.config, &self.contexts, &self.stages).unwrap()
    }

    fn prompts(&self) -> Prompts<'_> {
        let prompts = self.prompts_without_actions();
        prompts.check_actions(&self.config, &self.actions).unwrap();
        prompts
    }

    fn episodes(&self) -> Episodes<'_> {
        let episodes = Episodes {
            prompts: self.prompts(),
            actions: &self.actions,
            lengths: self.lengths.as_deref(),
            returns: &self.returns,
        };
        episodes.check(&self.config).unwrap();
        episodes
    }
}

/// The largest absolute difference, two equal infinities being none; NaN counts as infinite.
#[allow(clippy::float_cmp)] // For the infinities of masked logits.
fn deviation(got: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(got.len(), expected.len());
    got.iter().zip(expected).fold(0.0, |worst, (&got, &expected)| {
        let got = f64::from(got);
        let distance = if got == expected { 0.0 } else { (got - expected).abs() };
        if distance.is_nan() { f64::INFINITY } else { worst.max(distance) }
    })
}

fn assert_close(what: &str, got: &[f32], expected: &[f64], tolerance: f64) {
    let worst = deviation(got, expected);
    assert!(worst <= tolerance, "{what}: off by {worst:.2e}, allowed {tolerance:.0e}");
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().copied().map(f64::from).collect()
}

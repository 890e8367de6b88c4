//! Every engine against PyTorch's golden vectors, against an independent f64 oracle and against the other engines.

#![allow(clippy::unwrap_used)]

mod accumulate;
mod agreement;
mod case;
mod explore;
mod finite;
mod general;
mod golden;
mod golden_history;
mod golden_ppo;
mod golden_reading;
mod gradient;
mod heights;
mod kept;
mod learning;
mod lengths;
mod masks;
mod oracle;
mod policy;
mod ppo;
mod reference;
mod shape;
#[path = "../support/mod.rs"]
mod support;
mod terms;
mod weights;

use innate_core::device::{self, DeviceKind};
use innate_core::engine::Engine;
use innate_core::engine::fused::Fused;
use innate_core::engine::plain::{Cell, Plain};
use innate_core::error::Result;
use innate_core::kernel::simd::Isa;
use innate_core::model::ModelSpec;

use crate::case::Case;
use crate::learning::{Aim, Judged, Learning, Stats};

/// An engine by name.
type Named = (String, Box<dyn Engine>);

/// All engines, each holding `flat`: the plain twin with its cell composed and as one operation, and the fused engine with every instruction
/// set that this processor has. With `INNATE_TEST_DEVICE=cuda` the plain twin on the CPU, which the first of a comparison is, and on CUDA.
fn engines(model: &ModelSpec, flat: &[f32]) -> Result<Vec<Named>> {
    let plain = |name: &str, kind: DeviceKind, cell: Cell| -> Result<Named> {
        Ok((name.into(), Box::new(Plain::with_cell(model.clone(), device::open(kind)?, flat, cell)?)))
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
                all.push((format!("fused {isa:?}"), Box::new(Fused::with_isa(model, 2, flat, isa)?)));
            }
            all
        }
    })
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

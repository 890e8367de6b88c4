//! Chunks of every height: small batches are cut into more of them, and steps of few rows wait for one another.

use innate_core::device::{self, DeviceKind};
use innate_core::engine::fused::Fused;
use innate_core::engine::plain::Plain;
use innate_core::kernel::simd::Isa;

use crate::shape::{LOSSES, Shape, Weighing, loss};
use crate::{Aim, Case, Learning, assert_close, wide};

/// Every number of rows up to beyond a chunk, and some of several chunks.
fn heights() -> impl Iterator<Item = usize> {
    (1..=40).chain([65, 130])
}

/// With features or without, of one layer or two, starts and ends inside.
fn case(rows: usize, kind: usize) -> Case {
    let weighing = [Weighing::Lengths, Weighing::Any, Weighing::Alike][rows % 3];
    let shape = match kind {
        0 => Shape { starts: true, weighing, ..Shape::plain(rows as u32) },
        1 => Shape { weighing, ..Shape::full(rows as u32, 1) },
        _ => Shape { weighing, ..Shape::full(rows as u32, 2) },
    };
    shape.sized(rows, 6, 9).case()
}

fn aim(case: &Case, rows: usize) -> Aim {
    loss(case, rows * 5 % LOSSES)
}

#[test]
fn gradients_of_any_number_of_rows_are_those_of_the_plain_engine() {
    for (rows, kind) in heights().flat_map(|rows| (0..3).map(move |kind| (rows, kind))) {
        let case = case(rows, kind);
        let aim = aim(&case, rows);
        let mut plain = Plain::new(case.model.clone(), device::open(DeviceKind::Cpu).unwrap(), &case.flat).unwrap();
        let (_, expected) = plain.gradients(&case.data(), &aim).unwrap();
        let largest = expected.iter().fold(1e-3_f32, |largest, x| largest.max(x.abs()));
        for isa in Isa::available() {
            let mut fused = Fused::with_isa(&case.model, 2, &case.flat, isa).unwrap();
            let (_, got) = fused.gradients(&case.data(), &aim).unwrap();
            assert_close(&format!("{isa:?}, {rows} rows, kind {kind}"), &got, &wide(&expected), 1e-4 * f64::from(largest));
        }
    }
}

/// Once more on the same engine, whose memory holds what other batches left, and on any number of threads.
#[test]
fn gradients_of_any_number_of_rows_do_not_depend_on_threads_or_on_what_was_before() {
    let bits = |gradient: Vec<f32>| gradient.into_iter().map(f32::to_bits).collect::<Vec<_>>();
    for kind in 0..3 {
        let model = case(1, kind).model;
        let flat = case(1, kind).flat;
        let mut engines = [1, 2, 3, 8].map(|threads| Fused::new(&model, threads, &flat).unwrap());
        for rows in heights() {
            let case = Case { flat: flat.clone(), model: model.clone(), ..case(rows, kind) };
            let aim = aim(&case, rows);
            let fresh = bits(Fused::new(&model, 1, &flat).unwrap().gradients(&case.data(), &aim).unwrap().1);
            for engine in &mut engines {
                let got = bits(engine.gradients(&case.data(), &aim).unwrap().1);
                assert!(got == fresh, "{rows} rows, kind {kind}");
            }
        }
    }
}

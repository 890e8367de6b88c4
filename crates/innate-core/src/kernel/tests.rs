//! What the kernels are built from, held to exact answers with every instruction set that this processor has.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::adam::{Sum, SumOfSquares};
use super::buffer::Buffer;
use super::gru;
use super::matmul::{Matmul, Start};
use super::pool::Pool;
use super::simd::{Isa, Operation, PAD, Vector, padded};

/// Calls one method of [`Vector`] on every vector of the operands.
struct Apply<'a> {
    method: Method,
    operands: [&'a [f32]; 3],
    out: &'a mut [f32],
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Method {
    Splat,
    Zero,
    Add,
    Sub,
    Mul,
    Div,
    Min,
    Max,
    MulAdd,
    Sqrt,
    Round,
    Exp2,
    Mantissa,
    Exponent,
    Sum,
    Largest,
}

impl Operation for Apply<'_> {
    type Output = usize;

    #[inline(always)]
    fn run<V: Vector>(self) -> usize {
        for (at, out) in (0..).step_by(V::LANES).zip(self.out.chunks_exact_mut(V::LANES)) {
            // SAFETY: every operand is as long as `out`, whose chunk holds LANES floats.
            unsafe {
                let [a, b, c] = self.operands.map(|operand| V::load(operand[at..][..V::LANES].as_ptr()));
                let result = match self.method {
                    Method::Splat => V::splat(self.operands[0][at]),
                    Method::Zero => V::zero(),
                    Method::Add => a.add(b),
                    Method::Sub => a.sub(b),
                    Method::Mul => a.mul(b),
                    Method::Div => a.div(b),
                    Method::Min => a.min(b),
                    Method::Max => a.max(b),
                    Method::MulAdd => a.mul_add(b, c),
                    Method::Sqrt => a.sqrt(),
                    Method::Round => a.round(),
                    Method::Exp2 => a.exp2_integral(),
                    Method::Mantissa => a.split().0,
                    Method::Exponent => a.split().1,
                    Method::Sum => V::splat(a.sum()),
                    Method::Largest => V::splat(a.largest()),
                };
                result.store(out.as_mut_ptr());
            }
        }
        V::LANES
    }
}

/// The bits of `method` on `operands`, and the lanes of the vectors.
fn apply(isa: Isa, method: Method, operands: [&[f32]; 3]) -> (Vec<u32>, usize) {
    let mut out = vec![9.0; operands[0].len()];
    let lanes = isa.run(Apply { method, operands, out: &mut out });
    (out.into_iter().map(f32::to_bits).collect(), lanes)
}

fn bits(values: impl IntoIterator<Item = f32>) -> Vec<u32> {
    values.into_iter().map(f32::to_bits).collect()
}

#[test]
fn arithmetic_is_exact_in_every_lane() {
    let a: Vec<f32> = (0..48_u8).map(|i| f32::from(i) * 0.75 - 11.0).collect();
    let b: Vec<f32> = (0..48_u8).map(|i| 3.5 - f32::from(i * 7 % 48) * 0.25).map(|x| if x == 0.0 { 1.0 } else { x }).collect();
    let c: Vec<f32> = (0..48_u8).map(|i| f32::from(i % 5) - 2.0).collect();
    let positive: Vec<f32> = a.iter().map(|x| x * x + 0.1).collect();
    let zip = |f: fn(f32, f32) -> f32| bits(a.iter().zip(&b).map(|(&a, &b)| f(a, b)));
    for isa in Isa::available() {
        let check = |method, operands: [&[f32]; 3], expected: Vec<u32>| {
            assert_eq!(apply(isa, method, operands).0, expected, "{isa:?} {method:?}");
        };
        check(Method::Add, [&a, &b, &c], zip(|a, b| a + b));
        check(Method::Sub, [&a, &b, &c], zip(|a, b| a - b));
        check(Method::Mul, [&a, &b, &c], zip(|a, b| a * b));
        check(Method::Div, [&a, &b, &c], zip(|a, b| a / b));
        check(Method::Min, [&a, &b, &c], zip(f32::min));
        check(Method::Max, [&a, &b, &c], zip(f32::max));
        // Products and sums of these have few digits, so that rounding once or twice is the same.
        check(Method::MulAdd, [&a, &b, &c], bits((0..48).map(|i| a[i] * b[i] + c[i])));
        check(Method::Sqrt, [&positive, &b, &c], bits(positive.iter().map(|x| x.sqrt())));
        check(Method::Zero, [&a, &b, &c], vec![0; 48]);
    }
}

/// The second operand where either is NaN or both are zeros: what the instructions do, and what a clamp that keeps a NaN relies on.
#[test]
fn the_second_operand_is_taken_where_neither_is_smaller() {
    let cases = [(f32::NAN, 1.0), (1.0, f32::NAN), (0.0, -0.0), (-0.0, 0.0)];
    let a: Vec<f32> = cases.iter().cycle().take(PAD).map(|case| case.0).collect();
    let b: Vec<f32> = cases.iter().cycle().take(PAD).map(|case| case.1).collect();
    for isa in Isa::available().into_iter().filter(|isa| format!("{isa:?}") != "Neon") {
        for method in [Method::Min, Method::Max] {
            assert_eq!(apply(isa, method, [&a, &b, &a]).0, bits(b.iter().copied()), "{isa:?} {method:?}");
        }
    }
}

#[test]
fn rounding_powers_and_parts_of_a_number_are_exact() {
    let near = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.499_999, -126.6, 127.4, 0.0, 7.0, -3.2, 1e-3, 100.5, 101.5, -0.49];
    let powers: Vec<f32> = (0..256_u16).map(|i| f32::from(i) - 127.0).filter(|k| *k < 128.0).collect();
    let positive: Vec<f32> = (0..112_u8).map(|i| 2.0_f32.powi(i32::from(i) - 60) * (1.0 + f32::from(i % 16) / 16.0)).collect();
    for isa in Isa::available() {
        assert_eq!(apply(isa, Method::Round, [&near; 3]).0.len(), 16);
        let rounded = apply(isa, Method::Round, [&near; 3]).0;
        for (got, x) in rounded.into_iter().zip(near) {
            assert!((f32::from_bits(got) - x.round_ties_even()).abs() < f32::MIN_POSITIVE, "{isa:?} {x}");
        }
        let powers = &powers[..powers.len() / PAD * PAD];
        let expected = powers.iter().map(|&k| if k < -126.5 { 0.0 } else { 2.0_f32.powi(k as i32) });
        assert_eq!(apply(isa, Method::Exp2, [powers; 3]).0, bits(expected), "{isa:?}");
        let exponents = (0..112).map(|i: i16| f32::from(i) - 60.0);
        assert_eq!(apply(isa, Method::Exponent, [&positive; 3]).0, bits(exponents), "{isa:?}");
        let mantissas = (0..112_u8).map(|i| 1.0 + f32::from(i % 16) / 16.0);
        assert_eq!(apply(isa, Method::Mantissa, [&positive; 3]).0, bits(mantissas), "{isa:?}");
    }
}

#[test]
fn sums_and_largest_take_every_lane() {
    for isa in Isa::available() {
        for place in 0..PAD {
            let mut x = [-8.0; PAD];
            x[place] = 64.0;
            let (sums, lanes) = apply(isa, Method::Sum, [&x; 3]);
            let (largest, _) = apply(isa, Method::Largest, [&x; 3]);
            for at in 0..PAD {
                let here = at / lanes == place / lanes;
                let sum = -8.0 * lanes as f32 + if here { 72.0 } else { 0.0 };
                assert_eq!(sums[at], sum.to_bits(), "{isa:?} {place}");
                assert_eq!(largest[at], if here { 64.0_f32 } else { -8.0 }.to_bits(), "{isa:?} {place}");
            }
            let (splat, _) = apply(isa, Method::Splat, [&x; 3]);
            assert_eq!(splat, bits((0..PAD).map(|at| x[at / lanes * lanes])), "{isa:?} {place}");
        }
        assert_eq!(gru::lanes(isa), apply(isa, Method::Zero, [&[0.0; PAD]; 3]).1);
    }
}

#[test]
fn the_instruction_sets_are_those_of_the_processor() {
    let names: Vec<String> = Isa::available().into_iter().map(|isa| format!("{isa:?}")).collect();
    assert_eq!(names.last().map(String::as_str), Some("Portable"));
    assert_eq!(format!("{:?}", Isa::best()), names[0]);
    #[cfg(target_arch = "x86_64")]
    assert_eq!(names.contains(&"Avx2".to_owned()), is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"));
    #[cfg(target_arch = "aarch64")]
    assert_eq!(names, ["Neon", "Portable"]);
}

#[test]
fn sizes_are_padded_to_whole_lines() {
    let sizes = [(0, 0), (1, 16), (15, 16), (16, 16), (17, 32), (96, 96), (97, 112)];
    assert_eq!(sizes.map(|(size, _)| padded(size)), sizes.map(|(_, padded)| padded));
}

#[test]
fn a_buffer_keeps_what_it_holds_and_begins_on_a_line() {
    let mut buffer = Buffer::zeros(3).unwrap();
    assert_eq!(&buffer[..], [0.0; 3]);
    buffer.copy_from_slice(&[1.0, 2.0, 3.0]);
    for len in [2, 3, 16, 17, 33, 5, 64] {
        let before = buffer.len();
        buffer.grow(len).unwrap();
        assert_eq!(buffer.len(), before.max(len));
        assert_eq!(buffer[..3], [1.0, 2.0, 3.0]);
        assert!(buffer[3..].iter().all(|x| *x == 0.0));
        assert_eq!(buffer.as_ptr().align_offset(64), 0);
    }
    buffer[63] = 4.0;
    assert_eq!(buffer[62..], [0.0, 4.0]);
    assert!(Buffer::default().is_empty());
}

#[test]
fn an_empty_product_touches_nothing() {
    for isa in Isa::available() {
        for (m, n) in [(0, 16), (3, 0), (0, 0)] {
            let mut c = [7.0; 16];
            let (a, b) = ([1.0; 6], [1.0; 32]);
            let start = Start::Zero;
            isa.run(Matmul { m, n, k: 2, a: &a, a_row: 2, a_col: 1, b: &b, b_row: 16, c: &mut c, c_row: 16, start });
            assert_eq!(c.map(f32::to_bits), [7.0_f32.to_bits(); 16], "{isa:?} {m}x{n}");
        }
    }
}

#[test]
fn sums_over_parts_and_of_squares_are_exact_for_whole_numbers() {
    for isa in Isa::available() {
        for len in [16, 32, 1024, 1040, 4096] {
            let part = |scale: f32| -> Vec<f32> { (0..len).map(|i| scale * ((i % 7) as f32 - 2.0)).collect() };
            let (one, two, three) = (part(1.0), part(-3.0), part(4.0));
            let mut out = vec![5.0; len];
            isa.run(Sum { parts: &[&one, &two, &three], out: &mut out });
            assert_eq!(out, part(2.0), "{isa:?} {len}");
            let squares: f64 = one.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
            assert!((isa.run(SumOfSquares(&one)) - squares).abs() < 1e-9, "{isa:?} {len}");
        }
    }
}

#[test]
fn panels_hold_the_three_gates_of_neighbouring_units() {
    let (hp, width, k) = (16, 16, 5);
    let weight: Vec<f32> = (0..3 * hp * width).map(|i| i as f32).collect();
    for lanes in [4, 8, 16] {
        let len = gru::panel_len(k, lanes);
        assert_eq!(len, k * 3 * lanes);
        for panel in 0..hp / lanes {
            let mut out = vec![-1.0; len];
            gru::pack_panel(&weight, (hp, width), k, lanes, panel, &mut out);
            for (at, got) in out.into_iter().enumerate() {
                let (column, gate, lane) = (at / (3 * lanes), at / lanes % 3, at % lanes);
                let row = gate * hp + panel * lanes + lane;
                assert_eq!(got.to_bits(), weight[row * width + column].to_bits(), "{lanes} {panel} {at}");
            }
        }
    }
}

/// Each of two tasks waits for the other: in turn they would not end.
#[test]
fn tasks_run_side_by_side() {
    let mut pool = Pool::new(2);
    assert_eq!(pool.threads(), 2);
    let (begun, met) = (AtomicUsize::new(0), AtomicUsize::new(0));
    pool.run(2, &|_, _| {
        begun.fetch_add(1, Ordering::SeqCst);
        let start = Instant::now();
        while begun.load(Ordering::SeqCst) < 2 && start.elapsed() < Duration::from_secs(20) {
            std::thread::yield_now();
        }
        met.fetch_add(usize::from(begun.load(Ordering::SeqCst) == 2), Ordering::SeqCst);
    });
    assert_eq!(met.load(Ordering::SeqCst), 2);
}

#[test]
fn a_team_counts_the_caller() {
    assert_eq!([1, 2, 5].map(|threads| Pool::new(threads).threads()), [1, 2, 5]);
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    assert_eq!(Pool::new(0).threads(), all);
}

/// Every number of rows from one to beyond two tiles, in slices without a float to spare.
#[test]
fn a_step_is_the_formula_for_any_number_of_rows() {
    let (hidden, hp, tokens) = (5, 16, 3);
    let number = |i: usize, salt: usize| ((i * 37 + salt * 11) % 29) as f32 / 14.0 - 1.0;
    let padded = |count: usize, salt: usize| -> Vec<f32> {
        (0..count * hp).map(|i| if i % hp < hidden { number(i, salt) } else { 0.0 }).collect()
    };
    let (weight, bias, inputs) = (padded(3 * hp, 1), padded(3, 2), padded(tokens * 3, 3));
    for isa in Isa::available() {
        let lanes = gru::lanes(isa);
        let len = gru::panel_len(hidden, lanes);
        let mut panels = vec![0.0; hp / lanes * len];
        for (panel, out) in panels.chunks_mut(len).enumerate() {
            gru::pack_panel(&weight, (hp, hp), hidden, lanes, panel, out);
        }
        // `inputs` is [token][gate][unit], and a panel holds the three gates of neighbouring units.
        let gate_at = |token: usize, gate: usize, unit: usize| inputs[(token * 3 + gate) * hp + unit];
        let gates: Vec<f32> = (0..tokens * 3 * hp)
            .map(|at| gate_at(at / (3 * hp), at / lanes % 3, at % (3 * hp) / (3 * lanes) * lanes + at % lanes))
            .collect();
        for rows in 1..=18 {
            let gate_rows: Vec<u32> = (0..rows as u32).map(|row| row % tokens as u32).collect();
            let h = padded(rows, 4);
            let (mut h_next, mut saved) = (vec![9.0; rows * hp], vec![9.0; rows * gru::SAVED * hp]);
            isa.run(gru::Forward {
                rows,
                hp,
                hidden,
                panels: &panels,
                bias: &bias,
                gates: &gates,
                gate_rows: &gate_rows,
                h: &h,
                h_next: &mut h_next,
                saved: &mut saved,
            });
            for (row, unit) in (0..rows).flat_map(|row| (0..hidden).map(move |unit| (row, unit))) {
                let own = |gate: usize| {
                    let weights = &weight[(gate * hp + unit) * hp..][..hidden];
                    let product: f64 = weights.iter().zip(&h[row * hp..]).map(|(w, h)| f64::from(*w) * f64::from(*h)).sum();
                    f64::from(bias[gate * hp + unit]) + product
                };
                let input = |gate: usize| f64::from(gate_at(row % tokens, gate, unit));
                let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
                let (r, z, hn) = (sigmoid(input(0) + own(0)), sigmoid(input(1) + own(1)), own(2));
                let n = (input(2) + r * hn).tanh();
                let next = (1.0 - z) * n + z * f64::from(h[row * hp + unit]);
                let at = |part: usize| saved[(row * gru::SAVED + part) * hp + unit];
                let got = [h_next[row * hp + unit], at(0), at(1), at(2), at(3)];
                for (got, expected) in got.into_iter().zip([next, r, z, n, hn]) {
                    assert!((f64::from(got) - expected).abs() < 2e-6, "{isa:?}, {rows} rows: [{row}, {unit}] {got} {expected}");
                }
            }
        }
    }
}

/// The pointers are sound because of these checks alone: each slice one float short, and a row of gates that is the first beyond them.
#[test]
fn a_step_refuses_slices_that_are_too_short_and_rows_beyond_the_gates() {
    let (rows, hidden, hp, tokens) = (5, 5, 16, 3);
    let run = |isa: Isa, short: [usize; 5], row: u32| {
        let [h, h_next, saved, bias, gate_rows] = short;
        let zeros = |count: usize, short: usize| vec![0.0; count - short];
        std::panic::catch_unwind(|| {
            isa.run(gru::Forward {
                rows,
                hp,
                hidden,
                panels: &zeros(hp / gru::lanes(isa) * gru::panel_len(hidden, gru::lanes(isa)), 0),
                bias: &zeros(3 * hp, bias),
                gates: &zeros(tokens * 3 * hp, 0),
                gate_rows: &vec![row; rows][gate_rows..],
                h: &zeros(rows * hp, h),
                h_next: &mut zeros(rows * hp, h_next),
                saved: &mut zeros(rows * gru::SAVED * hp, saved),
            });
        })
        .is_ok()
    };
    for isa in Isa::available() {
        assert!(run(isa, [0; 5], 2), "{isa:?}");
        assert!(!run(isa, [0; 5], 3), "{isa:?}: the first row beyond the gates");
        for part in 0..5 {
            let short = std::array::from_fn(|at| usize::from(at == part));
            assert!(!run(isa, short, 2), "{isa:?}: slice {part}");
        }
    }
}

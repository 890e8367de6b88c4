//! Forward against the definition in f64, backward against its central differences, for every instruction set.

use super::super::simd::{Isa, PAD, padded};
use super::{Attend, AttendBackward};
use crate::rng::philox;

const WIDTH: usize = 19;
const SCALE: f32 = 0.3;
/// Rows that lie between one key and the next.
const ROWS: usize = 3;

fn floats(stream: u32, count: usize) -> Vec<f64> {
    (0..count).map(|i| f64::from(philox([i as u32, stream, 0, 0], [7, 77])[0]) / f64::from(u32::MAX) * 4.0 - 2.0).collect()
}

/// Padded, in steps of `step` floats.
fn spread(values: &[f64], step: usize) -> Vec<f32> {
    let mut out = vec![0.0; values.len() / WIDTH * step];
    for (out, values) in out.chunks_exact_mut(step).zip(values.chunks_exact(WIDTH)) {
        out.iter_mut().zip(values).for_each(|(out, &x)| *out = x as f32);
    }
    out
}

/// Weights `[count]` and what is read out `[WIDTH]`.
fn attend(query: &[f64], keys: &[f64], values: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let dot = |key: &[f64]| key.iter().zip(query).map(|(k, q)| k * q).sum::<f64>() * f64::from(SCALE);
    let scores: Vec<f64> = keys.chunks_exact(WIDTH).map(|key| dot(key).exp()).collect();
    let total: f64 = scores.iter().sum();
    let weights: Vec<f64> = scores.iter().map(|score| score / total).collect();
    let out = (0..WIDTH).map(|i| weights.iter().zip(values.chunks_exact(WIDTH)).map(|(w, v)| w * v[i]).sum()).collect();
    (weights, out)
}

fn assert_near(what: &str, got: f32, expected: f64) {
    assert!((f64::from(got) - expected).abs() < 2e-5 * expected.abs().max(1.0), "{what}: {got}, expected {expected}");
}

#[test]
fn what_is_read_out_is_the_weighed_sum() {
    let (hp, stride) = (padded(WIDTH), padded(WIDTH) * ROWS);
    for isa in Isa::available() {
        for count in [1, 2, 7, 16, 17, 40] {
            let (query, keys, values) = (floats(0, WIDTH), floats(1, count * WIDTH), floats(2, count * WIDTH));
            let (expected_weights, expected) = attend(&query, &keys, &values);
            let (mut weights, mut out) = (vec![f32::NAN; padded(count)], vec![f32::NAN; hp]);
            isa.run(Attend {
                hp,
                scale: SCALE,
                count,
                stride,
                query: &spread(&query, hp),
                keys: &spread(&keys, stride),
                values: &spread(&values, stride),
                weights: &mut weights,
                out: &mut out,
            });
            for (j, &weight) in weights.iter().enumerate() {
                assert_near(&format!("{isa:?}, {count}, weight {j}"), weight, expected_weights.get(j).copied().unwrap_or(0.0));
            }
            for (i, &x) in out.iter().enumerate() {
                assert_near(&format!("{isa:?}, {count}, {i}"), x, expected.get(i).copied().unwrap_or(0.0));
            }
        }
    }
}

/// L = Σ over steps of dL/dc·c, so that dL/dc is given.
#[test]
fn gradients_match_central_differences() {
    const STEP: f64 = 1e-5;
    let (hp, stride) = (padded(WIDTH), padded(WIDTH) * ROWS);
    for (count, steps) in [(1, 1), (5, 3), (17, 6), (4, 0)] {
        let given = [floats(3, steps * WIDTH), floats(4, count * WIDTH), floats(5, count * WIDTH)];
        let dc = floats(6, steps * WIDTH);
        let loss = |[queries, keys, values]: &[Vec<f64>; 3]| -> f64 {
            let rows = queries.chunks_exact(WIDTH).zip(dc.chunks_exact(WIDTH));
            rows.map(|(query, dc)| attend(query, keys, values).1.iter().zip(dc).map(|(c, d)| c * d).sum::<f64>()).sum()
        };
        let expected: Vec<Vec<f64>> = (0..3)
            .map(|part| {
                let moved = |index: usize, by: f64| {
                    let mut moved = given.clone();
                    moved[part][index] += by;
                    loss(&moved)
                };
                (0..given[part].len()).map(|i| (moved(i, STEP) - moved(i, -STEP)) / (2.0 * STEP)).collect()
            })
            .collect();
        for isa in Isa::available() {
            let (keys, values) = (spread(&given[1], stride), spread(&given[2], stride));
            let (queries, width) = (spread(&given[0], hp), padded(count));
            let mut weights = vec![0.0; steps * width];
            for (query, weights) in queries.chunks_exact(hp).zip(weights.chunks_exact_mut(width)) {
                let out = &mut [0.0; 2 * PAD];
                isa.run(Attend { hp, scale: SCALE, count, stride, query, keys: &keys, values: &values, weights, out });
            }
            let mut gradients = spread(&dc, hp);
            let (mut dkeys, mut dvalues) = (vec![f32::NAN; count * stride], vec![f32::NAN; count * stride]);
            isa.run(AttendBackward {
                hp,
                scale: SCALE,
                count,
                stride,
                keys: &keys,
                values: &values,
                steps,
                queries: (&queries, hp),
                weights: (&weights, width),
                gradients: (&mut gradients, hp),
                dscores: (&mut vec![f32::NAN; steps * width], width),
                dkeys: &mut dkeys,
                dvalues: &mut dvalues,
            });
            for (part, (got, step)) in [(&gradients, hp), (&dkeys, stride), (&dvalues, stride)].into_iter().enumerate() {
                for (index, &expected) in expected[part].iter().enumerate() {
                    let got = got[index / WIDTH * step + index % WIDTH];
                    assert_near(&format!("{isa:?}, {count} keys, {steps} steps, part {part}, {index}"), got, expected);
                }
            }
        }
    }
}

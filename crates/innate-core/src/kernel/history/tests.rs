//! Against the definition in f64, and its central differences.

use super::super::simd::Isa;
use super::*;
use crate::rng::Seed;

const COUNTS: [usize; 11] = [0, 1, 2, 5, 15, 16, 17, 33, 64, 70, 131];

/// A position after `count` others, its numbers in buffers that begin `lead` positions earlier; what is not its own is NaN.
struct Memory {
    count: usize,
    lead: usize,
    stride: usize,
    made: Vec<f32>,
    keys: Vec<f32>,
    values: Vec<f32>,
    bias: Vec<f32>,
}

impl Memory {
    fn new(count: usize, lead: usize) -> Self {
        let drawn = |stream: u32, len: usize| {
            let mut values = vec![0.0; len];
            Seed(5).fill_uniform(stream, 1.5, &mut values);
            values
        };
        let stride = count + lead + 3;
        let mut memory = Self {
            count,
            lead,
            stride,
            made: drawn(0, (count + 1) * MADE),
            keys: vec![f32::NAN; READ * stride + PAD],
            values: vec![f32::NAN; READ * stride + PAD],
            bias: drawn(1, HEADS * room(count)),
        };
        memory.transpose();
        memory
    }

    fn transpose(&mut self) {
        let Self { count, lead, stride, .. } = *self;
        for (j, made) in self.made.chunks_exact(MADE).take(count).enumerate() {
            for i in 0..READ {
                self.keys[i * stride + lead + j] = made[READ + i];
                self.values[i * stride + lead + j] = made[2 * READ + i];
            }
        }
    }

    fn past(&self) -> Past<'_> {
        let (low, high) = self.bias.split_at(room(self.count));
        Past { count: self.count, made: &self.made, keys: &self.keys[self.lead..], stride: self.stride, bias: [low, high] }
    }

    fn attend(&self, isa: Isa) -> (Vec<f32>, Vec<f32>) {
        let (mut out, mut saved) = (vec![f32::NAN; READ], vec![f32::NAN; SAVED]);
        let weights = &mut vec![f32::NAN; room(self.count)];
        isa.run(Attend { past: self.past(), weights, out: &mut out, saved: &mut saved });
        (out, saved)
    }

    /// c by the definition.
    fn defined(&self, made: &[f64], bias: &[f64]) -> Vec<f64> {
        let part = |j: usize, of: usize, i: usize| made[j * MADE + of * READ + i];
        (0..READ)
            .map(|i| {
                let head = i / WIDTH;
                let score = |j: usize| {
                    let dot: f64 = (head * WIDTH..(head + 1) * WIDTH).map(|i| part(self.count, 0, i) * part(j, 1, i)).sum();
                    dot / (WIDTH as f64).sqrt() + bias[head * room(self.count) + j]
                };
                let weights: Vec<f64> = (0..self.count).map(|j| score(j).exp()).collect();
                let total: f64 = weights.iter().sum();
                (0..self.count).map(|j| weights[j] / total * part(j, 2, i)).sum()
            })
            .collect()
    }
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&x| f64::from(x)).collect()
}

fn near(what: &str, got: &[f32], expected: &[f64], tolerance: f64) {
    assert_eq!(got.len(), expected.len());
    for (index, (&got, &expected)) in got.iter().zip(expected).enumerate() {
        let off = (f64::from(got) - expected).abs();
        assert!(off <= tolerance * expected.abs().max(1.0), "{what}, number {index}: {got}, expected {expected}");
    }
}

#[test]
fn what_is_read_out_is_as_defined() {
    for isa in Isa::available() {
        for count in COUNTS {
            let memory = Memory::new(count, 0);
            let expected = memory.defined(&wide(&memory.made), &wide(&memory.bias));
            near(&format!("{isa:?}, {count}"), &memory.attend(isa).0, &expected, 1e-5);
        }
    }
}

/// Wherever it stands in memory, and whatever stands beside it.
#[test]
fn the_same_past_gives_the_same_bits() {
    let bits = |values: &[f32]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    for isa in Isa::available() {
        for count in COUNTS {
            let [first, second, third] = [0, 5, 16].map(|lead| Memory::new(count, lead).attend(isa));
            assert_eq!((bits(&first.0), bits(&first.1)), (bits(&second.0), bits(&second.1)), "{isa:?}, {count}");
            assert_eq!(bits(&first.0), bits(&third.0), "{isa:?}, {count}");
        }
    }
}

#[test]
fn gradients_are_central_differences() {
    const STEP: f64 = 1e-5;
    for count in COUNTS {
        let memory = Memory::new(count, 3);
        let mut dout = vec![0.0; READ];
        Seed(6).fill_uniform(0, 1.0, &mut dout);
        let (made, bias) = (wide(&memory.made), wide(&memory.bias));
        let loss = |made: &[f64], bias: &[f64]| -> f64 {
            memory.defined(made, bias).iter().zip(&dout).map(|(c, &d)| c * f64::from(d)).sum()
        };
        let numerical = |values: &[f64], loss: &dyn Fn(&[f64]) -> f64| -> Vec<f64> {
            let moved = |at: usize, by: f64| {
                let mut values = values.to_vec();
                values[at] += by;
                loss(&values)
            };
            // Of a long past every seventh number is enough.
            let some = if count > 20 { 7 } else { 1 };
            let each = |at: usize| (moved(at, STEP) - moved(at, -STEP)) / (2.0 * STEP);
            (0..values.len()).map(|at| if at % some == 0 { each(at) } else { f64::NAN }).collect()
        };
        let expected = numerical(&made, &|made| loss(made, &bias));
        let expected_bias = numerical(&bias, &|bias| loss(&made, bias));
        for isa in Isa::available() {
            let saved = memory.attend(isa).1;
            // Gradients of the past are added to; that of the query is written.
            let mut dmade = vec![0.5; made.len()];
            let mut dbias = vec![0.25; bias.len()];
            let (low, high) = dbias.split_at_mut(room(count));
            isa.run(AttendBackward {
                past: memory.past(),
                values: &memory.values[memory.lead..],
                saved: &saved,
                dout: &dout,
                scratch: &mut vec![f32::NAN; 2 * room(count)],
                dmade: &mut dmade,
                dbias: [low, high],
            });
            let what = format!("{isa:?}, {count}");
            for (at, (&got, &expected)) in dmade.iter().zip(&expected).enumerate() {
                let (position, part) = (at / MADE, at % MADE / READ);
                let before = match (position == count, part) {
                    (true, 0) => 0.0,
                    // Neither the present key and value nor past queries have a part in it.
                    _ => 0.5,
                };
                let off = (f64::from(got) - before - expected).abs();
                assert!(off < 2e-6 || expected.is_nan(), "{what}, position {position}, {part}: {got}, expected {expected}");
            }
            for (at, (&got, &expected)) in dbias.iter().zip(&expected_bias).enumerate() {
                let expected = if at % room(count) < count { expected } else { 0.0 };
                assert!(
                    (f64::from(got) - 0.25 - expected).abs() < 2e-6 || expected.is_nan(),
                    "{what}, bias {at}: {got}, expected {expected}"
                );
            }
        }
    }
}

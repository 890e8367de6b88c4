//! A decoder of two layers over dense inputs, begun by an encoder over a prompt, with episodes that start inside the sequence and a masked
//! loss, against the same written with Candle's operations and differentiated by its autograd.

use candle_core::{D, Device, Tensor, Var};

use super::super::simd::padded;
use super::*;
use crate::rng::Seed;

const STEPS: usize = 5;
const ROWS: usize = 11;

/// Weights of one layer, unpadded: W_ih `[3h, d]`, W_hh `[3h, h]`, b_ih, b_hh `[3h]`.
struct Plain {
    h: usize,
    d: usize,
    tensors: [Var; 4],
}

impl Plain {
    fn new(h: usize, d: usize, seed: u64) -> Self {
        let var = |index: u32, shape: &[usize]| {
            let mut values = vec![0.0; shape.iter().product()];
            Seed(seed).fill_uniform(index, 0.5, &mut values);
            Var::from_tensor(&Tensor::from_vec(values, shape, &Device::Cpu).unwrap()).unwrap()
        };
        Self { h, d, tensors: [var(0, &[3 * h, d]), var(1, &[3 * h, h]), var(2, &[3 * h]), var(3, &[3 * h])] }
    }

    fn step(&self, x: &Tensor, state: &Tensor) -> Tensor {
        let [w_ih, w_hh, b_ih, b_hh] = &self.tensors;
        let gates = |x: &Tensor, w: &Var, b: &Var| x.matmul(&w.t().unwrap()).unwrap().broadcast_add(b).unwrap();
        let (gi, gh) = (gates(x, w_ih, b_ih), gates(state, w_hh, b_hh));
        let part = |g: &Tensor, i: usize| g.narrow(1, i * self.h, self.h).unwrap();
        let sigmoid = |x: Tensor| (x.neg().unwrap().exp().unwrap() + 1.0).unwrap().recip().unwrap();
        let r = sigmoid((part(&gi, 0) + part(&gh, 0)).unwrap());
        let z = sigmoid((part(&gi, 1) + part(&gh, 1)).unwrap());
        let n = (part(&gi, 2) + (r * part(&gh, 2)).unwrap()).unwrap().tanh().unwrap();
        (&n + (z * (state - &n).unwrap()).unwrap()).unwrap()
    }

    fn flat(&self, index: usize) -> Vec<f32> {
        self.tensors[index].flatten_all().unwrap().to_vec1().unwrap()
    }
}

/// The same layer for the kernels.
struct Fused {
    isa: Isa,
    h: usize,
    hp: usize,
    d: usize,
    dp: usize,
    weight_ih: Vec<f32>,
    weight_hh: Vec<f32>,
    bias: [Vec<f32>; 2],
    packed: [Vec<f32>; 2],
    layer: Layer,
    x: Vec<f32>,
    dweight_ih: Vec<f32>,
    dweight_hh: Vec<f32>,
    dsums: Vec<f32>,
}

fn pad(values: &[f32], (rows, width): (usize, usize), (to_rows, to_width): (usize, usize)) -> Vec<f32> {
    let mut out = vec![0.0; to_rows * to_width];
    for row in 0..rows {
        out[row * to_width..][..width].copy_from_slice(&values[row * width..][..width]);
    }
    out
}

impl Fused {
    fn new(plain: &Plain, isa: Isa, steps: usize) -> Self {
        let (h, d) = (plain.h, plain.d);
        let (hp, dp) = (padded(h), padded(d));
        let gated = |values: &[f32], width: usize, to: usize| -> Vec<f32> {
            (0..3).flat_map(|gate| pad(&values[gate * h * width..][..h * width], (h, width), (hp, to))).collect()
        };
        let (weight_ih, weight_hh) = (gated(&plain.flat(0), d, dp), gated(&plain.flat(1), h, hp));
        let lanes = gru::lanes(isa);
        let pack = |weight: &[f32], width: usize, k: usize| {
            let mut out = vec![0.0; hp / lanes * gru::panel_len(k, lanes)];
            for (panel, out) in out.chunks_mut(gru::panel_len(k, lanes)).enumerate() {
                gru::pack_panel(weight, (hp, width), k, lanes, panel, out);
            }
            out
        };
        let mut layer = Layer::default();
        layer.prepare(ROWS, steps, hp).unwrap();
        Self {
            packed: [pack(&weight_ih, dp, d), pack(&weight_hh, hp, h)],
            bias: [gated(&plain.flat(2), 1, 1), gated(&plain.flat(3), 1, 1)],
            x: vec![0.0; steps * ROWS * dp],
            dweight_ih: vec![0.0; weight_ih.len()],
            dweight_hh: vec![0.0; weight_hh.len()],
            dsums: vec![0.0; SAVED * hp],
            isa,
            h,
            hp,
            d,
            dp,
            weight_ih,
            weight_hh,
            layer,
        }
    }

    fn forward(&mut self, t: usize, x: &[f32], starts: Option<&[bool]>) {
        self.x[t * ROWS * self.dp..][..ROWS * self.dp].copy_from_slice(&x[..ROWS * self.dp]);
        let mut gates = vec![0.0; ROWS * 3 * self.hp];
        self.isa.run(gru::InputGates {
            rows: ROWS,
            hp: self.hp,
            dp: self.dp,
            k: self.d,
            x,
            panels: &self.packed[0],
            base: gru::Base::Bias(&self.bias[0]),
            out: &mut gates,
        });
        let rows: Vec<u32> = (0..ROWS as u32).collect();
        let weights = LayerWeights {
            hidden: self.h,
            panels: &self.packed[1],
            weight_hh: &self.weight_hh,
            bias_hh: &self.bias[1],
            recurrent: true,
        };
        self.layer.forward(self.isa, weights, (t, ROWS), (&gates, &rows), starts);
    }

    /// Returns dL/dx of the step.
    fn backward(&mut self, t: usize, starts: Option<&[bool]>, dh: &mut [f32]) -> Vec<f32> {
        let mut dgates = vec![0.0; ROWS * SAVED * self.hp];
        let weights = LayerWeights {
            hidden: self.h,
            panels: &self.packed[1],
            weight_hh: &self.weight_hh,
            bias_hh: &self.bias[1],
            recurrent: true,
        };
        let rows: Vec<u32> = (0..ROWS as u32).collect();
        let scratch = &mut LayerScratch::default();
        scratch.prepare(ROWS, self.layer.hp).unwrap();
        let h = self.layer.backward(self.isa, weights, (t, &rows), starts, dh, &mut dgates, scratch, &mut self.dsums);
        let (hp, dp) = (self.hp, self.dp);
        self.isa.run(gru::StateGradient { rows: ROWS, hp, dgates: &dgates, h, dweight: &mut self.dweight_hh });
        let x = &self.x[t * ROWS * dp..];
        InputGradient { rows: ROWS, hp, dp, dgates: &dgates, x, dweight_ih: &mut self.dweight_ih }.run(self.isa);
        let mut dx = vec![0.0; ROWS * dp];
        InputBackward { rows: ROWS, hp, dp, dgates: &dgates, weight_ih: &self.weight_ih, dx: &mut dx }.run(self.isa);
        dx
    }

    fn compare(&self, plain: &Plain, grads: &candle_core::backprop::GradStore) {
        let (h, hp) = (self.h, self.hp);
        let ungated = |values: &[f32], width: usize, from: usize| -> Vec<f32> {
            (0..3).flat_map(|gate| pad_out(&values[gate * hp * from..], (h, width), from)).collect()
        };
        let sums = |picks: [usize; 3]| picks.iter().flat_map(|&i| self.dsums[i * hp..][..h].to_vec()).collect::<Vec<_>>();
        let got =
            [ungated(&self.dweight_ih, self.d, self.dp), ungated(&self.dweight_hh, h, hp), sums([0, 1, 3]), sums([0, 1, 2])];
        for (tensor, got) in plain.tensors.iter().zip(got) {
            close(&got, &grads.get(tensor).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap());
        }
    }
}

fn pad_out(values: &[f32], (rows, width): (usize, usize), from: usize) -> Vec<f32> {
    (0..rows).flat_map(|row| values[row * from..][..width].to_vec()).collect()
}

fn close(got: &[f32], want: &[f32]) {
    assert_eq!(got.len(), want.len());
    for (index, (got, want)) in got.iter().zip(want).enumerate() {
        assert!((got - want).abs() < 2e-5 * want.abs().max(1.0), "[{index}] {got} {want}");
    }
}

fn check(isa: Isa, h: usize, d: usize) {
    let drawn = |index: u32, len: usize| {
        let mut values = vec![0.0; len];
        Seed(99).fill_uniform(index, 1.0, &mut values);
        values
    };
    let inputs = drawn(0, 2 * STEPS * ROWS * d);
    let (prompt, inputs) = inputs.split_at(STEPS * ROWS * d);
    let coefficients = drawn(1, STEPS * ROWS * h);
    let starts: Vec<Vec<bool>> = (0..STEPS).map(|t| (0..ROWS).map(|row| t > 0 && (row + t) % 4 == 0).collect()).collect();
    let mask: Vec<f32> = (0..STEPS * ROWS).map(|i| f32::from(u8::from(i % 3 != 0))).collect();
    let plain = [Plain::new(h, d, 1), Plain::new(h, d, 2), Plain::new(h, h, 3)];

    let tensor = |values: &[f32], width: usize| Tensor::from_slice(values, (ROWS, width), &Device::Cpu).unwrap();
    let at = |values: &[f32], t: usize, width: usize| tensor(&values[t * ROWS * width..][..ROWS * width], width);
    let mut state = Tensor::zeros((ROWS, h), candle_core::DType::F32, &Device::Cpu).unwrap();
    for t in 0..STEPS {
        state = plain[0].step(&at(prompt, t, d), &state);
    }
    let dense = Var::from_tensor(&Tensor::from_slice(inputs, (STEPS, ROWS, d), &Device::Cpu).unwrap()).unwrap();
    let mut states = [state.clone(), state];
    let mut loss = Tensor::zeros((), candle_core::DType::F32, &Device::Cpu).unwrap();
    for (t, starts) in starts.iter().enumerate() {
        let keep: Vec<f32> = starts.iter().map(|&start| f32::from(u8::from(!start))).collect();
        let keep = tensor(&keep, 1);
        states[0] = plain[1].step(&dense.get(t).unwrap(), &states[0].broadcast_mul(&keep).unwrap());
        states[1] = plain[2].step(&states[0], &states[1].broadcast_mul(&keep).unwrap());
        let weighed = (&states[1] * at(&coefficients, t, h)).unwrap().sum(D::Minus1).unwrap();
        let masked = (weighed * Tensor::from_slice(&mask[t * ROWS..][..ROWS], ROWS, &Device::Cpu).unwrap()).unwrap();
        loss = (loss + masked.sum_all().unwrap()).unwrap();
    }
    let grads = loss.backward().unwrap();

    let mut fused = [0, 1, 2].map(|index| Fused::new(&plain[index], isa, STEPS));
    let (hp, dp) = (padded(h), padded(d));
    let padded_input = |values: &[f32], t: usize| pad(&values[t * ROWS * d..], (ROWS, d), (ROWS, dp));
    for t in 0..STEPS {
        fused[0].forward(t, &padded_input(prompt, t), None);
    }
    let begun = fused[0].layer.state(STEPS).to_vec();
    for layer in &mut fused[1..] {
        layer.layer.state_mut(0).copy_from_slice(&begun);
    }
    for (t, starts) in starts.iter().enumerate() {
        fused[1].forward(t, &padded_input(inputs, t), Some(starts));
        let below = fused[1].layer.state(t + 1).to_vec();
        fused[2].forward(t, &below, Some(starts));
    }
    close(&pad_out(fused[2].layer.state(STEPS), (ROWS, h), hp), &states[1].flatten_all().unwrap().to_vec1::<f32>().unwrap());

    let mut dh = [vec![0.0; ROWS * hp], vec![0.0; ROWS * hp]];
    let mut dense_gradient = vec![Vec::new(); STEPS];
    for t in (0..STEPS).rev() {
        for row in 0..ROWS {
            for j in 0..h {
                dh[1][row * hp + j] += mask[t * ROWS + row] * coefficients[(t * ROWS + row) * h + j];
            }
        }
        let below = fused[2].backward(t, Some(&starts[t]), &mut dh[1]);
        dh[0].iter_mut().zip(below).for_each(|(d, x)| *d += x);
        dense_gradient[t] = pad_out(&fused[1].backward(t, Some(&starts[t]), &mut dh[0]), (ROWS, d), dp);
    }
    let mut encoder: Vec<f32> = dh[0].iter().zip(&dh[1]).map(|(a, b)| a + b).collect();
    for t in (0..STEPS).rev() {
        fused[0].backward(t, None, &mut encoder);
    }
    close(&dense_gradient.concat(), &grads.get(&dense).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap());
    for (fused, plain) in fused.iter().zip(&plain) {
        fused.compare(plain, &grads);
    }
}

#[test]
fn an_encoder_and_two_layers_with_starts_and_a_mask_match_autograd() {
    for isa in Isa::available() {
        for (h, d) in [(5, 3), (16, 16), (17, 7), (40, 33)] {
            check(isa, h, d);
        }
    }
}

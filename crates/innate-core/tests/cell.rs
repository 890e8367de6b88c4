//! The CUDA kernels' own source, compiled as C and run on the processor, against the operation that they serve: on the CPU its own version,
//! on CUDA the kernels themselves. The operation is held to autograd, to central differences and to PyTorch by the tests of the engines.

#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod support;

use std::io::Write;
use std::process::{Command, Stdio};

use candle_core::{DType, Tensor};
use innate_core::device;
use innate_core::kernel::cell::{CUDA_SOURCE, gru_cell, gru_cell_backward};
use innate_core::rng::philox;

/// Calls both kernels for every thread of a launch, one after the other. Reads rows, width and the operands, writes both outputs.
const HARNESS: &str = r#"
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#define __global__
#define __device__
#define __launch_bounds__(threads)
static struct { unsigned x; } blockIdx, blockDim = {256}, threadIdx;
#include "kernels.c"
static float *floats(size_t n) { return calloc(n, sizeof(float)); }
static float *load(size_t n) { float *to = floats(n); if (fread(to, sizeof(float), n, stdin) != n) exit(2); return to; }
#define LAUNCH(call) \
  for (blockIdx.x = 0; blockIdx.x < (n + 255) / 256; blockIdx.x++) \
    for (threadIdx.x = 0; threadIdx.x < 256; threadIdx.x++) call
int main(int argc, char **argv) {
  size_t rows = atol(argv[1]), width = atol(argv[2]), n = rows * width;
  float *input = load(3 * n), *recurrent = load(3 * n), *hidden = load(n), *grad = load(n), *next = floats(n), *all = floats(7 * n);
  LAUNCH(gru_cell_forward(input, recurrent, hidden, next, rows, width));
  LAUNCH(gru_cell_backward(input, recurrent, hidden, grad, all, rows, width));
  fwrite(next, sizeof(float), n, stdout);
  fwrite(all, sizeof(float), 7 * n, stdout);
  return argc != 3;
}
"#;

fn draw(stream: u32, count: usize) -> Vec<f32> {
    let unit = |i| philox([i, stream, 0, 0], [7, 9])[0] as f32 / u32::MAX as f32;
    (0..count as u32).map(|i| 6.0 * unit(i) - 3.0).collect()
}

#[test]
fn the_cuda_source_computes_what_the_operation_does() {
    let device = device::open(support::device()).unwrap();
    let folder = std::env::temp_dir().join(format!("innate-cell-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("kernels.c"), CUDA_SOURCE).unwrap();
    std::fs::write(folder.join("harness.c"), HARNESS).unwrap();
    let program = folder.join("harness");
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let compiled = Command::new(compiler).arg("-O1").arg("-o").arg(&program).arg(folder.join("harness.c")).arg("-lm").status();
    assert!(compiled.unwrap().success());

    for (rows, width) in [(1, 1), (3, 5), (7, 96), (33, 100)] {
        let n = rows * width;
        let operands = [draw(0, 3 * n), draw(1, 3 * n), draw(2, n), draw(3, n)];
        let mut child = Command::new(&program)
            .args([rows.to_string(), width.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let bytes: Vec<u8> = operands.iter().flatten().flat_map(|value| value.to_ne_bytes()).collect();
        child.stdin.take().unwrap().write_all(&bytes).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        let got: Vec<f32> = output.stdout.as_chunks::<4>().0.iter().map(|bytes| f32::from_ne_bytes(*bytes)).collect();

        let [input, recurrent, hidden, grad] = operands;
        // Each operand behind others in its buffer, as the steps of a sequence are.
        let tensor = |data: Vec<f32>, columns: usize| {
            let before = draw(4, data.len());
            let all = Tensor::from_vec([before, data].concat(), (2, rows, columns), &device).unwrap();
            all.narrow(0, 1, 1).unwrap().squeeze(0).unwrap()
        };
        let (input, recurrent) = (tensor(input, 3 * width), tensor(recurrent, 3 * width));
        let (hidden, grad) = (tensor(hidden, width), tensor(grad, width));
        let host = |tensor: &Tensor| tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let mut expected = host(&gru_cell(&input, &recurrent, &hidden).unwrap());
        for gradient in gru_cell_backward(&input, &recurrent, &hidden, &grad).unwrap() {
            expected.extend(host(&gradient));
        }
        assert_eq!(got.len(), expected.len());
        for (index, (got, expected)) in got.iter().zip(&expected).enumerate() {
            assert!((got - expected).abs() <= 1e-6, "[{rows}, {width}], element {index}: {got} {expected}");
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn shapes_that_do_not_fit_are_refused() {
    let device = device::open(support::device()).unwrap();
    let zeros = |rows: usize, columns: usize| Tensor::zeros((rows, columns), DType::F32, &device).unwrap();
    assert!(gru_cell(&zeros(2, 9), &zeros(2, 9), &zeros(2, 3)).is_ok());
    for (input, recurrent, hidden) in [((2, 8), (2, 9), (2, 3)), ((2, 9), (1, 9), (2, 3)), ((2, 9), (2, 9), (2, 4))] {
        let result = gru_cell(&zeros(input.0, input.1), &zeros(recurrent.0, recurrent.1), &zeros(hidden.0, hidden.1));
        assert!(result.unwrap_err().to_string().contains("gates must be"));
    }
    assert!(gru_cell(&zeros(9, 2).t().unwrap(), &zeros(2, 9), &zeros(2, 3)).unwrap_err().to_string().contains("contiguous"));
}

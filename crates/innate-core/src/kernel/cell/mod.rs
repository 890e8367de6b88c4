//! A GRU cell after its two matrix products as one Candle operation, with a kernel of its own on CUDA. The CPU's version is the same formulas
//! in a plain loop: the engine `fused` is what is fast there, and this is what checks the CUDA kernel's arithmetic and its backward pass.

#[cfg(feature = "cuda")]
mod cuda;

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Storage, Tensor, bail};

/// The source of the CUDA kernels, also valid C.
pub const CUDA_SOURCE: &str = include_str!("gru_cell.cu");

/// The next hidden state `[n, H]` from the input's gates `[n, 3H]`, the state's gates `[n, 3H]` and the hidden state `[n, H]`, gates in
/// PyTorch's order r, z, n: `n + z·(h − n)` with `n = tanh(input_n + r·recurrent_n)`. All f32 and contiguous.
///
/// # Errors
/// For other shapes, types and layouts, or when the device fails.
pub fn gru_cell(input: &Tensor, recurrent: &Tensor, hidden: &Tensor) -> Result<Tensor> {
    input.apply_op3(recurrent, hidden, Forward)
}

/// Gradients of the input's gates `[n, 3H]`, the state's gates `[n, 3H]` and the hidden state `[n, H]`, from the next state's `[n, H]`: what
/// [`gru_cell`] is differentiated by.
///
/// # Errors
/// As [`gru_cell`].
pub fn gru_cell_backward(input: &Tensor, recurrent: &Tensor, hidden: &Tensor, grad: &Tensor) -> Result<[Tensor; 3]> {
    let (rows, width) = hidden.dims2()?;
    let elements = rows * width;
    let all = input.apply_op3_no_bwd(recurrent, &grad.contiguous()?, &Backward { hidden: hidden.clone() })?;
    let gates = |from: usize| all.narrow(0, from, 3 * elements)?.reshape((rows, 3 * width));
    Ok([gates(0)?, gates(3 * elements)?, all.narrow(0, 6 * elements, elements)?.reshape((rows, width))?])
}

struct Forward;

/// Gradients of the input's gates, the state's gates and the hidden state, one after the other, `[7·n·H]`. The fourth input of the formula is
/// held here, since an operation takes three.
struct Backward {
    /// `[n, H]`
    hidden: Tensor,
}

/// Where the operands begin, and what they hold.
#[derive(Clone, Copy)]
struct Place {
    rows: usize,
    width: usize,
}

impl Place {
    /// Elements of a hidden state.
    fn elements(self) -> usize {
        self.rows * self.width
    }

    /// Of operands with the shapes `[n, 3H]`, `[n, 3H]` and `[n, H]`.
    fn of(input: &Layout, recurrent: &Layout, hidden: &Layout) -> Result<Self> {
        let (rows, width) = hidden.shape().dims2()?;
        for gates in [input, recurrent] {
            if gates.dims() != [rows, 3 * width] {
                bail!("gru-cell: gates must be [{rows}, {}], got {:?}", 3 * width, gates.dims());
            }
        }
        Ok(Self { rows, width })
    }

    /// r, z, n and the state's share of n, for each element; `input` and `recurrent` begin with the operand.
    fn gates(self, input: &[f32], recurrent: &[f32], element: usize) -> [f32; 4] {
        let at = |gate: usize| element / self.width * 3 * self.width + gate * self.width + element % self.width;
        let sigmoid = |x: f32| 0.5 * (0.5 * x).tanh() + 0.5;
        let own = recurrent[at(2)];
        let r = sigmoid(input[at(0)] + recurrent[at(0)]);
        let z = sigmoid(input[at(1)] + recurrent[at(1)]);
        [r, z, (input[at(2)] + r * own).tanh(), own]
    }
}

/// An operand from its first element on.
fn values<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match layout.contiguous_offsets() {
        Some((from, to)) => Ok(&storage.as_slice::<f32>()?[from..to]),
        None => bail!("gru-cell: operands must be contiguous"),
    }
}

impl CustomOp3 for Forward {
    fn name(&self) -> &'static str {
        "gru-cell"
    }

    fn cpu_fwd(
        &self,
        input: &CpuStorage,
        input_layout: &Layout,
        recurrent: &CpuStorage,
        recurrent_layout: &Layout,
        hidden: &CpuStorage,
        hidden_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let place = Place::of(input_layout, recurrent_layout, hidden_layout)?;
        let (input, recurrent) = (values(input, input_layout)?, values(recurrent, recurrent_layout)?);
        let next = values(hidden, hidden_layout)?.iter().enumerate().map(|(element, h)| {
            let [_, z, n, _] = place.gates(input, recurrent, element);
            n + z * (h - n)
        });
        Ok((CpuStorage::F32(next.collect()), hidden_layout.shape().clone()))
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(
        &self,
        input: &candle_core::CudaStorage,
        input_layout: &Layout,
        recurrent: &candle_core::CudaStorage,
        recurrent_layout: &Layout,
        hidden: &candle_core::CudaStorage,
        hidden_layout: &Layout,
    ) -> Result<(candle_core::CudaStorage, Shape)> {
        let place = Place::of(input_layout, recurrent_layout, hidden_layout)?;
        let operands = [(input, input_layout), (recurrent, recurrent_layout), (hidden, hidden_layout)];
        Ok((cuda::launch("gru_cell_forward", place, &operands, place.elements())?, hidden_layout.shape().clone()))
    }

    fn bwd(
        &self,
        input: &Tensor,
        recurrent: &Tensor,
        hidden: &Tensor,
        _next: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let [input, recurrent, hidden] = gru_cell_backward(input, recurrent, hidden, grad)?;
        Ok((Some(input), Some(recurrent), Some(hidden)))
    }
}

impl CustomOp3 for Backward {
    fn name(&self) -> &'static str {
        "gru-cell-backward"
    }

    fn cpu_fwd(
        &self,
        input: &CpuStorage,
        input_layout: &Layout,
        recurrent: &CpuStorage,
        recurrent_layout: &Layout,
        grad: &CpuStorage,
        grad_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (hidden, hidden_layout) = self.hidden.storage_and_layout();
        let Storage::Cpu(hidden) = &*hidden else { bail!("gru-cell: operands must be on one device") };
        let place = Place::of(input_layout, recurrent_layout, hidden_layout)?;
        let (input, recurrent) = (values(input, input_layout)?, values(recurrent, recurrent_layout)?);
        let (hidden, grad) = (values(hidden, hidden_layout)?, values(grad, grad_layout)?);
        let (elements, width) = (place.elements(), place.width);
        let mut all = vec![0.0; 7 * elements];
        for (element, (h, g)) in hidden.iter().zip(grad).enumerate() {
            let [r, z, n, own] = place.gates(input, recurrent, element);
            let dn = g * (1.0 - z) * (1.0 - n * n);
            let dz = g * (h - n) * z * (1.0 - z);
            let dr = dn * own * r * (1.0 - r);
            let gate = element / width * 3 * width + element % width;
            for (of, last) in [(0, dn), (3 * elements, dn * r)] {
                all[of + gate] = dr;
                all[of + gate + width] = dz;
                all[of + gate + 2 * width] = last;
            }
            all[6 * elements + element] = g * z;
        }
        let shape = Shape::from(all.len());
        Ok((CpuStorage::F32(all), shape))
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(
        &self,
        input: &candle_core::CudaStorage,
        input_layout: &Layout,
        recurrent: &candle_core::CudaStorage,
        recurrent_layout: &Layout,
        grad: &candle_core::CudaStorage,
        grad_layout: &Layout,
    ) -> Result<(candle_core::CudaStorage, Shape)> {
        let (hidden, hidden_layout) = self.hidden.storage_and_layout();
        let Storage::Cuda(hidden) = &*hidden else { bail!("gru-cell: operands must be on one device") };
        let place = Place::of(input_layout, recurrent_layout, hidden_layout)?;
        let operands = [(input, input_layout), (recurrent, recurrent_layout), (hidden, hidden_layout), (grad, grad_layout)];
        let len = 7 * place.elements();
        Ok((cuda::launch("gru_cell_backward", place, &operands, len)?, Shape::from(len)))
    }
}

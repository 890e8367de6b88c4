//! Launches the kernels of `gru_cell.cu`. `gru_cell.ptx` is checked in, so that a build of this crate needs no CUDA compiler of its own.

use candle_core::cuda_backend::WrapErr;
use candle_core::cuda_backend::cudarc::driver::{LaunchConfig, PushKernelArg};
use candle_core::{CudaStorage, Layout, Result, bail};

use super::Place;

const PTX: &str = include_str!("gru_cell.ptx");
/// As `__launch_bounds__` says in the source.
const BLOCK: u32 = 256;

/// Runs a kernel over operands in the order of its parameters, into a new buffer of `len` elements.
pub(super) fn launch(name: &str, place: Place, operands: &[(&CudaStorage, &Layout)], len: usize) -> Result<CudaStorage> {
    let device = &operands[0].0.device;
    let function = device.get_or_load_custom_func(name, "innate-gru-cell", PTX)?;
    let views = operands
        .iter()
        .map(|(storage, layout)| match layout.contiguous_offsets() {
            Some((from, to)) => Ok(storage.as_cuda_slice::<f32>()?.slice(from..to)),
            None => bail!("gru-cell: operands must be contiguous"),
        })
        .collect::<Result<Vec<_>>>()?;
    let Ok(elements) = u32::try_from(place.elements()) else { bail!("gru-cell: {} elements are too many", place.elements()) };
    // SAFETY: every element is written by the kernel before anything reads it.
    let mut out = unsafe { device.alloc::<f32>(len)? };
    let mut launch = function.builder();
    for view in &views {
        launch.arg(view);
    }
    launch.arg(&mut out).arg(&place.rows).arg(&place.width);
    let config = LaunchConfig { grid_dim: (elements.div_ceil(BLOCK), 1, 1), block_dim: (BLOCK, 1, 1), shared_mem_bytes: 0 };
    // SAFETY: the arguments are the kernel's, in its order; shapes were checked by `Place::of`, so no index leaves its buffer.
    unsafe { launch.launch(config) }.w()?;
    Ok(CudaStorage::wrap_cuda_slice(out, device.clone()))
}

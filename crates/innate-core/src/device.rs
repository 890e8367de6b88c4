//! The devices that tensors can live on.

use candle_core::Device;

use crate::error::{Error, Result};

/// Where the network's tensors live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceKind {
    /// The processor.
    Cpu,
    /// The first CUDA device.
    Cuda,
}

/// Makes a device ready.
///
/// # Errors
/// [`Error::Device`] with the driver's or the build's own reason, one line.
pub fn open(kind: DeviceKind) -> Result<Device> {
    match kind {
        DeviceKind::Cpu => Ok(Device::Cpu),
        DeviceKind::Cuda => cuda(),
    }
}

/// On a stream of its own: Candle's default is one per OS thread, which leaves work from two threads unordered.
#[cfg(feature = "cuda")]
fn cuda() -> Result<Device> {
    let ready = Device::new_cuda_with_stream(0).and_then(|device| probe(&device).map(|()| device));
    ready.map_err(|error| Error::Device { message: reason(&error.to_string()) })
}

/// A driver that is too old for the kernels refuses them only when they are loaded; better here than in the middle of a training.
#[cfg(feature = "cuda")]
fn probe(device: &Device) -> candle_core::Result<()> {
    let zeros = |columns| candle_core::Tensor::zeros((1, columns), candle_core::DType::F32, device);
    crate::kernel::cell::gru_cell(&zeros(3)?, &zeros(3)?, &zeros(1)?)?.affine(1.0, 0.0)?.to_vec2::<f32>().map(drop)
}

#[cfg(not(feature = "cuda"))]
fn cuda() -> Result<Device> {
    Err(Error::Device { message: "this build has no CUDA".to_owned() })
}

/// One line of an error of Candle's, which is `DriverError(CODE, "text")` where the driver failed, with a backtrace behind it when
/// `RUST_BACKTRACE` is set.
#[cfg_attr(not(feature = "cuda"), allow(dead_code))]
fn reason(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default().trim();
    let parts = line.split_once('(').and_then(|(_, inner)| inner.split_once(", \""));
    match parts {
        Some((code, text)) if text.starts_with('<') => format!("CUDA cannot be used ({code})"),
        Some((code, text)) => format!("CUDA cannot be used: {} ({code})", text.trim_end_matches(['"', ')'])),
        None if line.is_empty() => "CUDA cannot be used".to_owned(),
        None => format!("CUDA cannot be used: {line}"),
    }
}

#[cfg(test)]
mod tests {
    use super::reason;

    #[test]
    fn a_reason_is_one_line() {
        let driver = |text: &str| reason(&format!("DriverError(CUDA_ERROR_NO_DEVICE, \"{text}\")\n   0: std::backtrace"));
        assert_eq!(
            driver("no CUDA-capable device is detected"),
            "CUDA cannot be used: no CUDA-capable device is detected (CUDA_ERROR_NO_DEVICE)"
        );
        assert_eq!(driver("<Failure when calling cuGetErrorString()>"), "CUDA cannot be used (CUDA_ERROR_NO_DEVICE)");
        assert_eq!(
            reason("CublasError(CUBLAS_STATUS_NOT_INITIALIZED)"),
            "CUDA cannot be used: CublasError(CUBLAS_STATUS_NOT_INITIALIZED)"
        );
        assert_eq!(reason(""), "CUDA cannot be used");
    }
}

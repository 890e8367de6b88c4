//! The devices that tensors can live on.

use candle_core::Device;

use crate::config::DeviceKind;
use crate::error::{Error, Result};

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
    Device::new_cuda_with_stream(0).map_err(|error| Error::Device { message: reason(&error.to_string()) })
}

#[cfg(not(feature = "cuda"))]
fn cuda() -> Result<Device> {
    Err(Error::Device { message: "this build has no CUDA".to_owned() })
}

/// The driver's code and, where the driver gave one, its text. Candle appends a backtrace when `RUST_BACKTRACE` is set.
#[cfg_attr(not(feature = "cuda"), allow(dead_code))]
fn reason(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default().trim();
    if line.is_empty() { "CUDA cannot be used".to_owned() } else { format!("CUDA cannot be used: {line}") }
}

#[cfg(test)]
mod tests {
    use super::reason;

    #[test]
    fn a_reason_is_one_line() {
        assert_eq!(reason("no device\n   0: std::backtrace"), "CUDA cannot be used: no device");
        assert_eq!(reason(""), "CUDA cannot be used");
    }
}

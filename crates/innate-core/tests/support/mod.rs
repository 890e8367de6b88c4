//! What the tests share.

use innate_core::device::DeviceKind;

/// Where numeric tests run: `INNATE_TEST_DEVICE`, the CPU unless told. `npm run test:cuda` says `cuda`.
pub(crate) fn device() -> DeviceKind {
    match std::env::var("INNATE_TEST_DEVICE").as_deref() {
        Ok("cuda") => DeviceKind::Cuda,
        Ok("cpu") | Err(_) => DeviceKind::Cpu,
        Ok(other) => panic!("INNATE_TEST_DEVICE must be cpu or cuda, got {other}"),
    }
}

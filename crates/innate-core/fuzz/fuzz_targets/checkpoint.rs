//! Any bytes make a usable agent or are refused. See CONTRIBUTING.md for the command.

#![no_main]

#[path = "../../tests/checkpoint/usable.rs"]
mod usable;

use innate_core::checkpoint;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(state) = checkpoint::decode(bytes, "x") {
        usable::check(&state);
    }
});

//! The Node-API binding of `innate-core`: options in, typed arrays out, every call on a native thread of the agent's own. No arithmetic.

#![allow(clippy::trivially_copy_pass_by_ref, reason = "napi hands out its Env by reference")]

mod agent;
pub mod array;
mod collector;
mod error;
pub mod lesson;
mod memory;
pub mod options;
mod session;
mod worker;

use napi_derive::napi;

/// The version of the native addon.
#[napi(catch_unwind)]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

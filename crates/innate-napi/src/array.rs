//! Typed arrays as they cross.

use innate_core::Error;
use napi::bindgen_prelude::{FromNapiValue, Function, JsObjectValue, JsValue, ToNapiValue};
use napi::{Env, Status, sys};

use crate::error::Failure;

/// What a typed array can hold.
pub trait Element: Copy + 'static {
    /// The array's class.
    const CLASS: &'static str;
}

impl Element for i32 {
    const CLASS: &'static str = "Int32Array";
}

impl Element for u32 {
    const CLASS: &'static str = "Uint32Array";
}

impl Element for f32 {
    const CLASS: &'static str = "Float32Array";
}

impl Element for f64 {
    const CLASS: &'static str = "Float64Array";
}

impl Element for u8 {
    const CLASS: &'static str = "Uint8Array";
}

/// A copy on either side: native memory here; there a typed array that JavaScript allocated and fills its buffer, so that it can be
/// transferred. Node forbids that for memory that is ours.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Numbers<T>(pub Vec<T>);

impl<T: Element> ToNapiValue for Numbers<T>
where
    for<'a> &'a mut [T]: FromNapiValue,
{
    unsafe fn to_napi_value(env: sys::napi_env, Self(numbers): Self) -> napi::Result<sys::napi_value> {
        // Its constructor says when there is no memory; Node-API's own function ends the process.
        let class: Function<'_, f64> = Env::from_raw(env).get_global()?.get_named_property(T::CLASS)?;
        let array = class.new_instance(numbers.len() as f64).map_err(|error| {
            if error.status != Status::PendingException {
                return error;
            }
            let mut thrown = std::ptr::null_mut();
            // SAFETY: `env` is the caller's.
            unsafe { sys::napi_get_and_clear_last_exception(env, &raw mut thrown) };
            Failure::from(Error::Memory {
                path: "memory".to_owned(),
                message: format!("JavaScript has none for an array of {} numbers", numbers.len()),
                remedy: "Pass less at once, or make a smaller agent.",
            })
            .into()
        })?;
        // SAFETY: nothing else has the array yet, and `from_napi_value` checks its class.
        unsafe { <&mut [T]>::from_napi_value(env, array.raw()) }?.copy_from_slice(&numbers);
        Ok(array.raw())
    }
}

impl<T: Element> FromNapiValue for Numbers<T>
where
    for<'a> &'a [T]: FromNapiValue,
{
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> napi::Result<Self> {
        // SAFETY: the borrow ends before JavaScript goes on.
        unsafe { <&[T]>::from_napi_value(env, value) }.map(|numbers| Self(numbers.to_vec()))
    }
}

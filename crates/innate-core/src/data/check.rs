//! Ranges and lengths, so that no kernel has to ask.

use crate::error::{Error, Result};

pub(crate) fn check_len(path: &str, len: usize, expected: usize) -> Result<()> {
    if len == expected { Ok(()) } else { Err(Error::invalid(path, format!("must hold {expected} numbers, got {len}"))) }
}

pub(crate) fn check_ids(path: &str, ids: &[i32], limit: usize, what: &str) -> Result<()> {
    match ids.iter().position(|&id| id < 0 || id as usize >= limit) {
        Some(index) => Err(Error::invalid(
            format!("{path}[{index}]"),
            format!("must be at least 0 and below {what} {limit}, got {}", ids[index]),
        )),
        None => Ok(()),
    }
}

pub(crate) fn check_finite(path: &str, values: &[f32]) -> Result<()> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(Error::invalid(format!("{path}[{index}]"), format!("must be a finite number, got {}", values[index]))),
        None => Ok(()),
    }
}

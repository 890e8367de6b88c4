//! One safetensors file an agent: weights and Adam's moments as tensors, everything else in the metadata. The same state gives the same
//! bytes. What cannot be read back is not written.

mod config;
mod file;
mod format;

use std::path::Path;

use crate::agent::AgentState;
use crate::error::{Error, Result};

pub use format::{FORMAT, MAX_COUNTER, VERSION, decode, encode};

/// Writes `state` to `path`: first beside it, then renamed over it, so that a reader or a crash never sees half a file, and any number of
/// processes may save to one path. A symbolic link is followed, and an existing file keeps its mode.
///
/// # Errors
/// [`Error::Checkpoint`] naming the file with the system's reason, or the tensor that [`load`] would refuse; the file is as it was.
pub fn save(path: &Path, state: &AgentState) -> Result<()> {
    let name = path.display().to_string();
    let bytes = encode(state, &name)?;
    file::replace(path, &bytes).map_err(|fault| fault.of(&name))
}

/// Reads what [`save`] wrote. Never asks for much more memory than the file has bytes.
///
/// # Errors
/// [`Error::Checkpoint`] naming the file, and the tensor where one is at fault.
pub fn load(path: &Path) -> Result<AgentState> {
    file::open(path)
        .and_then(|(mut file, length)| format::read(&mut file, length))
        .map_err(|fault| fault.of(&path.display().to_string()))
}

/// Why a file was not written or not read, without its name.
#[derive(Debug)]
struct Fault {
    /// The tensor at fault, if it is one.
    tensor: Option<String>,
    reason: String,
    remedy: &'static str,
}

impl Fault {
    fn new(reason: impl Into<String>, remedy: &'static str) -> Self {
        Self { tensor: None, reason: reason.into(), remedy }
    }

    fn of(self, file: &str) -> Error {
        let Self { tensor, reason, remedy } = self;
        Error::Checkpoint { path: tensor.unwrap_or_else(|| file.to_owned()), message: format!("{file}: {reason}"), remedy }
    }
}

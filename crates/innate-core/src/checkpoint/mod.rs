//! One safetensors file an agent: weights and Adam's moments as tensors, everything else as named sections of the metadata. The same state
//! gives the same bytes. What cannot be read back is not written. docs/concepts/checkpoint-format.md says what stands where.

mod fault;
mod fields;
mod file;
mod format;
mod hash;
mod sections;
mod trainer;
mod v1;

use std::path::Path;

use crate::agent::AgentState;
use crate::error::Result;
use crate::model::ModelSpec;

pub use fields::MAX_COUNTER;
pub use format::{decode, encode};
pub use sections::{FORMAT, VERSION};
pub use trainer::{TRAINER, TRAINER_OF, take_trainer, with_trainer};

/// Writes `state` to `path`: first beside it, then renamed over it, so that a reader or a crash never sees half a file, and any number of
/// processes may save to one path. A symbolic link is followed, and an existing file keeps its mode.
///
/// # Errors
/// [`Error::Checkpoint`](crate::Error::Checkpoint) naming the file with the system's reason, or the tensor that [`load`] would refuse; the
/// file is as it was.
pub fn save(path: &Path, state: &AgentState) -> Result<()> {
    let name = path.display().to_string();
    let bytes = encode(state, &name)?;
    file::replace(path, &bytes).map_err(|fault| fault.of(&name))
}

/// Writes any bytes as [`save`] writes its own.
///
/// # Errors
/// [`Error::Checkpoint`](crate::Error::Checkpoint) naming the file with the system's reason; the file is as it was.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    file::replace(path, bytes).map_err(|fault| fault.of(&path.display().to_string()))
}

/// The section `model` of a file that holds an agent of this network.
pub fn describe(model: &ModelSpec) -> String {
    sections::write_model(model).to_string()
}

/// Reads what [`save`] wrote, in this version of the format or an older one. Never asks for much more memory than the file has bytes.
///
/// # Errors
/// [`Error::Checkpoint`](crate::Error::Checkpoint) naming the file, and the tensor where one is at fault.
pub fn load(path: &Path) -> Result<AgentState> {
    file::open(path)
        .and_then(|(mut file, length)| format::read(&mut file, length))
        .map_err(|fault| fault.of(&path.display().to_string()))
}

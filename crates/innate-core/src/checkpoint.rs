//! One safetensors file an agent: weights and Adam's moments as tensors, everything else in the metadata. The same state gives the same
//! bytes.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use safetensors::{Dtype, SafeTensors};
use serde_json::{Map, Value, json};

use crate::agent::AgentState;
use crate::config::{ContextPooling, NetworkConfig};
use crate::engine::AdamState;
use crate::error::{Error, Result};
use crate::params;

/// The format's name in the metadata.
pub const FORMAT: &str = "innate";
/// The version written, and the highest one read.
pub const VERSION: u64 = 1;

const VECTORS: [&str; 3] = ["", "adam.exp_avg.", "adam.exp_avg_sq."];

/// Writes `state` to `path`: first beside it, then renamed over it, so that a reader or a crash never sees half a file.
///
/// # Errors
/// [`Error::Checkpoint`] with the system's reason.
pub fn save(path: &Path, state: &AgentState) -> Result<()> {
    let failed = |what: &str, error: &dyn std::fmt::Display| {
        let file = path.display().to_string();
        Error::checkpoint(&file, format!("{file}: {what}: {error}"))
    };
    let name = path.file_name().ok_or_else(|| failed("cannot be written", &"the path has no file name"))?;
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let bytes = encode(state).map_err(|error| failed("cannot be encoded", &error))?;
    let temporary = temporary_beside(folder, name);
    let written = write_synced(&temporary, &bytes).and_then(|()| fs::rename(&temporary, path));
    if let Err(error) = written {
        // Best effort: the reason to report is the first one.
        let _ = fs::remove_file(&temporary);
        return Err(failed("cannot be written", &error));
    }
    sync_folder(folder).map_err(|error| failed("its folder cannot be synced", &error))
}

fn temporary_beside(folder: &Path, name: &std::ffi::OsStr) -> PathBuf {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let mut temporary = std::ffi::OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}.{}.tmp", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed)));
    folder.join(temporary)
}

fn write_synced(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = File::options().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Reads what [`save`] wrote.
///
/// # Errors
/// [`Error::Checkpoint`] naming the file, and the tensor where one is at fault.
pub fn load(path: &Path) -> Result<AgentState> {
    let file = path.display().to_string();
    let bytes = fs::read(path).map_err(|error| Error::checkpoint(&file, format!("{file}: cannot be read: {error}")))?;
    decode(&bytes, &file)
}

/// The bytes of a checkpoint.
///
/// # Errors
/// When the header cannot be written as JSON; not seen.
pub fn encode(state: &AgentState) -> std::result::Result<Vec<u8>, serde_json::Error> {
    // Written here rather than by the safetensors crate, which takes the metadata as a hash map: its order changes from run to run.
    let vectors = [&state.parameters, &state.optimizer.exp_avg, &state.optimizer.exp_avg_sq];
    let specs = params::specs(&state.config);
    let mut header = Map::new();
    header.insert(
        "__metadata__".to_owned(),
        json!({
            "format": FORMAT,
            "version": VERSION.to_string(),
            "config": config_to_json(&state.config).to_string(),
            "seed": state.seed.to_string(),
            "rollouts": state.rollouts.to_string(),
            "adam.step": state.optimizer.step.to_string(),
            "note": state.note,
        }),
    );
    let mut offset = 0;
    for (prefix, vector) in VECTORS.iter().zip(vectors) {
        for spec in &specs {
            let begin = offset + spec.offset * 4;
            header.insert(
                format!("{prefix}{}", spec.name),
                json!({ "dtype": "F32", "shape": spec.shape, "data_offsets": [begin, begin + spec.len() * 4] }),
            );
        }
        offset += vector.len() * 4;
    }
    let mut header = serde_json::to_vec(&header)?;
    header.resize(header.len().next_multiple_of(8), b' ');
    let mut bytes = Vec::with_capacity(8 + header.len() + offset);
    bytes.extend_from_slice(&(header.len() as u64).to_le_bytes());
    bytes.append(&mut header);
    for value in vectors.into_iter().flatten() {
        bytes.extend_from_slice(&value.to_le_bytes());
    }
    Ok(bytes)
}

/// The state in the bytes of a checkpoint; `file` is the name used in errors.
///
/// # Errors
/// [`Error::Checkpoint`] naming the file, and the tensor where one is at fault.
pub fn decode(bytes: &[u8], file: &str) -> Result<AgentState> {
    let bad = |message: String| Error::checkpoint(file, format!("{file}: {message}"));
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| bad(format!("is not a whole safetensors file: {error}")))?;
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| bad(error.to_string()))?;
    let metadata = header.metadata().as_ref();
    let field =
        |name: &str| metadata.and_then(|metadata| metadata.get(name)).ok_or_else(|| bad(format!("its metadata lacks `{name}`")));
    let integer = |name: &str| {
        let text = field(name)?;
        text.parse::<u64>().map_err(|_| bad(format!("`{name}` in its metadata must be a whole number, got {}", clip(text))))
    };

    if metadata.and_then(|metadata| metadata.get("format")).is_none_or(|format| format != FORMAT) {
        return Err(bad(
            "holds no innate agent, only tensors (an export from PyTorch?): make an agent of the same shape and give \
             it these weights with loadStateDict"
                .to_owned(),
        ));
    }
    let version = integer("version")?;
    if version != VERSION {
        let newer = if version > VERSION { "; it was written by a newer release" } else { "" };
        return Err(bad(format!("is a checkpoint of version {version}, and this release reads version {VERSION}{newer}")));
    }
    let config = config_from_json(field("config")?).map_err(|reason| bad(format!("`config` in its metadata: {reason}")))?;

    let specs = params::specs(&config);
    let expected = |name: &str| {
        VECTORS.iter().any(|prefix| name.strip_prefix(prefix).is_some_and(|rest| specs.iter().any(|spec| spec.name == rest)))
    };
    let mut names = tensors.names();
    names.sort_unstable();
    if let Some(name) = names.into_iter().find(|name| !expected(name)) {
        return Err(bad_tensor(file, name, "is not part of this network"));
    }
    let mut vectors = [Vec::new(), Vec::new(), Vec::new()];
    for (index, (prefix, vector)) in VECTORS.iter().zip(&mut vectors).enumerate() {
        for spec in &specs {
            let name = format!("{prefix}{}", spec.name);
            read_tensor(&tensors, &name, &spec.shape, index == 2, vector).map_err(|reason| bad_tensor(file, &name, &reason))?;
        }
    }
    let [parameters, exp_avg, exp_avg_sq] = vectors;
    Ok(AgentState {
        config,
        seed: integer("seed")?,
        rollouts: integer("rollouts")?,
        parameters,
        optimizer: AdamState { step: integer("adam.step")?, exp_avg, exp_avg_sq },
        note: field("note")?.clone(),
    })
}

fn bad_tensor(file: &str, name: &str, reason: &str) -> Error {
    Error::checkpoint(name, format!("{file}: tensor `{}` {reason}", clip(name)))
}

/// Appends one tensor to `out`, or says what is wrong with it.
fn read_tensor(
    tensors: &SafeTensors<'_>,
    name: &str,
    shape: &[usize],
    non_negative: bool,
    out: &mut Vec<f32>,
) -> std::result::Result<(), String> {
    let view = tensors.tensor(name).map_err(|_| "is missing".to_owned())?;
    if view.dtype() != Dtype::F32 {
        return Err(format!("must have dtype F32, got {:?}", view.dtype()));
    }
    if view.shape() != shape {
        return Err(format!("must have shape {shape:?}, got {:?}", view.shape()));
    }
    let (numbers, _) = view.data().as_chunks::<4>();
    for (index, bytes) in numbers.iter().enumerate() {
        let value = f32::from_le_bytes(*bytes);
        if !value.is_finite() || (non_negative && value < 0.0) {
            let rule = if non_negative { "a finite number of at least 0" } else { "a finite number" };
            return Err(format!("element {index} must be {rule}, got {value}"));
        }
        out.push(value);
    }
    Ok(())
}

/// At most 80 characters of what a file holds, for a message.
fn clip(text: &str) -> String {
    let mut clipped: String = text.chars().take(80).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if clipped.len() < text.len() {
        clipped.push('…');
    }
    clipped
}

fn config_to_json(config: &NetworkConfig) -> Value {
    json!({
        "vocabSize": config.vocab_size,
        "stageCount": config.stage_count,
        "hiddenSize": config.hidden_size,
        "horizon": config.horizon,
        "startToken": config.start_token,
        "pooling": match config.pooling { ContextPooling::Own => "own", ContextPooling::Batch => "batch" },
        "actionMask": config.action_mask,
    })
}

fn config_from_json(text: &str) -> std::result::Result<NetworkConfig, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let number = |name: &str| {
        let number = value.get(name).and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok());
        number.ok_or_else(|| format!("`{name}` must be a whole number"))
    };
    let config = NetworkConfig {
        vocab_size: number("vocabSize")?,
        stage_count: number("stageCount")?,
        hidden_size: number("hiddenSize")?,
        horizon: number("horizon")?,
        start_token: number("startToken")?,
        pooling: match value.get("pooling").and_then(Value::as_str) {
            Some("own") => ContextPooling::Own,
            Some("batch") => ContextPooling::Batch,
            _ => return Err("`pooling` must be own or batch".to_owned()),
        },
        action_mask: match value.get("actionMask") {
            Some(Value::Null) => None,
            Some(Value::Array(entries)) => Some(
                entries
                    .iter()
                    .map(|entry| entry.as_bool().ok_or("`actionMask` must hold true and false"))
                    .collect::<std::result::Result<_, _>>()?,
            ),
            _ => return Err("`actionMask` must be null or a list".to_owned()),
        },
    };
    config.validate().map_err(|error| match error {
        Error::Invalid { path, message } => format!("`{path}` {message}"),
        other => other.to_string(),
    })?;
    Ok(config)
}

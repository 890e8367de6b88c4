//! A state to the bytes of a safetensors file and back.

use std::collections::HashMap;
use std::io::Read;

use safetensors::Dtype;
use safetensors::tensor::Metadata;
use serde_json::{Map, json};

use super::{Fault, config, file};
use crate::agent::AgentState;
use crate::engine::AdamState;
use crate::error::Result;
use crate::memory;
use crate::params::{self, ParamSpec};

/// The format's name in the metadata.
pub const FORMAT: &str = "innate";
/// The version written, and the highest one read.
pub const VERSION: u64 = 1;
/// Largest seed and largest count: above, an f64 does not hold every whole number.
pub const MAX_COUNTER: u64 = (1 << 53) - 1;

/// What readers of safetensors take.
const MAX_HEADER: usize = 100_000_000;

const VECTORS: [&str; 3] = ["", "adam.exp_avg.", "adam.exp_avg_sq."];

const DAMAGED: &str = "Give a file that was saved, complete and unchanged.";
const FOREIGN: &str = "Make an agent of the same shape and give it these weights as a state dict.";
const NEWER: &str = "Use the release that wrote it, or a newer one.";
const UNFIT: &str = "Go on from the last file that was saved, with a lower learning rate.";
const TOO_LONG: &str = "Shorten the names that are saved with the agent.";
const NO_MEMORY: &str = "Free memory: the file has to fit twice.";

/// The bytes of a checkpoint; `file` is the name used in errors.
///
/// # Errors
/// [`Error::Checkpoint`](crate::Error::Checkpoint) for a state that [`decode`] would refuse, naming the tensor where one is at fault.
pub fn encode(state: &AgentState, file: &str) -> Result<Vec<u8>> {
    check(state)
        .map_err(|fault| Fault { reason: format!("cannot be written: {}", fault.reason), remedy: UNFIT, ..fault }.of(file))?;
    write(state).map_err(|fault| fault.of(file))
}

/// The state in the bytes of a checkpoint; `file` is the name used in errors.
///
/// # Errors
/// [`Error::Checkpoint`](crate::Error::Checkpoint) naming the file, and the tensor where one is at fault.
pub fn decode(bytes: &[u8], file: &str) -> Result<AgentState> {
    read(&mut &*bytes, bytes.len() as u64).map_err(|fault| fault.of(file))
}

/// What both ways refuse.
fn check(state: &AgentState) -> Result<(), Fault> {
    config::check(&state.config).map_err(|reason| bad(format!("`config` in its metadata: {reason}")))?;
    for (name, count) in [("seed", state.seed), ("rollouts", state.rollouts), ("adam.step", state.optimizer.step)] {
        if count > MAX_COUNTER {
            return Err(bad(format!("`{name}` in its metadata must be at most {MAX_COUNTER}, got {count}")));
        }
    }
    let specs = params::specs(&state.config);
    let count = params::count(&state.config);
    for (index, (prefix, vector)) in VECTORS.iter().zip(vectors(state)).enumerate() {
        if vector.len() != count {
            return Err(bad(format!("the tensors `{prefix}*` must hold {count} numbers, got {}", vector.len())));
        }
        let (least, rule) = if index == 2 { (0.0, "a finite number of at least 0") } else { (f32::MIN, "a finite number") };
        for spec in &specs {
            let values = &vector[spec.range()];
            if let Some(index) = values.iter().position(|value| !(least..=f32::MAX).contains(value)) {
                return Err(bad_tensor(
                    &format!("{prefix}{}", spec.name),
                    &format!("element {index} must be {rule}, got {}", values[index]),
                ));
            }
        }
    }
    Ok(())
}

fn vectors(state: &AgentState) -> [&Vec<f32>; 3] {
    [&state.parameters, &state.optimizer.exp_avg, &state.optimizer.exp_avg_sq]
}

fn write(state: &AgentState) -> Result<Vec<u8>, Fault> {
    // Written here rather than by the safetensors crate, which takes the metadata as a hash map: its order changes from run to run.
    let specs = params::specs(&state.config);
    let mut header = Map::new();
    header.insert(
        "__metadata__".to_owned(),
        json!({
            "format": FORMAT,
            "version": VERSION.to_string(),
            "config": config::to_json(&state.config).to_string(),
            "seed": state.seed.to_string(),
            "rollouts": state.rollouts.to_string(),
            "adam.step": state.optimizer.step.to_string(),
            "note": state.note,
        }),
    );
    let mut offset = 0;
    for (prefix, vector) in VECTORS.iter().zip(vectors(state)) {
        for spec in &specs {
            let begin = offset + spec.offset * 4;
            header.insert(
                format!("{prefix}{}", spec.name),
                json!({ "dtype": "F32", "shape": spec.shape, "data_offsets": [begin, begin + spec.len() * 4] }),
            );
        }
        offset += vector.len() * 4;
    }
    let mut header = serde_json::to_vec(&header).map_err(|error| Fault::new(format!("cannot be written: {error}"), TOO_LONG))?;
    header.resize(header.len().next_multiple_of(8), b' ');
    if header.len() > MAX_HEADER {
        let reason =
            format!("cannot be written: its header would have {} bytes, and at most {MAX_HEADER} can be read", header.len());
        return Err(Fault::new(reason, TOO_LONG));
    }
    let mut bytes = reserved(8 + header.len() + offset)?;
    bytes.extend_from_slice(&(header.len() as u64).to_le_bytes());
    bytes.append(&mut header);
    for value in vectors(state).into_iter().flatten() {
        bytes.extend_from_slice(&value.to_le_bytes());
    }
    Ok(bytes)
}

/// The state in `length` bytes. The numbers are read once the header has been found to describe just these bytes.
pub(super) fn read(source: &mut impl Read, length: u64) -> Result<AgentState, Fault> {
    let mut take = |count: usize| -> Result<Vec<u8>, Fault> {
        let mut bytes = reserved(count)?;
        bytes.resize(count, 0);
        source.read_exact(&mut bytes).map_err(|error| file::unreadable(&error))?;
        Ok(bytes)
    };
    let not_whole = |reason: &str| bad(format!("is not a whole safetensors file: {reason}"));
    if length < 8 {
        return Err(not_whole("it has less than 8 bytes"));
    }
    let header_length = take(8)?.try_into().map_or(u64::MAX, u64::from_le_bytes);
    if header_length > (length - 8).min(MAX_HEADER as u64) {
        return Err(not_whole("its header would be longer than the file or than 100 MB"));
    }
    let header: Metadata = serde_json::from_slice(&take(header_length as usize)?)
        .map_err(|error| not_whole(&format!("its header: {}", clip(&error.to_string()))))?;
    if header.data_len() as u64 != length - 8 - header_length {
        return Err(not_whole(&format!(
            "its tensors take {} bytes, and {} follow",
            header.data_len(),
            length - 8 - header_length
        )));
    }
    let mut state = read_metadata(header.metadata().as_ref())?;
    let specs = params::specs(&state.config);
    check_tensors(&header, &specs)?;

    let data = take(header.data_len())?;
    let optimizer = &mut state.optimizer;
    let vectors = [&mut state.parameters, &mut optimizer.exp_avg, &mut optimizer.exp_avg_sq];
    for (prefix, vector) in VECTORS.iter().zip(vectors) {
        *vector = reserved(params::count(&state.config))?;
        for spec in &specs {
            let name = format!("{prefix}{}", spec.name);
            let (begin, end) = header.info(&name).map(|info| info.data_offsets).ok_or_else(|| bad_tensor(&name, "is missing"))?;
            let (numbers, _) = data[begin..end].as_chunks::<4>();
            vector.extend(numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)));
        }
    }
    check(&state)?;
    Ok(state)
}

/// A state without its numbers.
fn read_metadata(metadata: Option<&HashMap<String, String>>) -> Result<AgentState, Fault> {
    let field =
        |name: &str| metadata.and_then(|metadata| metadata.get(name)).ok_or_else(|| bad(format!("its metadata lacks `{name}`")));
    let integer = |name: &str| {
        let text = field(name)?;
        text.parse::<u64>().map_err(|_| bad(format!("`{name}` in its metadata must be a whole number, got {}", clip(text))))
    };
    if !field("format").is_ok_and(|format| format == FORMAT) {
        return Err(Fault::new("holds no innate agent, only tensors (an export from PyTorch?)", FOREIGN));
    }
    let version = integer("version")?;
    if version != VERSION {
        let reason = format!("is a checkpoint of version {version}, and this release reads version {VERSION}");
        return Err(if version > VERSION {
            Fault::new(format!("{reason}; it was written by a newer release"), NEWER)
        } else {
            bad(reason)
        });
    }
    Ok(AgentState {
        config: config::from_json(field("config")?).map_err(|reason| bad(format!("`config` in its metadata: {reason}")))?,
        seed: integer("seed")?,
        rollouts: integer("rollouts")?,
        parameters: Vec::new(),
        optimizer: AdamState { step: integer("adam.step")?, ..AdamState::default() },
        note: field("note")?.clone(),
    })
}

/// Refuses all but just these tensors in each vector.
fn check_tensors(header: &Metadata, specs: &[ParamSpec]) -> Result<(), Fault> {
    let expected: Vec<(String, &ParamSpec)> =
        VECTORS.iter().flat_map(|prefix| specs.iter().map(move |spec| (format!("{prefix}{}", spec.name), spec))).collect();
    if let Some(name) = header.offset_keys().iter().find(|name| !expected.iter().any(|(known, _)| known == *name)) {
        return Err(bad_tensor(name, "is not part of this network"));
    }
    for (name, spec) in &expected {
        let info = header.info(name).ok_or_else(|| bad_tensor(name, "is missing"))?;
        if info.dtype != Dtype::F32 {
            return Err(bad_tensor(name, &format!("must have dtype F32, got {:?}", info.dtype)));
        }
        if info.shape != spec.shape {
            return Err(bad_tensor(name, &clip(&format!("must have shape {:?}, got {:?}", spec.shape, info.shape))));
        }
    }
    Ok(())
}

/// A vector with room for `count` elements: too little memory is an error rather than the end of the process.
fn reserved<T>(count: usize) -> Result<Vec<T>, Fault> {
    let mut vector = Vec::new();
    let failed = |_| Fault::new(format!("there is no memory for {} bytes", count.saturating_mul(size_of::<T>())), NO_MEMORY);
    memory::reserve(&mut vector, count).map_err(failed)?;
    Ok(vector)
}

fn bad(reason: String) -> Fault {
    Fault::new(reason, DAMAGED)
}

fn bad_tensor(name: &str, reason: &str) -> Fault {
    let name = clip(name);
    Fault { tensor: Some(name.clone()), ..bad(format!("tensor `{name}` {reason}")) }
}

/// At most 80 characters of what a file holds, for a message.
fn clip(text: &str) -> String {
    let mut clipped: String = text.chars().take(80).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if clipped.len() < text.len() {
        clipped.push('…');
    }
    clipped
}

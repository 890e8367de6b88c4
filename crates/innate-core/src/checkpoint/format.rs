//! A state to the bytes of a safetensors file and back.

use std::io::Read;

use safetensors::Dtype;
use safetensors::tensor::Metadata;
use serde_json::{Map, json};

use super::fault::{Fault, NO_MEMORY, TOO_LONG, UNFIT, clip};
use super::{file, sections};
use crate::agent::AgentState;
use crate::error::Result;
use crate::memory;
use crate::model::{ParamSpec, count, params};

/// What readers of safetensors take.
const MAX_HEADER: usize = 100_000_000;

/// What the names of the parameters, of the first moments and of the second ones begin with.
const VECTORS: [&str; 3] = ["", "adam.exp_avg.", "adam.exp_avg_sq."];

/// The bytes of a checkpoint; `file` is the name used in errors.
///
/// # Errors
/// [`Error::Checkpoint`](crate::Error::Checkpoint) for a state that [`decode`] would refuse, naming the tensor where one is at fault.
pub fn encode(state: &AgentState, file: &str) -> Result<Vec<u8>> {
    sections::check(state)
        .map_err(Fault::damaged)
        .and_then(|()| check_numbers(state))
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

/// Refuses numbers that no agent can go on from.
fn check_numbers(state: &AgentState) -> Result<(), Fault> {
    let (params, count) = (params(&state.model), count(&state.model));
    for (index, (prefix, vector)) in VECTORS.iter().zip(vectors(state)).enumerate() {
        if vector.len() != count {
            return Err(Fault::damaged(format!("the tensors `{prefix}*` must hold {count} numbers, got {}", vector.len())));
        }
        let (least, rule) = if index == 2 { (0.0, "a finite number of at least 0") } else { (f32::MIN, "a finite number") };
        for param in &params {
            let values = &vector[param.range()];
            if let Some(index) = values.iter().position(|value| !(least..=f32::MAX).contains(value)) {
                return Err(Fault::tensor(
                    &format!("{prefix}{}", param.name),
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
    let params = params(&state.model);
    let mut header = Map::new();
    header.insert("__metadata__".to_owned(), json!(sections::write(state)?));
    let mut offset = 0;
    for (prefix, vector) in VECTORS.iter().zip(vectors(state)) {
        for param in &params {
            let begin = offset + param.offset * 4;
            header.insert(
                format!("{prefix}{}", param.name),
                json!({ "dtype": "F32", "shape": param.shape, "data_offsets": [begin, begin + param.len() * 4] }),
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
    let not_whole = |reason: &str| Fault::damaged(format!("is not a whole safetensors file: {reason}"));
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
    let mut state = sections::read(header.metadata().clone().unwrap_or_default().into_iter().collect())?;
    let params = params(&state.model);
    check_tensors(&header, &params)?;

    let data = take(header.data_len())?;
    let count = count(&state.model);
    let optimizer = &mut state.optimizer;
    let vectors = [&mut state.parameters, &mut optimizer.exp_avg, &mut optimizer.exp_avg_sq];
    for (prefix, vector) in VECTORS.iter().zip(vectors) {
        *vector = reserved(count)?;
        for param in &params {
            let name = format!("{prefix}{}", param.name);
            let (begin, end) =
                header.info(&name).map(|info| info.data_offsets).ok_or_else(|| Fault::tensor(&name, "is missing"))?;
            let (numbers, _) = data[begin..end].as_chunks::<4>();
            vector.extend(numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)));
        }
    }
    check_numbers(&state)?;
    Ok(state)
}

/// Refuses all but just these tensors in each vector.
fn check_tensors(header: &Metadata, params: &[ParamSpec]) -> Result<(), Fault> {
    let expected: Vec<(String, &ParamSpec)> =
        VECTORS.iter().flat_map(|prefix| params.iter().map(move |param| (format!("{prefix}{}", param.name), param))).collect();
    if let Some(name) = header.offset_keys().iter().find(|name| !expected.iter().any(|(known, _)| known == *name)) {
        return Err(Fault::tensor(name, "is not part of this network"));
    }
    for (name, param) in &expected {
        let info = header.info(name).ok_or_else(|| Fault::tensor(name, "is missing"))?;
        if info.dtype != Dtype::F32 {
            return Err(Fault::tensor(name, &format!("must have dtype F32, got {:?}", info.dtype)));
        }
        if info.shape != param.shape {
            return Err(Fault::tensor(name, &clip(&format!("must have shape {:?}, got {:?}", param.shape, info.shape))));
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

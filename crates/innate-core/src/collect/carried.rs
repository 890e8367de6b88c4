//! What rows carry from one rollout to the next, as bytes: episodes that go on, and the number of the rollout.

use super::{Collector, Phase, busy};
use crate::engine::fused::CarriedRows;
use crate::error::{Error, Result};
use crate::memory::filled;
use crate::model::History;

/// What the bytes begin with: the format and its version.
const MAGIC: [u8; 4] = *b"inC1";
const HEADER: usize = MAGIC.len() + size_of::<u64>() + size_of::<u32>();

/// Sizes of what rows carry.
#[derive(Clone, Copy)]
struct Sizes {
    rows: usize,
    states: usize,
    past: usize,
}

impl Sizes {
    fn bytes(self) -> usize {
        let of_row = size_of::<f32>() * (self.states + self.past) + 2 * size_of::<u32>() + size_of::<f64>();
        HEADER + self.rows * of_row
    }
}

impl Collector {
    fn carried_sizes(&self, rows: usize) -> Sizes {
        let spec = self.policy.weights().spec();
        let window = spec.attention.history.map_or(0, |History { window }| window);
        Sizes { rows, states: spec.layers * spec.hidden, past: window * spec.hidden }
    }

    /// Between two rollouts: all that rows carry on, of which [`Collector::carry_on`] makes the same rows. The statistics are the agent's.
    ///
    /// # Errors
    /// [`Error::Invalid`] within a rollout, [`Error::Memory`] when there is none.
    pub fn carried(&self) -> Result<Vec<u8>> {
        let recording = self.recording.as_ref().ok_or_else(busy)?;
        if recording.steps > 0 || self.phase == Phase::Acted {
            return Err(Error::invalid("collector", "is within a rollout: learn from it first"));
        }
        // Where every episode begins with a prompt, none goes on.
        let rows = if self.config.autoreset { self.policy.rows() } else { 0 };
        let sizes = self.carried_sizes(rows);
        let mut bytes = Vec::new();
        crate::memory::reserve(&mut bytes, sizes.bytes())?;
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&self.rollout.to_le_bytes());
        bytes.extend_from_slice(&(rows as u32).to_le_bytes());
        if rows > 0 {
            let mut states = filled(rows * sizes.states, 0.0_f32)?;
            let mut past = filled(rows * sizes.past, 0.0_f32)?;
            let mut ages = filled(rows, 0_i32)?;
            self.policy.read_states(&mut states);
            self.policy.read_ages(&mut ages);
            if sizes.past > 0 {
                self.policy.read_past(&mut past);
            }
            bytes.extend(states.iter().chain(&past).flat_map(|x| x.to_le_bytes()));
            bytes.extend(ages.iter().flat_map(|age| age.to_le_bytes()));
            bytes.extend((0..rows).flat_map(|row| self.policy.input(row).to_le_bytes()));
            bytes.extend(self.returns[..rows].iter().flat_map(|x| x.to_le_bytes()));
        }
        Ok(bytes)
    }

    /// Goes on where other rows were, before their first step.
    ///
    /// # Errors
    /// [`Error::Invalid`] for bytes that are not what [`Collector::carried`] of such rows gave; then the rows are as they were.
    pub fn carry_on(&mut self, bytes: &[u8]) -> Result<()> {
        let damaged = |message: &str| Error::invalid("collector", message.to_owned());
        let Some((header, body)) = bytes.split_at_checked(HEADER).filter(|(header, _)| header.starts_with(&MAGIC)) else {
            return Err(damaged("is not what rows carry on"));
        };
        let mut numbers = header[MAGIC.len()..].iter().copied();
        let rollout = u64::from_le_bytes(std::array::from_fn(|_| numbers.next().unwrap_or_default()));
        let rows = u32::from_le_bytes(std::array::from_fn(|_| numbers.next().unwrap_or_default())) as usize;
        let expected = if self.config.autoreset { self.policy.rows() } else { 0 };
        let sizes = self.carried_sizes(expected);
        if rows != expected || bytes.len() != sizes.bytes() {
            return Err(damaged("is of other rows or of another model"));
        }
        if rollout > crate::checkpoint::MAX_COUNTER {
            return Err(damaged("is of a rollout beyond the last"));
        }
        if rows > 0 {
            let (states, body) = body.split_at(size_of::<f32>() * rows * sizes.states);
            let (past, body) = body.split_at(size_of::<f32>() * rows * sizes.past);
            let (ages, body) = body.split_at(size_of::<u32>() * rows);
            let (inputs, returns) = body.split_at(size_of::<u32>() * rows);
            let [states, past] = [states, past].map(|bytes| words(bytes, f32::from_le_bytes));
            let [ages, inputs] = [ages, inputs].map(|bytes| words(bytes, u32::from_le_bytes));
            let returns = words(returns, f64::from_le_bytes);
            if !states.iter().chain(&past).all(|x| x.is_finite()) || !returns.iter().all(|x| x.is_finite()) {
                return Err(damaged("holds numbers that are not finite"));
            }
            self.policy.carry_on(&CarriedRows { states: &states, past: &past, ages: &ages, inputs: &inputs })?;
            self.returns[..rows].copy_from_slice(&returns);
        }
        self.rollout = rollout;
        self.write_states();
        Ok(())
    }
}

fn words<T, const N: usize>(bytes: &[u8], read: impl Fn([u8; N]) -> T) -> Vec<T> {
    bytes.as_chunks::<N>().0.iter().map(|word| read(*word)).collect()
}

//! What the network reads at each step, as numbers on the host.

use crate::data::{RolloutSpec, Trajectories};
use crate::error::Result;
use crate::memory::reserve;
use crate::model::{Input, ModelSpec};

/// Step by step, as the network runs: `[T, n]`, where data is `[n, T]`.
#[derive(Default)]
pub(super) struct Inputs {
    /// The token before, `[T, n]`; empty where none is read.
    pub(super) tokens: Vec<u32>,
    /// All else, `[T, n, F]`.
    pub(super) features: Vec<f32>,
}

impl Inputs {
    /// Along given trajectories.
    pub(super) fn along(spec: &ModelSpec, data: &Trajectories<'_>) -> Result<Self> {
        let (n, steps) = (data.rows, data.steps());
        let mut inputs = Self::default();
        reserve(&mut inputs.tokens, n * steps)?;
        reserve(&mut inputs.features, n * steps * spec.features())?;
        for t in 0..steps {
            for row in 0..n {
                inputs.push(spec, data, row, t);
            }
        }
        Ok(inputs)
    }

    fn push(&mut self, spec: &ModelSpec, data: &Trajectories<'_>, row: usize, t: usize) {
        let cell = row * data.steps() + t;
        let marked = data.starts.as_ref().map(|starts| starts[cell] != 0);
        for input in &spec.inputs {
            match input {
                Input::PreviousAction => self.tokens.push(match &data.inputs {
                    Some(tokens) => tokens[cell] as u32,
                    None if t == 0 || marked == Some(true) => data.rollout.start_token as u32,
                    None => data.actions[cell - 1] as u32,
                }),
                // Without marks, a row begins an episode unless it goes on from a stored state.
                Input::EpisodeStart => self.features.push(f32::from(marked.unwrap_or(t == 0 && data.states.is_none()))),
                Input::Discrete { sizes } => {
                    let numbers = &data.discrete.as_deref().unwrap_or_default()[cell * sizes.len()..];
                    for (&number, &size) in numbers.iter().zip(sizes) {
                        self.features.extend((0..size).map(|value| f32::from(value == number as usize)));
                    }
                }
                Input::Dense { width } => {
                    let vectors = data.dense.as_deref().unwrap_or_default();
                    self.features.extend(&vectors[cell * width..][..*width]);
                }
            }
        }
    }

    /// One step of `n` open-loop episodes, after the tokens `previous`; `None` is the first.
    pub(super) fn open_loop(spec: &ModelSpec, rollout: &RolloutSpec, n: usize, previous: Option<&[i32]>) -> Self {
        let mut inputs = Self::default();
        for input in &spec.inputs {
            match (input, previous) {
                (Input::PreviousAction, Some(tokens)) => inputs.tokens.extend(tokens.iter().map(|&token| token as u32)),
                (Input::PreviousAction, None) => inputs.tokens.resize(n, rollout.start_token as u32),
                (Input::EpisodeStart, _) => inputs.features.resize(n, f32::from(previous.is_none())),
                (Input::Discrete { .. } | Input::Dense { .. }, _) => {}
            }
        }
        inputs
    }
}

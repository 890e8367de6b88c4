//! What the network reads at each step, as numbers on the host.

use crate::data::{RolloutSpec, Trajectories};
use crate::error::Result;
use crate::memory::reserve;
use crate::model::{Input, ModelSpec, PERIODS, next_age};

/// Step by step, as the network runs: `[T, n]`, where data is `[n, T]`.
#[derive(Default)]
pub(super) struct Inputs {
    /// The token before, `[T, n]`; empty where none is read.
    pub(super) tokens: Vec<u32>,
    /// All else, `[T, n, F]`.
    pub(super) features: Vec<f32>,
    /// Step within the episode, `[T, n]`.
    pub(super) ages: Vec<u32>,
}

impl Inputs {
    /// Along given trajectories.
    pub(super) fn along(spec: &ModelSpec, data: &Trajectories<'_>) -> Result<Self> {
        let (n, steps) = (data.rows, data.steps());
        let mut inputs = Self::default();
        reserve(&mut inputs.tokens, n * steps)?;
        reserve(&mut inputs.features, n * steps * spec.features())?;
        reserve(&mut inputs.ages, n * steps)?;
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
        let age = match (marked, t) {
            (Some(true), _) => 0,
            (_, 0) => data.ages.as_ref().map_or(0, |ages| ages[row] as u32),
            _ => next_age(self.ages[self.ages.len() - data.rows]),
        };
        self.ages.push(age);
        for input in &spec.inputs {
            match input {
                Input::PreviousAction => self.tokens.push(match &data.inputs {
                    Some(tokens) => tokens[cell] as u32,
                    None if t == 0 || marked == Some(true) => data.rollout.start_token as u32,
                    None => data.actions[cell - 1] as u32,
                }),
                // Without marks, a row begins an episode unless it goes on from a stored state.
                Input::EpisodeStart => self.features.push(f32::from(marked.unwrap_or(t == 0 && data.states.is_none()))),
                Input::Clock => self.features.extend(clock(age)),
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

    /// Step `t` of `n` open-loop episodes, after the tokens `previous`, which are absent at the first.
    pub(super) fn open_loop(spec: &ModelSpec, rollout: &RolloutSpec, (n, t): (usize, usize), previous: Option<&[i32]>) -> Self {
        let mut inputs = Self { ages: vec![t as u32; n], ..Self::default() };
        // Row by row, as the network reads them.
        let mut features = Vec::new();
        for input in &spec.inputs {
            match (input, previous) {
                (Input::PreviousAction, Some(tokens)) => inputs.tokens.extend(tokens.iter().map(|&token| token as u32)),
                (Input::PreviousAction, None) => inputs.tokens.resize(n, rollout.start_token as u32),
                (Input::EpisodeStart, _) => features.push(f32::from(previous.is_none())),
                (Input::Clock, _) => features.extend(clock(t as u32)),
                (Input::Discrete { .. } | Input::Dense { .. }, _) => {}
            }
        }
        inputs.features = features.repeat(n);
        inputs
    }
}

/// What the clock shows at a step of an episode.
pub(super) fn clock(age: u32) -> impl Iterator<Item = f32> {
    let angle = move |period: u32| std::f64::consts::TAU * f64::from(age % period) / f64::from(period);
    PERIODS.into_iter().flat_map(move |period| [angle(period).sin() as f32, angle(period).cos() as f32])
}

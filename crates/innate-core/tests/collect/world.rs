//! Environments whose every answer is a number drawn for row and step.

use innate_core::Agent;
use innate_core::Placement;
use innate_core::collect::Collector;
use innate_core::data::{Observation, RolloutSpec};
use innate_core::model::{Action, Attention, Encoder, Input, ModelSpec};
use innate_core::rng::philox;

/// What a step showed, `[n, …]` each.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shown {
    pub(crate) dense: Vec<f32>,
    pub(crate) discrete: Vec<i32>,
    pub(crate) allowed: Vec<u8>,
}

impl Shown {
    pub(crate) fn view(&self) -> Observation<'_> {
        Observation { dense: &self.dense, discrete: &self.discrete, allowed: &self.allowed }
    }
}

/// A step, what it was answered, and what the rows then saw last where an episode was cut off.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Step {
    pub(crate) shown: Shown,
    pub(crate) actions: Vec<i32>,
    pub(crate) rewards: Vec<f32>,
    pub(crate) terminated: Vec<u8>,
    pub(crate) truncated: Vec<u8>,
    pub(crate) last: Shown,
}

pub(crate) type Log = Vec<Step>;

/// Rows side by side.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) model: ModelSpec,
    pub(crate) rollout: RolloutSpec,
    pub(crate) rows: usize,
    pub(crate) masked: bool,
    /// Of so many steps one terminates an episode, one truncates it and one does both; 0: none does.
    pub(crate) ends: u32,
    pub(crate) seed: u32,
    /// Steps so far.
    pub(crate) t: u32,
}

/// Where draws are from.
#[derive(Clone, Copy)]
#[repr(u32)]
enum Of {
    Dense,
    Discrete,
    Allowed,
    Reward,
    End,
    LastDense,
    LastDiscrete,
}

pub(crate) const ACTIONS: usize = 5;

impl World {
    /// All kinds of inputs; a token beyond the actions starts.
    pub(crate) fn new(layers: usize, rows: usize) -> Self {
        Self {
            model: ModelSpec {
                vocabulary: ACTIONS + 1,
                encoder: Encoder::None,
                inputs: vec![
                    Input::PreviousAction,
                    Input::EpisodeStart,
                    Input::Discrete { sizes: vec![2, 3] },
                    Input::Dense { width: 3 },
                ],
                layers,
                hidden: 17,
                recurrent: true,
                attention: Attention::NONE,
                action: Action::Categorical { size: ACTIONS },
            },
            rollout: RolloutSpec { horizon: 1, start_token: ACTIONS, action_mask: Some(vec![true, true, true, false, true]) },
            rows,
            masked: true,
            ends: 9,
            seed: 3,
            t: 0,
        }
    }

    pub(crate) fn agent(&self, seed: u64, placement: Placement) -> Agent {
        Agent::new(self.model.clone(), self.rollout.clone(), seed, placement).unwrap()
    }

    fn word(&self, of: Of, row: usize, place: usize) -> u32 {
        philox([self.t, row as u32, of as u32, place as u32], [self.seed, 5])[0]
    }

    fn unit(&self, of: Of, row: usize, place: usize) -> f32 {
        self.word(of, row, place) as f32 / u32::MAX as f32
    }

    fn each<T>(&self, width: usize, draw: impl Fn(usize, usize) -> T) -> Vec<T> {
        (0..self.rows * width).map(|at| draw(at / width, at % width)).collect()
    }

    fn see(&self, dense: Of, discrete: Of, allowed: bool) -> Shown {
        let sizes = self.model.discrete();
        let may = |row, action| {
            let forced = self.word(Of::Allowed, row, ACTIONS) as usize % 3;
            u8::from(action == forced || self.word(Of::Allowed, row, action) & 1 == 1)
        };
        Shown {
            dense: self.each(self.model.dense(), |row, place| self.unit(dense, row, place) * 2.0 - 1.0),
            discrete: self.each(sizes.len(), |row, place| (self.word(discrete, row, place) as usize % sizes[place]) as i32),
            allowed: if allowed { self.each(ACTIONS, may) } else { Vec::new() },
        }
    }

    /// What the rows observe now.
    pub(crate) fn now(&self) -> Shown {
        self.see(Of::Dense, Of::Discrete, self.masked)
    }

    /// What they observed last, where an episode was cut off.
    pub(crate) fn last(&self) -> Shown {
        self.see(Of::LastDense, Of::LastDiscrete, false)
    }

    /// Steps, and what came of them.
    pub(crate) fn drive(&mut self, collector: &mut Collector, steps: usize) -> Log {
        (0..steps)
            .map(|_| {
                let (shown, mut actions) = (self.now(), vec![-1; self.rows]);
                collector.step(&shown.view(), &mut actions).unwrap();
                let step = self.came_of(shown, actions);
                collector.answer(&step.rewards, &step.terminated, &step.truncated, &step.last.view()).unwrap();
                self.t += 1;
                step
            })
            .collect()
    }

    /// What comes of actions.
    pub(crate) fn came_of(&self, shown: Shown, actions: Vec<i32>) -> Step {
        let end = |row: usize| if self.ends == 0 { 3 } else { self.word(Of::End, row, 0) % self.ends };
        Step {
            rewards: self.each(1, |row, _| self.unit(Of::Reward, row, actions[row] as usize) * 2.0 - 0.5),
            terminated: self.each(1, |row, _| u8::from(end(row) == 0 || end(row) == 2)),
            truncated: self.each(1, |row, _| u8::from(end(row) == 1 || end(row) == 2)),
            last: self.last(),
            actions,
            shown,
        }
    }

    /// Ends a rollout whose rows go on.
    pub(crate) fn finish(&self, collector: &mut Collector) {
        let next = Shown { allowed: Vec::new(), ..self.now() };
        collector.finish(Some(&next.view())).unwrap();
    }
}

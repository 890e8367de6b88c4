//! A network and a batch for it, all drawn from one number.

use innate_core::data::{Prompts, RolloutSpec, Trajectories};
use innate_core::engine::fused::{Policy, Weights};
use innate_core::model::{self, ModelSpec, ParamKind, Pooling};
use innate_core::objective::Baseline;
use innate_core::rng::{Seed, philox};

use crate::learning::{Aim, Judged};
use crate::{Named, engines};

/// A network, and what [`Trajectories`] hold, with arrays of its own.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) model: ModelSpec,
    pub(crate) rollout: RolloutSpec,
    pub(crate) flat: Vec<f32>,
    pub(crate) rows: usize,
    pub(crate) contexts: Vec<i32>,
    pub(crate) context_lengths: Option<Vec<i32>>,
    pub(crate) context_values: Option<Vec<f32>>,
    pub(crate) stages: Vec<i32>,
    pub(crate) states: Option<Vec<f32>>,
    pub(crate) ages: Option<Vec<i32>>,
    pub(crate) past: Option<Vec<f32>>,
    pub(crate) starts: Option<Vec<u8>>,
    pub(crate) inputs: Option<Vec<i32>>,
    pub(crate) discrete: Option<Vec<i32>>,
    pub(crate) dense: Option<Vec<f32>>,
    pub(crate) actions: Vec<i32>,
    pub(crate) allowed: Option<Vec<u8>>,
    pub(crate) weights: Option<Vec<f32>>,
    pub(crate) returns: Vec<f32>,
}

impl Case {
    /// Programs of an open loop, from `[V, S, H, n, L, T]`. `masked` forbids every third token but the first.
    pub(crate) fn new(seed: u32, [v, s, h, n, l, t]: [usize; 6], pooling: Pooling, masked: bool) -> Self {
        let mask = masked.then(|| (0..v).map(|token| token % 3 != 1).collect::<Vec<_>>());
        let allowed: Vec<i32> =
            (0..v).filter(|&token| mask.as_ref().is_none_or(|mask| mask[token])).map(|token| token as i32).collect();
        let draw = |stream: u32, count: usize, limit: usize| -> Vec<usize> {
            (0..count).map(|i| philox([i as u32, stream, 0, 0], [seed, 77])[0] as usize % limit).collect()
        };
        let model = ModelSpec::open_loop(v, s, h, pooling);
        Self {
            flat: model::init(&model, Seed(u64::from(seed))),
            rollout: RolloutSpec { horizon: t, start_token: v / 2, action_mask: mask },
            rows: n,
            contexts: draw(0, n * l, v).into_iter().map(|id| id as i32).collect(),
            context_lengths: None,
            context_values: None,
            stages: draw(1, n, s).into_iter().map(|id| id as i32).collect(),
            states: None,
            ages: None,
            past: None,
            starts: None,
            inputs: None,
            discrete: None,
            dense: None,
            actions: draw(2, n * t, allowed.len()).into_iter().map(|index| allowed[index]).collect(),
            allowed: None,
            weights: None,
            returns: draw(3, n, 1000).into_iter().map(|value| value as f32 / 700.0).collect(),
            model,
        }
    }

    pub(crate) fn of_lengths(mut self, lengths: &[i32]) -> Self {
        self.weights = self.unchecked().of_lengths(lengths).weights.map(Into::into);
        self
    }

    /// With drawn lengths.
    pub(crate) fn ending(self, seed: u32) -> Self {
        let steps = self.steps() as u32;
        let lengths: Vec<i32> =
            (0..self.rows).map(|row| 1 + (philox([row as u32, 4, 0, 0], [seed, 77])[0] % steps) as i32).collect();
        self.of_lengths(&lengths)
    }

    pub(crate) fn steps(&self) -> usize {
        self.actions.len() / self.rows
    }

    /// How much each step counts, `[n, T]`.
    pub(crate) fn weighed(&self) -> Vec<f64> {
        self.weights.as_ref().map_or_else(|| vec![1.0; self.actions.len()], |weights| crate::wide(weights))
    }

    /// Whether each step counts, `[n, T]`.
    pub(crate) fn counts(&self) -> Vec<bool> {
        self.weighed().iter().map(|&weight| weight > 0.0).collect()
    }

    pub(crate) fn engines(&self) -> Vec<Named> {
        engines(&self.model, &self.flat).unwrap()
    }

    pub(crate) fn policy(&self, size: usize) -> innate_core::Result<Policy> {
        Policy::new(Weights::new(&self.model, &self.flat, 0)?, &self.rollout, size)
    }

    /// A parameter's place in `flat`.
    pub(crate) fn place(&self, kind: ParamKind) -> std::ops::Range<usize> {
        model::params(&self.model).into_iter().find(|param| param.kind == kind).unwrap().range()
    }

    pub(crate) fn prompts(&self) -> Prompts<'_> {
        let prompts = Prompts {
            rows: self.rows,
            contexts: &self.contexts,
            lengths: self.context_lengths.as_deref(),
            values: self.context_values.as_deref(),
            stages: &self.stages,
        };
        prompts.check(&self.model).unwrap();
        prompts
    }

    fn unchecked(&self) -> Trajectories<'_> {
        Trajectories {
            states: self.states.as_ref().map(Into::into),
            ages: self.ages.as_ref().map(Into::into),
            past: self.past.as_ref().map(Into::into),
            starts: self.starts.as_ref().map(Into::into),
            inputs: self.inputs.as_ref().map(Into::into),
            discrete: self.discrete.as_ref().map(Into::into),
            dense: self.dense.as_ref().map(Into::into),
            allowed: self.allowed.as_ref().map(Into::into),
            weights: self.weights.as_ref().map(Into::into),
            ..Trajectories::programs(&self.rollout, self.prompts(), &self.actions)
        }
    }

    pub(crate) fn data(&self) -> Trajectories<'_> {
        let data = self.unchecked();
        data.check(&self.model).unwrap();
        data
    }

    /// The same with other actions.
    pub(crate) fn acting<'a>(&'a self, actions: &'a [i32]) -> Trajectories<'a> {
        let data = Trajectories { actions: actions.into(), ..self.unchecked() };
        data.check(&self.model).unwrap();
        data
    }

    pub(crate) fn aim(&self, baseline: Baseline) -> Aim {
        Aim::new(Judged::Returns(self.returns.clone(), baseline))
    }
}

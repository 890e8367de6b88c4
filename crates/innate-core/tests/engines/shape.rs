//! Networks, trajectories and losses of every form, each drawn from numbers.

use innate_core::data::RolloutSpec;
use innate_core::model::{Action, Attention, Direction, Encoder, History, Input, ModelSpec, ParamKind, Pooling, init, params};
use innate_core::objective::{Baseline, Objective, Reduction, Totals};
use innate_core::rng::{Seed, philox};
use proptest::prelude::*;

use crate::{Aim, Case, Judged, oracle, wide};

/// How steps are weighed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weighing {
    Alike,
    /// Up to an end; a row of three has none that counts.
    Lengths,
    /// 0, 0.5, 1 or 2 anywhere, gaps and whole rows of 0 among them.
    Any,
}

/// What a `Case` is drawn by. What does not go together is left out: starts with an encoder, tokens that are fed to a model that reads none.
#[allow(clippy::struct_excessive_bools, reason = "each is a part that may be there")]
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) seed: u32,
    pub(crate) pooling: Option<Pooling>,
    /// Contexts are read in order, whatever the pooling.
    pub(crate) in_order: bool,
    /// Prompts are attended to.
    pub(crate) attends: bool,
    /// Contexts are of different lengths.
    pub(crate) ragged: bool,
    /// A number is read beside each token of a context.
    pub(crate) values: bool,
    pub(crate) previous: bool,
    pub(crate) start: bool,
    pub(crate) discrete: Vec<usize>,
    pub(crate) dense: usize,
    pub(crate) layers: usize,
    pub(crate) hidden: usize,
    pub(crate) recurrent: bool,
    /// How far back the past is attended to, where it is.
    pub(crate) window: Option<usize>,
    pub(crate) clock: bool,
    /// Beyond the actions.
    pub(crate) other_tokens: usize,
    pub(crate) actions: usize,
    pub(crate) rows: usize,
    pub(crate) steps: usize,
    pub(crate) states: bool,
    pub(crate) starts: bool,
    pub(crate) inputs: bool,
    pub(crate) masked: bool,
    pub(crate) allowed: bool,
    pub(crate) weighing: Weighing,
}

impl Shape {
    /// Open loop without a prompt, small.
    pub(crate) fn plain(seed: u32) -> Self {
        Self {
            seed,
            pooling: None,
            in_order: false,
            attends: false,
            ragged: false,
            values: false,
            previous: true,
            start: false,
            discrete: vec![],
            dense: 0,
            layers: 1,
            hidden: 3,
            recurrent: true,
            window: None,
            clock: false,
            other_tokens: 1,
            actions: 3,
            rows: 3,
            steps: 4,
            states: false,
            starts: false,
            inputs: false,
            masked: false,
            allowed: false,
            weighing: Weighing::Alike,
        }
    }

    /// With all there is beside a prompt.
    pub(crate) fn full(seed: u32, layers: usize) -> Self {
        Self {
            start: true,
            discrete: vec![2, 3],
            dense: 2,
            layers,
            states: true,
            starts: true,
            inputs: true,
            masked: true,
            allowed: true,
            actions: 4,
            weighing: Weighing::Any,
            ..Self::plain(seed)
        }
    }

    pub(crate) fn sized(self, rows: usize, steps: usize, hidden: usize) -> Self {
        Self { hidden, rows, steps, ..self }
    }

    pub(crate) fn any() -> impl Strategy<Value = Self> {
        let network = (
            (prop::option::of(prop::bool::ANY), prop::array::uniform4(prop::bool::ANY)),
            prop::array::uniform2(prop::bool::ANY),
            prop::collection::vec(1_usize..5, 0..3),
            0_usize..20,
            1_usize..4,
            1_usize..36,
            prop::array::uniform2(0_usize..20),
        );
        let data = (
            1_usize..70,
            1_usize..7,
            prop::array::uniform5(prop::bool::ANY),
            prop::sample::select(vec![Weighing::Alike, Weighing::Lengths, Weighing::Any]),
        );
        (0_u32..1000, network, data).prop_map(|(seed, network, data)| {
            let (
                (pooling, [in_order, attends, ragged, values]),
                [previous, start],
                discrete,
                dense,
                layers,
                hidden,
                [actions, other_tokens],
            ) = network;
            let (rows, steps, [states, starts, inputs, masked, allowed], weighing) = data;
            let pooling = pooling.map(|batch| if batch { Pooling::Batch } else { Pooling::Own });
            let (states, starts) = (states && seed.is_multiple_of(2), starts && pooling.is_none());
            let actions = actions + 1;
            Self {
                seed,
                pooling,
                in_order,
                attends,
                ragged,
                values,
                previous,
                start,
                discrete,
                dense,
                layers,
                hidden,
                recurrent: !seed.is_multiple_of(5),
                window: (!seed.is_multiple_of(3)).then_some(1 + seed as usize % 7),
                clock: seed.is_multiple_of(4),
                other_tokens,
                actions,
                rows,
                steps,
                states,
                starts,
                inputs,
                masked,
                allowed,
                weighing,
            }
        })
    }

    fn model(&self) -> ModelSpec {
        let mut inputs = Vec::new();
        let mut read = |reads: bool, input: Input| inputs.extend(reads.then_some(input));
        read(self.previous, Input::PreviousAction);
        // In another order than that of the enum, half of the time.
        read(self.dense > 0 && !self.seed.is_multiple_of(2), Input::Dense { width: self.dense });
        read(self.start, Input::EpisodeStart);
        read(self.clock, Input::Clock);
        read(!self.discrete.is_empty(), Input::Discrete { sizes: self.discrete.clone() });
        read(self.dense > 0 && self.seed.is_multiple_of(2), Input::Dense { width: self.dense });
        if inputs.is_empty() {
            inputs.push(Input::EpisodeStart);
        }
        ModelSpec {
            vocabulary: self.actions + self.other_tokens,
            encoder: match self.pooling {
                None => Encoder::None,
                Some(_) if self.in_order => {
                    let direction = if self.seed.is_multiple_of(2) { Direction::Backward } else { Direction::Forward };
                    Encoder::Recurrent { stages: 2, direction, values: self.values }
                }
                Some(pooling) => Encoder::Pooled { stages: 2, pooling, values: self.values },
            },
            inputs,
            layers: self.layers,
            hidden: self.hidden,
            recurrent: self.recurrent,
            attention: Attention {
                prompt: self.attends && self.pooling.is_some(),
                history: self.window.map(|window| History { window }),
            },
            action: Action::Categorical { size: self.actions },
        }
    }

    pub(crate) fn case(&self) -> Case {
        let &Self { seed, rows: n, steps, actions: a, .. } = self;
        let word = |stream: u32, i: usize| philox([i as u32, stream, 1, 0], [seed, 77])[0];
        let ids = |stream: u32, count: usize, limit: usize| -> Vec<i32> {
            (0..count).map(|i| (word(stream, i) as usize % limit) as i32).collect()
        };
        let floats = |stream: u32, count: usize| -> Vec<f32> {
            (0..count).map(|i| word(stream, i) as f32 / u32::MAX as f32 * 2.0 - 1.0).collect()
        };
        let model = self.model();
        let cells = n * steps;
        let mask = (self.masked && a > 1).then(|| (0..a).map(|action| action % 3 != 1).collect::<Vec<_>>());
        let menu: Vec<i32> = (0..a as i32).filter(|&action| mask.as_ref().is_none_or(|mask| mask[action as usize])).collect();
        let chosen: Vec<i32> = ids(0, cells, menu.len()).into_iter().map(|place| menu[place as usize]).collect();
        let allowed = || -> Vec<u8> {
            let some = ids(1, cells * a, 3).into_iter().enumerate();
            some.map(|(i, draw)| if i % a == chosen[i / a] as usize { 1 } else { draw as u8 }).collect()
        };
        let prompted = self.pooling.is_some();
        let mut case = Case {
            flat: biased(&model, init(&model, Seed(u64::from(seed)))),
            rollout: RolloutSpec { horizon: steps, start_token: model.vocabulary - 1, action_mask: mask },
            rows: n,
            contexts: if prompted { ids(2, n * 4, model.vocabulary) } else { vec![] },
            context_lengths: (prompted && self.ragged).then(|| ids(11, n, 4).into_iter().map(|length| length + 1).collect()),
            context_values: (prompted && self.values).then(|| floats(15, n * 4)),
            stages: if prompted { ids(3, n, 2) } else { vec![] },
            states: self.states.then(|| floats(4, n * self.layers * self.hidden)),
            // Some rows have not come as far as the window reaches.
            ages: (self.states && (self.clock || self.window.is_some())).then(|| ids(13, n, 2 * self.window.unwrap_or(3) + 1)),
            past: self.window.filter(|_| self.states).map(|window| floats(14, n * window * self.hidden)),
            starts: (self.starts && !prompted).then(|| ids(5, cells, 3).into_iter().map(|draw| u8::from(draw == 0)).collect()),
            inputs: (self.inputs && self.previous).then(|| ids(6, cells, model.vocabulary)),
            discrete: (!self.discrete.is_empty()).then(|| {
                let sizes = self.discrete.iter().cycle();
                (0..cells * self.discrete.len()).zip(sizes).map(|(i, &size)| (word(7, i) as usize % size) as i32).collect()
            }),
            dense: (self.dense > 0).then(|| floats(8, cells * self.dense)),
            allowed: self.allowed.then(allowed),
            actions: chosen.clone(),
            weights: None,
            returns: floats(9, n),
            model,
        };
        match self.weighing {
            Weighing::Alike => {}
            Weighing::Lengths => {
                let mut lengths = ids(10, n, steps + 1);
                lengths.iter_mut().skip(1).step_by(3).for_each(|length| *length = 0);
                lengths[0] = lengths[0].max(1);
                case = case.of_lengths(&lengths);
            }
            Weighing::Any => {
                let mut weights: Vec<f32> =
                    ids(10, cells, 5).into_iter().map(|i| [0.0, 0.0, 0.5, 1.0, 2.0][i as usize]).collect();
                weights[0] = 1.0;
                case.weights = Some(weights);
            }
        }
        case
    }
}

/// Losses that [`loss`] makes.
pub(crate) const LOSSES: usize = 8 * 3 * 2 * 2;

/// How far ratios and values have moved: none is near an end of the clip range.
const MOVED: [f64; 7] = [-0.6, -0.3, -0.1, 0.05, 0.1, 0.3, 0.5];

/// Loss number `index` of [`LOSSES`]: advantages from where and how the values are clipped, how the ratio is clipped, the mean over what, the
/// whole batch or a part.
pub(crate) fn loss(case: &Case, index: usize) -> Aim {
    let (from, clip, over, part) = (index % 8, index / 8 % 3, index / 24 % 2, index / 48);
    let float =
        |stream: u32, i: usize| philox([i as u32, stream, 2, 0], [index as u32, 77])[0] as f32 / u32::MAX as f32 * 3.0 - 1.5;
    let floats = |stream: u32, count: usize| -> Vec<f32> { (0..count).map(|i| float(stream, i)).collect() };
    let (rows, cells) = (|stream: u32| floats(stream, case.rows), |stream: u32| floats(stream, case.actions.len()));
    let given = |advantages: Vec<f32>, value_targets: Option<Vec<f32>>| Judged::Given { advantages, value_targets };
    let mut aim = Aim::new(match from {
        0 => Judged::Returns(rows(0), Baseline::Program),
        1 => Judged::Returns(rows(0), Baseline::Step),
        2 => Judged::Returns(cells(0), Baseline::Step),
        3 => given(rows(0), None),
        4 => given(cells(0), Some(rows(1))),
        5 => given(rows(0), Some(cells(1))),
        _ => given(cells(0), Some(cells(1))),
    });
    let said = oracle::forward(case, &wide(&case.flat));
    let old = |now: Vec<f64>, stream: u32| -> Vec<f32> {
        let moved = |i: usize| MOVED[philox([i as u32, stream, 2, 0], [index as u32, 77])[0] as usize % MOVED.len()];
        now.into_iter().enumerate().map(|(i, now)| (now - moved(i)) as f32).collect()
    };
    if clip > 0 {
        aim.old_log_probs = Some(old(said.log_probs, 2));
    }
    if from > 5 {
        aim.old_values = Some(old(said.values, 3));
    }
    // Of every third loss, so that it meets each of the others' forms.
    if index.is_multiple_of(3) {
        aim.reference_log_probs = Some(old(oracle::forward(case, &wide(&case.flat)).log_probs, 4));
    }
    aim.objective = Objective {
        // Of like size, so that none is lost beside the others.
        value_coef: 0.7,
        entropy_coef: 0.4,
        clip_range: if clip == 2 { 0.2 } else { f64::INFINITY },
        clip_range_high: if clip == 2 { [0.2, 0.45][index % 2] } else { f64::INFINITY },
        kl_coef: 0.6,
        value_clip_range: if from == 7 { 0.2 } else { f64::INFINITY },
        reduction: if over == 0 { Reduction::Episode } else { Reduction::Step },
        totals: (part == 1).then_some(Totals { rows: 2.5 * case.rows as f64, steps: 3.0 * case.actions.len() as f64 }),
    };
    aim.unclipped()
}

/// With biases by distance that are not all 0, as they begin.
fn biased(model: &ModelSpec, mut flat: Vec<f32>) -> Vec<f32> {
    for param in params(model).into_iter().filter(|param| param.kind == ParamKind::HistoryBias) {
        for (place, x) in flat[param.range()].iter_mut().enumerate() {
            *x = (place % 5) as f32 / 4.0 - 0.5;
        }
    }
    flat
}

//! What a collector writes down: the steps of a rollout, and what they are judged by.

use std::borrow::Cow;

use crate::data::{Prompts, RolloutSpec, Trajectories};
use crate::error::{Error, Result};
use crate::memory::{Bytes, afford, filled};
use crate::model::{Encoder, History, ModelSpec};
use crate::objective::{Advantages, Gae, Returns, Targets};

/// Rows of steps, `[n, T]`, with a stride of the steps that there is room for until the recording is finished.
#[derive(Debug, Clone, Default)]
pub struct Recording {
    pub(crate) rows: usize,
    /// Steps that there is room for.
    room: usize,
    /// Steps written.
    pub(crate) steps: usize,
    finished: bool,
    pub(crate) contexts: Vec<i32>,
    /// Empty: all tokens count.
    context_lengths: Vec<i32>,
    context_values: Vec<f32>,
    pub(crate) stages: Vec<i32>,
    /// Before the first step, `[n, layers, H]`; for a model without an encoder.
    pub(crate) states: Option<Vec<f32>>,
    /// How far episodes have come before it, `[n]`; where it matters.
    pub(crate) ages: Option<Vec<i32>>,
    /// The last layer's states before it that are attended to, `[n, window, H]`.
    pub(crate) past: Option<Vec<f32>>,
    starts: Option<Vec<u8>>,
    inputs: Option<Vec<i32>>,
    discrete: Option<Vec<i32>>,
    dense: Option<Vec<f32>>,
    actions: Vec<i32>,
    allowed: Option<Vec<u8>>,
    weights: Vec<f32>,
    log_probs: Vec<f32>,
    pub(crate) values: Vec<f32>,
    pub(crate) rewards: Vec<f32>,
    pub(crate) ends: Vec<u8>,
    pub(crate) last_values: Vec<f32>,
    pub(crate) advantages: Vec<f32>,
    pub(crate) value_targets: Vec<f32>,
    /// log π_ref(a) of a reference, where there is one.
    reference_log_probs: Option<Vec<f32>>,
    /// The step of each row whose action is any of those allowed, −1 for none, `[n]`; empty where no row has one. Of a finished recording, the
    /// step of each row whose policy term does not count.
    explored: Vec<i32>,
}

/// One step of all rows.
pub(crate) struct Recorded<'a> {
    pub(crate) starts: &'a [bool],
    pub(crate) inputs: &'a [u32],
    pub(crate) discrete: &'a [i32],
    pub(crate) dense: &'a [f32],
    pub(crate) allowed: &'a [u8],
    pub(crate) actions: &'a [i32],
    pub(crate) log_probs: &'a [f32],
    pub(crate) values: &'a [f32],
}

impl Recording {
    /// Room for `room` steps of `rows` rows.
    ///
    /// # Errors
    /// [`Error::Memory`] when there is none.
    pub(crate) fn new(model: &ModelSpec, rows: usize, room: usize, masked: bool) -> Result<Self> {
        let cells = rows * room;
        let (ids, width, allowed) = (model.discrete().len(), model.dense(), if masked { model.actions() } else { 0 });
        let words = 11_usize.saturating_add(ids).saturating_add(width).saturating_add(allowed.div_ceil(4));
        let what = || format!("a rollout of {rows} rows of {room} steps");
        let stateful = model.encoder == Encoder::None;
        let window = model.attention.history.filter(|_| stateful).map(|History { window }| window);
        let past = Bytes::floats(&[rows, window.unwrap_or(0), model.hidden]);
        afford(Bytes::floats(&[rows, room, words]).plus(past), "steps", what, "Take fewer rows or steps.")?;
        Ok(Self {
            rows,
            room,
            states: stateful.then(|| filled(rows * model.layers * model.hidden, 0.0)).transpose()?,
            ages: (stateful && model.counts_steps()).then(|| filled(rows, 0)).transpose()?,
            past: window.map(|window| filled(rows * window * model.hidden, 0.0)).transpose()?,
            starts: stateful.then(|| filled(cells, 0)).transpose()?,
            inputs: model.reads_previous_action().then(|| filled(cells, 0)).transpose()?,
            discrete: (ids > 0).then(|| filled(cells * ids, 0)).transpose()?,
            dense: (width > 0).then(|| filled(cells * width, 0.0)).transpose()?,
            actions: filled(cells, 0)?,
            allowed: masked.then(|| filled(cells * allowed, 0)).transpose()?,
            weights: filled(cells, 0.0)?,
            log_probs: filled(cells, 0.0)?,
            values: filled(cells, 0.0)?,
            rewards: filled(cells, 0.0)?,
            ends: filled(cells, 0)?,
            last_values: filled(rows, 0.0)?,
            advantages: filled(cells, 0.0)?,
            value_targets: filled(cells, 0.0)?,
            ..Self::default()
        })
    }

    /// Bytes that are held.
    pub fn bytes(&self) -> usize {
        let Self { states, past, starts, inputs, discrete, dense, allowed, .. } = self;
        let words = [states, past, dense].iter().map(|of| of.as_ref().map_or(0, Vec::len)).sum::<usize>()
            + [inputs, discrete].iter().map(|of| of.as_ref().map_or(0, Vec::len)).sum::<usize>()
            + 7 * self.actions.len();
        let bytes = [starts, allowed].iter().map(|of| of.as_ref().map_or(0, Vec::len)).sum::<usize>() + self.ends.len();
        size_of::<f32>() * words + bytes
    }

    /// Before the first step again.
    pub(crate) fn clear(&mut self, rows: usize) {
        (self.rows, self.steps, self.finished) = (rows, 0, false);
        self.explored.clear();
        self.last_values.fill(0.0);
        self.reference_log_probs = None;
    }

    /// Whether there is room for a step.
    pub(crate) fn is_full(&self) -> bool {
        self.steps == self.room
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.finished
    }

    /// Writes what the rows read and did at a step, which counts where `counts` says so.
    pub(crate) fn write(&mut self, step: &Recorded<'_>, counts: impl Fn(usize) -> bool) {
        let (t, room) = (self.steps, self.room);
        for row in 0..self.rows {
            let at = row * room + t;
            if let Some(starts) = &mut self.starts {
                starts[at] = u8::from(step.starts[row]);
            }
            if let Some(inputs) = &mut self.inputs {
                inputs[at] = step.inputs[row] as i32;
            }
            put(&mut self.discrete, step.discrete, (row, at, self.rows));
            put(&mut self.dense, step.dense, (row, at, self.rows));
            put(&mut self.allowed, step.allowed, (row, at, self.rows));
            self.actions[at] = step.actions[row];
            self.log_probs[at] = step.log_probs[row];
            self.values[at] = step.values[row];
            self.weights[at] = f32::from(u8::from(counts(row)));
        }
    }

    /// Writes what came of the step, and goes on to the next.
    pub(crate) fn answer(&mut self, rewards: &[f32], ends: impl Fn(usize) -> bool) {
        for (row, &reward) in rewards[..self.rows].iter().enumerate() {
            let at = row * self.room + self.steps;
            self.rewards[at] = reward;
            self.ends[at] = u8::from(ends(row));
        }
        self.steps += 1;
    }

    /// Judges the steps. There is no writing after it.
    pub(crate) fn finish(&mut self, gae: &Gae) -> Result<()> {
        if self.steps == 0 {
            return Err(Error::invalid("steps", "must be at least 1: nothing was recorded"));
        }
        self.compact();
        let Self { rows, steps, .. } = *self;
        let cells = rows * steps;
        let returns = Returns {
            steps,
            rewards: &self.rewards[..cells],
            values: &self.values[..cells],
            ends: &self.ends[..cells],
            last_values: &self.last_values[..rows],
        };
        gae.write(&returns, &mut self.advantages[..cells], &mut self.value_targets[..cells])?;
        self.excuse();
        self.finished = true;
        Ok(())
    }

    /// Judges all steps of a row alike, `[n]`, in place of what they were judged by; the value targets stay.
    pub(crate) fn judge(&mut self, advantages: &[f32]) {
        for (row, &advantage) in self.advantages.chunks_exact_mut(self.steps).zip(advantages) {
            row.fill(advantage);
        }
    }

    /// Writes what a reference says of the actions, `[n, T]`.
    pub(crate) fn refer(&mut self, log_probs: Vec<f32>) {
        self.reference_log_probs = Some(log_probs);
    }

    /// The steps at which rows are to draw any action that is allowed, `[n]`.
    pub(crate) fn explore(&mut self, steps: &[i32]) {
        self.explored.clear();
        self.explored.extend_from_slice(steps);
    }

    /// What [`Recording::explore`] said; empty where nothing was.
    pub(crate) fn explored(&self) -> &[i32] {
        &self.explored
    }

    /// Takes the steps before a random one out of what counts, and leaves in `explored` the random ones that were no better than expected.
    fn excuse(&mut self) {
        let Self { steps, weights, advantages, .. } = self;
        for (row, explored) in self.explored.iter_mut().enumerate() {
            let Ok(step) = usize::try_from(*explored) else { continue };
            let first = row * *steps;
            if step >= *steps || weights[first + step] == 0.0 {
                *explored = -1;
                continue;
            }
            weights[first..first + step].fill(0.0);
            if advantages[first + step] > 0.0 {
                *explored = -1;
            }
        }
    }

    /// Makes the advantages `[rows, T]` of the given rows 0 where the policy's term does not count.
    pub(crate) fn silence(&self, rows: &[u32], advantages: &mut [f32]) {
        for (part, &row) in advantages.chunks_exact_mut(self.steps).zip(rows) {
            if let Some(&step) = self.explored.get(row as usize)
                && let Ok(step) = usize::try_from(step)
            {
                part[step] = 0.0;
            }
        }
    }

    /// Moves the rows together where fewer steps were written than there is room for.
    fn compact(&mut self) {
        let Self { rows, steps, room, .. } = *self;
        if steps == room {
            return;
        }
        let (size, cells) = ((rows, steps, room), self.actions.len());
        pack_some(&mut self.starts, size, cells);
        pack_some(&mut self.inputs, size, cells);
        pack_some(&mut self.discrete, size, cells);
        pack_some(&mut self.dense, size, cells);
        pack_some(&mut self.allowed, size, cells);
        pack(&mut self.actions, size, 1);
        pack(&mut self.ends, size, 1);
        for floats in [&mut self.weights, &mut self.log_probs, &mut self.values, &mut self.rewards] {
            pack(floats, size, 1);
        }
    }

    /// What was done, of a finished recording.
    pub fn trajectories<'a>(&'a self, rollout: &'a RolloutSpec) -> Trajectories<'a> {
        let cells = self.rows * self.steps;
        let size = (cells, self.actions.len());
        Trajectories {
            rollout,
            rows: self.rows,
            contexts: (&*self.contexts).into(),
            context_lengths: (!self.context_lengths.is_empty()).then(|| (&*self.context_lengths).into()),
            context_values: (!self.context_values.is_empty()).then(|| (&*self.context_values).into()),
            stages: (&*self.stages).into(),
            states: self.of_rows(self.states.as_ref()),
            ages: self.of_rows(self.ages.as_ref()),
            past: self.of_rows(self.past.as_ref()),
            starts: part(self.starts.as_ref(), size),
            inputs: part(self.inputs.as_ref(), size),
            discrete: part(self.discrete.as_ref(), size),
            dense: part(self.dense.as_ref(), size),
            actions: self.actions[..cells].into(),
            allowed: part(self.allowed.as_ref(), size),
            weights: Some(self.weights[..cells].into()),
        }
    }

    /// The rows under way of all rows, `[n, …]`.
    fn of_rows<'a, T: Clone>(&self, values: Option<&'a Vec<T>>) -> Option<Cow<'a, [T]>> {
        let all = self.actions.len() / self.room;
        values.map(|values| values[..values.len() / all * self.rows].into())
    }

    /// What the steps are judged by, of a finished recording.
    pub fn targets(&self) -> Targets<'_> {
        let cells = self.rows * self.steps;
        Targets {
            advantages: Advantages::Given {
                advantages: &self.advantages[..cells],
                value_targets: Some(&self.value_targets[..cells]),
            },
            old_log_probs: Some(&self.log_probs[..cells]),
            old_values: Some(&self.values[..cells]),
            reference_log_probs: self.reference_log_probs.as_deref(),
        }
    }

    /// Rows that are shown a prompt.
    pub(crate) fn set_prompts(&mut self, prompts: Prompts<'_>) {
        self.contexts.clear();
        self.contexts.extend_from_slice(prompts.contexts);
        self.context_lengths.clear();
        self.context_lengths.extend_from_slice(prompts.lengths.unwrap_or(&[]));
        self.context_values.clear();
        self.context_values.extend_from_slice(prompts.values.unwrap_or(&[]));
        self.stages.clear();
        self.stages.extend_from_slice(prompts.stages);
    }
}

/// A row of `[n, …]` to a step of `[n, T, …]`.
fn put<T: Copy>(to: &mut Option<Vec<T>>, from: &[T], (row, at, rows): (usize, usize, usize)) {
    if let Some(to) = to {
        let width = from.len() / rows;
        to[at * width..][..width].copy_from_slice(&from[row * width..][..width]);
    }
}

/// `[n, room, width]` to `[n, T, width]`, in place.
fn pack<T: Copy>(values: &mut [T], (rows, steps, room): (usize, usize, usize), width: usize) {
    for row in 1..rows {
        values.copy_within(row * room * width..(row * room + steps) * width, row * steps * width);
    }
}

fn pack_some<T: Copy>(values: &mut Option<Vec<T>>, size: (usize, usize, usize), cells: usize) {
    if let Some(values) = values {
        let width = values.len() / cells;
        pack(values, size, width);
    }
}

/// The first `cells` of `all` cells.
fn part<T: Clone>(values: Option<&Vec<T>>, (cells, all): (usize, usize)) -> Option<Cow<'_, [T]>> {
    values.map(|values| values[..cells * (values.len() / all)].into())
}

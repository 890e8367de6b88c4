//! Rows of steps that were taken: what an evaluation replays and an update learns from.

use std::borrow::Cow;

use super::check::{check_finite, check_ids, check_len};
use super::observation::check_discrete;
use super::{Prompts, RolloutSpec};
use crate::error::{Error, Result};
use crate::model::{Encoder, History, ModelSpec, next_age};

/// `n` rows of `T` steps. Open loop is the special case of one episode a row, without observations. Row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Trajectories<'a> {
    /// Start token and the actions that are allowed at every step.
    pub rollout: &'a RolloutSpec,
    /// Rows, `n`.
    pub rows: usize,
    /// Prompts, `[n, L]`; empty where the model has no encoder.
    pub contexts: Cow<'a, [i32]>,
    /// Tokens of each context that count, `[n]`. Absent: all do.
    pub context_lengths: Option<Cow<'a, [i32]>>,
    /// A number beside each token, `[n, L]`, for a model that reads such numbers.
    pub context_values: Option<Cow<'a, [f32]>>,
    /// Stages, `[n]`; empty where the model has no encoder.
    pub stages: Cow<'a, [i32]>,
    /// States before the first step, `[n, layers, H]`, in place of what the prompts make; no gradient flows into them.
    pub states: Option<Cow<'a, [f32]>>,
    /// Steps of its episode before a row's first step, `[n]`: where the clock stands. Absent: 0.
    pub ages: Option<Cow<'a, [i32]>>,
    /// What the last layer's states were after the `min(age, window)` steps before the first, `[n, window, H]`, the last one last, for a model that
    /// attends to its past; what is before them is not read. No gradient flows into them; keys and values are made of them by the present weights.
    /// Absent: nothing before the row's first step is attended to.
    pub past: Option<Cow<'a, [f32]>>,
    /// Non-zero where an episode begins, `[n, T]`: there all layers' states count as zero, nothing before is attended to, the clock stands at 0, and the token before is the start token. For a
    /// model without an encoder. Absent: each row begins at its first step, from its prompt or from `states`.
    pub starts: Option<Cow<'a, [u8]>>,
    /// Tokens fed before each step, `[n, T]`, for a model that reads the previous action. Absent: the start token, then the actions.
    pub inputs: Option<Cow<'a, [i32]>>,
    /// Discrete numbers read at each step, `[n, T, sizes]`.
    pub discrete: Option<Cow<'a, [i32]>>,
    /// The vector read at each step, `[n, T, width]`.
    pub dense: Option<Cow<'a, [f32]>>,
    /// Actions taken, `[n, T]`; at steps of weight 0 too they must be allowed ones.
    pub actions: Cow<'a, [i32]>,
    /// Non-zero where an action was allowed at that step, `[n, T, A]`, beside the mask of `rollout`. Absent: no step has a mask of its own.
    pub allowed: Option<Cow<'a, [u8]>>,
    /// How much each step counts in the losses, `[n, T]`, at least 0; 0 after a program's end and at padding, where nothing is read. Absent:
    /// all count alike.
    pub weights: Option<Cow<'a, [f32]>>,
}

impl<'a> Trajectories<'a> {
    /// Programs as an open-loop rollout emits them.
    pub fn programs(rollout: &'a RolloutSpec, prompts: Prompts<'a>, actions: &'a [i32]) -> Self {
        Self {
            rollout,
            rows: prompts.rows,
            contexts: prompts.contexts.into(),
            context_lengths: prompts.lengths.map(Into::into),
            context_values: prompts.values.map(Into::into),
            stages: prompts.stages.into(),
            states: None,
            ages: None,
            past: None,
            starts: None,
            inputs: None,
            discrete: None,
            dense: None,
            actions: actions.into(),
            allowed: None,
            weights: None,
        }
    }

    /// The same, with the first `lengths[i]` steps of row i counting and no other.
    #[must_use]
    pub fn of_lengths(self, lengths: &[i32]) -> Self {
        let steps = self.steps();
        let weights = lengths.iter().flat_map(|&length| (0..steps).map(move |t| if t < length as usize { 1.0 } else { 0.0 }));
        Self { weights: Some(weights.collect()), ..self }
    }

    /// Steps of a row, `T`.
    pub fn steps(&self) -> usize {
        self.actions.len() / self.rows.max(1)
    }

    /// What each row was shown before its first step.
    pub fn prompts(&self) -> Prompts<'_> {
        Prompts {
            rows: self.rows,
            contexts: &self.contexts,
            lengths: self.context_lengths.as_deref(),
            values: self.context_values.as_deref(),
            stages: &self.stages,
        }
    }

    /// Whether these are programs as an open-loop rollout emits them: nothing but prompts and actions decides what the network computes.
    pub fn is_open_loop(&self) -> bool {
        let Self { states, ages, past, starts, inputs, discrete, dense, allowed, .. } = self;
        let begins = states.is_none() && ages.is_none() && past.is_none();
        begins && starts.is_none() && inputs.is_none() && discrete.is_none() && dense.is_none() && allowed.is_none()
    }

    /// Some of the rows, in the order given: a minibatch.
    ///
    /// # Errors
    /// [`Error::Invalid`] when there is none, or naming the first that is not a row.
    pub fn select(&self, rows: &[u32]) -> Result<Self> {
        if rows.is_empty() {
            return Err(Error::invalid("rows", "must name at least one row, got none"));
        }
        if let Some(index) = rows.iter().position(|&row| row as usize >= self.rows) {
            return Err(Error::invalid(
                format!("rows[{index}]"),
                format!("must be below the number of rows {}, got {}", self.rows, rows[index]),
            ));
        }
        let n = self.rows;
        Ok(Self {
            rollout: self.rollout,
            rows: rows.len(),
            contexts: gather(&self.contexts, n, rows),
            context_lengths: self.context_lengths.as_deref().map(|of| gather(of, n, rows)),
            context_values: self.context_values.as_deref().map(|of| gather(of, n, rows)),
            stages: gather(&self.stages, n, rows),
            states: self.states.as_deref().map(|of| gather(of, n, rows)),
            ages: self.ages.as_deref().map(|of| gather(of, n, rows)),
            past: self.past.as_deref().map(|of| gather(of, n, rows)),
            starts: self.starts.as_deref().map(|of| gather(of, n, rows)),
            inputs: self.inputs.as_deref().map(|of| gather(of, n, rows)),
            discrete: self.discrete.as_deref().map(|of| gather(of, n, rows)),
            dense: self.dense.as_deref().map(|of| gather(of, n, rows)),
            actions: gather(&self.actions, n, rows),
            allowed: self.allowed.as_deref().map(|of| gather(of, n, rows)),
            weights: self.weights.as_deref().map(|of| gather(of, n, rows)),
        })
    }

    /// Checks lengths and ranges, so that no kernel has to.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first bad element.
    pub fn check(&self, spec: &ModelSpec) -> Result<()> {
        self.prompts().check(spec)?;
        let (n, actions) = (self.rows, &self.actions);
        if actions.is_empty() || !actions.len().is_multiple_of(n) {
            return Err(Error::invalid(
                "actions",
                format!("must hold the same number of tokens for each of the {n} problems, got {} in all", actions.len()),
            ));
        }
        check_ids("actions", actions, spec.actions(), "the vocabulary size")?;
        let cells = actions.len();
        self.check_inputs(spec, cells)?;
        self.check_allowed(spec, cells)?;
        if let Some(weights) = &self.weights {
            check_len("weights", weights.len(), cells)?;
            check_finite("weights", weights)?;
            if let Some(index) = weights.iter().position(|&weight| weight < 0.0) {
                return Err(Error::invalid(format!("weights[{index}]"), format!("must be at least 0, got {}", weights[index])));
            }
            if weights.iter().all(|&weight| weight == 0.0) {
                return Err(Error::invalid("weights", "must be above 0 at one step at least"));
            }
        }
        Ok(())
    }

    fn check_inputs(&self, spec: &ModelSpec, cells: usize) -> Result<()> {
        if let Some(states) = &self.states {
            check_len("states", states.len(), self.rows * spec.layers * spec.hidden)?;
            check_finite("states", states)?;
        }
        self.check_past(spec)?;
        if let Some(starts) = &self.starts {
            check_len("starts", starts.len(), cells)?;
            if spec.encoder != Encoder::None {
                return Err(Error::invalid("starts", "must be absent: the model begins an episode with a prompt, one a row"));
            }
        }
        if let Some(inputs) = &self.inputs {
            check_len("inputs", inputs.len(), cells)?;
            if !spec.reads_previous_action() {
                return Err(Error::invalid("inputs", "must be absent: the model does not read the previous action"));
            }
            check_ids("inputs", inputs, spec.vocabulary, "the vocabulary size")?;
        }
        let sizes = spec.discrete();
        let discrete = self.discrete.as_deref().unwrap_or(&[]);
        check_len("discrete", discrete.len(), cells * sizes.len())?;
        check_discrete(sizes, discrete)?;
        let dense = self.dense.as_deref().unwrap_or(&[]);
        check_len("dense", dense.len(), cells * spec.dense())?;
        check_finite("dense", dense)
    }

    fn check_past(&self, spec: &ModelSpec) -> Result<()> {
        if let Some(ages) = &self.ages {
            check_len("ages", ages.len(), self.rows)?;
            if let Some(row) = ages.iter().position(|&age| age < 0) {
                return Err(Error::invalid(format!("ages[{row}]"), format!("must be at least 0, got {}", ages[row])));
            }
        }
        let Some(past) = &self.past else { return Ok(()) };
        let Some(History { window }) = spec.attention.history else {
            return Err(Error::invalid("past", "must be absent: the model does not attend to its past"));
        };
        if self.ages.is_none() {
            return Err(Error::invalid("ages", "must be given with the past: they say how much of it there is"));
        }
        check_len("past", past.len(), self.rows * window * spec.hidden)?;
        check_finite("past", past)
    }

    fn check_allowed(&self, spec: &ModelSpec, cells: usize) -> Result<()> {
        if let Some(index) = self.actions.iter().position(|&action| !self.rollout.allows(action as usize)) {
            return Err(Error::invalid(
                format!("actions[{index}]"),
                format!("token {} is masked: the network gives it probability 0", self.actions[index]),
            ));
        }
        let Some(allowed) = &self.allowed else { return Ok(()) };
        check_len("allowed", allowed.len(), cells * spec.actions())?;
        let rows = allowed.chunks_exact(spec.actions()).zip(&*self.actions);
        match rows.enumerate().find(|(_, (allowed, action))| allowed[**action as usize] == 0) {
            Some((index, (_, action))) => Err(Error::invalid(
                format!("actions[{index}]"),
                format!("token {action} is not allowed at this step: the network gives it probability 0"),
            )),
            None => Ok(()),
        }
    }

    /// How much a step counts.
    #[inline]
    pub(crate) fn weight(&self, row: usize, t: usize) -> f32 {
        self.weights.as_ref().map_or(1.0, |weights| weights[row * self.steps() + t])
    }

    /// How much the steps of a row count, `[T]`; `None`: all alike.
    pub(crate) fn row_weights(&self, row: usize) -> Option<&[f32]> {
        let steps = self.steps();
        self.weights.as_ref().map(|weights| &weights[row * steps..][..steps])
    }

    /// Steps of a row up to the last one that counts: the ones after it need not be computed.
    pub(crate) fn length(&self, row: usize) -> usize {
        let weights = self.row_weights(row);
        weights.map_or(self.steps(), |weights| weights.iter().rposition(|&weight| weight != 0.0).map_or(0, |last| last + 1))
    }

    /// Sum of all weights: steps that count.
    pub(crate) fn counted(&self) -> f64 {
        match &self.weights {
            None => self.actions.len() as f64,
            Some(weights) => weights.iter().map(|&weight| f64::from(weight)).sum(),
        }
    }

    /// Whether an episode begins at this step, from the zero state.
    #[inline]
    pub(crate) fn starts_at(&self, row: usize, t: usize) -> bool {
        self.starts.as_ref().is_some_and(|starts| starts[row * self.steps() + t] != 0)
    }

    /// The step within its episode that a row's step `t` is, after the one before, which was number `before`.
    #[inline]
    pub(crate) fn age(&self, row: usize, t: usize, before: u32) -> u32 {
        match t {
            _ if self.starts_at(row, t) => 0,
            0 => self.age_before(row),
            _ => next_age(before),
        }
    }

    /// Steps of its episode before a row's first step, unless another begins there.
    #[inline]
    pub(crate) fn age_before(&self, row: usize) -> u32 {
        self.ages.as_ref().map_or(0, |ages| ages[row] as u32)
    }

    /// The stored past of a row, `[count, H]`.
    pub(crate) fn past_of(&self, row: usize, window: usize) -> &[f32] {
        let (Some(past), Some(ages)) = (&self.past, &self.ages) else { return &[] };
        let row_of = past.len() / self.rows;
        let count = window.min(ages[row] as usize);
        &past[row * row_of..][..row_of][row_of - count * (row_of / window)..]
    }

    /// The token before a step.
    #[inline]
    pub(crate) fn input(&self, row: usize, t: usize) -> u32 {
        let at = row * self.steps() + t;
        match &self.inputs {
            Some(inputs) => inputs[at] as u32,
            None if t == 0 || self.starts_at(row, t) => self.rollout.start_token as u32,
            None => self.actions[at - 1] as u32,
        }
    }

    /// Writes what the network reads at a step beside the token before, `[F]`; `age` is what [`Trajectories::age`] says.
    pub(crate) fn write_features(&self, spec: &ModelSpec, (row, t): (usize, usize), age: u32, out: &mut [f32]) {
        let at = row * self.steps() + t;
        let begins = if self.starts.is_some() { self.starts_at(row, t) } else { t == 0 && self.states.is_none() };
        let (ids, width) = (spec.discrete().len(), spec.dense());
        let discrete = &self.discrete.as_deref().unwrap_or(&[])[at * ids..][..ids];
        let dense = &self.dense.as_deref().unwrap_or(&[])[at * width..][..width];
        spec.write_features((begins, age), discrete, dense, out);
    }

    /// The actions allowed at a step beside the mask of the rollout, `[A]`; `None`: all.
    #[inline]
    pub(crate) fn allowed_at(&self, row: usize, t: usize) -> Option<&[u8]> {
        let actions = self.allowed.as_ref()?.len() / self.actions.len();
        self.allowed.as_ref().map(|allowed| &allowed[(row * self.steps() + t) * actions..][..actions])
    }
}

/// The given rows of `[n, …]`.
fn gather<T: Clone>(values: &[T], n: usize, rows: &[u32]) -> Cow<'static, [T]>
where
    [T]: ToOwned<Owned = Vec<T>>,
{
    let width = values.len() / n;
    rows.iter().flat_map(|&row| &values[row as usize * width..][..width]).cloned().collect::<Vec<_>>().into()
}

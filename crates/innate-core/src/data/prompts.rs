//! What each row is shown before its first step.

use super::check::{check_finite, check_ids, check_len};
use crate::error::{Error, Result};
use crate::model::{Encoder, ModelSpec};

/// The prompts of one batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prompts<'a> {
    /// Rows of the batch, `n`.
    pub rows: usize,
    /// Token ids, `[n, L]`; empty where the model has no encoder.
    pub contexts: &'a [i32],
    /// Tokens of each context that count, `[n]`, 1 to L: those after them are padding, any token, and are not read. Absent: all L count.
    pub lengths: Option<&'a [i32]>,
    /// A number beside each token, `[n, L]`, for a model that reads such numbers, and for no other. Those beside padding are not read.
    pub values: Option<&'a [f32]>,
    /// Stage ids, `[n]`; empty where the model has no encoder.
    pub stages: &'a [i32],
}

impl<'a> Prompts<'a> {
    /// No prompts for `rows` rows: those of a model without an encoder.
    pub fn none(rows: usize) -> Self {
        Self { rows, contexts: &[], lengths: None, values: None, stages: &[] }
    }

    /// One row a stage, all contexts of one length.
    pub fn of(contexts: &'a [i32], stages: &'a [i32]) -> Self {
        Self { rows: stages.len(), contexts, lengths: None, values: None, stages }
    }

    /// As [`Prompts::of`], with lengths and ranges checked.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first bad element.
    pub fn new(spec: &ModelSpec, contexts: &'a [i32], stages: &'a [i32]) -> Result<Self> {
        let prompts = Self::of(contexts, stages);
        prompts.check(spec)?;
        Ok(prompts)
    }

    /// Checks lengths and ranges, so that no kernel has to.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first bad element.
    pub fn check(&self, spec: &ModelSpec) -> Result<()> {
        let &Self { rows, contexts, lengths, stages, .. } = self;
        if rows == 0 {
            return Err(Error::invalid("stages", "must hold at least one problem, got none"));
        }
        if self.values.is_some() && !spec.reads_values() {
            return Err(Error::invalid("contextValues", "must be absent: the model reads no numbers beside tokens"));
        }
        if spec.encoder == Encoder::None {
            return match (contexts.is_empty(), stages.is_empty()) {
                (true, true) if lengths.is_some() => {
                    Err(Error::invalid("lengths", "must be absent: the model reads no contexts"))
                }
                (true, true) => Ok(()),
                (false, _) => Err(Error::invalid("contexts", "must be empty: the model reads none")),
                (_, false) => Err(Error::invalid("stages", "must be empty: the model reads none")),
            };
        }
        if stages.len() != rows {
            return Err(Error::invalid("stages", format!("must hold {rows} ids, got {}", stages.len())));
        }
        if contexts.is_empty() || !contexts.len().is_multiple_of(rows) {
            return Err(Error::invalid(
                "contexts",
                format!("must hold the same number of tokens for each of the {rows} problems, got {} in all", contexts.len()),
            ));
        }
        check_ids("contexts", contexts, spec.vocabulary, "the vocabulary size")?;
        check_ids("stages", stages, spec.stages(), "the number of stages")?;
        self.check_lengths()?;
        match self.values {
            Some(values) => {
                check_len("contextValues", values.len(), contexts.len())?;
                check_finite("contextValues", values)
            }
            None if spec.reads_values() => {
                Err(Error::invalid("contextValues", "must be given: the model reads a number beside each token"))
            }
            None => Ok(()),
        }
    }

    fn check_lengths(&self) -> Result<()> {
        let Some(lengths) = self.lengths else { return Ok(()) };
        check_len("lengths", lengths.len(), self.rows)?;
        let limit = self.context_len();
        match lengths.iter().position(|&length| length < 1 || length as usize > limit) {
            Some(row) => {
                Err(Error::invalid(format!("lengths[{row}]"), format!("must be between 1 and {limit}, got {}", lengths[row])))
            }
            None => Ok(()),
        }
    }

    /// Tokens of a context with its padding, `L`.
    pub fn context_len(&self) -> usize {
        self.contexts.len() / self.rows
    }

    /// Tokens of a row's context that count.
    #[inline]
    pub(crate) fn length(&self, row: usize) -> usize {
        self.lengths.map_or_else(|| self.context_len(), |lengths| lengths[row] as usize)
    }

    /// The tokens of a row's context that count.
    #[inline]
    pub(crate) fn context(&self, row: usize) -> &'a [i32] {
        &self.contexts[row * self.context_len()..][..self.length(row)]
    }

    /// The numbers beside the tokens of a row's context that count; none where the model reads none.
    #[inline]
    pub(crate) fn values_of(&self, row: usize) -> &'a [f32] {
        self.values.map_or(&[], |values| &values[row * self.context_len()..][..self.length(row)])
    }

    /// Tokens that count in all.
    pub(crate) fn counted(&self) -> usize {
        self.lengths.map_or(self.contexts.len(), |lengths| lengths.iter().map(|&length| length as usize).sum())
    }
}

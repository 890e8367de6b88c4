//! What each row is shown before its first step.

use super::check::check_ids;
use crate::error::{Error, Result};
use crate::model::{Encoder, ModelSpec};

/// The prompts of one batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prompts<'a> {
    /// Rows of the batch, `n`.
    pub rows: usize,
    /// Token ids, `[n, L]`; empty where the model has no encoder.
    pub contexts: &'a [i32],
    /// Stage ids, `[n]`; empty where the model has no encoder.
    pub stages: &'a [i32],
}

impl<'a> Prompts<'a> {
    /// One row a stage, with lengths and ranges checked.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first bad element.
    pub fn new(spec: &ModelSpec, contexts: &'a [i32], stages: &'a [i32]) -> Result<Self> {
        let prompts = Self { rows: stages.len(), contexts, stages };
        prompts.check(spec)?;
        Ok(prompts)
    }

    /// Checks lengths and ranges, so that no kernel has to.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first bad element.
    pub fn check(&self, spec: &ModelSpec) -> Result<()> {
        let &Self { rows, contexts, stages } = self;
        if rows == 0 {
            return Err(Error::invalid("stages", "must hold at least one problem, got none"));
        }
        let Encoder::Pooled { stages: limit, .. } = spec.encoder else {
            return match (contexts.is_empty(), stages.is_empty()) {
                (true, true) => Ok(()),
                (false, _) => Err(Error::invalid("contexts", "must be empty: the model reads none")),
                (_, false) => Err(Error::invalid("stages", "must be empty: the model reads none")),
            };
        };
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
        check_ids("stages", stages, limit, "the number of stages")
    }

    /// Tokens of a context, `L`.
    pub fn context_len(&self) -> usize {
        self.contexts.len() / self.rows
    }
}

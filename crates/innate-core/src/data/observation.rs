//! What rows read at a step beside the token before.

use super::check::{check_finite, check_len};
use crate::error::{Error, Result};
use crate::model::ModelSpec;

/// What `n` rows observe before a step. Row-major.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Observation<'a> {
    /// Discrete numbers, `[n, sizes]`; empty where the model reads none.
    pub discrete: &'a [i32],
    /// Vectors, `[n, width]`; empty where the model reads none.
    pub dense: &'a [f32],
    /// Non-zero where an action is allowed at this step, `[n, A]`, beside the mask of the rollout; empty: all are.
    pub allowed: &'a [u8],
}

impl Observation<'_> {
    /// Checks lengths and ranges, so that no kernel has to.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first bad element.
    pub fn check(&self, spec: &ModelSpec, rows: usize, rollout_mask: Option<&[bool]>) -> Result<()> {
        let &Self { discrete, dense, allowed } = self;
        let sizes = spec.discrete();
        check_len("discrete", discrete.len(), rows * sizes.len())?;
        check_discrete(sizes, discrete)?;
        check_len("dense", dense.len(), rows * spec.dense())?;
        check_finite("dense", dense)?;
        if allowed.is_empty() {
            return Ok(());
        }
        let actions = spec.actions();
        check_len("allowed", allowed.len(), rows * actions)?;
        let may = |(action, &allowed): (usize, &u8)| allowed != 0 && rollout_mask.is_none_or(|mask| mask[action]);
        match allowed.chunks_exact(actions).position(|row| !row.iter().enumerate().any(may)) {
            Some(row) => Err(Error::invalid(format!("allowed[{row}]"), "must allow at least one action")),
            None => Ok(()),
        }
    }

    /// What one row observes.
    pub(crate) fn row(&self, spec: &ModelSpec, row: usize) -> Self {
        let (ids, width, actions) = (spec.discrete().len(), spec.dense(), spec.actions());
        let allowed = if self.allowed.is_empty() { self.allowed } else { &self.allowed[row * actions..][..actions] };
        Self { discrete: &self.discrete[row * ids..][..ids], dense: &self.dense[row * width..][..width], allowed }
    }
}

/// Refuses an id beyond its size; ids are `[…, sizes]`.
pub(crate) fn check_discrete(sizes: &[usize], ids: &[i32]) -> Result<()> {
    for (place, &size) in sizes.iter().enumerate() {
        let wrong = |&index: &usize| ids[index] < 0 || ids[index] as usize >= size;
        if let Some(index) = (place..ids.len()).step_by(sizes.len()).find(wrong) {
            let message = format!("must be at least 0 and below its size {size}, got {}", ids[index]);
            return Err(Error::invalid(format!("discrete[{index}]"), message));
        }
    }
    Ok(())
}

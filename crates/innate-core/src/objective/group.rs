//! Advantages of programs among those for the same problem, their group, with no critic. Of a group of K programs that returned R:
//!
//! ```text
//! A_i = R_i − Σ_{j≠i} R_j / (K − 1)     leaving one out (Kool et al., 2019; Ahmadian et al., 2024): the gradient is unbiased
//! A_i = R_i − Σ_j R_j / K               the group's mean (Shao et al., 2024): (K − 1)/K of the former
//! A_i / σ                               with `scale`, σ the group's deviation: weighs problems that are nearly always, or hardly ever, solved up
//! ```
//!
//! Nothing is learned from a group of one, and from one whose returns are equal.

use crate::data::check_len;
use crate::error::{Error, Result};

/// Added to deviations.
const EPSILON: f64 = 1e-8;
/// Returns whose deviation is not beyond this part of the largest differ by rounding alone: divided by it, that would be a difference of 1.
const ROUNDING: f64 = 1e-6;

/// What a program's return is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupBaseline {
    /// The mean of the group's other programs.
    LeaveOneOut,
    /// The mean of the group.
    Mean,
}

/// How programs are judged by their groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Groups {
    /// What returns are compared with.
    pub baseline: GroupBaseline,
    /// Whether advantages are divided by the deviation of their group's returns.
    pub scale: bool,
}

/// How many groups there were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupCounts {
    /// All of them.
    pub groups: usize,
    /// Those without a difference to learn from.
    pub flat: usize,
}

/// Sums over a group.
#[derive(Clone, Copy)]
struct Group {
    count: f64,
    sum: f64,
    squares: f64,
    least: f64,
    most: f64,
}

impl Group {
    const NONE: Self = Self { count: 0.0, sum: 0.0, squares: 0.0, least: f64::INFINITY, most: f64::NEG_INFINITY };

    fn mean(&self) -> f64 {
        self.sum / self.count
    }

    fn deviation(&self) -> f64 {
        (self.squares / self.count).sqrt()
    }

    /// Whether its returns differ by more than rounding.
    fn varies(&self) -> bool {
        self.deviation() > ROUNDING * self.most.abs().max(self.least.abs())
    }
}

impl Groups {
    /// Writes the advantage of each program, `[n]`. `groups` says which programs belong together, by a number below `n` each; they may stand in any
    /// order, and groups may be of any size.
    ///
    /// # Errors
    /// [`Error::Invalid`] when lengths differ, or naming the first number that is no group's.
    pub fn write(&self, returns: &[f32], groups: &[u32], advantages: &mut [f32]) -> Result<GroupCounts> {
        let n = returns.len();
        check_len("groups", groups.len(), n)?;
        check_len("advantages", advantages.len(), n)?;
        if let Some(row) = groups.iter().position(|&group| group as usize >= n) {
            let message = format!("must be below the number of programs {n}, got {}", groups[row]);
            return Err(Error::invalid(format!("groups[{row}]"), message));
        }
        let mut all = vec![Group::NONE; n];
        let of = |row: usize| (groups[row] as usize, f64::from(returns[row]));
        for (group, value) in (0..n).map(of) {
            let group = &mut all[group];
            group.count += 1.0;
            group.sum += value;
            group.least = group.least.min(value);
            group.most = group.most.max(value);
        }
        for (group, value) in (0..n).map(of) {
            let group = &mut all[group];
            group.squares += (value - group.mean()).powi(2);
        }
        for (row, advantage) in advantages.iter_mut().enumerate() {
            let (group, value) = (&all[groups[row] as usize], f64::from(returns[row]));
            *advantage = if group.varies() { self.judge(group, value) as f32 } else { 0.0 };
        }
        let some = || all.iter().filter(|group| group.count > 0.0);
        Ok(GroupCounts { groups: some().count(), flat: some().filter(|group| !group.varies()).count() })
    }

    fn judge(self, group: &Group, value: f64) -> f64 {
        let advantage = match self.baseline {
            GroupBaseline::LeaveOneOut => value - (group.sum - value) / (group.count - 1.0),
            GroupBaseline::Mean => value - group.mean(),
        };
        if self.scale { advantage / (group.deviation() + EPSILON) } else { advantage }
    }
}

#[cfg(test)]
mod tests;

//! The backward pass over a batch: chunks in groups, groups in order, and the sums into the gradient.

use std::sync::Mutex;

use super::chunk::{Graded, Shared, height};
use super::{Fused, GROUPS, hold, own};
use crate::data::Trajectories;
use crate::error::{Error, Result};
use crate::kernel::buffer::Buffer;
use crate::objective::{Loss, Objective, Sums, Targets, Terms, explained_variance};

/// What some chunks are summed into.
#[derive(Default)]
pub(super) struct Group {
    pub(super) gradient: Buffer,
    sums: Sums,
}

impl Group {
    pub(super) fn bytes(&self) -> usize {
        self.gradient.bytes()
    }
}

impl Fused {
    /// Adds the gradient of the loss to what was accumulated.
    pub(super) fn backward(&mut self, data: &Trajectories<'_>, targets: &Targets<'_>, objective: &Objective) -> Result<Terms> {
        let (n, steps) = (data.rows, data.steps());
        let height = height(n);
        let count = n.div_ceil(height);
        let groups = count.min(GROUPS);
        self.granted.backward(
            &self.weights.layout,
            &self.place,
            (n, steps, groups),
            (data.prompts().context_len(), data.past.is_some()),
            self.pool.threads(),
        )?;
        self.ensure_forward(data)?;
        if self.groups.len() < groups {
            self.groups.resize_with(groups, Mutex::default);
        }
        for group in &mut self.groups[..groups] {
            own(group).gradient.grow(self.place.len)?;
        }
        for scratch in &mut self.scratch {
            own(scratch).prepare(&self.weights.layout, steps, (data.prompts().context_len(), data.past.is_some()))?;
        }
        let graded = Graded { data, targets, loss: Loss::new(objective, data, targets) };
        let Self { weights, batch, bias, chunks, scratch, groups: all_groups, place, .. } = self;
        let shared = Shared { weights, batch, bias, prompts: data.prompts(), steps };
        self.pool.run(groups, &|task, worker| {
            let group = &mut *hold(&all_groups[task]);
            group.gradient.fill(0.0);
            group.sums = Sums::default();
            let range = task * count / groups..(task + 1) * count / groups;
            for (chunk, first) in chunks[range.clone()].iter().zip((range.start * height..).step_by(height)) {
                let out = (&*place, &mut *group.gradient);
                group.sums += hold(chunk).backward(&shared, first, &graded, &mut hold(&scratch[worker]), out);
            }
        });
        let mut sums = Sums::default();
        for group in &mut self.groups[..groups] {
            sums += own(group).sums;
        }
        let held: Vec<_> = self.chunks[..count].iter().map(hold).collect();
        let explained =
            explained_variance(targets, data, |row| &held[row / height].values[row % height * steps..][..data.length(row)]);
        drop(held);
        let terms = graded.loss.terms(&sums, explained);
        if !terms.loss.is_finite() {
            return Err(Error::NonFinite { what: "loss", value: terms.loss, at: None });
        }
        self.sum_groups(groups);
        self.finish_gradient()?;
        Ok(terms)
    }
}

//! How much is held of a block's past.

use crate::engine::fused::layout::Layout;

/// What there must be room for.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine::fused) struct Holding {
    /// Rows.
    pub(in crate::engine::fused) rows: usize,
    /// Positions of a row, more than the window: where they end, the last ones move to the front.
    pub(in crate::engine::fused) positions: usize,
    /// Steps of which is kept what was read out: all, for the way back, or one.
    pub(in crate::engine::fused) kept: usize,
    /// Whether states are held too, of which keys and values are made again by other weights.
    pub(in crate::engine::fused) states: bool,
}

impl Holding {
    /// For a sequence of `steps` steps of which `kept` are kept, behind a window of past ones or none.
    pub(in crate::engine::fused) fn sequence(layout: &Layout, rows: usize, (steps, kept): (usize, usize), past: bool) -> Self {
        let window = layout.history.as_ref().map_or(0, |places| places.window);
        let all = steps.saturating_add(if past { window } else { 0 });
        Self { rows, positions: if kept < steps { all.min(without_end(window)) } else { all }, kept, states: false }
    }

    /// For steps without an end.
    pub(in crate::engine::fused) fn ring(layout: &Layout, rows: usize) -> Self {
        let window = layout.history.as_ref().map_or(0, |places| places.window);
        Self { rows, positions: without_end(window), kept: 1, states: true }
    }

    /// Whether what the way back needs is held.
    pub(super) fn backward(&self) -> bool {
        !self.states
    }
}

/// Positions among which a window of them moves to the front once in so many steps.
fn without_end(window: usize) -> usize {
    2 * window + 1
}

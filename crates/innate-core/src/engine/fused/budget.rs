//! How many bytes a call takes, known before any is taken.

use super::BLOCK;
use super::chunk::{Chunk, Scratch, height};
use super::history::{History, Holding};
use super::layout::{Layout, Partial};
use super::weights::Weights;
use crate::error::Result;
use crate::memory::{Bytes, FEWER, afford};
use crate::model::ModelSpec;

/// Asks for what an engine of this shape takes before it does anything.
///
/// # Errors
/// [`Error::Memory`](crate::Error::Memory) when there is not so much.
pub(crate) fn afford_network(spec: &ModelSpec) -> Result<()> {
    let layout = Layout::new(spec);
    // The parameters as they come, the network, Adam's moments, the gradient and the sums that it is made of.
    let needed =
        Weights::bytes_for(&layout).plus(Bytes::floats(&[layout.len]).times(4)).plus(Bytes::floats(&[Partial::new(&layout).len]));
    let widest = if layout.vocab.max(layout.stages) > layout.hidden.saturating_mul(6) {
        if layout.vocab >= layout.stages { "vocabSize" } else { "stageCount" }
    } else {
        "hiddenSize"
    };
    let what = || format!("a network with {} tokens, {} stages and hiddenSize {}", layout.vocab, layout.stages, layout.hidden);
    afford(needed, widest, what, "Lower it.")
}

/// The size of a forward pass.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    /// Rows.
    pub(super) n: usize,
    /// Steps.
    pub(super) steps: usize,
    /// Tokens of a context.
    pub(super) context: usize,
    /// Whether rows go on from a past.
    pub(super) past: bool,
    /// Whether all activations are kept.
    pub(super) keep: bool,
    /// Whether logits are given back.
    pub(super) logits: bool,
}

/// What was asked for so far: buffers stay, so only what goes beyond is asked for again.
#[derive(Debug, Default)]
pub(super) struct Granted {
    kept: Bytes,
    passing: Bytes,
    backward: Bytes,
}

impl Granted {
    pub(super) fn forward(&mut self, layout: &Layout, size: Size, threads: usize) -> Result<()> {
        let Size { n, steps, context, past, keep, logits } = size;
        let kept = if keep { steps } else { 1 };
        let chunks = if keep { n.div_ceil(height(n)) } else { threads };
        let activations = Chunk::bytes_for(layout, (steps, kept), context)
            .plus(History::bytes_for(layout, Holding::sequence(layout, height(n), (steps, kept), past)))
            .times(chunks);
        // Once here and once where the caller reads it.
        let outputs = Bytes::floats(&[n, steps, 4 + if logits { layout.actions } else { 0 }]).times(2);
        let held = if keep { &mut self.kept } else { &mut self.passing };
        ask(held, activations, outputs, layout, (n, steps))
    }

    pub(super) fn backward(
        &mut self,
        layout: &Layout,
        place: &Partial,
        (n, steps, groups): (usize, usize, usize),
        (context, past): (usize, bool),
        threads: usize,
    ) -> Result<()> {
        let steps_of = Scratch::bytes_for(layout, steps, (context, past)).times(threads);
        let sums = Bytes::floats(&[place.len.next_multiple_of(BLOCK)]).times(groups).plus(Bytes::floats(&[layout.len]).times(2));
        ask(&mut self.backward, steps_of.plus(sums), Bytes(0), layout, (n, steps))
    }
}

fn ask(held: &mut Bytes, stays: Bytes, passes: Bytes, layout: &Layout, (n, steps): (usize, usize)) -> Result<()> {
    let more = Bytes(stays.0.saturating_sub(held.0)).plus(passes);
    let what = || format!("a batch of {n} problems × {steps} steps at hiddenSize {}", layout.hidden);
    afford(more, "stages", what, FEWER)?;
    *held = (*held).max(stays);
    Ok(())
}

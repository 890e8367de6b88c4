//! What a forward pass gives back, written chunk by chunk.

use super::chunk::Chunk;
use super::parts::Parts;
use crate::error::Result;
use crate::memory::filled;

/// `[n, T]` each.
pub(super) struct Evaluated {
    pub(super) actions: Vec<i32>,
    pub(super) log_probs: Vec<f32>,
    pub(super) entropies: Vec<f32>,
    pub(super) values: Vec<f32>,
    /// `[n, T, V]`, or empty when nobody asked.
    pub(super) logits: Vec<f32>,
}

impl Evaluated {
    /// Room for `len` steps, with `vocab` logits each.
    pub(super) fn new(len: usize, vocab: usize) -> Result<Self> {
        Ok(Self {
            actions: filled(len, 0)?,
            log_probs: filled(len, 0.0)?,
            entropies: filled(len, 0.0)?,
            values: filled(len, 0.0)?,
            logits: filled(len * vocab, 0.0)?,
        })
    }

    /// Shares all out in blocks of `size` steps.
    pub(super) fn parts(&mut self, size: usize) -> EvaluatedParts<'_> {
        let vocab = self.logits.len() / self.actions.len();
        EvaluatedParts {
            actions: Parts::new(&mut self.actions, size),
            floats: [&mut self.log_probs, &mut self.entropies, &mut self.values].map(|out| Parts::new(out, size)),
            logits: (vocab > 0).then(|| Parts::new(&mut self.logits, size * vocab)),
        }
    }
}

/// [`Evaluated`], shared out.
pub(super) struct EvaluatedParts<'a> {
    actions: Parts<'a, i32>,
    floats: [Parts<'a>; 3],
    logits: Option<Parts<'a>>,
}

/// A chunk's block of it, logits apart.
pub(super) struct Block<'a> {
    actions: &'a mut [i32],
    floats: [&'a mut [f32]; 3],
}

impl EvaluatedParts<'_> {
    /// Block number `index`, and its logits.
    ///
    /// # Safety
    /// Each block is taken at most once.
    #[allow(clippy::mut_from_ref, reason = "the blocks are disjoint and each is taken once")]
    pub(super) unsafe fn take(&self, index: usize) -> (Block<'_>, Option<&mut [f32]>) {
        // SAFETY: the caller takes each block once.
        unsafe {
            let block = Block { actions: self.actions.take(index), floats: self.floats.each_ref().map(|part| part.take(index)) };
            (block, self.logits.as_ref().map(|part| part.take(index)))
        }
    }
}

impl Block<'_> {
    pub(super) fn write(self, chunk: &Chunk) {
        self.actions.copy_from_slice(&chunk.actions);
        let [log_probs, entropies, values] = self.floats;
        log_probs.copy_from_slice(&chunk.log_probs);
        entropies.copy_from_slice(&chunk.entropies);
        values.copy_from_slice(&chunk.values);
    }
}

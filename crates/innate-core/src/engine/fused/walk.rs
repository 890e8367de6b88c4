//! A block of rows on their way through the network, one step at a time: what whole sequences and single decisions share.

use super::encoder::{BatchContext, InitialState, ReadState};
use super::history::History;
use super::layout::Layout;
use super::reading::Reading;
use super::weights::Weights;
use crate::data::{Prompts, Sampling};
use crate::error::Result;
use crate::kernel::buffer::Buffer;
use crate::kernel::gru::{self, Base, InputGates};
use crate::kernel::head::{self, Logits};
use crate::kernel::history::READ;
use crate::kernel::layer::Layer;
use crate::kernel::matmul::{Matmul, Start};
use crate::kernel::simd::Isa;
use crate::memory::{self, Bytes};
use crate::model::{Encoder, ModelSpec};

/// Most rows of a block.
pub(super) const ROWS: usize = 32;

/// Each row's own row of gates.
pub(super) const OWN: [u32; ROWS] = {
    let mut rows = [0; ROWS];
    let mut row = 0;
    while row < ROWS {
        rows[row] = row as u32;
        row += 1;
    }
    rows
};

/// The states of a block, before and after each step that is kept: all, or the present one alone.
#[derive(Default)]
pub(super) struct Walk {
    pub(super) layers: Vec<Layer>,
    pub(super) reading: Reading,
    pub(super) history: History,
    /// What is read beside the token before, `[kept, ROWS, fp]`.
    pub(super) features: Buffer,
    /// `[ROWS, 3·hp]`; for inputs that are no row of the table.
    gates: Buffer,
    /// Of the present step, `[ROWS, np]`.
    pub(super) logits: Buffer,
    /// Token before each step, `[kept, ROWS]`; 0 where none is read.
    pub(super) inputs: Vec<u32>,
    /// The step within the episode that each row's present step is, `[ROWS]`.
    pub(super) ages: [u32; ROWS],
    kept: usize,
}

/// What a step reads beside the weights.
#[derive(Clone, Copy)]
pub(super) struct Reads<'a> {
    pub(super) weights: &'a Weights,
    /// What a row of logits begins at, `[np]`.
    pub(super) bias: &'a [f32],
}

impl Walk {
    /// Bytes that are held.
    pub(super) fn bytes(&self) -> usize {
        let Self { layers, reading, history, features, gates, logits, inputs, .. } = self;
        let layers = layers.iter().map(Layer::bytes).sum::<usize>();
        let attended = reading.bytes() + history.bytes();
        layers + attended + features.bytes() + gates.bytes() + logits.bytes() + size_of::<u32>() * inputs.capacity()
    }

    /// Bytes of a block of `rows` rows that keeps `kept` steps, its prompts and its past apart.
    pub(super) fn bytes_for(layout: &Layout, rows: usize, kept: usize) -> Bytes {
        let &Layout { hp, np, fp, .. } = layout;
        let states = Bytes::floats(&[layout.layers.len(), rows, hp, gru::SAVED + 1]).plus(Bytes::floats(&[rows, fp + 1]));
        let gates = if own_gates(layout) { 3 } else { 0 };
        states.times(kept.saturating_add(2)).plus(Bytes::floats(&[rows, hp, gates])).plus(Bytes::floats(&[rows, np]))
    }

    /// Makes room for `rows` rows and `kept` steps, apart from [`Reading::prepare`] and [`History::prepare`].
    pub(super) fn prepare(&mut self, layout: &Layout, rows: usize, kept: usize) -> Result<()> {
        let &Layout { hp, np, fp, .. } = layout;
        self.kept = kept;
        self.layers.resize_with(layout.layers.len(), Layer::default);
        for layer in &mut self.layers {
            layer.prepare(rows, kept, hp)?;
        }
        self.features.grow(kept * rows * fp)?;
        self.gates.grow(if own_gates(layout) { rows * 3 * hp } else { 0 })?;
        self.logits.grow(rows * np)?;
        memory::reserve(&mut self.inputs, kept * rows)?;
        self.inputs.resize(kept * rows, 0);
        Ok(())
    }

    /// Steps that there is room for: all, or one.
    pub(super) fn kept(&self) -> usize {
        self.kept
    }

    /// Where step `t` is kept.
    pub(super) fn slot(&self, t: usize) -> usize {
        if t < self.kept { t } else { 0 }
    }

    /// Puts rows `first..first + rows` of the batch, whose prompts were read, before their first step, by their prompts or at zero.
    pub(super) fn begin(&mut self, weights: &Weights, batch: &BatchContext, prompts: Prompts<'_>, (first, rows): (usize, usize)) {
        let [bottom, above @ ..] = &mut *self.layers else { return };
        for layer in above {
            layer.state_mut(0).fill(0.0);
        }
        let out = bottom.state_mut(0);
        match weights.spec.encoder {
            Encoder::Pooled { pooling, .. } => {
                weights.isa.run(InitialState { weights, batch, pooling, prompts, first, rows, out });
            }
            Encoder::Recurrent { .. } => {
                weights.isa.run(ReadState { weights, reading: &self.reading, prompts, first, rows, out });
            }
            Encoder::None => out.fill(0.0),
        }
    }

    /// Puts the rows before their first step at given states, `[rows, layers, H]`.
    pub(super) fn resume(&mut self, layout: &Layout, states: &[f32]) {
        let &Layout { hidden, hp, .. } = layout;
        let count = self.layers.len();
        for (index, layer) in self.layers.iter_mut().enumerate() {
            let rows = states.chunks_exact(count * hidden).zip(layer.state_mut(0).chunks_exact_mut(hp));
            for (from, to) in rows {
                to[..hidden].copy_from_slice(&from[index * hidden..][..hidden]);
            }
        }
    }

    /// One step of `rows` rows, kept at `slot`: new states of all layers, and logits. Where `starts` is set an episode begins.
    pub(super) fn advance(&mut self, reads: Reads<'_>, (slot, rows): (usize, usize), starts: Option<&[bool]>) {
        let Reads { weights, bias } = reads;
        let &Layout { hp, np, fp, hidden, features, .. } = &weights.layout;
        let isa = weights.isa;
        let stride = self.inputs.len() / self.kept;
        let inputs = &self.inputs[slot * stride..][..rows];
        let gates = if features == 0 {
            (weights.table(), inputs)
        } else {
            isa.run(InputGates {
                rows,
                hp,
                dp: fp,
                k: features,
                x: &self.features[slot * stride * fp..],
                panels: weights.feature_panels(),
                base: Base::Rows(weights.table(), inputs),
                out: &mut self.gates,
            });
            (&*self.gates, &OWN[..rows])
        };
        self.layers[0].forward(isa, weights.layer(0), (slot, rows), gates, starts);
        for index in 1..self.layers.len() {
            let [.., below, layer] = &mut self.layers[..=index] else { return };
            isa.run(InputGates {
                rows,
                hp,
                dp: hp,
                k: hidden,
                x: below.state(slot + 1),
                panels: weights.input_panels(index),
                base: Base::Bias(&weights.params[weights.layout.layers[index].bias_ih.clone()]),
                out: &mut self.gates,
            });
            layer.forward(isa, weights.layer(index), (slot, rows), (&self.gates, &OWN[..rows]), starts);
        }
        let top = &self.layers[self.layers.len() - 1];
        let (h, weight, logits) = (top.state(slot + 1), weights.head(), &mut *self.logits);
        if weights.layout.attends() {
            self.reading.attend(isa, &weights.layout, h, (slot, rows));
            let reads = &[h, self.reading.read_out(slot, hp)];
            isa.run(Logits { rows, hp, hidden, np, reads, weight, bias, logits });
        } else {
            isa.run(Logits { rows, hp, hidden, np, reads: &[h], weight, bias, logits });
        }
        if let Some(of) = weights.history() {
            let h = self.layers[self.layers.len() - 1].state(slot + 1);
            self.history.step(weights, h, (slot, rows), &self.ages, starts);
            let (a, a_row) = self.history.read_out(slot);
            let (b, c) = (of.head, &mut *self.logits);
            isa.run(Matmul { m: rows, n: np, k: READ, a, a_row, a_col: 1, b, b_row: np, c, c_row: np, start: Start::Accumulate });
        }
    }

    /// Makes the states after the step the ones before it, for walks that keep one step.
    pub(super) fn rewind(&mut self, spec: &ModelSpec) {
        if spec.recurrent {
            self.layers.iter_mut().for_each(Layer::rewind);
        }
    }
}

/// Whether some layer's input gates are not rows of the table.
fn own_gates(layout: &Layout) -> bool {
    layout.features > 0 || layout.layers.len() > 1
}

/// How a row's action is chosen.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pick {
    Given(usize),
    Greedy,
    /// By a uniform in `[0, 1)`.
    Inverse(f32),
    /// Any of those allowed, by a uniform in `[0, 1)`.
    Any(f32),
}

impl Pick {
    /// For `row` at `step`.
    pub(super) fn sampled(sampling: Sampling<'_>, row: usize, step: usize) -> Self {
        let by = if sampling.explores(row, step) { Self::Any } else { Self::Inverse };
        sampling.uniform(row, step).map_or(Self::Greedy, by)
    }
}

/// A row's action and what the network says of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Choice {
    pub(super) action: usize,
    pub(super) log_prob: f32,
    pub(super) entropy: f32,
    pub(super) value: f32,
}

/// Turns one row of logits into probabilities, and picks; what is not finite where no probabilities can be made. With a finite normalizer some
/// allowed action has a probability above 0, so a masked one is never picked.
pub(super) fn choose(
    isa: Isa,
    actions: usize,
    logits: &mut [f32],
    probabilities: &mut [f32],
    pick: Pick,
) -> std::result::Result<Choice, f32> {
    let stats = isa.run(head::Distribution { vocab: actions, logits, probabilities });
    if !stats.log_normalizer.is_finite() {
        return Err(stats.log_normalizer);
    }
    let action = match pick {
        Pick::Given(action) => action,
        Pick::Greedy => head::greedy(&logits[..actions]),
        Pick::Inverse(uniform) => head::sample(&probabilities[..actions], uniform),
        Pick::Any(uniform) => head::any(&logits[..actions], uniform),
    };
    Ok(Choice { action, log_prob: logits[action] - stats.log_normalizer, entropy: stats.entropy, value: stats.value })
}

/// Takes the actions out of a row of logits that are not allowed.
pub(super) fn forbid(logits: &mut [f32], allowed: Option<&[u8]>) {
    for (logit, _) in logits.iter_mut().zip(allowed.unwrap_or(&[])).filter(|(_, allowed)| **allowed == 0) {
        *logit = f32::NEG_INFINITY;
    }
}

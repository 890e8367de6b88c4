//! What a block of rows holds of its past: the positions that it may still attend to, each row's at places of its own.

mod holding;
mod weights;

pub(super) use self::holding::Holding;
pub(super) use self::weights::{HistoryWeights, PackedHistory};
use super::layout::{HistoryPlaces, Layout};
use super::weights::Weights;
use crate::error::Result;
use crate::kernel::buffer::Buffer;
use crate::kernel::history::{Attend, HEADS, MADE, Past, READ, SAVED, room, stride};
use crate::kernel::matmul::{Matmul, Start};
use crate::kernel::simd::PAD;
use crate::memory::{self, Bytes};
use crate::model::{CLOCK, write_clock};

/// See the module. Empty where no past is attended to.
pub(super) struct History {
    holding: Holding,
    window: usize,
    stride: usize,
    /// `[rows, positions, MADE]`.
    made: Buffer,
    /// Transposed, `[rows, READ, stride]` and what is read beyond it.
    keys: Buffer,
    /// The same, for the way back.
    values: Buffer,
    /// `[rows, positions, hp]`.
    states: Buffer,
    /// Step within the episode, `[rows, positions]`.
    ages: Vec<u32>,
    /// Position of each row's first step of the present episode, or the first one held.
    starts: Vec<u32>,
    /// Position of the next step.
    ends: Vec<u32>,
    /// `[rows, MADE]`.
    present: Buffer,
    /// `[rows, CLOCK]`.
    clocks: Buffer,
    /// Of one query.
    weights: Buffer,
    /// `[rows, kept, READ]`.
    out: Buffer,
    /// `[rows, kept, SAVED]`.
    saved: Buffer,
    /// First position attended to and the position itself, `[rows, kept]`.
    spans: Vec<(u32, u32)>,
}

impl Default for History {
    fn default() -> Self {
        let holding = Holding { rows: 0, positions: 0, kept: 1, states: false };
        let [made, keys, values, states, present, clocks, weights, out, saved] = <[Buffer; 9]>::default();
        let (ages, starts, ends, spans) = <(Vec<u32>, Vec<u32>, Vec<u32>, Vec<(u32, u32)>)>::default();
        Self {
            holding,
            window: 0,
            stride: 0,
            made,
            keys,
            values,
            states,
            ages,
            starts,
            ends,
            present,
            clocks,
            weights,
            out,
            saved,
            spans,
        }
    }
}

impl History {
    /// Bytes that are held.
    pub(super) fn bytes(&self) -> usize {
        let Self { made, keys, values, states, present, clocks, weights, out, saved, .. } = self;
        let buffers = [made, keys, values, states, present, clocks, weights, out, saved].map(Buffer::bytes);
        let words = self.ages.capacity() + self.starts.capacity() + self.ends.capacity() + 2 * self.spans.capacity();
        buffers.into_iter().sum::<usize>() + size_of::<u32>() * words
    }

    /// Bytes that so much takes.
    pub(super) fn bytes_for(layout: &Layout, holding: Holding) -> Bytes {
        let Some(HistoryPlaces { window, .. }) = layout.history else { return Bytes(0) };
        let Holding { rows, positions, kept, states } = holding;
        let of_row =
            Bytes::floats(&[positions.saturating_add(PAD * 3), MADE + 2 * READ + 1 + if states { layout.hp } else { 0 }])
                .plus(Bytes::floats(&[kept, READ + SAVED + 2]));
        of_row.times(rows).plus(Bytes::floats(&[rows, MADE + CLOCK])).plus(Bytes::floats(&[room(window)]))
    }

    /// Makes room.
    pub(super) fn prepare(&mut self, layout: &Layout, holding: Holding) -> Result<()> {
        let Some(HistoryPlaces { window, .. }) = layout.history else { return Ok(()) };
        let Holding { rows, positions, kept, states } = holding;
        (self.holding, self.window, self.stride) = (holding, window, stride(positions));
        let transposed = rows * READ * self.stride + PAD;
        self.made.grow(rows * positions * MADE)?;
        self.keys.grow(transposed)?;
        self.values.grow(if holding.backward() { transposed } else { 0 })?;
        self.states.grow(if states { rows * positions * layout.hp } else { 0 })?;
        self.present.grow(rows * MADE)?;
        self.clocks.grow(rows * CLOCK)?;
        self.weights.grow(room(window))?;
        self.out.grow(rows * kept * READ)?;
        self.saved.grow(rows * kept * SAVED)?;
        for (words, len) in [(&mut self.ages, rows * positions), (&mut self.starts, rows), (&mut self.ends, rows)] {
            memory::reserve(words, len)?;
            words.resize(len, 0);
        }
        memory::reserve(&mut self.spans, rows * kept)?;
        self.spans.resize(rows * kept, (0, 0));
        Ok(())
    }

    /// Puts all rows before their first step, without a past.
    pub(super) fn begin(&mut self) {
        self.starts.fill(0);
        self.ends.fill(0);
    }

    /// Begins an episode of a row.
    pub(super) fn restart(&mut self, row: usize) {
        if let Some(start) = self.starts.get_mut(row) {
            *start = self.ends[row];
        }
    }

    /// Gives a row, before its first step, the states after the steps before it, `[count, H]`, in the room of a window; that step is number `age`.
    pub(super) fn recall(&mut self, weights: &Weights, row: usize, states: &[f32], age: u32) {
        let hidden = weights.layout.hidden;
        let (first, end) = (self.window - states.len() / hidden, self.window);
        (self.starts[row], self.ends[row]) = (first as u32, end as u32);
        for position in first..end {
            self.ages[row * self.holding.positions + position] = age - (end - position) as u32;
        }
        if self.holding.states {
            let hp = weights.layout.hp;
            let held = &mut self.states[(row * self.holding.positions + first) * hp..];
            for (held, state) in held.chunks_exact_mut(hp).zip(states.chunks_exact(hidden)) {
                held[..hidden].copy_from_slice(state);
            }
        }
        self.make(weights, row, first, (states, hidden));
    }

    /// Makes keys and values of the states held again, by other weights.
    pub(super) fn remake(&mut self, weights: &Weights) {
        if weights.layout.history.is_none() {
            return;
        }
        let states = std::mem::take(&mut self.states);
        let hp = weights.layout.hp;
        for row in 0..self.holding.rows {
            let (first, end) = self.span(row);
            let at = row * self.holding.positions;
            self.make(weights, row, first, (&states[(at + first) * hp..(at + end) * hp], hp));
        }
        self.states = states;
    }

    /// Keys and values of a row's positions from `first` on, of states `[_, width]`.
    fn make(&mut self, weights: &Weights, row: usize, first: usize, (states, width): (&[f32], usize)) {
        let Some(of) = weights.history() else { return };
        let count = states.len() / width;
        let at = row * self.holding.positions + first;
        let mut clocks = vec![0.0; if of.clock.is_empty() { 0 } else { count * CLOCK }];
        clocks.chunks_exact_mut(CLOCK).zip(&self.ages[at..]).for_each(|(clock, &age)| write_clock(age, clock));
        let made = &mut self.made[at * MADE + READ..];
        project(weights, of, (states, width), &clocks, (made, READ, count));
        for position in first..first + count {
            self.transpose(row, position);
        }
    }

    /// Writes a position's key and value beside those of the others.
    fn transpose(&mut self, row: usize, position: usize) {
        let made = &self.made[(row * self.holding.positions + position) * MADE..][..MADE];
        let first = row * READ * self.stride + position;
        for (to, &key) in self.keys[first..].iter_mut().step_by(self.stride).zip(&made[READ..2 * READ]) {
            *to = key;
        }
        if self.holding.backward() {
            for (to, &value) in self.values[first..].iter_mut().step_by(self.stride).zip(&made[2 * READ..]) {
                *to = value;
            }
        }
    }

    /// The first position that a row's next step attends to, and that step's.
    fn span(&self, row: usize) -> (usize, usize) {
        let (start, end) = (self.starts[row] as usize, self.ends[row] as usize);
        (start.max(end.saturating_sub(self.window)), end)
    }

    /// Moves what the next step attends to to the front.
    fn slide(&mut self, row: usize, hp: usize) {
        let (first, end) = self.span(row);
        let Holding { positions, states, .. } = self.holding;
        let at = row * positions;
        let from = at + first..at + end;
        self.ages.copy_within(from.clone(), at);
        self.made.copy_within(from.start * MADE..from.end * MADE, at * MADE);
        if states {
            self.states.copy_within(from.start * hp..from.end * hp, at * hp);
        }
        for line in row * READ..(row + 1) * READ {
            let at = line * self.stride;
            self.keys.copy_within(at + first..at + end, at);
            if !self.values.is_empty() {
                self.values.copy_within(at + first..at + end, at);
            }
        }
        (self.starts[row], self.ends[row]) = (0, (end - first) as u32);
    }

    /// The present step of each of `rows` rows, number `ages` of its episode, whose states after it are `h`, `[rows, hp]`: what it reads out is kept
    /// at `slot`. It becomes past by [`History::pass`]. Where `starts` is set an episode begins.
    pub(super) fn step(
        &mut self,
        weights: &Weights,
        h: &[f32],
        (slot, rows): (usize, usize),
        ages: &[u32],
        starts: Option<&[bool]>,
    ) {
        let Some(of) = weights.history() else { return };
        let hp = weights.layout.hp;
        let Holding { positions, kept, states, .. } = self.holding;
        if !of.clock.is_empty() {
            self.clocks.chunks_exact_mut(CLOCK).zip(ages).for_each(|(clock, &age)| write_clock(age, clock));
        }
        project(weights, of, (h, hp), &self.clocks, (&mut self.present, 0, rows));
        for row in 0..rows {
            if starts.is_some_and(|starts| starts[row]) {
                self.restart(row);
            }
            if self.ends[row] as usize == positions {
                self.slide(row, hp);
            }
            let (first, end) = self.span(row);
            let at = row * positions + end;
            self.ages[at] = ages[row];
            self.made[at * MADE..][..MADE].copy_from_slice(&self.present[row * MADE..][..MADE]);
            if states {
                self.states[at * hp..][..hp].copy_from_slice(&h[row * hp..][..hp]);
            }
            self.transpose(row, end);
            let at = row * kept + slot;
            self.spans[at] = (first as u32, end as u32);
            let Self { made, keys, weights: room, out, saved, window, stride, .. } = self;
            let past = Past {
                count: end - first,
                made: &made[(row * positions + first) * MADE..],
                keys: &keys[row * READ * *stride + first..],
                stride: *stride,
                bias: by_distance(of.bias, *window, end - first),
            };
            let (out, saved) = (&mut out[at * READ..][..READ], &mut saved[at * SAVED..][..SAVED]);
            weights.isa.run(Attend { past, weights: room, out, saved });
        }
    }

    /// The present step of the first `rows` rows is past.
    pub(super) fn pass(&mut self, rows: usize) {
        self.ends.iter_mut().take(rows).for_each(|end| *end += 1);
    }

    /// What was read out at `slot`, from the first row on, and the floats from one row to the next.
    pub(super) fn read_out(&self, slot: usize) -> (&[f32], usize) {
        (&self.out[slot * READ..], self.holding.kept * READ)
    }

    /// Writes a row's states that its next step attends to, `[window, H]`, the last one last, behind zeros.
    pub(super) fn read_states(&self, row: usize, (hidden, hp): (usize, usize), out: &mut [f32]) {
        let (first, end) = self.span(row);
        let behind = (self.window - (end - first)) * hidden;
        out[..behind].fill(0.0);
        let states = self.states[(row * self.holding.positions + first) * hp..].chunks_exact(hp);
        for (to, state) in out[behind..].chunks_exact_mut(hidden).zip(states) {
            to.copy_from_slice(&state[..hidden]);
        }
    }

    /// Of a sequence: the past of a row's step `t`, its values transposed, and the position of the first.
    pub(super) fn past<'a>(&'a self, row: usize, t: usize, bias: &'a [f32]) -> (Past<'a>, &'a [f32], usize) {
        let (first, end) = self.spans[row * self.holding.kept + t];
        let (first, count, line) = (first as usize, (end - first) as usize, row * READ * self.stride);
        let past = Past {
            count,
            made: &self.made[(row * self.holding.positions + first) * MADE..],
            keys: &self.keys[line + first..],
            stride: self.stride,
            bias: by_distance(bias, self.window, count),
        };
        (past, &self.values[line + first..], first)
    }

    /// Of a sequence: what was read out by a row, `[T, READ]`, and what was kept of it, `[T, SAVED]`.
    pub(super) fn outputs(&self, row: usize) -> (&[f32], &[f32]) {
        let kept = self.holding.kept;
        (&self.out[row * kept * READ..][..kept * READ], &self.saved[row * kept * SAVED..][..kept * SAVED])
    }

    /// Of a sequence: the clocks' steps of a row's positions.
    pub(super) fn ages(&self, row: usize) -> &[u32] {
        &self.ages[row * self.holding.positions..][..self.holding.positions]
    }
}

/// The biases, `[HEADS, room]`, farthest first, of a past of `count` positions.
fn by_distance(bias: &[f32], window: usize, count: usize) -> [&[f32]; HEADS] {
    std::array::from_fn(|head| &bias[head * room(window)..][..room(window)][window - count..])
}

/// What is made of `count` states, `[_, width]`, from the column `from` on: written from `out` on in steps of [`MADE`].
fn project(
    weights: &Weights,
    of: HistoryWeights<'_>,
    (states, width): (&[f32], usize),
    clocks: &[f32],
    to: (&mut [f32], usize, usize),
) {
    let (out, from, count) = to;
    let product = |a, a_row, k, weight: &[f32], out: &mut [f32], start| {
        let b = &weight[from..];
        weights.isa.run(Matmul { m: count, n: MADE - from, k, a, a_row, a_col: 1, b, b_row: MADE, c: out, c_row: MADE, start });
    };
    let mut start = Start::Zero;
    if !of.clock.is_empty() {
        product(clocks, CLOCK, CLOCK, of.clock, out, start);
        start = Start::Accumulate;
    }
    product(states, width, weights.layout.hidden, of.weight, out, start);
}

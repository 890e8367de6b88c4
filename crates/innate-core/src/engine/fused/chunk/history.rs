//! The way back through what the rows of a chunk attended to of their past: before that through the recurrence, since nothing that is read out goes
//! into it.

use super::pending::Sums;
use super::{CHUNK, Chunk, Shared};
use crate::data::Trajectories;
use crate::engine::fused::layout::{HistoryPlaces, HistorySums, Layout};
use crate::error::Result;
use crate::kernel::buffer::Buffer;
use crate::kernel::history::{AttendBackward, MADE, READ, SAVED, room};
use crate::kernel::matmul::{Matmul, Start};
use crate::memory::Bytes;
use crate::model::{CLOCK, write_clock};

/// A worker's own memory for it: all of one row, but for `dh`.
#[derive(Default)]
pub(super) struct HistoryScratch {
    /// dL/d(what is read out), `[T, READ]`.
    dout: Buffer,
    /// dL/d(queries, keys and values), `[positions, MADE]`.
    dmade: Buffer,
    /// What these were made of: the states, `[positions, hp]`,
    states: Buffer,
    /// and the clock, `[positions, CLOCK]`.
    clocks: Buffer,
    /// Of one query.
    weights: Buffer,
    /// dL/dh by way of queries, keys and values, `[T, CHUNK, hp]`, rows in the order of the way back.
    dh: Buffer,
}

/// Positions of `steps` steps, behind a window of past ones or none.
fn positions(places: &HistoryPlaces, steps: usize, past: bool) -> usize {
    steps.saturating_add(if past { places.window } else { 0 })
}

impl HistoryScratch {
    /// Bytes that are held.
    pub(super) fn bytes(&self) -> usize {
        let Self { dout, dmade, states, clocks, weights, dh } = self;
        [dout, dmade, states, clocks, weights, dh].map(Buffer::bytes).into_iter().sum()
    }

    /// Bytes that `steps` steps take, behind a window of past ones or none.
    pub(super) fn bytes_for(layout: &Layout, steps: usize, past: bool) -> Bytes {
        let Some(places) = &layout.history else { return Bytes(0) };
        Bytes::floats(&[positions(places, steps, past), MADE + CLOCK + layout.hp])
            .plus(Bytes::floats(&[steps, READ]))
            .plus(Bytes::floats(&[steps, CHUNK, layout.hp]))
            .plus(Bytes::floats(&[2, room(places.window)]))
    }

    /// Makes room for them.
    pub(super) fn prepare(&mut self, layout: &Layout, steps: usize, past: bool) -> Result<()> {
        let Some(places) = &layout.history else { return Ok(()) };
        let positions = positions(places, steps, past);
        self.dout.grow(steps * READ)?;
        self.dmade.grow(positions * MADE)?;
        self.states.grow(positions * layout.hp)?;
        self.clocks.grow(if places.clock.is_empty() { 0 } else { positions * CLOCK })?;
        self.weights.grow(2 * room(places.window))?;
        self.dh.grow(steps * CHUNK * layout.hp)
    }

    /// dL/dh of step `t`, `[_, hp]`.
    pub(super) fn of_states(&self, t: usize, hp: usize) -> &[f32] {
        &self.dh[t * CHUNK * hp..][..CHUNK * hp]
    }
}

impl Chunk {
    /// All steps that count of all rows.
    pub(super) fn history_backward(
        &self,
        shared: &Shared<'_>,
        data: &Trajectories<'_>,
        (first, order, lengths): (usize, &[u32], &[usize; CHUNK]),
        dlogits: &[f32],
        scratch: &mut HistoryScratch,
        sums: &mut Sums<'_>,
    ) {
        let (Some(places), Some(of)) = (&shared.weights.layout.history, &sums.place.history) else { return };
        let behind = if data.past.is_some() { places.window } else { 0 };
        for (index, &row) in order.iter().enumerate() {
            let (row, steps) = (row as usize, lengths[row as usize]);
            if steps == 0 {
                break;
            }
            let stored = data.past_of(first + row, places.window);
            self.read_out_backward(shared, (row, steps), (places, of), &dlogits[index * sums.layout.np..], scratch, sums);
            self.past_backward(shared, (row, steps), behind, (places, of), scratch, sums);
            self.states_backward((index, row, steps), (stored, behind), (places, of), shared, scratch, sums);
        }
    }

    /// From the logits to what was read out, and to the heads' weights of it.
    fn read_out_backward(
        &self,
        shared: &Shared<'_>,
        (row, steps): (usize, usize),
        (places, of): (&HistoryPlaces, &HistorySums),
        dlogits: &[f32],
        scratch: &mut HistoryScratch,
        sums: &mut Sums<'_>,
    ) {
        let &Layout { np, actions, .. } = sums.layout;
        sums.isa.run(Matmul {
            m: steps,
            n: READ,
            k: actions + 1,
            a: dlogits,
            a_row: CHUNK * np,
            a_col: 1,
            b: &shared.weights.params[places.head.clone()],
            b_row: READ,
            c: &mut scratch.dout,
            c_row: READ,
            start: Start::Zero,
        });
        sums.isa.run(Matmul {
            m: actions + 1,
            n: READ,
            k: steps,
            a: dlogits,
            a_row: 1,
            a_col: CHUNK * np,
            b: self.walk.history.outputs(row).0,
            b_row: READ,
            c: &mut sums.out[of.head.clone()],
            c_row: READ,
            start: Start::Accumulate,
        });
    }

    /// From what was read out to queries, keys, values and biases.
    fn past_backward(
        &self,
        shared: &Shared<'_>,
        (row, steps): (usize, usize),
        behind: usize,
        (places, of): (&HistoryPlaces, &HistorySums),
        scratch: &mut HistoryScratch,
        sums: &mut Sums<'_>,
    ) {
        let Some(weights) = shared.weights.history() else { return };
        let HistoryScratch { dout, dmade, weights: room_of_weights, .. } = scratch;
        let saved = self.walk.history.outputs(row).1;
        dmade[..(behind + steps) * MADE].fill(0.0);
        let room = room(places.window);
        for t in 0..steps {
            let (past, values, from) = self.walk.history.past(row, t, weights.bias);
            let (low, high) = sums.out[of.bias.clone()].split_at_mut(room);
            let behind = places.window - past.count;
            sums.isa.run(AttendBackward {
                past,
                values,
                saved: &saved[t * SAVED..][..SAVED],
                dout: &dout[t * READ..][..READ],
                scratch: &mut *room_of_weights,
                dmade: &mut dmade[from * MADE..],
                dbias: [&mut low[behind..], &mut high[behind..]],
            });
        }
    }

    /// From queries, keys and values to the states that they are made of, and to their weights. Into stored states no gradient flows, but into the
    /// weights that made keys and values of them it does.
    fn states_backward(
        &self,
        (index, row, steps): (usize, usize, usize),
        (stored, behind): (&[f32], usize),
        (places, of): (&HistoryPlaces, &HistorySums),
        shared: &Shared<'_>,
        scratch: &mut HistoryScratch,
        sums: &mut Sums<'_>,
    ) {
        let &Layout { hp, hidden, .. } = sums.layout;
        let HistoryScratch { dmade, states, clocks, dh, .. } = scratch;
        sums.isa.run(Matmul {
            m: steps,
            n: hp,
            k: MADE,
            a: &dmade[behind * MADE..],
            a_row: MADE,
            a_col: 1,
            b: &shared.weights.params[places.weight.clone()],
            b_row: hp,
            c: &mut dh[index * hp..],
            c_row: CHUNK * hp,
            start: Start::Zero,
        });
        let from = behind - stored.len() / hidden;
        let positions = from..behind + steps;
        let (mine, own) = states[from * hp..].split_at_mut((behind - from) * hp);
        for (to, state) in mine.chunks_exact_mut(hp).zip(stored.chunks_exact(hidden)) {
            to.fill(0.0);
            to[..hidden].copy_from_slice(state);
        }
        let top = &self.walk.layers[sums.layout.layers.len() - 1];
        for (t, to) in own.chunks_exact_mut(hp).take(steps).enumerate() {
            to.copy_from_slice(&top.state(t + 1)[row * hp..][..hp]);
        }
        let k = positions.len();
        let (a, b) = (&dmade[from * MADE..], &states[from * hp..]);
        let c = &mut sums.out[of.weight.clone()];
        sums.isa.run(Matmul {
            m: MADE,
            n: hp,
            k,
            a,
            a_row: 1,
            a_col: MADE,
            b,
            b_row: hp,
            c,
            c_row: hp,
            start: Start::Accumulate,
        });
        if !of.clock.is_empty() {
            let ages = &self.walk.history.ages(row)[positions];
            clocks.chunks_exact_mut(CLOCK).zip(ages).for_each(|(clock, &age)| write_clock(age, clock));
            let (m, b, c) = (2 * READ, &**clocks, &mut sums.out[of.clock.clone()]);
            let start = Start::Accumulate;
            shared.weights.isa.run(Matmul { m, n: CLOCK, k, a, a_row: 1, a_col: MADE, b, b_row: CLOCK, c, c_row: CLOCK, start });
        }
    }
}

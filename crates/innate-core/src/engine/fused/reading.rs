//! What a block of rows has read of its prompts: the states of the GRU over the context, keys and values to attend to, and what is read out of
//! them at each step. Rows stand by the lengths of their contexts, longest first, so that the rows which a token is read for are the first ones.

use std::cmp::Reverse;

use super::layout::Layout;
use super::walk::{OWN, ROWS};
use super::weights::Weights;
use crate::data::Prompts;
use crate::error::Result;
use crate::kernel::attention::Attend;
use crate::kernel::buffer::Buffer;
use crate::kernel::gru;
use crate::kernel::layer::Layer;
use crate::kernel::matmul::{Matmul, Start};
use crate::kernel::scaled::{ScaledRows, ScaledSum};
use crate::kernel::simd::{Isa, padded};
use crate::memory::{self, Bytes};

/// See the module.
#[derive(Default)]
pub(super) struct Reading {
    /// The row of the block that stands at each place.
    order: [u32; ROWS],
    /// Where each row of the block stands.
    places: [u32; ROWS],
    /// Tokens that are read, by place.
    lengths: [u32; ROWS],
    /// Rows that have read anything.
    rows: usize,
    /// Rows that there is room for.
    stride: usize,
    /// The GRU over the context, a step a token; places for rows.
    pub(super) encoder: Layer,
    /// By token and place, `[L, ROWS]`.
    tokens: Vec<u32>,
    /// The numbers beside them, `[L, ROWS]`, where they are read.
    numbers: Vec<f32>,
    /// Input gates of tokens with their numbers, `[ROWS, 3·hp]`, where these are read.
    gates: Buffer,
    /// `[L, ROWS, hp]`; where contexts are pooled: otherwise they are the encoder's states.
    values: Buffer,
    /// `[L, ROWS, hp]`.
    keys: Buffer,
    /// Padded floats of a row's weights.
    width: usize,
    /// `[kept, ROWS, width]`, rows of the block.
    weights: Buffer,
    /// `[kept, ROWS, hp]`, rows of the block.
    out: Buffer,
}

/// 1 / √H.
pub(super) fn scale(layout: &Layout) -> f32 {
    1.0 / (layout.hidden as f32).sqrt()
}

impl Reading {
    /// Bytes that are held.
    pub(super) fn bytes(&self) -> usize {
        let Self { encoder, tokens, numbers, gates, values, keys, weights, out, .. } = self;
        let buffers = [gates, values, keys, weights, out].map(Buffer::bytes);
        encoder.bytes() + buffers.into_iter().sum::<usize>() + size_of::<u32>() * (tokens.capacity() + numbers.capacity())
    }

    /// Bytes of `rows` rows that have read `length` tokens and keep `kept` steps.
    pub(super) fn bytes_for(layout: &Layout, (rows, kept): (usize, usize), length: usize) -> Bytes {
        let &Layout { hp, .. } = layout;
        let mut bytes = Bytes(0);
        if layout.encoder.is_some() {
            let states = Bytes::floats(&[length.saturating_add(2), rows, hp]);
            bytes = bytes.plus(states).plus(Bytes::floats(&[length, rows, hp, gru::SAVED])).plus(Bytes::floats(&[length, rows]));
            if layout.reads_values() {
                bytes = bytes.plus(Bytes::floats(&[length, rows])).plus(Bytes::floats(&[rows, 3, hp]));
            }
        }
        if layout.attends() {
            let vectors = if layout.encoder.is_some() { 1 } else { 2 };
            bytes = bytes.plus(Bytes::floats(&[vectors, length, rows, hp])).plus(Bytes::floats(&[
                kept,
                rows,
                hp.saturating_add(padded(length)),
            ]));
        }
        bytes
    }

    /// Makes room for `rows` rows that read `length` tokens and keep `kept` steps.
    pub(super) fn prepare(&mut self, layout: &Layout, (rows, kept): (usize, usize), length: usize) -> Result<()> {
        let &Layout { hp, .. } = layout;
        self.stride = rows;
        if layout.encoder.is_some() {
            self.encoder.prepare(rows, length, hp)?;
            memory::reserve(&mut self.tokens, length * rows)?;
            self.tokens.resize(length * rows, 0);
            if layout.reads_values() {
                memory::reserve(&mut self.numbers, length * rows)?;
                self.numbers.resize(length * rows, 0.0);
                self.gates.grow(rows * 3 * hp)?;
            }
        }
        if layout.attends() {
            self.width = padded(length);
            self.keys.grow(length * rows * hp)?;
            self.values.grow(if layout.encoder.is_some() { 0 } else { length * rows * hp })?;
            self.weights.grow(kept * rows * self.width)?;
            self.out.grow(kept * rows * hp)?;
        }
        Ok(())
    }

    /// Reads the prompts of rows `first..first + rows`.
    pub(super) fn read(&mut self, weights: &Weights, prompts: Prompts<'_>, (first, rows): (usize, usize)) {
        let layout = &weights.layout;
        self.rows = rows;
        if layout.encoder.is_none() && !layout.attends() {
            return;
        }
        let order = &mut self.order[..rows];
        order.iter_mut().enumerate().for_each(|(row, place)| *place = row as u32);
        order.sort_unstable_by_key(|&row| (Reverse(prompts.length(first + row as usize)), row));
        for (place, &row) in order.iter().enumerate() {
            self.places[row as usize] = place as u32;
            self.lengths[place] = prompts.length(first + row as usize) as u32;
        }
        if layout.encoder.is_some() {
            self.encode(weights, prompts, first);
        } else {
            self.look_up(weights, prompts, first);
        }
    }

    /// Rows whose contexts are longer than `length`.
    pub(super) fn longer(&self, length: usize) -> usize {
        self.lengths[..self.rows].partition_point(|&of| of as usize > length)
    }

    /// Tokens of the longest context.
    pub(super) fn longest(&self) -> usize {
        self.lengths[..self.rows].first().map_or(0, |&length| length as usize)
    }

    /// Runs the GRU over the contexts, and makes keys of its states.
    fn encode(&mut self, weights: &Weights, prompts: Prompts<'_>, first: usize) {
        let (Some(encoder), Some(direction)) = (weights.encoder(), weights.layout.direction) else { return };
        let (isa, layout) = (weights.isa, &weights.layout);
        let &Layout { hp, hidden, .. } = layout;
        self.encoder.state_mut(0).fill(0.0);
        for t in 0..self.longest() {
            let count = self.longer(t);
            let tokens = &mut self.tokens[t * self.stride..][..count];
            for (token, &row) in tokens.iter_mut().zip(&self.order) {
                let context = prompts.context(first + row as usize);
                *token = context[direction.place(t, context.len())] as u32;
            }
            let table = weights.encoder_table();
            let gates = if layout.reads_values() {
                let numbers = &mut self.numbers[t * self.stride..][..count];
                for (number, &row) in numbers.iter_mut().zip(&self.order) {
                    let values = prompts.values_of(first + row as usize);
                    *number = values[direction.place(t, values.len())];
                }
                let vector = layout.of_values(table, 3 * hp);
                isa.run(ScaledRows { table, rows: tokens, vector, factors: numbers, out: &mut self.gates });
                (&*self.gates, &OWN[..count])
            } else {
                (table, &*tokens)
            };
            self.encoder.forward(isa, encoder, (t, count), gates, None);
            if layout.attends() {
                isa.run(Matmul {
                    m: count,
                    n: hp,
                    k: hidden,
                    a: self.encoder.state(t + 1),
                    a_row: hp,
                    a_col: 1,
                    b: &weights.params[layout.query.clone()],
                    b_row: hp,
                    c: &mut self.keys[t * self.stride * hp..],
                    c_row: hp,
                    start: Start::Zero,
                });
            }
        }
    }

    /// Where contexts are pooled, a token's key and value are those of the token and the number beside it alone.
    fn look_up(&mut self, weights: &Weights, prompts: Prompts<'_>, first: usize) {
        let (layout, emb) = (&weights.layout, &weights.params[weights.layout.emb.clone()]);
        let hp = layout.hp;
        for (place, &row) in self.order[..self.rows].iter().enumerate() {
            let numbers = prompts.values_of(first + row as usize);
            for (t, &token) in prompts.context(first + row as usize).iter().enumerate() {
                let at = (t * self.stride + place) * hp;
                for (made, out) in [(emb, &mut self.values), (weights.keys(), &mut self.keys)] {
                    let out = &mut out[at..][..hp];
                    out.copy_from_slice(&made[token as usize * hp..][..hp]);
                    if layout.reads_values() {
                        let (x, factors) = (layout.of_values(made, hp), &numbers[t..=t]);
                        weights.isa.run(ScaledSum { x, stride: 0, factors, out });
                    }
                }
            }
        }
    }

    /// The place of a row of the block.
    pub(super) fn place(&self, row: usize) -> usize {
        self.places[row] as usize
    }

    /// Tokens that the row at a place has read.
    pub(super) fn length(&self, place: usize) -> usize {
        self.lengths[place] as usize
    }

    /// The tokens read in step `t`, by place.
    pub(super) fn tokens(&self, t: usize) -> &[u32] {
        &self.tokens[t * self.stride..][..self.stride]
    }

    /// The numbers beside them, by place.
    pub(super) fn numbers(&self, t: usize) -> &[f32] {
        &self.numbers[t * self.stride..][..self.stride]
    }

    /// The last state that a row of the block came to, `[hp]`.
    pub(super) fn last(&self, row: usize, hp: usize) -> &[f32] {
        let place = self.place(row);
        &self.encoder.state(self.length(place))[place * hp..][..hp]
    }

    /// What is attended to, from a place on in steps of [`Reading::step`]: keys, and values.
    pub(super) fn attended(&self, layout: &Layout, place: usize) -> (&[f32], &[f32]) {
        let values = if layout.encoder.is_some() { self.encoder.states() } else { &*self.values };
        (&self.keys[place * layout.hp..], &values[place * layout.hp..])
    }

    /// Floats between a row's keys.
    pub(super) fn step(&self, layout: &Layout) -> usize {
        self.stride * layout.hp
    }

    /// Attends, each of `rows` rows by its state `h`, `[rows, hp]`, and keeps what is read out at `slot`.
    pub(super) fn attend(&mut self, isa: Isa, layout: &Layout, h: &[f32], (slot, rows): (usize, usize)) {
        let &Layout { hp, .. } = layout;
        let (width, scale, stride) = (self.width, scale(layout), self.step(layout));
        let Self { encoder, values, keys, weights, out, places, lengths, .. } = self;
        let values = if layout.encoder.is_some() { encoder.states() } else { &**values };
        let weights = weights[slot * self.stride * width..].chunks_exact_mut(width);
        let out = out[slot * self.stride * hp..].chunks_exact_mut(hp);
        for (((row, query), weights), out) in h.chunks_exact(hp).take(rows).enumerate().zip(weights).zip(out) {
            let place = places[row] as usize;
            isa.run(Attend {
                hp,
                scale,
                count: lengths[place] as usize,
                stride,
                query,
                keys: &keys[place * hp..],
                values: &values[place * hp..],
                weights,
                out,
            });
        }
    }

    /// What was read out at `slot`, `[ROWS, hp]`, rows of the block.
    pub(super) fn read_out(&self, slot: usize, hp: usize) -> &[f32] {
        &self.out[slot * self.stride * hp..][..self.stride * hp]
    }

    /// The weights of a row of the block from slot 0 on, and the floats from one step to the next.
    pub(super) fn weights(&self, row: usize) -> (&[f32], usize) {
        (&self.weights[row * self.width..], self.stride * self.width)
    }

    /// Padded floats of a row's weights.
    pub(super) fn width(&self) -> usize {
        self.width
    }
}

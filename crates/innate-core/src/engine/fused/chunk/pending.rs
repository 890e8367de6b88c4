//! The weights' gradients of a chunk: products over rows, which few rows make as slow as many. Steps of few rows wait for one another.

use super::CHUNK;
use crate::engine::fused::layout::{LayerSums, Layout, Partial};
use crate::error::Result;
use crate::kernel::buffer::Buffer;
use crate::kernel::gru::{self, StateGradient};
use crate::kernel::layer::InputGradient;
use crate::kernel::matmul::{Matmul, Start};
use crate::kernel::simd::Isa;
use crate::memory::Bytes;

/// What the gradients of a layer's weights are made of, for some rows.
#[derive(Clone, Copy)]
pub(super) struct LayerRows<'a> {
    pub(super) rows: usize,
    /// `[rows, 4, hp]`.
    pub(super) dgates: &'a [f32],
    /// The layer's states before the step, `[rows, hp]`.
    pub(super) before: &'a [f32],
    /// The states of the layer below after it, `[rows, hp]`; absent for the first.
    pub(super) below: Option<&'a [f32]>,
}

/// What the gradients of the features' weights and of the heads' are made of, for some rows.
#[derive(Clone, Copy)]
pub(super) struct EdgeRows<'a> {
    pub(super) rows: usize,
    /// The first layer's, `[rows, 4, hp]`.
    pub(super) dgates: &'a [f32],
    /// `[rows, fp]`.
    pub(super) features: &'a [f32],
    /// `[rows, np]`.
    pub(super) dlogits: &'a [f32],
    /// The last layer's states after the step, `[rows, hp]`.
    pub(super) top: &'a [f32],
}

/// Where gradients go: a chunk's group.
pub(super) struct Sums<'a> {
    pub(super) isa: Isa,
    pub(super) layout: &'a Layout,
    pub(super) place: &'a Partial,
    pub(super) out: &'a mut [f32],
}

impl Sums<'_> {
    pub(super) fn layer(&mut self, index: usize, of: LayerRows<'_>) {
        let (isa, hp) = (self.isa, self.layout.hp);
        let LayerRows { rows, dgates, before, below } = of;
        let LayerSums { weight_ih, weight_hh, .. } = &self.place.layers[index];
        isa.run(StateGradient { rows, hp, dgates, h: before, dweight: &mut self.out[weight_hh.clone()] });
        if let Some(x) = below {
            InputGradient { rows, hp, dp: hp, dgates, x, dweight_ih: &mut self.out[weight_ih.clone()] }.run(isa);
        }
    }

    pub(super) fn edges(&mut self, of: EdgeRows<'_>) {
        let &Layout { hp, np, fp, actions, reads, .. } = self.layout;
        let EdgeRows { rows, dgates, features, dlogits, top } = of;
        if fp > 0 {
            let dweight_ih = &mut self.out[self.place.weight_features.clone()];
            InputGradient { rows, hp, dp: fp, dgates, x: features, dweight_ih }.run(self.isa);
        }
        self.isa.run(Matmul {
            m: actions + 1,
            n: hp,
            k: rows,
            a: dlogits,
            a_row: 1,
            a_col: np,
            b: top,
            b_row: hp,
            c: &mut self.out[self.place.head.clone()],
            c_row: reads * hp,
            start: Start::Accumulate,
        });
    }
}

#[derive(Default)]
struct Layer {
    /// `[CHUNK, 4, hp]`.
    dgates: Buffer,
    /// `[CHUNK, hp]`.
    before: Buffer,
    /// `[CHUNK, hp]`.
    after: Buffer,
}

/// Rows that wait.
#[derive(Default)]
pub(super) struct Pending {
    layers: Vec<Layer>,
    /// `[CHUNK, fp]`.
    features: Buffer,
    /// `[CHUNK, np]`.
    dlogits: Buffer,
    filled: usize,
}

impl Pending {
    /// Bytes that are held.
    pub(super) fn bytes(&self) -> usize {
        let layers = self.layers.iter().map(|layer| layer.dgates.bytes() + layer.before.bytes() + layer.after.bytes());
        layers.sum::<usize>() + self.features.bytes() + self.dlogits.bytes()
    }

    pub(super) fn bytes_for(layout: &Layout) -> Bytes {
        let &Layout { hp, np, fp, .. } = layout;
        Bytes::floats(&[CHUNK, hp, gru::SAVED + 2])
            .times(layout.layers.len())
            .plus(Bytes::floats(&[CHUNK, fp.saturating_add(np)]))
    }

    pub(super) fn prepare(&mut self, layout: &Layout) -> Result<()> {
        let &Layout { hp, np, fp, .. } = layout;
        self.layers.resize_with(layout.layers.len(), Layer::default);
        for layer in &mut self.layers {
            layer.dgates.grow(CHUNK * gru::SAVED * hp)?;
            layer.before.grow(CHUNK * hp)?;
            layer.after.grow(CHUNK * hp)?;
        }
        self.features.grow(CHUNK * fp)?;
        self.dlogits.grow(CHUNK * np)?;
        self.filled = 0;
        Ok(())
    }

    /// Whether a step of so many rows is worth a product of its own, while none waits.
    pub(super) fn passes(&self, rows: usize) -> bool {
        self.filled == 0 && 2 * rows > CHUNK
    }

    /// Sees to it that there is room for so many rows.
    pub(super) fn make_room(&mut self, rows: usize, sums: &mut Sums<'_>) {
        if self.filled + rows > CHUNK {
            self.flush(sums);
        }
    }

    /// Where a layer's gradients at its gates are written, from the next row on.
    pub(super) fn dgates(&mut self, layer: usize, hp: usize) -> &mut [f32] {
        &mut self.layers[layer].dgates[self.filled * gru::SAVED * hp..]
    }

    /// Writes a layer's states before and after the step.
    pub(super) fn write_layer(&mut self, layer: usize, (before, after): (&[f32], &[f32]), (rows, hp): (usize, usize)) {
        let (at, layer) = (self.filled * hp, &mut self.layers[layer]);
        layer.before[at..][..rows * hp].copy_from_slice(&before[..rows * hp]);
        layer.after[at..][..rows * hp].copy_from_slice(&after[..rows * hp]);
    }

    /// Writes what is read at the step and the gradients at its logits, and counts its rows.
    pub(super) fn write_edges(&mut self, features: &[f32], dlogits: &[f32], rows: usize, layout: &Layout) {
        let &Layout { np, fp, .. } = layout;
        self.features[self.filled * fp..][..rows * fp].copy_from_slice(&features[..rows * fp]);
        self.dlogits[self.filled * np..][..rows * np].copy_from_slice(&dlogits[..rows * np]);
        self.filled += rows;
    }

    /// Adds what waits.
    pub(super) fn flush(&mut self, sums: &mut Sums<'_>) {
        let rows = std::mem::take(&mut self.filled);
        if rows == 0 {
            return;
        }
        let Self { layers, features, dlogits, .. } = self;
        for (index, Layer { dgates, before, .. }) in layers.iter().enumerate().rev() {
            let below = index.checked_sub(1).map(|below| &*layers[below].after);
            sums.layer(index, LayerRows { rows, dgates, before, below });
        }
        let top = &layers[layers.len() - 1].after;
        sums.edges(EdgeRows { rows, dgates: &layers[0].dgates, features, dlogits, top });
    }
}

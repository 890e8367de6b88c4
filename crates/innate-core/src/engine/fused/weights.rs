//! The weights, and what the forward pass makes of them once: immutable when shared, with the number of their generation.

use std::sync::Arc;

use super::history::{HistoryWeights, PackedHistory};
use super::layout::{LayerPlaces, Layout};
use super::parts::Parts;
use crate::error::Result;
use crate::kernel::buffer::Buffer;
use crate::kernel::gru::{self, Base, InputGates};
use crate::kernel::layer::LayerWeights;
use crate::kernel::matmul::{Matmul, Start};
use crate::kernel::pool::Pool;
use crate::kernel::simd::Isa;
use crate::memory::Bytes;
use crate::model::{ModelSpec, check_len};

/// A layer's weights in the order in which the forward pass reads them.
#[derive(Default)]
struct PackedLayer {
    /// W_hh in panels.
    recurrent: Buffer,
    /// W_ih in panels.
    input: Buffer,
}

struct Packed {
    layers: Vec<PackedLayer>,
    /// Of the GRU over the context.
    encoder: PackedLayer,
    /// Its W_ih·emb + b_ih for every token, in panel order, `[embedded, 3·hp]`; of numbers without b_ih.
    encoder_table: Buffer,
    /// Wᵀ·emb for every token, W being that of the queries, `[embedded, hp]`; where contexts are pooled and attended to.
    keys: Buffer,
    /// W of the queries transposed, `[hidden, hp]`, where contexts are attended to.
    query: Buffer,
    history: PackedHistory,
    /// W_ih of the features, in panels.
    features: Buffer,
    /// W_ih·emb + b_ih for every token, in panel order, `[V, 3·hp]`; b_ih alone where no token is read.
    table: Buffer,
    /// Both heads transposed, `[reads, hidden, np]`.
    head: Buffer,
    /// −∞ in the padding, `[np]`.
    head_bias: Buffer,
}

impl Packed {
    fn new(layout: &Layout, isa: Isa) -> Result<Self> {
        let &Layout { hp, hidden, np, features, table, embedded, reads, .. } = layout;
        let lanes = gru::lanes(isa);
        let panels = |k: usize| Buffer::zeros(hp / lanes * gru::panel_len(k, lanes));
        let layer = |places: &LayerPlaces| -> Result<_> {
            let input = panels(if places.weight_ih.is_empty() { 0 } else { hidden })?;
            Ok(PackedLayer { recurrent: panels(hidden)?, input })
        };
        let (attends, in_order) = (layout.attends(), layout.encoder.is_some());
        Ok(Self {
            layers: layout.layers.iter().map(layer).collect::<Result<_>>()?,
            encoder: layout.encoder.as_ref().map_or_else(|| Ok(PackedLayer::default()), layer)?,
            encoder_table: Buffer::zeros(if in_order { embedded * 3 * hp } else { 0 })?,
            keys: Buffer::zeros(if attends && !in_order { embedded * hp } else { 0 })?,
            query: Buffer::zeros(if attends { hidden * hp } else { 0 })?,
            history: PackedHistory::new(layout)?,
            features: panels(features)?,
            table: Buffer::zeros(table * 3 * hp)?,
            head: Buffer::zeros(reads * hidden * np)?,
            head_bias: Buffer::zeros(np)?,
        })
    }

    fn buffers(&self) -> impl Iterator<Item = &Buffer> {
        let of_layers = self.layers.iter().chain([&self.encoder]).flat_map(|layer| [&layer.recurrent, &layer.input]);
        of_layers.chain(self.history.buffers()).chain([
            &self.encoder_table,
            &self.keys,
            &self.query,
            &self.features,
            &self.table,
            &self.head,
            &self.head_bias,
        ])
    }
}

/// See the module.
pub struct Weights {
    pub(super) spec: ModelSpec,
    pub(super) layout: Layout,
    pub(super) isa: Isa,
    /// See [`Weights::generation`].
    generation: u64,
    /// By [`Layout`].
    pub(super) params: Buffer,
    packed: Packed,
    /// Whether `packed` is made of the present parameters.
    ready: bool,
}

impl Weights {
    /// The parameters `flat` of generation number `generation`, ready to be shared.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) when the description or the length of `flat` is wrong,
    /// [`Error::Memory`](crate::Error::Memory) when there is none.
    pub fn new(spec: &ModelSpec, flat: &[f32], generation: u64) -> Result<Arc<Self>> {
        let mut weights = Self::unpacked(spec, flat, Isa::best())?;
        weights.generation = generation;
        weights.pack(&mut Pool::new(1));
        Ok(Arc::new(weights))
    }

    /// Generation 0, to be packed before it is used.
    pub(super) fn unpacked(spec: &ModelSpec, flat: &[f32], isa: Isa) -> Result<Self> {
        spec.validate()?;
        let layout = Layout::new(spec);
        let mut weights = Self {
            params: Buffer::zeros(layout.len)?,
            packed: Packed::new(&layout, isa)?,
            spec: spec.clone(),
            generation: 0,
            ready: false,
            isa,
            layout,
        };
        weights.set_parameters(flat)?;
        Ok(weights)
    }

    /// Which weights of an agent these are: a number that grows by one with every change.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// What the network is.
    pub fn spec(&self) -> &ModelSpec {
        &self.spec
    }

    /// Bytes of memory.
    pub fn bytes(&self) -> usize {
        self.params.bytes() + self.packed.buffers().map(Buffer::bytes).sum::<usize>()
    }

    /// Bytes that weights of this layout take, packed.
    pub(super) fn bytes_for(layout: &Layout) -> Bytes {
        let &Layout { hidden, hp, np, features, table, len, embedded, reads, .. } = layout;
        let layers = layout.layers.iter().chain(&layout.encoder).fold(Bytes(0), |sum, places| {
            sum.plus(Bytes::floats(&[if places.weight_ih.is_empty() { 3 } else { 6 }, hidden, hp]))
        });
        let packed = layers.plus(Bytes::floats(&[3, features, hp])).plus(Bytes::floats(&[3, table, hp]));
        let (attends, in_order) = (layout.attends(), layout.encoder.is_some());
        let tokens = if in_order { 3 } else { usize::from(attends) };
        let reading = Bytes::floats(&[tokens, embedded, hp]).plus(Bytes::floats(&[usize::from(attends), hidden, hp]));
        Bytes::floats(&[len])
            .plus(packed)
            .plus(reading)
            .plus(Bytes::floats(&[reads, hidden, np]))
            .plus(PackedHistory::bytes_for(layout))
    }

    pub(super) fn set_parameters(&mut self, flat: &[f32]) -> Result<()> {
        check_len(&self.spec, "parameters", flat)?;
        self.layout.pad(&self.spec, flat, &mut self.params);
        self.changed();
        Ok(())
    }

    /// Takes `params` for its own, and leaves the present ones in its place.
    pub(super) fn swap_parameters(&mut self, params: &mut Buffer) {
        std::mem::swap(&mut self.params, params);
        self.changed();
    }

    fn changed(&mut self) {
        self.generation += 1;
        self.ready = false;
    }

    /// Another generation, not packed yet, which takes nothing from this one: for when this one is shared.
    pub(super) fn next(&self) -> Result<Self> {
        Ok(Self {
            params: Buffer::zeros(self.layout.len)?,
            packed: Packed::new(&self.layout, self.isa)?,
            spec: self.spec.clone(),
            layout: self.layout.clone(),
            isa: self.isa,
            generation: self.generation,
            ready: false,
        })
    }

    pub(super) fn is_packed(&self) -> bool {
        self.ready
    }

    /// Makes the weights ready for a forward pass.
    pub(super) fn pack(&mut self, pool: &mut Pool) {
        let Self { layout, isa, packed, params, .. } = self;
        let &mut Layout { hp, hidden, actions, np, features, fp, table, vocab, embedded, reads, .. } = layout;
        let params = &**params;
        let lanes = gru::lanes(*isa);
        let mut sources = Vec::new();
        let encoder = std::iter::once(&mut packed.encoder).zip(&layout.encoder);
        for (PackedLayer { recurrent, input }, places) in packed.layers.iter_mut().zip(&layout.layers).chain(encoder) {
            sources.push((Parts::new(recurrent, gru::panel_len(hidden, lanes)), &params[places.weight_hh.clone()], (hp, hidden)));
            if !places.weight_ih.is_empty() {
                sources.push((Parts::new(input, gru::panel_len(hidden, lanes)), &params[places.weight_ih.clone()], (hp, hidden)));
            }
        }
        if features > 0 {
            let panels = Parts::new(&mut packed.features, gru::panel_len(features, lanes));
            sources.push((panels, &params[layout.weight_features.clone()], (fp, features)));
        }
        let panels = hp / lanes;
        pool.run(sources.len() * panels, &|task, _| {
            let (parts, weight, (width, k)) = &sources[task / panels];
            // SAFETY: each panel is taken by one task.
            let out = unsafe { parts.take(task % panels) };
            gru::pack_panel(weight, (hp, *width), *k, lanes, task % panels, out);
        });
        let reads_tokens = layout.reads_tokens();
        isa.run(InputGates {
            rows: table,
            hp,
            dp: hp,
            k: if reads_tokens { hidden } else { 0 },
            x: if reads_tokens { &params[layout.emb.clone()] } else { &[] },
            panels: &packed.layers[0].input,
            base: Base::Bias(&params[layout.layers[0].bias_ih.clone()]),
            out: &mut packed.table,
        });
        if let Some(places) = &layout.encoder {
            let (of_tokens, of_values) = packed.encoder_table.split_at_mut(vocab * 3 * hp);
            let (x, panels) = (&params[layout.emb.clone()], &packed.encoder.input);
            let base = Base::Bias(&params[places.bias_ih.clone()]);
            isa.run(InputGates { rows: vocab, hp, dp: hp, k: hidden, x, panels, base, out: of_tokens });
            if layout.reads_values() {
                let x = layout.of_values(x, hp);
                isa.run(InputGates { rows: 1, hp, dp: hp, k: hidden, x, panels, base: Base::Zero, out: of_values });
            }
        }
        if !packed.keys.is_empty() {
            isa.run(Matmul {
                m: embedded,
                n: hp,
                k: hidden,
                a: &params[layout.emb.clone()],
                a_row: hp,
                a_col: 1,
                b: &params[layout.query.clone()],
                b_row: hp,
                c: &mut packed.keys,
                c_row: hp,
                start: Start::Zero,
            });
        }
        let query = &params[layout.query.clone()];
        for (k, out) in packed.query.chunks_exact_mut(hp).enumerate() {
            out.iter_mut().enumerate().for_each(|(row, x)| *x = query[row * hp + k]);
        }
        let head = &params[layout.head.clone()];
        for (k, out) in packed.head.chunks_exact_mut(np).enumerate() {
            let at = k / hidden * hp + k % hidden;
            for (action, x) in out[..=actions].iter_mut().enumerate() {
                *x = head[action * reads * hp + at];
            }
        }
        packed.history.pack(layout, params);
        packed.head_bias.fill(f32::NEG_INFINITY);
        packed.head_bias[..=actions].copy_from_slice(&params[layout.head_bias.clone()][..=actions]);
        self.ready = true;
    }

    /// A layer's weights.
    pub(super) fn layer(&self, layer: usize) -> LayerWeights<'_> {
        let places = &self.layout.layers[layer];
        LayerWeights {
            hidden: self.layout.hidden,
            panels: &self.packed.layers[layer].recurrent,
            weight_hh: &self.params[places.weight_hh.clone()],
            bias_hh: &self.params[places.bias_hh.clone()],
            recurrent: self.spec.recurrent,
        }
    }

    /// The weights of the GRU over the context.
    pub(super) fn encoder(&self) -> Option<LayerWeights<'_>> {
        let places = self.layout.encoder.as_ref()?;
        Some(LayerWeights {
            hidden: self.layout.hidden,
            panels: &self.packed.encoder.recurrent,
            weight_hh: &self.params[places.weight_hh.clone()],
            bias_hh: &self.params[places.bias_hh.clone()],
            recurrent: true,
        })
    }

    /// The input gates of the GRU over the context, a row a token and one for numbers, `[embedded, 3·hp]`.
    pub(super) fn encoder_table(&self) -> &[f32] {
        &self.packed.encoder_table
    }

    /// The tokens' keys, where contexts are pooled and attended to, `[embedded, hp]`.
    pub(super) fn keys(&self) -> &[f32] {
        &self.packed.keys
    }

    /// W of the queries transposed, `[hidden, hp]`.
    pub(super) fn query_transposed(&self) -> &[f32] {
        &self.packed.query
    }

    /// Those of the attention over the past.
    pub(super) fn history(&self) -> Option<HistoryWeights<'_>> {
        self.packed.history.view()
    }

    /// A layer's W_ih in panels.
    pub(super) fn input_panels(&self, layer: usize) -> &[f32] {
        &self.packed.layers[layer].input
    }

    pub(super) fn feature_panels(&self) -> &[f32] {
        &self.packed.features
    }

    pub(super) fn table(&self) -> &[f32] {
        &self.packed.table
    }

    /// Both heads transposed, `[reads, hidden, np]`.
    pub(super) fn head(&self) -> &[f32] {
        &self.packed.head
    }

    /// Writes what a row of logits begins at, `[np]`: the heads' bias, −∞ where masked.
    pub(super) fn write_head_bias(&self, mask: Option<&[bool]>, out: &mut [f32]) {
        out.copy_from_slice(&self.packed.head_bias);
        for (bias, _) in out.iter_mut().zip(mask.unwrap_or(&[])).filter(|(_, allowed)| !**allowed) {
            *bias = f32::NEG_INFINITY;
        }
    }
}

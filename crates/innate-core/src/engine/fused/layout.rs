//! Where things stand in the engine's padded buffers. Padding is zero and stays zero: a padded unit's weights and gradients are zero, so its
//! state is too.

use crate::error::Result;
use crate::kernel::history::{HEADS, MADE, READ, room};
use crate::kernel::simd::padded;
use crate::memory::filled;
use crate::model::{self, CLOCK, Direction, History, ModelSpec, ParamKind};

/// A place in a buffer.
pub(super) type Span = std::ops::Range<usize>;

/// The next `size` elements of a buffer that is `len` long so far.
fn take(len: &mut usize, size: usize) -> Span {
    let start = *len;
    *len = len.saturating_add(size);
    start..*len
}

fn product(sizes: &[usize]) -> usize {
    sizes.iter().fold(1, |total: usize, &size| total.saturating_mul(size))
}

/// The places of one GRU layer's parameters.
#[derive(Debug, Clone)]
pub(super) struct LayerPlaces {
    /// `[3, hp, hp]`: of the embedding of the token before, or of the layer below. Empty in a first layer that reads no token.
    pub(super) weight_ih: Span,
    /// `[3, hp, hp]`.
    pub(super) weight_hh: Span,
    /// `[3, hp]`.
    pub(super) bias_ih: Span,
    /// `[3, hp]`.
    pub(super) bias_hh: Span,
}

/// The places of the parameters of the attention over the past.
#[derive(Debug, Clone)]
pub(super) struct HistoryPlaces {
    pub(super) window: usize,
    /// Of queries, keys and values, `[MADE, hp]`.
    pub(super) weight: Span,
    /// The same of the clock, for queries and keys, `[2·READ, CLOCK]`; empty where no clock is read.
    pub(super) clock: Span,
    /// Nearest first, `[HEADS, biases]`.
    pub(super) bias: Span,
    /// π's rows, then v's, of what is read out: `[A + 1, READ]`.
    pub(super) head: Span,
}

impl HistoryPlaces {
    /// Padded floats of a head's biases.
    pub(super) fn biases(&self) -> usize {
        padded(self.window)
    }
}

/// Sizes, and the places of the parameters.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// Rows of the table of input gates: tokens, or 1 where none is read.
    pub(super) table: usize,
    /// Tokens that are embedded: 0 where none is.
    pub(super) vocab: usize,
    /// Rows of the embedding: its tokens, and where a number is read beside a token w of the numbers after them, of which everything that is made
    /// of a token is made too.
    pub(super) embedded: usize,
    pub(super) actions: usize,
    pub(super) stages: usize,
    /// True width.
    pub(super) hidden: usize,
    /// Padded width.
    pub(super) hp: usize,
    /// Padded row of logits: A actions and the value.
    pub(super) np: usize,
    /// Numbers read at each step beside the token before.
    pub(super) features: usize,
    /// The same, padded.
    pub(super) fp: usize,
    /// `[embedded, hp]`.
    pub(super) emb: Span,
    /// `[S, hp]`.
    pub(super) stage_emb: Span,
    /// Of the GRU over the context, where contexts are read in order.
    pub(super) encoder: Option<LayerPlaces>,
    /// Which way that reads.
    pub(super) direction: Option<Direction>,
    pub(super) layers: Vec<LayerPlaces>,
    /// The first layer's W_ih for the features, `[3, hp, fp]`.
    pub(super) weight_features: Span,
    /// W of the queries to the prompt, `[hp, hp]`; empty where none is attended to.
    pub(super) query: Span,
    /// Vectors that the heads read, `reads`: the state, and what is read out of the prompt.
    pub(super) reads: usize,
    /// Where the past is attended to.
    pub(super) history: Option<HistoryPlaces>,
    /// π's rows, then v's: `[A + 1, reads, hp]`.
    pub(super) head: Span,
    /// `[np]`.
    pub(super) head_bias: Span,
    /// Floats in all.
    pub(super) len: usize,
}

impl Layout {
    pub(super) fn new(spec: &ModelSpec) -> Self {
        let vocab = if spec.embeds() { spec.vocabulary } else { 0 };
        let embedded = vocab + usize::from(spec.reads_values());
        let (stages, hidden, actions, features) = (spec.stages(), spec.hidden, spec.actions(), spec.features());
        let (hp, np) = (padded(hidden), padded(actions + 1));
        let fp = if features == 0 { 0 } else { padded(features) };
        let mut len = 0;
        let mut take = |sizes: &[usize]| take(&mut len, product(sizes));
        let (emb, stage_emb) = (take(&[embedded, hp]), take(&[stages, hp]));
        let mut layer = |reads: bool| LayerPlaces {
            weight_ih: take(&[if reads { 3 } else { 0 }, hp, hp]),
            weight_hh: take(&[3, hp, hp]),
            bias_ih: take(&[3, hp]),
            bias_hh: take(&[3, hp]),
        };
        let encoder = spec.reads_in_order().then(|| layer(true));
        let layers = (0..spec.layers).map(|index| layer(index > 0 || spec.reads_previous_action())).collect();
        let reads = spec.reads();
        Self {
            table: if spec.reads_previous_action() { vocab } else { 1 },
            vocab,
            embedded,
            actions,
            stages,
            hidden,
            hp,
            np,
            features,
            fp,
            emb,
            stage_emb,
            encoder,
            direction: spec.direction(),
            layers,
            weight_features: take(&[3, hp, fp]),
            query: take(&[if spec.attention.prompt { hp } else { 0 }, hp]),
            reads,
            history: spec.attention.history.map(|History { window }| HistoryPlaces {
                window,
                weight: take(&[MADE, hp]),
                clock: take(&[if spec.reads_clock() { 2 * READ } else { 0 }, CLOCK]),
                bias: take(&[HEADS, padded(window)]),
                head: take(&[actions + 1, READ]),
            }),
            head: take(&[actions + 1, reads, hp]),
            head_bias: take(&[np]),
            len,
        }
    }

    /// Whether the token before is read.
    pub(super) fn reads_tokens(&self) -> bool {
        !self.layers[0].weight_ih.is_empty()
    }

    /// Whether a number is read beside each token of a context.
    pub(super) fn reads_values(&self) -> bool {
        self.embedded > self.vocab
    }

    /// w of the numbers in what is made of the embedding's rows, `[embedded, width]`.
    pub(super) fn of_values<'a>(&self, made: &'a [f32], width: usize) -> &'a [f32] {
        &made[self.vocab * width..][..width]
    }

    /// Whether the prompt is attended to.
    pub(super) fn attends(&self) -> bool {
        !self.query.is_empty()
    }

    /// Calls `copy(flat range, padded range)` for every run of the flat vector (see [`crate::model::params`]).
    fn runs(&self, spec: &ModelSpec, mut copy: impl FnMut(Span, Span)) {
        let (h, hp) = (self.hidden, self.hp);
        // A gate's h rows are followed by hp − h rows of padding.
        let gated = |row: usize| row / h * hp + row % h;
        for param in model::params(spec) {
            let mut rows = |start: usize, run: usize, gates: bool| {
                for (row, flat) in param.range().step_by(run).enumerate() {
                    let to = start + if gates { gated(row) } else { row } * hp;
                    copy(flat..flat + run, to..to + run);
                }
            };
            let encoder = || self.encoder.as_ref().unwrap_or(&self.layers[0]);
            match param.kind {
                ParamKind::EncoderWeightIh => rows(encoder().weight_ih.start, h, true),
                ParamKind::EncoderWeightHh => rows(encoder().weight_hh.start, h, true),
                ParamKind::EncoderBiasIh => rows(encoder().bias_ih.start, h, false),
                ParamKind::EncoderBiasHh => rows(encoder().bias_hh.start, h, false),
                ParamKind::PromptQuery => rows(self.query.start, h, false),
                ParamKind::Embedding => rows(self.emb.start, h, false),
                ParamKind::ValueEmbedding => {
                    let to = self.emb.start + self.vocab * hp;
                    copy(param.range(), to..to + h);
                }
                ParamKind::StageEmbedding => rows(self.stage_emb.start, h, false),
                ParamKind::WeightIh(0) => self.first_layer_runs(&param, gated, &mut copy),
                ParamKind::WeightIh(layer) => rows(self.layers[layer].weight_ih.start, h, true),
                ParamKind::WeightHh(layer) => rows(self.layers[layer].weight_hh.start, h, true),
                ParamKind::BiasIh(layer) => rows(self.layers[layer].bias_ih.start, h, false),
                ParamKind::BiasHh(layer) => rows(self.layers[layer].bias_hh.start, h, false),
                ParamKind::HistoryQuery => self.history_runs(&param, 0, &mut copy),
                ParamKind::HistoryKey => self.history_runs(&param, READ, &mut copy),
                ParamKind::HistoryValue => self.history_runs(&param, 2 * READ, &mut copy),
                ParamKind::HistoryBias => self.bias_runs(&param, &mut copy),
                ParamKind::PolicyWeight => self.head_runs(&param, 0, &mut copy),
                ParamKind::ValueWeight => self.head_runs(&param, self.actions, &mut copy),
                ParamKind::PolicyBias => rows(self.head_bias.start, self.actions, false),
                ParamKind::ValueBias => rows(self.head_bias.start + self.actions, 1, false),
            }
        }
    }

    /// The first layer's W_ih: the columns of the token's embedding, then those of the features.
    fn first_layer_runs(&self, param: &model::ParamSpec, gated: impl Fn(usize) -> usize, copy: &mut impl FnMut(Span, Span)) {
        let token = if self.reads_tokens() { self.hidden } else { 0 };
        for (row, flat) in param.range().step_by(token + self.features).enumerate() {
            let (of_token, of_features) =
                (self.layers[0].weight_ih.start + gated(row) * self.hp, self.weight_features.start + gated(row) * self.fp);
            if token > 0 {
                copy(flat..flat + token, of_token..of_token + token);
            }
            if self.features > 0 {
                copy(flat + token..flat + token + self.features, of_features..of_features + self.features);
            }
        }
    }

    /// Weights of queries, keys or values, from row `first` of all on: the columns of the state, then those of the clock.
    fn history_runs(&self, param: &model::ParamSpec, first: usize, copy: &mut impl FnMut(Span, Span)) {
        let (Some(places), h) = (&self.history, self.hidden) else { return };
        let width = param.shape[1];
        for (row, flat) in (first..).zip(param.range().step_by(width)) {
            let (weight, clock) = (places.weight.start + row * self.hp, places.clock.start + row * CLOCK);
            copy(flat..flat + h, weight..weight + h);
            if width > h {
                copy(flat + h..flat + width, clock..clock + CLOCK);
            }
        }
    }

    /// The biases by distance.
    fn bias_runs(&self, param: &model::ParamSpec, copy: &mut impl FnMut(Span, Span)) {
        let Some(places) = &self.history else { return };
        for (head, flat) in param.range().step_by(places.window).enumerate() {
            let to = places.bias.start + head * places.biases();
            copy(flat..flat + places.window, to..to + places.window);
        }
    }

    /// Rows of the heads from row `first` of both on: a run for each vector that they read.
    fn head_runs(&self, param: &model::ParamSpec, first: usize, copy: &mut impl FnMut(Span, Span)) {
        let (h, reads) = (self.hidden, self.reads);
        for (row, flat) in (first..).zip(param.range().step_by(param.shape[1])) {
            for part in 0..reads {
                let (from, to) = (flat + part * h, self.head.start + (row * reads + part) * self.hp);
                copy(from..from + h, to..to + h);
            }
            if let Some(HistoryPlaces { head, .. }) = &self.history {
                let (from, to) = (flat + reads * h, head.start + row * READ);
                copy(from..from + READ, to..to + READ);
            }
        }
    }

    /// Spreads a flat vector into a padded buffer.
    pub(super) fn pad(&self, spec: &ModelSpec, flat: &[f32], out: &mut [f32]) {
        self.runs(spec, |from, to| out[to].copy_from_slice(&flat[from]));
    }

    /// Gathers a padded buffer into a flat vector.
    ///
    /// # Errors
    /// [`Error::Memory`](crate::Error::Memory) when the system has no more.
    pub(super) fn unpad(&self, spec: &ModelSpec, values: &[f32]) -> Result<Vec<f32>> {
        let mut flat = filled(model::count(spec), 0.0)?;
        self.runs(spec, |to, from| flat[to].copy_from_slice(&values[from]));
        Ok(flat)
    }
}

/// The places of a layer's sums.
#[derive(Debug, Clone)]
pub(super) struct LayerSums {
    /// `[3, hp, hp]`: of the layer below; empty in the first layer.
    pub(super) weight_ih: Span,
    /// `[3, hp, hp]`.
    pub(super) weight_hh: Span,
    /// Sums of the GRU's `dgates`, `[4, hp]`.
    pub(super) dgates: Span,
}

/// The places of the sums of the GRU over the context.
#[derive(Debug, Clone)]
pub(super) struct EncoderSums {
    /// Gradient of its table of input gates, `[embedded, 3, hp]`.
    pub(super) table: Span,
    /// `[3, hp, hp]`.
    pub(super) weight_hh: Span,
    /// Sums of its `dgates`, `[4, hp]`.
    pub(super) dgates: Span,
}

/// The places of the sums of the attention over the past.
#[derive(Debug, Clone)]
pub(super) struct HistorySums {
    /// `[MADE, hp]`.
    pub(super) weight: Span,
    /// `[2·READ, CLOCK]`; empty where no clock is read.
    pub(super) clock: Span,
    /// Farthest first, `[HEADS, room(window)]`.
    pub(super) bias: Span,
    /// `[A + 1, READ]`.
    pub(super) head: Span,
}

/// The places in a group's gradient buffer: what is summed over rows before anything else can be done with it.
#[derive(Debug, Clone)]
pub(super) struct Partial {
    pub(super) layers: Vec<LayerSums>,
    /// `[A + 1, reads, hp]`.
    pub(super) head: Span,
    /// `[np]`.
    pub(super) head_bias: Span,
    /// `[S, hp]`.
    pub(super) stage_emb: Span,
    /// Gradient of the embeddings as contexts, `[embedded, hp]`.
    pub(super) emb: Span,
    /// Gradient of the table of input gates, `[V, 3, hp]`; empty where no token is read.
    pub(super) table: Span,
    /// `[3, hp, fp]`.
    pub(super) weight_features: Span,
    /// Where contexts are read in order.
    pub(super) encoder: Option<EncoderSums>,
    /// Gradient of W of the queries, `[hp, hp]`, where contexts are read in order and attended to; else empty.
    pub(super) query: Span,
    /// Gradient of the tokens' keys, `[embedded, hp]`, where contexts are pooled and attended to; else empty.
    pub(super) keys: Span,
    /// Where the past is attended to.
    pub(super) history: Option<HistorySums>,
    /// Gradient of the batch's mean context, `[hp]`.
    pub(super) pooled: Span,
    /// Floats in all.
    pub(super) len: usize,
}

impl Partial {
    pub(super) fn new(layout: &Layout) -> Self {
        let &Layout { vocab, embedded, actions, stages, hp, np, fp, reads, .. } = layout;
        let (attends, in_order) = (layout.attends(), layout.encoder.is_some());
        let mut len = 0;
        let mut take = |sizes: &[usize]| take(&mut len, product(sizes));
        Self {
            layers: (0..layout.layers.len())
                .map(|layer| LayerSums {
                    weight_ih: take(&[if layer == 0 { 0 } else { 3 }, hp, hp]),
                    weight_hh: take(&[3, hp, hp]),
                    dgates: take(&[4, hp]),
                })
                .collect(),
            head: take(&[actions + 1, reads, hp]),
            head_bias: take(&[np]),
            stage_emb: take(&[stages, hp]),
            emb: take(&[if stages == 0 { 0 } else { embedded }, hp]),
            table: take(&[if layout.reads_tokens() { vocab } else { 0 }, 3, hp]),
            weight_features: take(&[3, hp, fp]),
            encoder: in_order.then(|| EncoderSums {
                table: take(&[embedded, 3, hp]),
                weight_hh: take(&[3, hp, hp]),
                dgates: take(&[4, hp]),
            }),
            query: take(&[if attends && in_order { hp } else { 0 }, hp]),
            keys: take(&[if attends && !in_order { embedded } else { 0 }, hp]),
            history: layout.history.as_ref().map(|HistoryPlaces { window, clock, .. }| HistorySums {
                weight: take(&[MADE, hp]),
                clock: take(&[if clock.is_empty() { 0 } else { 2 * READ }, CLOCK]),
                bias: take(&[HEADS, room(*window)]),
                head: take(&[actions + 1, READ]),
            }),
            pooled: take(&[hp]),
            len,
        }
    }
}

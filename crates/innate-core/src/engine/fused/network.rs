//! The weights, and the forward pass over them one step at a time: what whole sequences and single decisions share.

use super::layout::Layout;
use super::parts::Parts;
use crate::config::{ContextPooling, NetworkConfig};
use crate::engine::{Prompts, Sampling};
use crate::error::Result;
use crate::kernel::buffer::Buffer;
use crate::kernel::gru::{self, InputGates};
use crate::kernel::head::{self, Logits};
use crate::kernel::layer::{Layer, LayerWeights};
use crate::kernel::pool::Pool;
use crate::kernel::simd::{Isa, Operation, Vector};
use crate::memory::{Bytes, filled};
use crate::params;

/// Weights in the order in which the forward pass reads them.
struct Packed {
    /// W_hh in panels.
    recurrent: Buffer,
    /// W_ih in panels.
    input: Buffer,
    /// W_ih·emb + b_ih for every token, in panel order, `[V, 3·hp]`.
    table: Buffer,
    /// Both heads transposed, `[hidden, np]`.
    head: Buffer,
    /// −∞ where masked or padding, `[np]`.
    head_bias: Buffer,
    /// Mean context embedding of the batch, `[hp]`; used with [`ContextPooling::Batch`].
    pooled: Buffer,
}

impl Packed {
    fn new(layout: &Layout, isa: Isa) -> Result<Self> {
        let &Layout { hp, hidden, vocab, np, .. } = layout;
        let lanes = gru::lanes(isa);
        let panels = hp / lanes * gru::panel_len(hidden, lanes);
        Ok(Self {
            recurrent: Buffer::zeros(panels)?,
            input: Buffer::zeros(panels)?,
            table: Buffer::zeros(vocab * 3 * hp)?,
            head: Buffer::zeros(hidden * np)?,
            head_bias: Buffer::zeros(np)?,
            pooled: Buffer::zeros(hp)?,
        })
    }
}

/// See the module.
pub(super) struct Network {
    pub(super) config: NetworkConfig,
    pub(super) layout: Layout,
    pub(super) isa: Isa,
    pub(super) weights: Buffer,
    packed: Packed,
    /// Whether `packed` is made of the present weights.
    packed_valid: bool,
    /// How often each token occurs in the contexts of the batch, `[V]`; used with [`ContextPooling::Batch`].
    pub(super) token_counts: Vec<u32>,
}

/// How a row's action is chosen.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pick {
    Given(usize),
    Greedy,
    /// By a uniform in `[0, 1)`.
    Inverse(f32),
}

impl Pick {
    /// For `row` at `step`.
    pub(super) fn sampled(sampling: Sampling, row: usize, step: usize) -> Self {
        sampling.uniform(row, step).map_or(Self::Greedy, Self::Inverse)
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

impl Network {
    pub(super) fn new(config: NetworkConfig, isa: Isa, flat: &[f32]) -> Result<Self> {
        config.validate()?;
        let layout = Layout::new(&config);
        let mut network = Self {
            isa,
            weights: Buffer::zeros(layout.len)?,
            packed: Packed::new(&layout, isa)?,
            packed_valid: false,
            token_counts: filled(layout.vocab, 0)?,
            config,
            layout,
        };
        network.set_parameters(flat)?;
        Ok(network)
    }

    /// Bytes of memory.
    pub(super) fn bytes(&self) -> usize {
        let Packed { recurrent, input, table, head, head_bias, pooled } = &self.packed;
        let buffers = [&self.weights, recurrent, input, table, head, head_bias, pooled];
        buffers.into_iter().map(Buffer::bytes).sum::<usize>() + size_of_val(&*self.token_counts)
    }

    pub(super) fn check_flat(&self, flat: &[f32]) -> Result<()> {
        params::check_len(&self.config, "parameters", flat)
    }

    pub(super) fn set_parameters(&mut self, flat: &[f32]) -> Result<()> {
        self.check_flat(flat)?;
        self.layout.pad(&self.config, flat, &mut self.weights);
        self.packed_valid = false;
        Ok(())
    }

    /// To be called when `weights` were changed in place.
    pub(super) fn weights_changed(&mut self) {
        self.packed_valid = false;
    }

    /// Floats that a network of this layout takes, packed weights included.
    pub(super) fn bytes_for(layout: &Layout) -> Bytes {
        let &Layout { hidden, hp, np, vocab, len, .. } = layout;
        let packed = Bytes::floats(&[6, hidden, hp]).plus(Bytes::floats(&[3, vocab, hp])).plus(Bytes::floats(&[hidden, np]));
        Bytes::floats(&[len]).plus(packed)
    }

    /// Makes the network ready for a forward pass over `prompts`.
    pub(super) fn prepare(&mut self, prompts: Prompts<'_>, pool: &mut Pool) {
        self.pack(pool);
        if self.config.pooling == ContextPooling::Batch {
            self.pool_contexts(prompts);
        }
    }

    fn pack(&mut self, pool: &mut Pool) {
        if self.packed_valid {
            return;
        }
        let Self { layout, isa, packed, weights, config, .. } = self;
        let &mut Layout { hp, hidden, vocab, np, .. } = layout;
        let lanes = gru::lanes(*isa);
        let (panel, panels) = (gru::panel_len(hidden, lanes), hp / lanes);
        let recurrent = Parts::new(&mut packed.recurrent, panel);
        let input = Parts::new(&mut packed.input, panel);
        let weights = &**weights;
        pool.run(2 * panels, &|task, _| {
            let (parts, weight) = if task < panels { (&recurrent, &layout.weight_hh) } else { (&input, &layout.weight_ih) };
            // SAFETY: each panel is taken by one task.
            let out = unsafe { parts.take(task % panels) };
            gru::pack_panel(&weights[weight.clone()], (hp, hp), hidden, lanes, task % panels, out);
        });
        isa.run(InputGates {
            rows: vocab,
            hp,
            dp: hp,
            k: hidden,
            x: &weights[layout.emb.clone()],
            panels: &packed.input,
            bias: &weights[layout.bias_ih.clone()],
            out: &mut packed.table,
        });
        let head = &weights[layout.head.clone()];
        for (k, out) in packed.head.chunks_exact_mut(np).enumerate() {
            for (token, x) in out[..=vocab].iter_mut().enumerate() {
                *x = head[token * hp + k];
            }
        }
        packed.head_bias.fill(f32::NEG_INFINITY);
        packed.head_bias[..=vocab].copy_from_slice(&weights[layout.head_bias.clone()][..=vocab]);
        if let Some(mask) = &config.action_mask {
            for (bias, _) in packed.head_bias.iter_mut().zip(mask).filter(|(_, allowed)| !**allowed) {
                *bias = f32::NEG_INFINITY;
            }
        }
        self.packed_valid = true;
    }

    /// Mean embedding over all contexts of the batch, by how often each token occurs in them.
    fn pool_contexts(&mut self, prompts: Prompts<'_>) {
        self.token_counts.fill(0);
        for &token in prompts.contexts {
            self.token_counts[token as usize] += 1;
        }
        let pooled = &mut self.packed.pooled;
        pooled.fill(0.0);
        let emb = &self.weights[self.layout.emb.clone()];
        for (&count, emb) in self.token_counts.iter().zip(emb.chunks_exact(self.layout.hp)) {
            let share = count as f32 / prompts.contexts.len() as f32;
            for (sum, &x) in pooled.iter_mut().zip(emb) {
                *sum += share * x;
            }
        }
    }

    /// h₀ of problems `first..first + rows`, `[rows, hp]`.
    pub(super) fn begin(&self, prompts: Prompts<'_>, first: usize, rows: usize, out: &mut [f32]) {
        self.isa.run(InitialState { network: self, prompts, first, rows, out });
    }

    /// The GRU's weights.
    pub(super) fn gru(&self) -> LayerWeights<'_> {
        let layout = &self.layout;
        LayerWeights {
            hidden: layout.hidden,
            panels: &self.packed.recurrent,
            weight_hh: &self.weights[layout.weight_hh.clone()],
            bias_hh: &self.weights[layout.bias_hh.clone()],
        }
    }

    /// Step `t` for `rows` rows with the tokens `inputs`: the new state, and its logits `[rows, np]`.
    pub(super) fn advance(&self, gru: &mut Layer, (t, rows): (usize, usize), inputs: &[u32], logits: &mut [f32]) {
        let &Layout { hp, np, hidden, .. } = &self.layout;
        gru.forward(self.isa, self.gru(), (t, rows), (&self.packed.table, inputs), None);
        self.isa.run(Logits {
            rows,
            hp,
            hidden,
            np,
            h: gru.state(t + 1),
            weight: &self.packed.head,
            bias: &self.packed.head_bias,
            logits,
        });
    }

    /// Turns one row of logits into probabilities, and picks; what is not finite where no probabilities can be made. With a finite
    /// normalizer some allowed token has a probability above 0, so a masked one is never picked.
    pub(super) fn choose(&self, logits: &mut [f32], probabilities: &mut [f32], pick: Pick) -> std::result::Result<Choice, f32> {
        let vocab = self.layout.vocab;
        let stats = self.isa.run(head::Distribution { vocab, logits, probabilities });
        if !stats.log_normalizer.is_finite() {
            return Err(stats.log_normalizer);
        }
        let action = match pick {
            Pick::Given(action) => action,
            Pick::Greedy => head::greedy(&logits[..vocab]),
            Pick::Inverse(uniform) => head::sample(&probabilities[..vocab], uniform),
        };
        Ok(Choice { action, log_prob: logits[action] - stats.log_normalizer, entropy: stats.entropy, value: stats.value })
    }
}

/// h₀ = tanh(context + stage embedding).
struct InitialState<'a> {
    network: &'a Network,
    prompts: Prompts<'a>,
    first: usize,
    rows: usize,
    out: &'a mut [f32],
}

impl Operation for InitialState<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Network { config, layout, weights, packed, .. } = self.network;
        let prompts = self.prompts;
        let hp = layout.hp;
        let length = prompts.context_len();
        let scale = V::splat(1.0 / length as f32);
        let (emb, stage_emb) = (&weights[layout.emb.clone()], &weights[layout.stage_emb.clone()]);
        for row in 0..self.rows {
            let problem = self.first + row;
            let context = &prompts.contexts[problem * length..][..length];
            let stage = &stage_emb[prompts.stages[problem] as usize * hp..][..hp];
            let out = &mut self.out[row * hp..][..hp];
            for j in (0..hp).step_by(V::LANES) {
                // SAFETY: every row read holds hp floats, and j + LANES ≤ hp.
                unsafe {
                    let mean = match config.pooling {
                        ContextPooling::Batch => V::load(packed.pooled[j..].as_ptr()),
                        ContextPooling::Own => {
                            let mut sum = V::zero();
                            for &token in context {
                                sum = sum.add(V::load(emb[token as usize * hp..][j..hp].as_ptr()));
                            }
                            sum.mul(scale)
                        }
                    };
                    mean.add(V::load(stage[j..].as_ptr())).tanh().store(out[j..].as_mut_ptr());
                }
            }
        }
    }
}

//! A network's description. Plain values: they are written into checkpoints as they stand. Everything that walks a network (parameters, both
//! engines, checkpoint) walks a [`ModelSpec`].

use super::clock::{CLOCK, write_clock};
use crate::error::{Error, Result};

/// A recurrent actor-critic: an encoder makes the first state, a GRU of `layers` layers reads the inputs of each step, and two linear heads on
/// the last layer's state, and on what attention reads out beside it, give the distribution over actions and the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelSpec {
    /// Number of tokens, `V`: rows of the embedding that prompts and previous actions are looked up in. Actions are its first tokens.
    pub vocabulary: usize,
    /// What is read before the first step.
    pub encoder: Encoder,
    /// What is read at each step: the first layer's input is their concatenation, in this order. [`Input::PreviousAction`] comes first, and
    /// each kind at most once.
    pub inputs: Vec<Input>,
    /// Layers of the GRU, at least 1. Each reads the states of the one below; all but the first begin at zero.
    pub layers: usize,
    /// Width of the embeddings and of the hidden states, `H`.
    pub hidden: usize,
    /// Whether the state before a step is the one after the step before. `false` makes the same network's twin without memory: the state before
    /// every step is the row's first.
    pub recurrent: bool,
    /// What the heads read beside the last layer's state.
    pub attention: Attention,
    /// What is chosen at each step.
    pub action: Action,
}

/// What is read before the first step, and becomes the first layer's first state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoder {
    /// Nothing: episodes begin at the zero state.
    None,
    /// tanh(mean of the context's embeddings + embedding of the stage).
    Pooled {
        /// Number of stages, `S`.
        stages: usize,
        /// Over what the mean is taken.
        pooling: Pooling,
        /// Whether a number is read beside each token: what stands for it is then its embedding + number·w, w being learned.
        values: bool,
    },
    /// tanh(last state of a GRU of one layer over the context's embeddings, in order + embedding of the stage). That GRU is as wide as the
    /// decoder's, has weights of its own and begins at zero.
    Recurrent {
        /// Number of stages, `S`.
        stages: usize,
        /// Which way it reads.
        direction: Direction,
        /// Whether a number is read beside each token, as where contexts are pooled.
        values: bool,
    },
}

/// Which way a context is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From its first token to its last.
    Forward,
    /// From its last token to its first: the last state knows the first tokens best, and what is attended to for a token knows all that follow it.
    Backward,
}

impl Direction {
    /// The token of a context of `length` tokens that is read after `read` others.
    pub(crate) fn place(self, read: usize, length: usize) -> usize {
        match self {
            Self::Forward => read,
            Self::Backward => length - 1 - read,
        }
    }
}

/// What the heads read beside the last layer's state h, in this order: `H` numbers of the prompt, [`History::READ`] of the past. Nothing of it
/// goes back into the recurrence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attention {
    /// Over the row's own prompt: Σ softmax(q·eⱼ / √H)·eⱼ with q = W·h, where eⱼ is the encoder's state when it has read token j, or the
    /// token's embedding where contexts are pooled.
    pub prompt: bool,
    /// Over the row's own past states within its episode.
    pub history: Option<History>,
}

impl Attention {
    /// No part.
    pub const NONE: Self = Self { prompt: false, history: None };
}

/// Attention of the last layer's state h over what it was after earlier steps of its episode, by [`History::HEADS`] heads: with queries Q·h, keys K·h
/// and values V·h, each of [`History::WIDTH`] numbers a head, Σ softmax(q·k/√WIDTH + b)·v, b being learned for each head and each number of steps
/// back. The present step is not attended to: the heads read it beside. At an episode's first step zeros are read. With [`Input::Clock`] queries and
/// keys are made of h and the clock of its step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct History {
    /// How many steps back it reaches, 1 to [`History::MAX_WINDOW`].
    pub window: usize,
}

impl History {
    /// Heads.
    pub const HEADS: usize = 2;
    /// Numbers of a head's query, key and value.
    pub const WIDTH: usize = 32;
    /// Numbers that are read out.
    pub const READ: usize = Self::HEADS * Self::WIDTH;
    /// Largest accepted window.
    pub const MAX_WINDOW: usize = 1 << 16;
}

/// Whose tokens a pooled context is the mean of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pooling {
    /// Each row's own context.
    Own,
    /// The contexts of the whole batch: what the tutorial's broadcasting does.
    Batch,
}

/// A part of what is read at each step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The embedding of the token before, `H` wide: the action, or what was fed in its place.
    PreviousAction,
    /// 1 where an episode begins, else 0.
    EpisodeStart,
    /// Sine and cosine of the step within the episode, counted from 0, for each of [`PERIODS`](super::PERIODS).
    Clock,
    /// Numbers below `sizes`, each as one-hot.
    Discrete {
        /// Number of values of each.
        sizes: Vec<usize>,
    },
    /// A vector.
    Dense {
        /// Its length.
        width: usize,
    },
}

impl Input {
    /// Numbers that it takes of the first layer's input, [`Input::PreviousAction`]'s embedding apart.
    fn width(&self) -> usize {
        match self {
            Self::PreviousAction => 0,
            Self::EpisodeStart => 1,
            Self::Clock => CLOCK,
            Self::Discrete { sizes } => sizes.iter().sum(),
            Self::Dense { width } => *width,
        }
    }
}

/// What is chosen at each step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// One of `size` actions, `A`.
    Categorical {
        /// Number of actions.
        size: usize,
    },
}

impl ModelSpec {
    /// Largest accepted width: an index into a weight matrix must stay far from overflow.
    pub const MAX_HIDDEN: usize = 8192;
    /// Largest accepted number of anything else.
    const MAX: usize = 1 << 20;
    const MAX_LAYERS: usize = 64;

    /// What an open-loop task trains: prompts pooled, the previous action read, every token an action.
    pub fn open_loop(vocabulary: usize, stages: usize, hidden: usize, pooling: Pooling) -> Self {
        Self {
            vocabulary,
            encoder: Encoder::Pooled { stages, pooling, values: false },
            inputs: vec![Input::PreviousAction],
            layers: 1,
            hidden,
            recurrent: true,
            attention: Attention::NONE,
            action: Action::Categorical { size: vocabulary },
        }
    }

    /// Number of actions, `A`.
    pub fn actions(&self) -> usize {
        let Action::Categorical { size } = self.action;
        size
    }

    /// Number of stages, `S`; 0 where no stage is read.
    pub fn stages(&self) -> usize {
        match self.encoder {
            Encoder::None => 0,
            Encoder::Pooled { stages, .. } | Encoder::Recurrent { stages, .. } => stages,
        }
    }

    /// Whose tokens a pooled context is the mean of, where contexts are read.
    pub fn pooling(&self) -> Option<Pooling> {
        match self.encoder {
            Encoder::None | Encoder::Recurrent { .. } => None,
            Encoder::Pooled { pooling, .. } => Some(pooling),
        }
    }

    /// Which way contexts are read, where they are read in order.
    pub fn direction(&self) -> Option<Direction> {
        if let Encoder::Recurrent { direction, .. } = self.encoder { Some(direction) } else { None }
    }

    /// Whether contexts are read in order.
    pub fn reads_in_order(&self) -> bool {
        self.direction().is_some()
    }

    /// Whether a number is read beside each token of a context.
    pub fn reads_values(&self) -> bool {
        matches!(self.encoder, Encoder::Pooled { values: true, .. } | Encoder::Recurrent { values: true, .. })
    }

    /// Vectors of `H` numbers that the heads read: the last layer's state, and what is read out of the prompt.
    pub fn reads(&self) -> usize {
        1 + usize::from(self.attention.prompt)
    }

    /// Numbers that the heads read, `R`.
    pub fn read_width(&self) -> usize {
        self.reads() * self.hidden + if self.attention.history.is_some() { History::READ } else { 0 }
    }

    /// Whether the step within the episode is read.
    pub fn reads_clock(&self) -> bool {
        self.inputs.contains(&Input::Clock)
    }

    /// Whether it matters how far an episode has come.
    pub fn counts_steps(&self) -> bool {
        self.reads_clock() || self.attention.history.is_some()
    }

    /// Whether the token before is read at each step.
    pub fn reads_previous_action(&self) -> bool {
        self.inputs.contains(&Input::PreviousAction)
    }

    /// Whether there is an embedding of tokens.
    pub fn embeds(&self) -> bool {
        self.reads_previous_action() || self.encoder != Encoder::None
    }

    /// Numbers of the first layer's input beside the embedding of the token before, `F`.
    pub fn features(&self) -> usize {
        self.inputs.iter().map(Input::width).sum()
    }

    /// Sizes of the discrete numbers that are read at each step.
    pub fn discrete(&self) -> &[usize] {
        self.inputs
            .iter()
            .find_map(|input| if let Input::Discrete { sizes } = input { Some(&**sizes) } else { None })
            .unwrap_or(&[])
    }

    /// Length of the vector that is read at each step.
    pub fn dense(&self) -> usize {
        self.inputs.iter().find_map(|input| if let Input::Dense { width } = input { Some(*width) } else { None }).unwrap_or(0)
    }

    /// Writes what is read at a step beside the embedding of the token before, `[F]`: whether an episode begins, the clock, the discrete numbers,
    /// each as one-hot, and the vector. `age` is the step within the episode.
    pub(crate) fn write_features(&self, (begins, age): (bool, u32), discrete: &[i32], dense: &[f32], out: &mut [f32]) {
        out.fill(0.0);
        let mut place = 0;
        for input in &self.inputs {
            match input {
                Input::PreviousAction => {}
                Input::EpisodeStart => {
                    out[place] = f32::from(u8::from(begins));
                    place += 1;
                }
                Input::Clock => {
                    write_clock(age, &mut out[place..place + CLOCK]);
                    place += CLOCK;
                }
                Input::Discrete { sizes } => {
                    for (&id, size) in discrete.iter().zip(sizes) {
                        out[place + id as usize] = 1.0;
                        place += size;
                    }
                }
                Input::Dense { width } => {
                    out[place..place + width].copy_from_slice(dense);
                    place += width;
                }
            }
        }
    }

    /// Refuses a model that reads at a step what an open loop does not have.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first such input.
    pub fn check_open_loop(&self) -> Result<()> {
        let known = |input: &Input| matches!(input, Input::PreviousAction | Input::EpisodeStart | Input::Clock);
        match self.inputs.iter().position(|input| !known(input)) {
            Some(index) => {
                Err(Error::invalid(format!("inputs[{index}]"), "must not be observed: an open loop reads its own actions alone"))
            }
            None => Ok(()),
        }
    }

    /// Refuses what no network can be made of, naming the first bad field.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the field's name as path.
    pub fn validate(&self) -> Result<()> {
        self.validate_sizes()?;
        let kinds: Vec<_> = self.inputs.iter().map(std::mem::discriminant).collect();
        if let Some(index) = (1..kinds.len()).find(|&index| kinds[..index].contains(&kinds[index])) {
            return Err(Error::invalid(format!("inputs[{index}]"), "must be of another kind than those before it"));
        }
        if self.inputs.iter().skip(1).any(|input| *input == Input::PreviousAction) {
            return Err(Error::invalid("inputs", "must have the previous action first"));
        }
        if self.inputs.is_empty() {
            return Err(Error::invalid("inputs", "must name at least one input"));
        }
        if self.attention.prompt && self.encoder == Encoder::None {
            return Err(Error::invalid("attention", "must not be over the prompt: the model has no encoder"));
        }
        Ok(())
    }

    fn validate_sizes(&self) -> Result<()> {
        let mut positive = vec![
            ("hiddenSize", self.hidden, Self::MAX_HIDDEN),
            ("layers", self.layers, Self::MAX_LAYERS),
            ("actions", self.actions(), Self::MAX),
        ];
        if self.embeds() {
            positive.insert(0, ("vocabSize", self.vocabulary, Self::MAX));
        }
        if let Encoder::Pooled { stages, .. } | Encoder::Recurrent { stages, .. } = self.encoder {
            positive.insert(1, ("stageCount", stages, Self::MAX));
        }
        positive.extend(self.attention.history.map(|History { window }| ("historyWindow", window, History::MAX_WINDOW)));
        for input in &self.inputs {
            match input {
                Input::PreviousAction | Input::EpisodeStart | Input::Clock => {}
                Input::Discrete { sizes } if sizes.is_empty() => positive.push(("discrete", 0, Self::MAX)),
                Input::Discrete { sizes } => positive.extend(sizes.iter().map(|&size| ("discrete", size, Self::MAX))),
                Input::Dense { width } => positive.push(("dense", *width, Self::MAX)),
            }
        }
        for (path, value, limit) in positive {
            if value == 0 || value > limit {
                return Err(Error::invalid(path, format!("must be between 1 and {limit}, got {value}")));
            }
        }
        if self.embeds() && self.actions() > self.vocabulary {
            let message = format!("must be at most the vocabulary size {}, got {}", self.vocabulary, self.actions());
            return Err(Error::invalid("actions", message));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(change: impl FnOnce(&mut ModelSpec)) -> String {
        let mut spec = ModelSpec::open_loop(7, 2, 5, Pooling::Own);
        change(&mut spec);
        match spec.validate() {
            Ok(()) => String::new(),
            Err(Error::Invalid { path, .. }) => path,
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_first_bad_field_is_named() {
        use Input::{Dense, Discrete, EpisodeStart, PreviousAction};
        assert_eq!(path(|_| {}), "");
        assert_eq!(path(|spec| spec.vocabulary = 0), "vocabSize");
        assert_eq!(path(|spec| spec.encoder = Encoder::Pooled { stages: 0, pooling: Pooling::Own, values: false }), "stageCount");
        let backward = Encoder::Recurrent { stages: 0, direction: Direction::Backward, values: false };
        assert_eq!(path(|spec| spec.encoder = backward), "stageCount");
        let attend = |prompt| Attention { prompt, ..Attention::NONE };
        assert_eq!(path(|spec| spec.attention = attend(true)), "");
        assert_eq!(path(|spec| (spec.encoder, spec.attention) = (Encoder::None, attend(true))), "attention");
        for (window, bad) in [(0, "historyWindow"), (1, ""), (1 << 16, ""), ((1 << 16) + 1, "historyWindow")] {
            assert_eq!(path(|spec| spec.attention.history = Some(History { window })), bad);
        }
        assert_eq!(path(|spec| spec.hidden = 8193), "hiddenSize");
        assert_eq!(path(|spec| spec.layers = 0), "layers");
        assert_eq!(path(|spec| spec.action = Action::Categorical { size: 0 }), "actions");
        assert_eq!(path(|spec| spec.action = Action::Categorical { size: 8 }), "actions");
        assert_eq!(path(|spec| spec.inputs = vec![]), "inputs");
        assert_eq!(path(|spec| spec.inputs = vec![EpisodeStart, PreviousAction]), "inputs");
        assert_eq!(path(|spec| spec.inputs = vec![PreviousAction, EpisodeStart, EpisodeStart]), "inputs[2]");
        assert_eq!(path(|spec| spec.inputs.push(Dense { width: 0 })), "dense");
        assert_eq!(path(|spec| spec.inputs.push(Discrete { sizes: vec![2, 0] })), "discrete");
        assert_eq!(path(|spec| spec.inputs.push(Discrete { sizes: vec![] })), "discrete");
        // Without tokens, actions need no vocabulary.
        let numbers = |spec: &mut ModelSpec| {
            spec.vocabulary = 0;
            spec.encoder = Encoder::None;
            spec.inputs = vec![EpisodeStart, Discrete { sizes: vec![2, 3] }, Dense { width: 4 }];
            assert_eq!((spec.features(), spec.discrete(), spec.dense()), (10, &[2, 3][..], 4));
        };
        assert_eq!(path(numbers), "");
    }
}

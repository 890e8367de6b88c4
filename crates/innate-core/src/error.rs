//! Every way the core can fail, one variant a kind, with the path of the bad value where there is one.

/// The core's result type.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong. `path` names the offending value as the caller wrote it, such as `contexts[3]`.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An option or an argument is out of its range or of the wrong shape.
    #[error("{message}")]
    Invalid {
        /// Where the bad value stands.
        path: String,
        /// What it is and what it should be.
        message: String,
    },
    /// Something stopped being a finite number. The weights, and all else that is kept, are as they were.
    #[error("{what}{} is not finite ({value}); the weights were not touched", Place(*at))]
    NonFinite {
        /// Which quantity: `loss`, `grad_norm`, `weights` (or Adam's moments) after the step, or `logits`.
        what: &'static str,
        /// Its value: NaN or an infinity.
        value: f64,
        /// Row and step of the batch, where it belongs to one.
        at: Option<(usize, usize)>,
    },
    /// There is not so much memory.
    #[error("{message}")]
    Memory {
        /// The size that asks for the most, such as `stages` or `hiddenSize`.
        path: String,
        /// What is needed for what, and what there is.
        message: String,
        /// What to lower.
        remedy: &'static str,
    },
    /// The requested device cannot be used.
    #[error("{message}")]
    Device {
        /// The driver's or the build's own reason.
        message: String,
    },
    /// A file cannot be written or read, or is no checkpoint.
    #[error("{message}")]
    Checkpoint {
        /// The file or the tensor inside it.
        path: String,
        /// What is wrong with it.
        message: String,
        /// What to do about it, one sentence.
        remedy: &'static str,
    },
    /// Candle refused an operation; a bug here rather than a user's mistake.
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
}

/// Where in a batch.
struct Place(Option<(usize, usize)>);

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.map_or(Ok(()), |(row, step)| write!(f, " of row {row} at step {step}"))
    }
}

impl Error {
    /// An [`Error::Invalid`] from anything that prints.
    pub fn invalid(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid { path: path.into(), message: message.into() }
    }
}

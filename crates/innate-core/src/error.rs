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
    /// The loss or the gradient stopped being a finite number. The weights are as they were before the update.
    #[error("{what} is not finite ({value}); the weights were not touched")]
    NonFinite {
        /// Which quantity: `loss` or `grad_norm`.
        what: &'static str,
        /// Its value: NaN or an infinity.
        value: f64,
    },
    /// The requested device cannot be used.
    #[error("{message}")]
    Device {
        /// The driver's or the build's own reason.
        message: String,
    },
    /// A file is not a checkpoint that this network can take.
    #[error("{message}")]
    Checkpoint {
        /// The file or the tensor inside it.
        path: String,
        /// What is wrong with it.
        message: String,
    },
    /// Candle refused an operation; a bug here rather than a user's mistake.
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
}

impl Error {
    /// An [`Error::Invalid`] from anything that prints.
    pub fn invalid(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid { path: path.into(), message: message.into() }
    }

    /// An [`Error::Checkpoint`] from anything that prints.
    pub fn checkpoint(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Checkpoint { path: path.into(), message: message.into() }
    }
}

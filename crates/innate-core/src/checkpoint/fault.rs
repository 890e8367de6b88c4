//! Why a file was not written or not read, and what to do about it.

use crate::error::Error;

pub(super) const DAMAGED: &str = "Give a file that was saved, complete and unchanged.";
pub(super) const FOREIGN: &str = "Make an agent of the same shape and give it these weights as a state dict.";
pub(super) const NEWER: &str = "Use the release that wrote it, or a newer one.";
pub(super) const UNFIT: &str = "Go on from the last file that was saved, with a lower learning rate.";
pub(super) const TOO_LONG: &str = "Shorten the names that are saved with the agent.";
pub(super) const TAKEN: &str = "Give the section a name of its own.";
pub(super) const NO_MEMORY: &str = "Free memory: the file has to fit twice.";

/// Without the file's name.
#[derive(Debug)]
pub(super) struct Fault {
    /// The tensor at fault, if it is one.
    pub(super) tensor: Option<String>,
    pub(super) reason: String,
    pub(super) remedy: &'static str,
}

impl Fault {
    pub(super) fn new(reason: impl Into<String>, remedy: &'static str) -> Self {
        Self { tensor: None, reason: reason.into(), remedy }
    }

    pub(super) fn damaged(reason: impl Into<String>) -> Self {
        Self::new(reason, DAMAGED)
    }

    pub(super) fn newer(reason: &str) -> Self {
        Self::new(format!("{reason}; it was written by a newer release"), NEWER)
    }

    pub(super) fn tensor(name: &str, reason: &str) -> Self {
        let name = clip(name);
        Self { tensor: Some(name.clone()), ..Self::damaged(format!("tensor `{name}` {reason}")) }
    }

    pub(super) fn of(self, file: &str) -> Error {
        let Self { tensor, reason, remedy } = self;
        Error::Checkpoint { path: tensor.unwrap_or_else(|| file.to_owned()), message: format!("{file}: {reason}"), remedy }
    }
}

/// At most 80 characters of what a file holds, for a message.
pub(super) fn clip(text: &str) -> String {
    let mut clipped: String = text.chars().take(80).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if clipped.len() < text.len() {
        clipped.push('…');
    }
    clipped
}

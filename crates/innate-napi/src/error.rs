//! Errors as they cross: `CODE\u001fPATH\u001fMESSAGE`, and `\u001fREMEDY` where the core knows one; taken apart on the TypeScript side.

use innate_core::Error;

/// What a call failed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    code: &'static str,
    path: String,
    message: String,
    remedy: &'static str,
}

impl Failure {
    pub(crate) fn new(code: &'static str, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code, path: path.into(), message: message.into(), remedy: "" }
    }

    pub(crate) fn options(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new("ERR_OPTIONS", path, message)
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new("ERR_INTERNAL", "", message)
    }

    pub(crate) fn closed() -> Self {
        Self::new("ERR_CLOSED", "", "the agent is closed")
    }

    /// For what is made of options: there an invalid value is an option's.
    pub(crate) fn while_making(error: Error) -> Self {
        match Self::from(error) {
            Self { code: "ERR_INPUT", path, message, remedy } => Self { remedy, ..Self::options(path, message) },
            other => other,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::Invalid { path, message } => Self::new("ERR_INPUT", path, message),
            Error::NonFinite { what, .. } => Self::new("ERR_NON_FINITE", what, text),
            Error::Memory { path, message, remedy } => Self { remedy, ..Self::new("ERR_INPUT", path, message) },
            Error::Device { message } => Self::new("ERR_DEVICE", "device", message),
            Error::Checkpoint { path, message, remedy } => Self { remedy, ..Self::new("ERR_CHECKPOINT", path, message) },
            // Candle appends a backtrace when RUST_BACKTRACE is set.
            Error::Candle(_) => Self::internal(text.lines().next().unwrap_or("an operation failed")),
        }
    }
}

impl From<Failure> for napi::Error {
    fn from(Failure { code, path, message, remedy }: Failure) -> Self {
        // The name of a file may hold anything.
        let [path, message] = [path, message].map(|text| text.replace('\u{1f}', " "));
        let end = if remedy.is_empty() { String::new() } else { format!("\u{1f}{remedy}") };
        Self::from_reason(format!("{code}\u{1f}{path}\u{1f}{message}{end}"))
    }
}

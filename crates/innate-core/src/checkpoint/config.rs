//! The network's shape as JSON.

use serde_json::{Value, json};

use crate::config::{ContextPooling, NetworkConfig};
use crate::error::Error;

pub(super) fn to_json(config: &NetworkConfig) -> Value {
    json!({
        "vocabSize": config.vocab_size,
        "stageCount": config.stage_count,
        "hiddenSize": config.hidden_size,
        "horizon": config.horizon,
        "startToken": config.start_token,
        "pooling": match config.pooling { ContextPooling::Own => "own", ContextPooling::Batch => "batch" },
        "actionMask": config.action_mask,
    })
}

/// The shape, or what is wrong with it.
pub(super) fn from_json(text: &str) -> Result<NetworkConfig, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let number = |name: &str| {
        let number = value.get(name).and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok());
        number.ok_or_else(|| format!("`{name}` must be a whole number"))
    };
    let config = NetworkConfig {
        vocab_size: number("vocabSize")?,
        stage_count: number("stageCount")?,
        hidden_size: number("hiddenSize")?,
        horizon: number("horizon")?,
        start_token: number("startToken")?,
        pooling: match value.get("pooling").and_then(Value::as_str) {
            Some("own") => ContextPooling::Own,
            Some("batch") => ContextPooling::Batch,
            _ => return Err("`pooling` must be own or batch".to_owned()),
        },
        action_mask: match value.get("actionMask") {
            Some(Value::Null) => None,
            Some(Value::Array(entries)) => Some(
                entries
                    .iter()
                    .map(|entry| entry.as_bool().ok_or("`actionMask` must hold true and false"))
                    .collect::<Result<_, _>>()?,
            ),
            _ => return Err("`actionMask` must be null or a list".to_owned()),
        },
    };
    check(&config)?;
    Ok(config)
}

pub(super) fn check(config: &NetworkConfig) -> Result<(), String> {
    config.validate().map_err(|error| match error {
        Error::Invalid { path, message } => format!("`{path}` {message}"),
        other => other.to_string(),
    })
}

//! What a file says beside its numbers: named texts, most of them JSON.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::fault::{Fault, TAKEN, clip};
use super::fields::{Fields, MAX_COUNTER};
use super::v1;
use crate::agent::AgentState;
use crate::collect::{Normalizer, Running};
use crate::data::RolloutSpec;
use crate::error::Error;
use crate::model::{Action, Attention, Direction, Encoder, History, Input, ModelSpec, Pooling};
use crate::optimizer::AdamState;

/// The format's name.
pub const FORMAT: &str = "innate";
/// The version written, and the highest one read.
pub const VERSION: u64 = 2;

/// Texts by the names of their sections.
pub(super) type Sections = BTreeMap<String, String>;

/// All that is said of `state` beside its numbers.
pub(super) fn write(state: &AgentState) -> Result<Sections, Fault> {
    let AgentState { model, rollout, seed, rollouts, parameters: _, optimizer, normalizer, note, sections } = state;
    let known = [
        ("format", FORMAT.to_owned()),
        ("version", VERSION.to_string()),
        ("model", write_model(model).to_string()),
        ("rollout", write_rollout(rollout).to_string()),
        ("optimizer", json!({ "kind": "adam", "step": optimizer.step }).to_string()),
        ("streams", json!({ "seed": seed, "rollouts": rollouts }).to_string()),
        ("note", note.clone()),
    ];
    let mut names = known.iter().map(|(name, _)| *name).chain(["normalization"]);
    if let Some(name) = names.find(|name| sections.contains_key(*name)) {
        return Err(Fault::new(format!("cannot be written: the section `{name}` is the format's own"), TAKEN));
    }
    let mut sections = sections.clone();
    if !normalizer.is_empty() {
        sections.insert("normalization".to_owned(), write_normalizer(normalizer).to_string());
    }
    sections.extend(known.map(|(name, text)| (name.to_owned(), text)));
    Ok(sections)
}

/// A state without its numbers, as [`check`] lets it pass.
pub(super) fn read(mut sections: Sections) -> Result<AgentState, Fault> {
    if sections.remove("format").is_none_or(|format| format != FORMAT) {
        return Err(Fault::new("holds no innate agent, only tensors (an export from PyTorch?)", super::fault::FOREIGN));
    }
    let state = match whole_number(&mut sections, "version")? {
        1 => v1::read(sections),
        VERSION => read_present(sections),
        version => {
            let reason = format!("is a checkpoint of version {version}, and this release reads versions 1 to {VERSION}");
            Err(if version > VERSION { Fault::newer(&reason) } else { Fault::damaged(reason) })
        }
    }?;
    check(&state).map_err(|reason| Fault::damaged(format!("its metadata: {reason}")))?;
    Ok(state)
}

fn read_present(mut sections: Sections) -> Result<AgentState, Fault> {
    let model = read_model(object(&mut sections, "model")?)?;
    let rollout = read_rollout(object(&mut sections, "rollout")?)?;
    let step = read_optimizer(object(&mut sections, "optimizer")?)?;
    let (seed, rollouts) = read_streams(object(&mut sections, "streams")?)?;
    let normalizer = if sections.contains_key("normalization") {
        read_normalizer(object(&mut sections, "normalization")?)?
    } else {
        Normalizer::default()
    };
    Ok(AgentState {
        model,
        rollout,
        seed,
        rollouts,
        parameters: Vec::new(),
        optimizer: AdamState { step, ..AdamState::default() },
        normalizer,
        note: text(&mut sections, "note")?,
        sections,
    })
}

/// Says what is wrong with a state that no agent can go on from, its numbers apart.
pub(super) fn check(state: &AgentState) -> Result<(), String> {
    let valid = state.model.validate().and_then(|()| state.rollout.validate(&state.model));
    valid.and_then(|()| state.normalizer.check(&state.model)).map_err(|error| match error {
        Error::Invalid { path, message } => format!("`{path}` {message}"),
        other => other.to_string(),
    })?;
    let numbers = [
        ("seed", state.seed),
        ("rollouts", state.rollouts),
        ("step", state.optimizer.step),
        // Unbounded where the model reads no tokens.
        ("vocabulary", state.model.vocabulary as u64),
        ("startToken", state.rollout.start_token as u64),
    ];
    match numbers.into_iter().find(|(_, number)| *number > MAX_COUNTER) {
        Some((name, number)) => Err(format!("`{name}` must be at most {MAX_COUNTER}, got {number}")),
        None => Ok(()),
    }
}

pub(super) fn text(sections: &mut Sections, name: &str) -> Result<String, Fault> {
    sections.remove(name).ok_or_else(|| Fault::damaged(format!("its metadata lacks `{name}`")))
}

pub(super) fn whole_number(sections: &mut Sections, name: &str) -> Result<u64, Fault> {
    let text = text(sections, name)?;
    let wrong = |_| Fault::damaged(format!("`{name}` in its metadata must be a whole number, got {}", clip(&text)));
    text.parse().map_err(wrong)
}

pub(super) fn object(sections: &mut Sections, name: &str) -> Result<Fields, Fault> {
    Fields::parse(name, &text(sections, name)?)
}

pub(super) fn write_model(model: &ModelSpec) -> Value {
    let ModelSpec { vocabulary, encoder, inputs, layers, hidden, recurrent, attention, action } = model;
    let mut section = json!({
        "vocabulary": vocabulary,
        "encoder": match encoder {
            Encoder::None => json!({ "kind": "none" }),
            Encoder::Pooled { stages, pooling, .. } => {
                let pooling = match pooling { Pooling::Own => "own", Pooling::Batch => "batch" };
                json!({ "kind": "pooled", "stages": stages, "pooling": pooling })
            }
            Encoder::Recurrent { stages, direction: Direction::Forward, .. } => json!({ "kind": "recurrent", "stages": stages }),
            Encoder::Recurrent { stages, direction: Direction::Backward, .. } => {
                json!({ "kind": "recurrent", "stages": stages, "backward": true })
            }
        },
        "inputs": inputs.iter().map(write_input).collect::<Vec<_>>(),
        "layers": layers,
        "hidden": hidden,
        "action": match action { Action::Categorical { size } => json!({ "kind": "categorical", "size": size }) },
    });
    // Said only where it is not so, as files have been before.
    if model.reads_values() {
        section["encoder"]["values"] = json!(true);
    }
    if !recurrent {
        section["recurrent"] = json!(false);
    }
    if *attention != Attention::NONE {
        section["attention"] = write_attention(*attention);
    }
    section
}

fn write_attention(Attention { prompt, history }: Attention) -> Value {
    let mut section = json!({ "prompt": prompt });
    if let Some(History { window }) = history {
        section["history"] = json!({ "window": window });
    }
    section
}

fn read_attention(mut fields: Fields) -> Result<Attention, Fault> {
    let attention =
        Attention { prompt: fields.flag("prompt")?, history: fields.object_or_absent("history")?.map(read_history).transpose()? };
    fields.end().map(|()| attention)
}

fn read_history(mut fields: Fields) -> Result<History, Fault> {
    let history = History { window: fields.size("window")? };
    fields.end().map(|()| history)
}

fn read_model(mut fields: Fields) -> Result<ModelSpec, Fault> {
    let model = ModelSpec {
        vocabulary: fields.size("vocabulary")?,
        encoder: read_encoder(fields.object("encoder")?)?,
        inputs: fields.objects("inputs")?.into_iter().map(read_input).collect::<Result<_, _>>()?,
        layers: fields.size("layers")?,
        hidden: fields.size("hidden")?,
        recurrent: fields.flag_or("recurrent", true)?,
        attention: fields.object_or_absent("attention")?.map_or(Ok(Attention::NONE), read_attention)?,
        action: read_action(fields.object("action")?)?,
    };
    fields.end().map(|()| model)
}

fn read_encoder(mut fields: Fields) -> Result<Encoder, Fault> {
    let encoder = match fields.text("kind")?.as_str() {
        "none" => Encoder::None,
        "pooled" => {
            let pooling = match fields.text("pooling")?.as_str() {
                "own" => Pooling::Own,
                "batch" => Pooling::Batch,
                other => return Err(fields.unknown("pooling", other)),
            };
            Encoder::Pooled { stages: fields.size("stages")?, pooling, values: fields.flag_or("values", false)? }
        }
        "recurrent" => {
            let direction = if fields.flag_or("backward", false)? { Direction::Backward } else { Direction::Forward };
            Encoder::Recurrent { stages: fields.size("stages")?, direction, values: fields.flag_or("values", false)? }
        }
        other => return Err(fields.unknown("kind", other)),
    };
    fields.end().map(|()| encoder)
}

fn write_input(input: &Input) -> Value {
    match input {
        Input::PreviousAction => json!({ "kind": "previousAction" }),
        Input::EpisodeStart => json!({ "kind": "episodeStart" }),
        Input::Clock => json!({ "kind": "clock" }),
        Input::Discrete { sizes } => json!({ "kind": "discrete", "sizes": sizes }),
        Input::Dense { width } => json!({ "kind": "dense", "width": width }),
    }
}

fn read_input(mut fields: Fields) -> Result<Input, Fault> {
    let input = match fields.text("kind")?.as_str() {
        "previousAction" => Input::PreviousAction,
        "episodeStart" => Input::EpisodeStart,
        "clock" => Input::Clock,
        "discrete" => Input::Discrete { sizes: fields.sizes("sizes")? },
        "dense" => Input::Dense { width: fields.size("width")? },
        other => return Err(fields.unknown("kind", other)),
    };
    fields.end().map(|()| input)
}

fn read_action(mut fields: Fields) -> Result<Action, Fault> {
    let action = match fields.text("kind")?.as_str() {
        "categorical" => Action::Categorical { size: fields.size("size")? },
        other => return Err(fields.unknown("kind", other)),
    };
    fields.end().map(|()| action)
}

fn write_rollout(rollout: &RolloutSpec) -> Value {
    let RolloutSpec { horizon, start_token, action_mask } = rollout;
    json!({ "horizon": horizon, "startToken": start_token, "actionMask": action_mask })
}

fn read_rollout(mut fields: Fields) -> Result<RolloutSpec, Fault> {
    let rollout = RolloutSpec {
        horizon: fields.size("horizon")?,
        start_token: fields.size("startToken")?,
        action_mask: fields.mask("actionMask")?,
    };
    fields.end().map(|()| rollout)
}

/// Adam's step.
fn read_optimizer(mut fields: Fields) -> Result<u64, Fault> {
    let step = match fields.text("kind")?.as_str() {
        "adam" => fields.number("step")?,
        other => return Err(fields.unknown("kind", other)),
    };
    fields.end().map(|()| step)
}

/// The seed, and the sampled rollouts.
fn read_streams(mut fields: Fields) -> Result<(u64, u64), Fault> {
    let streams = (fields.number("seed")?, fields.number("rollouts")?);
    fields.end().map(|()| streams)
}

fn write_normalizer(normalizer: &Normalizer) -> Value {
    let write = |running: &Option<Running>| {
        running.as_ref().map(|Running { count, mean, variance }| json!({ "count": count, "mean": mean, "variance": variance }))
    };
    json!({ "observations": write(&normalizer.observations), "returns": write(&normalizer.returns) })
}

fn read_normalizer(mut fields: Fields) -> Result<Normalizer, Fault> {
    let normalizer =
        Normalizer { observations: read_running(&mut fields, "observations")?, returns: read_running(&mut fields, "returns")? };
    fields.end().map(|()| normalizer)
}

fn read_running(fields: &mut Fields, name: &str) -> Result<Option<Running>, Fault> {
    let Some(mut running) = fields.optional_object(name)? else { return Ok(None) };
    let read = Running { count: running.float("count")?, mean: running.floats("mean")?, variance: running.floats("variance")? };
    running.end().map(|()| Some(read))
}

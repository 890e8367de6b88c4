//! Files of version 1: one kind of network, described together with its rollouts, and each counter in a text of its own. The tensors are
//! today's.

use super::fault::Fault;
use super::fields::Fields;
use super::sections::{Sections, object, text, whole_number};
use crate::agent::AgentState;
use crate::collect::Normalizer;
use crate::data::RolloutSpec;
use crate::model::{ModelSpec, Pooling};
use crate::optimizer::AdamState;

/// A state without its numbers. There were no sections that a release did not know.
pub(super) fn read(mut sections: Sections) -> Result<AgentState, Fault> {
    let mut config = object(&mut sections, "config")?;
    Ok(AgentState {
        normalizer: Normalizer::default(),
        model: read_model(&mut config)?,
        rollout: RolloutSpec {
            horizon: config.size("horizon")?,
            start_token: config.size("startToken")?,
            action_mask: config.mask("actionMask")?,
        },
        seed: whole_number(&mut sections, "seed")?,
        rollouts: whole_number(&mut sections, "rollouts")?,
        parameters: Vec::new(),
        optimizer: AdamState { step: whole_number(&mut sections, "adam.step")?, ..AdamState::default() },
        note: text(&mut sections, "note")?,
        sections: Sections::new(),
    })
}

fn read_model(config: &mut Fields) -> Result<ModelSpec, Fault> {
    let pooling = match config.text("pooling")?.as_str() {
        "own" => Pooling::Own,
        "batch" => Pooling::Batch,
        _ => return Err(Fault::damaged("`config.pooling` in its metadata must be own or batch")),
    };
    Ok(ModelSpec::open_loop(config.size("vocabSize")?, config.size("stageCount")?, config.size("hiddenSize")?, pooling))
}

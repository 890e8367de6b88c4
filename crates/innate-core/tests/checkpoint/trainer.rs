//! What a trainer keeps beside an agent, which belongs to one state of it.

use innate_core::AgentState;
use innate_core::checkpoint::{TRAINER, TRAINER_OF, decode, encode, take_trainer, with_trainer};

use super::{state, state_of_inputs, with_section};

#[test]
fn a_trainers_text_comes_back_and_is_no_part_of_the_agent() {
    for state in [state(), state_of_inputs()] {
        let bytes = encode(&with_trainer(state.clone(), "{\"a\":\"\u{20ac}\"}".to_owned()), "x").unwrap();
        let mut read = decode(&bytes, "x").unwrap();
        assert_eq!(take_trainer(&mut read).unwrap(), "{\"a\":\"\u{20ac}\"}");
        assert_eq!(read, state);
        assert_eq!(take_trainer(&mut read), None, "an agent that is saved again has none");
    }
}

/// A release that keeps what it does not know has trained the agent further.
#[test]
fn the_text_of_another_state_is_left_aside() {
    let edits: [fn(&mut AgentState); 2] = [|state| state.rollouts += 1, |state| state.optimizer.step += 1];
    for edit in edits {
        let mut later = decode(&encode(&with_trainer(state(), "{}".to_owned()), "x").unwrap(), "x").unwrap();
        edit(&mut later);
        assert_eq!(take_trainer(&mut later), None);
        assert!(!later.sections.contains_key(TRAINER) && !later.sections.contains_key(TRAINER_OF));
    }
    let bytes = encode(&with_trainer(state(), "{}".to_owned()), "x").unwrap();
    let edited = with_section(&bytes, TRAINER, "{ }");
    assert_eq!(take_trainer(&mut decode(&edited, "x").unwrap()), None, "a text that was changed");
    for said in ["", "{}", "[", "{\"rollouts\":3,\"step\":4,\"x\":1}"] {
        assert_eq!(take_trainer(&mut decode(&with_section(&bytes, TRAINER_OF, said), "x").unwrap()), None, "{said}");
    }
}

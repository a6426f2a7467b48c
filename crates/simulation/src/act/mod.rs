//! Carrying out what people do, and writing it into the ledger.

mod author;
mod crm;
mod outlook;
mod service;

pub(crate) use service::CREDITS_BACK;

use emulators::core::service::Refused;

use crate::history::Act;
use crate::stage::{Stage, locked};

/// Whether a deed was done. One that is not possible as things are is none: its contact is gone, or was never made.
type Done = Result<(), Refused>;

/// Carries out one act.
pub(crate) fn perform(stage: &Stage, act: &Act) {
    {
        let mut ledger = locked(&stage.ledger);
        ledger.acts += 1;
        ledger.acts_after_start += u32::from(ledger.started);
    }
    let done = match act {
        Act::Crm(act) => crm::perform(stage, act),
        Act::Outlook(person, act) => outlook::perform(stage, *person, act),
        Act::Author(person, act) => {
            author::perform(stage, *person, act);
            Ok(())
        }
        Act::Service(act) => service::perform(stage, *act),
    };
    match done {
        Ok(()) => stage.note(format!("{act:?}")),
        Err(refused) => stage.note(format!("{act:?}: not possible, {refused}")),
    }
}

fn impossible(what: &str) -> Refused {
    Refused {
        at: "act".to_owned(),
        problem: what.to_owned(),
    }
}

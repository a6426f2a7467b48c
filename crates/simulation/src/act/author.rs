//! What the author of a sync changes in its manifest.

use crate::history::AuthorAct;
use crate::stage::{Stage, locked};

pub(super) fn perform(stage: &Stage, person: usize, act: &AuthorAct) {
    let mut ledger = locked(&stage.ledger);
    let mut all = locked(&stage.declared);
    let period = ledger.period;
    let (Some(declared), Some(sync)) = (all.get_mut(person), ledger.syncs.get_mut(person)) else {
        return;
    };
    match act {
        AuthorAct::Enable(enabled) => {
            declared.enabled = *enabled;
            sync.switched = Some(period);
        }
        AuthorAct::Declare(other) => {
            if other.mapping != declared.mapping {
                sync.remapped = Some(period);
            }
            if other.folder != declared.folder {
                sync.named = Some(period);
            }
            sync.declared = Some(period);
            *declared = other.clone();
        }
        AuthorAct::Reenable => sync.reenabled = Some(period),
        AuthorAct::Approve => sync.approved = Some(period),
    }
}

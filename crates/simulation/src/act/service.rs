//! What the services do on their own.

use jiff::SignedDuration;
use serde_json::json;

use super::{Done, impossible};
use crate::history::ServiceAct;
use crate::ledger::id_of;
use crate::stage::{Stage, locked};
use crate::world::user_id;

pub(super) fn perform(stage: &Stage, act: ServiceAct) -> Done {
    let world = &stage.world;
    let action = match act {
        ServiceAct::ExpireGraphTokens => json!({"do": "revoke_tokens"}),
        ServiceAct::ResetDelta(person) => json!({"do": "expire_delta_tokens", "user": user_id(person)}),
        ServiceAct::FalseRemoved(person, label) => {
            let item = locked(&stage.ledger).item(world, person, label);
            let item = item.ok_or_else(|| impossible("there is no such item"))?;
            json!({"do": "announce_removed", "user": user_id(person), "contact": id_of(&item)})
        }
        ServiceAct::RepeatPages(person, pages) => {
            let folder = container(stage, person)?;
            let mut ledger = locked(&stage.ledger);
            ledger.without_rounds = Some(ledger.period);
            drop(ledger);
            json!({"do": "loop_delta", "user": user_id(person), "folder": folder, "pages": pages})
        }
        ServiceAct::Touch(person) => {
            json!({"do": "touch", "user": user_id(person), "folder": container(stage, person)?})
        }
        ServiceAct::ExpireZohoTokens => {
            return world.in_crm(&json!({"do": "expire_tokens"})).map(|_| ());
        }
        ServiceAct::UseCredits => {
            locked(&stage.ledger).credits_used = true;
            return world
                .in_crm(&json!({"do": "use_credits", "credits": 1_000_000}))
                .map(|_| ());
        }
        ServiceAct::HideOthers(hidden) => {
            let mut ledger = locked(&stage.ledger);
            ledger.rights_changed = Some(ledger.period);
            ledger.hidden = hidden;
            let action = json!({"do": "set_profile", "name": "Administrator", "allRecords": !hidden});
            return world.in_crm(&action).map(|_| ());
        }
    };
    world.in_office(&action).map(|_| ())
}

fn container(stage: &Stage, person: usize) -> Result<String, emulators::core::service::Refused> {
    let container = stage.world.container(person);
    container.ok_or_else(|| impossible("there is no container"))
}

/// How long the CRM takes to forget the credits that were used up.
pub(crate) const CREDITS_BACK: SignedDuration = SignedDuration::from_hours(25);

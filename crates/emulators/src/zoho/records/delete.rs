//! `DELETE /Contacts?ids=` and `DELETE /Contacts/{id}`

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::change::{self, Deed};
use crate::zoho::answer::{Answer, Outcome, bad_request, invalid_param, missing_param, no_permission};
use crate::zoho::auth::Session;
use crate::zoho::call::Call;
use crate::zoho::state::World;

const PERMISSION: &str = "Crm_Implied_Delete_Contacts";

/// Why a record stays.
enum Stays {
    Unknown,
    Locked,
}

pub(in crate::zoho) fn many(world: &mut World, now: Timestamp, session: &Session, call: &Call) -> Outcome {
    let ids = call.list("ids").ok_or_else(|| missing_param("ids"))?;
    if ids.len() > 100 {
        return Err(invalid_param("ids"));
    }
    permitted(world, session)?;
    let outcomes: Vec<(&str, Result<(), Stays>)> = ids
        .iter()
        .map(|id| (*id, remove(world, now, session, call, id)))
        .collect();
    let gone = outcomes.iter().filter(|(_, outcome)| outcome.is_ok()).count();
    if let [(id, Err(why))] = outcomes.as_slice() {
        return Err(refusal(why, json!({"id": id})));
    }
    let data: Vec<Value> = outcomes
        .iter()
        .map(|(id, outcome)| match outcome {
            Ok(()) => success(id),
            Err(_) => json!({
                "code": "INVALID_DATA",
                "details": {"id": id},
                "message": "the id given seems to be invalid",
                "status": "error",
            }),
        })
        .collect();
    let status = if gone == outcomes.len() {
        StatusCode::OK
    } else {
        StatusCode::MULTI_STATUS
    };
    Ok(Answer::json(status, json!({"data": data})))
}

pub(in crate::zoho) fn one(
    world: &mut World,
    now: Timestamp,
    session: &Session,
    call: &Call,
    id: &str,
) -> Outcome {
    permitted(world, session)?;
    match remove(world, now, session, call, id) {
        Ok(()) => Ok(Answer::ok(json!({"data": [success(id)]}))),
        Err(Stays::Unknown) => Err(refusal(&Stays::Unknown, json!({"resource_path_index": 1}))),
        Err(why) => Err(refusal(&why, json!({"id": id}))),
    }
}

fn permitted(world: &World, session: &Session) -> Result<(), Answer> {
    if world.orgs[session.org].permits(session.user, PERMISSION) {
        Ok(())
    } else {
        Err(no_permission(PERMISSION))
    }
}

fn remove(world: &mut World, now: Timestamp, session: &Session, call: &Call, id: &str) -> Result<(), Stays> {
    let org = &mut world.orgs[session.org];
    let id: u64 = id.parse().map_err(|_| Stays::Unknown)?;
    let contact = org
        .contacts
        .get(id)
        .filter(|contact| session.sees(contact))
        .ok_or(Stays::Unknown)?;
    if contact.locked {
        return Err(Stays::Locked);
    }
    if !org.owners_in_scope.is_empty() && !org.owners_in_scope.contains(&contact.owner) {
        world.counters.one("writes_outside_owners");
    }
    let deed = Deed {
        by: session.user,
        at: now,
        action: "deleted",
        source: "crm_api",
    };
    change::delete(org, &mut world.ids, id, &deed, false);
    world.counters.one("deletes_by_api");
    world.counters.one("writes_by_api");
    // Zoho's own client for Python writes `False`.
    let quiet = call
        .param("wf_trigger")
        .is_some_and(|value| value.eq_ignore_ascii_case("false"));
    if !quiet {
        world.counters.one("automation_runs");
        world.counters.one("notifications_sent");
        world.counters.one("mails_sent");
    }
    Ok(())
}

fn success(id: &str) -> Value {
    json!({"code": "SUCCESS", "details": {"id": id}, "message": "record deleted", "status": "success"})
}

fn refusal(why: &Stays, details: Value) -> Answer {
    match why {
        Stays::Unknown => bad_request("INVALID_DATA", "the id given seems to be invalid", details),
        Stays::Locked => bad_request("RECORD_LOCKED", "the record is locked", details),
    }
}

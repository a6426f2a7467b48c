//! `PUT /users/{id}` and `DELETE /users/{id}`

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::answer::{Outcome, RowError, flat};
use super::auth::Session;
use super::call::Call;
use super::invitations::Fate;
use super::shape::whole_seconds;
use super::state::{Org, User, World};
use super::user_rows::{
    OWN, at, done, found, is_primary, name, not_in_sandbox, only_row, permitted, reference, refused, seat,
};

/// `PUT /users/{id}`
pub(super) fn update(world: &mut World, now: Timestamp, session: &Session, call: &Call, id: &str) -> Outcome {
    permitted(&world.orgs[session.org], session)?;
    let row = only_row(call)?;
    let org = &world.orgs[session.org];
    let user = found(org, id)?;
    let changed = changeable(org, user.id, now).and_then(|()| changed(org, session, user, &row));
    let changed = match changed {
        Ok(changed) => changed,
        Err(error) => return Err(refused(world, &error)),
    };
    let id = changed.id;
    if let Some(user) = world.orgs[session.org].user_mut(id) {
        *user = User {
            modified: whole_seconds(now),
            ..changed
        };
    }
    world.counters.one("user_updates_by_api");
    Ok(done(
        StatusCode::OK,
        "User updated",
        json!({"id": id.to_string()}),
    ))
}

/// `DELETE /users/{id}`: a pending invitation is withdrawn with it.
pub(super) fn delete(world: &mut World, now: Timestamp, session: &Session, id: &str) -> Outcome {
    permitted(&world.orgs[session.org], session)?;
    let org = &world.orgs[session.org];
    let user = found(org, id)?;
    let details = json!({"json_path": "$.users[0].id", "id": user.id.to_string()});
    let error = match user.status.as_str() {
        _ if org.kind == "sandbox" => Some(not_in_sandbox()),
        "deleted" => Some(RowError::new(
            "ID_ALREADY_DELETED",
            "the user is deleted already",
            details,
        )),
        "closed" => {
            return Err(flat(
                StatusCode::FORBIDDEN,
                "PERMISSION_DENIED",
                "the user is closed",
                json!({}),
            ));
        }
        _ if is_primary(org, user.id) => Some(RowError::new(
            "INVALID_REQUEST",
            "the primary contact cannot be deleted",
            details,
        )),
        _ => None,
    };
    if let Some(error) = error {
        return Err(refused(world, &error));
    }
    let id = user.id;
    let org = &mut world.orgs[session.org];
    org.settle(id, Fate::Withdrawn);
    if let Some(user) = org.user_mut(id) {
        "deleted".clone_into(&mut user.status);
        user.status_reason = None;
        user.modified = whole_seconds(now);
    }
    world.counters.one("user_deletes_by_api");
    Ok(done(StatusCode::OK, "User deleted", json!({})))
}

/// Whether users of the organisation can be changed.
fn changeable(org: &Org, id: u64, now: Timestamp) -> Result<(), RowError> {
    let deleted = org.user(id).is_some_and(|user| user.status == "deleted");
    if org.kind == "sandbox" {
        Err(not_in_sandbox())
    } else if deleted {
        Err(RowError::new(
            "CANNOT_UPDATE_DELETED_USER",
            "the user is deleted",
            json!({}),
        ))
    } else if org.licence.trial_is_over(now) {
        Err(RowError::new(
            "AUTHORIZATION_FAILED",
            "the trial is over",
            json!({}),
        ))
    } else {
        Ok(())
    }
}

/// The user as the row wants it.
fn changed(org: &Org, session: &Session, user: &User, row: &Map<String, Value>) -> Result<User, RowError> {
    let mut changed = user.clone();
    let own = OWN.iter().find(|name| row.contains_key(**name));
    if let Some(own) = own.filter(|_| user.id != session.user) {
        let message = "only the user itself can choose this";
        return Err(RowError::new("NOT_ALLOWED", message, json!({"api_name": own})));
    }
    if row.contains_key("email") {
        let message = "the address of a user cannot be changed here";
        return Err(RowError::new(
            "EMAIL_UPDATE_NOT_ALOWED",
            message,
            json!({"api_name": "email"}),
        ));
    }
    if let Some(status) = row.get("status") {
        set_status(org, session, &mut changed, status)?;
    }
    if let Some(first) = name(row, "first_name")? {
        changed.first_name = Some(first);
    }
    changed.last_name = name(row, "last_name")?.unwrap_or(changed.last_name);
    let profile = reference(row, "profile", |id| org.profile(id).is_some())?;
    let role = reference(row, "role", |id| org.roles.iter().any(|role| role.id == id))?;
    changed.profile = profile.unwrap_or(changed.profile);
    changed.role = role.unwrap_or(changed.role);
    Ok(changed)
}

fn set_status(org: &Org, session: &Session, user: &mut User, status: &Value) -> Result<(), RowError> {
    let details = json!({"id": user.id.to_string(), "json_path": "$.users[0].id"});
    match (status.as_str().unwrap_or_default(), user.status.as_str()) {
        ("active", "active") => Err(RowError::new("ID_ALREADY_ACTIVE", "the user is active", details)),
        ("active", _) => {
            seat(org)?;
            "active".clone_into(&mut user.status);
            user.status_reason = None;
            Ok(())
        }
        ("inactive", "inactive") => Err(RowError::new(
            "ID_ALREADY_DEACTIVATED",
            "the user is inactive",
            details,
        )),
        ("inactive", _) if is_primary(org, user.id) => Err(RowError::new(
            "INVALID_REQUEST",
            "the primary contact cannot be deactivated",
            details,
        )),
        ("inactive", _) if user.id == session.user => Err(RowError::new(
            "INVALID_REQUEST",
            "nobody deactivates themselves",
            json!({}),
        )),
        ("inactive", _) => {
            "inactive".clone_into(&mut user.status);
            user.status_reason = None;
            Ok(())
        }
        _ => Err(at("INVALID_DATA", "pattern not matched", "status")),
    }
}

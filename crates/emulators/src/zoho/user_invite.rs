//! `POST /users`: an unconfirmed user and a mail with an invitation.

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::answer::{Outcome, RowError};
use super::auth::Session;
use super::call::Call;
use super::invitations::{Invitation, is_full};
use super::shape::whole_seconds;
use super::state::{Org, Suite, User, World};
use super::user_rows::{OWN, at, done, name, not_in_sandbox, only_row, permitted, reference, refused, seat};

pub(super) fn invite(world: &mut World, now: Timestamp, session: &Session, call: &Call) -> Outcome {
    permitted(&world.orgs[session.org], session)?;
    let row = only_row(call)?;
    let email = row
        .get("email")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .trim();
    if world.orgs[session.org].pending(email, now).is_some() {
        world.counters.one("invitations_while_pending");
    }
    let checked = admits_users(&world.orgs[session.org], now)
        .and_then(|()| wanted(&world.orgs[session.org], &row, email))
        .and_then(|wanted| mailable(world, session.org, email, now).map(|()| wanted));
    let wanted = match checked {
        Ok(wanted) => wanted,
        Err(error) => return Err(refused(world, &error)),
    };
    let id = world.ids.next();
    let org = &mut world.orgs[session.org];
    let zone = session.zone.clone();
    org.users.push(User {
        id,
        zuid: User::zuid_of(id),
        email: email.to_owned(),
        first_name: Some(wanted.first_name),
        last_name: wanted.last_name,
        profile: wanted.profile,
        role: wanted.role,
        status: "active".to_owned(),
        status_reason: None,
        confirm: false,
        microsoft: false,
        time_zone: org.time_zone.clone(),
        zone,
        created: whole_seconds(now),
        modified: whole_seconds(now),
    });
    org.invitations.push(Invitation::new(id, email, now, true));
    world.counters.one("invitation_mails_sent");
    Ok(done(
        StatusCode::CREATED,
        "User added",
        json!({"id": id.to_string()}),
    ))
}

/// Whether users can be added to the organisation by its own API at all.
fn admits_users(org: &Org, now: Timestamp) -> Result<(), RowError> {
    if org.kind == "sandbox" {
        return Err(not_in_sandbox());
    }
    if org.edition.is_suite() {
        let code = match org.licence.suite {
            Suite::Unapprovable => "UNAPPROVABLE",
            Suite::InvalidRequest => "INVALID_REQUEST",
        };
        let message = "Users of a Zoho One or CRM Plus account are added in that suite";
        return Err(RowError::new(code, message, json!({})));
    }
    if !org.licence.is_paid(org.edition) || org.licence.trial_is_over(now) {
        return Err(RowError::new(
            "FEATURE_NOT_ENABLED",
            "the edition does not allow this",
            json!({}),
        ));
    }
    Ok(())
}

/// What an invitation asks for.
struct Wanted {
    first_name: String,
    last_name: String,
    profile: u64,
    role: u64,
}

fn wanted(org: &Org, row: &Map<String, Value>, email: &str) -> Result<Wanted, RowError> {
    for name in ["first_name", "email", "role", "profile"] {
        if row
            .get(name)
            .is_none_or(|value| value.is_null() || *value == json!(""))
        {
            return Err(at("MANDATORY_NOT_FOUND", "a required member is missing", name));
        }
    }
    if let Some(name) = OWN.iter().find(|name| row.contains_key(**name)) {
        return Err(at("INVALID_DATA", "only the user can choose this", name));
    }
    let mailable = email
        .split_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'));
    // Zoho's own domain is no place for a customer's user.
    if !mailable || email.contains(char::is_whitespace) || email.ends_with("@zoho.com") {
        return Err(RowError::new(
            "INVALID_DATA",
            "the address cannot be used",
            json!({"api_name": "email"}),
        ));
    }
    Ok(Wanted {
        first_name: name(row, "first_name")?.unwrap_or_default(),
        last_name: name(row, "last_name")?.unwrap_or_default(),
        profile: reference(row, "profile", |id| org.profile(id).is_some())?.unwrap_or_default(),
        role: reference(row, "role", |id| org.roles.iter().any(|role| role.id == id))?.unwrap_or_default(),
    })
}

/// Whether an invitation can go to this address, and whether there is a seat for its user.
fn mailable(world: &World, org: usize, email: &str, now: Timestamp) -> Result<(), RowError> {
    let plain = |code, message| Err(RowError::new(code, message, json!({})));
    let own = &world.orgs[org];
    if own
        .user_by_email(email)
        .is_some_and(|user| user.status != "deleted")
    {
        return plain("DUPLICATE_DATA", "a user with this address is there already");
    }
    if world.addresses.of(email).other_data_center {
        return plain(
            "INVALID_DATA",
            "the address is registered with another datacenter",
        );
    }
    if own.was_rejected(email) {
        return plain("INVALID_DATA", "the person rejected an earlier invitation");
    }
    if is_full(&world.orgs, &world.addresses, email, now) {
        return plain("INVALID_REQUEST", "the person has reached the invitation limit");
    }
    seat(own)
}

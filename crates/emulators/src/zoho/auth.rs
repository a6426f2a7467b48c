//! Who calls: the access token, its scopes and the user behind it.

use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

use super::answer::{Answer, flat};
use super::records::store::Contact;
use super::state::{Org, World};

/// A caller with a valid token.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) org: usize,
    pub(super) client: usize,
    pub(super) user: u64,
    pub(super) zone: TimeZone,
    all_records: bool,
}

impl Session {
    /// Rights of the token's user apply to every read: without the right to see all records, those of others
    /// are simply not there.
    pub(super) fn sees(&self, contact: &Contact) -> bool {
        self.all_records || contact.owner == self.user
    }

    pub(super) fn sees_all(&self) -> bool {
        self.all_records
    }
}

/// Finds the session of a request.
pub(super) fn authenticate(world: &World, now: Timestamp, headers: &HeaderMap) -> Result<Session, Answer> {
    let header = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let token = header
        .and_then(|value| value.strip_prefix("Zoho-oauthtoken "))
        .ok_or_else(|| unauthorized("AUTHENTICATION_FAILURE", "Authentication failed"))?;
    let Some(known) = world.tokens.get(token) else {
        return Err(unauthorized("INVALID_TOKEN", "invalid oauth token"));
    };
    if known.displaced {
        return Err(unauthorized("INVALID_OAUTHTOKEN", "invalid oauth token"));
    }
    let org = &world.orgs[known.org];
    let client = &org.clients[known.client];
    if known.expires <= now || client.revoked {
        return Err(unauthorized("INVALID_TOKEN", "invalid oauth token"));
    }
    let user = org
        .user(client.user)
        .filter(|user| user.can_work())
        .ok_or_else(|| unauthorized("AUTHENTICATION_FAILURE", "Authentication failed"))?;
    Ok(Session {
        org: known.org,
        client: known.client,
        user: user.id,
        zone: user.zone.clone(),
        all_records: org
            .profile(user.profile)
            .is_some_and(|profile| profile.all_records),
    })
}

/// Refuses a call for which the token's scopes do not suffice.
pub(super) fn require(org: &Org, session: &Session, scopes: &[&str]) -> Result<(), Answer> {
    let held = &org.clients[session.client].scopes;
    if scopes
        .iter()
        .all(|needed| held.iter().any(|scope| covers(scope, needed)))
    {
        return Ok(());
    }
    Err(unauthorized(
        "OAUTH_SCOPE_MISMATCH",
        "invalid oauth scope to access this URL",
    ))
}

/// `ZohoCRM.settings.ALL` covers `ZohoCRM.settings.fields.READ`, `ZohoCRM.modules.READ` covers
/// `ZohoCRM.modules.Contacts.READ`.
fn covers(held: &str, needed: &str) -> bool {
    let (held, needed) = (held.to_ascii_lowercase(), needed.to_ascii_lowercase());
    if held == needed {
        return true;
    }
    let (Some((group, right)), Some((_, wanted))) = (held.rsplit_once('.'), needed.rsplit_once('.')) else {
        return false;
    };
    (right == "all" || right == wanted)
        && needed
            .strip_prefix(group)
            .is_some_and(|rest| rest.starts_with('.'))
}

fn unauthorized(code: &str, message: &str) -> Answer {
    flat(StatusCode::UNAUTHORIZED, code, message, json!({}))
}

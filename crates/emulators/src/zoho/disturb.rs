//! Disturbances by fault rules.

use http::header::AUTHORIZATION;
use http::request::Parts;
use jiff::Timestamp;

use super::records::change::{self, Change, Deed};
use super::state::World;
use crate::core::faults::Disturbance;

/// Says whether there was anything to disturb.
pub(super) fn disturb(
    world: &mut World,
    disturbance: Disturbance,
    request: &Parts,
    draw: u64,
    now: Timestamp,
) -> bool {
    let token = request
        .headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Zoho-oauthtoken "));
    let Some(token) = token.and_then(|token| world.tokens.get_mut(token)) else {
        return false;
    };
    match disturbance {
        Disturbance::ExpireToken => {
            token.expires = token.expires.min(now);
            true
        }
        Disturbance::Bump => {
            let org = &mut world.orgs[token.org];
            let by = org.clients[token.client].user;
            let Some(id) = target(request.uri.path(), draw, |place| {
                let count = org.contacts.len().max(1);
                org.contacts.iter().nth(place % count).map(|contact| contact.id)
            }) else {
                return false;
            };
            let deed = Deed {
                by,
                at: now,
                action: "updated",
                source: "workflow",
            };
            let known = org.contacts.get(id).is_some();
            change::update(org, &mut world.ids, id, Change::default(), &deed);
            known
        }
        Disturbance::ResetDelta | Disturbance::FalseRemoved | Disturbance::RepeatPage => false,
    }
}

/// The record that the path names, or a drawn one where it names the module only.
fn target(path: &str, draw: u64, nth: impl Fn(usize) -> Option<u64>) -> Option<u64> {
    let rest = path.strip_prefix("/crm/v8/Contacts")?;
    let named = rest.strip_prefix('/').and_then(|rest| rest.split('/').next());
    match named {
        Some(id) if id != "deleted" => id.parse().ok(),
        _ => nth(usize::try_from(draw).unwrap_or(0)),
    }
}

//! Disturbances by fault rules: what a request is about loses its token, its change links, its version.

use http::header::AUTHORIZATION;
use http::request::Parts;
use jiff::Timestamp;

use super::Inner;
use super::http_api::key_of;
use super::mailbox::{DEFAULT, Mailbox};
use super::query::decode;
use crate::core::faults::Disturbance;

/// Says whether there was anything to disturb.
pub(super) fn disturb(
    inner: &mut Inner,
    disturbance: Disturbance,
    request: &Parts,
    draw: u64,
    now: Timestamp,
) -> bool {
    let bearer = request
        .headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| value.split_once(' '));
    let Some(token) = bearer.and_then(|(_, token)| inner.tokens.get_mut(token)) else {
        return false;
    };
    if disturbance == Disturbance::ExpireToken {
        token.expires = token.expires.min(now);
        return true;
    }
    let Some(tenant) = inner.tenants.get_mut(&token.tenant) else {
        return false;
    };
    let Some(segments) = request.uri.path().strip_prefix("/v1.0/") else {
        return false;
    };
    let segments: Vec<String> = segments
        .split('/')
        .filter_map(|segment| decode(segment).ok())
        .collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let own = token.user.clone().unwrap_or_default();
    let (user, rest) = match segments[..] {
        ["me", ref rest @ ..] => (own.as_str(), rest),
        ["users", user, ref rest @ ..] => (user, rest),
        [first, ref rest @ ..] => match key_of(first, "users") {
            Some(user) => (user, rest),
            None => return false,
        },
        _ => return false,
    };
    let index = tenant.user_index(user);
    let Some(user) = index.and_then(|index| tenant.users.get_mut(index)) else {
        return false;
    };
    user.mailbox.run_due(now, tenant.options.last_modified_churn);
    in_mailbox(&mut user.mailbox, disturbance, rest, draw)
}

fn in_mailbox(mailbox: &mut Mailbox, disturbance: Disturbance, rest: &[&str], draw: u64) -> bool {
    let (folder, contact) = match *rest {
        ["contactFolders", folder, "contacts", ref rest @ ..] => {
            (mailbox.folder_key(folder), rest.first().copied())
        }
        ["contacts", ref rest @ ..] => (Some(DEFAULT), rest.first().copied()),
        _ => return false,
    };
    let Some(folder) = folder.and_then(|key| mailbox.folders.get_mut(&key)) else {
        return false;
    };
    let drawn = usize::try_from(draw).unwrap_or(0) % folder.members.len().max(1);
    let drawn = folder.members.iter().nth(drawn).copied();
    match disturbance {
        Disturbance::ExpireToken => return false,
        Disturbance::ResetDelta => {
            folder.log.expired = folder.log.generation;
            return true;
        }
        Disturbance::RepeatPage => {
            folder.log.looping += 1;
            return true;
        }
        Disturbance::FalseRemoved | Disturbance::Bump => {}
    }
    let named = contact.filter(|name| !name.starts_with("delta"));
    let Some(key) = named.map_or(drawn, |name| mailbox.contact_key(name)) else {
        return false;
    };
    if disturbance == Disturbance::Bump {
        mailbox.bump(key);
    } else {
        mailbox.announce_removed(key, "deleted");
    }
    true
}

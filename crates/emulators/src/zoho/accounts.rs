//! The accounts host: access tokens for a refresh token, and its throttle.

use std::collections::BTreeMap;

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::answer::Answer;
use super::ids::scatter;
use super::state::{Token, World};

/// Tokens in ten minutes for one refresh token.
const PER_WINDOW: usize = 10;
const WINDOW: SignedDuration = SignedDuration::from_mins(10);
/// Access tokens in force at the same time.
const ACTIVE: usize = 15;
const LIFETIME: SignedDuration = SignedDuration::from_hours(1);

/// `POST /oauth/v2/token` with its parameters from form and query.
pub(super) fn token(
    world: &mut World,
    now: Timestamp,
    params: &BTreeMap<String, String>,
    api_domain: &str,
) -> Answer {
    let param = |name: &str| params.get(name).map_or("", String::as_str);
    if param("grant_type") != "refresh_token" {
        return refused(world, "unsupported_grant_type");
    }
    let found = world.orgs.iter().enumerate().find_map(|(org, at)| {
        let client = at
            .clients
            .iter()
            .position(|client| client.id == param("client_id") && client.secret == param("client_secret"))?;
        Some((org, client))
    });
    // One client may hold refresh tokens of several users or organisations.
    let grant = world.orgs.iter().enumerate().find_map(|(org, at)| {
        let client = at.clients.iter().position(|client| {
            client.id == param("client_id")
                && client.secret == param("client_secret")
                && client.refresh_token == param("refresh_token")
        })?;
        Some((org, client))
    });
    let Some((org, client)) = grant else {
        return refused(
            world,
            if found.is_some() {
                "invalid_code"
            } else {
                "invalid_client"
            },
        );
    };
    if world.orgs[org].clients[client].revoked {
        return refused(world, "invalid_code");
    }
    grant_token(world, now, org, client, api_domain)
}

fn grant_token(world: &mut World, now: Timestamp, org: usize, client: usize, api_domain: &str) -> Answer {
    let serial = world.opaque();
    let holder = &mut world.orgs[org].clients[client];
    while holder
        .issued
        .front()
        .is_some_and(|at| now.duration_since(*at) >= WINDOW)
    {
        holder.issued.pop_front();
    }
    if holder.issued.len() >= PER_WINDOW {
        world.counters.one("token_throttled");
        // Seen in the field with status 400, documented with 200: one after the other.
        let status = if world.counters.get("token_throttled").is_multiple_of(2) {
            StatusCode::OK
        } else {
            StatusCode::BAD_REQUEST
        };
        let body = json!({
            "error": "Access Denied",
            "error_description": "You have made too many requests continuously. Please try again after some time.",
            "status": "failure",
        });
        return Answer::json(status, body);
    }
    let old = holder.old;
    holder.issued.push_back(now);
    let token = format!(
        "1000.{serial}.{:016x}{:016x}",
        scatter(now.as_second().unsigned_abs()),
        org + client
    );
    let tokens = &mut world.tokens;
    holder
        .active
        .retain(|token| tokens.get(token).is_some_and(|known| known.expires > now));
    while holder.active.len() >= ACTIVE {
        let Some(oldest) = holder.active.pop_front() else {
            break;
        };
        if let Some(known) = tokens.get_mut(&oldest) {
            known.displaced = true;
            world.counters.one("tokens_displaced");
        }
    }
    holder.active.push_back(token.clone());
    let expires = now.saturating_add(LIFETIME).unwrap_or(Timestamp::MAX);
    tokens.insert(
        token.clone(),
        Token {
            org,
            client,
            expires,
            displaced: false,
        },
    );
    world.counters.one("tokens_issued");
    let mut body = json!({
        "access_token": token,
        "api_domain": api_domain,
        "token_type": "Bearer",
        "expires_in": LIFETIME.as_secs(),
    });
    if old {
        body["expires_in_sec"] = json!(LIFETIME.as_secs());
        body["expires_in"] = json!(LIFETIME.as_millis());
    }
    Answer::ok(body)
}

/// Errors come with status 200 most of the time, so that a client which trusts the status fails here.
fn refused(world: &mut World, error: &str) -> Answer {
    world.counters.one("refused_logins");
    let every_third = world.counters.get("refused_logins").is_multiple_of(3);
    let status = if every_third {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    };
    Answer::json(status, json!({"error": error}))
}

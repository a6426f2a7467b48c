//! From HTTP to handlers: login, scopes, concurrency and credits on the way.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use http::{Method, Request, Response, StatusCode, header};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;

use crate::core::service::Origin;

use super::answer::{Answer, Outcome, invalid_url, too_many_requests};
use super::auth::{Session, authenticate, require};
use super::call::Call;
use super::concurrency::is_heavy;
use super::state::World;
use super::{
    ZohoEmulator, accounts, coql, features, fields, modules, org, profiles, records, timeline, user_changes,
    user_invite, users,
};

/// More than the CRM takes in one call.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

pub(super) fn router(emulator: Arc<ZohoEmulator>) -> Router {
    Router::new().fallback(handle).with_state(emulator)
}

async fn handle(State(emulator): State<Arc<ZohoEmulator>>, request: Request<Body>) -> Response<Body> {
    let answer = match request.uri().path() {
        "/oauth/v2/token" => login(&emulator, request).await,
        path if path.starts_with("/crm/v8/") => crm(&emulator, request).await,
        _ => {
            emulator.world().counters.one("unimplemented_calls");
            invalid_url()
        }
    };
    answer.into_response()
}

async fn login(emulator: &ZohoEmulator, request: Request<Body>) -> Answer {
    if request.method() != Method::POST {
        return Answer::json(
            StatusCode::METHOD_NOT_ALLOWED,
            serde_json::json!({"error": "invalid_request"}),
        );
    }
    let (parts, body) = request.into_parts();
    let mut params = pairs(parts.uri.query().unwrap_or_default());
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return invalid_url();
    };
    let form = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if form {
        params.extend(pairs(&String::from_utf8_lossy(&body)));
    }
    let api_domain = emulator.api_domain(&Origin::of(&parts));
    let now = emulator.now();
    accounts::token(&mut emulator.world(), now, &params, &api_domain)
}

fn pairs(text: &str) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(text.as_bytes())
        .into_owned()
        .collect()
}

/// Counts a call as running until it is dropped, also when the caller goes away in the middle.
struct Running<'a> {
    emulator: &'a ZohoEmulator,
    org: usize,
    app: String,
    heavy: bool,
}

impl Running<'_> {
    /// Goes on with a call that turned out to be a heavy one.
    fn heavy(&mut self) -> Result<(), Answer> {
        let mut world = self.emulator.world();
        let org = world.orgs.get_mut(self.org);
        self.heavy = org.is_none_or(|org| org.in_flight.enter_heavy(&self.app));
        if self.heavy {
            return Ok(());
        }
        world.counters.one("throttled");
        Err(too_many_requests(
            "too many requests of this kind are being processed at the same time",
        ))
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        // A reset in the meantime may have taken the organisation away.
        if let Some(org) = self.emulator.world().orgs.get_mut(self.org) {
            org.in_flight.leave(&self.app, self.heavy);
        }
    }
}

async fn crm(emulator: &ZohoEmulator, request: Request<Body>) -> Answer {
    let (parts, body) = request.into_parts();
    let (mut running, pause) = match admit(emulator, &parts.headers) {
        Ok(admitted) => admitted,
        Err(answer) => return trimmed(&parts.method, parts.uri.path(), answer),
    };
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return invalid_url();
    };
    let path = parts.uri.path().trim_start_matches("/crm/v8/");
    let call = Call {
        path: path
            .split('/')
            .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
            .collect(),
        query: pairs(parts.uri.query().unwrap_or_default()),
        method: parts.method.clone(),
        headers: parts.headers,
        body,
    };
    if is_heavy(&call)
        && let Err(answer) = running.heavy()
    {
        return answer;
    }
    if pause > 0 {
        emulator.clock().sleep(Duration::from_millis(pause)).await;
    }
    let now = emulator.now();
    let answer = {
        let mut world = emulator.world();
        perform(&mut world, now, &call).unwrap_or_else(|error| error)
    };
    drop(running);
    trimmed(&parts.method, parts.uri.path(), answer)
}

/// Lets a call in, or answers at once: without a token, or with more calls running than the edition allows.
fn admit<'a>(emulator: &'a ZohoEmulator, headers: &http::HeaderMap) -> Result<(Running<'a>, u64), Answer> {
    let now = emulator.now();
    let mut world = emulator.world();
    world.counters.one("calls");
    let session = match authenticate(&world, now, headers) {
        Ok(session) => session,
        Err(answer) => {
            world.counters.one("unauthorized");
            return Err(answer);
        }
    };
    let org = &mut world.orgs[session.org];
    let app = org.clients[session.client].id.clone();
    let limit = org.concurrency_limit();
    if !org.in_flight.enter(&app, limit) {
        world.counters.one("throttled");
        return Err(too_many_requests(
            "too many requests are being processed at the same time",
        ));
    }
    let pause = org.call_millis;
    Ok((
        Running {
            emulator,
            org: session.org,
            app,
            heavy: false,
        },
        pause,
    ))
}

fn perform(world: &mut World, now: Timestamp, call: &Call) -> Outcome {
    let session =
        authenticate(world, now, &call.headers).inspect_err(|_| world.counters.one("unauthorized"))?;
    let Some(scopes) = scopes(call) else {
        world.counters.one("unimplemented_calls");
        return Err(invalid_url());
    };
    require(&world.orgs[session.org], &session, scopes)
        .inspect_err(|_| world.counters.one("unauthorized"))?;
    let cost = cost(call);
    let org = &mut world.orgs[session.org];
    let limit = org.credit_limit();
    if !org.spent.take(now, cost, limit) {
        world.counters.one("throttled");
        return Err(too_many_requests(
            "the API credits of the last 24 hours are used up",
        ));
    }
    let announced = org.spent.announced(now, limit);
    world.counters.add("credits_used", cost);
    let mut answer = dispatch(world, now, &session, call).unwrap_or_else(|error| error);
    answer.credits_left = announced;
    Ok(answer)
}

/// The scopes that a call needs; nothing for an address that is not emulated.
fn scopes(call: &Call) -> Option<&'static [&'static str]> {
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    // `search`, `upsert` and `actions` stand where an id stands.
    if let ["Contacts", id, ..] = path.as_slice()
        && *id != "deleted"
        && id.parse::<u64>().is_err()
    {
        return None;
    }
    Some(match (call.method.as_str(), path.as_slice()) {
        ("GET", ["org"]) => &["ZohoCRM.org.READ"],
        ("GET", ["users"] | ["users", _]) => &["ZohoCRM.users.READ"],
        ("POST", ["users"]) => &["ZohoCRM.users.CREATE"],
        ("PUT", ["users", _]) => &["ZohoCRM.users.UPDATE"],
        ("DELETE", ["users", _]) => &["ZohoCRM.users.DELETE"],
        ("GET", ["settings", "profiles"] | ["settings", "profiles", _]) => {
            &["ZohoCRM.settings.profiles.READ"]
        }
        ("GET", ["settings", "roles"] | ["settings", "roles", _]) => &["ZohoCRM.settings.roles.READ"],
        ("GET", ["settings", "fields"] | ["settings", "fields", _]) => &["ZohoCRM.settings.fields.READ"],
        ("GET", ["settings", "modules"]) => &["ZohoCRM.settings.modules.READ"],
        ("GET", ["__features", _]) => &["ZohoCRM.features.READ"],
        ("POST", ["coql"]) => &["ZohoCRM.coql.READ", "ZohoCRM.modules.Contacts.READ"],
        ("GET", ["Contacts"] | ["Contacts", _] | ["Contacts", _, "__timeline"]) => {
            &["ZohoCRM.modules.Contacts.READ"]
        }
        ("POST", ["Contacts"]) => &["ZohoCRM.modules.Contacts.CREATE"],
        ("PUT", ["Contacts"] | ["Contacts", _]) => &["ZohoCRM.modules.Contacts.UPDATE"],
        ("DELETE", ["Contacts"] | ["Contacts", _]) => &["ZohoCRM.modules.Contacts.DELETE"],
        _ => return None,
    })
}

/// One credit a call; writes one per ten rows, queries by their LIMIT.
fn cost(call: &Call) -> u64 {
    match (call.method.as_str(), call.path.first().map(String::as_str)) {
        ("POST", Some("coql")) => coql::cost(call),
        ("POST" | "PUT", Some("Contacts")) => records::write::cost(call),
        _ => 1,
    }
}

fn dispatch(world: &mut World, now: Timestamp, session: &Session, call: &Call) -> Outcome {
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    match (call.method.as_str(), path.as_slice()) {
        ("GET", ["org"]) => Ok(org::org(world, session)),
        ("GET", ["users"]) => users::list(world, session, call),
        ("GET", ["users", id]) => Ok(users::one(world, session, id)),
        ("POST", ["users"]) => user_invite::invite(world, now, session, call),
        ("PUT", ["users", id]) => user_changes::update(world, now, session, call, id),
        ("DELETE", ["users", id]) => user_changes::delete(world, now, session, id),
        ("GET", ["settings", "profiles"]) => Ok(profiles::list(world, session)),
        ("GET", ["settings", "profiles", id]) => profiles::one(world, session, id),
        ("GET", ["settings", "roles"]) => Ok(profiles::roles(world, session)),
        ("GET", ["settings", "roles", id]) => Ok(profiles::role(world, session, id)),
        ("GET", ["settings", "fields"]) => fields::list(world, session, call),
        ("GET", ["settings", "fields", id]) => fields::one(world, session, call, id),
        ("GET", ["settings", "modules"]) => modules::list(world, session, call),
        ("GET", ["__features", feature]) => features::one(world, session, feature),
        ("POST", ["coql"]) => coql::query(world, session, call),
        ("GET", ["Contacts"]) => records::list::list(world, now, session, call),
        ("GET", ["Contacts", "deleted"]) => records::deleted::list(world, now, session, call),
        ("GET", ["Contacts", id]) => records::one::one(world, session, call, id),
        ("GET", ["Contacts", id, "__timeline"]) => timeline::list(world, now, session, call, id),
        ("POST", ["Contacts"]) => records::write::create(world, now, session, call),
        ("PUT", ["Contacts"]) => records::write::update(world, now, session, call, None),
        ("PUT", ["Contacts", id]) => records::write::update(world, now, session, call, Some(id)),
        ("DELETE", ["Contacts"]) => records::delete::many(world, now, session, call),
        ("DELETE", ["Contacts", id]) => records::delete::one(world, now, session, call, id),
        _ => Err(invalid_url()),
    }
}

/// Deletions and deleted lists of records answer these errors without `details`.
fn trimmed(method: &Method, path: &str, mut answer: Answer) -> Answer {
    let of_users = path.starts_with("/crm/v8/users/");
    let bare = (*method == Method::DELETE && !of_users) || path.ends_with("/Contacts/deleted");
    let refused = matches!(
        answer.status,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND
    );
    if bare
        && refused
        && let Some(body) = answer.body.as_mut().and_then(serde_json::Value::as_object_mut)
    {
        body.remove("details");
    }
    answer
}

//! From an HTTP request to the call that it means: login, bearer check, permissions, routes.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ambient::Random as _;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::Response;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Method, Request};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::errors::{Failure, Ids, Reply, respond};
use super::query::{Prefer, Query, decode};
use super::tenant::Tenant;
use super::{GraphEmulator, Inner, batch, directory, login, mailbox_api, roles, service_principals};
use crate::core::service::{Context, Origin};

/// Larger bodies are refused, as Graph does.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// What a handler needs besides the request.
#[derive(Clone)]
pub(super) struct Api {
    pub(super) emulator: Arc<GraphEmulator>,
    pub(super) context: Context,
}

/// One request, taken apart.
pub(super) struct Call {
    pub(super) method: Method,
    /// Scheme and host as the caller wrote them: links in answers lead to the same place.
    pub(super) base: String,
    /// The path as it was sent.
    pub(super) path: String,
    /// The decoded segments behind the version.
    pub(super) segments: Vec<String>,
    pub(super) query: Query,
    pub(super) headers: HeaderMap,
    pub(super) prefer: Prefer,
    pub(super) body: Bytes,
}

/// Who calls: established by the bearer token.
pub(super) struct Caller {
    pub(super) tenant: String,
    pub(super) client_id: String,
    /// The person for whom the app acts.
    user: Option<String>,
    permissions: BTreeSet<&'static str>,
}

impl Caller {
    pub(super) fn holds(&self, any: &[&str]) -> bool {
        any.iter().any(|name| self.permissions.contains(name))
    }

    /// A directory call needs one of these permissions.
    pub(super) fn need(&self, any: &[&str]) -> Result<(), Failure> {
        if self.holds(any) {
            return Ok(());
        }
        let text = "Insufficient privileges to complete the operation.";
        Err(Failure::new(403, "Authorization_RequestDenied", text))
    }

    /// A mailbox call needs this permission: consented to, or given by Exchange for this mailbox.
    fn need_in_mailbox(&self, name: &str, tenant: Option<&Tenant>, user: &str) -> Result<(), Failure> {
        let by_exchange = || {
            let app = tenant?.apps.get(&self.client_id)?;
            let user = tenant?.user(user).map(|user| user.id.as_str());
            Some(app.has_exchange_role(name, user))
        };
        if self.holds(&[name]) || by_exchange().unwrap_or(false) {
            return Ok(());
        }
        let text = "Access is denied. Check credentials and try again.";
        Err(Failure::new(403, "ErrorAccessDenied", text))
    }
}

impl Call {
    /// What the body says that it is, without parameters.
    pub(super) fn media_type(&self) -> &str {
        let written = self.headers.get(CONTENT_TYPE);
        let written = written.and_then(|value| value.to_str().ok()).unwrap_or_default();
        written.split(';').next().unwrap_or_default().trim()
    }

    /// The JSON object of the body.
    pub(super) fn json(&self) -> Result<Map<String, Value>, Failure> {
        let wrong = || {
            Failure::new(
                400,
                "BadRequest",
                "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.",
            )
        };
        if self.media_type() != "application/json" {
            return Err(wrong());
        }
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(body)) => Ok(body),
            _ => Err(wrong()),
        }
    }

    pub(super) fn url(&self, query: &str) -> String {
        format!("{}{}?{query}", self.base, self.path)
    }

    pub(super) fn context(&self, what: &str) -> String {
        format!("{}/v1.0/$metadata#{what}", self.base)
    }
}

pub(super) fn router(emulator: Arc<GraphEmulator>, context: Context) -> Router {
    Router::new()
        .fallback(handle)
        .with_state(Api { emulator, context })
}

async fn handle(State(api): State<Api>, request: Request<Body>) -> Response {
    answer(&api, request).await
}

/// Answers one request: also the way in for the parts of a batch where no server stands around the service.
pub(super) async fn answer(api: &Api, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let now = api.emulator.now();
    let ids = Ids::of(&parts.headers, api.emulator.lock().guid());
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY).await else {
        let failure = Failure::new(413, "RequestEntityTooLarge", "The request is larger than 4 MB.");
        return respond(Err(failure), &ids, now);
    };
    let path = parts.uri.path().to_owned();
    if let Some(answer) = login::host(&mut api.emulator.lock(), &parts, &body, now) {
        return answer;
    }
    let outcome = match take_apart(&parts, path, body) {
        Ok(call) => route(api, &call, &ids).await,
        Err(failure) => Err(failure),
    };
    respond(outcome, &ids, api.emulator.now())
}

fn take_apart(parts: &http::request::Parts, path: String, body: Bytes) -> Result<Call, Failure> {
    let Some(rest) = path.strip_prefix("/v1.0/") else {
        let first = path.split('/').nth(1).unwrap_or_default();
        return Err(Failure::unknown_path(first));
    };
    let segments = rest.split('/').map(decode).collect::<Result<Vec<_>, _>>()?;
    Ok(Call {
        method: parts.method.clone(),
        base: Origin::of(parts).0,
        segments,
        query: Query::parse(&path, parts.uri.query().unwrap_or_default())?,
        prefer: Prefer::of(&parts.headers),
        headers: parts.headers.clone(),
        path,
        body,
    })
}

async fn route(api: &Api, call: &Call, ids: &Ids) -> Result<Reply, Failure> {
    let caller = authenticate(&api.emulator, &call.headers)?;
    let mut segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    if segments.first() == Some(&"me") {
        let Some(user) = &caller.user else {
            let text = "/me request is only valid with delegated authentication flow.";
            return Err(Failure::new(400, "BadRequest", text));
        };
        segments.splice(..1, ["users", user.as_str()]);
    }
    if let ["$batch"] = segments[..] {
        return batch::run(api, call, ids).await;
    }
    let (user, rest) = match segments[..] {
        ["users", user, ref rest @ ..] if !rest.is_empty() => (user, rest),
        [first, ref rest @ ..] if !rest.is_empty() && key_of(first, "users").is_some() => {
            (key_of(first, "users").unwrap_or_default(), rest)
        }
        _ => {
            let now = api.emulator.now();
            return directory_call(&mut api.emulator.lock(), &caller, call, &segments, now);
        }
    };
    mailbox_call(api, &caller, call, user, rest).await
}

/// The key in `name('key')`.
pub(super) fn key_of<'a>(segment: &'a str, name: &str) -> Option<&'a str> {
    segment.strip_prefix(name)?.strip_prefix("('")?.strip_suffix("')")
}

/// The key in `name(property='key')`.
fn alternate_key<'a>(segment: &'a str, name: &str, property: &str) -> Option<&'a str> {
    let rest = segment
        .strip_prefix(name)?
        .strip_prefix('(')?
        .strip_prefix(property)?;
    rest.strip_prefix("='")?.strip_suffix("')")
}

fn authenticate(emulator: &GraphEmulator, headers: &HeaderMap) -> Result<Caller, Failure> {
    let refuse = |text: &str| {
        Failure::new(401, "InvalidAuthenticationToken", text).with("www-authenticate", "Bearer".to_owned())
    };
    let token = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token)
        .ok_or_else(|| refuse("Access token is empty."))?;
    let now = emulator.now();
    let inner = emulator.lock();
    match inner.tokens.get(token) {
        None => Err(refuse("CompactToken parsing failed with error code: 80049217")),
        Some(token) if token.expires <= now => {
            Err(refuse("Lifetime validation failed, the token is expired."))
        }
        Some(token) => Ok(Caller {
            tenant: token.tenant.clone(),
            client_id: token.client_id.clone(),
            user: token.user.clone(),
            permissions: token.permissions.clone(),
        }),
    }
}

fn directory_call(
    inner: &mut Inner,
    caller: &Caller,
    call: &Call,
    segments: &[&str],
    now: Timestamp,
) -> Result<Reply, Failure> {
    let Some(tenant) = inner.tenants.get(&caller.tenant) else {
        return Err(Failure::new(
            401,
            "InvalidAuthenticationToken",
            "The tenant is gone.",
        ));
    };
    let known = [
        "organization",
        "users",
        "servicePrincipals",
        "directoryRoles",
        "groups",
    ];
    let first = segments.first().copied().unwrap_or_default();
    let collection = first.split('(').next().unwrap_or_default();
    if !known.contains(&collection) {
        return Err(Failure::unknown_path(first));
    }
    if call.method != Method::GET {
        return Err(Failure::method());
    }
    match *segments {
        ["organization"] => directory::organization(tenant, caller, call),
        ["users"] => directory::users(tenant, caller, call),
        ["users", user] => directory::user(tenant, caller, call, user),
        [user] if key_of(user, "users").is_some() => {
            directory::user(tenant, caller, call, key_of(user, "users").unwrap_or_default())
        }
        ["groups", group, "members"] => directory::group_members(tenant, caller, call, group),
        ["directoryRoles"] => roles::list(tenant, caller, call),
        ["directoryRoles", role, "members"] => roles::members(tenant, caller, call, role, now),
        [first] if alternate_key(first, "directoryRoles", "roleTemplateId").is_some() => {
            let template = alternate_key(first, "directoryRoles", "roleTemplateId").unwrap_or_default();
            roles::by_template(tenant, caller, call, template)
        }
        [first] if alternate_key(first, "servicePrincipals", "appId").is_some() => {
            let app = alternate_key(first, "servicePrincipals", "appId").unwrap_or_default();
            service_principals::by_app_id(tenant, caller, call, app)
        }
        ["servicePrincipals", id] => service_principals::by_id(tenant, caller, call, id),
        ["servicePrincipals", id, "appRoleAssignments"] => {
            service_principals::assignments(tenant, caller, call, id)
        }
        ["servicePrincipals", id, "appRoleAssignedTo"] => {
            service_principals::assigned_to(tenant, caller, call, id)
        }
        _ => Err(Failure::unknown_path(
            segments.last().copied().unwrap_or_default(),
        )),
    }
}

/// Leaves the mailbox's gate however the request ends.
struct InFlight {
    emulator: Arc<GraphEmulator>,
    tenant: String,
    gate: (String, String),
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut inner = self.emulator.lock();
        let gate = inner
            .tenants
            .get_mut(&self.tenant)
            .and_then(|tenant| tenant.gates.get_mut(&self.gate));
        if let Some(gate) = gate {
            gate.leave();
        }
    }
}

async fn mailbox_call(
    api: &Api,
    caller: &Caller,
    call: &Call,
    user: &str,
    rest: &[&str],
) -> Result<Reply, Failure> {
    let (guard, latency, id) = enter(api, caller, call, user, rest)?;
    if latency > 0 {
        api.context.clock.sleep(Duration::from_millis(latency)).await;
    }
    let now = api.emulator.now();
    let outcome = {
        let inner = &mut *api.emulator.lock();
        let outcome = mailbox_api::run(inner, caller, call, &id, rest, now);
        let tenant = inner.tenants.get(&caller.tenant);
        let nested = tenant.is_some_and(|tenant| tenant.options.nested_errors);
        outcome.map_err(|failure| Failure { nested, ..failure })
    };
    drop(guard);
    outcome
}

/// Permission, user, mailbox and throttle, in the order in which the service looks.
fn enter(
    api: &Api,
    caller: &Caller,
    call: &Call,
    user: &str,
    rest: &[&str],
) -> Result<(InFlight, u64, String), Failure> {
    let now = api.emulator.now();
    let mut inner = api.emulator.lock();
    let inner = &mut *inner;
    let need = |name| caller.need_in_mailbox(name, inner.tenants.get(&caller.tenant), user);
    match rest.first().copied().unwrap_or_default() {
        "contactFolders" | "contacts" => {
            need("Contacts.ReadWrite")?;
            inner.counters.add("mailbox_requests");
            if !call.prefer.immutable_id {
                inner.counters.add("requests_without_immutable_id");
            }
        }
        "mailboxSettings" => need("MailboxSettings.Read")?,
        "sendMail" => need("Mail.Send")?,
        other => return Err(Failure::unknown_path(other)),
    }
    let jitter = inner.random.next_u64();
    let Some(tenant) = inner.tenants.get_mut(&caller.tenant) else {
        return Err(Failure::new(
            401,
            "InvalidAuthenticationToken",
            "The tenant is gone.",
        ));
    };
    let Some(found) = tenant.user(user) else {
        // Exchange names an unknown address and an unknown object id differently.
        return Err(if user.contains('@') {
            Failure::new(
                404,
                "ErrorInvalidUser",
                format!("The requested user '{user}' is invalid."),
            )
        } else {
            Failure::new(404, "ResourceNotFound", "Resource could not be discovered.")
        });
    };
    if !found.has_mailbox {
        let text = "The mailbox is either inactive, soft-deleted, or is hosted on-premise.";
        return Err(Failure::new(404, "MailboxNotEnabledForRESTAPI", text));
    }
    if caller.user.as_ref().is_some_and(|own| *own != found.id) {
        let text = "Access is denied. Check credentials and try again.";
        return Err(Failure::new(403, "ErrorAccessDenied", text));
    }
    let id = found.id.clone();
    let gate = (caller.client_id.clone(), id.clone());
    let state = tenant.gates.entry(gate.clone()).or_default();
    match state.enter(now, &tenant.options, call.body.len(), jitter) {
        Ok(in_flight) => inner.counters.at_least("max_in_flight", in_flight),
        Err(failure) => {
            inner.counters.add("throttled");
            return Err(failure);
        }
    }
    let emulator = Arc::clone(&api.emulator);
    Ok((
        InFlight {
            emulator,
            tenant: caller.tenant.clone(),
            gate,
        },
        tenant.options.latency_ms,
        id,
    ))
}

//! The login host: tokens for apps by client credentials.

use std::borrow::Cow;
use std::collections::HashMap;

use ambient::Random as _;
use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::tenant::Tenant;
use super::{Inner, Token};
use crate::core::service::Origin;

/// What an app may do for the person who signed in to it.
const DELEGATED: [&str; 3] = ["Contacts.ReadWrite", "MailboxSettings.Read", "User.Read"];

/// The scopes that mean "what was consented to", one per cloud.
const SCOPES: [&str; 4] = [
    "https://graph.microsoft.com/.default",
    "https://graph.microsoft.us/.default",
    "https://dod-graph.microsoft.us/.default",
    "https://microsoftgraph.chinacloudapi.cn/.default",
];

struct Refusal {
    status: u16,
    error: &'static str,
    code: u32,
    text: String,
    retry_after: Option<i64>,
}

fn refuse(status: u16, error: &'static str, code: u32, text: impl Into<String>) -> Refusal {
    Refusal {
        status,
        error,
        code,
        text: text.into(),
        retry_after: None,
    }
}

/// Answers what is asked of the login host; nothing where the request is for Graph.
pub(super) fn host(inner: &mut Inner, parts: &Parts, body: &[u8], now: Timestamp) -> Option<Response> {
    let path = parts.uri.path().strip_prefix('/')?;
    if let Some(tenant) = path.strip_suffix("/oauth2/v2.0/token") {
        return (parts.method == Method::POST).then(|| token(inner, tenant, &parts.headers, body, now));
    }
    let tenant = path.strip_suffix("/v2.0/.well-known/openid-configuration")?;
    (parts.method == Method::GET).then(|| discovery(inner, tenant, &Origin::of(parts).0))
}

/// `POST /{tenant}/oauth2/v2.0/token`
fn token(inner: &mut Inner, tenant: &str, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Response {
    let form: HashMap<Cow<'_, str>, Cow<'_, str>> = url::form_urlencoded::parse(body).collect();
    let is_form = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    let issued = if is_form {
        issue(inner, tenant, &form, now)
    } else {
        Err(refuse(
            400,
            "invalid_request",
            900_144,
            "The request body must contain the following parameter: 'grant_type'.",
        ))
    };
    match issued {
        Ok(issued) => {
            inner.counters.add("tokens_issued");
            let mut body = json!({
                "token_type": "Bearer",
                "expires_in": issued.lifetime,
                "ext_expires_in": issued.lifetime,
                "access_token": issued.access_token,
            });
            // An app on its own never gets one.
            if let Some(refresh_token) = issued.refresh_token {
                body["refresh_token"] = json!(refresh_token);
                body["scope"] = json!(DELEGATED.join(" "));
            }
            answer(200, &body, None)
        }
        Err(refusal) => {
            inner.counters.add("token_requests_refused");
            let trace = inner.guid();
            let correlation = inner.guid();
            let stamp = now.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
            let body = json!({
                "error": refusal.error,
                "error_description": format!(
                    "AADSTS{}: {} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}",
                    refusal.code, refusal.text
                ),
                "error_codes": [refusal.code],
                "timestamp": stamp,
                "trace_id": trace,
                "correlation_id": correlation,
            });
            answer(refusal.status, &body, refusal.retry_after)
        }
    }
}

fn answer(status: u16, body: &Value, retry_after: Option<i64>) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    headers.insert(
        http::header::CACHE_CONTROL,
        HeaderValue::from_static("no-store, no-cache"),
    );
    if let Some(seconds) = retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// A token and what comes with it.
struct Issued {
    access_token: String,
    lifetime: u64,
    refresh_token: Option<String>,
}

fn issue(
    inner: &mut Inner,
    name: &str,
    form: &HashMap<Cow<'_, str>, Cow<'_, str>>,
    now: Timestamp,
) -> Result<Issued, Refusal> {
    let missing = |name: &str| {
        let text = format!("The request body must contain the following parameter: '{name}'.");
        refuse(400, "invalid_request", 900_144, text)
    };
    let grant = form.get("grant_type").ok_or_else(|| missing("grant_type"))?;
    if grant == "refresh_token" {
        return refresh(inner, name, form, now);
    }
    if grant != "client_credentials" {
        let text = format!("The app requested an unsupported grant type '{grant}'.");
        return Err(refuse(400, "unsupported_grant_type", 70_003, text));
    }
    let client = form.get("client_id").ok_or_else(|| missing("client_id"))?;
    let lower = name.to_lowercase();
    let tenant = inner
        .tenants
        .values_mut()
        .find(|tenant| tenant.id == lower || tenant.domain == lower)
        .ok_or_else(|| {
            let text =
                format!("Tenant '{name}' not found. Check to make sure you have the correct tenant ID.");
            refuse(400, "invalid_request", 90_002, text)
        })?;
    admit(tenant, now)?;
    let app = tenant.apps.get(&client.to_lowercase()).ok_or_else(|| {
        let text = format!("Application with identifier '{client}' was not found in the directory '{name}'.");
        refuse(400, "unauthorized_client", 700_016, text)
    })?;
    if form.contains_key("client_assertion") {
        let text = "Client assertion failed signature validation.";
        return Err(refuse(401, "invalid_client", 700_027, text));
    }
    match form.get("client_secret") {
        None => {
            let text = "'client_assertion', 'client_secret' or 'request' is required for the \
                        'client_credentials' grant type.";
            return Err(refuse(401, "invalid_client", 7_000_216, text));
        }
        Some(secret) if *secret != app.secret => {
            let text = format!(
                "Invalid client secret provided. Ensure the secret being sent in the request is the client \
                 secret value, not the client secret ID, for a secret added to app '{client}'."
            );
            return Err(refuse(401, "invalid_client", 7_000_215, text));
        }
        Some(_) if app.secret_expired => {
            let text = format!("The provided client secret keys for app '{client}' are expired.");
            return Err(refuse(401, "invalid_client", 7_000_222, text));
        }
        Some(_) => {}
    }
    let scope = form.get("scope").ok_or_else(|| missing("scope"))?;
    if !SCOPES.contains(&scope.as_ref()) {
        let text = format!(
            "The provided request must include a 'scope' input parameter. The scope '{scope}' is not valid."
        );
        return Err(refuse(400, "invalid_scope", 70_011, text));
    }
    let token = Token {
        tenant: tenant.id.clone(),
        client_id: app.client_id.to_lowercase(),
        user: None,
        expires: now,
        permissions: app.permissions.clone(),
    };
    let lifetime = tenant.options.token_lifetime;
    Ok(give(inner, token, lifetime, None, now))
}

/// A person's token for a refresh token from an earlier sign-in, which stays as it is.
fn refresh(
    inner: &mut Inner,
    name: &str,
    form: &HashMap<Cow<'_, str>, Cow<'_, str>>,
    now: Timestamp,
) -> Result<Issued, Refusal> {
    let get = |name: &str| form.get(name).map_or("", |value| value.as_ref());
    let lower = name.to_lowercase();
    let shared = ["common", "organizations"].contains(&lower.as_str());
    let client = get("client_id").to_lowercase();
    let found = inner.tenants.values().find_map(|tenant| {
        let here = shared || tenant.id == lower || tenant.domain == lower;
        let sign_in = tenant.sign_ins.iter().find(|sign_in| {
            here && sign_in.client_id == client && sign_in.refresh_token == get("refresh_token")
        });
        let living = sign_in.filter(|sign_in| tenant.user(&sign_in.user).is_some());
        living.map(|sign_in| (tenant, sign_in))
    });
    let Some((tenant, sign_in)) = found else {
        let text = "The provided authorization code or refresh token is invalid or has expired.";
        return Err(refuse(400, "invalid_grant", 9_002_313, text));
    };
    let token = Token {
        tenant: tenant.id.clone(),
        client_id: client,
        user: Some(sign_in.user.clone()),
        expires: now,
        permissions: DELEGATED.into_iter().collect(),
    };
    let (lifetime, again) = (tenant.options.token_lifetime, sign_in.refresh_token.clone());
    Ok(give(inner, token, lifetime, Some(again), now))
}

fn give(
    inner: &mut Inner,
    token: Token,
    lifetime: u64,
    refresh_token: Option<String>,
    now: Timestamp,
) -> Issued {
    let life = SignedDuration::from_secs(i64::try_from(lifetime).unwrap_or(3599));
    let expires = now.saturating_add(life).unwrap_or(Timestamp::MAX);
    let token = Token { expires, ..token };
    let bytes: Vec<u8> = (0..8)
        .flat_map(|_| inner.random.next_u64().to_be_bytes())
        .collect();
    let text = format!("EwB4{}", URL_SAFE_NO_PAD.encode(bytes));
    inner
        .tokens
        .retain(|_, token| token.expires > now - SignedDuration::from_hours(24));
    inner.tokens.insert(text.clone(), token);
    Issued {
        access_token: text,
        lifetime,
        refresh_token,
    }
}

/// `GET /{tenant}/v2.0/.well-known/openid-configuration`: where client libraries look for the addresses.
fn discovery(inner: &Inner, tenant: &str, base: &str) -> Response {
    let lower = tenant.to_lowercase();
    let known = |found: &Tenant| found.id == lower || found.domain == lower;
    if !["common", "organizations"].contains(&lower.as_str()) && !inner.tenants.values().any(known) {
        let text = format!("AADSTS90002: Tenant '{tenant}' not found.");
        let body = json!({"error": "invalid_tenant", "error_description": text, "error_codes": [90_002]});
        return answer(400, &body, None);
    }
    let at = format!("{base}/{tenant}");
    let body = json!({
        "issuer": format!("{at}/v2.0"),
        "token_endpoint": format!("{at}/oauth2/v2.0/token"),
        "authorization_endpoint": format!("{at}/oauth2/v2.0/authorize"),
        "device_authorization_endpoint": format!("{at}/oauth2/v2.0/devicecode"),
        "jwks_uri": format!("{at}/discovery/v2.0/keys"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
    });
    answer(200, &body, None)
}

/// The login host's throttle, where the world sets one.
fn admit(tenant: &mut Tenant, now: Timestamp) -> Result<(), Refusal> {
    let minute = SignedDuration::from_secs(60);
    tenant
        .token_requests
        .retain(|at| now.duration_since(*at) < minute);
    let limit = usize::try_from(tenant.options.tokens_per_minute).unwrap_or(usize::MAX);
    if limit > 0 && tenant.token_requests.len() >= limit {
        let oldest = tenant.token_requests.first().copied().unwrap_or(now);
        let wait = (minute - now.duration_since(oldest)).as_secs().max(1);
        let text = "The service is temporarily unavailable. Please retry later.";
        return Err(Refusal {
            retry_after: Some(wait),
            ..refuse(429, "temporarily_unavailable", 90_033, text)
        });
    }
    tenant.token_requests.push(now);
    Ok(())
}

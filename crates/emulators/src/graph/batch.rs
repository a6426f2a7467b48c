//! `POST /$batch`: up to twenty requests in one.

use std::collections::{BTreeMap, HashSet};
use std::pin::Pin;
use std::sync::Arc;

use ambient::Random as _;
use axum::body::Body;
use axum::response::Response;
use futures::StreamExt as _;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{Method, Request};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::errors::{Failure, Ids, Reply};
use super::http_api::{Api, Call, answer};
use crate::core::service::Origin;

/// More requests are refused.
const MAX_REQUESTS: usize = 20;

/// Outlook works on so many requests of one batch at a time.
const WIDTH: usize = 4;

/// What may not stand in a request line; clients put it into the JSON unencoded.
const UNSAFE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'{')
    .add(b'}');

/// One request of a batch.
struct Item {
    id: String,
    depends_on: Vec<String>,
    request: Request<Body>,
}

type Answered = (String, u16, Value);

pub(super) async fn run(api: &Api, call: &Call, ids: &Ids) -> Result<Reply, Failure> {
    if call.method != Method::POST {
        return Err(Failure::method());
    }
    let items = read(call, ids)?;
    api.emulator.lock().counters.add("batch_calls");
    let mut answers = if items.iter().all(|item| item.depends_on.is_empty()) {
        let running = items.into_iter().map(|item| perform(api, item));
        futures::stream::iter(running)
            .buffer_unordered(WIDTH)
            .collect::<Vec<_>>()
            .await
    } else {
        in_sequence(api, items).await
    };
    // No order is promised, so there is none.
    let inner = api.emulator.lock();
    for last in (1..answers.len()).rev() {
        let span = u64::try_from(last + 1).unwrap_or(1);
        answers.swap(last, usize::try_from(inner.random.next_u64() % span).unwrap_or(0));
    }
    let responses: Vec<Value> = answers.into_iter().map(|(_, _, value)| value).collect();
    Ok(Reply::ok(json!({"responses": responses})))
}

fn bad(text: impl Into<String>) -> Failure {
    Failure::new(400, "BadRequest", text)
}

fn read(call: &Call, ids: &Ids) -> Result<Vec<Item>, Failure> {
    let body = call.json()?;
    let Some(Value::Array(requests)) = body.get("requests") else {
        return Err(bad("Invalid batch payload format."));
    };
    if requests.is_empty() {
        return Err(bad("Invalid batch payload format."));
    }
    if requests.len() > MAX_REQUESTS {
        let text = format!("Number of batch request steps exceeds the maximum value of {MAX_REQUESTS}.");
        return Err(Failure::new(400, "MaximumValueExceeded", text));
    }
    let mut seen = HashSet::new();
    let mut items = Vec::new();
    for request in requests {
        let item = item(call, ids, request)?;
        if !seen.insert(item.id.to_lowercase()) {
            return Err(bad("Request Id has to be unique in a batch."));
        }
        items.push(item);
    }
    for item in &items {
        if let Some(id) = item
            .depends_on
            .iter()
            .find(|id| !seen.contains(&id.to_lowercase()))
        {
            return Err(bad(format!(
                "Request '{}' depends on '{id}', which is not in the batch.",
                item.id
            )));
        }
    }
    // Either all depend on one another, first to last, or on one and the same, or none does.
    let roots = items.iter().filter(|item| item.depends_on.is_empty()).count();
    if roots > 1 && roots < items.len() {
        return Err(bad(
            "A batch runs its requests all in parallel or all in sequence: those without dependsOn cannot be mixed with others.",
        ));
    }
    Ok(items)
}

fn item(call: &Call, ids: &Ids, value: &Value) -> Result<Item, Failure> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let id = text("id")
        .filter(|id| !id.is_empty())
        .ok_or_else(|| bad("Every request needs an id."))?;
    let method: Method = text("method")
        .and_then(|method| method.to_uppercase().parse().ok())
        .ok_or_else(|| bad(format!("The request '{id}' has no valid method.")))?;
    let url = text("url").ok_or_else(|| bad(format!("The request '{id}' has no url.")))?;
    let relative = url.strip_prefix('/').unwrap_or(url);
    if url.contains("://") || relative.starts_with("v1.0/") || relative.starts_with("$batch") {
        return Err(bad(format!(
            "The url of the request '{id}' has to be relative to the version."
        )));
    }
    let mut builder = Request::builder()
        .method(method.clone())
        .uri(format!("/v1.0/{}", utf8_percent_encode(relative, UNSAFE)))
        .extension(Origin(call.base.clone()));
    for name in [AUTHORIZATION, HOST] {
        if let Some(value) = call.headers.get(&name) {
            builder = builder.header(name, value);
        }
    }
    let (mut typed, mut named) = (false, false);
    if let Some(Value::Object(headers)) = value.get("headers") {
        for (name, value) in headers {
            let value = value
                .as_str()
                .ok_or_else(|| bad(format!("A header of '{id}' is not a string.")))?;
            typed |= name.eq_ignore_ascii_case(CONTENT_TYPE.as_str());
            named |= name.eq_ignore_ascii_case("client-request-id");
            if !name.eq_ignore_ascii_case(AUTHORIZATION.as_str()) && !name.eq_ignore_ascii_case(HOST.as_str())
            {
                builder = builder.header(name, value);
            }
        }
    }
    if !named {
        builder = builder.header("client-request-id", &ids.client);
    }
    let body = value.get("body").filter(|body| !body.is_null());
    if (method == Method::POST || method == Method::PATCH || method == Method::PUT)
        && (body.is_none() || !typed)
    {
        return Err(bad(format!(
            "Write request id : {id} does not contain Content-Type header or body."
        )));
    }
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let request = builder
        .body(body)
        .map_err(|_| bad(format!("The request '{id}' is not valid.")))?;
    let depends_on = match value.get("dependsOn") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(others)) => others
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        Some(_) => return Err(bad(format!("dependsOn of '{id}' is not a list."))),
    };
    Ok(Item {
        id: id.to_owned(),
        depends_on,
        request,
    })
}

/// Sends an item through the whole stack, or straight to the service where no server stands around it. Boxed,
/// because a batch is itself one of the service's calls.
fn send(api: &Api, request: Request<Body>) -> Pin<Box<dyn Future<Output = Response> + Send>> {
    if let Some(dispatch) = api.context.dispatch.get() {
        return Arc::clone(dispatch)(request);
    }
    let api = api.clone();
    Box::pin(async move { answer(&api, request).await })
}

async fn perform(api: &Api, item: Item) -> Answered {
    let response = send(api, item.request).await;
    let (parts, body) = response.into_parts();
    let status = parts.status.as_u16();
    let mut headers = Map::new();
    for (name, value) in &parts.headers {
        if let Ok(value) = value.to_str() {
            headers.insert(header_name(name.as_str()), json!(value));
        }
    }
    let mut out = json!({"id": item.id, "status": status, "headers": headers});
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    if !bytes.is_empty() {
        out["body"] = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
    }
    (item.id, status, out)
}

/// `retry-after` as `Retry-After`, as the service writes it inside a batch.
fn header_name(name: &str) -> String {
    let words: Vec<String> = name
        .split('-')
        .map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
        })
        .collect();
    words.join("-")
}

/// With dependencies one request runs at a time; what depends on a failed one is not sent at all.
async fn in_sequence(api: &Api, items: Vec<Item>) -> Vec<Answered> {
    let mut done: BTreeMap<String, u16> = BTreeMap::new();
    let mut answers = Vec::new();
    let mut waiting = items;
    while !waiting.is_empty() {
        let ready = waiting.iter().position(|item| {
            item.depends_on
                .iter()
                .all(|id| done.contains_key(&id.to_lowercase()))
        });
        // A circle never becomes ready: its members fail like those that wait for a failed request.
        let item = waiting.remove(ready.unwrap_or(0));
        let failed = ready.is_none()
            || item
                .depends_on
                .iter()
                .any(|id| done.get(&id.to_lowercase()).is_some_and(|status| *status >= 400));
        let answered = if failed {
            dependency_failed(item.id)
        } else {
            perform(api, item).await
        };
        done.insert(answered.0.to_lowercase(), answered.1);
        answers.push(answered);
    }
    answers
}

fn dependency_failed(id: String) -> Answered {
    let error = json!({"code": "FailedDependency", "message": "A request that this one depends on failed."});
    let out = json!({"id": id, "status": 424, "headers": {}, "body": {"error": error}});
    (id, 424, out)
}

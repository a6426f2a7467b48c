//! What a call answers: a body, or a failure in Graph's error shape.

use axum::body::Body;
use axum::response::Response;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

/// The answer of one call before ids and dates are put on it.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Option<Value>,
    pub(super) headers: Vec<(&'static str, String)>,
}

impl Reply {
    pub(super) fn ok(body: Value) -> Self {
        Self {
            status: 200,
            body: Some(body),
            headers: Vec::new(),
        }
    }

    pub(super) fn created(body: Value) -> Self {
        Self {
            status: 201,
            body: Some(body),
            headers: Vec::new(),
        }
    }

    pub(super) fn no_content() -> Self {
        Self {
            status: 204,
            body: None,
            headers: Vec::new(),
        }
    }

    pub(super) fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// A refused call.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) status: u16,
    pub(super) code: &'static str,
    pub(super) message: String,
    /// The code stands in an inner error only.
    pub(super) nested: bool,
    pub(super) headers: Vec<(&'static str, String)>,
}

impl Failure {
    pub(super) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            nested: false,
            headers: Vec::new(),
        }
    }

    pub(super) fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The query cannot be read: what the OData layer in front of Exchange says.
    pub(super) fn parse(message: impl Into<String>) -> Self {
        Self::new(400, "RequestBroker--ParseUri", message)
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "ErrorInvalidRequest", message)
    }

    pub(super) fn body(message: impl Into<String>) -> Self {
        Self::new(400, "RequestBodyRead", message)
    }

    pub(super) fn item_not_found() -> Self {
        Self::new(
            404,
            "ErrorItemNotFound",
            "The specified object was not found in the store.",
        )
    }

    pub(super) fn malformed_id() -> Self {
        Self::new(400, "ErrorInvalidIdMalformed", "Id is malformed.")
    }

    pub(super) fn folder_exists() -> Self {
        Self::new(
            409,
            "ErrorFolderExists",
            "A folder with the specified name already exists.",
        )
    }

    pub(super) fn unknown_path(segment: &str) -> Self {
        Self::new(
            404,
            "BadRequest",
            format!("Resource not found for the segment '{segment}'."),
        )
    }

    pub(super) fn method() -> Self {
        Self::new(
            405,
            "BadRequest",
            "The HTTP method is not allowed on this resource.",
        )
    }
}

/// Who asked: goes into every answer.
pub(super) struct Ids {
    pub(super) request: String,
    pub(super) client: String,
}

impl Ids {
    /// `client-request-id` is echoed; a caller that sends none gets the service's own.
    pub(super) fn of(headers: &HeaderMap, request: String) -> Self {
        let client = headers
            .get("client-request-id")
            .and_then(|value| value.to_str().ok())
            .map_or_else(|| request.clone(), str::to_owned);
        Self { request, client }
    }
}

/// Makes the HTTP answer.
pub(super) fn respond(outcome: Result<Reply, Failure>, ids: &Ids, now: Timestamp) -> Response {
    let (status, body, headers) = match outcome {
        Ok(reply) => (reply.status, reply.body, reply.headers),
        Err(failure) => {
            let mut inner = json!({
                "date": now.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
                "request-id": ids.request,
                "client-request-id": ids.client,
            });
            // Both spellings are in use.
            let error = if failure.nested {
                inner["code"] = json!(failure.code);
                inner["message"] = json!(failure.message);
                json!({"code": "UnknownError", "message": "", "innererror": inner})
            } else {
                json!({"code": failure.code, "message": failure.message, "innerError": inner})
            };
            (failure.status, Some(json!({"error": error})), failure.headers)
        }
    };
    let mut response = Response::new(
        body.as_ref()
            .map_or_else(Body::empty, |body| Body::from(body.to_string())),
    );
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let out = response.headers_mut();
    if body.is_some() {
        out.insert(
            CONTENT_TYPE,
            HeaderValue::from_static(
                "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8",
            ),
        );
    }
    put(out, "request-id", &ids.request);
    put(out, "client-request-id", &ids.client);
    for (name, value) in headers {
        put(out, name, &value);
    }
    response
}

fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

//! Answers of the CRM, and the two shapes of its errors: flat for a whole request, a row for one record.

use axum::body::Body;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

/// What a handler gives back; turned into an HTTP answer at the edge.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Option<Value>,
    pub(super) credits_left: Option<u64>,
}

/// A handler's result: an early error answer is returned with `?`.
pub(super) type Outcome = Result<Answer, Answer>;

impl Answer {
    pub(super) fn json(status: StatusCode, body: Value) -> Self {
        Self {
            status,
            body: Some(body),
            credits_left: None,
        }
    }

    pub(super) fn ok(body: Value) -> Self {
        Self::json(StatusCode::OK, body)
    }

    /// No row fits: no body at all, so that clients which parse without a look at the status fail here too.
    pub(super) fn no_content() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            body: None,
            credits_left: None,
        }
    }

    /// Nothing changed since `If-Modified-Since`.
    pub(super) fn not_modified() -> Self {
        Self {
            status: StatusCode::NOT_MODIFIED,
            body: None,
            credits_left: None,
        }
    }

    pub(super) fn into_response(self) -> Response<Body> {
        let mut response = match self.body {
            Some(body) => {
                let mut response = Response::new(Body::from(body.to_string()));
                response.headers_mut().insert(
                    header::CONTENT_TYPE,
                    HeaderValue::from_static("application/json;charset=UTF-8"),
                );
                response
            }
            None => Response::new(Body::empty()),
        };
        *response.status_mut() = self.status;
        if let Some(left) = self.credits_left {
            response
                .headers_mut()
                .insert("x-api-credits-remaining", HeaderValue::from(left));
        }
        response
    }
}

/// An error of the whole request.
pub(super) fn flat(status: StatusCode, code: &str, message: &str, details: Value) -> Answer {
    let mut body = json!({"code": code, "message": message, "status": "error"});
    body["details"] = details;
    Answer::json(status, body)
}

pub(super) fn bad_request(code: &str, message: &str, details: Value) -> Answer {
    flat(StatusCode::BAD_REQUEST, code, message, details)
}

pub(super) fn invalid_param(name: &str) -> Answer {
    bad_request(
        "INVALID_DATA",
        "the parameter value given seems to be invalid",
        json!({"param_name": name}),
    )
}

pub(super) fn missing_param(name: &str) -> Answer {
    bad_request(
        "REQUIRED_PARAM_MISSING",
        "one of the expected parameters is missing",
        json!({"param_name": name}),
    )
}

pub(super) fn over_limit(name: &str, limit: u64) -> Answer {
    bad_request(
        "LIMIT_EXCEEDED",
        "the parameter holds more values than allowed",
        json!({"param_name": name, "limit": limit}),
    )
}

/// An id in the path that means nothing here; `index` counts the segments behind `/crm/v8`.
pub(super) fn invalid_path(index: u64) -> Answer {
    bad_request(
        "INVALID_DATA",
        "the id given in the address seems to be invalid",
        json!({"resource_path_index": index}),
    )
}

pub(super) fn invalid_url() -> Answer {
    flat(
        StatusCode::NOT_FOUND,
        "INVALID_URL_PATTERN",
        "please check if the URL is right",
        json!({}),
    )
}

pub(super) fn no_permission(permission: &str) -> Answer {
    flat(
        StatusCode::FORBIDDEN,
        "NO_PERMISSION",
        "the user's profile does not permit this",
        json!({"permissions": [permission]}),
    )
}

pub(super) fn too_many_requests(message: &str) -> Answer {
    flat(
        StatusCode::TOO_MANY_REQUESTS,
        "TOO_MANY_REQUESTS",
        message,
        json!({}),
    )
}

/// One failed row of a write.
#[derive(Debug, Clone)]
pub(super) struct RowError {
    pub(super) status: StatusCode,
    code: &'static str,
    message: &'static str,
    pub(super) details: Value,
}

impl RowError {
    pub(super) fn new(code: &'static str, message: &'static str, details: Value) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code,
            message,
            details,
        }
    }

    pub(super) fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The error of a row from those of its fields.
    pub(super) fn joined(mut errors: Vec<Self>) -> Option<Self> {
        if errors.len() > 1 {
            let all: Vec<Value> = errors.iter().map(Self::to_value).collect();
            return Some(Self::new(
                "MULTIPLE_OR_MULTI_ERRORS",
                "the row has more than one error",
                json!({"errors": all}),
            ));
        }
        errors.pop()
    }

    pub(super) fn to_value(&self) -> Value {
        json!({"code": self.code, "message": self.message, "status": "error", "details": self.details})
    }
}

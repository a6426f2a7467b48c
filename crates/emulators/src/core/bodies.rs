//! Request and answer as the journal and the contract check see them: bytes once read, JSON once parsed.

use axum::body::Bytes;
use http::request::Parts;
use serde_json::{Map, Value};

/// The largest body that is read; the real services stop far below.
pub const BODY_LIMIT: usize = 64 * 1024 * 1024;

/// What stands in the place of a secret.
const WITHHELD: &str = "(withheld)";

/// Names whose values are secrets, in forms, queries and token answers.
const SECRETS: [&str; 7] = [
    "client_secret",
    "client_assertion",
    "refresh_token",
    "access_token",
    "id_token",
    "code",
    "assertion",
];

/// What a request says its body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// JSON, and whatever is neither of the others: what is no JSON then shows as such.
    Json,
    /// A form.
    Form,
    /// Plain text.
    Text,
}

impl Media {
    /// By the name of the media type.
    #[must_use]
    pub fn of(media_type: &str) -> Self {
        if media_type.starts_with("application/x-www-form-urlencoded") {
            Self::Form
        } else if media_type.starts_with("text/plain") {
            Self::Text
        } else {
            Self::Json
        }
    }
}

/// A request after its body was read.
#[derive(Debug, Clone)]
pub struct Seen {
    /// `GET`, `POST` and so on.
    pub method: String,
    /// The path as it came, still percent-encoded.
    pub path: String,
    /// The query as it came, empty if there is none.
    pub query: String,
    /// The body as it came.
    pub bytes: Bytes,
    /// The body as JSON: parsed, or made from a form or a text.
    pub json: Option<Value>,
    /// What the body said it was.
    pub media: Media,
}

impl Seen {
    /// Takes what matters from the head of a request and its body.
    #[must_use]
    pub fn new(parts: &Parts, bytes: Bytes) -> Self {
        let content_type = parts
            .headers
            .get(http::header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("");
        let media = Media::of(content_type);
        let json = match media {
            _ if bytes.is_empty() => None,
            Media::Form => Some(form(&bytes)),
            Media::Text => std::str::from_utf8(&bytes).ok().map(Value::from),
            Media::Json => serde_json::from_slice(&bytes).ok(),
        };
        Self {
            method: parts.method.as_str().to_owned(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or("").to_owned(),
            bytes,
            json,
            media,
        }
    }

    /// Whether this asks a login host for a token: such bodies are never kept as they came.
    #[must_use]
    pub fn is_login(&self) -> bool {
        is_login(&self.path)
    }

    /// The query without secrets (Zoho's accounts host takes them there).
    #[must_use]
    pub fn safe_query(&self) -> String {
        if !self.is_login() || self.query.is_empty() {
            return self.query.clone();
        }
        let mut safe = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in url::form_urlencoded::parse(self.query.as_bytes()) {
            safe.append_pair(
                &name,
                if SECRETS.contains(&name.as_ref()) {
                    WITHHELD
                } else {
                    &value
                },
            );
        }
        safe.finish()
    }
}

/// Whether a path belongs to a login host.
#[must_use]
pub fn is_login(path: &str) -> bool {
    path.contains("/oauth")
}

/// Replaces the values of secrets in the body of a login call.
pub fn withhold(value: &mut Value) {
    if let Value::Object(members) = value {
        for (name, member) in members {
            if SECRETS.contains(&name.as_str()) {
                *member = Value::String(WITHHELD.to_owned());
            }
        }
    }
}

fn form(bytes: &[u8]) -> Value {
    let members: Map<String, Value> = url::form_urlencoded::parse(bytes)
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect();
    Value::Object(members)
}

//! What an error answer says, reduced to what may be shown.

use serde_json::{Map, Value};

/// An error of Zoho's without its message: messages and most details quote values of records, which must not reach
/// logs or status.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refusal {
    /// The HTTP status of the whole answer.
    pub status: u16,
    /// Zoho's code, for example `INVALID_DATA`; empty where the answer had none.
    pub code: String,
    /// API name of the field in question.
    pub field: Option<String>,
    /// The type that the field expects.
    pub expected_type: Option<String>,
    /// The longest text that the field takes.
    pub maximum_length: Option<u64>,
    /// Names of permissions that the token's user lacks.
    pub permissions: Vec<String>,
}

impl Refusal {
    /// Reads `{code, details}`; anything that does not look like a name is left out.
    pub(crate) fn read(status: u16, body: &Map<String, Value>) -> Self {
        let details = body.get("details").and_then(Value::as_object);
        let detail = |key: &str| details.and_then(|details| details.get(key));
        let name = |key: &str| detail(key).and_then(Value::as_str).and_then(as_name);
        let permissions = match detail("permissions") {
            Some(Value::Array(list)) => list
                .iter()
                .filter_map(Value::as_str)
                .filter_map(as_name)
                .collect(),
            Some(Value::String(one)) => as_name(one).into_iter().collect(),
            _ => Vec::new(),
        };
        Self {
            status,
            code: body
                .get("code")
                .and_then(Value::as_str)
                .and_then(as_name)
                .unwrap_or_default(),
            field: name("api_name"),
            expected_type: name("expected_data_type"),
            maximum_length: detail("maximum_length").and_then(number),
            permissions,
        }
    }

    /// A status without a body to read.
    pub(crate) fn bare(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let code = if self.code.is_empty() {
            "no code"
        } else {
            &self.code
        };
        write!(f, "{code} (HTTP {})", self.status)?;
        if let Some(field) = &self.field {
            write!(f, ", field {field}")?;
        }
        if let Some(expected) = &self.expected_type {
            write!(f, ", expected type {expected}")?;
        }
        if let Some(length) = self.maximum_length {
            write!(f, ", maximum length {length}")?;
        }
        if !self.permissions.is_empty() {
            write!(f, ", permission {}", self.permissions.join(", "))?;
        }
        Ok(())
    }
}

/// Codes, API names, types and permissions are plain identifiers; everything else might be a value.
fn as_name(text: &str) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'.');
    ((1..=100).contains(&text.len()) && text.bytes().all(plain)).then(|| text.to_owned())
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

//! Values in COQL, written so that none of them can become anything else.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::coql::QueryError;
use crate::ids::{RecordId, UserId, is_id};
use crate::times;

/// A value to compare a column with.
#[derive(Clone, PartialEq)]
pub enum Literal {
    /// Text.
    Text(String),
    /// Id of a record or user.
    Id(String),
    /// Instant, in whole seconds.
    Time(Timestamp),
    /// Day.
    Date(Date),
    /// Whole number.
    Integer(i64),
    /// True or false.
    Boolean(bool),
}

impl std::fmt::Debug for Literal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            // Addresses and names are looked for by text.
            Self::Text(_) => f.write_str("Text(..)"),
            Self::Id(id) => f.debug_tuple("Id").field(id).finish(),
            Self::Time(time) => f.debug_tuple("Time").field(time).finish(),
            Self::Date(_) => f.write_str("Date(..)"),
            Self::Integer(number) => f.debug_tuple("Integer").field(number).finish(),
            Self::Boolean(truth) => f.debug_tuple("Boolean").field(truth).finish(),
        }
    }
}

impl Literal {
    /// The parts of `text` that a query can hold: `text` itself, unless it has characters for which no safe spelling
    /// is documented.
    pub fn writable_parts(text: &str) -> impl Iterator<Item = &str> {
        text.split(is_unsafe).filter(|part| !part.is_empty())
    }

    pub(crate) fn write(&self, out: &mut String) -> Result<(), QueryError> {
        match self {
            Self::Text(text) => {
                if text.contains(is_unsafe) {
                    return Err(QueryError::UnsafeText);
                }
                // A quote is doubled (Zoho developer community, Kaizen 171).
                quote(&text.replace('\'', "''"), out);
            }
            Self::Id(id) if is_id(id) => quote(id, out),
            Self::Id(_) => return Err(QueryError::MalformedId),
            Self::Time(time) => quote(&times::text(*time), out),
            Self::Date(date) => quote(&date.to_string(), out),
            Self::Integer(number) => out.push_str(&number.to_string()),
            Self::Boolean(truth) => out.push_str(if *truth { "true" } else { "false" }),
        }
        Ok(())
    }
}

/// What a backslash means is not documented: it could swallow the closing quote.
fn is_unsafe(c: char) -> bool {
    c == '\\' || c.is_control()
}

fn quote(text: &str, out: &mut String) {
    out.push('\'');
    out.push_str(text);
    out.push('\'');
}

impl From<&str> for Literal {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Literal {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&RecordId> for Literal {
    fn from(id: &RecordId) -> Self {
        Self::Id(id.as_str().to_owned())
    }
}

impl From<&UserId> for Literal {
    fn from(id: &UserId) -> Self {
        Self::Id(id.as_str().to_owned())
    }
}

impl From<Timestamp> for Literal {
    fn from(time: Timestamp) -> Self {
        Self::Time(time)
    }
}

impl From<Date> for Literal {
    fn from(date: Date) -> Self {
        Self::Date(date)
    }
}

impl From<i64> for Literal {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<bool> for Literal {
    fn from(truth: bool) -> Self {
        Self::Boolean(truth)
    }
}

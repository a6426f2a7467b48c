//! Rows of records: open objects, with the few system fields typed.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::ids::{RecordId, UserId};

/// A record as the API gives it: API names and values.
pub type Row = Map<String, Value>;

/// The system fields that a change feed needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The record.
    pub id: RecordId,
    /// Its owner, if `Owner` was asked for.
    pub owner: Option<UserId>,
    /// Last change, in whole seconds.
    pub modified_time: Timestamp,
    /// When it was made, if `Created_Time` was asked for.
    pub created_time: Option<Timestamp>,
}

impl Head {
    /// The columns to ask for.
    pub const COLUMNS: [&'static str; 4] = ["id", "Owner", "Modified_Time", "Created_Time"];

    /// Reads them; nothing where id or time of change is missing.
    #[must_use]
    pub fn of(row: &Row) -> Option<Self> {
        Some(Self {
            id: id_of(row)?,
            owner: lookup(row, "Owner").map(UserId::from),
            modified_time: time(row, "Modified_Time")?,
            created_time: time(row, "Created_Time"),
        })
    }
}

pub(crate) fn id_of(row: &Row) -> Option<RecordId> {
    row.get("id").and_then(Value::as_str).map(RecordId::from)
}

pub(crate) fn time(row: &Row, key: &str) -> Option<Timestamp> {
    row.get(key)?.as_str()?.parse().ok()
}

/// The id of a lookup, which comes as `{id}`, with a name besides in record lists.
fn lookup<'a>(row: &'a Row, key: &str) -> Option<&'a str> {
    let value = row.get(key)?;
    value.get("id").and_then(Value::as_str).or_else(|| value.as_str())
}

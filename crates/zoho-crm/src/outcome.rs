//! What became of the rows of a write (`research/zoho.md` §5).

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::answer::modified_time;
use crate::call::Answer;
use crate::error::Class;
use crate::ids::{RecordId, UserId};
use crate::refusal::Refusal;

/// A row that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its id.
    pub id: RecordId,
    /// Time of change, by which our own write is known when it comes back.
    pub modified_time: Option<Timestamp>,
    /// Time of creation.
    pub created_time: Option<Timestamp>,
}

/// The record that stands in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicate {
    /// Its id.
    pub id: RecordId,
    /// Its owner.
    pub owner: Option<UserId>,
}

/// A row that was not written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{refusal}")]
pub struct RowError {
    /// What Zoho says.
    pub refusal: Refusal,
    /// The id that the row's details name.
    pub id: Option<RecordId>,
    /// The single errors of a row with several.
    pub also: Vec<RowError>,
    /// Set for `DUPLICATE_DATA`, in both of its forms: older ones name the id alone.
    pub duplicate: Option<Duplicate>,
    /// Set for `ALREADY_MODIFIED`.
    pub modified_time: Option<Timestamp>,
}

/// What became of a row.
pub type RowOutcome = Result<Written, Box<RowError>>;

impl RowError {
    /// What to do about it.
    #[must_use]
    pub fn class(&self) -> Class {
        match self.refusal.code.as_str() {
            "ALREADY_MODIFIED" => Class::AlreadyModified,
            "RECORD_LOCKED" | "NOT_APPROVED" | "INTERNAL_ERROR" => Class::Transient,
            "NO_PERMISSION" | "AUTHORIZATION_FAILED" => Class::Permission {
                permission: self.refusal.permissions.first().cloned(),
            },
            // Refused for its id: there is no such record, or it is hidden.
            "INVALID_DATA" if self.names_the_id() => Class::NotFound,
            _ => Class::Invalid,
        }
    }

    fn names_the_id(&self) -> bool {
        match &self.refusal.field {
            Some(field) => field == "id",
            None => self.id.is_some(),
        }
    }

    fn read(status: u16, row: &Map<String, Value>) -> Self {
        let details = row.get("details");
        let refusal = Refusal::read(status, row);
        let id = id_in(details);
        let several = details
            .and_then(|details| details.get("errors"))
            .and_then(Value::as_array);
        let several = several.into_iter().flatten().filter_map(Value::as_object);
        let named = details.and_then(|details| details.get("duplicate_record"));
        let duplicate = named.and_then(duplicate).or_else(|| {
            let id = id.clone().filter(|_| refusal.code == "DUPLICATE_DATA")?;
            Some(Duplicate { id, owner: None })
        });
        Self {
            id,
            also: several.map(|error| Self::read(status, error)).collect(),
            duplicate,
            modified_time: modified_time(row),
            refusal,
        }
    }
}

/// Whether the body of a refused write speaks of its rows: a list of them, or the error of the only one.
pub(crate) fn speaks_of_rows(body: &Value) -> bool {
    body.get("data").is_some_and(Value::is_array) || id_in(body.get("details")).is_some()
}

/// The rows of an answer, if they are as many as were sent.
pub(crate) fn outcomes(answer: &Answer, rows: usize) -> Option<Vec<RowOutcome>> {
    let body: Map<String, Value> = serde_json::from_slice(&answer.body).ok()?;
    let list = match body.get("data") {
        Some(data) => data
            .as_array()?
            .iter()
            .map(Value::as_object)
            .collect::<Option<_>>()?,
        None => vec![&body],
    };
    if list.len() != rows {
        return None;
    }
    list.into_iter()
        .map(|row| outcome(answer.status.as_u16(), row))
        .collect()
}

fn outcome(status: u16, row: &Map<String, Value>) -> Option<RowOutcome> {
    if row.get("status").and_then(Value::as_str) != Some("success") {
        return row
            .contains_key("code")
            .then(|| Err(Box::new(RowError::read(status, row))));
    }
    let details = row.get("details")?;
    let time = |key: &str| details.get(key)?.as_str()?.parse().ok();
    Some(Ok(Written {
        id: id_in(Some(details))?,
        modified_time: time("Modified_Time"),
        created_time: time("Created_Time"),
    }))
}

fn duplicate(record: &Value) -> Option<Duplicate> {
    let owner = id_in(record.get("Owner"));
    Some(Duplicate {
        id: id_in(Some(record))?,
        owner: owner.map(|owner| UserId::from(owner.as_str())),
    })
}

fn id_in(object: Option<&Value>) -> Option<RecordId> {
    object?.get("id")?.as_str().map(RecordId::from)
}

//! Checks of the values in a row against the fields' metadata.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::change::{Change, Link};
use crate::zoho::answer::RowError;
use crate::zoho::fields::Field;
use crate::zoho::state::Org;

/// What a row comes to.
#[derive(Debug, Default)]
pub(in crate::zoho) struct Checked {
    pub(in crate::zoho) change: Change,
    pub(in crate::zoho) errors: Vec<RowError>,
    /// Names that the module does not have. The API drops them without a word.
    pub(in crate::zoho) unknown: Vec<String>,
}

/// Checks the row at `index`; `existing` is the record that it updates.
pub(in crate::zoho) fn check(
    org: &Org,
    row: &Map<String, Value>,
    index: usize,
    existing: Option<u64>,
) -> Checked {
    let mut checked = Checked::default();
    for (name, value) in row {
        if name == "id" || name.starts_with('$') {
            continue;
        }
        let Some(field) = org.field(name).filter(|field| field.visible) else {
            checked.unknown.push(name.clone());
            continue;
        };
        let place = Place { field, index };
        if let Err(error) = take(org, &place, value, existing, &mut checked.change) {
            checked.errors.push(error);
        }
    }
    for field in org.fields.iter().filter(|field| field.mandatory) {
        let given = checked.change.fields.get(&field.api_name);
        let refused = row.contains_key(&field.api_name) && given.is_none();
        let missing = match given {
            None => existing.is_none() && !refused,
            Some(value) => value.is_null(),
        };
        if missing {
            let details = json!({"api_name": field.api_name, "json_path": path(index, &field.api_name)});
            checked.errors.push(RowError::new(
                "MANDATORY_NOT_FOUND",
                "required field not found",
                details,
            ));
        }
    }
    checked
}

/// Where a value stands.
struct Place<'a> {
    field: &'a Field,
    index: usize,
}

fn path(index: usize, name: &str) -> String {
    format!("$.data[{index}].{name}")
}

impl Place<'_> {
    fn invalid(&self, extra: &[(&str, Value)]) -> RowError {
        let mut details = Map::new();
        details.insert("api_name".to_owned(), json!(self.field.api_name));
        details.insert(
            "json_path".to_owned(),
            json!(path(self.index, &self.field.api_name)),
        );
        details.extend(
            extra
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone())),
        );
        RowError::new("INVALID_DATA", "invalid data", Value::Object(details))
    }

    fn expected(&self, kind: &str) -> RowError {
        self.invalid(&[("expected_data_type", json!(kind))])
    }
}

fn take(
    org: &Org,
    place: &Place<'_>,
    value: &Value,
    existing: Option<u64>,
    change: &mut Change,
) -> Result<(), RowError> {
    let field = place.field;
    if field.read_only {
        return Err(place.invalid(&[("reason", json!("read-only field"))]));
    }
    match field.api_name.as_str() {
        "Owner" => {
            let owner = reference(place, value)?
                .and_then(|id| org.user(id))
                .filter(|user| user.can_work());
            change.owner = Some(owner.ok_or_else(|| place.invalid(&[]))?.id);
            return Ok(());
        }
        "Account_Name" => {
            let account = reference(place, value)?;
            if account.is_some_and(|id| !org.accounts.contains_key(&id)) {
                return Err(place.invalid(&[]));
            }
            change.account = account.map_or(Link::Cleared, Link::To);
            return Ok(());
        }
        _ => {}
    }
    let value = normal(org, place, value)?;
    if field.unique
        && let Some(text) = value.as_str()
        && let Some(holder) = org.contacts.holder(&field.api_name, text)
        && Some(holder) != existing
    {
        return Err(duplicate(org, place, holder));
    }
    change.fields.insert(field.api_name.clone(), value);
    Ok(())
}

fn duplicate(org: &Org, place: &Place<'_>, holder: u64) -> RowError {
    let owner = org
        .contacts
        .get(holder)
        .map(|contact| crate::zoho::shape::person(org, contact.owner));
    let details = json!({
        "api_name": place.field.api_name,
        "json_path": path(place.index, &place.field.api_name),
        "duplicate_record": {
            "id": holder.to_string(),
            "Owner": owner,
            "module": {"api_name": "Contacts", "id": org.id},
        },
    });
    RowError::new("DUPLICATE_DATA", "duplicate data", details)
}

/// An id as text or in an object. A number is refused: it would have lost its last digits on the way.
fn reference(place: &Place<'_>, value: &Value) -> Result<Option<u64>, RowError> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::Object(object) => object.get("id").and_then(Value::as_str),
        other => other.as_str(),
    };
    text.ok_or_else(|| place.expected("jsonobject"))?
        .parse()
        .map(Some)
        .map_err(|_| place.expected("bigint"))
}

/// The value as it will be stored; an empty text clears.
fn normal(org: &Org, place: &Place<'_>, value: &Value) -> Result<Value, RowError> {
    let field = place.field;
    if value.is_null() || value.as_str() == Some("") {
        return Ok(Value::Null);
    }
    match field.data_type.as_str() {
        "boolean" => value
            .is_boolean()
            .then(|| value.clone())
            .ok_or_else(|| place.expected("boolean")),
        "integer" | "bigint" => value
            .is_i64()
            .then(|| value.clone())
            .ok_or_else(|| place.expected("integer")),
        "double" | "currency" | "percent" => value
            .is_number()
            .then(|| value.clone())
            .ok_or_else(|| place.expected("double")),
        "multiselectpicklist" => value
            .is_array()
            .then(|| value.clone())
            .ok_or_else(|| place.expected("jsonarray")),
        "lookup" => {
            let id = reference(place, value)?;
            let known =
                id.is_none_or(|id| field.api_name != "Reporting_To" || org.contacts.get(id).is_some());
            if known {
                Ok(id.map_or(Value::Null, |id| json!(id.to_string())))
            } else {
                Err(place.invalid(&[]))
            }
        }
        kind => {
            let text = value.as_str().ok_or_else(|| place.expected("string"))?;
            if text.chars().count() as u64 > field.length {
                return Err(place.invalid(&[("maximum_length", json!(field.length))]));
            }
            let fits = match kind {
                "email" => is_email(text),
                "phone" => is_phone(text),
                "date" => text.parse::<Date>().is_ok() && text.len() == 10,
                "datetime" => text.parse::<Timestamp>().is_ok(),
                "picklist" => return picked(place, text),
                _ => true,
            };
            if fits {
                Ok(json!(text))
            } else {
                Err(place.expected(kind))
            }
        }
    }
}

fn picked(place: &Place<'_>, text: &str) -> Result<Value, RowError> {
    if text == "-None-" {
        return Ok(Value::Null);
    }
    let field = place.field;
    if field.restricted_picks && !field.picks.iter().any(|pick| pick == text) {
        return Err(place.invalid(&[("supported_values", json!(field.picks))]));
    }
    Ok(json!(text))
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let domain_fits = domain.contains('.')
        && !domain.starts_with('.')
        && !domain.ends_with('.')
        && domain
            .chars()
            .all(|letter| letter.is_alphanumeric() || letter == '.' || letter == '-');
    !local.is_empty()
        && domain_fits
        && !local
            .chars()
            .any(|letter| letter.is_whitespace() || "<>()[],;:\\\"".contains(letter))
}

/// The CRM takes no slash or underscore in telephone numbers, which address books are full of.
fn is_phone(text: &str) -> bool {
    let rest = text.strip_prefix('+').unwrap_or(text);
    rest.chars().any(|letter| letter.is_ascii_alphanumeric())
        && rest
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || " .-(),;#".contains(letter))
}

/// Fields given by a world file or an edit, where an unknown name or a bad value is a mistake of the author.
pub(in crate::zoho) fn strict(
    org: &Org,
    fields: &BTreeMap<String, Value>,
    existing: Option<u64>,
) -> Result<Change, (String, String)> {
    let row: Map<String, Value> = fields
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let checked = check(org, &row, 0, existing);
    if let Some(name) = checked.unknown.first() {
        return Err((name.clone(), "is no field of Contacts".to_owned()));
    }
    if let Some(error) = checked.errors.first() {
        let name = error.details["api_name"].as_str().unwrap_or_default().to_owned();
        return Err((name, error.to_value().to_string()));
    }
    Ok(checked.change)
}

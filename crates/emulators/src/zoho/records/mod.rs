//! The records of the module Contacts.

pub(super) mod change;
pub(super) mod check;
pub(super) mod delete;
pub(super) mod deleted;
pub(super) mod list;
pub(super) mod one;
pub(super) mod store;
pub(super) mod write;

use serde_json::json;

use super::answer::{Answer, bad_request, over_limit};
use super::call::Call;
use super::fields::Field;
use super::state::Org;

/// Columns in one read.
const FIELDS: usize = 50;

/// The fields that a call names; `None` when it names none.
fn named<'a>(org: &'a Org, call: &Call) -> Result<Option<Vec<&'a Field>>, Answer> {
    let Some(names) = call.list("fields") else {
        return Ok(None);
    };
    if names.len() > FIELDS {
        return Err(over_limit("fields", 50));
    }
    names
        .into_iter()
        .map(|name| {
            org.field(name).filter(|field| field.visible).ok_or_else(|| {
                bad_request(
                    "INVALID_DATA",
                    "the field name given seems to be invalid",
                    json!({"param_name": "fields", "api_name": name}),
                )
            })
        })
        .collect::<Result<Vec<_>, _>>()
        .map(Some)
}

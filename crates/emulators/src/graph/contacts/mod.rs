//! Contacts.

pub(in crate::graph) mod content;
pub(in crate::graph) mod create;
pub(in crate::graph) mod delta;
mod differences;
pub(in crate::graph) mod fields;
pub(in crate::graph) mod list;
pub(in crate::graph) mod remove;
pub(in crate::graph) mod render;
pub(in crate::graph) mod update;

use serde_json::{Map, Value, json};

use super::errors::Failure;
use super::extended;
use super::http_api::Call;
use super::mailbox_api::Desk;
use render::View;

/// What the query and the headers say about the shape of answers.
fn view(call: &Call) -> Result<View, Failure> {
    Ok(View {
        immutable: call.prefer.immutable_id,
        select: call.query.select(fields::selectable, "contact")?,
        expand: call
            .query
            .get("$expand")
            .map_or(Ok(Vec::new()), extended::read_expand)?,
    })
}

/// One contact with its context line.
fn one(desk: &Desk<'_>, call: &Call, key: u64, view: &View) -> Result<Map<String, Value>, Failure> {
    let contact = desk
        .mailbox
        .contacts
        .get(&key)
        .ok_or_else(Failure::item_not_found)?;
    let mut out = render::contact(desk.mailbox, contact, view);
    out.insert(
        "@odata.context".to_owned(),
        json!(context(desk, call, "/$entity")),
    );
    Ok(out)
}

fn context(desk: &Desk<'_>, call: &Call, tail: &str) -> String {
    call.context(&format!("users('{}')/contacts{tail}", desk.user))
}

/// Checks `If-Match`; returns whether one was sent.
fn precondition(desk: &Desk<'_>, call: &Call, key: u64) -> Result<bool, Failure> {
    let Some(wanted) = call.headers.get("if-match").and_then(|value| value.to_str().ok()) else {
        return Ok(false);
    };
    let contact = desk
        .mailbox
        .contacts
        .get(&key)
        .ok_or_else(Failure::item_not_found)?;
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").trim_matches('"').to_owned();
    if wanted.trim() == "*" || bare(wanted) == contact.change_key {
        return Ok(true);
    }
    Err(Failure::new(
        412,
        "ErrorIrresolvableConflict",
        "The send or update operation could not be performed because the change key passed in the request does \
         not match the current change key for the item.",
    ))
}

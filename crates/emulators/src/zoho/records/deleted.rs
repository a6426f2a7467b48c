//! `GET /Contacts/deleted`

use jiff::Timestamp;
use serde_json::{Value, json};

use super::store::{Bin, Deleted};
use crate::zoho::answer::{Answer, Outcome};
use crate::zoho::auth::Session;
use crate::zoho::call::Call;
use crate::zoho::shape::{person, stamp};
use crate::zoho::state::{Org, World};

/// Newest first. Restored records are gone from here; after 60 days an entry loses its names, after 120 it goes.
pub(in crate::zoho) fn list(world: &World, now: Timestamp, session: &Session, call: &Call) -> Outcome {
    let org = &world.orgs[session.org];
    let kind = call.choice("type", &["all", "recycle", "permanent"], "all")?;
    let page = call.number("page", 1, 1, u64::MAX)?;
    let per_page = call.number("per_page", 200, 1, 200)?;
    let since = call.instant("if-modified-since")?;
    let mut rows: Vec<&Deleted> = org
        .contacts
        .deleted
        .iter()
        .filter(|row| session.sees(&row.contact))
        .filter(|row| match row.bin(now) {
            Bin::Recycle => kind != "permanent",
            Bin::Permanent => kind != "recycle",
            Bin::Forgotten => false,
        })
        .filter(|row| since.is_none_or(|since| row.at > since))
        .collect();
    if rows.is_empty() {
        return Ok(if since.is_some() {
            Answer::not_modified()
        } else {
            Answer::no_content()
        });
    }
    rows.sort_by_key(|row| std::cmp::Reverse((row.at, row.contact.id)));
    let size = usize::try_from(per_page).unwrap_or(200);
    let skip = usize::try_from((page - 1).saturating_mul(per_page)).unwrap_or(usize::MAX);
    let data: Vec<Value> = rows
        .iter()
        .skip(skip)
        .take(size)
        .map(|row| entry(org, row, now, session))
        .collect();
    if data.is_empty() {
        return Ok(Answer::no_content());
    }
    let more = skip.saturating_add(data.len()) < rows.len();
    let info = json!({"per_page": per_page, "count": data.len(), "page": page, "more_records": more});
    Ok(Answer::ok(json!({"data": data, "info": info})))
}

fn entry(org: &Org, row: &Deleted, now: Timestamp, session: &Session) -> Value {
    let permanent = row.bin(now) == Bin::Permanent;
    let known = |value: Value| if permanent { Value::Null } else { value };
    json!({
        "id": row.contact.id.to_string(),
        "type": if permanent { "permanent" } else { "recycle" },
        "display_name": known(json!(row.contact.full_name())),
        "deleted_by": known(person(org, row.by)),
        "created_by": known(person(org, row.contact.created_by)),
        "deleted_time": stamp(row.at, &session.zone),
    })
}

//! `GET /Contacts/{id}/__timeline`

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::answer::{Answer, Outcome, bad_request, invalid_param, invalid_path};
use super::auth::Session;
use super::call::Call;
use super::records::store::{Contact, Entry};
use super::shape::stamp;
use super::state::{Org, PageToken, World};

/// Entries of a record, newest first unless asked otherwise.
pub(super) fn list(world: &mut World, now: Timestamp, session: &Session, call: &Call, id: &str) -> Outcome {
    world.counters.one("timeline_calls");
    if call.param("filters").is_some() {
        // The filter on sources knows neither import nor migration, so a client that relies on it finds nothing.
        return Err(bad_request(
            "NOT_SUPPORTED",
            "the filter is not supported",
            json!({"param_name": "filters"}),
        ));
    }
    let per_page = call.number("per_page", 10, 1, 200)?;
    let size = usize::try_from(per_page).unwrap_or(10);
    call.choice("sort_by", &["audited_time"], "audited_time")?;
    let ascending = call.choice("sort_order", &["asc", "desc"], "desc")? == "asc";
    let page = call.number("page", 1, 1, 1_000)?;
    let org = &world.orgs[session.org];
    let contact = id
        .parse()
        .ok()
        .and_then(|id| org.contacts.get(id))
        .filter(|contact| session.sees(contact))
        .ok_or_else(|| invalid_path(1))?;
    let mut entries: Vec<&Entry> = contact.timeline.iter().collect();
    // Entries of the same second keep the order in which they were made.
    if !ascending {
        entries.reverse();
    }
    let bound_to = format!("{id}?{:?}", bound(call));
    let (skip, page) = match call.param("page_token") {
        None => (usize::try_from(page - 1).unwrap_or(0) * size, page),
        Some(token) => {
            let known = world
                .page_tokens
                .get(token)
                .ok_or_else(|| invalid_param("page_token"))?;
            if known.user != session.user || known.bound_to != bound_to {
                return Err(invalid_param("page_token"));
            }
            let at = entries
                .iter()
                .position(|entry| entry.id == known.after.1)
                .map_or(0, |at| at + 1);
            (at, known.page + 1)
        }
    };
    let total = entries.len();
    let shown: Vec<&Entry> = entries.into_iter().skip(skip).take(size).collect();
    let Some(last) = shown.last().map(|entry| entry.id) else {
        return Ok(Answer::no_content());
    };
    let rows: Vec<Value> = shown
        .iter()
        .map(|entry| row(org, contact, entry, session))
        .collect();
    let more = skip + rows.len() < total;
    let next = more.then(|| {
        let token = world.opaque();
        let expires = now.saturating_add(SignedDuration::from_hours(24)).unwrap_or(now);
        let held = PageToken {
            user: session.user,
            bound_to,
            after: (0, last),
            served: 0,
            page,
            expires,
        };
        world.page_tokens.insert(token.clone(), held);
        token
    });
    Ok(Answer::ok(json!({
        "__timeline": rows,
        "info": {
            "per_page": per_page, "page": page, "count": rows.len(), "more_records": more,
            "next_page_token": next, "previous_page_token": null,
        },
    })))
}

fn bound(call: &Call) -> Vec<(&String, &String)> {
    call.query
        .iter()
        .filter(|(name, _)| *name != "page_token" && *name != "page")
        .collect()
}

fn row(org: &Org, contact: &Contact, entry: &Entry, session: &Session) -> Value {
    let by = org.user(entry.by);
    let profile = by.and_then(|user| org.profile(user.profile));
    let history: Vec<Value> = entry
        .changes
        .iter()
        .map(|(name, old, new)| {
            let field = org.field(name);
            json!({
                "api_name": name,
                "field_label": field.map_or(name, |field| &field.label),
                "data_type": field.map_or("text", |field| &field.data_type),
                "id": field.map(|field| field.id.to_string()).unwrap_or_default(),
                "enable_colour_code": false,
                "pick_list_values": [],
                "_value": {"new": new, "old": old},
            })
        })
        .collect();
    json!({
        "id": entry.id.to_string(),
        "action": entry.action,
        "source": entry.source,
        "audited_time": stamp(entry.at, &session.zone),
        "done_by": {
            "name": by.map(super::state::User::full_name).unwrap_or_default(),
            "id": entry.by.to_string(),
            "profile": {"name": profile.map(|profile| profile.name.clone()).unwrap_or_default(),
                        "id": profile.map(|profile| profile.id.to_string()).unwrap_or_default()},
            "type__s": "Regular User",
        },
        "related_record": null,
        "automation_details": null,
        "extension": null,
        "record": {
            "id": contact.id.to_string(),
            "name": contact.full_name(),
            "module": {"api_name": "Contacts", "id": org.id},
        },
        "field_history": if history.is_empty() { Value::Null } else { Value::Array(history) },
    })
}

//! `GET /Contacts`

use std::cmp::Ordering;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::named;
use super::store::Contact;
use crate::zoho::answer::{Answer, Outcome, bad_request, invalid_param, missing_param, over_limit};
use crate::zoho::auth::Session;
use crate::zoho::call::Call;
use crate::zoho::fields::Field;
use crate::zoho::shape::{Lookups, stamp, value};
use crate::zoho::state::{Org, PageToken, World};

/// As far as `page` reaches.
const DISCRETE_ROWS: u64 = 2_000;
/// As far as a page token reaches.
const TOKEN_ROWS: u64 = 100_000;
/// Characters of a rich text in a list.
const RICH_TEXT: usize = 500;
const TOKEN_LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// What the caller asked for, apart from the place in the listing.
struct Request<'a> {
    per_page: u64,
    sort_by: &'a str,
    ascending: bool,
    ids: Option<Vec<u64>>,
    since: Option<Timestamp>,
}

impl Request<'_> {
    fn key(&self, contact: &Contact) -> (i64, u64) {
        match self.sort_by {
            "Created_Time" => (contact.created.as_second(), contact.id),
            "Modified_Time" => (contact.modified.as_second(), contact.id),
            _ => (0, contact.id),
        }
    }

    fn order(&self, a: (i64, u64), b: (i64, u64)) -> Ordering {
        if self.ascending { a.cmp(&b) } else { b.cmp(&a) }
    }
}

pub(in crate::zoho) fn list(world: &mut World, now: Timestamp, session: &Session, call: &Call) -> Outcome {
    let request = read(call)?;
    let org = &world.orgs[session.org];
    let fields = named(org, call)?.ok_or_else(|| missing_param("fields"))?;
    let page = call.number("page", 1, 1, u64::MAX)?;
    let held = match call.param("page_token") {
        Some(_) if call.param("page").is_some() => {
            return Err(bad_request(
                "AMBIGUITY_DURING_PROCESSING",
                "page and page_token cannot go together",
                json!({"param_names": ["page", "page_token"]}),
            ));
        }
        Some(token) => Some(
            world
                .page_tokens
                .get(token)
                .ok_or_else(|| invalid_param("page_token"))?,
        ),
        None => None,
    };
    if let Some(held) = held {
        let reach = org.page_token_rows.unwrap_or(TOKEN_ROWS);
        usable(held, reach, now, session, call)?;
    } else if page.saturating_mul(request.per_page) > DISCRETE_ROWS {
        return Err(bad_request(
            "DISCRETE_PAGINATION_LIMIT_EXCEEDED",
            "page reaches the first 2000 records only; use page_token",
            json!({"param_name": "page", "limit": DISCRETE_ROWS}),
        ));
    }
    let mut rows: Vec<&Contact> = matching(org, session, &request);
    if rows.is_empty() {
        return Ok(if request.since.is_some() {
            Answer::not_modified()
        } else {
            Answer::no_content()
        });
    }
    rows.sort_unstable_by(|a, b| request.order(request.key(a), request.key(b)));
    let (skip, page, served) = match held {
        // A token goes on behind the last row given out, wherever that row would stand by now.
        Some(held) => {
            let passed =
                rows.partition_point(|row| request.order(request.key(row), held.after) != Ordering::Greater);
            (passed, held.page + 1, held.served)
        }
        None => (
            usize::try_from((page - 1) * request.per_page).unwrap_or(usize::MAX),
            page,
            0,
        ),
    };
    let size = usize::try_from(request.per_page).unwrap_or(200);
    let shown: Vec<&Contact> = rows.iter().skip(skip).take(size).copied().collect();
    let Some(after) = shown.last().map(|last| request.key(last)) else {
        return Ok(Answer::no_content());
    };
    let more = skip + shown.len() < rows.len();
    let data: Vec<Value> = shown
        .iter()
        .map(|contact| cut(row(org, contact, &fields, &session.zone), &fields))
        .collect();
    let count = data.len();
    let expires = now.saturating_add(TOKEN_LIFETIME).unwrap_or(Timestamp::MAX);
    let next = more.then(|| {
        let token = world.opaque();
        let served = served + count as u64;
        let bound_to = bound(call);
        let held = PageToken {
            user: session.user,
            bound_to,
            after,
            served,
            page,
            expires,
        };
        world.page_tokens.insert(token.clone(), held);
        token
    });
    world.counters.one("record_reads");
    world.counters.add("rows_returned", count as u64);
    let info = json!({
        "per_page": request.per_page,
        "count": count,
        "page": page,
        "sort_by": request.sort_by,
        "sort_order": if request.ascending { "asc" } else { "desc" },
        "more_records": more,
        "page_token_expiry": next.as_ref().map(|_| stamp(expires, &session.zone)),
        "next_page_token": next,
        "previous_page_token": null,
    });
    Ok(Answer::ok(json!({"data": data, "info": info})))
}

fn read(call: &Call) -> Result<Request<'_>, Answer> {
    let ids = call.list("ids");
    if ids.as_ref().is_some_and(|ids| ids.len() > 100) {
        return Err(over_limit("ids", 100));
    }
    let ids = ids
        .map(|ids| {
            ids.into_iter()
                .map(|id| id.parse::<u64>().map_err(|_| invalid_param("ids")))
                .collect()
        })
        .transpose()?;
    if call.param("cvid").is_some() {
        return Err(invalid_param("cvid"));
    }
    Ok(Request {
        per_page: call.number("per_page", 200, 1, 200)?,
        sort_by: call.choice("sort_by", &["id", "Created_Time", "Modified_Time"], "id")?,
        ascending: call.choice("sort_order", &["asc", "desc"], "desc")? == "asc",
        ids,
        since: call.instant("if-modified-since")?,
    })
}

/// Everything a token is bound to: all parameters but the place in the listing.
fn bound(call: &Call) -> String {
    let params: Vec<String> = call
        .query
        .iter()
        .filter(|(name, _)| *name != "page" && *name != "page_token")
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    format!("{}|{:?}", params.join("&"), call.headers.get("if-modified-since"))
}

fn usable(
    held: &PageToken,
    reach: u64,
    now: Timestamp,
    session: &Session,
    call: &Call,
) -> Result<(), Answer> {
    let details = json!({"param_name": "page_token"});
    if held.expires <= now {
        return Err(bad_request(
            "EXPIRED_VALUE",
            "the page token has expired",
            details,
        ));
    }
    if held.user != session.user || held.bound_to != bound(call) {
        return Err(bad_request(
            "TOKEN_BOUND_DATA_MISMATCH",
            "the page token belongs to another user or to other parameters",
            details,
        ));
    }
    if held.served >= reach {
        return Err(bad_request(
            "PAGINATION_LIMIT_EXCEEDED",
            "a page token does not reach further records",
            details,
        ));
    }
    Ok(())
}

fn matching<'a>(org: &'a Org, session: &Session, request: &Request<'_>) -> Vec<&'a Contact> {
    let fits = |contact: &&Contact| {
        session.sees(contact) && request.since.is_none_or(|since| contact.modified > since)
    };
    match &request.ids {
        Some(ids) => ids
            .iter()
            .filter_map(|id| org.contacts.get(*id))
            .filter(fits)
            .collect(),
        None => org.contacts.iter().filter(fits).collect(),
    }
}

/// Lists show the beginning of a rich text only; the whole of it comes with the single record.
fn cut(mut row: Value, fields: &[&Field]) -> Value {
    for field in fields.iter().filter(|field| field.is_rich_text()) {
        if let Some(Value::String(text)) = row.get_mut(&field.api_name)
            && let Some((end, _)) = text.char_indices().nth(RICH_TEXT)
        {
            text.truncate(end);
        }
    }
    row
}

/// A record with the fields asked for; the id is always there, fields without a value are null.
pub(super) fn row(org: &Org, contact: &Contact, fields: &[&Field], zone: &TimeZone) -> Value {
    let mut row = Map::new();
    for field in fields {
        row.insert(
            field.api_name.clone(),
            value(org, contact, field, zone, Lookups::Named),
        );
    }
    row.insert("id".to_owned(), json!(contact.id.to_string()));
    Value::Object(row)
}

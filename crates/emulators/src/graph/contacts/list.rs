//! `GET …/contacts` and `GET …/contacts/{id}`.

use std::ops::Bound;

use serde_json::{Map, Value, json};

use super::super::errors::{Failure, Reply};
use super::super::filter::{Filter, Filterable};
use super::super::http_api::Call;
use super::super::ids;
use super::super::mailbox::{Contact, Mailbox};
use super::super::mailbox_api::Desk;
use super::render;

pub(in crate::graph) fn get(desk: &mut Desk<'_>, call: &Call, key: u64) -> Result<Reply, Failure> {
    call.query.allow(&["$select", "$expand"])?;
    let view = super::view(call)?;
    super::one(desk, call, key, &view).map(|body| Reply::ok(Value::Object(body)))
}

pub(in crate::graph) fn list(desk: &mut Desk<'_>, call: &Call, folder: u64) -> Result<Reply, Failure> {
    let known = [
        "$select",
        "$expand",
        "$top",
        "$skip",
        "$skiptoken",
        "$filter",
        "$orderby",
        "$count",
    ];
    call.query.allow(&known)?;
    let view = super::view(call)?;
    let top = call.query.top(10)?;
    let filter = call.query.get("$filter").map(Filter::parse).transpose()?;
    let skip = call.query.skip()?;
    let (page, more, count) = match call.query.get("$orderby") {
        None => in_order_of_age(desk, call, folder, filter.as_ref(), skip, top)?,
        Some(order) => sorted(desk, call, folder, filter.as_ref(), order, skip, top)?,
    };
    let mut out = Map::new();
    out.insert("@odata.context".to_owned(), json!(super::context(desk, call, "")));
    if let Some(count) = count {
        out.insert("@odata.count".to_owned(), json!(count));
    }
    let rows = page
        .iter()
        .map(|contact| Value::Object(render::contact(desk.mailbox, contact, &view)));
    out.insert("value".to_owned(), rows.collect());
    if let Some(token) = more {
        let next = call.url(&call.query.next_page(&ids::seal(&token)));
        out.insert("@odata.nextLink".to_owned(), json!(next));
    }
    Ok(Reply::ok(Value::Object(out)))
}

/// The contacts of a folder that can match: by the index where the filter allows it.
fn candidates<'a>(
    mailbox: &'a Mailbox,
    folder: u64,
    filter: Option<&Filter>,
    after: Option<u64>,
) -> Box<dyn Iterator<Item = u64> + 'a> {
    let Some(found) = mailbox.folders.get(&folder) else {
        return Box::new(std::iter::empty());
    };
    let Some(values) = filter.and_then(Filter::extended_values) else {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        return Box::new(found.members.range((from, Bound::Unbounded)).copied());
    };
    let mut keys: Vec<u64> = values
        .iter()
        .flat_map(|(id, value)| mailbox.with_extended(id, value))
        .collect();
    keys.retain(|key| found.members.contains(key) && after.is_none_or(|after| *key > after));
    keys.sort_unstable();
    keys.dedup();
    Box::new(keys.into_iter())
}

type Page<'a> = (Vec<&'a Contact>, Option<Value>, Option<usize>);

/// The token names the last contact shown, so that deletions between two pages skip nothing.
fn in_order_of_age<'a>(
    desk: &'a Desk<'_>,
    call: &Call,
    folder: u64,
    filter: Option<&Filter>,
    skip: usize,
    top: usize,
) -> Result<Page<'a>, Failure> {
    let mailbox = &*desk.mailbox;
    let after = call.query.skip_token("after")?;
    let counted = call.query.get("$count") == Some("true");
    let mut page: Vec<&Contact> = Vec::new();
    let (mut more, mut count, mut left) = (None, 0, skip);
    // A count covers all pages, so it has to look at all of them.
    let from = if counted { None } else { after };
    for key in candidates(mailbox, folder, filter, from) {
        let shown = after.is_none_or(|after| key > after);
        let Some(contact) = mailbox.contacts.get(&key) else {
            continue;
        };
        if !filter.map_or(Ok(true), |filter| filter.matches(&contact.content))? {
            continue;
        }
        count += 1;
        if !shown {
            continue;
        }
        if left > 0 {
            left -= 1;
        } else if page.len() < top {
            page.push(contact);
        } else {
            more = page.last().map(|last| json!({"after": last.key}));
            if !counted {
                break;
            }
        }
    }
    Ok((page, more, counted.then_some(count)))
}

fn sorted<'a>(
    desk: &'a Desk<'_>,
    call: &Call,
    folder: u64,
    filter: Option<&Filter>,
    order: &str,
    skip: usize,
    top: usize,
) -> Result<Page<'a>, Failure> {
    let mailbox = &*desk.mailbox;
    let (path, direction) = order.trim().split_once(' ').unwrap_or((order.trim(), "asc"));
    let sort_key = |contact: &Contact| match path {
        "createdDateTime" => Some(contact.created.to_string()),
        "lastModifiedDateTime" => Some(contact.modified.to_string()),
        _ => contact
            .content
            .text(path)
            .ok()
            .map(|text| text.unwrap_or_default().to_lowercase()),
    };
    let mut rows = Vec::new();
    for contact in candidates(mailbox, folder, filter, None).filter_map(|key| mailbox.contacts.get(&key)) {
        if filter.map_or(Ok(true), |filter| filter.matches(&contact.content))? {
            let key = sort_key(contact)
                .ok_or_else(|| Failure::parse(format!("Could not find a property named '{path}'.")))?;
            rows.push((key, contact.key, contact));
        }
    }
    rows.sort_by(|left, right| (&left.0, left.1).cmp(&(&right.0, right.1)));
    match direction.trim() {
        "asc" => {}
        "desc" => rows.reverse(),
        other => return Err(Failure::parse(format!("Syntax error at '{other}' in $orderby."))),
    }
    let offset = call
        .query
        .skip_token("offset")?
        .map_or(skip, |at| usize::try_from(at).unwrap_or(usize::MAX));
    let count = (call.query.get("$count") == Some("true")).then_some(rows.len());
    let end = offset.saturating_add(top);
    let more = (rows.len() > end).then(|| json!({"offset": end}));
    Ok((
        rows.into_iter()
            .skip(offset)
            .take(top)
            .map(|(_, _, contact)| contact)
            .collect(),
        more,
        count,
    ))
}

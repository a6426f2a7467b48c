//! `GET …/contacts/delta`.

use std::ops::Bound;

use serde_json::{Map, Value, json};

use super::super::errors::{Failure, Reply};
use super::super::http_api::Call;
use super::super::ids;
use super::super::mailbox::{Change, Folder};
use super::super::mailbox_api::Desk;
use super::render::{self, View};

/// Where a client stands in a folder's changes.
#[derive(Debug, Clone)]
struct Place {
    /// The last version that was shown.
    cursor: u64,
    /// The round in which the token was made.
    generation: u64,
    select: Option<String>,
}

impl Place {
    fn token(&self, folder: &str) -> String {
        let value = json!({"f": folder, "c": self.cursor, "g": self.generation, "s": self.select});
        ids::seal(&value)
    }

    /// Only tokens of the last few rounds are known, and only for the folder that they were made for.
    fn read(token: &str, folder: &Folder, desk: &Desk<'_>, call: &Call) -> Result<Self, Failure> {
        let value = ids::unseal(token).filter(|value| value["f"].as_str() == Some(&folder.id));
        let parts = value.and_then(|value| {
            let select = value["s"].as_str().map(str::to_owned);
            Some((value["c"].as_u64()?, value["g"].as_u64()?, select))
        });
        let Some((cursor, generation, select)) = parts else {
            let text = "Parameter 'DeltaToken' not supported for this request.";
            return Err(Failure::new(400, "SyncStateInvalid", text));
        };
        let keep = desk.options.delta_generations;
        if generation.saturating_add(keep) <= folder.generation || generation <= folder.expired {
            let text = format!(
                "The sync state generation is not found; generation={generation};[highest={}]",
                folder.generation
            );
            return Err(
                Failure::new(desk.options.delta_expired_status, "SyncStateNotFound", text)
                    .with("location", format!("{}{}", call.base, call.path)),
            );
        }
        Ok(Self {
            cursor,
            generation,
            select,
        })
    }
}

pub(in crate::graph) fn delta(desk: &mut Desk<'_>, call: &Call, key: u64) -> Result<Reply, Failure> {
    let folder = desk
        .mailbox
        .folders
        .get(&key)
        .ok_or_else(Failure::item_not_found)?;
    let next = call.query.get("$skiptoken");
    let saved = call.query.get("$deltatoken");
    let follow_up = next.or(saved);
    let refused = |name: &&str| {
        *name != "$skiptoken" && *name != "$deltatoken" && !(follow_up.is_none() && *name == "$select")
    };
    if call
        .query
        .names()
        .any(|name| refused(&name) && name.starts_with('$'))
    {
        return Err(Failure::new(
            400,
            "ErrorInvalidUrlQuery",
            "The following parameters are not supported with change tracking over the 'Contacts' resource: \
             '$orderby, $filter, $expand, $search, $top, $skip, $count'; $select belongs to the first request only.",
        ));
    }
    let mut place = match follow_up {
        Some(token) => match Place::read(token, folder, desk, call) {
            Ok(place) => place,
            Err(failure) => {
                desk.counters.add("delta_resets");
                return Err(failure);
            }
        },
        None => Place {
            cursor: 0,
            generation: 0,
            select: call.query.get("$select").map(str::to_owned),
        },
    };
    let select = select(place.select.as_deref())?;
    let view = View {
        immutable: call.prefer.immutable_id,
        select,
        expand: Vec::new(),
    };
    let size = call.prefer.max_page_size.unwrap_or(10).min(999);
    let top = folder.changes.keys().next_back().copied().unwrap_or(0);
    let starts_round = next.is_none();
    // A round that brings nothing is the same state: it makes no generation.
    let brings = place.cursor < top || saved.is_none();
    if starts_round
        && brings
        && let Some(folder) = desk.mailbox.folders.get_mut(&key)
    {
        // Sending a link again gives the same generation again, so that a client may repeat its last step.
        place.generation = if saved.is_some() {
            place.generation + 1
        } else {
            folder.generation + 1
        };
        folder.generation = folder.generation.max(place.generation);
    }
    if starts_round && saved.is_some() && brings && desk.options.delta_empty_page {
        return Ok(page(desk, call, key, Vec::new(), &place, true));
    }
    let looping = desk.mailbox.folders.get_mut(&key).is_some_and(|folder| {
        let looping = folder.looping > 0;
        folder.looping = folder.looping.saturating_sub(1);
        looping
    });
    let before = place.cursor;
    let (rows, last) = rows(desk, key, &place, size, starts_round && saved.is_some(), &view)?;
    place.cursor = if looping { before } else { last };
    let more = looping || last < top;
    Ok(page(desk, call, key, rows, &place, more))
}

fn select(text: Option<&str>) -> Result<Option<Vec<String>>, Failure> {
    let Some(text) = text else { return Ok(None) };
    let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
    match names.iter().find(|name| !super::fields::selectable(name)) {
        Some(name) => Err(Failure::parse(format!(
            "Could not find a property named '{name}' on type 'microsoft.graph.contact'."
        ))),
        None => Ok(Some(names)),
    }
}

/// The next entries and the version that they reach to. Replays come before the new ones.
fn rows(
    desk: &Desk<'_>,
    key: u64,
    place: &Place,
    size: usize,
    follow_up: bool,
    view: &View,
) -> Result<(Vec<Value>, u64), Failure> {
    let folder = desk
        .mailbox
        .folders
        .get(&key)
        .ok_or_else(Failure::item_not_found)?;
    let replays = if follow_up {
        usize::try_from(desk.options.delta_replays).unwrap_or(0)
    } else {
        0
    };
    let mut old: Vec<&Change> = folder
        .changes
        .range(..=place.cursor)
        .rev()
        .take(replays)
        .map(|(_, change)| change)
        .collect();
    old.reverse();
    let mut last = place.cursor;
    let fresh = folder
        .changes
        .range((Bound::Excluded(place.cursor), Bound::Unbounded))
        .take(size);
    let mut all = old;
    for (version, change) in fresh {
        last = *version;
        all.push(change);
    }
    let rows = all
        .into_iter()
        .filter_map(|change| row(desk, change, view))
        .collect();
    Ok((rows, last))
}

fn row(desk: &Desk<'_>, change: &Change, view: &View) -> Option<Value> {
    match change {
        Change::Put(key) => {
            let contact = desk.mailbox.contacts.get(key)?;
            let mut out = render::contact(desk.mailbox, contact, view);
            out.insert("@odata.type".to_owned(), json!("#microsoft.graph.contact"));
            Some(Value::Object(out))
        }
        Change::Gone {
            immutable,
            mutable,
            reason,
        } => {
            let id = if view.immutable { immutable } else { mutable };
            Some(json!({"id": id, "@removed": {"reason": reason}}))
        }
    }
}

fn page(desk: &Desk<'_>, call: &Call, key: u64, rows: Vec<Value>, place: &Place, more: bool) -> Reply {
    let token = place.token(desk.mailbox.folder_id(key));
    let mut out = Map::new();
    out.insert(
        "@odata.context".to_owned(),
        json!(call.context("Collection(microsoft.graph.contact)")),
    );
    out.insert("value".to_owned(), Value::Array(rows));
    let (name, option) = if more {
        ("@odata.nextLink", "$skiptoken")
    } else {
        ("@odata.deltaLink", "$deltatoken")
    };
    out.insert(name.to_owned(), json!(call.url(&format!("{option}={token}"))));
    Reply::ok(Value::Object(out)).with("preference-applied", "odata.track-changes".to_owned())
}

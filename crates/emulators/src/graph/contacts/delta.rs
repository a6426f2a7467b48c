//! `GET …/contacts/delta`.

use ambient::{Random as _, SeededRandom};
use serde_json::{Map, Value, json};

use super::super::changes::{Change, Departure};
use super::super::errors::{Failure, Reply};
use super::super::http_api::Call;
use super::super::ids;
use super::super::mailbox::Folder;
use super::super::mailbox_api::Desk;
use super::render::{self, View};

/// Where a client stands in a folder's changes.
#[derive(Debug, Clone)]
struct Place {
    /// The last version that was shown.
    cursor: u64,
    /// The last version of the round before: what changed since then is what this round tells.
    base: u64,
    /// The round in which the token was made.
    generation: u64,
    select: Option<String>,
}

impl Place {
    fn token(&self, folder: &str) -> String {
        let value = json!({
            "f": folder, "c": self.cursor, "b": self.base, "g": self.generation, "s": self.select,
        });
        ids::seal(&value)
    }

    /// Only tokens of the last few rounds are known, and only for the folder that they were made for.
    fn read(token: Option<&str>, folder: &Folder, desk: &Desk<'_>, call: &Call) -> Result<Self, Failure> {
        let value = token.and_then(ids::unseal);
        let place = value
            .filter(|value| value["f"].as_str() == Some(&folder.id))
            .and_then(|value| {
                Some(Self {
                    cursor: value["c"].as_u64()?,
                    base: value["b"].as_u64()?,
                    generation: value["g"].as_u64()?,
                    select: value["s"].as_str().map(str::to_owned),
                })
            });
        let Some(place) = place else {
            let text = "Parameter 'DeltaToken' not supported for this request.";
            return Err(Failure::new(400, "SyncStateInvalid", text));
        };
        let options = &desk.options.delta;
        let (generation, highest) = (place.generation, folder.log.generation);
        if generation.saturating_add(options.generations) <= highest || generation <= folder.log.expired {
            let text = format!(
                "The sync state generation is not found; generation={generation};[highest={highest}]"
            );
            let (status, code) = options.expired;
            return Err(
                Failure::new(status, code, text).with("location", format!("{}{}", call.base, call.path))
            );
        }
        Ok(place)
    }
}

pub(in crate::graph) fn delta(desk: &mut Desk<'_>, call: &Call, key: u64) -> Result<Reply, Failure> {
    let folder = desk
        .mailbox
        .folders
        .get(&key)
        .ok_or_else(Failure::item_not_found)?;
    let option = ["$skiptoken", "$deltatoken"]
        .into_iter()
        .find(|name| call.query.get(name).is_some());
    refuse_options(call, option.is_none())?;
    let mut place = match option {
        Some(option) => match Place::read(call.query.token(option), folder, desk, call) {
            Ok(place) => place,
            Err(failure) => {
                desk.counters.add("delta_resets");
                return Err(failure);
            }
        },
        None => Place {
            cursor: 0,
            base: 0,
            generation: 0,
            select: call.query.get("$select").map(str::to_owned),
        },
    };
    let view = View {
        immutable: call.prefer.immutable_id,
        select: select(place.select.as_deref())?,
        expand: Vec::new(),
    };
    let top = folder.log.top(desk.now, desk.options.delta.delay);
    let starts_round = option != Some("$skiptoken");
    let follow_up = option == Some("$deltatoken");
    // A round that brings nothing is the same state: it makes no generation.
    let brings = place.cursor < top || !follow_up;
    if starts_round
        && brings
        && let Some(folder) = desk.mailbox.folders.get_mut(&key)
    {
        // Sending a link again gives the same generation again, so that a client may repeat its last step.
        place.generation = if follow_up {
            place.generation + 1
        } else {
            folder.log.generation + 1
        };
        folder.log.generation = folder.log.generation.max(place.generation);
    }
    if starts_round {
        place.base = place.cursor;
    }
    if follow_up && brings && desk.options.delta.empty_page {
        return Ok(page(desk, call, key, Vec::new(), &place, true));
    }
    let looping = desk.mailbox.folders.get_mut(&key).is_some_and(|folder| {
        let looping = folder.log.looping > 0;
        folder.log.looping = folder.log.looping.saturating_sub(1);
        looping
    });
    // Not remembered from page to page: a client that wants pages of another size says so each time.
    let size = call.prefer.max_page_size.unwrap_or(10).min(999);
    let (mut rows, last) = rows(desk, key, &place, (size, top), follow_up, &view)?;
    if desk.options.delta.unordered {
        shuffle(&mut rows, desk.draw);
    }
    if !looping {
        place.cursor = last;
    }
    let more = looping || last < top;
    Ok(page(desk, call, key, rows, &place, more))
}

fn refuse_options(call: &Call, first: bool) -> Result<(), Failure> {
    let known = |name: &str| {
        let token = name == "$skiptoken" || name == "$deltatoken";
        !name.starts_with('$') || token || (first && name == "$select")
    };
    if call.query.names().all(known) {
        return Ok(());
    }
    Err(Failure::new(
        400,
        "ErrorInvalidUrlQuery",
        "The following parameters are not supported with change tracking over the 'Contacts' resource: \
         '$orderby, $filter, $expand, $search, $top, $skip, $count'; $select belongs to the first request only.",
    ))
}

/// No order is promised.
fn shuffle(rows: &mut [Value], seed: u64) {
    let random = SeededRandom::new(seed);
    for last in (1..rows.len()).rev() {
        let span = u64::try_from(last + 1).unwrap_or(1);
        rows.swap(last, usize::try_from(random.next_u64() % span).unwrap_or(0));
    }
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
    (size, top): (usize, u64),
    follow_up: bool,
    view: &View,
) -> Result<(Vec<Value>, u64), Failure> {
    let folder = desk
        .mailbox
        .folders
        .get(&key)
        .ok_or_else(Failure::item_not_found)?;
    let options = &desk.options.delta;
    let replays = if follow_up {
        usize::try_from(options.replays).unwrap_or(0)
    } else {
        0
    };
    let mut rows: Vec<Value> = folder
        .log
        .latest(place.cursor, replays)
        .into_iter()
        .filter_map(|change| row(desk, change, view))
        .collect();
    let narrow = view.select.as_deref().filter(|_| options.select_narrows);
    let mut last = place.cursor;
    for (version, change) in folder.log.between(place.cursor, top).take(size) {
        last = version;
        let shows = match change {
            Change::Put(key) => desk.mailbox.contacts.get(key).is_some_and(|contact| {
                narrow.is_none_or(|selected| contact.changed_since(place.base, selected))
            }),
            Change::Gone(departure) => !(departure.last && options.loses_last_removal),
        };
        if shows {
            rows.extend(row(desk, change, view));
        }
    }
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
        Change::Gone(Departure {
            immutable,
            mutable,
            reason,
            ..
        }) => {
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
    let link = call.url(&call.query.only(option, &token));
    out.insert(name.to_owned(), json!(link));
    Reply::ok(Value::Object(out)).with("preference-applied", "odata.track-changes".to_owned())
}

//! Contact folders.

use serde_json::{Map, Value, json};

use super::errors::{Failure, Reply};
use super::extended::{self, Extended, MARKER};
use super::filter::{Filter, Filterable, UnknownPath};
use super::http_api::Call;
use super::ids;
use super::mailbox::{DEFAULT, Folder, Mailbox, TRASH};
use super::mailbox_api::Desk;

const PROPERTIES: [&str; 3] = ["displayName", "id", "parentFolderId"];

/// A folder as answers show it.
fn show(
    mailbox: &Mailbox,
    folder: &Folder,
    select: Option<&[String]>,
    expand: &[String],
) -> Map<String, Value> {
    let mut out = Map::new();
    out.insert("id".to_owned(), json!(folder.id));
    let wanted = |name: &str| select.is_none_or(|names| names.iter().any(|known| known == name));
    if wanted("displayName") {
        out.insert("displayName".to_owned(), json!(folder.name));
    }
    if wanted("parentFolderId") {
        out.insert(
            "parentFolderId".to_owned(),
            json!(mailbox.folder_id(folder.parent)),
        );
    }
    if let Some(found) = extended::expanded(&folder.extended, expand) {
        out.insert("singleValueExtendedProperties".to_owned(), found);
    }
    out
}

fn one(desk: &Desk<'_>, call: &Call, key: u64, expand: &[String]) -> Result<Value, Failure> {
    let folder = desk
        .mailbox
        .folders
        .get(&key)
        .ok_or_else(Failure::item_not_found)?;
    let select = call
        .query
        .select(|name| PROPERTIES.contains(&name), "contactFolder")?;
    let mut out = show(desk.mailbox, folder, select.as_deref(), expand);
    let context = call.context(&format!("users('{}')/contactFolders/$entity", desk.user));
    out.insert("@odata.context".to_owned(), json!(context));
    Ok(Value::Object(out))
}

fn expand(call: &Call) -> Result<Vec<String>, Failure> {
    call.query
        .get("$expand")
        .map_or(Ok(Vec::new()), extended::read_expand)
}

pub(super) fn get(desk: &mut Desk<'_>, call: &Call, key: u64) -> Result<Reply, Failure> {
    call.query.allow(&["$select", "$expand"])?;
    one(desk, call, key, &expand(call)?).map(Reply::ok)
}

/// The folders right below another: without that one itself, and without those below them.
pub(super) fn list(desk: &mut Desk<'_>, call: &Call, parent: u64) -> Result<Reply, Failure> {
    call.query.allow(&[
        "$select",
        "$expand",
        "$top",
        "$skip",
        "$skiptoken",
        "$filter",
        "$count",
    ])?;
    let top = call.query.top(10)?;
    let after = call.query.skip_token("after")?.unwrap_or(DEFAULT);
    let filter = call.query.get("$filter").map(Filter::parse).transpose()?;
    let select = call
        .query
        .select(|name| PROPERTIES.contains(&name), "contactFolder")?;
    let expand = expand(call)?;
    let mut found = Vec::new();
    let mut count = 0_usize;
    for (key, folder) in desk.mailbox.children(parent) {
        if filter
            .as_ref()
            .map_or(Ok(true), |filter| filter.matches(folder))?
        {
            count += 1;
            if key > after {
                found.push((key, folder));
            }
        }
    }
    let skip = call.query.skip()?;
    let more = found.len() > skip.saturating_add(top);
    let page: Vec<_> = found.into_iter().skip(skip).take(top).collect();
    let mut out = Map::new();
    let context = call.context(&format!("users('{}')/contactFolders", desk.user));
    out.insert("@odata.context".to_owned(), json!(context));
    if call.query.get("$count") == Some("true") {
        out.insert("@odata.count".to_owned(), json!(count));
    }
    let rows = page
        .iter()
        .map(|(_, folder)| Value::Object(show(desk.mailbox, folder, select.as_deref(), &expand)));
    out.insert("value".to_owned(), rows.collect());
    if let Some((last, _)) = page.last().filter(|_| more) {
        let token = ids::seal(&json!({"after": last}));
        out.insert(
            "@odata.nextLink".to_owned(),
            json!(call.url(&call.query.next_page(&token))),
        );
    }
    Ok(Reply::ok(Value::Object(out)))
}

/// The name and the extended properties of a body.
fn read(body: &Map<String, Value>, extended: &mut Extended) -> Result<Option<String>, Failure> {
    let mut name = None;
    for (member, value) in body {
        match (member.as_str(), value) {
            ("displayName", Value::String(text)) if !text.trim().is_empty() => {
                if text.encode_utf16().count() > 255 {
                    return Err(Failure::invalid("The folder name is too long."));
                }
                name = Some(text.clone());
            }
            ("displayName", _) => return Err(Failure::invalid("The folder name must not be empty.")),
            ("parentFolderId", Value::String(_)) => {}
            ("singleValueExtendedProperties", list) => extended::read(list, extended)?,
            (annotation, _) if annotation.contains('@') => {}
            (other, _) => {
                return Err(Failure::body(format!(
                    "The property '{other}' does not exist on type 'microsoft.graph.contactFolder'."
                )));
            }
        }
    }
    Ok(name)
}

pub(super) fn create(desk: &mut Desk<'_>, call: &Call, below: u64) -> Result<Reply, Failure> {
    call.query.allow(&[])?;
    let body = call.json()?;
    let mut extended = Extended::new();
    let name = read(&body, &mut extended)?;
    let name = name.ok_or_else(|| Failure::invalid("The folder name must not be empty."))?;
    let parent = match body.get("parentFolderId") {
        Some(Value::String(id)) => desk.folder(id)?,
        _ => below,
    };
    if desk.mailbox.named(parent, &name).is_some() {
        return Err(Failure::folder_exists());
    }
    desk.room_for(&extended)?;
    let marker = extended.get(MARKER).cloned();
    let twin = marker.as_ref().is_some_and(|marker| {
        let mut others = desk.mailbox.folders.iter().filter(|(_, folder)| folder.by_app);
        others.any(|(key, other)| {
            other
                .extended
                .get(MARKER)
                .is_some_and(|found| found.to_lowercase() == marker.to_lowercase())
                && !desk.mailbox.in_trash(*key)
        })
    });
    if twin {
        desk.counters.add("duplicate_markers");
    }
    let key = desk.mailbox.add_folder(name, parent, extended, true);
    desk.wrote_in(key);
    desk.counters.add("folder_creates");
    one(desk, call, key, &[]).map(Reply::created)
}

pub(super) fn update(desk: &mut Desk<'_>, call: &Call, key: u64) -> Result<Reply, Failure> {
    call.query.allow(&[])?;
    let body = call.json()?;
    if body.contains_key("parentFolderId") {
        return Err(Failure::new(
            400,
            "ErrorInvalidPropertySet",
            "The property 'parentFolderId' cannot be set.",
        ));
    }
    if key == DEFAULT {
        return Err(Failure::new(
            403,
            "ErrorAccessDenied",
            "The default folder cannot be changed.",
        ));
    }
    let folder = desk
        .mailbox
        .folders
        .get(&key)
        .ok_or_else(Failure::item_not_found)?;
    let mut extended = folder.extended.clone();
    let name = read(&body, &mut extended)?;
    if let Some(name) = &name
        && desk
            .mailbox
            .named(folder.parent, name)
            .is_some_and(|other| other != key)
    {
        return Err(Failure::folder_exists());
    }
    desk.wrote_in(key);
    desk.counters.add("folder_updates");
    if let Some(folder) = desk.mailbox.folders.get_mut(&key) {
        folder.extended = extended;
        if let Some(name) = name {
            folder.name = name;
        }
    }
    one(desk, call, key, &[]).map(Reply::ok)
}

/// To Deleted Items with everything in it. There a second folder of the same name is refused.
pub(super) fn delete(desk: &mut Desk<'_>, key: u64) -> Result<Reply, Failure> {
    refuse_default(key)?;
    let name = desk
        .mailbox
        .folders
        .get(&key)
        .map(|folder| folder.name.clone())
        .unwrap_or_default();
    let again = desk.mailbox.in_trash(key);
    if !again && desk.mailbox.named(TRASH, &name).is_some() {
        return Err(Failure::folder_exists());
    }
    desk.wrote_in(key);
    desk.counters.add("deletes");
    desk.counters.add("folder_deletes");
    if again {
        desk.mailbox.purge_folder(key);
    } else if let Some(folder) = desk.mailbox.folders.get_mut(&key) {
        folder.parent = TRASH;
    }
    Ok(Reply::no_content())
}

pub(super) fn permanent_delete(desk: &mut Desk<'_>, key: u64) -> Result<Reply, Failure> {
    refuse_default(key)?;
    desk.wrote_in(key);
    desk.counters.add("permanent_deletes");
    desk.mailbox.purge_folder(key);
    Ok(Reply::no_content())
}

fn refuse_default(key: u64) -> Result<(), Failure> {
    if key > TRASH {
        return Ok(());
    }
    Err(Failure::new(
        400,
        "ErrorDeleteDistinguishedFolder",
        "Distinguished folders cannot be deleted.",
    ))
}

impl Filterable for Folder {
    fn text(&self, path: &str) -> Result<Option<String>, UnknownPath> {
        if path == "displayName" {
            Ok(Some(self.name.clone()))
        } else {
            Err(UnknownPath)
        }
    }

    fn list(&self, _: &str, _: Option<&str>) -> Result<Vec<String>, UnknownPath> {
        Err(UnknownPath)
    }

    fn extended(&self, id: &str) -> Option<&str> {
        self.extended.get(id).map(String::as_str)
    }
}

//! A mailbox in memory: what the server holds and does to it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use ambient::{Clock, ManualClock};
use jiff::Timestamp;
use serde_json::Value as Json;
use sync_engine::office_field::{Group, OfficeField};
use sync_engine::plan::Changes;
use sync_engine::project::Fields;
use sync_engine::value::Value;
use sync_runtime::ports::{Folder, Found, Item, ItemFailure, ItemUpdate, NewItem};

use super::delta::Delta;
use super::faults::Faults;

/// The default folder: it answers to no question about folders.
pub(crate) const ROOT: &str = "contacts";
/// The deleted items, which are no contact folder.
pub(crate) const TRASH: &str = "trash";

/// An item as the server holds it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Held {
    pub(crate) folder: String,
    pub(crate) version: u64,
    /// Exchange raises the change key once more, some time after a write.
    pub(crate) settling: bool,
    pub(crate) marker: Option<String>,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
    pub(crate) fields: Fields,
}

/// What was written through the port.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Writes {
    pub(crate) creates: u64,
    pub(crate) updates: u64,
    /// Fields over all updates.
    pub(crate) updated_fields: u64,
    /// Updates that changed nothing.
    pub(crate) no_ops: u64,
    pub(crate) deletes: u64,
    pub(crate) folders: u64,
    /// Writes into folders without our marker.
    pub(crate) outside: u64,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) folders: BTreeMap<String, Folder>,
    pub(crate) items: BTreeMap<String, Held>,
    pub(crate) delta: Delta,
    pub(crate) writes: Writes,
    pub(crate) made: Vec<String>,
    pub(crate) next: u64,
    pub(crate) now: Timestamp,
    /// Exchange spells telephone numbers its own way.
    pub(crate) rewrites_phones: bool,
    /// The owner edits every item between reading and writing, so many times.
    pub(crate) meddling: u64,
    /// The owner deletes the folder after so many creates.
    pub(crate) creates_left: Option<u64>,
}

pub(crate) struct FakeMailbox {
    pub(super) faults: Arc<Faults>,
    clock: ManualClock,
    state: Mutex<State>,
}

impl FakeMailbox {
    pub(crate) fn new(faults: Arc<Faults>, clock: ManualClock) -> Self {
        Self {
            faults,
            clock,
            state: Mutex::default(),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap();
        state.now = self.clock.now();
        state
    }
}

/// Graph keeps the entries of a list without gaps.
fn close_gaps(fields: &mut Fields) {
    for group in Group::LISTS {
        let of_group = || {
            OfficeField::ALL
                .iter()
                .filter(|field| field.group() == Some(group))
        };
        let values: Vec<Value> = of_group().filter_map(|field| fields.remove(field)).collect();
        fields.extend(of_group().copied().zip(values));
    }
}

impl State {
    pub(crate) fn id(&mut self, prefix: &str) -> String {
        self.next += 1;
        format!("{prefix}{:06}", self.next)
    }

    /// Whether a folder lies below the default one, not in the deleted items.
    pub(crate) fn is_shown(&self, folder: &str) -> bool {
        let mut at = folder;
        for _ in 0..=self.folders.len() {
            match self.folders.get(at) {
                Some(found) => at = &found.parent,
                None => return at == ROOT,
            }
        }
        false
    }

    pub(super) fn ours(&self, folder: &str) -> bool {
        let marked = self
            .folders
            .get(folder)
            .is_some_and(|found| found.marker.is_some());
        marked && self.is_shown(folder)
    }

    pub(super) fn item(&self, id: &str) -> Option<Item> {
        let held = self.items.get(id)?;
        Some(Item {
            id: id.to_owned(),
            etag: held.version.to_string(),
            fields: held.fields.clone(),
            marker: held.marker.clone(),
            modified: Some(held.modified),
            created: Some(held.created),
            carry: Json::Null,
        })
    }

    pub(super) fn found(&self, folder: &str, id: &str) -> Found {
        match (self.items.get(id), self.item(id)) {
            (Some(held), Some(item)) if held.folder == folder => Found::Here(item),
            (Some(held), _) => Found::Elsewhere {
                folder: held.folder.clone(),
            },
            _ => Found::Gone,
        }
    }

    /// Whatever happens to an item shows in the changes of its folder.
    pub(crate) fn touch(&mut self, id: &str) {
        let now = self.now;
        if let Some(held) = self.items.get_mut(id) {
            held.version += 1;
            held.modified = now;
            self.delta.changed(&held.folder, id);
        }
    }

    pub(super) fn settle(&mut self) {
        let settling: Vec<String> = self
            .items
            .iter()
            .filter(|(_, held)| held.settling)
            .map(|(id, _)| id.clone())
            .collect();
        for id in settling {
            self.items.get_mut(&id).unwrap().settling = false;
            self.touch(&id);
        }
    }

    /// `None` clears. The lists close up, as they do whoever writes.
    pub(crate) fn write(&mut self, id: &str, changes: &Changes) {
        let rewrites = self.rewrites_phones;
        let spelled = |field: OfficeField, value: &Value| match (field, value) {
            (OfficeField::MobilePhone, Value::Text(text)) if rewrites => Value::Text(text.replace('-', " ")),
            (_, value) => value.clone(),
        };
        let Some(held) = self.items.get_mut(id) else {
            return;
        };
        for (field, value) in changes {
            match value {
                Some(value) => held.fields.insert(*field, spelled(*field, value)),
                None => held.fields.remove(field),
            };
        }
        close_gaps(&mut held.fields);
        self.touch(id);
    }

    pub(crate) fn put(&mut self, id: &str, folder: &str, marker: Option<&str>, fields: &Fields) {
        let held = Held {
            folder: folder.to_owned(),
            version: 0,
            settling: false,
            marker: marker.map(str::to_owned),
            created: self.now,
            modified: self.now,
            fields: Fields::new(),
        };
        self.items.insert(id.to_owned(), held);
        let whole = fields.iter().map(|(field, value)| (*field, Some(value.clone())));
        self.write(id, &whole.collect());
    }

    pub(crate) fn move_item(&mut self, id: &str, folder: &str) {
        let held = self.items.get_mut(id).unwrap();
        let from = std::mem::replace(&mut held.folder, folder.to_owned());
        self.delta.removed(&from, id);
        self.touch(id);
    }

    pub(super) fn create(&mut self, folder: &str, new: &NewItem) -> Result<Item, ItemFailure> {
        match &mut self.creates_left {
            Some(0) => {
                self.folders.remove(folder);
                self.items.retain(|_, held| held.folder != folder);
            }
            Some(left) => *left -= 1,
            None => {}
        }
        if !self.folders.contains_key(folder) {
            return Err(ItemFailure::Gone);
        }
        self.writes.creates += 1;
        self.writes.outside += u64::from(!self.ours(folder));
        let id = self.id("item");
        self.made.push(new.marker.clone());
        self.put(&id, folder, Some(&new.marker), &new.fields);
        self.items.get_mut(&id).unwrap().settling = true;
        self.item(&id).ok_or(ItemFailure::Gone)
    }

    fn as_read(&self, folder: &str, item: &Item) -> Result<(), ItemFailure> {
        match self.items.get(&item.id).filter(|held| held.folder == folder) {
            None => Err(ItemFailure::Gone),
            Some(held) if held.version.to_string() != item.etag => Err(ItemFailure::Changed),
            Some(_) => Ok(()),
        }
    }

    pub(super) fn update(&mut self, folder: &str, update: &ItemUpdate) -> Result<Item, ItemFailure> {
        self.as_read(folder, &update.item)?;
        let id = &update.item.id;
        self.writes.updates += 1;
        self.writes.updated_fields += update.changes.len() as u64;
        self.writes.outside += u64::from(!self.ours(folder));
        let before = self.items[id].clone();
        self.write(id, &update.changes);
        let held = self.items.get_mut(id).unwrap();
        if let Some(marker) = &update.marker {
            held.marker = Some(marker.clone());
        }
        held.settling = true;
        let unchanged = held.fields == before.fields && held.marker == before.marker;
        self.writes.no_ops += u64::from(unchanged);
        self.item(id).ok_or(ItemFailure::Gone)
    }

    pub(super) fn delete(&mut self, folder: &str, item: &Item) -> Result<(), ItemFailure> {
        self.as_read(folder, item)?;
        self.writes.deletes += 1;
        self.writes.outside += u64::from(!self.ours(folder));
        self.move_item(&item.id, TRASH);
        Ok(())
    }

    pub(super) fn meddle(&mut self) {
        if self.meddling > 0 {
            self.meddling -= 1;
            let ids: Vec<String> = self.items.keys().cloned().collect();
            for id in ids {
                self.touch(&id);
            }
        }
    }

    pub(super) fn name_taken(&self, name: &str, parent: &str, except: Option<&str>) -> bool {
        self.folders.values().any(|folder| {
            folder.parent == parent && folder.name == name && Some(folder.id.as_str()) != except
        })
    }

    pub(crate) fn add_folder(&mut self, parent: &str, name: &str, marker: Option<&str>) -> Folder {
        let folder = Folder {
            id: self.id("folder"),
            parent: parent.to_owned(),
            name: name.to_owned(),
            marker: marker.map(str::to_owned),
        };
        self.folders.insert(folder.id.clone(), folder.clone());
        folder
    }
}

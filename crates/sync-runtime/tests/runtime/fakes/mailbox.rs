//! A mailbox in memory: the port.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::Value as Json;
use sync_engine::office_field::OfficeField;
use sync_engine::project::Fields;
use sync_engine::value::Value;
use sync_runtime::ports::{
    CreateFolderFailure, Failure, Folder, Item, ItemFailure, ItemUpdate, Mailbox, NewItem, Service,
};

use super::faults::Faults;

pub(crate) const ROOT: &str = "contacts";
pub(crate) const TRASH: &str = "trash";

/// An item as the server holds it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Held {
    pub(crate) folder: String,
    pub(crate) version: u64,
    /// Exchange raises the change key once more, some time after a write.
    pub(crate) settling: bool,
    pub(crate) marker: Option<String>,
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
    /// Writes to items or into folders without our marker.
    pub(crate) outside: u64,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) folders: BTreeMap<String, Folder>,
    pub(crate) items: BTreeMap<String, Held>,
    pub(crate) writes: Writes,
    pub(crate) made: Vec<String>,
    pub(crate) updated: Vec<String>,
    pub(crate) next: u64,
    /// Exchange spells telephone numbers its own way.
    pub(crate) rewrites_phones: bool,
    /// The owner edits every item between reading and writing, so many times.
    pub(crate) meddling: u64,
    /// The owner deletes the folder after so many creates.
    pub(crate) creates_left: Option<u64>,
}

pub(crate) struct FakeMailbox {
    faults: Arc<Faults>,
    state: Mutex<State>,
}

impl FakeMailbox {
    pub(crate) fn new(faults: Arc<Faults>) -> Self {
        Self {
            faults,
            state: Mutex::default(),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl State {
    pub(crate) fn id(&mut self, prefix: &str) -> String {
        self.next += 1;
        format!("{prefix}{:06}", self.next)
    }

    fn ours(&self, folder: &str) -> bool {
        self.folders
            .get(folder)
            .is_some_and(|folder| folder.marker.is_some() && folder.parent == ROOT)
    }

    fn item(&self, id: &str) -> Option<Item> {
        let held = self.items.get(id)?;
        Some(Item {
            id: id.to_owned(),
            etag: held.version.to_string(),
            fields: held.fields.clone(),
            marker: held.marker.clone(),
            carry: Json::Null,
        })
    }

    fn settle(&mut self) {
        for held in self.items.values_mut().filter(|held| held.settling) {
            held.settling = false;
            held.version += 1;
        }
    }

    fn rewritten(&self, field: OfficeField, value: Value) -> Value {
        match (field, value) {
            (OfficeField::MobilePhone, Value::Text(text)) if self.rewrites_phones => {
                Value::Text(text.replace('-', " "))
            }
            (_, value) => value,
        }
    }

    fn create(&mut self, folder: &str, new: &NewItem) -> Result<Item, ItemFailure> {
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
        let fields = new
            .fields
            .iter()
            .map(|(field, value)| (*field, self.rewritten(*field, value.clone())))
            .collect();
        let id = self.id("item");
        self.made.push(new.marker.clone());
        let held = Held {
            folder: folder.to_owned(),
            version: 1,
            settling: true,
            marker: Some(new.marker.clone()),
            fields,
        };
        self.items.insert(id.clone(), held);
        self.item(&id).ok_or(ItemFailure::Gone)
    }

    fn as_read(&self, folder: &str, item: &Item) -> Result<(), ItemFailure> {
        match self.items.get(&item.id).filter(|held| held.folder == folder) {
            None => Err(ItemFailure::Gone),
            Some(held) if held.version.to_string() != item.etag => Err(ItemFailure::Changed),
            Some(_) => Ok(()),
        }
    }

    fn update(&mut self, folder: &str, update: &ItemUpdate) -> Result<Item, ItemFailure> {
        self.as_read(folder, &update.item)?;
        let id = &update.item.id;
        self.writes.updates += 1;
        self.updated.push(id.clone());
        self.writes.updated_fields += update.changes.len() as u64;
        self.writes.outside += u64::from(!self.ours(folder) || update.item.marker.is_none());
        let mut fields = self.items[id].fields.clone();
        for (field, value) in &update.changes {
            match value {
                Some(value) => fields.insert(*field, self.rewritten(*field, value.clone())),
                None => fields.remove(field),
            };
        }
        if let Some(held) = self.items.get_mut(id) {
            self.writes.no_ops += u64::from(held.fields == fields);
            held.fields = fields;
            held.version += 1;
            held.settling = true;
        }
        self.item(id).ok_or(ItemFailure::Gone)
    }

    fn delete(&mut self, folder: &str, item: &Item) -> Result<(), ItemFailure> {
        self.as_read(folder, item)?;
        self.writes.deletes += 1;
        self.writes.outside += u64::from(!self.ours(folder) || item.marker.is_none());
        self.items.remove(&item.id);
        Ok(())
    }

    fn meddle(&mut self) {
        if self.meddling > 0 {
            self.meddling -= 1;
            for held in self.items.values_mut() {
                held.version += 1;
            }
        }
    }

    fn name_taken(&self, name: &str, except: Option<&str>) -> bool {
        self.folders
            .values()
            .any(|folder| folder.parent == ROOT && folder.name == name && Some(folder.id.as_str()) != except)
    }

    pub(crate) fn add_folder(&mut self, name: &str, marker: Option<&str>) -> Folder {
        let folder = Folder {
            id: self.id("folder"),
            parent: ROOT.to_owned(),
            name: name.to_owned(),
            marker: marker.map(str::to_owned),
        };
        self.folders.insert(folder.id.clone(), folder.clone());
        folder
    }
}

impl FakeMailbox {
    /// One item after the other, as a batch does it; a crash leaves the rest undone.
    async fn each<I, T>(
        &self,
        call: &'static str,
        items: &[I],
        one: impl Fn(&mut State, &I) -> Result<T, ItemFailure>,
    ) -> Vec<Result<T, ItemFailure>> {
        let mut results = Vec::with_capacity(items.len());
        for item in items {
            let (effect, dies, failure) = self.faults.item(call);
            let result = if effect {
                one(&mut self.state(), item)
            } else {
                Err(ItemFailure::Gone)
            };
            if dies {
                self.faults.crash().await;
            }
            results.push(failure.map_or(result, Err));
        }
        results
    }
}

impl Mailbox for FakeMailbox {
    async fn folder(&self, id: &str) -> Result<Option<Folder>, Failure> {
        let dies = self.faults.enter("folder", Service::Office).await?;
        self.faults.leave(dies).await;
        Ok(self.state().folders.get(id).cloned())
    }

    async fn folders(&self) -> Result<Vec<Folder>, Failure> {
        let dies = self.faults.enter("folders", Service::Office).await?;
        self.faults.leave(dies).await;
        let state = self.state();
        Ok(state
            .folders
            .values()
            .filter(|f| f.parent == ROOT)
            .cloned()
            .collect())
    }

    async fn create_folder(&self, name: &str, marker: &str) -> Result<Folder, CreateFolderFailure> {
        let dies = self.faults.enter("create_folder", Service::Office).await?;
        let folder = {
            let mut state = self.state();
            if state.name_taken(name, None) {
                return Err(CreateFolderFailure::NameTaken);
            }
            state.writes.folders += 1;
            state.add_folder(name, Some(marker))
        };
        self.faults.leave(dies).await;
        Ok(folder)
    }

    async fn rename_folder(&self, id: &str, name: &str) -> Result<(), CreateFolderFailure> {
        let dies = self.faults.enter("rename_folder", Service::Office).await?;
        {
            let mut state = self.state();
            if state.name_taken(name, Some(id)) {
                return Err(CreateFolderFailure::NameTaken);
            }
            state.writes.folders += 1;
            state.writes.outside += u64::from(!state.ours(id));
            if let Some(folder) = state.folders.get_mut(id) {
                name.clone_into(&mut folder.name);
            }
        }
        self.faults.leave(dies).await;
        Ok(())
    }

    async fn delete_folder(&self, id: &str) -> Result<(), Failure> {
        let dies = self.faults.enter("delete_folder", Service::Office).await?;
        {
            let mut state = self.state();
            state.writes.folders += 1;
            state.writes.outside += u64::from(!state.ours(id));
            if let Some(folder) = state.folders.get_mut(id) {
                TRASH.clone_into(&mut folder.parent);
            }
        }
        self.faults.leave(dies).await;
        Ok(())
    }

    async fn items(&self, folder: &str) -> Result<Vec<Item>, Failure> {
        let dies = self.faults.enter("items", Service::Office).await?;
        self.faults.leave(dies).await;
        let mut state = self.state();
        state.settle();
        let ids = state.items.iter().filter(|(_, held)| held.folder == folder);
        Ok(ids.filter_map(|(id, _)| state.item(id)).collect())
    }

    async fn read(&self, folder: &str, ids: &[String]) -> Result<Vec<Option<Item>>, Failure> {
        let dies = self.faults.enter("read", Service::Office).await?;
        self.faults.leave(dies).await;
        let mut state = self.state();
        state.settle();
        let here = |id: &String| state.items.get(id).is_some_and(|held| held.folder == folder);
        let read = |id: &String| {
            state.item(id).filter(|_| here(id)).map(|item| Item {
                marker: item.marker,
                ..item
            })
        };
        Ok(ids.iter().map(read).collect())
    }

    async fn find(&self, folder: &str, markers: &[String]) -> Result<Vec<Item>, Failure> {
        let dies = self.faults.enter("find", Service::Office).await?;
        self.faults.leave(dies).await;
        let mut state = self.state();
        state.settle();
        let wanted: BTreeSet<&str> = markers.iter().map(String::as_str).collect();
        let here = state.items.iter().filter(|(_, held)| {
            held.folder == folder && held.marker.as_deref().is_some_and(|m| wanted.contains(m))
        });
        Ok(here.filter_map(|(id, _)| state.item(id)).collect())
    }

    async fn create(&self, folder: &str, items: &[NewItem]) -> Vec<Result<Item, ItemFailure>> {
        self.each("create item", items, |state, new| state.create(folder, new))
            .await
    }

    async fn update(&self, folder: &str, updates: &[ItemUpdate]) -> Vec<Result<Item, ItemFailure>> {
        self.state().meddle();
        self.each("update item", updates, |state, update| {
            state.update(folder, update)
        })
        .await
    }

    async fn delete(&self, folder: &str, items: &[Item]) -> Vec<Result<(), ItemFailure>> {
        self.state().meddle();
        self.each("delete item", items, |state, item| state.delete(folder, item))
            .await
    }
}

//! What the owner of the mailbox does in Outlook, and what a test sees of the mailbox.

use std::collections::BTreeMap;

use sync_engine::office_field::OfficeField;
use sync_engine::project::Fields;
use sync_engine::value::Value;

use super::mailbox::{FakeMailbox, Held, TRASH, Writes};

impl FakeMailbox {
    pub(crate) fn writes(&self) -> Writes {
        self.state().writes
    }

    /// The one marked folder in its place.
    pub(crate) fn container(&self) -> String {
        let state = self.state();
        let mut marked = state
            .folders
            .values()
            .filter(|f| f.marker.is_some() && f.parent != TRASH);
        let id = marked.next().unwrap().id.clone();
        assert!(marked.next().is_none(), "two containers");
        id
    }

    pub(crate) fn folder_names(&self) -> Vec<String> {
        let state = self.state();
        state
            .folders
            .values()
            .filter(|f| f.parent != TRASH)
            .map(|f| f.name.clone())
            .collect()
    }

    pub(crate) fn user_adds_folder(&self, name: &str, marker: Option<&str>) -> String {
        self.state().add_folder(name, marker).id
    }

    pub(crate) fn user_changes_folder(&self, id: &str, parent: Option<&str>, name: Option<&str>) {
        let mut state = self.state();
        let folder = state.folders.get_mut(id).unwrap();
        if let Some(parent) = parent {
            parent.clone_into(&mut folder.parent);
        }
        if let Some(name) = name {
            name.clone_into(&mut folder.name);
        }
    }

    /// The trash was emptied too.
    pub(crate) fn user_deletes_folder_for_good(&self, id: &str) {
        let mut state = self.state();
        state.folders.remove(id);
        state.items.retain(|_, held| held.folder != id);
    }

    pub(crate) fn user_adds(&self, folder: &str, fields: &[(OfficeField, &str)]) -> String {
        let mut state = self.state();
        let id = state.id("own");
        let held = Held {
            folder: folder.to_owned(),
            version: 1,
            settling: false,
            marker: None,
            fields: fields
                .iter()
                .filter_map(|(f, v)| Some((*f, Value::text(v)?)))
                .collect(),
        };
        state.items.insert(id.clone(), held);
        id
    }

    /// `None` clears.
    pub(crate) fn user_edits(&self, id: &str, field: OfficeField, value: Option<&str>) {
        let mut state = self.state();
        let held = state.items.get_mut(id).unwrap();
        match value.and_then(Value::text) {
            Some(value) => held.fields.insert(field, value),
            None => held.fields.remove(&field),
        };
        held.version += 1;
    }

    pub(crate) fn user_deletes(&self, id: &str) {
        self.state().items.remove(id).unwrap();
    }

    pub(crate) fn user_moves(&self, id: &str, folder: &str) {
        let mut state = self.state();
        let held = state.items.get_mut(id).unwrap();
        folder.clone_into(&mut held.folder);
        held.version += 1;
    }

    /// A copy carries the marker of its original. `prefix` decides whether its id sorts before the original's.
    pub(crate) fn user_copies(&self, id: &str, prefix: &str) -> String {
        let mut state = self.state();
        let copy = state.items[id].clone();
        let id = state.id(prefix);
        state.items.insert(id.clone(), copy);
        id
    }

    /// Versions left out: Exchange raises them at will.
    pub(crate) fn get(&self, id: &str) -> Option<Held> {
        self.all().remove(id)
    }

    pub(crate) fn all(&self) -> BTreeMap<String, Held> {
        let mut items = self.state().items.clone();
        for held in items.values_mut() {
            (held.version, held.settling) = (0, false);
        }
        items
    }

    /// The ids of the items of a CRM record, in any folder.
    pub(crate) fn ids_of(&self, crm_id: &str) -> Vec<String> {
        let suffix = format!("|{crm_id}");
        let state = self.state();
        let of = |held: &Held| held.marker.as_deref().is_some_and(|m| m.ends_with(&suffix));
        state
            .items
            .iter()
            .filter(|(_, held)| of(held))
            .map(|(id, _)| id.clone())
            .collect()
    }

    /// The one item of a CRM record.
    pub(crate) fn id_of(&self, crm_id: &str) -> String {
        let ids = self.ids_of(crm_id);
        assert_eq!(ids.len(), 1, "items of record {crm_id}");
        ids[0].clone()
    }

    pub(crate) fn fields_of(&self, crm_id: &str) -> Fields {
        let id = self.id_of(crm_id);
        self.state().items[&id].fields.clone()
    }

    /// One field of the one item of a CRM record.
    pub(crate) fn shown(&self, crm_id: &str, field: OfficeField) -> Option<String> {
        self.fields_of(crm_id).get(&field).map(Value::to_text)
    }

    pub(crate) fn rewrites_phones(&self) {
        self.state().rewrites_phones = true;
    }

    pub(crate) fn meddles(&self, times: u64) {
        self.state().meddling = times;
    }

    pub(crate) fn loses_its_folder_after(&self, creates: u64) {
        self.state().creates_left = Some(creates);
    }

    /// The items updated since the last question.
    pub(crate) fn take_updated(&self) -> Vec<String> {
        std::mem::take(&mut self.state().updated)
    }

    /// The markers of the items made, in their order.
    pub(crate) fn made(&self) -> Vec<String> {
        self.state().made.clone()
    }
}

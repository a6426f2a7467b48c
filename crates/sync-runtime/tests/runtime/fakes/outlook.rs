//! What the owner of the mailbox does in Outlook, and what a test sees of the mailbox.

use std::collections::BTreeMap;

use sync_engine::office_field::OfficeField;
use sync_engine::project::Fields;
use sync_engine::value::Value;

use super::mailbox::{FakeMailbox, Held, ROOT, TRASH, Writes};

/// Fields by name, as a test writes them.
pub(crate) fn fields(values: &[(OfficeField, &str)]) -> Fields {
    let known = values.iter().filter_map(|(f, v)| Some((*f, Value::text(v)?)));
    known.collect()
}

impl FakeMailbox {
    pub(crate) fn writes(&self) -> Writes {
        self.state().writes
    }

    /// The one marked folder that its owner sees.
    pub(crate) fn container(&self) -> String {
        let state = self.state();
        let mut marked = state
            .folders
            .values()
            .filter(|f| f.marker.is_some() && state.is_shown(&f.id));
        let id = marked.next().unwrap().id.clone();
        assert!(marked.next().is_none(), "two containers");
        id
    }

    pub(crate) fn folder_names(&self) -> Vec<String> {
        let state = self.state();
        let shown = state.folders.values().filter(|f| state.is_shown(&f.id));
        shown.map(|f| f.name.clone()).collect()
    }

    pub(crate) fn user_adds_folder(&self, name: &str, marker: Option<&str>) -> String {
        self.state().add_folder(ROOT, name, marker).id
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

    pub(crate) fn user_adds(&self, folder: &str, values: &[(OfficeField, &str)]) -> String {
        let mut state = self.state();
        let id = state.id("own");
        state.put(&id, folder, None, &fields(values));
        id
    }

    /// `None` clears.
    pub(crate) fn user_edits(&self, id: &str, field: OfficeField, value: Option<&str>) {
        let mut state = self.state();
        assert!(state.items.contains_key(id));
        state.write(id, &[(field, value.and_then(Value::text))].into());
    }

    /// To the deleted items, as Outlook does it.
    pub(crate) fn user_deletes(&self, id: &str) {
        self.user_moves(id, TRASH);
    }

    pub(crate) fn user_empties_the_trash(&self) {
        self.state().items.retain(|_, held| held.folder != TRASH);
    }

    pub(crate) fn user_moves(&self, id: &str, folder: &str) {
        self.state().move_item(id, folder);
    }

    /// A copy carries the marker of its original. `prefix` decides whether its id sorts before the original's.
    pub(crate) fn user_copies(&self, id: &str, prefix: &str) -> String {
        let mut state = self.state();
        let original = state.items[id].clone();
        let id = state.id(prefix);
        state.put(
            &id,
            &original.folder,
            original.marker.as_deref(),
            &original.fields,
        );
        id
    }

    /// What its owner sees of an item; versions and times left out, as Exchange changes them at will.
    pub(crate) fn get(&self, id: &str) -> Option<Held> {
        self.all().remove(id)
    }

    /// What its owner sees, the deleted items left out.
    pub(crate) fn all(&self) -> BTreeMap<String, Held> {
        let state = self.state();
        let shown = |held: &&Held| held.folder == ROOT || state.is_shown(&held.folder);
        let mut items: BTreeMap<String, Held> = state
            .items
            .iter()
            .filter(|(_, held)| shown(held))
            .map(|(id, held)| (id.clone(), held.clone()))
            .collect();
        for held in items.values_mut() {
            (held.version, held.settling) = (0, false);
            held.modified = held.created;
        }
        items
    }

    /// The ids of the shown items of a CRM record.
    pub(crate) fn ids_of(&self, crm_id: &str) -> Vec<String> {
        let suffix = format!("|{crm_id}");
        let of = |held: &Held| held.marker.as_deref().is_some_and(|m| m.ends_with(&suffix));
        let all = self.all().into_iter();
        all.filter(|(_, held)| of(held)).map(|(id, _)| id).collect()
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

    /// One field of an item.
    pub(crate) fn text(&self, id: &str, field: OfficeField) -> Option<String> {
        self.state().items[id].fields.get(&field).map(Value::to_text)
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

    /// The markers of the items made, in their order.
    pub(crate) fn made(&self) -> Vec<String> {
        self.state().made.clone()
    }
}

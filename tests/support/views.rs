//! What the emulated services hold, as the tests look at it.

use serde_json::Value;

/// The folder that a sync makes unless it is told otherwise.
pub(crate) const FOLDER: &str = "Zoho CRM Contacts";

/// One person's mailbox.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mailbox {
    folders: Vec<Value>,
}

impl Mailbox {
    /// The mailbox of `user` in the state of the emulator.
    pub(crate) fn of(state: &Value, user: &str) -> Self {
        let found = list(&state["tenants"])
            .flat_map(|tenant| list(&tenant["users"]))
            .find(|found| found["userPrincipalName"] == user);
        let found = found.unwrap_or_else(|| panic!("no user {user}"));
        let mut folders: Vec<Value> = list(&found["folders"]).cloned().collect();
        let contacts = folders
            .iter_mut()
            .filter_map(|folder| folder["contacts"].as_array_mut());
        for contact in contacts.flatten().filter_map(Value::as_object_mut) {
            // Exchange gives a contact another version a while after it was written.
            for version in ["@odata.etag", "changeKey"] {
                contact.remove(version);
            }
        }
        Self { folders }
    }

    /// A folder that is not in the trash.
    pub(crate) fn folder(&self, name: &str) -> Option<&Value> {
        self.folders
            .iter()
            .find(|folder| folder["displayName"] == name && folder["trashed"] == false)
    }

    /// The folder with our marker, wherever it is.
    pub(crate) fn marked(&self) -> Vec<&Value> {
        self.folders
            .iter()
            .filter(|folder| !folder["marker"].is_null())
            .collect()
    }

    /// The contacts of the sync's folder; none if there is no such folder.
    pub(crate) fn synced(&self) -> Vec<&Value> {
        self.contacts(FOLDER)
    }

    /// Whether the sync's folder is there.
    pub(crate) fn has_folder(&self) -> bool {
        self.folder(FOLDER).is_some()
    }

    /// The contacts of a folder.
    pub(crate) fn contacts(&self, folder: &str) -> Vec<&Value> {
        self.folder(folder)
            .map(|folder| list(&folder["contacts"]).collect())
            .unwrap_or_default()
    }

    /// The copy of a CRM contact in the sync's folder.
    pub(crate) fn copy(&self, crm_id: &str) -> Option<&Value> {
        let mut copies = self.synced().into_iter().filter(|contact| marks(contact, crm_id));
        let copy = copies.next();
        assert!(copies.next().is_none(), "{crm_id} is there twice");
        copy
    }

    /// The one contact with this surname in the sync's folder.
    pub(crate) fn named(&self, surname: &str) -> &Value {
        let found: Vec<&Value> = self
            .synced()
            .into_iter()
            .filter(|contact| contact["surname"] == surname)
            .collect();
        assert_eq!(found.len(), 1, "contacts of {surname}");
        found[0]
    }

    /// The ids of the CRM contacts that have a copy, in order.
    pub(crate) fn copies(&self) -> Vec<String> {
        let mut ids: Vec<String> = self
            .synced()
            .iter()
            .filter_map(|contact| Some(contact["marker"].as_str()?.rsplit('|').next()?.to_owned()))
            .collect();
        ids.sort();
        ids
    }

    /// Everything but the folder of the sync.
    pub(crate) fn rest(&self) -> Vec<&Value> {
        self.folders
            .iter()
            .filter(|folder| folder["displayName"] != FOLDER)
            .collect()
    }
}

fn marks(contact: &Value, crm_id: &str) -> bool {
    contact["marker"]
        .as_str()
        .is_some_and(|marker| marker.ends_with(crm_id))
}

/// All CRM contacts in the state of the emulator.
pub(crate) fn contacts_of(state: &Value) -> impl Iterator<Item = &Value> {
    list(&state["organisations"]).flat_map(|organisation| list(&organisation["contacts"]))
}

/// A CRM contact in the state of the emulator.
pub(crate) fn contact_of<'a>(state: &'a Value, id: &str) -> Option<&'a Value> {
    contacts_of(state).find(|contact| contact["id"] == id)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

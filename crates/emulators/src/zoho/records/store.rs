//! The contacts of an organisation with the indices that keep large organisations fast.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{Hash, Hasher};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// A contact.
#[derive(Debug, Clone)]
pub(in crate::zoho) struct Contact {
    pub(in crate::zoho) id: u64,
    pub(in crate::zoho) owner: u64,
    pub(in crate::zoho) created: Timestamp,
    pub(in crate::zoho) modified: Timestamp,
    pub(in crate::zoho) created_by: u64,
    pub(in crate::zoho) modified_by: u64,
    /// How the record came into being, in the words of the timeline.
    pub(in crate::zoho) source: String,
    pub(in crate::zoho) account: Option<u64>,
    pub(in crate::zoho) locked: bool,
    /// Set fields only: a cleared field is absent.
    pub(in crate::zoho) fields: BTreeMap<String, Value>,
    pub(in crate::zoho) timeline: Vec<Entry>,
}

/// One entry of a record's timeline.
#[derive(Debug, Clone)]
pub(in crate::zoho) struct Entry {
    pub(in crate::zoho) id: u64,
    pub(in crate::zoho) action: String,
    pub(in crate::zoho) source: String,
    pub(in crate::zoho) at: Timestamp,
    pub(in crate::zoho) by: u64,
    /// Field, old and new text.
    pub(in crate::zoho) changes: Vec<(String, Option<String>, Option<String>)>,
}

impl Contact {
    pub(in crate::zoho) fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field).and_then(Value::as_str)
    }

    pub(in crate::zoho) fn full_name(&self) -> String {
        let last = self.text("Last_Name").unwrap_or_default();
        self.text("First_Name")
            .map_or_else(|| last.to_owned(), |first| format!("{first} {last}"))
    }
}

/// A deleted contact.
#[derive(Debug)]
pub(in crate::zoho) struct Deleted {
    pub(in crate::zoho) contact: Contact,
    pub(in crate::zoho) at: Timestamp,
    pub(in crate::zoho) by: u64,
    pub(in crate::zoho) permanent: bool,
}

/// What `/deleted` shows of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::zoho) enum Bin {
    Recycle,
    Permanent,
    /// Older than the CRM remembers.
    Forgotten,
}

impl Deleted {
    /// 60 days in the recycle bin, 120 days in all.
    pub(in crate::zoho) fn bin(&self, now: Timestamp) -> Bin {
        let age = now.duration_since(self.at);
        if age >= SignedDuration::from_hours(24 * 120) {
            Bin::Forgotten
        } else if self.permanent || age >= SignedDuration::from_hours(24 * 60) {
            Bin::Permanent
        } else {
            Bin::Recycle
        }
    }
}

/// All contacts of an organisation.
#[derive(Debug, Default)]
pub(in crate::zoho) struct Contacts {
    rows: BTreeMap<u64, Contact>,
    by_owner: HashMap<u64, BTreeSet<u64>>,
    unique_fields: BTreeSet<String>,
    unique: HashMap<(String, String), u64>,
    prints: HashMap<u64, u32>,
    pub(in crate::zoho) deleted: Vec<Deleted>,
}

impl Contacts {
    pub(in crate::zoho) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(in crate::zoho) fn get(&self, id: u64) -> Option<&Contact> {
        self.rows.get(&id)
    }

    /// In the order of their ids.
    pub(in crate::zoho) fn iter(&self) -> impl Iterator<Item = &Contact> {
        self.rows.values()
    }

    /// Those of one owner, in the order of their ids.
    pub(in crate::zoho) fn of_owner(&self, owner: u64) -> impl Iterator<Item = &Contact> {
        self.by_owner
            .get(&owner)
            .into_iter()
            .flatten()
            .filter_map(|id| self.rows.get(id))
    }

    /// Adds or replaces a contact.
    pub(in crate::zoho) fn put(&mut self, contact: Contact) {
        self.take(contact.id);
        self.by_owner.entry(contact.owner).or_default().insert(contact.id);
        for key in self.unique_keys(&contact) {
            self.unique.insert(key, contact.id);
        }
        *self.prints.entry(self.print(&contact)).or_default() += 1;
        self.rows.insert(contact.id, contact);
    }

    /// Removes a contact from the live records.
    pub(in crate::zoho) fn take(&mut self, id: u64) -> Option<Contact> {
        let contact = self.rows.remove(&id)?;
        if let Some(ids) = self.by_owner.get_mut(&contact.owner) {
            ids.remove(&id);
        }
        for key in self.unique_keys(&contact) {
            self.unique.remove(&key);
        }
        let print = self.print(&contact);
        if let Some(count) = self.prints.get_mut(&print) {
            *count -= 1;
        }
        Some(contact)
    }

    /// Locks or unlocks a contact, which is no modification.
    pub(in crate::zoho) fn set_locked(&mut self, id: u64, locked: bool) {
        if let Some(contact) = self.rows.get_mut(&id) {
            contact.locked = locked;
        }
    }

    /// The contact that already holds `value` in the unique field `field`.
    pub(in crate::zoho) fn holder(&self, field: &str, value: &str) -> Option<u64> {
        self.unique
            .get(&(field.to_owned(), value.to_lowercase()))
            .copied()
    }

    /// Makes a field unique or not, and indexes what is there.
    pub(in crate::zoho) fn set_unique(&mut self, field: &str, unique: bool) {
        if unique {
            self.unique_fields.insert(field.to_owned());
        } else {
            self.unique_fields.remove(field);
        }
        self.unique.clear();
        self.prints.clear();
        for contact in self.rows.values() {
            for key in self.unique_keys(contact) {
                self.unique.insert(key, contact.id);
            }
            *self.prints.entry(self.print(contact)).or_default() += 1;
        }
    }

    /// Whether a live contact of the same owner equals this one in everything but its unique fields, which
    /// hold ids of other systems.
    pub(in crate::zoho) fn has_twin(&self, contact: &Contact) -> bool {
        self.prints
            .get(&self.print(contact))
            .is_some_and(|count| *count > 0)
    }

    fn unique_keys(&self, contact: &Contact) -> Vec<(String, String)> {
        self.unique_fields
            .iter()
            .filter_map(|field| Some((field.clone(), contact.text(field)?.to_lowercase())))
            .collect()
    }

    fn print(&self, contact: &Contact) -> u64 {
        let mut hasher = DefaultHasher::new();
        contact.owner.hash(&mut hasher);
        for (name, value) in contact
            .fields
            .iter()
            .filter(|(name, _)| !self.unique_fields.contains(*name))
        {
            name.hash(&mut hasher);
            match value {
                Value::String(text) => text.hash(&mut hasher),
                other => other.to_string().hash(&mut hasher),
            }
        }
        hasher.finish()
    }
}

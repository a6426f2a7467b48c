//! Changes to contacts, whoever makes them: each moves `Modified_Time` and leaves an entry in the timeline.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::store::{Contact, Deleted, Entry};
use crate::zoho::ids::Ids;
use crate::zoho::shape::whole_seconds;
use crate::zoho::state::Org;

/// What a row sets, after it was checked.
#[derive(Debug, Default, Clone)]
pub(in crate::zoho) struct Change {
    /// Null clears a field.
    pub(in crate::zoho) fields: BTreeMap<String, Value>,
    pub(in crate::zoho) owner: Option<u64>,
    pub(in crate::zoho) account: Link,
}

/// What becomes of a lookup.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(in crate::zoho) enum Link {
    #[default]
    Kept,
    Cleared,
    To(u64),
}

impl Link {
    fn after(self, before: Option<u64>) -> Option<u64> {
        match self {
            Self::Kept => before,
            Self::Cleared => None,
            Self::To(id) => Some(id),
        }
    }
}

/// Who does something, when, and what the timeline says about it.
#[derive(Debug, Clone, Copy)]
pub(in crate::zoho) struct Deed<'a> {
    pub(in crate::zoho) by: u64,
    pub(in crate::zoho) at: Timestamp,
    pub(in crate::zoho) action: &'a str,
    pub(in crate::zoho) source: &'a str,
}

impl Deed<'_> {
    fn entry(&self, ids: &mut Ids, changes: Vec<(String, Option<String>, Option<String>)>) -> Entry {
        Entry {
            id: ids.next(),
            action: self.action.to_owned(),
            source: self.source.to_owned(),
            at: whole_seconds(self.at),
            by: self.by,
            changes,
        }
    }
}

/// A new contact that is not stored yet, so that its maker can look for twins first.
pub(in crate::zoho) fn draft(ids: &mut Ids, change: Change, deed: &Deed<'_>) -> Contact {
    let at = whole_seconds(deed.at);
    let id = ids.next();
    Contact {
        id,
        owner: change.owner.unwrap_or(deed.by),
        created: at,
        modified: at,
        created_by: deed.by,
        modified_by: deed.by,
        source: deed.source.to_owned(),
        account: change.account.after(None),
        locked: false,
        fields: change
            .fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect(),
        timeline: vec![deed.entry(ids, Vec::new())],
    }
}

/// Changes a contact; says whether any value differs from before. `Modified_Time` moves in any case, as it
/// does in the CRM.
pub(in crate::zoho) fn update(
    org: &mut Org,
    ids: &mut Ids,
    id: u64,
    change: Change,
    deed: &Deed<'_>,
) -> bool {
    let Some(mut contact) = org.contacts.get(id).cloned() else {
        return false;
    };
    let mut changes = Vec::new();
    for (name, value) in change.fields {
        let old = contact.fields.get(&name).cloned().unwrap_or(Value::Null);
        if old == value {
            continue;
        }
        changes.push((name.clone(), text(&old), text(&value)));
        if value.is_null() {
            contact.fields.remove(&name);
        } else {
            contact.fields.insert(name, value);
        }
    }
    if let Some(owner) = change.owner.filter(|owner| *owner != contact.owner) {
        let name = |id: u64| org.user(id).map(crate::zoho::state::User::full_name);
        changes.push(("Owner".to_owned(), name(contact.owner), name(owner)));
        contact.owner = owner;
    }
    let account = change.account.after(contact.account);
    if account != contact.account {
        let name = |id: Option<u64>| id.and_then(|id| org.accounts.get(&id)).cloned();
        changes.push(("Account_Name".to_owned(), name(contact.account), name(account)));
        contact.account = account;
    }
    let differs = !changes.is_empty();
    contact.modified = whole_seconds(deed.at);
    contact.modified_by = deed.by;
    contact.timeline.push(deed.entry(ids, changes));
    org.contacts.put(contact);
    differs
}

/// Moves a contact to the recycle bin, or away for good.
pub(in crate::zoho) fn delete(
    org: &mut Org,
    ids: &mut Ids,
    id: u64,
    deed: &Deed<'_>,
    permanent: bool,
) -> bool {
    let Some(mut contact) = org.contacts.take(id) else {
        return false;
    };
    contact.timeline.push(deed.entry(ids, Vec::new()));
    org.contacts.deleted.push(Deleted {
        contact,
        at: whole_seconds(deed.at),
        by: deed.by,
        permanent,
    });
    true
}

/// Brings a contact back from the recycle bin, with the `Modified_Time` it had.
pub(in crate::zoho) fn restore(org: &mut Org, ids: &mut Ids, id: u64, deed: &Deed<'_>) -> bool {
    let Some(at) = org
        .contacts
        .deleted
        .iter()
        .position(|row| row.contact.id == id && !row.permanent)
    else {
        return false;
    };
    let mut contact = org.contacts.deleted.remove(at).contact;
    contact.timeline.push(deed.entry(ids, Vec::new()));
    org.contacts.put(contact);
    true
}

/// The timeline holds texts of at most 255 characters.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.chars().take(255).collect()),
        other => Some(other.to_string()),
    }
}

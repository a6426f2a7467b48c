//! A mailbox: contact folders, contacts, and the indices that keep every write cheap.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::contacts::content::Content;
use super::extended::{Extended, MARKER};
use super::ids;

/// The root of the mailbox, the default Contacts folder and Deleted Items.
pub(super) const ROOT: u64 = 0;
pub(super) const DEFAULT: u64 = 1;
pub(super) const TRASH: u64 = 2;

/// A folder and what its delta tells.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) parent: u64,
    pub(super) extended: Extended,
    pub(super) by_app: bool,
    /// The contacts in it, oldest first.
    pub(super) members: BTreeSet<u64>,
    /// What happened, by version; an item stands here once, where it changed last.
    pub(super) changes: BTreeMap<u64, Change>,
    /// Where the departures stand in `changes`.
    gone: HashMap<u64, u64>,
    /// The number of delta rounds so far: each round is a generation.
    pub(super) generation: u64,
    /// Tokens up to this generation are refused whatever their age.
    pub(super) expired: u64,
    /// Delta answers that still repeat the same page.
    pub(super) looping: u64,
}

/// One entry of a folder's delta.
#[derive(Debug)]
pub(super) enum Change {
    Put(u64),
    Gone {
        immutable: String,
        mutable: String,
        reason: &'static str,
    },
}

/// A contact and its versions.
#[derive(Debug)]
pub(super) struct Contact {
    pub(super) key: u64,
    pub(super) immutable: String,
    pub(super) mutable: String,
    pub(super) folder: u64,
    pub(super) content: Content,
    pub(super) created: Timestamp,
    pub(super) modified: Timestamp,
    pub(super) change_key: String,
    /// Made by a POST of an app, not by a person.
    pub(super) by_app: bool,
    version: u64,
    moves: u32,
    due: Option<Timestamp>,
}

/// One person's mailbox.
#[derive(Debug)]
pub(super) struct Mailbox {
    salt: Uuid,
    pub(super) folders: BTreeMap<u64, Folder>,
    pub(super) contacts: HashMap<u64, Contact>,
    folder_ids: HashMap<String, u64>,
    contact_ids: HashMap<String, u64>,
    by_extended: HashMap<(String, String), BTreeSet<u64>>,
    due: BTreeSet<(Timestamp, u64)>,
    next_key: u64,
    version: u64,
}

impl Mailbox {
    pub(super) fn new(owner: &str) -> Self {
        let mut mailbox = Self {
            salt: Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("mailbox of {owner}").as_bytes()),
            folders: BTreeMap::new(),
            contacts: HashMap::new(),
            folder_ids: HashMap::new(),
            contact_ids: HashMap::new(),
            by_extended: HashMap::new(),
            due: BTreeSet::new(),
            next_key: 0,
            version: 0,
        };
        for (name, parent) in [("", ROOT), ("Contacts", ROOT), ("Deleted Items", ROOT)] {
            mailbox.add_folder(name.to_owned(), parent, Extended::new(), false);
        }
        mailbox
    }

    fn key(&mut self) -> u64 {
        let key = self.next_key;
        self.next_key += 1;
        key
    }

    pub(super) fn folder_key(&self, id: &str) -> Option<u64> {
        self.folder_ids.get(id).copied()
    }

    /// Finds a contact by either form of its id.
    pub(super) fn contact_key(&self, id: &str) -> Option<u64> {
        self.contact_ids.get(id).copied()
    }

    pub(super) fn folder_id(&self, key: u64) -> &str {
        self.folders.get(&key).map_or("", |folder| folder.id.as_str())
    }

    /// Whether the folder is Deleted Items or lies in it.
    pub(super) fn in_trash(&self, folder: u64) -> bool {
        let mut at = folder;
        while at != ROOT {
            if at == TRASH {
                return true;
            }
            match self.folders.get(&at) {
                Some(folder) => at = folder.parent,
                None => return true,
            }
        }
        false
    }

    pub(super) fn is_marked(&self, folder: u64) -> bool {
        self.folders
            .get(&folder)
            .is_some_and(|folder| folder.extended.contains_key(MARKER))
    }

    pub(super) fn children(&self, parent: u64) -> impl Iterator<Item = (u64, &Folder)> {
        let own = self
            .folders
            .iter()
            .filter(move |(key, folder)| folder.parent == parent && **key > TRASH);
        own.map(|(key, folder)| (*key, folder))
    }

    /// Names of folders are unique beside each other, without case.
    pub(super) fn named(&self, parent: u64, name: &str) -> Option<u64> {
        let wanted = name.to_lowercase();
        self.children(parent)
            .find(|(_, folder)| folder.name.to_lowercase() == wanted)
            .map(|(key, _)| key)
    }

    pub(super) fn add_folder(&mut self, name: String, parent: u64, extended: Extended, by_app: bool) -> u64 {
        let key = self.key();
        let id = ids::folder(&self.salt, key);
        self.folder_ids.insert(id.clone(), key);
        let folder = Folder {
            id,
            name,
            parent,
            extended,
            by_app,
            members: BTreeSet::new(),
            changes: BTreeMap::new(),
            gone: HashMap::new(),
            generation: 0,
            expired: 0,
            looping: 0,
        };
        self.folders.insert(key, folder);
        key
    }

    /// Removes a folder with everything in it for good.
    pub(super) fn purge_folder(&mut self, key: u64) {
        let inner: Vec<u64> = self.children(key).map(|(child, _)| child).collect();
        for child in inner {
            self.purge_folder(child);
        }
        let members: Vec<u64> = self
            .folders
            .get(&key)
            .map(|folder| folder.members.iter().copied().collect())
            .unwrap_or_default();
        for contact in members {
            self.purge_contact(contact);
        }
        if key > TRASH
            && let Some(folder) = self.folders.remove(&key)
        {
            self.folder_ids.remove(&folder.id);
        }
    }

    pub(super) fn add_contact(&mut self, folder: u64, content: Content, by_app: bool, now: Timestamp) -> u64 {
        let key = self.key();
        let contact = Contact {
            key,
            immutable: ids::immutable(&self.salt, key),
            mutable: ids::mutable(&self.salt, key, folder, 0),
            folder,
            content,
            created: now,
            modified: now,
            change_key: String::new(),
            by_app,
            version: 0,
            moves: 0,
            due: None,
        };
        self.contact_ids.insert(contact.immutable.clone(), key);
        self.contact_ids.insert(contact.mutable.clone(), key);
        self.index(key, &contact.content.extended, true);
        self.contacts.insert(key, contact);
        self.enter(key, folder);
        key
    }

    fn index(&mut self, key: u64, extended: &Extended, add: bool) {
        for (id, value) in extended {
            let place = (id.clone(), value.to_lowercase());
            if add {
                self.by_extended.entry(place).or_default().insert(key);
            } else if let Some(keys) = self.by_extended.get_mut(&place) {
                keys.remove(&key);
            }
        }
    }

    /// The contacts that carry this extended property, in Deleted Items too.
    pub(super) fn with_extended(&self, id: &str, value: &str) -> impl Iterator<Item = u64> {
        let keys = self.by_extended.get(&(id.to_owned(), value.to_lowercase()));
        keys.into_iter().flatten().copied()
    }

    /// Puts the contact into the folder's member list and its delta.
    fn enter(&mut self, key: u64, folder: u64) {
        if let Some(folder) = self.folders.get_mut(&folder) {
            folder.members.insert(key);
            if let Some(version) = folder.gone.remove(&key) {
                folder.changes.remove(&version);
            }
        }
        self.bump(key);
    }

    /// A new version: another change key, and the item shows in the next delta.
    pub(super) fn bump(&mut self, key: u64) {
        self.version += 1;
        let Some(contact) = self.contacts.get_mut(&key) else {
            return;
        };
        if let Some(folder) = self.folders.get_mut(&contact.folder) {
            folder.changes.remove(&contact.version);
            folder.changes.insert(self.version, Change::Put(key));
        }
        contact.version = self.version;
        contact.change_key = ids::change_key(&self.salt, self.version);
    }

    fn depart(&mut self, key: u64, reason: &'static str) {
        let Some(contact) = self.contacts.get(&key) else {
            return;
        };
        self.version += 1;
        if let Some(folder) = self.folders.get_mut(&contact.folder) {
            folder.members.remove(&key);
            folder.changes.remove(&contact.version);
            let gone = Change::Gone {
                immutable: contact.immutable.clone(),
                mutable: contact.mutable.clone(),
                reason,
            };
            folder.changes.insert(self.version, gone);
            folder.gone.insert(key, self.version);
        }
    }

    /// Replaces a contact's content; a write that changes nothing makes a version all the same.
    pub(super) fn write(&mut self, key: u64, content: Content, now: Timestamp) {
        let Some(contact) = self.contacts.get_mut(&key) else {
            return;
        };
        contact.modified = now;
        let before = std::mem::replace(&mut contact.content, content);
        let after = contact.content.extended.clone();
        if before.extended != after {
            self.index(key, &before.extended, false);
            self.index(key, &after, true);
        }
        self.bump(key);
    }

    /// Moves a contact: the immutable id stays, the other one is a new one from now on.
    pub(super) fn move_contact(&mut self, key: u64, to: u64, now: Timestamp) {
        self.depart(key, "deleted");
        let Some(contact) = self.contacts.get_mut(&key) else {
            return;
        };
        self.contact_ids.remove(&contact.mutable);
        contact.moves += 1;
        contact.folder = to;
        contact.modified = now;
        contact.mutable = ids::mutable(&self.salt, key, to, contact.moves);
        self.contact_ids.insert(contact.mutable.clone(), key);
        self.enter(key, to);
    }

    pub(super) fn purge_contact(&mut self, key: u64) {
        self.depart(key, "deleted");
        let Some(contact) = self.contacts.remove(&key) else {
            return;
        };
        self.contact_ids.remove(&contact.mutable);
        self.contact_ids.remove(&contact.immutable);
        if let Some(due) = contact.due {
            self.due.remove(&(due, key));
        }
        self.index(key, &contact.content.extended, false);
    }

    /// Announces a contact as removed from its folder although it is still there.
    pub(super) fn announce_removed(&mut self, key: u64, reason: &'static str) {
        let Some(contact) = self.contacts.get(&key) else {
            return;
        };
        self.version += 1;
        if let Some(folder) = self.folders.get_mut(&contact.folder) {
            let gone = Change::Gone {
                immutable: contact.immutable.clone(),
                mutable: contact.mutable.clone(),
                reason,
            };
            folder.changes.insert(self.version, gone);
        }
    }

    /// New versions and times for all contacts of a folder, with nothing changed in them.
    pub(super) fn touch(&mut self, folder: u64, now: Timestamp) {
        let members = self
            .folders
            .get(&folder)
            .map(|folder| folder.members.clone())
            .unwrap_or_default();
        for key in members {
            if let Some(contact) = self.contacts.get_mut(&key) {
                contact.modified = now;
            }
            self.bump(key);
        }
    }

    /// Exchange touches an item once more some seconds after it was written.
    pub(super) fn schedule_bump(&mut self, key: u64, now: Timestamp, seconds: u64) {
        if seconds == 0 {
            return;
        }
        let Some(contact) = self.contacts.get_mut(&key) else {
            return;
        };
        let wait = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
        let at = now.saturating_add(wait).unwrap_or(Timestamp::MAX);
        if let Some(before) = contact.due.replace(at) {
            self.due.remove(&(before, key));
        }
        self.due.insert((at, key));
    }

    /// Does the second bumps whose time has come.
    pub(super) fn run_due(&mut self, now: Timestamp, churn: bool) {
        while let Some((at, key)) = self.due.first().copied().filter(|(at, _)| *at <= now) {
            self.due.remove(&(at, key));
            if let Some(contact) = self.contacts.get_mut(&key) {
                contact.due = None;
                if churn {
                    contact.modified = at;
                }
            }
            self.bump(key);
        }
    }
}

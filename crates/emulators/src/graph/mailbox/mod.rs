//! A mailbox: contact folders, contacts, and the indices that keep every write cheap.

mod versions;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use uuid::Uuid;

use super::changes::{ChangeLog, Departure};
use super::contacts::content::Content;
use super::extended::{Extended, MARKER};
use super::ids;

pub(super) use versions::SecondBump;

/// The root of the mailbox, the default Contacts folder and Deleted Items.
pub(super) const ROOT: u64 = 0;
pub(super) const DEFAULT: u64 = 1;
pub(super) const TRASH: u64 = 2;

const MODIFIED: &str = "lastModifiedDateTime";

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
    /// What its change query tells.
    pub(super) log: ChangeLog,
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
    /// The version with which it came into its folder.
    entered: u64,
    /// The versions in which its properties changed last.
    touched: BTreeMap<&'static str, u64>,
    moves: u32,
    due: Option<Timestamp>,
}

impl Contact {
    fn departure(&self, reason: &'static str, last: bool) -> Departure {
        Departure {
            immutable: self.immutable.clone(),
            mutable: self.mutable.clone(),
            reason,
            last,
        }
    }

    /// Whether it came into its folder, or one of these properties changed, behind a version.
    pub(super) fn changed_since(&self, version: u64, properties: &[String]) -> bool {
        let at = |name: &String| match name.as_str() {
            "changeKey" => self.version,
            name => self.touched.get(name).copied().unwrap_or(0),
        };
        self.entered > version || properties.iter().any(|name| at(name) > version)
    }
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
    /// The latest time that was heard of.
    now: Timestamp,
    /// Names of extended properties ever used. A mailbox has room for so many only, and gives none back.
    pub(super) named_properties: BTreeSet<String>,
    /// Nothing can be written any more.
    pub(super) full: bool,
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
            now: Timestamp::MIN,
            named_properties: BTreeSet::new(),
            full: false,
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
            log: ChangeLog::default(),
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
            entered: 0,
            touched: BTreeMap::new(),
            moves: 0,
            due: None,
        };
        self.now = self.now.max(now);
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
            folder.log.enter(key);
        }
        self.bump(key);
        if let Some(contact) = self.contacts.get_mut(&key) {
            contact.entered = contact.version;
        }
    }

    /// A new version: another change key, and the item shows in the next delta.
    pub(super) fn bump(&mut self, key: u64) {
        self.version += 1;
        let Some(contact) = self.contacts.get_mut(&key) else {
            return;
        };
        if let Some(folder) = self.folders.get_mut(&contact.folder) {
            folder.log.put(key, contact.version, self.version, self.now);
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
            let departure = contact.departure(reason, folder.members.is_empty());
            folder
                .log
                .depart(key, contact.version, self.version, self.now, departure);
        }
    }

    /// Replaces a contact's content; a write that changes nothing makes a version all the same.
    pub(super) fn write(&mut self, key: u64, content: Content, now: Timestamp) {
        let Some(contact) = self.contacts.get_mut(&key) else {
            return;
        };
        contact.modified = now;
        self.now = self.now.max(now);
        let before = std::mem::replace(&mut contact.content, content);
        let mut changed = contact.content.differences(&before);
        changed.push(MODIFIED);
        let after = contact.content.extended.clone();
        if before.extended != after {
            self.index(key, &before.extended, false);
            self.index(key, &after, true);
        }
        self.bump(key);
        self.touched(key, &changed);
    }

    /// Notes that properties changed with the latest version.
    fn touched(&mut self, key: u64, properties: &[&'static str]) {
        if let Some(contact) = self.contacts.get_mut(&key) {
            let version = contact.version;
            contact
                .touched
                .extend(properties.iter().map(|name| (*name, version)));
        }
    }

    /// Moves a contact: the immutable id stays, the other one is a new one from now on.
    pub(super) fn move_contact(&mut self, key: u64, to: u64, now: Timestamp) {
        self.now = self.now.max(now);
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
            let departure = contact.departure(reason, false);
            folder.log.announce(self.version, self.now, departure);
        }
    }
}

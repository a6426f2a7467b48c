//! What the owner of a mailbox does in Outlook.

use ambient::Random as _;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::super::contacts::content::Content;
use super::super::extended::{Extended, MARKER};
use super::super::mailbox::{DEFAULT, Mailbox, SecondBump, TRASH};
use super::super::section::{Section, refuse};
use super::super::{Inner, state};
use crate::core::service::Refused;

pub(super) fn run(
    inner: &mut Inner,
    tenant: &str,
    what: &str,
    section: &mut Section<'_>,
    now: Timestamp,
) -> Result<Value, Refused> {
    let name = section
        .text("user")
        .map_err(|_| refuse("do", format!("unknown action {what}, or no user")))?;
    let tenant = inner
        .tenants
        .get_mut(tenant)
        .ok_or_else(|| refuse("tenant", "not found"))?;
    let bump = SecondBump {
        seconds: tenant.options.second_bump,
        draw: inner.random.next_u64(),
    };
    let churn = tenant.options.last_modified_churn;
    let index = tenant.user_index(&name);
    let user = index.and_then(|index| tenant.users.get_mut(index));
    let user = user.ok_or_else(|| refuse("user", format!("no user {name}")))?;
    user.mailbox.run_due(now, churn);
    let mut outlook = Outlook {
        mailbox: &mut user.mailbox,
        now,
        bump,
    };
    match what {
        "create_contact" => outlook.create_contact(section),
        "update_contact" => outlook.update_contact(section),
        "copy_contact" => outlook.copy_contact(section),
        "delete_contact" => outlook.delete_contact(section),
        "move_contact" => outlook.move_contact(section),
        "announce_removed" => {
            let key = outlook.contact(section)?;
            outlook.mailbox.announce_removed(key, "changed");
            Ok(json!({}))
        }
        "create_folder" => outlook.create_folder(section),
        "rename_folder" => outlook.rename_folder(section),
        "move_folder" => outlook.move_folder(section),
        "delete_folder" => outlook.delete_folder(section),
        "empty_deleted_items" => {
            outlook.mailbox.purge_folder(TRASH);
            Ok(json!({}))
        }
        "fill_mailbox" => {
            outlook.mailbox.full = section.flag("full", true)?;
            Ok(json!({}))
        }
        "touch" => {
            let key = outlook.folder(section, "folder", Some(DEFAULT))?;
            outlook.mailbox.touch(key, now);
            Ok(json!({}))
        }
        "expire_delta_tokens" => {
            for folder in outlook.mailbox.folders.values_mut() {
                folder.log.expired = folder.log.generation;
            }
            Ok(json!({}))
        }
        "loop_delta" => {
            let pages = section.number("pages", 1)?;
            let key = outlook.folder(section, "folder", None)?;
            if let Some(folder) = outlook.mailbox.folders.get_mut(&key) {
                folder.log.looping = if pages == 0 { u64::MAX } else { pages };
            }
            Ok(json!({}))
        }
        _ => Err(refuse("do", format!("unknown action {what}"))),
    }
}

struct Outlook<'a> {
    mailbox: &'a mut Mailbox,
    now: Timestamp,
    bump: SecondBump,
}

impl Outlook<'_> {
    /// A folder by id, by name, or `contacts` and `deletedItems`.
    fn folder(
        &self,
        section: &mut Section<'_>,
        member: &str,
        otherwise: Option<u64>,
    ) -> Result<u64, Refused> {
        let Some(name) = section.opt_text(member)? else {
            return otherwise.ok_or_else(|| refuse(member, "is required"));
        };
        match name.as_str() {
            "contacts" => return Ok(DEFAULT),
            "deletedItems" => return Ok(TRASH),
            _ => {}
        }
        let found = self.mailbox.folder_key(&name);
        let found = found.or_else(|| self.mailbox.named(DEFAULT, &name));
        let anywhere = || {
            self.mailbox
                .folders
                .iter()
                .find(|(_, folder)| folder.name == name)
                .map(|(key, _)| *key)
        };
        found
            .or_else(anywhere)
            .ok_or_else(|| refuse(member, format!("no folder {name}")))
    }

    /// A contact by id in either form, by marker, or by display name where only one has it.
    fn contact(&self, section: &mut Section<'_>) -> Result<u64, Refused> {
        let name = section.text("contact")?;
        if let Some(key) = self.mailbox.contact_key(&name) {
            return Ok(key);
        }
        let live = |key: &u64| {
            self.mailbox
                .contacts
                .get(key)
                .is_some_and(|contact| !self.mailbox.in_trash(contact.folder))
        };
        let mut found: Vec<u64> = self.mailbox.with_extended(MARKER, &name).filter(live).collect();
        if found.is_empty() {
            let named = self.mailbox.contacts.values();
            let named = named.filter(|contact| contact.content.texts.get("displayName") == Some(&name));
            found = named.map(|contact| contact.key).filter(live).collect();
        }
        match found[..] {
            [key] => Ok(key),
            [] => Err(refuse("contact", format!("no contact {name}"))),
            _ => Err(refuse(
                "contact",
                format!("several contacts are {name}: give the id"),
            )),
        }
    }

    fn body<'b>(section: &mut Section<'b>, member: &str) -> Result<&'b Map<String, Value>, Refused> {
        match section.take(member) {
            Some(Value::Object(body)) => Ok(body),
            _ => Err(refuse(member, "expected a contact in Graph's JSON")),
        }
    }

    fn shown(&self, key: u64) -> Value {
        let contact = self.mailbox.contacts.get(&key);
        contact.map_or(Value::Null, |contact| {
            Value::Object(state::contact(self.mailbox, contact))
        })
    }

    fn create_contact(&mut self, section: &mut Section<'_>) -> Result<Value, Refused> {
        let folder = self.folder(section, "folder", Some(DEFAULT))?;
        let content = Content::from_body(Self::body(section, "contact")?);
        let content = content.map_err(|failure| refuse("contact", failure.message))?;
        let key = self.mailbox.add_contact(folder, content, false, self.now);
        self.mailbox.schedule_bump(key, self.now, self.bump);
        Ok(self.shown(key))
    }

    fn update_contact(&mut self, section: &mut Section<'_>) -> Result<Value, Refused> {
        let key = self.contact(section)?;
        let body = Self::body(section, "set")?;
        let contact = self
            .mailbox
            .contacts
            .get(&key)
            .ok_or_else(|| refuse("contact", "not found"))?;
        let mut content = contact.content.clone();
        content
            .apply(body)
            .map_err(|failure| refuse("set", failure.message))?;
        self.mailbox.write(key, content, self.now);
        self.mailbox.schedule_bump(key, self.now, self.bump);
        Ok(self.shown(key))
    }

    /// A copy carries everything of its original, the marker too.
    fn copy_contact(&mut self, section: &mut Section<'_>) -> Result<Value, Refused> {
        let key = self.contact(section)?;
        let contact = self
            .mailbox
            .contacts
            .get(&key)
            .ok_or_else(|| refuse("contact", "not found"))?;
        let (folder, content) = (contact.folder, contact.content.clone());
        let to = self.folder(section, "to", Some(folder))?;
        let copy = self.mailbox.add_contact(to, content, false, self.now);
        Ok(self.shown(copy))
    }

    fn delete_contact(&mut self, section: &mut Section<'_>) -> Result<Value, Refused> {
        let key = self.contact(section)?;
        if section.flag("permanently", false)? {
            self.mailbox.purge_contact(key);
        } else {
            self.mailbox.move_contact(key, TRASH, self.now);
        }
        Ok(json!({}))
    }

    fn move_contact(&mut self, section: &mut Section<'_>) -> Result<Value, Refused> {
        let key = self.contact(section)?;
        let to = self.folder(section, "to", None)?;
        self.mailbox.move_contact(key, to, self.now);
        Ok(self.shown(key))
    }

    fn create_folder(&mut self, section: &mut Section<'_>) -> Result<Value, Refused> {
        let name = section.text("displayName")?;
        let parent = self.folder(section, "parent", Some(DEFAULT))?;
        if self.mailbox.named(parent, &name).is_some() {
            return Err(refuse("displayName", "another folder has this name"));
        }
        let key = self.mailbox.add_folder(name, parent, Extended::new(), false);
        Ok(json!({"id": self.mailbox.folder_id(key)}))
    }

    /// The default folders can be neither renamed, moved nor deleted in Outlook either.
    fn own_folder(&self, section: &mut Section<'_>) -> Result<u64, Refused> {
        let key = self.folder(section, "folder", None)?;
        if key > TRASH {
            Ok(key)
        } else {
            Err(refuse("folder", "this folder cannot be changed"))
        }
    }

    fn rename_folder(&mut self, section: &mut Section<'_>) -> Result<Value, Refused> {
        let key = self.own_folder(section)?;
        let name = section.text("displayName")?;
        let parent = self
            .mailbox
            .folders
            .get(&key)
            .map_or(DEFAULT, |folder| folder.parent);
        if self
            .mailbox
            .named(parent, &name)
            .is_some_and(|other| other != key)
        {
            return Err(refuse("displayName", "another folder has this name"));
        }
        if let Some(folder) = self.mailbox.folders.get_mut(&key) {
            folder.name = name;
        }
        Ok(json!({}))
    }

    fn move_folder(&mut self, section: &mut Section<'_>) -> Result<Value, Refused> {
        let key = self.own_folder(section)?;
        let to = self.folder(section, "to", None)?;
        let mut at = to;
        while at > TRASH {
            if at == key {
                return Err(refuse("to", "a folder cannot be moved into itself"));
            }
            at = self
                .mailbox
                .folders
                .get(&at)
                .map_or(DEFAULT, |folder| folder.parent);
        }
        self.place_folder(key, to);
        Ok(json!({}))
    }

    fn delete_folder(&mut self, section: &mut Section<'_>) -> Result<Value, Refused> {
        let key = self.own_folder(section)?;
        if section.flag("permanently", false)? {
            self.mailbox.purge_folder(key);
        } else {
            self.place_folder(key, TRASH);
        }
        Ok(json!({}))
    }

    /// Outlook, other than the API, puts a number behind a name that is taken.
    fn place_folder(&mut self, key: u64, to: u64) {
        let name = self
            .mailbox
            .folders
            .get(&key)
            .map(|folder| folder.name.clone())
            .unwrap_or_default();
        let mut free = name.clone();
        let mut number = 1;
        while self.mailbox.named(to, &free).is_some_and(|other| other != key) {
            free = format!("{name}{number}");
            number += 1;
        }
        if let Some(folder) = self.mailbox.folders.get_mut(&key) {
            folder.parent = to;
            folder.name = free;
        }
    }
}

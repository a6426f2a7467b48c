//! Both services as they are at a quiet time, taken apart.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use sync_engine::identity::{cluster_of, crm_id_of};
use sync_engine::link::{Link, LinkState};

use crate::ledger::id_of;
use crate::world::{World, scope};

/// Both services.
#[derive(Debug)]
pub(crate) struct View {
    /// The live records by id.
    pub records: BTreeMap<String, Value>,
    /// The mailboxes, by person.
    pub mailboxes: Vec<Mailbox>,
}

/// A mailbox.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    /// Everything in it by id, the deleted items included.
    pub items: BTreeMap<String, Map<String, Value>>,
    /// The ids of the folders that carry this sync's marker, outside the deleted items.
    pub containers: Vec<Container>,
}

/// A folder that carries a sync's marker.
#[derive(Debug)]
pub(crate) struct Container {
    /// Its name.
    pub name: String,
    /// The items in it, by id.
    pub items: BTreeMap<String, Item>,
}

/// An item of a container.
#[derive(Debug)]
pub(crate) struct Item {
    /// The record that it belongs to: the one of its link, else the one that its marker names.
    pub record: Option<String>,
    /// It carries a marker, of whichever sync.
    pub marked: bool,
    /// What it holds.
    pub contact: Map<String, Value>,
}

impl View {
    /// Both services now.
    #[must_use]
    pub(crate) fn of(world: &World) -> Self {
        let crm = world.whole_crm();
        let records = crm["organisations"][0]["contacts"].as_array();
        let records = records
            .into_iter()
            .flatten()
            .filter_map(|record| Some((record["id"].as_str()?.to_owned(), record.clone())));
        let mailboxes = world.all_mailboxes();
        let users = mailboxes["tenants"][0]["users"].as_array();
        Self {
            records: records.collect(),
            mailboxes: users
                .into_iter()
                .flatten()
                .enumerate()
                .map(|(person, user)| mailbox(person, user))
                .collect(),
        }
    }
}

impl View {
    /// Contacts that were made in Outlook carry no marker: whose they are the links of the sync say.
    pub(crate) fn learn_links(&mut self, person: usize, links: &[Link]) {
        let containers = self
            .mailboxes
            .get_mut(person)
            .map(|mailbox| &mut mailbox.containers);
        for container in containers.into_iter().flatten() {
            for link in links.iter().filter(|link| link.state == LinkState::Linked) {
                let id = link.office_id.as_ref();
                if let Some(item) = id.and_then(|id| container.items.get_mut(id)) {
                    item.record = Some(link.crm_id.clone());
                }
            }
        }
    }
}

fn mailbox(person: usize, user: &Value) -> Mailbox {
    let mut mailbox = Mailbox::default();
    let folders = user["folders"].as_array();
    for folder in folders.into_iter().flatten() {
        let contacts: BTreeMap<String, Map<String, Value>> = folder["contacts"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_object)
            .map(|contact| (id_of(contact).to_owned(), contact.clone()))
            .collect();
        let text = |name: &str| folder[name].as_str().unwrap_or_default().to_owned();
        let ours = cluster_of(scope(person), &text("marker")).is_some();
        if ours && folder["trashed"] != true {
            mailbox.containers.push(Container {
                name: text("displayName"),
                items: contacts
                    .iter()
                    .map(|(id, contact)| (id.clone(), item(person, contact)))
                    .collect(),
            });
        }
        mailbox.items.extend(contacts);
    }
    mailbox
}

fn item(person: usize, contact: &Map<String, Value>) -> Item {
    let marker = contact.get("marker").and_then(Value::as_str);
    Item {
        record: marker
            .and_then(|marker| crm_id_of(scope(person), marker))
            .map(str::to_owned),
        marked: marker.is_some(),
        contact: contact.clone(),
    }
}

//! Everything as one document, for tests and people.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Inner;
use super::contacts::render::{self, View};
use super::extended::MARKER;
use super::mail::Mail;
use super::mailbox::{Contact, Folder, Mailbox, ROOT, TRASH};
use super::tenant::{Tenant, User};

pub(super) fn document(inner: &mut Inner, now: Timestamp) -> Value {
    let tenants: Vec<Value> = inner
        .tenants
        .values_mut()
        .map(|tenant| {
            for user in &mut tenant.users {
                user.mailbox.run_due(now, tenant.options.last_modified_churn);
            }
            self::tenant(tenant)
        })
        .collect();
    json!({"tenants": tenants})
}

fn tenant(tenant: &Tenant) -> Value {
    json!({
        "id": tenant.id,
        "domain": tenant.domain,
        "users": tenant.living().map(|found| user(tenant, found)).collect::<Vec<_>>(),
        "mails": tenant.mails.iter().map(Mail::show).collect::<Vec<_>>(),
    })
}

fn user(tenant: &Tenant, user: &User) -> Value {
    let mailbox = &user.mailbox;
    let gates = tenant.gates.iter().filter(|((_, owner), _)| *owner == user.id);
    let folders: Vec<Value> = mailbox
        .folders
        .iter()
        .filter(|(key, _)| **key != ROOT && user.has_mailbox)
        .map(|(key, found)| folder(mailbox, *key, found))
        .collect();
    json!({
        "id": user.id,
        "userPrincipalName": user.upn,
        "mail": user.mail,
        "maxInFlight": gates.map(|(_, gate)| gate.peak).max().unwrap_or(0),
        "folders": folders,
    })
}

fn folder(mailbox: &Mailbox, key: u64, folder: &Folder) -> Value {
    let contacts = folder.members.iter().filter_map(|key| mailbox.contacts.get(key));
    json!({
        "id": folder.id,
        "displayName": folder.name,
        "parentFolderId": mailbox.folder_id(folder.parent),
        "marker": folder.extended.get(MARKER),
        "trashed": key == TRASH || mailbox.in_trash(key),
        "contacts": contacts.map(|found| Value::Object(contact(mailbox, found))).collect::<Vec<_>>(),
    })
}

/// A contact under its immutable id, with its marker beside the properties.
pub(super) fn contact(mailbox: &Mailbox, contact: &Contact) -> Map<String, Value> {
    let view = View {
        immutable: true,
        ..View::default()
    };
    let mut out = render::contact(mailbox, contact, &view);
    out.insert("marker".to_owned(), json!(contact.content.extended.get(MARKER)));
    out
}

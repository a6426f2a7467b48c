//! The whole state as one document, for tests and people.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::records::store::{Bin, Contact, Deleted};
use super::shape::stamp;
use super::state::{Org, User, World};

impl World {
    /// Times are in UTC.
    pub(super) fn describe(&self, now: Timestamp) -> Value {
        let orgs: Vec<Value> = self.orgs.iter().map(|org| organisation(org, now)).collect();
        json!({"organisations": orgs})
    }
}

fn organisation(org: &Org, now: Timestamp) -> Value {
    let users: Vec<Value> = org.users.iter().map(|row| user(org, row)).collect();
    let contacts: Vec<Value> = org.contacts.iter().map(|row| contact(org, row)).collect();
    let deleted: Vec<Value> = org
        .contacts
        .deleted
        .iter()
        .map(|row| gone(org, row, now))
        .collect();
    let accounts: Vec<Value> = org
        .accounts
        .iter()
        .map(|(id, name)| json!({"id": id.to_string(), "name": name}))
        .collect();
    json!({
        "id": org.id,
        "company_name": org.company_name,
        "edition": org.edition.name(),
        "type": org.kind,
        "licenses": org.licenses,
        "users": users,
        "invitations": org.invitations.iter().map(|row| row.show(now)).collect::<Vec<_>>(),
        "accounts": accounts,
        "fields_written_by_api": org.fields_written,
        "contact_count": org.contacts.len(),
        "contacts": contacts,
        "deleted": deleted,
    })
}

fn user(org: &Org, user: &User) -> Value {
    json!({
        "id": user.id.to_string(),
        "email": user.email,
        "name": user.full_name(),
        "status": user.status,
        "status_reason": user.status_reason,
        "confirm": user.confirm,
        "microsoft": user.microsoft,
        "profile": org.profile(user.profile).map(|profile| profile.name.clone()),
        "role": org.roles.iter().find(|role| role.id == user.role).map(|role| role.name.clone()),
        "time_zone": user.time_zone,
    })
}

pub(super) fn contact(org: &Org, contact: &Contact) -> Value {
    let owner = org.user(contact.owner);
    let mut row: Map<String, Value> = contact
        .fields
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let mut put = |name: &str, value: Value| row.insert(name.to_owned(), value);
    put("id", json!(contact.id.to_string()));
    put(
        "Owner",
        json!({
            "id": contact.owner.to_string(),
            "email": owner.map(|user| user.email.clone()),
            "name": owner.map(User::full_name),
        }),
    );
    put("Created_Time", stamp(contact.created, &TimeZone::UTC));
    put("Modified_Time", stamp(contact.modified, &TimeZone::UTC));
    put("source", json!(contact.source));
    put("locked", json!(contact.locked));
    if let Some(id) = contact.account {
        put(
            "Account_Name",
            json!({"id": id.to_string(), "name": org.accounts.get(&id)}),
        );
    }
    let entries = contact
        .timeline
        .iter()
        .map(|entry| json!({"action": entry.action, "source": entry.source}));
    put("timeline", Value::Array(entries.collect()));
    Value::Object(row)
}

fn gone(org: &Org, row: &Deleted, now: Timestamp) -> Value {
    let mut value = contact(org, &row.contact);
    value["deleted_time"] = stamp(row.at, &TimeZone::UTC);
    value["deleted_by"] = json!(org.user(row.by).map(|user| user.email.clone()));
    value["type"] = json!(match row.bin(now) {
        Bin::Recycle => "recycle",
        Bin::Permanent => "permanent",
        Bin::Forgotten => "forgotten",
    });
    value
}

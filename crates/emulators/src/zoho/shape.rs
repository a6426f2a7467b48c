//! How values look on the wire.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::fields::Field;
use super::records::store::Contact;
use super::state::{Org, User};

/// How a lookup shows: records carry names, query results ids only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lookups {
    Named,
    IdOnly,
}

/// A date-time in whole seconds with the offset of a user's time zone.
pub(super) fn stamp(at: Timestamp, zone: &TimeZone) -> Value {
    let offset = zone.to_offset(at);
    let local = offset.to_datetime(at);
    let sign = if offset.is_negative() { '-' } else { '+' };
    let minutes = offset.seconds().unsigned_abs() / 60;
    // Written by hand: thousands of these go into one answer, and format strings are slow to interpret.
    Value::String(format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{sign}{:02}:{:02}",
        local.year(),
        local.month(),
        local.day(),
        local.hour(),
        local.minute(),
        local.second(),
        minutes / 60,
        minutes % 60,
    ))
}

/// The CRM keeps no fractions of a second.
pub(super) fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

pub(super) fn id_text(id: u64) -> Value {
    Value::String(id.to_string())
}

/// Name and id of a user, as in `Created_By` of a write's answer.
pub(super) fn person(org: &Org, id: u64) -> Value {
    let name = org.user(id).map(User::full_name).unwrap_or_default();
    json!({"name": name, "id": id.to_string()})
}

/// Name, id and address of a user, as in the `Owner` of a record.
fn person_with_email(org: &Org, id: u64) -> Value {
    let user = org.user(id);
    json!({
        "name": user.map(User::full_name).unwrap_or_default(),
        "id": id.to_string(),
        "email": user.map(|user| user.email.clone()),
    })
}

fn user_lookup(org: &Org, id: u64, lookups: Lookups) -> Value {
    match lookups {
        Lookups::Named => person_with_email(org, id),
        Lookups::IdOnly => json!({"id": id.to_string()}),
    }
}

/// One field of a contact.
pub(super) fn value(org: &Org, contact: &Contact, field: &Field, zone: &TimeZone, lookups: Lookups) -> Value {
    // A field that data protection restricts comes back empty over the API, whatever it holds.
    if field.private.is_some() {
        return Value::Null;
    }
    match field.api_name.as_str() {
        "id" => id_text(contact.id),
        "Owner" => user_lookup(org, contact.owner, lookups),
        "Created_By" => user_lookup(org, contact.created_by, lookups),
        "Modified_By" => user_lookup(org, contact.modified_by, lookups),
        "Created_Time" => stamp(contact.created, zone),
        "Modified_Time" | "Change_Log_Time__s" | "Last_Activity_Time" => stamp(contact.modified, zone),
        "Full_Name" => Value::String(contact.full_name()),
        "Locked__s" => Value::Bool(contact.locked),
        "Record_Status__s" => json!("Available"),
        "Data_Source" => json!(data_source(&contact.source)),
        "Tag" => json!([]),
        "Account_Name" => account(org, contact, lookups),
        "Reporting_To" => reporting_to(org, contact, lookups),
        name if field.data_type == "boolean" => {
            contact.fields.get(name).cloned().unwrap_or(Value::Bool(false))
        }
        name if field.data_type == "datetime" => contact
            .fields
            .get(name)
            .and_then(Value::as_str)
            .and_then(|text| text.parse().ok())
            .map_or(Value::Null, |at| stamp(at, zone)),
        name => contact.fields.get(name).cloned().unwrap_or(Value::Null),
    }
}

fn account(org: &Org, contact: &Contact, lookups: Lookups) -> Value {
    match contact.account {
        None => Value::Null,
        Some(id) if lookups == Lookups::IdOnly => json!({"id": id.to_string()}),
        Some(id) => json!({"name": org.accounts.get(&id), "id": id.to_string()}),
    }
}

fn reporting_to(org: &Org, contact: &Contact, lookups: Lookups) -> Value {
    let Some(id) = contact.fields.get("Reporting_To").and_then(Value::as_str) else {
        return Value::Null;
    };
    let name = id
        .parse()
        .ok()
        .and_then(|id| org.contacts.get(id))
        .map(Contact::full_name);
    match lookups {
        Lookups::Named => json!({"name": name, "id": id}),
        Lookups::IdOnly => json!({"id": id}),
    }
}

/// What `Data_Source` says for the way in which a record came into being.
pub(super) fn data_source(source: &str) -> &'static str {
    match source {
        "import" | "mass_update" => "Import",
        "migration" => "Migration",
        "crm_api" => "API",
        "bulkapi" => "Bulk Write",
        "webform" => "Webform",
        "microsoft" => "Microsoft",
        "outlook" => "Microsoft Outlook",
        "google" => "Google",
        "mass_addition_via_ui" => "Manual Mass Add",
        "crm_ui" | "crm_mobile" => "Manual",
        _ => "System Generated",
    }
}

//! The modules of an organisation. Client libraries read them, and the fields of each, before anything else.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::answer::{Answer, Outcome};
use super::auth::Session;
use super::call::Call;
use super::fields::Field;
use super::shape::stamp;
use super::state::World;

/// Name, singular and plural.
const MODULES: [(&str, &str, &str); 4] = [
    ("Contacts", "Contact", "Contacts"),
    ("Accounts", "Account", "Accounts"),
    ("Vendors", "Vendor", "Vendors"),
    ("Events", "Meeting", "Meetings"),
];

/// Name, label, type and length.
type Row = (&'static str, &'static str, &'static str, u64);

/// The fields without which a module would not be that module. Only Contacts holds records here.
const FIELDS: [(&str, &[Row]); 3] = [
    (
        "Accounts",
        &[
            ("Account_Name", "Account Name", "text", 200),
            ("Owner", "Account Owner", "ownerlookup", 120),
            ("Created_Time", "Created Time", "datetime", 120),
            ("Modified_Time", "Modified Time", "datetime", 120),
        ],
    ),
    (
        "Vendors",
        &[
            ("Vendor_Name", "Vendor Name", "text", 120),
            ("Owner", "Vendor Owner", "ownerlookup", 120),
            ("Created_Time", "Created Time", "datetime", 120),
            ("Modified_Time", "Modified Time", "datetime", 120),
        ],
    ),
    (
        "Events",
        &[
            ("Event_Title", "Title", "text", 255),
            ("Start_DateTime", "From", "datetime", 120),
            ("End_DateTime", "To", "datetime", 120),
            ("Owner", "Host", "ownerlookup", 120),
            ("Created_Time", "Created Time", "datetime", 120),
            ("Modified_Time", "Modified Time", "datetime", 120),
        ],
    ),
];

/// `GET /settings/modules`
pub(super) fn list(world: &World, session: &Session, call: &Call) -> Outcome {
    let org = &world.orgs[session.org];
    let changed: Timestamp = org.fields_changed;
    if call
        .instant("if-modified-since")?
        .is_some_and(|since| changed <= since)
    {
        return Ok(Answer::not_modified());
    }
    let rows = MODULES.map(|(name, singular, plural)| {
        json!({
            "api_name": name,
            "module_name": name,
            "singular_label": singular,
            "plural_label": plural,
            "api_supported": true,
            "viewable": true,
            "creatable": true,
            "editable": true,
            "deletable": true,
            "generated_type": "default",
            "status": "visible",
            "modified_time": stamp(changed, &session.zone),
        })
    });
    Ok(Answer::ok(json!({"modules": rows})))
}

/// The fields of a module that holds no records here; nothing for other names.
pub(super) fn fields(module: &str) -> Option<Vec<Value>> {
    let (_, fields) = FIELDS.iter().find(|(name, _)| *name == module)?;
    let field = |(id, (name, label, kind, length)): (u64, &Row)| Field {
        custom: false,
        read_only: name.ends_with("_Time"),
        ..Field::custom(id, name, label, kind, *length)
    };
    let rows = (1..).zip(fields.iter()).map(field);
    Some(rows.map(|field| field.metadata()).collect())
}

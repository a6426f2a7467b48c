//! A contact as an answer shows it.

use serde_json::{Map, Value, json};

use super::super::extended;
use super::super::filter::{Filterable, UnknownPath};
use super::super::mailbox::{Contact, Mailbox};
use super::content::{Content, Email};
use super::fields::{FIELDS, Kind, field};

/// How the caller wants contacts shown.
#[derive(Debug, Default, Clone)]
pub(in crate::graph) struct View {
    pub(in crate::graph) immutable: bool,
    pub(in crate::graph) select: Option<Vec<String>>,
    pub(in crate::graph) expand: Vec<String>,
}

/// The contact in JSON. `id` and the etag are there whatever is selected; extended properties only on demand.
pub(in crate::graph) fn contact(mailbox: &Mailbox, contact: &Contact, view: &View) -> Map<String, Value> {
    let mut out = Map::new();
    out.insert("@odata.etag".to_owned(), Value::String(etag(contact)));
    out.insert(
        "id".to_owned(),
        Value::String(id(contact, view.immutable).to_owned()),
    );
    let mut put = |name: &'static str, kind: Kind| {
        if let Some(value) = value(mailbox, contact, name, kind) {
            out.insert(name.to_owned(), value);
        }
    };
    match &view.select {
        Some(names) => names
            .iter()
            .filter_map(|name| field(name))
            .for_each(|(name, kind)| put(name, kind)),
        None => FIELDS.iter().for_each(|(name, kind)| put(name, *kind)),
    }
    if let Some(found) = extended::expanded(&contact.content.extended, &view.expand) {
        out.insert("singleValueExtendedProperties".to_owned(), found);
    }
    out
}

/// The version as answers and `If-Match` carry it.
pub(in crate::graph) fn etag(contact: &Contact) -> String {
    format!("W/\"{}\"", contact.change_key)
}

/// The id in the form that the caller prefers.
pub(in crate::graph) fn id(contact: &Contact, immutable: bool) -> &str {
    if immutable {
        &contact.immutable
    } else {
        &contact.mutable
    }
}

fn value(mailbox: &Mailbox, contact: &Contact, name: &'static str, kind: Kind) -> Option<Value> {
    let content = &contact.content;
    Some(match kind {
        Kind::Text | Kind::Notes => content.texts.get(name).map_or(Value::Null, |text| json!(text)),
        Kind::Texts(_) => content
            .lists
            .get(name)
            .map_or_else(|| json!([]), |list| json!(list)),
        // An empty address reads as an empty object, not as null.
        Kind::Address => content
            .addresses
            .get(name)
            .map_or_else(|| json!({}), |address| json!(address)),
        Kind::Emails => content.emails.iter().flatten().map(email).collect(),
        Kind::Slot(index) => content.emails[index].as_ref().map_or(Value::Null, email),
        Kind::Birthday => content
            .birthday
            .map_or(Value::Null, |date| Value::String(format!("{date}T11:59:00Z"))),
        Kind::ReadOnly => match name {
            "changeKey" => json!(contact.change_key),
            "parentFolderId" => json!(mailbox.folder_id(contact.folder)),
            "createdDateTime" => json!(stamp(contact.created)),
            "lastModifiedDateTime" => json!(stamp(contact.modified)),
            _ => return None,
        },
        Kind::Extended => return None,
    })
}

/// Whole seconds, as Exchange shows them for contacts.
fn stamp(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn email(email: &Email) -> Value {
    let mut out = Map::new();
    if let Some(name) = &email.name {
        out.insert("name".to_owned(), json!(name));
    }
    if let Some(address) = &email.address {
        out.insert("address".to_owned(), json!(address));
    }
    Value::Object(out)
}

impl Filterable for Content {
    fn text(&self, path: &str) -> Result<Option<String>, UnknownPath> {
        match field(path) {
            Some((name, Kind::Text)) => Ok(self.texts.get(name).cloned()),
            _ => Err(UnknownPath),
        }
    }

    fn list(&self, list: &str, member: Option<&str>) -> Result<Vec<String>, UnknownPath> {
        match (field(list), member) {
            (Some((_, Kind::Emails)), Some("address")) => Ok(self
                .emails
                .iter()
                .flatten()
                .filter_map(|email| email.address.clone())
                .collect()),
            (Some((name, Kind::Texts(_))), None) => Ok(self.lists.get(name).cloned().unwrap_or_default()),
            _ => Err(UnknownPath),
        }
    }

    fn extended(&self, id: &str) -> Option<&str> {
        self.extended.get(id).map(String::as_str)
    }
}

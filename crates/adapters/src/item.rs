//! A Graph contact as the engine's fields, and changes of fields as a Graph body.
//!
//! Graph takes addresses and lists whole: a body starts from what the contact holds, so that members which nobody
//! mapped survive (`research/graph.md` §6).

use msgraph::{Contact, ContactBody, EmailAddress, ListField, PhysicalAddress, TextField};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sync_engine::office_field::{Group, OfficeField};
use sync_engine::plan::Changes;
use sync_engine::project::Fields;
use sync_engine::value::Value;
use sync_runtime::ports::Item;

use crate::place::{Place, place};

/// A contact that was read whole, with its marker. `None` without a version: what cannot be named in a precondition is
/// never written.
pub(crate) fn read(contact: Contact) -> Option<Item> {
    let carry = serde_json::to_value(Carried::of(&contact)).ok()?;
    Some(Item {
        etag: version(&contact)?,
        carry,
        ..hint(contact)
    })
}

/// A contact as a page of changes tells of it: a part at times, without its marker, and with nothing to write it back
/// by.
pub(crate) fn hint(contact: Contact) -> Item {
    Item {
        etag: version(&contact).unwrap_or_default(),
        fields: fields(&contact),
        marker: contact.marker,
        modified: contact.last_modified_date_time,
        created: contact.created_date_time,
        carry: Json::Null,
        id: contact.id,
    }
}

/// The etag holds the change key (`research/graph.md` §3), so one stands for the other.
fn version(contact: &Contact) -> Option<String> {
    let key = contact.change_key.as_ref();
    contact
        .etag
        .clone()
        .or_else(|| key.map(|key| format!("W/\"{key}\"")))
}

/// What a contact holds beyond its fields and would lose in a write: names that its owner chose, entries beyond
/// those that a mapping can name.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Carried {
    display_name: Option<String>,
    file_as: Option<String>,
    email_addresses: Vec<EmailAddress>,
    lists: [Vec<String>; 3],
}

/// The lists in the order of [`Carried::lists`].
const LISTS: [ListField; 3] = [
    ListField::BusinessPhones,
    ListField::HomePhones,
    ListField::ImAddresses,
];

impl Carried {
    /// What an item that was read whole carries; `None` for a hint.
    pub(crate) fn of_item(item: &Item) -> Option<Self> {
        Self::deserialize(&item.carry).ok()
    }

    fn of(contact: &Contact) -> Self {
        Self {
            display_name: contact.display_name.clone(),
            file_as: contact.file_as.clone(),
            email_addresses: contact.email_addresses.clone(),
            lists: LISTS.map(|list| contact.list(list).to_vec()),
        }
    }

    fn list(&self, list: ListField) -> &[String] {
        LISTS
            .iter()
            .position(|known| *known == list)
            .map_or(&[], |at| &self.lists[at])
    }
}

/// Every field that a mapping can name.
fn fields(contact: &Contact) -> Fields {
    OfficeField::ALL
        .iter()
        .filter_map(|field| {
            let value = match place(*field) {
                Place::Text(text) => contact.text(text).and_then(Value::text),
                Place::List(list, at) => contact
                    .list(list)
                    .get(at)
                    .map(String::as_str)
                    .and_then(Value::text),
                // An address that is none stands in the name only.
                Place::Email(at) => {
                    let slot = contact.email_addresses.get(at)?;
                    slot.address
                        .as_deref()
                        .or(slot.name.as_deref())
                        .and_then(Value::text)
                }
                Place::Address(address, part) => part
                    .of(contact.address(address)?)
                    .map(String::as_str)
                    .and_then(Value::text),
                Place::Birthday => contact.birthday.as_deref().and_then(Value::date),
            };
            Some((*field, value?))
        })
        .collect()
}

/// The body that makes a contact with these fields.
pub(crate) fn create_body(fields: &Fields) -> ContactBody {
    let changes = fields
        .iter()
        .map(|(field, value)| (*field, Some(value.clone())))
        .collect();
    body(&Carried::default(), &Fields::new(), &changes, fields)
}

/// The body that brings `changes` to a contact that holds `held` and `carried`.
pub(crate) fn update_body(held: &Fields, carried: &Carried, changes: &Changes) -> ContactBody {
    let mut after = held.clone();
    for (field, value) in changes {
        match value {
            Some(value) => after.insert(*field, value.clone()),
            None => after.remove(field),
        };
    }
    body(carried, held, changes, &after)
}

fn body(carried: &Carried, held: &Fields, changes: &Changes, after: &Fields) -> ContactBody {
    let text = |field: OfficeField| after.get(&field).map(Value::to_text);
    let mut body = ContactBody::new();
    let mut lists = Vec::new();
    let mut addresses = Vec::new();
    let mut emails = false;
    for (field, value) in changes {
        match place(*field) {
            Place::Text(member) => body = body.text(member, value.as_ref().map(Value::to_text).as_deref()),
            Place::Birthday => {
                let date = match value {
                    Some(Value::Date(date)) => Some(*date),
                    _ => None,
                };
                body = body.birthday(date);
            }
            Place::List(list, _) if !lists.contains(&list) => lists.push(list),
            Place::Address(address, _) if !addresses.contains(&address) => addresses.push(address),
            Place::Email(_) => emails = true,
            Place::List(..) | Place::Address(..) => {}
        }
    }
    for list in lists {
        body = body.list(list, whole_list(carried, list, after));
    }
    for field in addresses {
        let mut whole = PhysicalAddress::default();
        for of_address in OfficeField::ALL {
            if let Place::Address(address, part) = place(*of_address)
                && address == field
            {
                part.set(&mut whole, text(*of_address));
            }
        }
        body = body.address(field, &whole);
    }
    if emails {
        body = body.email_addresses(&whole_emails(carried, after));
    }
    let renamed = changes.keys().any(|field| field.group() == Some(Group::Name));
    let shown = |kept: &Option<String>, compute: fn(&Fields) -> String| match kept {
        Some(kept) if !renamed && *kept != compute(held) => kept.clone(),
        _ => compute(after),
    };
    // Exchange makes up both at any update that does not carry them (`research/graph.md` §6), so they are always sent.
    // What the contact's owner chose stays as long as the name does.
    body.text(
        TextField::DisplayName,
        Some(&shown(&carried.display_name, display_name)),
    )
    .text(TextField::FileAs, Some(&shown(&carried.file_as, file_as)))
}

/// Graph keeps the entries of a list without gaps: a blank first entry makes the second one the first.
fn whole_list(carried: &Carried, list: ListField, after: &Fields) -> Vec<String> {
    let mut known = 0;
    let mut whole = Vec::new();
    for field in OfficeField::ALL {
        if let Place::List(of, at) = place(*field)
            && of == list
        {
            known = known.max(at + 1);
            whole.extend(after.get(field).map(Value::to_text));
        }
    }
    whole.extend(carried.list(list).iter().skip(known).cloned());
    whole
}

/// A slot whose address stays keeps the name that its owner gave it.
fn whole_emails(carried: &Carried, after: &Fields) -> Vec<EmailAddress> {
    [OfficeField::Email1, OfficeField::Email2, OfficeField::Email3]
        .iter()
        .filter_map(|field| after.get(field).map(Value::to_text))
        .map(|address| {
            carried
                .email_addresses
                .iter()
                .find(|slot| slot.address.as_deref() == Some(address.as_str()))
                .cloned()
                .unwrap_or(EmailAddress {
                    name: Some(address.clone()),
                    address: Some(address),
                })
        })
        .collect()
}

fn join(after: &Fields, fields: &[OfficeField], between: &str) -> String {
    fields
        .iter()
        .filter_map(|field| after.get(field).map(Value::to_text))
        .collect::<Vec<_>>()
        .join(between)
}

fn fallback(after: &Fields) -> String {
    [
        OfficeField::CompanyName,
        OfficeField::NickName,
        OfficeField::Email1,
        OfficeField::Email2,
        OfficeField::Email3,
    ]
    .iter()
    .find_map(|field| after.get(field).map(Value::to_text))
    .unwrap_or_default()
}

fn display_name(after: &Fields) -> String {
    let name = join(
        after,
        &[
            OfficeField::GivenName,
            OfficeField::MiddleName,
            OfficeField::Surname,
        ],
        " ",
    );
    if name.is_empty() { fallback(after) } else { name }
}

fn file_as(after: &Fields) -> String {
    let first = join(after, &[OfficeField::GivenName, OfficeField::MiddleName], " ");
    match (
        after.get(&OfficeField::Surname).map(Value::to_text),
        first.is_empty(),
    ) {
        (Some(surname), false) => format!("{surname}, {first}"),
        (Some(surname), true) => surname,
        (None, false) => first,
        (None, true) => fallback(after),
    }
}

#[cfg(test)]
mod tests {
    use msgraph::AddressField;

    use super::*;

    fn value(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn contact(json: serde_json::Value) -> Contact {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_new_contact_is_shown_and_filed_under_its_name() {
        let all: Fields = OfficeField::ALL
            .iter()
            .map(|field| match place(*field) {
                Place::Birthday => (*field, Value::Date(jiff::civil::date(1990, 2, 3))),
                Place::Email(at) => (*field, value(&format!("a{at}@example.com"))),
                _ => (*field, value(field.name())),
            })
            .collect();
        let body = create_body(&all);
        for field in [TextField::DisplayName, TextField::FileAs] {
            assert!(body.holds(field.into()));
        }
        assert_eq!(display_name(&all), "givenName middleName surname");
        assert_eq!(file_as(&all), "surname, givenName middleName");
    }

    #[test]
    fn n5_names_that_the_owner_chose_stay_as_long_as_the_name_does() {
        let held = |shown: &str| {
            contact(serde_json::json!({
                "id": "A", "changeKey": "1", "givenName": "Ada", "surname": "Byron", "companyName": "Engines",
                "displayName": shown, "fileAs": "Byron, Ada", "emailAddresses": [{"address": "a@x.example"}],
            }))
        };
        let keeps = |shown: &str, field, to: &str| {
            let item = read(held(shown)).unwrap();
            let carried = Carried::of_item(&item).unwrap();
            let body = update_body(&item.fields, &carried, &[(field, Some(value(to)))].into());
            body.clone().text(TextField::DisplayName, Some(shown)) == body
        };
        assert!(keeps("Grandma", OfficeField::Email1, "b@x.example"));
        assert!(keeps("Ada Byron", OfficeField::CompanyName, "Looms"));
        assert!(!keeps("Grandma", OfficeField::Surname, "King"));
    }

    #[test]
    fn n5_a_change_of_one_slot_keeps_what_nobody_mapped() {
        let held = contact(serde_json::json!({
            "id": "A", "displayName": "Ada", "fileAs": "Ada",
            "emailAddresses": [{"name": "Work", "address": "a@x.example"}, {"name": "n", "address": "b@x.example"}, {"address": "c@x.example"}],
            "businessAddress": {"street": "S", "city": "C"},
        }));
        let changes: Changes = [(OfficeField::Email2, Some(value("new@x.example")))].into();
        let mut after = fields(&held);
        after.insert(OfficeField::Email2, value("new@x.example"));
        let carried = Carried::of(&held);
        let emails = whole_emails(&carried, &after);
        let slots: Vec<_> = emails
            .iter()
            .map(|slot| (slot.name.as_deref(), slot.address.as_deref()))
            .collect();
        assert_eq!(
            slots,
            [
                (Some("Work"), Some("a@x.example")),
                (Some("new@x.example"), Some("new@x.example")),
                (None, Some("c@x.example")),
            ]
        );
        let body = update_body(&fields(&held), &carried, &changes);
        assert!(!body.holds(AddressField::Business.into()) && !body.holds(TextField::GivenName.into()));
    }
}

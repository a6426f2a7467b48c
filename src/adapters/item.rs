//! A Graph contact as the engine's fields, and changes of fields as a Graph body.
//!
//! Graph takes addresses and lists whole: a body starts from what the contact holds, so that members which nobody
//! mapped survive (`research/graph.md` §6).

use msgraph::{AddressField, Contact, ContactBody, EmailAddress, ListField, PhysicalAddress, TextField};
use serde::{Deserialize, Serialize};
use sync_engine::office_field::{Group, OfficeField};
use sync_engine::plan::Changes;
use sync_engine::project::Fields;
use sync_engine::value::Value;

/// Where Graph keeps a field.
enum Place {
    Text(TextField),
    List(ListField, usize),
    Email(usize),
    Address(AddressField, Part),
    Birthday,
}

#[derive(Clone, Copy)]
enum Part {
    Street,
    City,
    State,
    PostalCode,
    Country,
}

impl Part {
    fn of(self, address: &PhysicalAddress) -> Option<&String> {
        match self {
            Self::Street => address.street.as_ref(),
            Self::City => address.city.as_ref(),
            Self::State => address.state.as_ref(),
            Self::PostalCode => address.postal_code.as_ref(),
            Self::Country => address.country_or_region.as_ref(),
        }
    }

    fn set(self, address: &mut PhysicalAddress, value: Option<String>) {
        match self {
            Self::Street => address.street = value,
            Self::City => address.city = value,
            Self::State => address.state = value,
            Self::PostalCode => address.postal_code = value,
            Self::Country => address.country_or_region = value,
        }
    }
}

fn place(field: OfficeField) -> Place {
    use OfficeField as F;
    use Place::{Address, Email, List, Text};
    match field {
        F::GivenName => Text(TextField::GivenName),
        F::Surname => Text(TextField::Surname),
        F::MiddleName => Text(TextField::MiddleName),
        F::NickName => Text(TextField::NickName),
        F::Title => Text(TextField::Title),
        F::Generation => Text(TextField::Generation),
        F::Initials => Text(TextField::Initials),
        F::CompanyName => Text(TextField::CompanyName),
        F::JobTitle => Text(TextField::JobTitle),
        F::Department => Text(TextField::Department),
        F::OfficeLocation => Text(TextField::OfficeLocation),
        F::Profession => Text(TextField::Profession),
        F::Manager => Text(TextField::Manager),
        F::AssistantName => Text(TextField::AssistantName),
        F::SpouseName => Text(TextField::SpouseName),
        F::PersonalNotes => Text(TextField::PersonalNotes),
        F::BusinessHomePage => Text(TextField::BusinessHomePage),
        F::MobilePhone => Text(TextField::MobilePhone),
        F::Birthday => Place::Birthday,
        F::BusinessPhone1 => List(ListField::BusinessPhones, 0),
        F::BusinessPhone2 => List(ListField::BusinessPhones, 1),
        F::HomePhone1 => List(ListField::HomePhones, 0),
        F::HomePhone2 => List(ListField::HomePhones, 1),
        F::ImAddress1 => List(ListField::ImAddresses, 0),
        F::ImAddress2 => List(ListField::ImAddresses, 1),
        F::ImAddress3 => List(ListField::ImAddresses, 2),
        F::Email1 => Email(0),
        F::Email2 => Email(1),
        F::Email3 => Email(2),
        F::BusinessStreet => Address(AddressField::Business, Part::Street),
        F::BusinessCity => Address(AddressField::Business, Part::City),
        F::BusinessState => Address(AddressField::Business, Part::State),
        F::BusinessPostalCode => Address(AddressField::Business, Part::PostalCode),
        F::BusinessCountry => Address(AddressField::Business, Part::Country),
        F::HomeStreet => Address(AddressField::Home, Part::Street),
        F::HomeCity => Address(AddressField::Home, Part::City),
        F::HomeState => Address(AddressField::Home, Part::State),
        F::HomePostalCode => Address(AddressField::Home, Part::PostalCode),
        F::HomeCountry => Address(AddressField::Home, Part::Country),
        F::OtherStreet => Address(AddressField::Other, Part::Street),
        F::OtherCity => Address(AddressField::Other, Part::City),
        F::OtherState => Address(AddressField::Other, Part::State),
        F::OtherPostalCode => Address(AddressField::Other, Part::PostalCode),
        F::OtherCountry => Address(AddressField::Other, Part::Country),
    }
}

fn address_of(contact: &Contact, field: AddressField) -> Option<&PhysicalAddress> {
    match field {
        AddressField::Business => contact.business_address.as_ref(),
        AddressField::Home => contact.home_address.as_ref(),
        AddressField::Other => contact.other_address.as_ref(),
        _ => None,
    }
}

/// What a contact holds beyond its fields and would lose in a write: names that its owner chose, entries beyond
/// those that a mapping can name.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Carried {
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
    pub(super) fn of(contact: &Contact) -> Self {
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
pub(super) fn fields(contact: &Contact) -> Fields {
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
                    .of(address_of(contact, address)?)
                    .map(String::as_str)
                    .and_then(Value::text),
                Place::Birthday => contact.birthday.as_deref().and_then(Value::date),
            };
            Some((*field, value?))
        })
        .collect()
}

/// The body that makes a contact with these fields.
pub(super) fn create_body(fields: &Fields) -> ContactBody {
    let changes = fields
        .iter()
        .map(|(field, value)| (*field, Some(value.clone())))
        .collect();
    body(&Carried::default(), &changes, fields)
}

/// The body that brings `changes` to a contact that holds `held` and `carried`.
pub(super) fn update_body(held: &Fields, carried: &Carried, changes: &Changes) -> ContactBody {
    let mut after = held.clone();
    for (field, value) in changes {
        match value {
            Some(value) => after.insert(*field, value.clone()),
            None => after.remove(field),
        };
    }
    body(carried, changes, &after)
}

fn body(carried: &Carried, changes: &Changes, after: &Fields) -> ContactBody {
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
    named(body, carried, changes, after)
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

/// Exchange makes up `displayName` and `fileAs` from the name at any update that does not carry them
/// (`research/graph.md` §6): they are always sent, new where the name changes, else as they are.
fn named(body: ContactBody, carried: &Carried, changes: &Changes, after: &Fields) -> ContactBody {
    let renamed = changes.keys().any(|field| {
        field.group() == Some(Group::Name)
            || matches!(field, OfficeField::CompanyName | OfficeField::NickName)
            || field.group() == Some(Group::Emails)
    });
    let kept = (carried.display_name.as_deref(), carried.file_as.as_deref());
    let (display_name, file_as) = match kept {
        (Some(display_name), Some(file_as)) if !renamed => (display_name.to_owned(), file_as.to_owned()),
        _ => (display_name(after), file_as(after)),
    };
    body.text(TextField::DisplayName, Some(&display_name))
        .text(TextField::FileAs, Some(&file_as))
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
    use super::*;

    fn value(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn contact(json: serde_json::Value) -> Contact {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn what_is_written_reads_back_as_the_same_fields() {
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

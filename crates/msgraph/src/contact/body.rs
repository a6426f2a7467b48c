//! A contact as it is written: absent members stay, null clears (`research/graph.md` §6).

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::{AddressField, ContactField, EmailAddress, ListField, PhysicalAddress, TextField};
use crate::marker;

/// The members that a create or an update sets. Members that are not mentioned stay as they are.
#[derive(Clone, Default, PartialEq)]
pub struct ContactBody {
    members: Map<String, Value>,
}

impl ContactBody {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a text, or clears it.
    #[must_use]
    pub fn text(self, field: TextField, value: Option<&str>) -> Self {
        self.set(field.into(), value.into())
    }

    /// Sets a whole list; an empty one clears.
    #[must_use]
    pub fn list<I: IntoIterator<Item: Into<String>>>(self, field: ListField, values: I) -> Self {
        let values: Vec<Value> = values
            .into_iter()
            .map(|value| Value::String(value.into()))
            .collect();
        self.set(field.into(), values.into())
    }

    /// Sets a whole address: a part that is `None` is cleared, as Graph takes addresses whole only.
    #[must_use]
    pub fn address(self, field: AddressField, address: &PhysicalAddress) -> Self {
        let parts = json!({
            "street": address.street,
            "city": address.city,
            "state": address.state,
            "postalCode": address.postal_code,
            "countryOrRegion": address.country_or_region,
        });
        self.set(field.into(), parts)
    }

    /// Sets all slots of the e-mail addresses; none clears them.
    #[must_use]
    pub fn email_addresses(self, addresses: &[EmailAddress]) -> Self {
        let slots = addresses.iter().map(|slot| {
            let parts = [("name", &slot.name), ("address", &slot.address)];
            let parts = parts
                .into_iter()
                .filter_map(|(key, value)| Some((key.to_owned(), Value::from(value.clone()?))));
            Value::Object(parts.collect())
        });
        let slots: Vec<Value> = slots.collect();
        self.set(ContactField::EmailAddresses, slots.into())
    }

    /// Sets or clears the birthday, at the time of day that Exchange itself uses.
    #[must_use]
    pub fn birthday(self, date: Option<Date>) -> Self {
        self.set(
            ContactField::Birthday,
            date.map(|date| format!("{date}T11:59:00Z")).into(),
        )
    }

    /// Sets the marker.
    #[must_use]
    pub fn marker(mut self, marker: &str) -> Self {
        self.members
            .insert(marker::MEMBER.to_owned(), marker::member(marker));
        self
    }

    /// Whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Whether a member is set or cleared.
    #[must_use]
    pub fn holds(&self, field: ContactField) -> bool {
        self.members.contains_key(field.as_str())
    }

    fn set(mut self, field: ContactField, value: Value) -> Self {
        self.members.insert(field.as_str().to_owned(), value);
        self
    }

    pub(crate) fn for_update(&self) -> Value {
        Value::Object(self.members.clone())
    }

    /// What a new contact does not have need not be cleared, and nulls make some creates fail.
    pub(crate) fn for_create(&self) -> Value {
        let members = self
            .members
            .iter()
            .filter_map(|(key, value)| Some((key.clone(), without_nulls(value)?)));
        Value::Object(members.collect())
    }
}

fn without_nulls(value: &Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Object(parts) => {
            let parts: Map<String, Value> = parts
                .iter()
                .filter(|(_, part)| !part.is_null())
                .map(|(key, part)| (key.clone(), part.clone()))
                .collect();
            (!parts.is_empty()).then_some(Value::Object(parts))
        }
        Value::Array(items) if items.is_empty() => None,
        other => Some(other.clone()),
    }
}

impl std::fmt::Debug for ContactBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ContactBody")
            .field(&self.members.keys().collect::<Vec<_>>())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_clears_and_a_create_leaves_out() {
        let address = PhysicalAddress {
            city: Some("London".to_owned()),
            ..PhysicalAddress::default()
        };
        let body = ContactBody::new()
            .text(TextField::GivenName, Some("Ada"))
            .text(TextField::Title, None)
            .list(ListField::BusinessPhones, Vec::<String>::new())
            .address(AddressField::Home, &address)
            .address(AddressField::Other, &PhysicalAddress::default())
            .email_addresses(&[EmailAddress {
                name: None,
                address: Some("a@x.example".to_owned()),
            }])
            .birthday(Some("1815-12-10".parse().unwrap()));
        let whole = json!({ "street": null, "city": "London", "state": null, "postalCode": null, "countryOrRegion": null });
        let empty = json!({ "street": null, "city": null, "state": null, "postalCode": null, "countryOrRegion": null });
        assert_eq!(
            body.for_update(),
            json!({
                "givenName": "Ada", "title": null, "businessPhones": [], "homeAddress": whole, "otherAddress": empty,
                "emailAddresses": [{ "address": "a@x.example" }], "birthday": "1815-12-10T11:59:00Z",
            })
        );
        assert_eq!(
            body.for_create(),
            json!({
                "givenName": "Ada", "homeAddress": { "city": "London" },
                "emailAddresses": [{ "address": "a@x.example" }], "birthday": "1815-12-10T11:59:00Z",
            })
        );
        assert!(body.holds(TextField::Title.into()) && !body.holds(TextField::Surname.into()));
        let shown = format!("{body:?}");
        assert!(
            shown.contains("givenName") && !shown.contains("Ada") && !shown.contains("a@x"),
            "{shown}"
        );
    }
}

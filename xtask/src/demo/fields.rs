//! One contact, seen from either side, as the same set of named values.
//!
//! The table of the built-in mapping stands here a second time on purpose: what the operator wrote is checked against
//! what was documented, not against the operator's own table.

use std::collections::BTreeMap;

use crmlink::api::{ContactMapping, MappingBase};
use serde_json::Value;

/// Values by the name of the mailbox field; empty ones are left out.
pub(crate) type Fields = BTreeMap<String, String>;

/// The built-in mapping: mailbox field, CRM field.
const BUILT_IN: [(&str, &str); 24] = [
    ("assistantName", "Assistant"),
    ("birthday", "Date_of_Birth"),
    ("businessCity", "Mailing_City"),
    ("businessCountry", "Mailing_Country"),
    ("businessPhone1", "Phone"),
    ("businessPostalCode", "Mailing_Zip"),
    ("businessState", "Mailing_State"),
    ("businessStreet", "Mailing_Street"),
    ("companyName", "Account_Name"),
    ("department", "Department"),
    ("email1", "Email"),
    ("email2", "Secondary_Email"),
    ("givenName", "First_Name"),
    ("homePhone1", "Home_Phone"),
    ("jobTitle", "Title"),
    ("mobilePhone", "Mobile"),
    ("otherCity", "Other_City"),
    ("otherCountry", "Other_Country"),
    ("otherPostalCode", "Other_Zip"),
    ("otherState", "Other_State"),
    ("otherStreet", "Other_Street"),
    ("personalNotes", "Description"),
    ("surname", "Last_Name"),
    ("title", "Salutation"),
];

/// The pairs of fields that a sync declares.
pub(crate) fn pairs(mapping: Option<&ContactMapping>) -> BTreeMap<String, String> {
    let own = mapping.cloned().unwrap_or_default();
    let mut pairs = BTreeMap::new();
    if own.base != Some(MappingBase::None) {
        pairs.extend(
            BUILT_IN
                .iter()
                .map(|(office, crm)| ((*office).to_owned(), (*crm).to_owned())),
        );
    }
    for field in &own.fields {
        pairs.insert(field.office.to_string(), field.crm.clone());
    }
    for excluded in &own.exclude {
        pairs.remove(excluded.as_str());
    }
    pairs
}

/// What the mailbox has to hold for a record of the CRM.
pub(crate) fn expected(record: &Value, pairs: &BTreeMap<String, String>) -> Fields {
    let value = |crm: &String| match &record[crm] {
        Value::Object(lookup) => lookup.get("name").cloned().unwrap_or_default(),
        other => other.clone(),
    };
    filled(pairs.iter().map(|(office, crm)| (office.clone(), value(crm))))
}

/// What the mailbox holds in every field that can be mapped, so that a value in an unmapped field is seen too.
pub(crate) fn held(contact: &Value) -> Fields {
    let names = crmlink::api::OfficeFieldName::ALL
        .iter()
        .map(|name| name.as_str());
    filled(names.map(|name| (name.to_owned(), read(contact, name))))
}

fn read(contact: &Value, name: &str) -> Value {
    if let Some((list, index)) = numbered(name) {
        let property = match list {
            "email" => return contact["emailAddresses"][index]["address"].clone(),
            "businessPhone" => "businessPhones",
            "homePhone" => "homePhones",
            _ => "imAddresses",
        };
        return contact[property][index].clone();
    }
    for (kind, property) in [
        ("business", "businessAddress"),
        ("home", "homeAddress"),
        ("other", "otherAddress"),
    ] {
        let part = match name.strip_prefix(kind) {
            Some("Street") => "street",
            Some("City") => "city",
            Some("State") => "state",
            Some("PostalCode") => "postalCode",
            Some("Country") => "countryOrRegion",
            _ => continue,
        };
        return contact[property][part].clone();
    }
    match (name, &contact[name]) {
        // A day, which Graph shows as a moment of it.
        ("birthday", Value::String(moment)) => Value::String(moment.chars().take(10).collect()),
        (_, value) => value.clone(),
    }
}

/// `email2` is the second of `email`.
fn numbered(name: &str) -> Option<(&str, usize)> {
    let digit = name.chars().last().and_then(|last| last.to_digit(10))?;
    let index = usize::try_from(digit).ok()?.checked_sub(1)?;
    Some((&name[..name.len() - 1], index))
}

fn filled(values: impl Iterator<Item = (String, Value)>) -> Fields {
    values
        .filter_map(|(name, value)| {
            let text = match value {
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                _ => return None,
            };
            let text = text.replace("\r\n", "\n").trim().to_owned();
            (!text.is_empty()).then_some((name, text))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crmlink::api::{MappedField, OfficeFieldName};
    use serde_json::json;

    use super::*;

    fn contact() -> Value {
        json!({
            "givenName": "Léa", "surname": "Dubois", "businessPhones": ["1"], "mobilePhone": null,
            "emailAddresses": [{ "address": "lea@x.example", "name": "Léa" }], "birthday": "1984-03-19T11:59:00Z",
            "businessAddress": { "city": "Bern", "street": "a\r\nb" }, "homeAddress": {}, "businessHomePage": null,
        })
    }

    fn record() -> Value {
        json!({
            "First_Name": "Léa", "Last_Name": "Dubois", "Phone": "1", "Mobile": null, "Email": "lea@x.example",
            "Date_of_Birth": "1984-03-19", "Mailing_City": "Bern", "Mailing_Street": "a\nb", "Branch": "Bern",
        })
    }

    #[test]
    fn both_sides_of_an_equal_contact_are_equal() {
        assert_eq!(expected(&record(), &pairs(None)), held(&contact()));
    }

    #[test]
    fn a_difference_in_any_mapped_field_is_seen() {
        let mut changed = contact();
        changed["businessAddress"]["city"] = json!("Basel");
        assert_ne!(expected(&record(), &pairs(None)), held(&changed));
        let mut more = contact();
        more["nickName"] = json!("L");
        assert_ne!(expected(&record(), &pairs(None)), held(&more));
    }

    #[test]
    fn own_pairs_replace_and_excluded_fields_go() {
        let mapping = ContactMapping {
            fields: vec![MappedField {
                office: OfficeFieldName::OfficeLocation,
                crm: "Branch".to_owned(),
                direction: None,
                conflict: None,
                too_long: None,
            }],
            exclude: vec![OfficeFieldName::Birthday],
            ..ContactMapping::default()
        };
        let fields = expected(&record(), &pairs(Some(&mapping)));
        assert_eq!(fields["officeLocation"], "Bern");
        assert!(!fields.contains_key("birthday"));
    }
}

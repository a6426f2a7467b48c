//! What the mailbox should hold for a CRM record: the record seen through the mapping.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use crate::mapping::{Mapping, Rule, TooLong};
use crate::office_field::{OfficeField, OfficeKind};
use crate::value::Value;

/// The mailbox fields of one contact in canonical form; an absent key means blank.
pub type Fields = BTreeMap<OfficeField, Value>;

/// A value that cannot be carried over. Names fields, never the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Longer than the mailbox field takes.
    #[error(
        "CRM field {crm} holds {chars} characters, {office} takes {max}: shorten it in the CRM, or set tooLong: Cut in the mapping"
    )]
    TooLong {
        /// The CRM field.
        crm: String,
        /// The mailbox field.
        office: OfficeField,
        /// How long the value is.
        chars: usize,
        /// How long it may be.
        max: usize,
    },
    /// Not an e-mail address.
    #[error("CRM field {crm} holds no valid e-mail address, which {office} needs: correct it in the CRM")]
    NotAnAddress {
        /// The CRM field.
        crm: String,
        /// The mailbox field.
        office: OfficeField,
    },
    /// Not a calendar day.
    #[error("CRM field {crm} holds no date, which {office} needs: correct it in the CRM")]
    NotADate {
        /// The CRM field.
        crm: String,
        /// The mailbox field.
        office: OfficeField,
    },
    /// Nothing that a contact could be shown under.
    #[error(
        "the record has neither a name nor a company nor an e-mail address among the mapped fields: fill one in the CRM"
    )]
    Nameless,
}

impl Unfit {
    /// The CRM field at fault, where one is.
    #[must_use]
    pub fn crm_field(&self) -> Option<&str> {
        match self {
            Self::TooLong { crm, .. } | Self::NotAnAddress { crm, .. } | Self::NotADate { crm, .. } => {
                Some(crm)
            }
            Self::Nameless => None,
        }
    }
}

/// Sees `record` through `mapping`.
///
/// # Errors
/// The first value that does not fit, so that the record is parked rather than carried over in part.
pub fn project(mapping: &Mapping, record: &Map<String, Json>) -> Result<Fields, Unfit> {
    let mut fields = Fields::new();
    for rule in mapping.to_office() {
        if let Some(value) = project_field(rule, record.get(&rule.crm))? {
            fields.insert(rule.office, value);
        }
    }
    let shown_under = [
        OfficeField::GivenName,
        OfficeField::Surname,
        OfficeField::MiddleName,
        OfficeField::NickName,
        OfficeField::CompanyName,
        OfficeField::Email1,
        OfficeField::Email2,
        OfficeField::Email3,
    ];
    if shown_under.iter().any(|field| fields.contains_key(field)) {
        Ok(fields)
    } else {
        Err(Unfit::Nameless)
    }
}

fn project_field(rule: &Rule, raw: Option<&Json>) -> Result<Option<Value>, Unfit> {
    let Some(text) = raw.and_then(readable) else {
        return Ok(None);
    };
    let Some(value) = Value::text(&text) else {
        return Ok(None);
    };
    let Value::Text(text) = value else { return Ok(None) };
    match rule.office.kind() {
        OfficeKind::Date => match Value::date(&text) {
            Some(date) => Ok(Some(date)),
            None => Err(Unfit::NotADate {
                crm: rule.crm.clone(),
                office: rule.office,
            }),
        },
        OfficeKind::Email if !plain_address(&text) => Err(Unfit::NotAnAddress {
            crm: rule.crm.clone(),
            office: rule.office,
        }),
        OfficeKind::Email | OfficeKind::Text | OfficeKind::Phone => {
            let (chars, max) = (text.chars().count(), rule.office.max_chars());
            if chars <= max {
                return Ok(Some(Value::Text(text)));
            }
            match rule.too_long {
                TooLong::Cut if rule.office.kind() != OfficeKind::Email => {
                    Ok(Value::text(&text.chars().take(max).collect::<String>()))
                }
                _ => Err(Unfit::TooLong {
                    crm: rule.crm.clone(),
                    office: rule.office,
                    chars,
                    max,
                }),
            }
        }
    }
}

/// The text of a JSON value: a lookup shows the name of what it points to.
fn readable(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Object(lookup) => lookup.get("name")?.as_str().map(str::to_owned),
        Json::Null | Json::Bool(_) | Json::Array(_) => None,
    }
}

/// Whether Exchange keeps `text` as an address: anything else it stores as a bare name and drops the address
/// (`research/graph.md` §6). Deliberately simple: one `@`, something before it, a domain after it, no white
/// space, commas, semicolons or angle brackets.
#[must_use]
pub fn plain_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    !local.is_empty()
        && !domain.is_empty()
        && !domain.contains('@')
        && !domain.starts_with('.')
        && !domain.ends_with('.')
        && !text
            .chars()
            .any(|c| c.is_whitespace() || matches!(c, ',' | ';' | '<' | '>' | '"' | '(' | ')'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::tests::default_mapping;

    fn record(json: &Json) -> Map<String, Json> {
        json.as_object().unwrap().clone()
    }

    #[test]
    fn k2_the_default_mapping_carries_names_company_and_addresses() {
        let fields = project(
            &default_mapping(),
            &record(&serde_json::json!({
                "First_Name": " Ada ", "Last_Name": "Lovelace", "Email": "ada@example.com",
                "Account_Name": {"id": "7", "name": "Analytical Engines"}, "Date_of_Birth": "1815-12-10",
                "Mailing_City": "London", "Phone": null,
            })),
        )
        .unwrap();
        assert_eq!(fields[&OfficeField::GivenName], Value::Text("Ada".into()));
        assert_eq!(
            fields[&OfficeField::CompanyName],
            Value::Text("Analytical Engines".into())
        );
        assert_eq!(
            fields[&OfficeField::Birthday],
            Value::Date(jiff::civil::date(1815, 12, 10))
        );
        assert_eq!(fields[&OfficeField::BusinessCity], Value::Text("London".into()));
        assert!(!fields.contains_key(&OfficeField::BusinessPhone1));
    }

    #[test]
    fn values_that_do_not_fit_name_the_field_and_not_the_value() {
        let mapping = default_mapping();
        let bad = project(
            &mapping,
            &record(&serde_json::json!({"Last_Name": "L", "Email": "ada@example.com,"})),
        )
        .unwrap_err();
        assert_eq!(bad.crm_field(), Some("Email"));
        assert!(!bad.to_string().contains("ada"));
        let long = project(
            &mapping,
            &record(&serde_json::json!({"Last_Name": "L".repeat(256)})),
        )
        .unwrap_err();
        assert!(matches!(
            long,
            Unfit::TooLong {
                chars: 256,
                max: 255,
                ..
            }
        ));
        let nameless = project(&mapping, &record(&serde_json::json!({"Phone": "1"}))).unwrap_err();
        assert_eq!(nameless, Unfit::Nameless);
    }

    #[test]
    fn addresses_that_exchange_would_drop_are_seen() {
        for good in ["a@b", "first.last+tag@mail.example.com"] {
            assert!(plain_address(good), "{good}");
        }
        for bad in ["", "a", "@b", "a@", "a@b,", "a b@c", "A <a@b.c>", "a@b@c", "a@.b"] {
            assert!(!plain_address(bad), "{bad}");
        }
    }
}

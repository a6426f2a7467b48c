//! Each side seen through the mapping: what the mailbox should hold for a CRM record, and what the CRM should hold for a
//! mailbox item.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};

use crate::crm_field::CrmKind;
use crate::mapping::{Mapping, Rule, TooLong};
use crate::office_field::{Group, OfficeField, OfficeKind};
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
    /// Longer than the CRM field takes.
    #[error(
        "{office} holds {chars} characters, CRM field {crm} takes {max}: shorten it in Outlook, or set tooLong: Cut in the mapping"
    )]
    TooLongForCrm {
        /// The mailbox field.
        office: OfficeField,
        /// The CRM field.
        crm: String,
        /// How long the value is.
        chars: usize,
        /// How long it may be.
        max: usize,
    },
    /// Not an e-mail address, as far as the CRM goes.
    #[error("{office} holds no valid e-mail address, which CRM field {crm} needs: correct it in Outlook")]
    NotAnAddressForCrm {
        /// The mailbox field.
        office: OfficeField,
        /// The CRM field.
        crm: String,
    },
    /// Blank, where the CRM needs a value.
    #[error("{office} is empty, and the CRM takes no contact without {crm}: fill it in in Outlook")]
    Mandatory {
        /// The mailbox field.
        office: OfficeField,
        /// The CRM field.
        crm: String,
    },
    /// Nothing that a contact could be shown under.
    #[error(
        "the record has neither a name nor a company nor an e-mail address among the mapped fields: fill one in the CRM"
    )]
    Nameless,
}

impl Unfit {
    /// The field at fault, by the name that it has on the side to be corrected.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::TooLong { crm, .. } | Self::NotAnAddress { crm, .. } | Self::NotADate { crm, .. } => {
                Some(crm)
            }
            Self::TooLongForCrm { office, .. }
            | Self::NotAnAddressForCrm { office, .. }
            | Self::Mandatory { office, .. } => Some(office.name()),
            Self::Nameless => None,
        }
    }
}

/// A CRM record seen through the mapping.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CrmView {
    /// What the mailbox would hold: lists without gaps, as Graph keeps them.
    pub fields: Fields,
    /// The same with every value in the slot that its rule names.
    pub slots: Fields,
    /// Fields whose value the CRM does not tell: they are neither blank nor equal to anything.
    pub withheld: BTreeSet<OfficeField>,
}

impl CrmView {
    /// The record once `changes` are written to it.
    #[must_use]
    pub fn with(&self, changes: &BTreeMap<OfficeField, Option<Value>>, mapping: &Mapping) -> Self {
        let mut slots = self.slots.clone();
        for (field, value) in changes {
            match value {
                Some(value) => slots.insert(*field, value.clone()),
                None => slots.remove(field),
            };
        }
        Self {
            fields: without_gaps(&slots, mapping),
            slots,
            withheld: self.withheld.clone(),
        }
    }
}

/// Sees `record` through `mapping`.
///
/// # Errors
/// The first value that the mailbox cannot hold, so that the record is parked rather than carried over in part.
pub fn project(mapping: &Mapping, record: &Map<String, Json>) -> Result<CrmView, Unfit> {
    let mut view = CrmView::default();
    for rule in mapping.rules() {
        let raw = record.get(&rule.crm);
        if rule.may_be_withheld && raw.is_none_or(Json::is_null) {
            view.withheld.insert(rule.office);
            continue;
        }
        let value = match project_field(rule, raw) {
            Ok(value) => value,
            // It is never written to the mailbox, only compared.
            Err(_) if !rule.direction.reaches_office() => {
                raw.and_then(readable).and_then(|text| Value::text(&text))
            }
            Err(unfit) => return Err(unfit),
        };
        if let Some(value) = value {
            view.slots.insert(rule.office, value);
        }
    }
    view.fields = without_gaps(&view.slots, mapping);
    Ok(view)
}

/// Graph keeps the entries of a list without gaps: a blank first entry makes the second one the first.
fn without_gaps(slots: &Fields, mapping: &Mapping) -> Fields {
    let mut fields = slots.clone();
    for group in Group::LISTS {
        let of_group = || {
            mapping
                .rules()
                .iter()
                .map(|rule| rule.office)
                .filter(|field| field.group() == Some(group))
        };
        let values: Vec<Value> = of_group().filter_map(|field| fields.remove(&field)).collect();
        fields.extend(of_group().zip(values));
    }
    fields
}

/// Whether a contact with these fields can be shown under anything.
///
/// # Errors
/// [`Unfit::Nameless`].
pub fn named(fields: &Fields) -> Result<(), Unfit> {
    const SHOWN_UNDER: [OfficeField; 8] = [
        OfficeField::GivenName,
        OfficeField::Surname,
        OfficeField::MiddleName,
        OfficeField::NickName,
        OfficeField::CompanyName,
        OfficeField::Email1,
        OfficeField::Email2,
        OfficeField::Email3,
    ];
    if SHOWN_UNDER.iter().any(|field| fields.contains_key(field)) {
        Ok(())
    } else {
        Err(Unfit::Nameless)
    }
}

/// What the CRM takes for the mailbox's value of a rule's field; `None` means blank.
///
/// # Errors
/// If the CRM would refuse it.
pub fn for_crm(rule: &Rule, value: Option<&Value>) -> Result<Option<Value>, Unfit> {
    let (office, crm) = (rule.office, || rule.crm.clone());
    let Some(value) = value else {
        return if rule.mandatory {
            Err(Unfit::Mandatory { office, crm: crm() })
        } else {
            Ok(None)
        };
    };
    let Value::Text(text) = value else {
        return Ok(Some(value.clone()));
    };
    if rule.crm_kind == CrmKind::Email && !plain_address(text) {
        return Err(Unfit::NotAnAddressForCrm { office, crm: crm() });
    }
    let chars = text.chars().count();
    match rule.crm_max {
        Some(max) if chars > max => {
            if rule.too_long == TooLong::Cut && rule.crm_kind != CrmKind::Email {
                Ok(Value::text(&text.chars().take(max).collect::<String>()))
            } else {
                Err(Unfit::TooLongForCrm {
                    office,
                    crm: crm(),
                    chars,
                    max,
                })
            }
        }
        _ => Ok(Some(value.clone())),
    }
}

/// What a record is made of for an item of the mailbox.
///
/// # Errors
/// The first value that the CRM would refuse.
pub fn for_new_record(
    mapping: &Mapping,
    item: &Fields,
) -> Result<BTreeMap<OfficeField, Option<Value>>, Unfit> {
    let mut wanted = BTreeMap::new();
    for rule in mapping.to_crm() {
        if let Some(value) = for_crm(rule, item.get(&rule.office))? {
            wanted.insert(rule.office, Some(value));
        }
    }
    Ok(wanted)
}

/// Changes of mailbox fields as the CRM's fields; null clears.
#[must_use]
pub fn record(mapping: &Mapping, changes: &BTreeMap<OfficeField, Option<Value>>) -> Map<String, Json> {
    changes
        .iter()
        .filter_map(|(field, value)| {
            let value = value.as_ref().map_or(Json::Null, |value| value.to_text().into());
            Some((mapping.rule(*field)?.crm.clone(), value))
        })
        .collect()
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

    fn row(json: &Json) -> Map<String, Json> {
        json.as_object().unwrap().clone()
    }

    #[test]
    fn k2_the_default_mapping_carries_names_company_and_addresses() {
        let fields = project(
            &default_mapping(),
            &row(&serde_json::json!({
                "First_Name": " Ada ", "Last_Name": "Lovelace", "Email": "ada@example.com",
                "Account_Name": {"id": "7", "name": "Analytical Engines"}, "Date_of_Birth": "1815-12-10",
                "Mailing_City": "London", "Phone": null,
            })),
        )
        .unwrap()
        .fields;
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
            &row(&serde_json::json!({"Last_Name": "L", "Email": "ada@example.com,"})),
        )
        .unwrap_err();
        assert_eq!(bad.field(), Some("Email"));
        assert!(!bad.to_string().contains("ada"));
        let long = project(&mapping, &row(&serde_json::json!({"Last_Name": "L".repeat(256)}))).unwrap_err();
        assert!(matches!(
            long,
            Unfit::TooLong {
                chars: 256,
                max: 255,
                ..
            }
        ));
        let nameless = project(&mapping, &row(&serde_json::json!({"Phone": "1"}))).unwrap();
        assert_eq!(named(&nameless.fields), Err(Unfit::Nameless));
    }

    #[test]
    fn a_list_is_seen_without_gaps_as_graph_keeps_it() {
        let view = project(
            &default_mapping(),
            &row(&serde_json::json!({"Last_Name": "L", "Secondary_Email": "b@x.example"})),
        )
        .unwrap();
        assert_eq!(
            view.fields.get(&OfficeField::Email1),
            Value::text("b@x.example").as_ref()
        );
        assert_eq!(view.fields.get(&OfficeField::Email2), None);
        assert_eq!(
            view.slots.get(&OfficeField::Email2),
            Value::text("b@x.example").as_ref()
        );
    }

    #[test]
    fn what_the_crm_would_refuse_is_seen_before_the_call() {
        let mapping = default_mapping();
        let rule = |field| mapping.rule(field).unwrap();
        assert!(matches!(
            for_crm(rule(OfficeField::Surname), None),
            Err(Unfit::Mandatory { .. })
        ));
        let bad = for_crm(rule(OfficeField::Email1), Value::text("ada@").as_ref()).unwrap_err();
        assert!(!bad.to_string().contains("ada"));
        let mut cut = rule(OfficeField::JobTitle).clone();
        (cut.crm_max, cut.too_long) = (Some(3), TooLong::Cut);
        let long = Value::text("Analyst");
        assert_eq!(for_crm(&cut, long.as_ref()), Ok(Value::text("Ana")));
        cut.too_long = TooLong::Park;
        assert!(matches!(
            for_crm(&cut, long.as_ref()),
            Err(Unfit::TooLongForCrm { chars: 7, max: 3, .. })
        ));
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

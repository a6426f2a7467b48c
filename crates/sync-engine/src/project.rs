//! Each side seen through the mapping: what the mailbox should hold for a CRM record, and what the CRM should hold for a
//! mailbox item.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};

use crate::crm_field::CrmKind;
use crate::mapping::{Mapping, Rule, TooLong};
use crate::office_field::{Group, OfficeField, OfficeKind};
use crate::value::Value;

pub use crate::unfit::Unfit;

/// The mailbox fields of one contact in canonical form; an absent key means blank.
pub type Fields = BTreeMap<OfficeField, Value>;

/// A CRM record seen through the mapping.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CrmView {
    /// What the mailbox would hold: lists without gaps, as Graph keeps them.
    pub fields: Fields,
    /// The same with every value in the slot that its rule names.
    pub slots: Fields,
    /// Fields whose value the CRM does not tell: they are neither blank nor equal to anything. So are the entries of a
    /// list behind such a one: nobody knows their places.
    pub withheld: BTreeSet<OfficeField>,
    /// Fields of which the CRM holds more than the mailbox can.
    pub cut: BTreeSet<OfficeField>,
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
            cut: self
                .cut
                .iter()
                .filter(|field| !changes.contains_key(field))
                .copied()
                .collect(),
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
        let Some(Value::Text(text)) = raw.and_then(readable).and_then(|text| Value::text(&text)) else {
            continue;
        };
        let value = match for_office(rule, &text) {
            Ok(value) => value,
            // It is never written to the mailbox, only compared.
            Err(_) if !rule.direction.reaches_office() => Value::Text(text.clone()),
            Err(unfit) => return Err(unfit),
        };
        if matches!(&value, Value::Text(part) if *part != text) {
            view.cut.insert(rule.office);
        }
        view.slots.insert(rule.office, value);
    }
    for group in Group::LISTS {
        let entries: Vec<OfficeField> = mapped(group, mapping).collect();
        if let Some(first) = entries.iter().position(|entry| view.withheld.contains(entry)) {
            view.withheld.extend(&entries[first..]);
        }
        if entries.iter().any(|entry| view.cut.contains(entry)) {
            view.cut.extend(&entries);
        }
    }
    view.slots.retain(|field, _| !view.withheld.contains(field));
    view.fields = without_gaps(&view.slots, mapping);
    Ok(view)
}

/// Graph keeps the entries of a list without gaps: a blank first entry makes the second one the first.
fn without_gaps(slots: &Fields, mapping: &Mapping) -> Fields {
    let mut fields = slots.clone();
    for group in Group::LISTS {
        let values: Vec<Value> = mapped(group, mapping)
            .filter_map(|field| fields.remove(&field))
            .collect();
        fields.extend(mapped(group, mapping).zip(values));
    }
    fields
}

/// The fields of a group that a mapping names; of a list, in order.
fn mapped(group: Group, mapping: &Mapping) -> impl Iterator<Item = OfficeField> {
    group.fields().filter(|field| mapping.rule(*field).is_some())
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

/// What an item is made of for a record of the CRM.
#[must_use]
pub fn for_new_item(mapping: &Mapping, view: &CrmView) -> Fields {
    let to_office = mapping.to_office().map(|rule| rule.office);
    to_office
        .filter_map(|field| Some((field, view.fields.get(&field)?.clone())))
        .collect()
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

/// What the mailbox takes for the CRM's text.
fn for_office(rule: &Rule, text: &str) -> Result<Value, Unfit> {
    let (office, crm) = (rule.office, || rule.crm.clone());
    match office.kind() {
        OfficeKind::Date => Value::date(text).ok_or_else(|| Unfit::NotADate { crm: crm(), office }),
        OfficeKind::Email if !plain_address(text) => Err(Unfit::NotAnAddress { crm: crm(), office }),
        kind @ (OfficeKind::Email | OfficeKind::Text | OfficeKind::Phone) => {
            let (chars, max) = (text.chars().count(), office.max_chars());
            if chars <= max {
                return Ok(Value::Text(text.to_owned()));
            }
            let cut = Value::text(&text.chars().take(max).collect::<String>());
            cut.filter(|_| rule.too_long == TooLong::Cut && kind != OfficeKind::Email)
                .ok_or_else(|| Unfit::TooLong {
                    crm: crm(),
                    office,
                    chars,
                    max,
                })
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
#[path = "project_tests.rs"]
mod tests;

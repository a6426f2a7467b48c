//! A record as the CRM keeps it: texts trimmed, longer or malformed ones refused, some hidden from the credential's user.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};
use sync_engine::crm_field::{CrmField, CrmKind};
use sync_engine::project::plain_address;

/// One record of the CRM.
#[derive(Clone, PartialEq)]
pub(crate) struct Crm {
    metadata: BTreeMap<String, CrmField>,
    record: Map<String, Json>,
    /// Private fields that the credential's user does not see at present.
    pub(crate) hidden: BTreeSet<String>,
}

impl std::fmt::Debug for Crm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} without {:?}", self.record, self.hidden)
    }
}

impl Crm {
    pub(crate) fn new(metadata: &[CrmField]) -> Self {
        let metadata = metadata
            .iter()
            .map(|field| (field.api_name.clone(), field.clone()));
        Self {
            metadata: metadata.collect(),
            record: Map::from_iter([("Last_Name".to_owned(), "Lovelace".into())]),
            hidden: BTreeSet::new(),
        }
    }

    /// What a read brings: a hidden value looks like a blank.
    pub(crate) fn shown(&self) -> Map<String, Json> {
        let mut shown = self.record.clone();
        for field in &self.hidden {
            shown.insert(field.clone(), Json::Null);
        }
        shown
    }

    /// A person writes a field, or clears it; the form takes what the field takes.
    pub(crate) fn edit(&mut self, field: &str, text: &str) {
        let of = &self.metadata[field];
        let max = of.length.unwrap_or(usize::MAX);
        let text: String = text.trim().chars().take(max).collect();
        if self.refusal(field, Some(&text)).is_none() {
            self.put(field, text.trim());
        }
    }

    /// An update as crmlink sends it.
    ///
    /// # Panics
    /// If the CRM would refuse it.
    pub(crate) fn update(&mut self, fields: &Map<String, Json>) {
        for (field, value) in fields {
            let refusal = self.refusal(field, value.as_str());
            assert!(refusal.is_none(), "the CRM refuses {field}: {refusal:?}");
            self.put(field, value.as_str().unwrap_or_default().trim());
        }
    }

    fn put(&mut self, field: &str, text: &str) {
        let value = if text.is_empty() { Json::Null } else { text.into() };
        self.record.insert(field.to_owned(), value);
    }

    fn refusal(&self, field: &str, text: Option<&str>) -> Option<&'static str> {
        let of = &self.metadata[field];
        let text = text.map(str::trim).filter(|text| !text.is_empty());
        match text {
            None => of.mandatory.then_some("mandatory"),
            Some(text) if of.length.is_some_and(|max| text.chars().count() > max) => Some("too long"),
            Some(text) if of.kind == CrmKind::Email && !plain_address(text) => Some("no address"),
            Some(text) if of.kind == CrmKind::Date && text.parse::<jiff::civil::Date>().is_err() => {
                Some("no date")
            }
            Some(_) => None,
        }
    }
}

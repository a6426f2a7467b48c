//! Nothing else is touched: other folders, copies, records of others, fields that nobody mapped (I7, I15, I18, I19;
//! also I8 and I9, as the CRM has to look as people left it whatever is switched off).

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::Quiet;
use crate::field::Field;
use crate::finding::Finding;
use crate::history::Direction;
use crate::ledger::{lasting, owner_of};
use crate::policy::to_crm;

pub(super) fn check(quiet: &Quiet<'_>) -> Vec<Finding> {
    let mut findings = private(quiet);
    findings.extend(records(quiet));
    findings.extend(made(quiet));
    findings
}

fn private(quiet: &Quiet<'_>) -> Vec<Finding> {
    let ledger = quiet.ledger;
    let watched = ledger.private.iter().filter(|(place, _)| {
        let copied = ledger.copies.get(*place);
        !copied.is_some_and(|label| ledger.may_be_confused(*label) || ledger.has_left(place.0, *label))
    });
    let differs = watched.filter_map(|((person, id), was)| {
        let what = match quiet.view.mailboxes[*person].items.get(id) {
            None => "is gone".to_owned(),
            Some(now) => {
                let mut now = lasting(now);
                if marked_as_copy(&now)
                    && let Some(marker) = was.get(MARKER)
                {
                    // Switched off, a copy that stays is told apart from the original.
                    now.insert(MARKER.to_owned(), marker.clone());
                }
                differences(was, &now)?
            }
        };
        let what = format!("person {person}: item {id} outside the sync {what}");
        Some(Finding::new("I7", what))
    });
    differs.collect()
}

/// The member that shows an item's marker.
const MARKER: &str = "marker";

fn marked_as_copy(item: &Map<String, Value>) -> bool {
    let marker = item.get(MARKER).and_then(Value::as_str);
    marker.is_some_and(|marker| marker.starts_with("v1|copy|"))
}

/// What is not as it was; none if all is.
fn differences(was: &Map<String, Value>, now: &Map<String, Value>) -> Option<String> {
    let names: BTreeSet<&String> = was.keys().chain(now.keys()).collect();
    let different = names.into_iter().filter(|name| was.get(*name) != now.get(*name));
    let told = different.map(|name| {
        let shown = |of: &Map<String, Value>| of.get(name).map_or_else(String::new, Value::to_string);
        format!("{name} was {}, is {}", shown(was), shown(now))
    });
    let told: Vec<String> = told.collect();
    (!told.is_empty()).then(|| told.join("; "))
}

/// Records are as people left them, but for what a sync may carry to the CRM.
fn records(quiet: &Quiet<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, was) in &quiet.ledger.records {
        let Some(now) = quiet.view.records.get(id) else {
            if !may_be_deleted(quiet, was) {
                findings.push(Finding::new("N6", format!("record {id} was deleted")));
            }
            continue;
        };
        let owner = owner_of(was, quiet.declared.len());
        let carried: Vec<Field> = owner.map_or_else(Vec::new, |person| {
            let declared = &quiet.declared[person];
            // A run that is under way goes by the mapping that it began with.
            let remapped = quiet.ledger.syncs[person].remapped.is_some();
            let carried = Field::ALL
                .into_iter()
                .filter(|field| remapped || to_crm(declared, *field));
            carried.collect()
        });
        if let Some(what) = differences(&without(was, &carried), &without(now, &carried)) {
            findings.push(Finding::new("I15", format!("record {id}: {what}")));
        }
    }
    findings
}

fn without(record: &Value, fields: &[Field]) -> Map<String, Value> {
    let mut record = record.as_object().cloned().unwrap_or_default();
    if !fields.is_empty() {
        let names = fields.iter().filter_map(|field| field.in_crm());
        for name in names.map(|(name, _)| name).chain(["Modified_Time", "timeline"]) {
            record.remove(name);
        }
    }
    record
}

fn may_be_deleted(quiet: &Quiet<'_>, record: &Value) -> bool {
    let owner = owner_of(record, quiet.declared.len());
    owner.is_some_and(|person| {
        let label = record["id"].as_str().and_then(|id| quiet.ledger.label_of(id));
        let contact = label.and_then(|label| quiet.ledger.contacts.get(&label));
        let item = contact.and_then(|contact| contact.items.get(&person));
        quiet.declared[person].deletes_to_crm && item.is_some_and(|item| item.left.is_some())
    })
}

/// Whatever is new in the CRM was made by a sync that may.
fn made(quiet: &Quiet<'_>) -> Vec<Finding> {
    let new = quiet
        .view
        .records
        .iter()
        .filter(|(id, _)| !quiet.ledger.records.contains_key(*id));
    new.filter_map(|(id, record)| {
        let owner = owner_of(record, quiet.declared.len());
        let allowed = owner.is_some_and(|person| quiet.declared[person].direction != Direction::CrmToOffice);
        (!allowed).then(|| Finding::new("I19", format!("record {id} was made in the CRM")))
    })
    .collect()
}

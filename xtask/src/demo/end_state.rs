//! Whether both sides hold what they have to, read from the services themselves.

use std::{collections::BTreeMap, fmt::Write as _};

use crmlink::api::{ContactSync, DEFAULT_CONTACT_FOLDER};
use emulators::Control;
use jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;
use serde_json::Value;

use super::fields::{self, Fields};
use crate::{error::Result, never::Tally};

/// Ways into the CRM that count as an import.
const IMPORTS: [&str; 3] = ["import", "migration", "bulkapi"];
/// What the operator makes.
const BY_API: &str = "crm_api";
/// Automations touch a record right after its import; an edit comes later.
const SETTLED_AFTER: SignedDuration = SignedDuration::from_mins(5);
/// How many differences of a sync are told.
const TOLD: usize = 5;

/// What was found at the end.
pub(crate) struct EndState {
    counts: Vec<Counts>,
    /// What is wrong; empty when all is well.
    pub(crate) findings: Vec<String>,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    sync: String,
    owned: usize,
    imported: usize,
    eligible: usize,
    /// Those of the eligible that were made in Outlook.
    from_outlook: usize,
    held: usize,
}

impl EndState {
    /// Compares CRM and mailboxes; `before` is Microsoft 365 as it was before the first sync.
    pub(crate) async fn read(control: &Control, syncs: &[ContactSync], before: &Value) -> Result<Self> {
        let (office, crm) = (control.state("graph").await?, control.state("zoho").await?);
        let mut end_state = Self {
            counts: Vec::new(),
            findings: untouched(before, &office),
        };
        for sync in syncs {
            let (counts, findings) = compare(sync, &office, &crm);
            end_state.counts.push(counts);
            end_state.findings.extend(findings);
        }
        Ok(end_state)
    }

    /// Both sides beside each other, as a table.
    pub(crate) fn counts(&self) -> String {
        let mut text =
            "SYNC      CRM: CONTACTS  IMPORTED, LEFT OUT  TO SYNC  FROM OUTLOOK     MAILBOX: CONTACTS\n"
                .to_owned();
        for counts in &self.counts {
            let Counts {
                sync,
                owned,
                imported,
                eligible,
                from_outlook,
                held,
            } = counts;
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "{sync:<9} {owned:>13}  {imported:>18}  {eligible:>7}  {from_outlook:>12}  {held:>20}"
            );
        }
        text
    }
}

fn compare(sync: &ContactSync, office: &Value, crm: &Value) -> (Counts, Vec<String>) {
    let name = sync.name_any();
    let crm_user = sync.spec.crm_user.as_deref().unwrap_or(&sync.spec.user);
    let pairs = fields::pairs(sync.spec.policy.mapping.as_ref());
    let owned: Vec<&Value> = each(crm, "organisations")
        .flat_map(|organisation| each(organisation, "contacts"))
        .filter(|record| record["Owner"]["email"] == crm_user)
        .collect();
    let eligible: Vec<Fields> = owned
        .iter()
        .filter(|record| !imported(record))
        .map(|record| fields::expected(record, &pairs))
        .collect();

    let mut findings = Vec::new();
    let folders: Vec<&Value> = mailbox(office, &sync.spec.user)
        .filter(|folder| ours(folder))
        .collect();
    let wanted = sync
        .spec
        .policy
        .folder_name
        .as_deref()
        .unwrap_or(DEFAULT_CONTACT_FOLDER);
    let held: Vec<Fields> = if let [folder] = folders[..] {
        if folder["displayName"] != wanted {
            findings.push(format!(
                "{name}: the folder is called {}, not {wanted}",
                folder["displayName"]
            ));
        }
        each(folder, "contacts").map(fields::held).collect()
    } else {
        findings.push(format!("{name}: {} marked folders instead of one", folders.len()));
        Vec::new()
    };
    findings.extend(differences(&name, &eligible, &held));
    let counts = Counts {
        sync: name,
        owned: owned.len(),
        imported: owned.len() - eligible.len(),
        eligible: eligible.len(),
        from_outlook: owned.iter().filter(|record| record["source"] == BY_API).count(),
        held: held.len(),
    };
    (counts, findings)
}

/// Each contact once, with equal fields: both sides as multisets, whatever their ids.
fn differences(name: &str, eligible: &[Fields], held: &[Fields]) -> Vec<String> {
    let mut balance: BTreeMap<&Fields, i64> = BTreeMap::new();
    for fields in eligible {
        *balance.entry(fields).or_default() += 1;
    }
    for fields in held {
        *balance.entry(fields).or_default() -= 1;
    }
    let mut told: Vec<String> = balance
        .iter()
        .filter(|(_, count)| **count != 0)
        .map(|(fields, count)| {
            let what = if *count > 0 {
                "is missing in the mailbox"
            } else {
                "is in the mailbox and should not be"
            };
            format!("{name}: {} x {what}: {fields:?}", count.abs())
        })
        .collect();
    let more = told.len().saturating_sub(TOLD);
    told.truncate(TOLD);
    if more > 0 {
        told.push(format!("{name}: and {more} more differences"));
    }
    told
}

/// Came by an import, and nobody edited it since.
fn imported(record: &Value) -> bool {
    let time = |name: &str| {
        record[name]
            .as_str()
            .and_then(|text| text.parse::<Timestamp>().ok())
    };
    let edited = match (time("Created_Time"), time("Modified_Time")) {
        (Some(created), Some(modified)) => modified.duration_since(created) > SETTLED_AFTER,
        _ => false,
    };
    IMPORTS.iter().any(|source| record["source"] == *source) && !edited
}

/// Every folder that was there before is as it was, contact by contact.
fn untouched(before: &Value, after: &Value) -> Vec<String> {
    let mut findings = Vec::new();
    for user in each(before, "tenants").flat_map(|tenant| each(tenant, "users")) {
        let name = user["userPrincipalName"].as_str().unwrap_or_default();
        for folder in each(user, "folders") {
            let same = mailbox(after, name).any(|other| {
                other["id"] == folder["id"]
                    && (folder["trashed"] == true || other["contacts"] == folder["contacts"])
            });
            if !same {
                findings.push(format!(
                    "N5: the folder {} of {name} is not as it was",
                    folder["displayName"]
                ));
            }
        }
    }
    findings
}

/// What the services counted over the whole run, and what the contracts say.
pub(crate) async fn of_the_run(control: &Control) -> Result<Vec<String>> {
    let counters = serde_json::to_value(control.counters().await?).unwrap_or_default();
    let mut tally = Tally::default();
    let mut findings: Vec<String> = tally.add(&counters).err().into_iter().collect();
    findings.extend(tally.broken());
    let contracts = control.contracts().await?;
    if contracts.loaded {
        println!(
            "{} requests and {} answers checked against the vendors' contracts, {} violations; \
             {} counters of what must never happen at zero",
            contracts.checked_requests,
            contracts.checked_answers,
            contracts.violation_count,
            tally.len() - tally.broken().len(),
        );
    }
    findings.extend(contracts.violations.iter().take(TOLD).map(|violation| {
        format!(
            "contract: {} {}: {} at {}",
            violation.method, violation.path, violation.reason, violation.pointer
        )
    }));
    if contracts.violation_count > 0 {
        findings.push(format!(
            "{} violations of the contracts in all",
            contracts.violation_count
        ));
    }
    Ok(findings)
}

/// How many writes both services took.
pub(crate) async fn writes(control: &Control) -> Result<u64> {
    let counters = control.counters().await?;
    let count = |service: &str, name: &str| {
        counters
            .get(service)
            .and_then(|all| all.get(name))
            .copied()
            .unwrap_or(0)
    };
    let graph = [
        "creates",
        "updates",
        "deletes",
        "folder_creates",
        "folder_updates",
        "folder_deletes",
    ];
    Ok(graph.iter().map(|name| count("graph", name)).sum::<u64>() + count("zoho", "writes_by_api"))
}

pub(super) fn mailbox<'a>(office: &'a Value, user: &str) -> impl Iterator<Item = &'a Value> {
    let found = each(office, "tenants")
        .flat_map(|tenant| each(tenant, "users"))
        .find(|found| found["userPrincipalName"] == user || found["id"] == user);
    found.into_iter().flat_map(|user| each(user, "folders"))
}

pub(super) fn ours(folder: &Value) -> bool {
    folder["marker"].is_string() && folder["trashed"] != true
}

pub(super) fn each<'a>(value: &'a Value, list: &str) -> impl Iterator<Item = &'a Value> {
    value[list].as_array().into_iter().flatten()
}

#[cfg(test)]
#[path = "end_state_tests.rs"]
mod tests;

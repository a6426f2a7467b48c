//! What is left when syncs end: the copies go, the CRM's contacts stay as they are, byte by byte.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crmlink::api::{ContactSync, Reason};
use kube::ResourceExt;
use serde_json::Value;

use super::end_state::{each, mailbox, ours};
use super::syncs::Row;

/// How each sync has to end.
const ENDS: [(&str, Reason); 3] = [
    ("ana", Reason::InSync),
    ("ben", Reason::Disabled),
    ("mira", Reason::DisabledInMailbox),
];

/// The CRM's contacts of one owner, by id: every byte of them.
type Contacts = BTreeMap<String, String>;

/// The CRM's contacts by the address of their owner.
pub(crate) fn contacts(crm: &Value) -> BTreeMap<String, Contacts> {
    let mut all: BTreeMap<String, Contacts> = BTreeMap::new();
    for record in each(crm, "organisations").flat_map(|organisation| each(organisation, "contacts")) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let of_owner = all.entry(text(&record["Owner"]["email"])).or_default();
        of_owner.insert(text(&record["id"]), record.to_string());
    }
    all
}

/// What is there after the syncs ended.
pub(crate) struct Departures {
    table: String,
    /// What is wrong; empty when all is well.
    pub(crate) findings: Vec<String>,
}

impl Departures {
    /// Compares both services with what the CRM held before.
    pub(crate) fn of(
        before: &BTreeMap<String, Contacts>,
        office: &Value,
        crm: &Value,
        syncs: &[ContactSync],
        rows: &[Row],
    ) -> Self {
        let after = contacts(crm);
        let mut found = Self {
            table: "SYNC      READY              MAILBOX: FOLDER  CONTACTS     CRM: CONTACTS  AS BEFORE\n"
                .to_owned(),
            findings: Vec::new(),
        };
        if before.keys().ne(after.keys()) {
            found
                .findings
                .push("N6: the CRM has contacts of other owners than before".to_owned());
        }
        for sync in syncs {
            found.look(sync, before, &after, office, rows);
        }
        found
    }

    /// The table.
    pub(crate) fn table(&self) -> &str {
        &self.table
    }

    fn look(
        &mut self,
        sync: &ContactSync,
        before: &BTreeMap<String, Contacts>,
        after: &BTreeMap<String, Contacts>,
        office: &Value,
        rows: &[Row],
    ) {
        let name = sync.name_any();
        let owner = sync.spec.crm_user.as_deref().unwrap_or(&sync.spec.user);
        let (none, phase) = (Contacts::new(), phase(rows, &name));
        let (old, new) = (
            before.get(owner).unwrap_or(&none),
            after.get(owner).unwrap_or(&none),
        );
        let folders: Vec<&Value> = mailbox(office, &sync.spec.user)
            .filter(|folder| ours(folder))
            .collect();
        let held = folders.iter().flat_map(|folder| each(folder, "contacts")).count();
        let same = old == new;
        // Writing to a String cannot fail.
        let _ = writeln!(
            self.table,
            "{name:<9} {phase:<18} {:>15}  {held:>8}  {:>16}  {:>9}",
            if folders.is_empty() { "gone" } else { "there" },
            new.len(),
            if same { "yes" } else { "NO" },
        );
        if !same {
            let changed = old
                .iter()
                .filter(|(id, text)| new.get(*id) != Some(*text))
                .count();
            self.findings.push(format!(
                "N6: {changed} of the {} contacts of {name} are not as they were in the CRM, which has {} now",
                old.len(),
                new.len()
            ));
        }
        let expected = ENDS
            .iter()
            .find(|(ends, _)| *ends == name)
            .map(|(_, reason)| *reason);
        if expected.is_some_and(|reason| reason.as_str() != phase) {
            self.findings.push(format!("K8: {name} is {phase}"));
        }
        let is_on = expected == Some(Reason::InSync);
        if is_on == folders.is_empty() {
            let state = if is_on {
                "has no folder"
            } else {
                "still has a folder"
            };
            self.findings.push(format!("K8: the mailbox of {name} {state}"));
        }
    }
}

fn phase<'a>(rows: &'a [Row], name: &str) -> &'a str {
    rows.iter()
        .find(|row| row.name == name)
        .map_or("", |row| row.phase.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::activity::Writes;
    use super::*;

    fn sync(name: &str) -> ContactSync {
        serde_json::from_value(json!({
            "apiVersion": "crmlink.dev/v1alpha1", "kind": "ContactSync", "metadata": { "name": name },
            "spec": { "tenantRef": { "name": "t" }, "user": format!("{name}@x.example") },
        }))
        .unwrap()
    }

    fn row(name: &str, phase: Reason) -> Row {
        Row {
            name: name.to_owned(),
            phase: phase.to_string(),
            message: String::new(),
            linked: 0,
            pending: 0,
            imported: 0,
            over_cap: 0,
            parked: 0,
            conflicts: 0,
            writes: Writes::default(),
            time: std::time::Duration::ZERO,
            settled: true,
        }
    }

    fn crm(phone: &str) -> Value {
        json!({ "organisations": [{ "contacts": [{ "id": "1", "Phone": phone, "Owner": { "email": "ben@x.example" } }] }] })
    }

    fn office(marker: Option<&str>) -> Value {
        json!({ "tenants": [{ "users": [{ "userPrincipalName": "ben@x.example", "folders": [
            { "marker": marker, "trashed": false, "contacts": [] },
        ] }] }] })
    }

    fn findings(after: &Value, office: &Value, phase: Reason) -> Vec<String> {
        let before = contacts(&crm("1"));
        Departures::of(&before, office, after, &[sync("ben")], &[row("ben", phase)]).findings
    }

    #[test]
    fn a_sync_that_ended_as_it_has_to() {
        assert_eq!(
            findings(&crm("1"), &office(None), Reason::Disabled),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_changed_record_a_folder_that_stays_and_another_end_are_found() {
        assert!(findings(&crm("2"), &office(None), Reason::Disabled)[0].starts_with("N6: 1 of the 1"));
        let empty = json!({ "organisations": [{ "contacts": [] }] });
        assert_eq!(findings(&empty, &office(None), Reason::Disabled).len(), 2);
        assert!(findings(&crm("1"), &office(Some("m")), Reason::Disabled)[0].contains("still has a folder"));
        assert!(findings(&crm("1"), &office(None), Reason::InSync)[0].contains("ben is InSync"));
    }
}

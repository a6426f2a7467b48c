//! What holds after every run, whatever it was about (section 2 of the design).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crmlink::api::{ContactSync, CrmTenant, CrmUserInvite};
use emulators::core::contract::Report;
use k8s_openapi::api::events::v1::Event;
use kube::ResourceExt;
use kube::api::ListParams;
use serde_json::{Value, json};

use super::case::Case;
use super::objects::Reported;
use super::scan;

/// What must never happen: service and counter.
const NEVER: [(&str, &str); 22] = [
    ("graph", "attendees_written"),
    ("graph", "duplicate_markers"),
    ("graph", "mails_sent"),
    ("graph", "noop_updates"),
    ("graph", "permanent_deletes"),
    ("graph", "requests_without_immutable_id"),
    ("graph", "updates_without_if_match"),
    ("graph", "writes_outside_marked_folder"),
    ("zoho", "assignment_rules_run"),
    ("zoho", "automation_runs"),
    ("zoho", "cadences_run"),
    ("zoho", "creates_without_owner"),
    ("zoho", "duplicates"),
    ("zoho", "invitations_while_pending"),
    ("zoho", "mails_sent"),
    ("zoho", "notifications_sent"),
    ("zoho", "owner_changes_by_api"),
    ("zoho", "unimplemented_calls"),
    ("zoho", "unknown_fields_ignored"),
    ("zoho", "updates_without_change"),
    ("zoho", "updates_without_precondition"),
    ("zoho", "writes_outside_owners"),
];

/// Of ten thousand generated contacts only some are looked for.
const MOST_TEXTS: usize = 500;

impl Case {
    /// Ends the operator in order and checks what must hold after every run.
    pub(crate) async fn finish(mut self) {
        let mut wrong = Vec::new();
        let counters = self.control.counters().await.unwrap();
        for (service, name) in NEVER {
            let count = counters[service].get(name);
            match count {
                None => wrong.push(format!("there is no counter {service} {name}")),
                Some(0) => {}
                Some(count) => wrong.push(format!("{service} counted {count} {name}")),
            }
        }
        let contracts = self.control.contracts().await.unwrap();
        if contracts.violation_count > 0 {
            wrong.push(format!(
                "violations of the contracts: {:#?}",
                contracts.violations
            ));
        }
        self.report(&counters, &contracts);
        wrong.extend(self.betrayed().await);
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        if self.shared.cluster.control_plane().is_none() {
            self.leave_nothing().await;
        }
        self.finished = true;
    }

    /// Ends a test that planted what [`Case::finish`] would find.
    pub(crate) fn abandon(mut self) {
        self.finished = true;
    }

    /// Secrets and people in what the operator shows and keeps (N8). Ends the operator.
    pub(crate) async fn betrayed(&mut self) -> Vec<String> {
        let mut forbidden = self.forbidden().clone();
        for service in ["graph", "zoho"] {
            scan::values_of_contacts(&self.control.state(service).await.unwrap(), &mut forbidden);
        }
        if forbidden.len() > MOST_TEXTS {
            let step = forbidden.len() / MOST_TEXTS;
            forbidden = forbidden.into_iter().step_by(step).collect();
        }
        let mut found = Vec::new();
        let mut look = |place: &str, text: &str| found.extend(scan::found_in(place, text, &forbidden));
        if self.operator.is_some() {
            let (status, metrics) = self.operator().get("/metrics").await;
            assert_eq!(status, 200);
            look("metrics", &metrics);
            look("the debug page", &self.operator().get("/debug").await.1);
            self.stop_operator().await;
        }
        let all = ListParams::default();
        for tenant in self.api::<CrmTenant>().list(&all).await.unwrap() {
            look("the status of a CrmTenant", &json!(tenant.status).to_string());
        }
        for sync in self.api::<ContactSync>().list(&all).await.unwrap() {
            look("the status of a ContactSync", &json!(sync.status).to_string());
        }
        for invite in self.api::<CrmUserInvite>().list(&all).await.unwrap() {
            look("the status of a CrmUserInvite", &json!(invite.status).to_string());
        }
        for event in self.api::<Event>().list(&all).await.unwrap() {
            look("an Event", &json!(event).to_string());
        }
        for entry in fs::read_dir(self.folder()).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|end| end == "log") {
                let log = fs::read_to_string(&path).unwrap();
                look("the log", &log);
                for token in ["Bearer ", "Zoho-oauthtoken "] {
                    assert!(!log.contains(token), "the log holds an access token");
                }
            }
        }
        found.extend(scan::found_under(&self.folder().join("data"), &forbidden));
        found
    }

    /// A report for `cargo xtask test`.
    fn report(&self, counters: &BTreeMap<String, BTreeMap<String, u64>>, contracts: &Report) {
        let Some(folder) = std::env::var_os("CRMLINK_TEST_REPORTS") else {
            return;
        };
        let report = json!({
            "contracts": {
                "checked": contracts.checked_requests + contracts.checked_answers,
                "violations": contracts.violation_count,
            },
            "counters": counters,
        });
        fs::create_dir_all(&folder).unwrap();
        let path = Path::new(&folder).join(format!("{}.json", self.namespace));
        fs::write(path, report.to_string()).unwrap();
    }

    /// Without an operator nothing else takes the finalizers off.
    async fn leave_nothing(&self) {
        self.free_all::<ContactSync>().await;
        self.free_all::<CrmUserInvite>().await;
        self.free_all::<CrmTenant>().await;
        self.shared
            .cluster
            .delete_namespace(&self.namespace)
            .await
            .unwrap();
    }

    async fn free_all<K: Reported>(&self) {
        let free: Value = json!({ "metadata": { "finalizers": null } });
        for object in self.api::<K>().list(&ListParams::default()).await.unwrap() {
            self.change::<K>(&object.name_any(), free.clone()).await;
        }
    }
}

//! At rest: what a converged operator does, over some intervals of its syncs.

use std::collections::BTreeMap;
use std::time::Instant;

use crmlink::api::{ContactSync, Reason};
use k8s_openapi::api::events::v1::Event;
use kube::api::ListParams;
use serde_json::json;

use crate::support::{Case, World, contact_sync, crm_id, until};

/// How many people have a sync.
const PEOPLE: u32 = 1_000;
/// How often each of them looks, in seconds.
const INTERVAL: u64 = 30;
/// How many intervals are watched.
const ROUNDS: u64 = 2;
/// How many runs there are at a time at most, by default, and as many that end between two looks.
const IN_FLIGHT: u64 = 32;

fn person(number: u32) -> String {
    format!("person{number}@orchard.example")
}

#[tokio::test(flavor = "multi_thread")]
async fn n10_at_rest_nothing_is_written_and_each_round_makes_its_calls_and_no_other() {
    let world = (1..=PEOPLE).fold(World::new(), |world, number| {
        let email = person(number);
        let user =
            json!({ "email": email, "firstName": "Wilhelmina", "lastName": format!("Ruhestand{number}") });
        let contact = json!({
            "id": crm_id(number), "owner": email,
            "fields": { "First_Name": "Xaverine", "Last_Name": format!("Stillwater{number}") },
        });
        world
            .push("/office365/0/users", json!({ "userPrincipalName": email }))
            .push("/crm/0/users", user)
            .contact(contact)
    });
    let case = Case::connected(world).await;
    for number in 1..=PEOPLE {
        let mut sync = contact_sync(&person(number));
        sync["spec"]["interval"] = json!(format!("{INTERVAL}s"));
        case.create(&sync).await;
    }
    for number in 1..=PEOPLE {
        case.settled::<ContactSync>(&format!("person{number}"), Reason::InSync)
            .await;
    }
    let done = async || {
        let kind = "kind=\"ContactSync\",outcome=\"done\"";
        case.operator().counter("crmlink_reconciles_total", kind).await
    };
    // Each has run once by its own schedule, so nothing of the first sync is left.
    let begun = done().await;
    let once = until(async || (done().await >= begun + u64::from(PEOPLE)).then_some(()));
    once.await.expect("a round by itself");
    let events = async || {
        case.api::<Event>()
            .list(&ListParams::default())
            .await
            .unwrap()
            .items
    };
    let writes = || case.audited().unwrap_or_default();
    let statuses = async || {
        let all = case
            .api::<ContactSync>()
            .list(&ListParams::default())
            .await
            .unwrap();
        all.items
            .into_iter()
            .map(|sync| (sync.metadata.name, sync.status))
            .collect::<Vec<_>>()
    };
    let statuses_before = statuses().await;
    let (writes_before, events_before) = (writes().len(), events().await);
    let watched = Instant::now();
    let (since, runs_before) = (case.journal_end().await, done().await);
    let rounds = u64::from(PEOPLE) * ROUNDS;
    let rested = until(async || (done().await >= runs_before + rounds).then_some(()));
    rested.await.expect("some rounds");
    let (end, runs) = (case.journal_end().await, done().await - runs_before);

    for (before, now) in statuses_before.iter().zip(statuses().await) {
        assert_eq!(*before, now);
    }
    assert_eq!(writes()[writes_before..], [], "the operator wrote something");
    assert_eq!(events().await, events_before);
    let mut calls: BTreeMap<String, u64> = BTreeMap::new();
    for service in ["graph", "zoho"] {
        for method in ["GET", "POST", "PATCH", "DELETE", "PUT"] {
            let views = case.journal(service, method, since).await;
            for view in views.into_iter().filter(|view| view.seq <= end) {
                *calls.entry(kind_of(method, &view.path).to_owned()).or_default() += 1;
            }
        }
    }
    let mut count = |kind| calls.remove(kind).unwrap_or_default();
    for kind in [USER, BATCH, FOLDER, CHANGES_OF_FOLDER] {
        let calls = count(kind);
        // Runs that were under way when the watch began or ended are counted on one side alone.
        assert!(
            calls.abs_diff(runs) <= IN_FLIGHT,
            "{calls} × {kind} in {runs} runs"
        );
    }
    let (changes, deletions) = (count(CHANGES), count(DELETIONS));
    // One poll serves whoever asks within half an interval.
    let most = watched.elapsed().as_secs() / (INTERVAL / 2) + 2;
    assert!(
        (1..=most).contains(&changes),
        "{changes} polls of the feed, for all people together"
    );
    assert!(changes.abs_diff(deletions) <= 1, "{changes} and {deletions}");
    assert_eq!(calls, BTreeMap::new(), "calls beyond the schedule");
    case.finish().await;
}

const USER: &str = "a look at the user";
/// One call for both of the next two.
const BATCH: &str = "a look at the mailbox";
const FOLDER: &str = "a look at the folder";
const CHANGES_OF_FOLDER: &str = "changes in the folder";
const CHANGES: &str = "changes in the CRM";
const DELETIONS: &str = "deletions in the CRM";

fn kind_of<'a>(method: &str, path: &'a str) -> &'a str {
    match method {
        "GET" if path.ends_with("@orchard.example") => USER,
        "POST" if path == "/v1.0/$batch" => BATCH,
        "GET" if path.contains("/contactFolders/") && !path.contains("/contacts") => FOLDER,
        "GET" if path.ends_with("/contacts/delta") => CHANGES_OF_FOLDER,
        "POST" if path == "/crm/v8/coql" => CHANGES,
        "GET" if path == "/crm/v8/Contacts/deleted" => DELETIONS,
        _ => path,
    }
}

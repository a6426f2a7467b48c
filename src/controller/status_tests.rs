//! Against a client that counts: what is written when.

use std::sync::{Arc, Mutex};

use http::{Request, Response};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::client::Body;
use serde_json::json;

use super::*;
use crate::api::{ContactSync, ContactSyncStatus, Reason};

type Requests = Arc<Mutex<Vec<String>>>;

/// A reporter, and the methods and paths of what it sends.
fn reporter() -> (Reporter, Requests) {
    let requests = Requests::default();
    let seen = requests.clone();
    let service = tower::service_fn(move |request: Request<Body>| {
        seen.lock()
            .unwrap()
            .push(format!("{} {}", request.method(), request.uri().path()));
        let answer = if request.uri().path().contains("/events") {
            json!({ "apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": { "name": "e" }, "eventTime": null })
        } else {
            json!(sync())
        };
        let answer = Response::new(Body::from(answer.to_string().into_bytes()));
        std::future::ready(Ok::<_, std::convert::Infallible>(answer))
    });
    let reporter = Reporter::new(Client::new(service, "sales"), Caches::unwatched());
    (reporter, requests)
}

fn sync() -> ContactSync {
    serde_json::from_value(json!({
        "apiVersion": "crmlink.dev/v1alpha1", "kind": "ContactSync",
        "metadata": { "name": "ana", "namespace": "sales", "uid": "1", "generation": 1 },
        "spec": { "tenantRef": { "name": "orchard" }, "user": "a@orchard.example", "direction": "CrmToOffice" },
    }))
    .unwrap()
}

fn status(ready: bool, reason: Reason, message: &str, now: Timestamp) -> ContactSyncStatus {
    let mut status = ContactSyncStatus::default();
    status
        .conditions
        .set(ConditionType::Ready, ready, reason, message, Some(1), now);
    status.last_change_time = Some(Time(now));
    status
}

async fn write(reporter: &Reporter, before: &ContactSyncStatus, after: &ContactSyncStatus) {
    let sync = sync();
    let written = reporter.write(&sync, Some(before), after, |status| &status.conditions);
    written.await.unwrap();
}

#[tokio::test]
async fn n10_a_thousand_runs_without_news_write_nothing_and_make_no_event() {
    let (reporter, requests) = reporter();
    // Times here are finer than what the API server keeps and hands back.
    let now: Timestamp = "2026-03-01T08:00:00.123456Z".parse().unwrap();
    let after = status(true, Reason::InSync, "", now);
    let before: ContactSyncStatus = serde_json::from_value(json!(after)).unwrap();
    assert_ne!(before, after, "the times differ by less than a second");
    for _ in 0..1_000 {
        write(&reporter, &before, &after).await;
    }
    assert_eq!(*requests.lock().unwrap(), [""; 0]);
}

#[tokio::test]
async fn an_event_is_made_where_readiness_or_its_reason_changed_and_nowhere_else() {
    let (reporter, requests) = reporter();
    let now = Timestamp::from_second(1_772_000_000).unwrap();
    let good = status(true, Reason::InSync, "", now);
    let bad = status(false, Reason::Throttled, "wait", now);
    let other_words = status(false, Reason::Throttled, "wait longer", now);
    let mut counted = good.clone();
    counted.linked = Some(4);
    let patch = "PATCH /apis/crmlink.dev/v1alpha1/namespaces/sales/contactsyncs/ana/status";
    let event = "POST /apis/events.k8s.io/v1/namespaces/sales/events";
    for (before, after, expected) in [
        (&good, &counted, &[patch][..]),
        (&good, &bad, &[patch, event]),
        (&bad, &other_words, &[patch]),
        (&bad, &good, &[patch, event]),
    ] {
        requests.lock().unwrap().clear();
        write(&reporter, before, after).await;
        assert_eq!(*requests.lock().unwrap(), expected);
    }
}

#[test]
fn an_event_warns_where_readiness_is_gone_and_not_of_what_is_on_its_way() {
    let now = Timestamp::UNIX_EPOCH;
    let type_of = |said: &[(ConditionType, bool, Reason)]| {
        let mut conditions = Conditions::default();
        for (kind, holds, reason) in said {
            conditions.set(*kind, *holds, *reason, "", Some(1), now);
        }
        event_type(&conditions)
    };
    let (ready, reconciling) = (ConditionType::Ready, ConditionType::Reconciling);
    for (said, expected) in [
        (&[(ready, true, Reason::InSync)][..], EventType::Normal),
        (&[(ready, false, Reason::AlreadyClaimed)], EventType::Warning),
        (
            &[
                (ready, false, Reason::Throttled),
                (reconciling, true, Reason::ProgressingWithRetry),
            ],
            EventType::Warning,
        ),
        (
            &[
                (ready, false, Reason::AwaitingApproval),
                (reconciling, true, Reason::AwaitingApproval),
            ],
            EventType::Normal,
        ),
        (
            &[
                (ready, false, Reason::DisablesHeld),
                (reconciling, true, Reason::DisablesHeld),
                (ConditionType::Held, true, Reason::DisablesHeld),
            ],
            EventType::Warning,
        ),
    ] {
        assert_eq!(type_of(said), expected, "{said:?}");
    }
}

#[tokio::test]
async fn a_repeated_event_is_counted_in_the_first_one_while_that_is_remembered_and_no_more_are_than_are_told()
{
    let (reporter, requests) = reporter();
    let tell = async |uid: &str| {
        let mut sync = sync();
        sync.metadata.uid = Some(uid.to_owned());
        reporter
            .note(&sync, EventType::Normal, Reason::Deleting, "")
            .await;
        let last = requests.lock().unwrap().last().cloned().unwrap();
        last.split_once(' ').unwrap().0.to_owned()
    };
    assert_eq!([tell("a").await, tell("a").await], ["POST", "PATCH"]);
    for number in 2..EVENTS_OF_A_RECORDER {
        assert_eq!(tell(&format!("other {number}")).await, "POST");
    }
    assert_eq!(tell("a").await, "POST", "it was forgotten");
    assert_eq!(tell("a").await, "PATCH");
}

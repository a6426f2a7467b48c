//! Watches show late what the operator itself wrote.

use crmlink::api::{ContactSync, CrmTenant, Reason};
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::events::v1::Event;
use kube::api::{ListParams, Patch, PatchParams};
use serde_json::json;

use crate::support::{ANA, Case, World, contact_sync, until};

/// The reasons of what was told of the objects of a kind, in order, and how often it was.
async fn told(case: &Case, kind: &str) -> Vec<(String, i32)> {
    let all: kube::Api<Event> = case.api();
    let mut events = all.list(&ListParams::default()).await.unwrap().items;
    events.sort_by_key(|event| event.event_time.as_ref().map(|time| time.0));
    events.retain(|event| event.regarding.as_ref().and_then(|object| object.kind.as_deref()) == Some(kind));
    let count = |event: &Event| event.series.as_ref().map_or(1, |series| series.count);
    events
        .iter()
        .map(|event| (event.reason.clone().unwrap_or_default(), count(event)))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn n10_a_watch_that_lags_behind_has_nothing_told_twice() {
    let case = Case::behind_lagging_watches(World::three()).await;
    case.sign_in().await;
    // Secrets are watched by themselves: the tenant is woken before its own watch has shown what was written to it.
    let touched = Patch::Merge(json!({ "metadata": { "labels": { "touched": "yes" } } }));
    case.api::<Secret>()
        .patch("office365", &PatchParams::default(), &touched)
        .await
        .unwrap();
    let woken =
        until(async || (case.operator().counter("crmlink_secret_changes_total", "").await > 0).then_some(()));
    woken.await.expect("it sees the change of the Secret");
    case.create(&contact_sync(ANA)).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    case.settled::<CrmTenant>("orchard", Reason::Connected).await;
    case.operator().rests().await;
    let once = |reasons: &[&str]| -> Vec<(String, i32)> {
        reasons.iter().map(|reason| ((*reason).to_owned(), 1)).collect()
    };
    assert_eq!(
        told(&case, "CrmTenant").await,
        once(&["Progressing", "Connected"])
    );
    let of_sync = told(&case, "ContactSync").await;
    assert_eq!(of_sync, once(&["Progressing", "InSync"]));
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n7_an_accepted_invitation_proves_the_pair_before_its_watch_shows_it() {
    let case = Case::behind_lagging_watches(World::with_clara()).await;
    case.sign_in_inviting(json!({})).await;
    case.clara_is_in_sync_once_she_accepts().await;
    case.finish().await;
}

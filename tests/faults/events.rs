//! Events: on transitions, with reasons of the closed list, and patched where they repeat.

use crmlink::api::{ContactSync, CrmTenant, Reason};
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::events::v1::Event;
use kube::Api;
use kube::api::{DeleteParams, ListParams};

use crate::support::{ANA, Case, OFFICE_SECRET, World, office_secret};

async fn events(case: &Case) -> Vec<Event> {
    case.api::<Event>()
        .list(&ListParams::default())
        .await
        .unwrap()
        .items
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_event_is_counted_in_the_first_one_under_the_charts_role() {
    let case = Case::in_sync(World::three(), ANA).await;
    let secrets: Api<Secret> = case.api();
    for _ in 0..3 {
        secrets
            .delete("office365", &DeleteParams::default())
            .await
            .unwrap();
        case.says::<CrmTenant>("orchard", Reason::MissingSecret).await;
        case.create(&office_secret(OFFICE_SECRET)).await;
        case.settled::<CrmTenant>("orchard", Reason::Connected).await;
    }
    let all = events(&case).await;
    let missing: Vec<&Event> = all
        .iter()
        .filter(|event| event.reason.as_deref() == Some(Reason::MissingSecret.as_str()))
        .filter(|event| {
            event
                .regarding
                .as_ref()
                .is_some_and(|object| object.kind.as_deref() == Some("CrmTenant"))
        })
        .collect();
    assert_eq!(missing.len(), 1, "{missing:#?}");
    assert_eq!(missing[0].series.as_ref().map(|series| series.count), Some(3));
    if let Some(writes) = case.audited() {
        let is_patch =
            |entry: &&local_cluster::audit::Entry| entry.resource == "events" && entry.verb == "patch";
        let repeats: Vec<_> = writes.iter().filter(is_patch).collect();
        assert!(!repeats.is_empty());
        assert!(repeats.iter().all(|entry| entry.code == 200), "{repeats:?}");
    }
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n10_runs_without_news_make_no_event_and_reasons_are_of_the_closed_list() {
    let case = Case::in_sync(World::three(), ANA).await;
    let before = events(&case).await.len();
    for _ in 0..5 {
        case.sync_now("ana").await;
    }
    case.request::<CrmTenant>("orchard").await;
    case.settled::<CrmTenant>("orchard", Reason::Connected).await;
    let all = events(&case).await;
    assert_eq!(all.len(), before, "{all:#?}");
    for event in &all {
        let reason = event.reason.as_deref().unwrap_or_default();
        assert!(
            Reason::ALL.iter().any(|known| known.as_str() == reason),
            "{reason}"
        );
        assert_eq!(event.series, None, "an Event without a transition");
    }
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    case.finish().await;
}

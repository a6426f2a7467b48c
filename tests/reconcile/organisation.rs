//! The organisation is pinned: data never end up in another one.

use crmlink::api::{ConditionType, ContactSync, CrmTenant, Reason};
use k8s_openapi::api::core::v1::Secret;
use serde_json::{Value, json};

use crate::support::{ANA, Case, NORA, ORGANISATION, Reported, World, crm_id, crm_secret, tenant};

const OTHER: &str = "4000000000000000202";

/// Another organisation with contacts of an Ana of its own.
fn two_organisations() -> World {
    let mut world = World::three();
    let mut other = world.0["crm"][0].clone();
    other["companyName"] = json!("Quarry Works");
    other["id"] = json!(OTHER);
    other["clients"] = json!([{
        "clientId": "1000.OTHERCLIENT", "clientSecret": "othersecret33ee", "refreshToken": "1000.otherrefresh.1",
        "user": NORA,
    }]);
    other["contacts"] =
        json!([{ "id": crm_id(77), "owner": ANA, "fields": { "Last_Name": "Steinbrecherin" } }]);
    world = world.push("/crm", other);
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn n7_credentials_of_another_organisation_read_and_write_nothing() {
    let case = Case::in_sync(two_organisations(), ANA).await;
    let (writes, before) = (case.writes().await, case.crm_state().await);
    let end = case.journal_end().await;
    let other: Value = json!({
        "client-id": "1000.OTHERCLIENT", "client-secret": "othersecret33ee", "refresh-token": "1000.otherrefresh.1",
    });
    case.change::<Secret>("zoho", json!({ "stringData": other }))
        .await;
    let found: CrmTenant = case.says("orchard", Reason::OrganizationChanged).await;
    let words = [
        OTHER,
        ORGANISATION,
        "nothing is read or written",
        "another CrmTenant",
    ];
    found.words(ConditionType::Stalled, Reason::OrganizationChanged, &words);
    let pinned = found.status.unwrap().crm.unwrap().organization_id;
    assert_eq!(pinned.as_deref(), Some(ORGANISATION), "stays pinned");
    case.says::<ContactSync>("ana", Reason::TenantNotReady).await;
    let read: Vec<String> = case
        .journal("zoho", "GET", end)
        .await
        .into_iter()
        .map(|view| view.path)
        .collect();
    assert!(read.iter().all(|path| path.ends_with("/org")), "{read:?}");
    assert_eq!((writes, before), (case.writes().await, case.crm_state().await));

    case.change::<Secret>("zoho", json!({ "stringData": crm_secret()["stringData"] }))
        .await;
    case.settled::<CrmTenant>("orchard", Reason::Connected).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    assert_eq!(writes, case.writes().await);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n7_a_declared_organisation_has_to_be_the_one() {
    let case = Case::start(two_organisations()).await;
    let mut declared = tenant();
    declared["spec"]["crm"]["zoho"]["organizationId"] = json!(OTHER);
    case.create_secrets().await;
    case.create(&declared).await;
    let found: CrmTenant = case.says("orchard", Reason::OrganizationChanged).await;
    found.words(
        ConditionType::Stalled,
        Reason::OrganizationChanged,
        &[OTHER, ORGANISATION],
    );
    case.finish().await;
}

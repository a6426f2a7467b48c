//! Objects that are applied from Git show no drift.

use crmlink::api::{ConditionType, ContactSync, ContactSyncStatus, CrmTenant, CrmTenantStatus, Reason};
use jiff::Timestamp;
use k8s_openapi::NamespaceResourceScope;
use kube::{
    Resource, ResourceExt,
    api::{Patch, PatchParams},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    objects::{full_sync, full_tenant, sync, tenant},
    support::Server,
};

const GIT: &str = "kustomize-controller";

trait Kind:
    Resource<DynamicType = (), Scope = NamespaceResourceScope>
    + Serialize
    + DeserializeOwned
    + Clone
    + std::fmt::Debug
{
}
impl Kind for ContactSync {}
impl Kind for CrmTenant {}

async fn apply<K: Kind>(server: &Server, object: &Value, manager: &str) -> K {
    let params = PatchParams::apply(manager).validation_strict();
    server
        .api::<K>()
        .patch("acme", &params, &Patch::Apply(object))
        .await
        .unwrap()
}

/// Applied, reported on and applied again: the spec stays as it was written, and nothing is written again.
async fn shows_no_drift<K: Kind>(object: Value, status: impl Serialize) {
    let server = Server::new().await;
    let first: K = apply(&server, &object, GIT).await;
    assert_eq!(serde_json::to_value(&first).unwrap()["spec"], object["spec"]);

    let again: K = apply(&server, &object, GIT).await;
    assert_eq!(again.resource_version(), first.resource_version());

    let reported: K = server.write_status("acme", &status).await.unwrap();
    let read = server.dynamic(&object).get("acme").await.unwrap();
    assert_eq!(read.data["spec"], object["spec"]);
    assert_eq!(reported.meta().generation, Some(1));

    let last: K = apply(&server, &object, GIT).await;
    assert_eq!(last.resource_version(), reported.resource_version());
}

fn ready() -> crmlink::api::Conditions {
    let mut conditions = crmlink::api::Conditions::default();
    conditions.set(
        ConditionType::Ready,
        true,
        Reason::InSync,
        "",
        Some(1),
        Timestamp::UNIX_EPOCH,
    );
    conditions
}

#[tokio::test]
async fn an_applied_sync_shows_no_drift() {
    let status = || ContactSyncStatus {
        conditions: ready(),
        ..ContactSyncStatus::default()
    };
    shows_no_drift::<ContactSync>(sync(json!({})), status()).await;
    shows_no_drift::<ContactSync>(full_sync(), status()).await;
}

#[tokio::test]
async fn an_applied_tenant_shows_no_drift() {
    let status = || CrmTenantStatus {
        conditions: ready(),
        ..CrmTenantStatus::default()
    };
    shows_no_drift::<CrmTenant>(tenant(json!({})), status()).await;
    shows_no_drift::<CrmTenant>(full_tenant(), status()).await;
}

#[tokio::test]
async fn a_misspelt_field_is_refused_when_asked_for() {
    let server = Server::new().await;
    let object = sync(json!({ "foldername": "x" }));
    let params = PatchParams::apply(GIT).validation_strict();
    let refused = server
        .api::<ContactSync>()
        .patch("acme", &params, &Patch::Apply(&object))
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("foldername"), "{refused}");
}

#[tokio::test]
async fn k2_two_teams_can_own_different_mapped_fields() {
    let server = Server::new().await;
    let mapped = |office: &str, crm: &str| {
        sync(json!({ "mapping": { "fields": [{ "office": office, "crm": crm }] } }))
    };
    let _: ContactSync = apply(&server, &mapped("jobTitle", "Title"), GIT).await;
    let both: ContactSync = apply(&server, &mapped("department", "Department"), "other-team").await;
    let fields = both.spec.policy.mapping.unwrap().fields;
    assert_eq!(
        fields.iter().map(|field| field.crm.as_str()).collect::<Vec<_>>(),
        ["Title", "Department"]
    );
}

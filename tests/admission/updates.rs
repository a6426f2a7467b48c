//! What may be changed in a stored object.

use crmlink::api::{CrmTenant, CrmTenantStatus, Office365Status};
use serde_json::json;

use crate::{
    objects::{UUID, full_policy, sync, tenant},
    support::Server,
};

const OTHER: &str = "11111111-2222-3333-4444-555555555555";

#[tokio::test]
async fn the_tenant_of_a_sync_cannot_be_changed() {
    let server = Server::new().await;
    let object = sync(json!({}));
    server.create(object.clone()).await;
    server
        .accepts_change(&object, json!({ "spec": { "tenantRef": { "name": "acme" } } }))
        .await;
    for other in [json!({ "name": "other" }), json!({ "namespace": "other" })] {
        let change = json!({ "spec": { "tenantRef": other } });
        server
            .rejects_change(
                &object,
                change,
                "tenantRef is immutable: delete this object and create another",
            )
            .await;
    }
}

#[tokio::test]
async fn n7_the_user_of_a_sync_cannot_be_changed() {
    let server = Server::new().await;
    let object = sync(json!({}));
    server.create(object.clone()).await;
    for user in ["bert@example.com", UUID, "Mary@example.com"] {
        let change = json!({ "spec": { "user": user } });
        server
            .rejects_change(
                &object,
                change,
                "user is immutable: delete this object and create another",
            )
            .await;
    }
}

#[tokio::test]
async fn everything_else_of_a_sync_can_be_changed_and_taken_back() {
    let server = Server::new().await;
    let object = sync(json!({}));
    server.create(object.clone()).await;
    let mut change = full_policy();
    change["enabled"] = json!(false);
    change["suspend"] = json!(true);
    change["approvedPlans"] = json!(["0123456789abcdef"]);
    change["crmUser"] = json!("mary@example.org");
    server.accepts_change(&object, json!({ "spec": change })).await;
    for member in change.as_object_mut().unwrap().values_mut() {
        *member = json!(null);
    }
    server.accepts_change(&object, json!({ "spec": change })).await;
}

#[tokio::test]
async fn a_change_is_checked_as_a_new_object_is() {
    let server = Server::new().await;
    let object = sync(json!({}));
    server.create(object.clone()).await;
    let change = json!({ "spec": { "mapping": { "exclude": ["surname"] } } });
    server
        .rejects_change(&object, change, "nothing is mapped to Last_Name")
        .await;
    server
        .rejects_change(
            &object,
            json!({ "spec": { "interval": "1s" } }),
            "must be a duration",
        )
        .await;
}

#[tokio::test]
async fn n7_the_office_tenant_cannot_be_changed_once_signed_in() {
    let server = Server::new().await;
    let object = tenant(json!({}));
    server.create(object.clone()).await;
    let to = |id: &str| json!({ "spec": { "office365": { "tenantId": id } } });

    // A typing error can be corrected, also after a first report that says no more than that.
    server.accepts_change(&object, to(OTHER)).await;
    server
        .write_status::<CrmTenant>("acme", &CrmTenantStatus::default())
        .await
        .unwrap();
    server.accepts_change(&object, to(UUID)).await;

    let signed_in = CrmTenantStatus {
        office365: Some(Office365Status {
            tenant_id: Some(UUID.to_owned()),
        }),
        ..CrmTenantStatus::default()
    };
    server
        .write_status::<CrmTenant>("acme", &signed_in)
        .await
        .unwrap();
    server
        .rejects_change(
            &object,
            to(OTHER),
            "spec.office365.tenantId is immutable once the operator has signed in",
        )
        .await;
    let rest = json!({ "spec": { "office365": { "clientId": OTHER }, "suspend": true } });
    server.accepts_change(&object, rest).await;
}

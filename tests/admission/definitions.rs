//! What `kubectl` makes of the definitions.

use crmlink::api::{ConditionType, Conflicts, ContactSync, ContactSyncStatus, Reason, crds};
use jiff::Timestamp;
use k8s_openapi::{
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
    apimachinery::pkg::apis::meta::v1::Time,
};
use kube::{Api, Resource, ResourceExt, api::ListParams};
use serde_json::{Value, json};

use crate::{objects::sync, support::Server};

#[tokio::test]
async fn the_api_server_has_no_complaint_about_the_definitions() {
    let server = Server::new().await;
    let api: Api<CustomResourceDefinition> = Api::all(server.client.clone());
    for crd in crds() {
        let installed = api.get(&crd.name_any()).await.unwrap();
        assert_eq!(installed.spec.versions[0].schema, crd.spec.versions[0].schema);
        for condition in installed.status.unwrap().conditions.unwrap() {
            let good = matches!(condition.type_.as_str(), "NamesAccepted" | "Established");
            assert_eq!(condition.status == "True", good, "{condition:?}");
        }
    }
}

#[tokio::test]
async fn syncs_can_be_selected_by_tenant_and_by_user() {
    let server = Server::new().await;
    for (name, user) in [("one", "one@example.com"), ("two", "two@example.com")] {
        let mut object = sync(json!({ "user": user }));
        object["metadata"]["name"] = name.into();
        server.create(object).await;
    }
    let api = server.api::<ContactSync>();
    for (selector, expected) in [
        ("spec.user=two@example.com", vec!["two"]),
        ("spec.tenantRef.name=acme", vec!["one", "two"]),
        ("spec.tenantRef.name=other", vec![]),
    ] {
        let found = api.list(&ListParams::default().fields(selector)).await.unwrap();
        assert_eq!(
            found.iter().map(ResourceExt::name_any).collect::<Vec<_>>(),
            expected,
            "{selector}"
        );
    }
}

#[tokio::test]
async fn the_table_shows_what_matters() {
    let server = Server::new().await;
    server.create(sync(json!({}))).await;
    let mut status = ContactSyncStatus {
        linked: Some(42),
        pending: Some(3),
        conflicts: Some(Conflicts {
            count: 2,
            ..Conflicts::default()
        }),
        last_change_time: Some(Time(Timestamp::now())),
        ..ContactSyncStatus::default()
    };
    for (kind, reason, message) in [
        (ConditionType::Ready, Reason::InSync, "in words"),
        (ConditionType::Enabled, Reason::Enabled, ""),
        (ConditionType::Held, Reason::GuardHolds, ""),
    ] {
        status
            .conditions
            .set(kind, true, reason, message, Some(1), Timestamp::now());
    }
    server.write_status::<ContactSync>("acme", &status).await.unwrap();

    let path = ContactSync::url_path(&(), Some(&server.namespace));
    let mut request = kube::core::Request::new(path)
        .list(&ListParams::default())
        .unwrap();
    let table = "application/json;as=Table;v=v1;g=meta.k8s.io".parse().unwrap();
    request.headers_mut().insert("accept", table);
    let table: Value = server.client.request(request).await.unwrap();

    let columns = table["columnDefinitions"].as_array().unwrap();
    let cells = table["rows"][0]["cells"].as_array().unwrap();
    let with_priority = |priority: i32| -> Vec<_> {
        columns
            .iter()
            .zip(cells)
            .filter(|(column, _)| column["priority"] == priority)
            .map(|(column, cell)| (column["name"].as_str().unwrap(), cell.clone()))
            .collect()
    };
    let narrow = with_priority(0);
    let expected = [
        ("Name", json!("acme")),
        ("Tenant", json!("acme")),
        ("User", json!("mary@example.com")),
        ("Enabled", json!("True")),
        ("Synced", json!(42)),
        ("Ready", json!("True")),
        ("Reason", json!("InSync")),
    ];
    assert_eq!(narrow[..expected.len()], expected);
    let dates: Vec<_> = narrow[expected.len()..].iter().map(|(name, _)| *name).collect();
    assert_eq!(dates, ["Last change", "Age"]);

    let wide = [
        ("Pending", json!(3)),
        ("Parked", json!(null)),
        ("Conflicts", json!(2)),
        ("Held", json!("True")),
        ("Message", json!("in words")),
    ];
    assert_eq!(with_priority(1), wide);
}

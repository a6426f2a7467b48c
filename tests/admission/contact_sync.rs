//! Rules of `ContactSync`, except those of its mapping.

use crmlink::api::{ContactMapping, ContactSync};
use serde_json::json;

use crate::{
    objects::{UUID, full_sync, sync},
    support::Server,
};

#[tokio::test]
async fn the_smallest_and_the_fullest_sync_are_accepted() {
    let server = Server::new().await;
    server.accepts(sync(json!({}))).await;
    server.accepts(full_sync()).await;
}

#[tokio::test]
async fn what_must_be_declared_is_named() {
    let server = Server::new().await;
    server
        .rejects(sync(json!({ "user": null })), "spec.user: Required value")
        .await;
    server
        .rejects(
            sync(json!({ "tenantRef": null })),
            "spec.tenantRef: Required value",
        )
        .await;
    server
        .rejects(
            sync(json!({ "tenantRef": {} })),
            "spec.tenantRef.name: Required value",
        )
        .await;
}

#[tokio::test]
async fn a_tenant_is_referred_to_by_object_names() {
    let server = Server::new().await;
    server
        .accepts(sync(
            json!({ "tenantRef": { "name": "acme.eu", "namespace": "crm" } }),
        ))
        .await;
    server
        .rejects(
            sync(json!({ "tenantRef": { "name": "Acme" } })),
            "spec.tenantRef.name",
        )
        .await;
    server
        .rejects(
            sync(json!({ "tenantRef": { "name": "a".repeat(254) } })),
            "spec.tenantRef.name: Too long",
        )
        .await;
    let other = sync(json!({ "tenantRef": { "name": "acme", "namespace": "crm.eu" } }));
    server.rejects(other, "spec.tenantRef.namespace").await;
}

#[tokio::test]
async fn a_user_is_a_principal_name_or_an_object_id() {
    let server = Server::new().await;
    for user in [
        "mary@example.com",
        UUID,
        "o'hara+x@sub.example.co",
        "müller@bücher.example",
    ] {
        server.accepts(sync(json!({ "user": user }))).await;
    }
    let message = "must be a user principal name such as mary@example.com, or the user's object id (a UUID)";
    for user in [
        "mary",
        "mary@example",
        "@example.com",
        "Mary <mary@example.com>",
        "a@b.c, d@e.f",
        "6f1c2d3e-0a1b",
    ] {
        server.rejects(sync(json!({ "user": user })), message).await;
    }
    server
        .rejects(
            sync(json!({ "user": format!("{}@example.com", "m".repeat(250)) })),
            "Too long",
        )
        .await;
}

#[tokio::test]
async fn n7_a_crm_user_is_an_e_mail_address() {
    let server = Server::new().await;
    server
        .accepts(sync(json!({ "crmUser": "mary@example.org" })))
        .await;
    let message = "must be the e-mail address of a CRM user";
    server
        .rejects(sync(json!({ "crmUser": "4150868000000225013" })), message)
        .await;
    server.rejects(sync(json!({ "crmUser": UUID })), message).await;
}

#[tokio::test]
async fn k6_initial_sync_is_capped_at_10000() {
    let server = Server::new().await;
    for count in [1, 10_000] {
        server
            .accepts(sync(json!({ "initialSync": { "maxItems": count } })))
            .await;
    }
    let more = sync(json!({ "initialSync": { "maxItems": 10_001 } }));
    server
        .rejects(more, "should be less than or equal to 10000")
        .await;
    let none = sync(json!({ "initialSync": { "maxItems": 0 } }));
    server.rejects(none, "should be greater than or equal to 1").await;
}

#[tokio::test]
async fn an_interval_is_a_duration_from_30s_to_24h() {
    let server = Server::new().await;
    for interval in ["30s", "5m", "1h30m", "1.5h", "24h", "86400s"] {
        server.accepts(sync(json!({ "interval": interval }))).await;
    }
    let message = "must be a duration from 30s to 24h, such as 5m or 1h30m";
    for interval in [
        "29s", "0s", "24h1s", "99999h", "-5m", "5 m", "PT5M", "1d", "500ms", "300",
    ] {
        server
            .rejects(sync(json!({ "interval": interval })), message)
            .await;
    }
    server
        .rejects(sync(json!({ "interval": 300 })), "must be of type string")
        .await;
}

#[tokio::test]
async fn k1_a_folder_name_is_bounded_and_has_no_outer_spaces() {
    let server = Server::new().await;
    for name in ["Zoho CRM Contacts", "K", "客户"] {
        server.accepts(sync(json!({ "folderName": name }))).await;
    }
    server
        .accepts(sync(json!({ "folderName": "n".repeat(255) })))
        .await;
    server
        .rejects(sync(json!({ "folderName": "n".repeat(256) })), "Too long")
        .await;
    server
        .rejects(
            sync(json!({ "folderName": "" })),
            "should be at least 1 chars long",
        )
        .await;
    for name in [" Contacts", "Contacts ", " "] {
        server
            .rejects(
                sync(json!({ "folderName": name })),
                "must not begin or end with a space",
            )
            .await;
    }
}

#[tokio::test]
async fn choices_are_closed_lists() {
    let server = Server::new().await;
    let choices = [
        ("mode", vec!["Apply", "Observe"]),
        ("direction", vec!["TwoWay", "CrmToOffice", "OfficeToCrm"]),
        ("conflict", vec!["CrmWins", "OfficeWins", "NewestWins", "Manual"]),
        ("importedItems", vec!["Exclude", "Include"]),
        ("deletionPolicy", vec!["Delete", "Orphan"]),
    ];
    for (field, values) in choices {
        for value in values {
            server.accepts(sync(json!({ field: value }))).await;
        }
        for value in ["Other", ""] {
            server
                .rejects(sync(json!({ field: value })), "supported values")
                .await;
        }
    }
    for side in ["toOffice", "toCrm"] {
        for value in ["Propagate", "Never"] {
            server.accepts(sync(json!({ "deletes": { side: value } }))).await;
        }
        server
            .rejects(sync(json!({ "deletes": { side: "Ask" } })), "supported values")
            .await;
    }
}

#[tokio::test]
async fn a_null_counts_as_left_out() {
    let server = Server::new().await;
    let mut object = sync(json!({}));
    object["spec"]["enabled"] = json!(null);
    object["spec"]["mapping"] = json!({ "base": null });
    server.create(object.clone()).await;
    let stored = server.api::<ContactSync>().get("acme").await.unwrap();
    assert_eq!(stored.spec.enabled, None);
    assert_eq!(stored.spec.policy.mapping, Some(ContactMapping::default()));

    object["spec"]["user"] = json!(null);
    server.rejects(object, "spec.user: Required value").await;
}

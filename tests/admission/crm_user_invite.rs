//! Rules of `CrmUserInvite`.

use serde_json::{Value, json};

use crate::{
    objects::{UUID, invite},
    support::Server,
};

#[tokio::test]
async fn the_smallest_and_the_fullest_invite_are_accepted() {
    let server = Server::new().await;
    server.accepts(invite(json!({}))).await;
    server
        .accepts(invite(json!({
            "tenantRef": { "name": "acme", "namespace": "crm" },
            "user": UUID,
            "newUser": false,
            "firstName": "Mary",
            "lastName": "Poppins",
            "role": "CEO",
            "profile": "4000000000000000901",
            "account": { "mode": "New", "email": "mary@example.org" },
            "readyWhen": "Accepted",
            "deletionPolicy": "Remove",
            "suspend": true,
        })))
        .await;
    for invite_type in ["Invitation", "JoinRequest"] {
        server.accepts(invite(json!({ "type": invite_type }))).await;
    }
    for policy in ["Retain", "Deactivate", "Remove"] {
        server.accepts(invite(json!({ "deletionPolicy": policy }))).await;
    }
}

#[tokio::test]
async fn what_must_be_declared_is_named() {
    let server = Server::new().await;
    for member in ["tenantRef", "user", "type"] {
        let message = format!("spec.{member}: Required value");
        server.rejects(invite(json!({ member: null })), &message).await;
    }
    for (member, value) in [
        ("type", "Request"),
        ("readyWhen", "Sent"),
        ("deletionPolicy", "Delete"),
    ] {
        server
            .rejects(invite(json!({ member: value })), "supported values")
            .await;
    }
    server
        .rejects(invite(json!({ "firstName": "x".repeat(41) })), "Too long")
        .await;
}

#[tokio::test]
async fn u6_a_new_user_is_an_address() {
    let server = Server::new().await;
    server
        .accepts(invite(json!({ "user": "mary@example.org", "newUser": true })))
        .await;
    server
        .rejects(
            invite(json!({ "user": UUID, "newUser": true })),
            "user must be an e-mail address when newUser is true",
        )
        .await;
    server
        .rejects(
            invite(json!({ "newUser": true, "account": { "mode": "New" } })),
            "account is not allowed when newUser is true: user is the address",
        )
        .await;
}

#[tokio::test]
async fn u3_a_linked_account_is_named_and_is_no_request_to_join() {
    let server = Server::new().await;
    let account = |account: Value| invite(json!({ "account": account }));
    server
        .accepts(account(json!({ "mode": "Link", "email": "mary@example.org" })))
        .await;
    server
        .accepts(account(
            json!({ "mode": "Link", "tenantRef": { "name": "other" } }),
        ))
        .await;
    server
        .rejects(
            account(json!({ "mode": "Link" })),
            "email or tenantRef is required when mode is Link",
        )
        .await;
    server
        .rejects(
            account(json!({ "mode": "New", "tenantRef": { "name": "other" } })),
            "tenantRef is only allowed when mode is Link",
        )
        .await;
    server
        .rejects(
            invite(
                json!({ "type": "JoinRequest", "account": { "mode": "Link", "email": "mary@example.org" } }),
            ),
            "account.mode Link is only allowed for an Invitation",
        )
        .await;
}

#[tokio::test]
async fn who_is_invited_and_how_stays() {
    let server = Server::new().await;
    let stored = invite(json!({}));
    server.create(stored.clone()).await;
    for (change, message) in [
        (json!({ "user": "bert@example.com" }), "user is immutable"),
        (json!({ "type": "JoinRequest" }), "type is immutable"),
        (
            json!({ "tenantRef": { "name": "other" } }),
            "tenantRef is immutable",
        ),
        (json!({ "newUser": true }), "newUser is immutable"),
    ] {
        server
            .rejects_change(&stored, json!({ "spec": change }), message)
            .await;
    }
    for change in [
        json!({ "newUser": false }),
        json!({ "role": "Manager" }),
        json!({ "readyWhen": "Accepted" }),
        json!({ "account": { "mode": "Link", "email": "mary@example.org" } }),
        json!({ "deletionPolicy": "Deactivate" }),
        json!({ "suspend": true }),
    ] {
        server.accepts_change(&stored, json!({ "spec": change })).await;
    }
}

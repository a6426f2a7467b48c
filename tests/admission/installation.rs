//! Rules of a tenant's installation, of who may use it, and of its invites.

use serde_json::{Value, json};

use crate::{
    objects::{UUID, tenant},
    support::Server,
};

fn installation(more: Value) -> Value {
    let mut installation = json!({ "administrator": "nora@example.com", "acceptTerms": true });
    for (name, member) in more.as_object().unwrap() {
        installation[name] = member.clone();
    }
    tenant(json!({ "installation": installation }))
}

#[tokio::test]
async fn t1_an_installation_names_its_administrator() {
    let server = Server::new().await;
    server
        .accepts(installation(json!({ "administrator": UUID })))
        .await;
    server
        .rejects(
            tenant(json!({ "installation": null })),
            "spec.installation: Required value",
        )
        .await;
    server
        .rejects(
            tenant(json!({ "installation": { "acceptTerms": true } })),
            "spec.installation.administrator: Required value",
        )
        .await;
    server
        .rejects(
            installation(json!({ "administrator": "nora" })),
            "must be a user principal name",
        )
        .await;
    for recheck in ["Warn", "Stop"] {
        server.accepts(installation(json!({ "recheck": recheck }))).await;
    }
    server
        .rejects(installation(json!({ "recheck": "Ignore" })), "supported values")
        .await;
}

#[tokio::test]
async fn t7_the_terms_are_accepted_or_not_in_so_many_words() {
    let server = Server::new().await;
    for accepted in [true, false] {
        server
            .accepts(installation(json!({ "acceptTerms": accepted })))
            .await;
    }
    server
        .rejects(
            tenant(json!({ "installation": { "administrator": UUID } })),
            "spec.installation.acceptTerms: Required value",
        )
        .await;
    server
        .rejects(
            installation(json!({ "acceptTerms": "yes" })),
            "must be of type boolean",
        )
        .await;
}

#[tokio::test]
async fn t5_a_linked_account_has_an_address_and_another_has_none() {
    let server = Server::new().await;
    let account = |account: Value| installation(json!({ "account": account }));
    server.accepts(account(json!({ "mode": "SameEmail" }))).await;
    server
        .accepts(account(json!({ "mode": "Link", "email": "nora@example.org" })))
        .await;
    server
        .rejects(
            account(json!({ "mode": "Link" })),
            "email is required when mode is Link",
        )
        .await;
    server
        .rejects(
            account(json!({ "mode": "SameEmail", "email": "nora@example.org" })),
            "email is only allowed when mode is Link",
        )
        .await;
    server
        .rejects(
            account(json!({ "mode": "Link", "email": "nora" })),
            "must be the e-mail address of a CRM user",
        )
        .await;
}

#[tokio::test]
async fn t2_only_a_list_lists_users_and_groups() {
    let server = Server::new().await;
    let approved = |approved: Value| tenant(json!({ "approvedUsers": approved }));
    for accepted in [
        json!({ "mode": "AppAssignment" }),
        json!({ "mode": "Everyone" }),
        json!({ "mode": "Listed", "users": ["mary@example.com", UUID] }),
        json!({ "mode": "Listed", "groups": [UUID] }),
    ] {
        server.accepts(approved(accepted)).await;
    }
    for mode in ["AppAssignment", "Everyone"] {
        for list in ["users", "groups"] {
            server
                .rejects(
                    approved(json!({ "mode": mode, list: [UUID] })),
                    "users and groups are only allowed when mode is Listed",
                )
                .await;
        }
    }
    for empty in [
        json!({ "mode": "Listed" }),
        json!({ "mode": "Listed", "users": [] }),
    ] {
        server
            .rejects(
                approved(empty),
                "users or groups are required when mode is Listed",
            )
            .await;
    }
    server
        .rejects(
            approved(json!({ "mode": "Listed", "users": [UUID, UUID] })),
            "Duplicate value",
        )
        .await;
    server
        .rejects(
            approved(json!({ "mode": "Listed", "groups": ["Sales"] })),
            "must be the object id of a group",
        )
        .await;
}

#[tokio::test]
async fn t2_lists_are_bounded() {
    let server = Server::new().await;
    let listed = |list: &str, count: usize| {
        let id = |n| format!("6f1c2d3e-0a1b-4c5d-8e9f-{n:012}");
        let ids: Vec<String> = (0..count).map(id).collect();
        tenant(json!({ "approvedUsers": { "mode": "Listed", list: ids } }))
    };
    for (list, most) in [("users", 1000), ("groups", 100)] {
        server.accepts(listed(list, most)).await;
        let message = format!("must have at most {most} items");
        server.rejects(listed(list, most + 1), &message).await;
    }
}

#[tokio::test]
async fn invites_name_role_profile_and_sender() {
    let server = Server::new().await;
    let invites = |invites: Value| tenant(json!({ "invites": invites }));
    server
        .accepts(invites(json!({
            "role": "CEO", "profile": "4000000000000000901", "senderMailbox": "crm@example.com",
            "joinRequests": { "preApproved": { "users": ["mary@example.com"], "groups": [UUID] } },
        })))
        .await;
    server
        .rejects(
            invites(json!({ "senderMailbox": "crm" })),
            "must be a user principal name",
        )
        .await;
    server
        .rejects(invites(json!({ "role": "" })), "spec.invites.role")
        .await;
    server
        .rejects(
            invites(json!({ "joinRequests": { "preApproved": { "users": ["mary"] } } })),
            "must be a user principal name",
        )
        .await;
}

//! Invitations: who may send them, what refuses them, and what people make of them.

use serde_json::{Value, json};

use crate::zoho_support::{Crm, Reply, organisation};

const EVE: &str = "eve@example.com";

/// The id of the first profile or role with that name.
async fn id(crm: &Crm, kind: &str, name: &str) -> String {
    let list = crm.get(&format!("/settings/{kind}")).await.json();
    let rows = list[kind].as_array().unwrap();
    let found = rows.iter().find(|row| row["name"] == name).unwrap();
    found["id"].as_str().unwrap().to_owned()
}

async fn row(crm: &Crm, email: &str) -> Value {
    json!({
        "first_name": "Eve", "last_name": "Moneypenny", "email": email,
        "profile": {"id": id(crm, "profiles", "Standard").await}, "role": id(crm, "roles", "CEO").await,
    })
}

async fn invite(crm: &Crm, email: &str) -> Reply {
    let row = row(crm, email).await;
    crm.post("/users", json!({"users": [row]})).await
}

/// The code of the only row of an answer with status 400.
fn row_code(reply: &Reply) -> String {
    assert_eq!(reply.status, 400, "{}", reply.text);
    reply.json()["users"][0]["code"].as_str().unwrap().to_owned()
}

fn mails(crm: &Crm) -> u64 {
    assert_eq!(
        crm.counter("mails_sent"),
        0,
        "an invitation that was asked for is no stray mail"
    );
    crm.counter("invitation_mails_sent")
}

fn status(crm: &Crm) -> String {
    crm.state()["invitations"][0]["status"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn user(crm: &Crm, id: &str) -> Value {
    crm.get(&format!("/users/{id}")).await.json()["users"][0].clone()
}

#[tokio::test]
async fn an_invited_user_is_there_at_once_and_takes_a_seat() {
    let crm = Crm::with(json!({"licenses": 3})).await;
    let invited = invite(&crm, EVE).await;
    assert_eq!(invited.status, 201);
    let id = invited.json()["users"][0]["details"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let eve = user(&crm, &id).await;
    assert_eq!(
        (
            &eve["status"],
            &eve["confirm"],
            &eve["zuid"],
            &eve["profile"]["name"]
        ),
        (&json!("active"), &json!(false), &Value::Null, &json!("Standard"))
    );
    assert_eq!((mails(&crm), status(&crm)), (1, "pending".to_owned()));
    assert_eq!(
        row_code(&invite(&crm, "joe@example.com").await),
        "LICENSE_LIMIT_EXCEEDED"
    );
    assert_eq!(mails(&crm), 1);
}

#[tokio::test]
async fn a_person_accepts_by_mail_or_in_office() {
    let crm = Crm::with(json!({})).await;
    for (email, via, linked) in [(EVE, "mail", false), ("joe@example.com", "office365", true)] {
        let id = invite(&crm, email).await.json()["users"][0]["details"]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        crm.pass(60);
        crm.edit(json!({"do": "accept_invitation", "user": email, "via": via}))
            .unwrap();
        let user = user(&crm, &id).await;
        assert_eq!(
            (&user["confirm"], &user["microsoft"]),
            (&json!(true), &json!(linked))
        );
        assert!(user["zuid"].is_string());
    }
    let again = crm.edit(json!({"do": "accept_invitation", "user": EVE}));
    assert_eq!(again.unwrap_err().problem, "has no pending invitation");
}

#[tokio::test]
async fn the_link_in_the_mail_works_for_seven_days() {
    let mut crm = Crm::with(json!({})).await;
    invite(&crm, EVE).await;
    crm.pass(7 * 86_400 - 1);
    assert_eq!(status(&crm), "pending");
    crm.pass(1);
    crm.token = crm.fresh_token().await;
    assert_eq!(status(&crm), "expired");
    assert!(crm.edit(json!({"do": "accept_invitation", "user": EVE})).is_err());
    assert_eq!(
        row_code(&invite(&crm, EVE).await),
        "DUPLICATE_DATA",
        "the unconfirmed user is in the way"
    );
    assert_eq!(crm.counter("invitations_while_pending"), 0);
    let id = crm.user(EVE);
    assert_eq!(crm.delete(&format!("/users/{id}")).await.status, 200);
    assert_eq!(
        invite(&crm, EVE).await.status,
        201,
        "the address of a deleted user is free"
    );
    assert_eq!(mails(&crm), 2);
}

#[tokio::test]
async fn a_second_invitation_while_one_waits_is_refused_and_counted() {
    let crm = Crm::with(json!({})).await;
    invite(&crm, EVE).await;
    assert_eq!(row_code(&invite(&crm, "EVE@example.com").await), "DUPLICATE_DATA");
    assert_eq!((crm.counter("invitations_while_pending"), mails(&crm)), (1, 1));
    assert_eq!(row_code(&invite(&crm, "bob@example.com").await), "DUPLICATE_DATA");
    assert_eq!(
        crm.counter("invitations_while_pending"),
        1,
        "a user who joined long ago waits for nothing"
    );
}

#[tokio::test]
async fn deleting_the_user_withdraws_the_invitation() {
    let crm = Crm::with(json!({})).await;
    invite(&crm, EVE).await;
    crm.delete(&format!("/users/{}", crm.user(EVE))).await;
    assert_eq!(status(&crm), "withdrawn");
    assert!(crm.edit(json!({"do": "accept_invitation", "user": EVE})).is_err());
    let deleted = crm.get("/users?type=DeletedUsers").await.json();
    assert_eq!(deleted["users"][0]["email"], EVE);
}

#[tokio::test]
async fn a_rejected_invitation_cannot_be_sent_again() {
    let crm = Crm::with(json!({})).await;
    for (email, row, kind) in [
        (EVE, "unconfirmed", "NotConfirmedUsers"),
        ("joe@example.com", "deleted", "DeletedUsers"),
    ] {
        invite(&crm, email).await;
        let id = crm.user(email);
        crm.edit(json!({"do": "reject_invitation", "user": email, "row": row}))
            .unwrap();
        let listed = crm.get(&format!("/users?type={kind}")).await.json();
        let users = listed["users"].as_array().unwrap();
        assert!(users.iter().any(|user| user["email"] == email));
        if row == "unconfirmed" {
            assert_eq!(crm.delete(&format!("/users/{id}")).await.status, 200);
        }
        assert_eq!(row_code(&invite(&crm, email).await), "INVALID_DATA");
    }
    assert_eq!(status(&crm), "rejected");
}

#[tokio::test]
async fn a_person_who_links_another_account_never_appears_here() {
    let mut home = organisation(&json!({"id": "4000000000000000002", "companyName": "Home Ltd"}));
    home["users"][1]["email"] = json!("eve@home.example");
    home["clients"][0]["refreshToken"] = json!("other");
    let crm = Crm::of(vec![organisation(&json!({})), home]).await;
    let id = invite(&crm, EVE).await.json()["users"][0]["details"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let link = json!({
        "do": "link_invitation", "organisation": "Example Ltd", "user": EVE, "account": "eve@home.example",
    });
    crm.edit(link).unwrap();
    let eve = user(&crm, &id).await;
    assert_eq!((&eve["confirm"], &eve["zuid"]), (&json!(false), &Value::Null));
    let state = crm.stack.service().state();
    assert_eq!(
        state["organisations"][0]["invitations"][0]["status"],
        "linked_elsewhere"
    );
    assert_eq!(state["organisations"][1]["users"][1]["microsoft"], true);
}

#[tokio::test]
async fn what_an_organisation_is_decides_whether_it_can_invite() {
    for (extra, code) in [
        (json!({"edition": "free"}), "FEATURE_NOT_ENABLED"),
        (
            json!({"edition": "enterprise", "paid": false}),
            "FEATURE_NOT_ENABLED",
        ),
        (
            json!({"trialType": "enterprise", "trialExpiry": "-1d"}),
            "FEATURE_NOT_ENABLED",
        ),
        (json!({"edition": "crmplus"}), "UNAPPROVABLE"),
        (
            json!({"edition": "zohooneenterprise", "suiteRefusal": "INVALID_REQUEST"}),
            "INVALID_REQUEST",
        ),
        (json!({"type": "sandbox"}), "NOT_ALLOWED"),
    ] {
        let crm = Crm::with(extra.clone()).await;
        assert_eq!(row_code(&invite(&crm, EVE).await), code, "{extra}");
        assert_eq!((mails(&crm), crm.counter("user_rows_refused")), (0, 1));
        assert_eq!(crm.state()["users"].as_array().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn the_tokens_user_needs_the_right_to_manage_users() {
    let crm = Crm::with(json!({})).await;
    crm.edit(json!({"do": "set_profile", "name": "Administrator", "manageUsers": false}))
        .unwrap();
    let bob = format!("/users/{}", crm.user("bob@example.com"));
    let body = json!({"users": [{"status": "inactive"}]});
    for refused in [
        invite(&crm, EVE).await,
        crm.put(&bob, body).await,
        crm.delete(&bob).await,
    ] {
        assert_eq!((refused.status, refused.code().as_str()), (403, "NO_PERMISSION"));
        assert_eq!(
            refused.json()["details"]["permissions"],
            json!(["Crm_Implied_Manage_Users"])
        );
    }
    crm.edit(json!({"do": "set_scopes", "clientId": "client", "scopes": ["ZohoCRM.users.READ", "ZohoCRM.settings.ALL"]}))
        .unwrap();
    assert_eq!(invite(&crm, EVE).await.code(), "OAUTH_SCOPE_MISMATCH");
}

#[tokio::test]
async fn rows_are_checked_member_by_member() {
    let crm = Crm::with(json!({})).await;
    let good = row(&crm, EVE).await;
    let with = |name: &str, value: Value| {
        let mut row = good.clone();
        row[name] = value;
        row
    };
    for (row, code, member) in [
        (
            with("first_name", Value::Null),
            "MANDATORY_NOT_FOUND",
            "first_name",
        ),
        (with("role", json!("")), "MANDATORY_NOT_FOUND", "role"),
        (with("profile", json!({"id": "1"})), "INVALID_DATA", "profile"),
        (with("email", json!("nobody")), "INVALID_DATA", "email"),
        (with("email", json!("a@zoho.com")), "INVALID_DATA", "email"),
        (
            with("last_name", json!("x".repeat(51))),
            "INVALID_DATA",
            "last_name",
        ),
        (with("first_name", json!("<b>")), "INVALID_DATA", "first_name"),
        (
            with("time_zone", json!("Europe/Paris")),
            "INVALID_DATA",
            "time_zone",
        ),
    ] {
        let refused = crm.post("/users", json!({"users": [row]})).await;
        assert_eq!(row_code(&refused), code, "{member}");
        assert_eq!(refused.json()["users"][0]["details"]["api_name"], member);
    }
    let two = crm.post("/users", json!({"users": [good, good]})).await;
    assert_eq!((two.status, two.code().as_str()), (400, "INVALID_DATA"));
    assert_eq!(mails(&crm), 0);
}

#[tokio::test]
async fn an_address_can_be_taken_elsewhere() {
    let crm = Crm::with(json!({})).await;
    crm.edit(json!({"do": "set_address", "email": "Eve@example.com", "otherDataCenter": true}))
        .unwrap();
    let refused = invite(&crm, EVE).await;
    assert_eq!(row_code(&refused), "INVALID_DATA");
    assert_eq!(refused.json()["users"][0]["details"], json!({}));
    crm.edit(
        json!({"do": "set_address", "email": EVE, "otherDataCenter": false, "invitationsElsewhere": 20}),
    )
    .unwrap();
    assert_eq!(row_code(&invite(&crm, EVE).await), "INVALID_REQUEST");
    crm.edit(json!({"do": "set_address", "email": EVE, "invitationsElsewhere": 19}))
        .unwrap();
    assert_eq!(invite(&crm, EVE).await.status, 201);
}

#[tokio::test]
async fn an_administrator_invites_in_the_crm_itself() {
    let crm = Crm::with(json!({})).await;
    crm.edit(json!({"do": "invite_user", "user": {"email": EVE, "firstName": "Eve"}}))
        .unwrap();
    assert_eq!(mails(&crm), 0, "not the operator's");
    assert_eq!(crm.state()["invitations"][0]["by"], "person");
    assert_eq!(row_code(&invite(&crm, EVE).await), "DUPLICATE_DATA");
    crm.edit(json!({"do": "accept_invitation", "user": EVE})).unwrap();
    assert_eq!(
        crm.get("/users?type=ActiveConfirmedUsers").await.json()["info"]["count"],
        3
    );
}

#[tokio::test]
async fn an_account_comes_into_being_by_a_sign_up() {
    let crm = Crm::with(json!({})).await;
    assert_eq!(crm.login("new", "s", "r").await.json()["error"], "invalid_client");
    let account = json!({
        "companyName": "New Ltd", "edition": "free",
        "users": [{"email": EVE, "firstName": "Eve", "lastName": "Moneypenny", "profile": "Administrator"}],
        "clients": [{"clientId": "new", "clientSecret": "s", "refreshToken": "r", "user": EVE}],
    });
    crm.edit(json!({"do": "sign_up", "account": account})).unwrap();
    assert!(crm.login("new", "s", "r").await.json()["access_token"].is_string());
    let wrong = crm.edit(json!({"do": "sign_up", "account": {"companyName": "X", "edition": "gold"}}));
    assert_eq!(wrong.unwrap_err().at, "account.edition");
}

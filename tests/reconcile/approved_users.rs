//! Who may use the integration (T2).

use crmlink::api::{ConditionType, ContactSync, CrmTenant, Reason};
use serde_json::{Value, json};

use crate::support::{
    ANA, BEN, CLIENT_ID, Case, Reported, World, contact_sync, crm_id, secrets, tenant, with,
};

/// A tenant that approves these users, with its Secrets.
async fn approving(world: World, approved: Value) -> Case {
    let case = Case::start(world).await;
    for secret in secrets() {
        case.create(&secret).await;
    }
    case.create(&with(tenant(), json!({ "approvedUsers": approved })))
        .await;
    case.settled::<CrmTenant>("orchard", Reason::Connected).await;
    case
}

fn assigned(to: &[&str]) -> World {
    World::three()
        .set(
            "/office365/0",
            "groups",
            json!([{ "displayName": "Sales", "members": [ANA] }]),
        )
        .set("/office365/0/apps/0", "assignedTo", json!(to))
}

#[tokio::test(flavor = "multi_thread")]
async fn t2_only_users_to_whom_the_app_is_assigned_are_synced() {
    let case = approving(assigned(&["Sales"]), json!({ "mode": "AppAssignment" })).await;
    case.create(&contact_sync(ANA)).await;
    case.create(&contact_sync(BEN)).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    let ben: ContactSync = case.says("ben", Reason::UserNotApproved).await;
    let words = ["approvedUsers", "goes on by itself", "assigned to the app"];
    ben.words(ConditionType::Stalled, Reason::UserNotApproved, &words);
    assert!(!case.mailbox(BEN).await.has_folder());

    case.office(json!({ "do": "assign", "clientId": CLIENT_ID, "principal": BEN }))
        .await;
    case.sync_now("ben").await;
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t2_a_user_who_is_no_longer_approved_keeps_what_is_there_and_goes_on_later() {
    let case = approving(assigned(&["Sales"]), json!({ "mode": "AppAssignment" })).await;
    case.create(&contact_sync(ANA)).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    let before = case.mailbox(ANA).await;
    case.office(json!({ "do": "change_group", "group": "Sales", "remove": [ANA] }))
        .await;
    case.edits_record(&crm_id(1), json!({ "Title": "Cooper" })).await;
    case.request::<ContactSync>("ana").await;
    case.says::<ContactSync>("ana", Reason::UserNotApproved).await;
    assert_eq!(case.mailbox(ANA).await, before, "nothing is written or removed");
    case.office(json!({ "do": "change_group", "group": "Sales", "add": [ANA] }))
        .await;
    case.sync_now("ana").await;
    assert_eq!(
        case.mailbox(ANA).await.copy(&crm_id(1)).unwrap()["jobTitle"],
        "Cooper"
    );
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t2_a_list_approves_at_once_when_it_changes() {
    let case = approving(World::three(), json!({ "mode": "Listed", "users": [BEN] })).await;
    case.create(&contact_sync(ANA)).await;
    case.says::<ContactSync>("ana", Reason::UserNotApproved).await;
    case.change::<CrmTenant>(
        "orchard",
        json!({ "spec": { "approvedUsers": { "users": [BEN, ANA] } } }),
    )
    .await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t2_everyone_does_not_mean_guests() {
    let guest = json!({ "userPrincipalName": "gast@orchard.example", "userType": "Guest" });
    let world = World::three().push("/office365/0/users", guest);
    let case = approving(world, json!({ "mode": "Everyone" })).await;
    case.create(&contact_sync("gast@orchard.example")).await;
    case.says::<ContactSync>("gast", Reason::UserNotApproved).await;
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t2_a_blocked_account_pauses_its_sync_and_removes_nothing() {
    let case = Case::in_sync(World::three(), ANA).await;
    let before = case.mailbox(ANA).await;
    case.office(json!({ "do": "set_account_enabled", "user": ANA, "enabled": false }))
        .await;
    case.edits_record(&crm_id(1), json!({ "Title": "Cooper" })).await;
    case.request::<ContactSync>("ana").await;
    let sync: ContactSync = case.says("ana", Reason::UserBlocked).await;
    sync.words(
        ConditionType::Stalled,
        Reason::UserBlocked,
        &["blocked", "enabled again"],
    );
    assert_eq!(case.mailbox(ANA).await, before);
    case.office(json!({ "do": "set_account_enabled", "user": ANA, "enabled": true }))
        .await;
    case.sync_now("ana").await;
    assert_eq!(
        case.mailbox(ANA).await.copy(&crm_id(1)).unwrap()["jobTitle"],
        "Cooper"
    );
    case.finish().await;
}

/// Another organisation with a tenant of its own, where Ana has her CRM account.
fn two_organisations() -> World {
    World::three()
        .set("/crm/0/users/1", "email", json!("someone@orchard.example"))
        .set("/crm/0", "contacts", json!([]))
        .push(
            "/crm",
            json!({
                "companyName": "Orchard Abroad", "id": "4000000000000000777",
                "users": [
                    { "email": "nora@orchard.example", "lastName": "Weissenfels", "profile": "Administrator" },
                    { "email": ANA, "lastName": "Brandtner" },
                ],
                "clients": [{
                    "clientId": "1000.ABROAD", "clientSecret": "crmsecret99abroad", "refreshToken": "1000.abroad.77bb",
                    "user": "nora@orchard.example",
                }],
            }),
        )
}

#[tokio::test(flavor = "multi_thread")]
async fn n7_who_belongs_to_another_organisation_is_told_which_and_not_followed() {
    let case = approving(two_organisations(), json!({ "mode": "Everyone" })).await;
    let abroad = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "zoho-abroad" },
        "stringData": {
            "client-id": "1000.ABROAD", "client-secret": "crmsecret99abroad", "refresh-token": "1000.abroad.77bb",
        },
    });
    case.create(&abroad).await;
    let mut other = tenant();
    other["metadata"]["name"] = json!("abroad");
    other["spec"]["crm"]["zoho"]["credentialsRef"]["name"] = json!("zoho-abroad");
    case.create(&other).await;
    case.settled::<CrmTenant>("abroad", Reason::Connected).await;
    case.create(&contact_sync(ANA)).await;
    let sync: ContactSync = case.says("ana", Reason::BelongsToOtherOrganization).await;
    sync.words(
        ConditionType::Stalled,
        Reason::BelongsToOtherOrganization,
        &["name: abroad", &format!("namespace: {}", case.namespace)],
    );
    assert!(!case.mailbox(ANA).await.has_folder());
    case.finish().await;
}

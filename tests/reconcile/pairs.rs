//! The CRM user has to be the same person as the mailbox's user, proven (N7).

use crmlink::api::{ConditionType, ContactSync, CrmTenant, Reason};
use serde_json::{Value, json};

use crate::support::{ANA, BEN, Case, Reported, World, contact_sync, crm_id};

/// Ana's CRM account has another address than her mailbox.
const ELSEWHERE: &str = "ana.b@elsewhere.example";

fn elsewhere() -> World {
    World::new()
        .set("/crm/0/users/1", "email", json!(ELSEWHERE))
        .contact(json!({ "id": crm_id(1), "owner": ELSEWHERE, "fields": { "Last_Name": "Aldersgate" } }))
}

fn naming(crm_user: &str) -> Value {
    let mut sync = contact_sync(ANA);
    sync["spec"]["crmUser"] = json!(crm_user);
    sync
}

#[tokio::test(flavor = "multi_thread")]
async fn n7_an_unknown_crm_user_is_said() {
    let case = Case::connected(elsewhere()).await;
    case.create(&contact_sync(ANA)).await;
    let sync: ContactSync = case.says("ana", Reason::CrmUserNotFound).await;
    let words = ["no user with this e-mail address", "spec.crmUser", "accountLinks"];
    sync.words(ConditionType::Stalled, Reason::CrmUserNotFound, &words);
    assert!(!case.mailbox(ANA).await.has_folder());
    // The CRM's administrator adds the account.
    case.crm(json!({ "do": "add_user", "user": { "email": ANA, "lastName": "Brandtner" } }))
        .await;
    case.sync_now("ana").await;
    assert!(case.mailbox(ANA).await.copies().is_empty());
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n7_a_crm_user_who_has_not_joined_is_waited_for() {
    let case = Case::connected(World::three().set("/crm/0/users/1", "confirm", json!(false))).await;
    case.create(&contact_sync(ANA)).await;
    let sync: ContactSync = case.says("ana", Reason::CrmUserInactive).await;
    sync.words(
        ConditionType::Stalled,
        Reason::CrmUserInactive,
        &["not accepted the invitation"],
    );
    case.crm(json!({ "do": "set_user", "user": ANA, "confirm": true }))
        .await;
    case.sync_now("ana").await;
    case.crm(json!({ "do": "disable_user", "user": ANA })).await;
    case.request::<ContactSync>("ana").await;
    case.says::<ContactSync>("ana", Reason::CrmUserInactive).await;
    assert_eq!(case.mailbox(ANA).await.copies().len(), 3, "what is there stays");
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n7_an_unproven_pair_is_refused_until_the_tenant_links_it() {
    let case = Case::connected(elsewhere()).await;
    case.create(&naming(ELSEWHERE)).await;
    let sync: ContactSync = case.says("ana", Reason::PairNotProven).await;
    let words = ["same person", "accountLinks", "Add it there"];
    sync.words(ConditionType::Stalled, Reason::PairNotProven, &words);
    assert!(!case.mailbox(ANA).await.has_folder(), "nothing is written");

    let links = json!([{ "user": ANA, "crmUser": ELSEWHERE }]);
    case.change::<CrmTenant>("orchard", json!({ "spec": { "accountLinks": links } }))
        .await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    assert_eq!(case.mailbox(ANA).await.copies(), [crm_id(1)]);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n7_nobody_reaches_the_account_of_a_colleague() {
    let colleague = json!({ "id": crm_id(5), "owner": BEN, "fields": { "Last_Name": "Notforana" } });
    let case = Case::connected(World::three().contact(colleague)).await;
    case.create(&naming(BEN)).await;
    case.says::<ContactSync>("ana", Reason::PairNotProven).await;
    assert!(!case.mailbox(ANA).await.has_folder());
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n7_an_alias_of_the_mailbox_proves_the_pair() {
    let addresses = json!([format!("SMTP:{ANA}"), format!("smtp:{ELSEWHERE}")]);
    let case = Case::in_sync(
        elsewhere().set("/office365/0/users/1", "proxyAddresses", addresses),
        ANA,
    )
    .await;
    assert_eq!(case.mailbox(ANA).await.copies(), [crm_id(1)]);
    case.finish().await;
}

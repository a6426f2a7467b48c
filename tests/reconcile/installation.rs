//! Who stands behind an installation: terms, administrator, account in the CRM, super admin.

use crmlink::api::{ConditionType, ContactSync, CrmTenant, Reason};
use serde_json::{Value, json};

use crate::support::{ANA, BEN, Case, NORA, Reported, World, contact_sync, secrets, tenant};

/// A tenant with further members in its installation, declared with its Secrets.
async fn declared(world: World, installation: Value) -> Case {
    let case = Case::start(world).await;
    for secret in secrets() {
        case.create(&secret).await;
    }
    let mut tenant = tenant();
    for (name, member) in installation.as_object().unwrap() {
        tenant["spec"]["installation"][name] = member.clone();
    }
    case.create(&tenant).await;
    case
}

async fn installation(case: &Case, change: Value) {
    case.change::<CrmTenant>("orchard", json!({ "spec": { "installation": change } }))
        .await;
}

/// The tenant, once it was asked to look again and gives this reason for Ready.
async fn looked(case: &Case, reason: Reason) -> CrmTenant {
    case.request::<CrmTenant>("orchard").await;
    case.says("orchard", reason).await
}

#[tokio::test(flavor = "multi_thread")]
async fn t1_the_administrator_holds_the_role_when_the_installation_is_verified() {
    let case = declared(World::three(), json!({ "administrator": ANA })).await;
    case.create(&contact_sync(ANA)).await;
    let found: CrmTenant = case.says("orchard", Reason::AdministratorRoleMissing).await;
    let words = [
        "does not hold the role Global Administrator",
        "only eligible",
        "activated",
    ];
    for kind in [ConditionType::Installed, ConditionType::Stalled] {
        found.words(kind, Reason::AdministratorRoleMissing, &words);
    }
    assert_eq!(found.status.unwrap().installation, None);
    case.says::<ContactSync>("ana", Reason::TenantNotReady).await;
    assert!(!case.mailbox(ANA).await.has_folder(), "nothing runs");

    case.office(json!({ "do": "set_admin", "user": ANA })).await;
    case.request::<CrmTenant>("orchard").await;
    let found: CrmTenant = case.settled("orchard", Reason::Connected).await;
    found.words(ConditionType::Installed, Reason::InstallationVerified, &[]);
    let record = found.status.clone().unwrap().installation.unwrap();
    assert_eq!(Some(record.verified_generation), found.metadata.generation);
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t1_a_role_through_a_group_counts_and_one_that_is_only_eligible_does_not() {
    let eligible = json!({ "userPrincipalName": "iris@orchard.example", "eligibleAdmin": true });
    let world = World::three()
        .push("/office365/0/users", eligible)
        .set(
            "/office365/0",
            "groups",
            json!([{ "displayName": "Admins", "members": [BEN], "admin": true }]),
        )
        .push(
            "/crm/0/users",
            json!({ "email": "iris@orchard.example", "lastName": "Iris" }),
        );
    let case = declared(world, json!({ "administrator": "iris@orchard.example" })).await;
    case.says::<CrmTenant>("orchard", Reason::AdministratorRoleMissing)
        .await;
    case.office(json!({ "do": "activate_admin", "user": "iris@orchard.example", "seconds": 3600 }))
        .await;
    case.request::<CrmTenant>("orchard").await;
    case.settled::<CrmTenant>("orchard", Reason::Connected).await;

    installation(&case, json!({ "administrator": BEN })).await;
    let found: CrmTenant = case.settled("orchard", Reason::Connected).await;
    let record = found.status.clone().unwrap().installation.unwrap();
    assert_eq!(
        Some(record.verified_generation),
        found.metadata.generation,
        "another administrator is verified anew"
    );
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t1_an_unknown_a_guest_and_a_blocked_administrator_are_told_apart() {
    let world = World::three()
        .push(
            "/office365/0/users",
            json!({ "userPrincipalName": "gast@orchard.example", "userType": "Guest", "admin": true }),
        )
        .push(
            "/office365/0/users",
            json!({ "userPrincipalName": "otto@orchard.example", "accountEnabled": false, "admin": true }),
        );
    let case = declared(world, json!({ "administrator": "nobody@orchard.example" })).await;
    let found: CrmTenant = case.says("orchard", Reason::AdministratorNotFound).await;
    found.words(
        ConditionType::Stalled,
        Reason::AdministratorNotFound,
        &["no user", "spelling", "object id"],
    );
    for (administrator, reason, words) in [
        (
            "gast@orchard.example",
            Reason::AdministratorIsGuest,
            "name a member",
        ),
        ("otto@orchard.example", Reason::AdministratorBlocked, "enable it"),
    ] {
        installation(&case, json!({ "administrator": administrator })).await;
        let found: CrmTenant = case.says("orchard", reason).await;
        found.words(ConditionType::Installed, reason, &[words]);
        found.words(ConditionType::Stalled, reason, &[words]);
    }
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t1_a_role_that_is_lost_later_warns_and_everything_goes_on() {
    let case = Case::in_sync(World::three(), ANA).await;
    case.office(json!({ "do": "set_admin", "user": NORA, "admin": false }))
        .await;
    let found = looked(&case, Reason::Connected).await;
    found.words(
        ConditionType::Installed,
        Reason::AdministratorRoleLost,
        &["does not hold the role", "Everything goes on"],
    );
    assert!(found.condition(ConditionType::Stalled).is_none());
    case.crm(json!({ "do": "update_contact", "where": { "Last_Name": "Aldersgate" }, "fields": { "Title": "Cooper" } }))
        .await;
    case.sync_now("ana").await;
    assert_eq!(case.writes().await[1], 1, "it goes on");
    case.office(json!({ "do": "set_admin", "user": NORA })).await;
    let found = looked(&case, Reason::Connected).await;
    found.words(ConditionType::Installed, Reason::InstallationVerified, &[]);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t1_a_role_that_is_lost_later_stops_everything_where_that_is_declared() {
    let case = Case::in_sync(World::three(), ANA).await;
    installation(&case, json!({ "recheck": "Stop" })).await;
    case.settled::<CrmTenant>("orchard", Reason::Connected).await;
    case.office(json!({ "do": "set_admin", "user": NORA, "admin": false }))
        .await;
    let found = looked(&case, Reason::AdministratorRoleLost).await;
    for kind in [ConditionType::Installed, ConditionType::Stalled] {
        found.words(kind, Reason::AdministratorRoleLost, &["links are kept"]);
    }
    let sync: ContactSync = case.says("ana", Reason::TenantNotReady).await;
    assert!(
        sync.condition(ConditionType::Stalled).is_none(),
        "it goes on by itself"
    );
    let (before, writes) = (case.mailbox(ANA).await, case.writes().await);
    case.crm(json!({ "do": "update_contact", "where": { "Last_Name": "Aldersgate" }, "fields": { "Title": "Cooper" } }))
        .await;
    case.request::<ContactSync>("ana").await;
    case.says::<ContactSync>("ana", Reason::TenantNotReady).await;
    assert_eq!(
        case.mailbox(ANA).await,
        before,
        "nothing runs, and nothing is removed"
    );

    case.office(json!({ "do": "set_admin", "user": NORA })).await;
    looked(&case, Reason::Connected).await;
    case.sync_now("ana").await;
    let after = case.writes().await;
    assert_eq!(after[0], writes[0], "nothing is made anew: the links were kept");
    assert_eq!(after[1], writes[1] + 1);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t1_an_administrator_who_leaves_or_is_renamed_after_the_installation() {
    let case = Case::connected(World::three()).await;
    let renamed = "nora.new@orchard.example";
    case.office(json!({ "do": "rename_user", "user": NORA, "userPrincipalName": renamed }))
        .await;
    let found = looked(&case, Reason::Connected).await;
    found.words(ConditionType::Installed, Reason::InstallationVerified, &[]);
    case.office(json!({ "do": "delete_user", "user": renamed })).await;
    let found = looked(&case, Reason::Connected).await;
    found.words(
        ConditionType::Installed,
        Reason::AdministratorRoleLost,
        &["no user of the Microsoft 365 tenant any more"],
    );
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t7_without_accepted_terms_nothing_runs_and_no_call_is_made() {
    let case = declared(World::three(), json!({ "acceptTerms": false })).await;
    case.create(&contact_sync(ANA)).await;
    let found: CrmTenant = case.says("orchard", Reason::TermsNotAccepted).await;
    for kind in [ConditionType::Installed, ConditionType::Stalled] {
        found.words(kind, Reason::TermsNotAccepted, &["acceptTerms", "docs/terms.md"]);
    }
    let sync: ContactSync = case.says("ana", Reason::TenantNotReady).await;
    sync.words(ConditionType::Ready, Reason::TenantNotReady, &["terms"]);
    assert_eq!(case.journal_end().await, 0, "no call");

    installation(&case, json!({ "acceptTerms": true })).await;
    case.settled::<CrmTenant>("orchard", Reason::Connected).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    let copies = case.mailbox(ANA).await;
    installation(&case, json!({ "acceptTerms": false })).await;
    case.says::<CrmTenant>("orchard", Reason::TermsNotAccepted).await;
    case.says::<ContactSync>("ana", Reason::TenantNotReady).await;
    assert_eq!(case.mailbox(ANA).await, copies, "what is in the mailboxes stays");
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t3_without_a_crm_account_the_link_to_sign_up_is_shown_and_it_goes_on_by_itself() {
    let world = World::three()
        .set("/crm/0/users/0", "email", json!("owner@orchard.example"))
        .set("/crm/0/clients/0", "user", json!("owner@orchard.example"));
    let case = declared(world, json!({})).await;
    let found: CrmTenant = case.says("orchard", Reason::AccountNotFound).await;
    let words = [
        "https://www.zoho.eu/crm/signup.html",
        "goes on by itself",
        "installation.account",
    ];
    found.words(ConditionType::AccountLinked, Reason::AccountNotFound, &words);
    assert!(
        found.condition(ConditionType::Stalled).is_none(),
        "it is waited for"
    );
    case.crm(json!({ "do": "add_user", "user": { "email": NORA, "lastName": "Weissenfels" } }))
        .await;
    let found: CrmTenant = case.settled("orchard", Reason::Connected).await;
    found.words(ConditionType::AccountLinked, Reason::AccountVerified, &[]);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t4_an_account_with_the_same_address_is_used_directly_and_t6_is_the_super_admin() {
    let case = Case::connected(World::three()).await;
    let found: CrmTenant = case.get("orchard").await;
    found.words(ConditionType::AccountLinked, Reason::AccountVerified, &[]);
    found.words(ConditionType::SuperAdmin, Reason::SuperAdminVerified, &[]);
    let record = found.status.unwrap().installation.unwrap();
    assert!(record.crm_user_id.is_some());
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t5_an_account_with_another_address_is_linked_and_t6_another_super_admin_only_warns() {
    let world = World::three().push(
        "/crm/0/users",
        json!({ "email": "nora@weissenfels.example", "lastName": "Weissenfels" }),
    );
    let account = json!({ "mode": "Link", "email": "norah@weissenfels.example" });
    let case = declared(world, json!({ "account": account })).await;
    let found: CrmTenant = case.says("orchard", Reason::AccountNotFound).await;
    found.words(
        ConditionType::AccountLinked,
        Reason::AccountNotFound,
        &["installation.account.email", "correct it"],
    );
    installation(
        &case,
        json!({ "account": { "email": "nora@weissenfels.example" } }),
    )
    .await;
    let found: CrmTenant = case.settled("orchard", Reason::Connected).await;
    found.words(ConditionType::AccountLinked, Reason::AccountVerified, &[]);
    let super_admin = found.condition(ConditionType::SuperAdmin).unwrap();
    assert_eq!(super_admin.reason(), Reason::SuperAdminDiffers.as_str());
    assert!(super_admin.message().contains("A warning only"));
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t6_an_account_that_is_gone_later_warns_or_stops() {
    let account = json!({ "mode": "Link", "email": "nora@weissenfels.example" });
    let world = World::three().push(
        "/crm/0/users",
        json!({ "email": "nora@weissenfels.example", "lastName": "Weissenfels" }),
    );
    let case = declared(world, json!({ "account": account })).await;
    case.settled::<CrmTenant>("orchard", Reason::Connected).await;
    case.crm(json!({ "do": "disable_user", "user": "nora@weissenfels.example" }))
        .await;
    installation(&case, json!({ "recheck": "Stop" })).await;
    let found = looked(&case, Reason::AdministratorRoleLost).await;
    found.words(
        ConditionType::Stalled,
        Reason::AdministratorRoleLost,
        &["CRM account", "links are kept"],
    );
    installation(&case, json!({ "recheck": "Warn" })).await;
    let found: CrmTenant = case.says("orchard", Reason::Connected).await;
    found.words(
        ConditionType::AccountLinked,
        Reason::AccountNotFound,
        &["no active user of the organisation any more"],
    );
    case.finish().await;
}

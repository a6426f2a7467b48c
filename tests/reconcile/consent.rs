//! What the administrator of the Microsoft 365 tenant consented to.

use crmlink::api::{ConditionType, ContactSync, CrmTenant, Reason};
use serde_json::{Value, json};

use crate::support::{ANA, CLIENT_ID, Case, Reported, TENANT_ID, World, contact_sync, secrets, tenant};

const ALL: [&str; 5] = [
    "Application.Read.All",
    "GroupMember.Read.All",
    "RoleManagement.Read.Directory",
    "User.Read.All",
    "Contacts.ReadWrite",
];

fn granting(permissions: &[&str]) -> World {
    World::three().set("/office365/0/apps/0", "permissions", json!(permissions))
}

async fn declared(world: World) -> Case {
    let case = Case::start(world).await;
    for secret in secrets() {
        case.create(&secret).await;
    }
    case.create(&tenant()).await;
    case
}

async fn looked(case: &Case, reason: Reason) -> CrmTenant {
    case.request::<CrmTenant>("orchard").await;
    case.says("orchard", reason).await
}

fn grant(permission: &str) -> Value {
    json!({ "do": "grant_permission", "clientId": CLIENT_ID, "permission": permission })
}

#[tokio::test(flavor = "multi_thread")]
async fn t1_each_missing_permission_is_named_with_the_link_to_consent() {
    let case = declared(granting(&["Application.Read.All", "User.Read.All"])).await;
    let found: CrmTenant = case.says("orchard", Reason::PermissionMissing).await;
    let link = format!("/{TENANT_ID}/adminconsent?client_id={CLIENT_ID}");
    let words = [
        "GroupMember.Read.All",
        "RoleManagement.Read.Directory",
        "Contacts.ReadWrite",
        &link,
    ];
    for kind in [ConditionType::ConsentGranted, ConditionType::Stalled] {
        found.words(kind, Reason::PermissionMissing, &words);
        let message = found.condition(kind).unwrap().message();
        assert!(
            !message.contains("User.Read.All"),
            "that one is granted: {message}"
        );
    }
    for permission in ALL {
        case.office(grant(permission)).await;
    }
    // A consent shows in the next token.
    case.office(json!({ "do": "revoke_tokens" })).await;
    case.request::<CrmTenant>("orchard").await;
    let found: CrmTenant = case.settled("orchard", Reason::Connected).await;
    found.words(ConditionType::ConsentGranted, Reason::PermissionsGranted, &[]);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t1_without_any_consent_the_first_permission_is_named() {
    let case = declared(granting(&["User.Read.All"])).await;
    let found: CrmTenant = case.says("orchard", Reason::PermissionMissing).await;
    found.words(
        ConditionType::ConsentGranted,
        Reason::PermissionMissing,
        &["Application.Read.All", "/adminconsent?"],
    );
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t1_consent_that_is_withdrawn_stops_the_syncs_and_removes_nothing() {
    let case = Case::in_sync(World::three(), ANA).await;
    let before = case.mailbox(ANA).await;
    case.office(json!({ "do": "revoke_consent", "clientId": CLIENT_ID }))
        .await;
    case.office(json!({ "do": "revoke_tokens" })).await;
    looked(&case, Reason::PermissionMissing).await;
    case.says::<ContactSync>("ana", Reason::TenantNotReady).await;
    assert_eq!(case.mailbox(ANA).await, before);
    for permission in ALL {
        case.office(grant(permission)).await;
    }
    case.office(json!({ "do": "revoke_tokens" })).await;
    looked(&case, Reason::Connected).await;
    case.sync_now("ana").await;
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t1_a_right_that_exchange_grants_for_a_mailbox_needs_no_consent() {
    let directory = &ALL[..4];
    let role = json!({ "permission": "Contacts.ReadWrite", "users": [ANA] });
    let world = granting(directory).set("/office365/0/apps/0", "exchangeRoles", json!([role]));
    let case = declared(world).await;
    case.create(&contact_sync(ANA)).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    let found = looked(&case, Reason::Connected).await;
    found.words(
        ConditionType::ConsentGranted,
        Reason::PermissionsGranted,
        &["RBAC for Applications"],
    );
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t1_where_neither_consent_nor_exchange_grants_a_mailbox_its_sync_says_so() {
    let case = declared(granting(&ALL[..4])).await;
    case.create(&contact_sync(ANA)).await;
    let sync: ContactSync = case.says("ana", Reason::PermissionMissing).await;
    sync.words(
        ConditionType::Ready,
        Reason::PermissionMissing,
        &["Contacts.ReadWrite"],
    );
    let found = looked(&case, Reason::Connected).await;
    let consent = found.condition(ConditionType::ConsentGranted).unwrap();
    assert_eq!(consent.reason(), Reason::PermissionMissing.as_str());
    assert!(
        consent.message().contains("/adminconsent?"),
        "{}",
        consent.message()
    );
    case.finish().await;
}

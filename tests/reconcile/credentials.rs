//! Signing in: what a tenant says when its credentials do not work, and how it goes on once they do.

use crmlink::api::{ConditionType, ContactSync, CrmTenant, Reason};
use emulators::{Emulators, Options};
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::events::v1::Event;
use kube::api::ListParams;
use serde_json::{Value, json};

use crate::support::{
    ANA, CLIENT_ID, CRM_CLIENT, CRM_REFRESH, Case, OFFICE_SECRET, Reported, World, contact_sync, crm_secret,
    office_secret, tenant, until,
};

/// A case whose tenant is declared with these changes of world and Secrets.
async fn declared(world: World, office: Value, crm: Value, tenant: Value) -> Case {
    let case = Case::start(world).await;
    for object in [office, crm, tenant] {
        case.create(&object).await;
    }
    case
}

async fn put(case: &Case, secret: &str, key: &str, value: &str) {
    case.change::<Secret>(secret, json!({ "stringData": { key: value } }))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_secret_is_named_and_waited_for() {
    let case = Case::start(World::three()).await;
    case.create(&tenant()).await;
    let found: CrmTenant = case.says("orchard", Reason::MissingSecret).await;
    found.words(
        ConditionType::Ready,
        Reason::MissingSecret,
        &["office365", "client-secret"],
    );
    case.create(&contact_sync(ANA)).await;
    let sync: ContactSync = case.says("ana", Reason::TenantNotReady).await;
    sync.words(
        ConditionType::Ready,
        Reason::TenantNotReady,
        &["its own conditions say why"],
    );
    assert!(
        sync.condition(ConditionType::Stalled).is_none(),
        "it goes on by itself"
    );

    case.create(&office_secret(OFFICE_SECRET)).await;
    let message = "the other Secret is missing";
    case.when("orchard", message, |tenant: &CrmTenant| {
        let ready = tenant.condition(ConditionType::Ready);
        ready.is_some_and(|ready| ready.message().contains("zoho"))
    })
    .await;
    let mut incomplete = crm_secret();
    incomplete["stringData"]["refresh-token"] = json!("  \n");
    case.create(&incomplete).await;
    let found: CrmTenant = case.says("orchard", Reason::MissingSecretKey).await;
    found.words(
        ConditionType::Ready,
        Reason::MissingSecretKey,
        &["zoho", "refresh-token"],
    );
    let calls = case.journal("zoho", "POST", 0).await.len() + case.journal("graph", "POST", 0).await.len();
    assert_eq!(calls, 0, "bad input costs no call");

    // A line end comes from editors.
    put(&case, "zoho", "refresh-token", &format!("{CRM_REFRESH}\n")).await;
    case.settled::<CrmTenant>("orchard", Reason::Connected).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_the_operator_may_not_read_is_said_and_read_once_it_may() {
    let case = Case::without_secrets(World::three()).await;
    case.sign_in_unsettled().await;
    case.create(&contact_sync(ANA)).await;
    let found: CrmTenant = case.says("orchard", Reason::PermissionMissing).await;
    let words = [
        "the Secret office365",
        "service account",
        "verb get on secrets in this namespace",
    ];
    found.words(ConditionType::Ready, Reason::PermissionMissing, &words);
    assert!(
        found.condition(ConditionType::Stalled).is_none(),
        "it goes on by itself"
    );
    case.says::<ContactSync>("ana", Reason::TenantNotReady).await;
    let calls = case.journal("zoho", "POST", 0).await.len() + case.journal("graph", "POST", 0).await.len();
    assert_eq!(calls, 0, "nobody is asked without credentials");

    case.admit_to_secrets().await;
    case.settled::<CrmTenant>("orchard", Reason::Connected).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_client_secret_is_said_and_its_repair_noticed_at_once() {
    let case = declared(
        World::three(),
        office_secret("0f1e2d3c-id-of-the-secret"),
        crm_secret(),
        tenant(),
    )
    .await;
    case.create(&contact_sync(ANA)).await;
    let found: CrmTenant = case.says("orchard", Reason::WrongClientSecret).await;
    let words = ["client secret", "value (not its id)", "office365.auth.secretRef"];
    found.words(ConditionType::Ready, Reason::WrongClientSecret, &words);
    found.words(ConditionType::Stalled, Reason::WrongClientSecret, &words);
    found.words(ConditionType::OfficeConnected, Reason::WrongClientSecret, &words);
    found.words(ConditionType::CrmConnected, Reason::Connected, &[]);
    // Told once the status is written.
    let warned = until(async || {
        let events = case.api::<Event>().list(&ListParams::default()).await.unwrap();
        let mut of_reason = events
            .iter()
            .filter(|event| event.reason.as_deref() == Some("WrongClientSecret"));
        of_reason
            .any(|event| event.type_.as_deref() == Some("Warning"))
            .then_some(())
    });
    warned.await.expect("kubectl describe shows it");

    put(&case, "office365", "client-secret", OFFICE_SECRET).await;
    let found: CrmTenant = case.settled("orchard", Reason::Connected).await;
    assert!(found.condition(ConditionType::Stalled).is_none());
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rotated_credentials_are_taken_up_without_a_restart() {
    let case = Case::in_sync(World::three(), ANA).await;
    let refused = case.counter("graph", "token_requests_refused").await;
    let issued = case.counter("graph", "tokens_issued").await;
    let rotated = "office~rotated~Wk9pL02";
    case.office(json!({ "do": "rotate_secret", "clientId": CLIENT_ID, "secret": rotated }))
        .await;
    put(&case, "office365", "client-secret", rotated).await;
    // Only a new sign-in proves that the new values are used.
    let signed_in = async |more: u64| {
        let look = async || (case.counter("graph", "tokens_issued").await >= issued + more).then_some(());
        until(look).await.expect("a sign-in with each change");
    };
    signed_in(1).await;
    case.settled::<CrmTenant>("orchard", Reason::Connected).await;
    let crm = "crmrotated77ab12";
    case.crm(json!({ "do": "rotate_secret", "clientId": CRM_CLIENT, "secret": crm }))
        .await;
    put(&case, "zoho", "client-secret", crm).await;
    signed_in(2).await;
    // The check that signed in has ended once the next one has.
    case.request::<CrmTenant>("orchard").await;
    case.settled::<CrmTenant>("orchard", Reason::Connected).await;

    case.office(json!({ "do": "revoke_tokens" })).await;
    case.crm(json!({ "do": "expire_tokens" })).await;
    case.crm(json!({ "do": "update_contact", "where": { "Last_Name": "Aldersgate" }, "fields": { "Title": "Cooper" } }))
        .await;
    case.sync_now("ana").await;
    assert_eq!(case.writes().await[1], 1);
    assert_eq!(
        case.counter("graph", "token_requests_refused").await,
        refused,
        "the old ones are not used"
    );
    assert_eq!(case.counter("zoho", "refused_logins").await, 0);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_application_or_tenant_is_said() {
    let mut unknown = tenant();
    unknown["spec"]["office365"]["clientId"] = json!("99999999-2a64-49d5-9a3e-7b0f4d2c8e02");
    let case = declared(
        World::three(),
        office_secret(OFFICE_SECRET),
        crm_secret(),
        unknown,
    )
    .await;
    let found: CrmTenant = case.says("orchard", Reason::UnknownApplication).await;
    let words = ["office365.clientId", "administrator consented"];
    found.words(ConditionType::Stalled, Reason::UnknownApplication, &words);

    let spec = json!({ "tenantId": "99999999-41c5-4f0f-8a0c-5a3d7c1b9e01", "clientId": CLIENT_ID });
    case.change::<CrmTenant>("orchard", json!({ "spec": { "office365": spec } }))
        .await;
    let found: CrmTenant = case.says("orchard", Reason::UnknownOfficeTenant).await;
    found.words(
        ConditionType::Stalled,
        Reason::UnknownOfficeTenant,
        &["office365.tenantId"],
    );

    let right = tenant()["spec"]["office365"]["tenantId"].clone();
    case.change::<CrmTenant>(
        "orchard",
        json!({ "spec": { "office365": { "tenantId": right } } }),
    )
    .await;
    case.settled::<CrmTenant>("orchard", Reason::Connected).await;
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_client_secret_and_a_missing_permission_are_said() {
    let case = Case::in_sync(World::three(), ANA).await;
    case.office(json!({ "do": "expire_secret", "clientId": CLIENT_ID }))
        .await;
    case.office(json!({ "do": "revoke_tokens" })).await;
    // The sync meets it first and sends its tenant to find out.
    case.request::<ContactSync>("ana").await;
    let found: CrmTenant = case.says("orchard", Reason::ClientSecretExpired).await;
    found.words(
        ConditionType::Stalled,
        Reason::ClientSecretExpired,
        &["new one", "office365.auth.secretRef"],
    );
    case.says::<ContactSync>("ana", Reason::TenantNotReady).await;

    let renewed = "office~renewed~Zt4yQ88";
    case.office(json!({ "do": "rotate_secret", "clientId": CLIENT_ID, "secret": renewed }))
        .await;
    let permission = json!({ "clientId": CLIENT_ID, "permission": "Contacts.ReadWrite" });
    let mut revoke = permission.clone();
    revoke["do"] = json!("revoke_permission");
    case.office(revoke).await;
    put(&case, "office365", "client-secret", renewed).await;
    case.settled::<CrmTenant>("orchard", Reason::Connected).await;
    let sync: ContactSync = case.says("ana", Reason::PermissionMissing).await;
    sync.words(
        ConditionType::Ready,
        Reason::PermissionMissing,
        &["Contacts.ReadWrite", "consent"],
    );
    let mut grant = permission;
    grant["do"] = json!("grant_permission");
    case.office(grant).await;
    case.office(json!({ "do": "revoke_tokens" })).await;
    case.sync_now("ana").await;
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_crm_credentials_are_said() {
    let mut wrong = crm_secret();
    wrong["stringData"]["client-secret"] = json!("notthesecretofanybody");
    let case = declared(World::three(), office_secret(OFFICE_SECRET), wrong, tenant()).await;
    case.create(&contact_sync(ANA)).await;
    let found: CrmTenant = case.says("orchard", Reason::CrmCredentialsRejected).await;
    let words = [
        "wrong client id or secret",
        "crm.zoho.credentialsRef",
        "crm.zoho.dataCenter",
    ];
    found.words(ConditionType::Stalled, Reason::CrmCredentialsRejected, &words);
    found.words(ConditionType::OfficeConnected, Reason::Connected, &[]);
    let right = crm_secret()["stringData"]["client-secret"].clone();
    put(&case, "zoho", "client-secret", right.as_str().unwrap()).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;

    // Somebody removes the connection in the CRM's own settings.
    case.crm(json!({ "do": "revoke_refresh_token", "clientId": CRM_CLIENT }))
        .await;
    case.request::<ContactSync>("ana").await;
    let found: CrmTenant = case.says("orchard", Reason::CrmCredentialsRejected).await;
    found.words(
        ConditionType::Stalled,
        Reason::CrmCredentialsRejected,
        &["refresh token", "revoked"],
    );
    let sync: ContactSync = case.says("ana", Reason::TenantNotReady).await;
    assert!(sync.condition(ConditionType::Stalled).is_none());
    let refused = case.counter("zoho", "refused_logins").await;

    let granted = "1000.grantedanew.55dd";
    case.crm(json!({ "do": "set_refresh_token", "clientId": CRM_CLIENT, "refreshToken": granted }))
        .await;
    put(&case, "zoho", "refresh-token", granted).await;
    case.settled::<CrmTenant>("orchard", Reason::Connected).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    assert_eq!(case.counter("zoho", "refused_logins").await, refused);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_sign_in_waits_and_asks_no_more() {
    let case = Case::start(World::three()).await;
    let denied = json!({ "error": "Access Denied", "status": "failure" });
    let rule = case
        .fault(json!({
            "service": "zoho", "method": "POST", "path": "/oauth/v2/token", "times": 0,
            "answer": { "status": 400, "body": denied },
        }))
        .await;
    case.sign_in_unsettled().await;
    let found: CrmTenant = case.says("orchard", Reason::CrmThrottled).await;
    found.words(
        ConditionType::Ready,
        Reason::CrmThrottled,
        &["throttling", "no token call before"],
    );
    assert!(found.condition(ConditionType::Stalled).is_none());
    case.request::<CrmTenant>("orchard").await;
    case.says::<CrmTenant>("orchard", Reason::CrmThrottled).await;
    assert_eq!(case.fired(rule).await, 1, "a request does not break the wait");
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_whose_sign_in_is_throttled_waits_and_stays_ready() {
    let case = Case::in_sync(World::three(), ANA).await;
    let denied = json!({ "error": "Access Denied", "status": "failure" });
    let rule = json!({
        "service": "zoho", "method": "POST", "path": "/oauth/v2/token", "times": 0,
        "answer": { "status": 400, "body": denied },
    });
    case.fault(rule).await;
    case.crm(json!({ "do": "expire_tokens" })).await;
    case.request::<ContactSync>("ana").await;
    let sync = case
        .when("ana", "waiting", |sync: &ContactSync| {
            sync.condition(ConditionType::Reconciling).is_some()
        })
        .await;
    let words = ["Zoho CRM asks to slow down", "goes on by itself"];
    sync.words(ConditionType::Reconciling, Reason::ProgressingWithRetry, &words);
    sync.words(ConditionType::Ready, Reason::InSync, &[]);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_with_the_network_is_said_in_plain_words() {
    let mut case = Case::without_operator(World::three()).await;
    // The authority of other services takes the place of the one that these have.
    let options = Options {
        ca_file: Some(case.folder().join("ca.pem")),
        ..Options::default()
    };
    let others = Emulators::start(&options).unwrap();
    case.start_operator().await;
    drop(others);
    case.sign_in_unsettled().await;
    let found: CrmTenant = case.says("orchard", Reason::Unreachable).await;
    let words = [
        "cannot connect to 127.0.0.1",
        "authority that is not trusted",
        "tried again",
    ];
    found.words(ConditionType::Ready, Reason::Unreachable, &words);
    found.words(ConditionType::OfficeConnected, Reason::Unreachable, &words);
    found.words(ConditionType::CrmConnected, Reason::Unreachable, &words);
    case.finish().await;
}

//! `crmlink users`: from the directory to manifests (U7).

use crmlink::api::{CrmTenant, CrmUserInvite, Reason};
use kube::api::ListParams;
use serde_json::{Value, json};

use crate::support::{
    ANA, BEN, CRM_REFRESH, CRM_SECRET, Case, Ended, OFFICE_SECRET, World, office_secret, tenant, with,
};

const CARLA: &str = "carla@orchard.example";
const DORA: &str = "dora@orchard.example";
const ERIK: &str = "erik@orchard.example";

/// Three more people in the directory. Dora is in the CRM by another of her own addresses, Erik by one that is not his
/// in Microsoft 365.
fn world() -> World {
    let crm_user =
        |email: &str, last_name: &str| json!({ "email": email, "firstName": "X", "lastName": last_name });
    World::new()
        .push("/office365/0/users", json!({ "userPrincipalName": CARLA }))
        .push(
            "/office365/0/users",
            json!({ "userPrincipalName": DORA, "proxyAddresses": ["SMTP:dora@orchard.example", "smtp:d.quill@orchard.example"] }),
        )
        .push("/office365/0/users", json!({ "userPrincipalName": ERIK }))
        .push("/crm/0/users", crm_user("d.quill@orchard.example", "Quillfeather"))
        .push("/crm/0/users", crm_user("erik.far@elsewhere.example", "Farthingale"))
}

/// A tenant that is signed in, with this in its spec; nobody works on it any more.
async fn declared(world: World, spec: Value) -> Case {
    let mut case = Case::start(world).await;
    case.create_secrets().await;
    case.create(&with(tenant(), spec)).await;
    case.settled::<CrmTenant>("orchard", Reason::Connected).await;
    case.stop_operator().await;
    case
}

async fn users(case: &Case, more: &[&str]) -> Ended {
    let services = case.service_flags();
    let mut arguments = vec!["users", "orchard"];
    arguments.extend(services.iter().map(String::as_str));
    arguments.extend(more);
    let ended = case.command(&arguments).await;
    for secret in [OFFICE_SECRET, CRM_SECRET, CRM_REFRESH] {
        for text in [&ended.printed, &ended.complained] {
            assert!(!text.contains(secret), "a secret is printed: {text}");
        }
    }
    ended
}

async fn names(case: &Case) -> Vec<String> {
    let listed = users(case, &["-o", "json"]).await.with(0).json();
    let rows = listed.as_array().unwrap().iter();
    rows.map(|row| row["user"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn u7_approved_users_who_are_not_in_the_crm_become_manifests() {
    let case = declared(world(), json!({})).await;
    assert_eq!(names(&case).await, [CARLA, ERIK]);
    let links =
        json!({ "spec": { "accountLinks": [{ "user": ERIK, "crmUser": "erik.far@elsewhere.example" }] } });
    case.change::<CrmTenant>("orchard", links).await;
    let table = users(&case, &[]).await.with(0);
    let rows: Vec<&str> = table.printed.lines().collect();
    assert!(rows.len() == 2 && rows[1].starts_with(CARLA), "{table:?}");

    let printed = users(&case, &["-o", "manifests", "--type", "JoinRequest"])
        .await
        .with(0);
    let manifests: Vec<Value> = serde_saphyr::from_multiple(&printed.printed).unwrap();
    let [manifest] = &manifests[..] else {
        panic!("{printed:?}");
    };
    assert_eq!(
        manifest,
        &json!({
            "apiVersion": "crmlink.dev/v1alpha1", "kind": "CrmUserInvite",
            "metadata": { "name": "carla", "namespace": case.namespace },
            "spec": { "tenantRef": { "name": "orchard" }, "type": "JoinRequest", "user": CARLA },
        })
    );
    case.create(manifest).await;
    let stored = case
        .api::<CrmUserInvite>()
        .list(&ListParams::default())
        .await
        .unwrap();
    assert_eq!(json!(stored.items[0].spec), manifest["spec"]);
    let nobody = users(&case, &["-o", "manifests"]).await.with(0);
    assert_eq!(nobody.printed, "");
    nobody.about(&["every approved user is in the CRM"]);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u7_only_those_whom_the_tenant_approves_are_listed() {
    let groups = json!([{ "displayName": "Sales", "members": [ERIK, ANA] }]);
    let world = world().set("/office365/0", "groups", groups);
    let world = world.set("/office365/0/apps/0", "assignedTo", json!(["Sales", BEN]));
    let case = declared(world, json!({ "approvedUsers": { "mode": "AppAssignment" } })).await;
    assert_eq!(names(&case).await, [ERIK]);
    let listed = json!({ "spec": { "approvedUsers": { "mode": "Listed", "users": [CARLA, DORA] } } });
    case.change::<CrmTenant>("orchard", listed).await;
    assert_eq!(names(&case).await, [CARLA]);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_users_from_being_listed_is_said() {
    let case = declared(world(), json!({})).await;
    let unknown = case.command(&["users", "nowhere"]).await.with(1);
    unknown.about(&["there is no CrmTenant nowhere", &case.namespace]);

    let secret = json!({ "stringData": office_secret("not~the~secret")["stringData"] });
    case.change::<k8s_openapi::api::core::v1::Secret>("office365", secret)
        .await;
    let refused = users(&case, &[]).await.with(1);
    refused.about(&["Microsoft 365", "client secret is wrong"]);

    let suspended = json!({ "spec": { "suspend": true } });
    case.change::<CrmTenant>("orchard", suspended).await;
    users(&case, &[]).await.with(1).about(&["orchard is suspended"]);
    let refused = json!({ "spec": { "installation": { "acceptTerms": false } } });
    case.change::<CrmTenant>("orchard", refused).await;
    users(&case, &[])
        .await
        .with(1)
        .about(&["does not accept the terms"]);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u7_the_callers_own_rights_count() {
    let case = declared(world(), json!({})).await;
    let services = case.service_flags();
    let mut arguments = vec!["users", "orchard"];
    arguments.extend(services.iter().map(String::as_str));
    // The built-in role `view` reads no Secrets, and by itself none of our kinds.
    let refused = case.command_of_holder("view", &arguments).await.with(1);
    refused.about(&["does not let you read crmtenants"]);
    case.finish().await;
}

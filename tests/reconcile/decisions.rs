//! Who may decide about a request to join: the chart's admission policy and its role for approvers, on the real API
//! server. No operator runs here.

use crmlink::api::CrmUserInvite;
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use kube::api::{Patch, PatchParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};
use serde_json::{Value, json};

use crate::support::{ANA, BEN, Case, SYSTEM, World, invite_with};

const APPROVER: &str = "approver";
const STRANGER: &str = "stranger";
const AT: &str = "2026-11-28T12:00:00Z";

/// A request to join and an invitation, and somebody who holds the chart's role for approvers.
async fn requested() -> Case {
    let case = Case::without_operator(World::new()).await;
    case.create(&invite_with(ANA, json!({ "type": "JoinRequest" })))
        .await;
    case.create(&invite_with(BEN, json!({ "type": "Invitation" })))
        .await;
    let binding = json!({
        "metadata": { "name": "approvers" },
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole",
            "name": format!("{SYSTEM}-crmlink-approver"),
        },
        "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": APPROVER }],
    });
    bind(&case, binding).await;
    case
}

async fn bind(case: &Case, binding: Value) {
    let bindings: Api<RoleBinding> = Api::namespaced(case.client.clone(), &case.namespace);
    let binding = serde_json::from_value(binding).unwrap();
    bindings.create(&PostParams::default(), &binding).await.unwrap();
}

/// The API server as a person sees it.
async fn invites_as(case: &Case, user: &str) -> Api<CrmUserInvite> {
    let path = case.folder().join("admin.kubeconfig");
    case.cluster().kubeconfig(&path).unwrap();
    let options = KubeConfigOptions::default();
    let mut config = Config::from_custom_kubeconfig(Kubeconfig::read_from(&path).unwrap(), &options)
        .await
        .unwrap();
    config.auth_info.impersonate = Some(user.to_owned());
    Api::namespaced(Client::try_from(config).unwrap(), &case.namespace)
}

/// What an approver writes.
fn decision(verdict: &str, by: &str) -> Value {
    json!({
        "decision": { "verdict": verdict, "by": by, "crmUserId": "4000000000000000201", "at": AT },
        "conditions": [{
            "type": verdict, "status": "True", "reason": "ApprovedByManager", "message": "", "lastTransitionTime": AT,
        }],
    })
}

async fn decide(invites: &Api<CrmUserInvite>, name: &str, status: Value) -> Result<CrmUserInvite, String> {
    apply(invites, "crmlink-approval", name, status).await
}

async fn apply(
    invites: &Api<CrmUserInvite>,
    manager: &str,
    name: &str,
    status: Value,
) -> Result<CrmUserInvite, String> {
    let patch = json!({
        "apiVersion": "crmlink.dev/v1alpha1", "kind": "CrmUserInvite",
        "metadata": { "name": name }, "status": status,
    });
    let parameters = PatchParams::apply(manager).force();
    let written = invites
        .patch_status(name, &parameters, &Patch::Apply(patch))
        .await;
    written.map_err(|error| error.to_string())
}

#[track_caller]
fn refused(result: Result<CrmUserInvite, String>, part: &str) {
    let error = result.expect_err("it is refused");
    assert!(error.contains(part), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn u5_an_approver_decides_once_and_in_their_own_name() {
    let case = requested().await;
    let operator = case
        .cluster()
        .service_account_client(SYSTEM, "crmlink")
        .await
        .unwrap();
    let operator: Api<CrmUserInvite> = Api::namespaced(operator, &case.namespace);
    let seen = json!({ "observedGeneration": 1, "phase": "AwaitingApproval" });
    apply(&operator, "crmlink", "ana", seen)
        .await
        .expect("the operator may write everything");
    let invites = invites_as(&case, APPROVER).await;
    let in_anothers = decide(&invites, "ana", decision("Approved", "somebody-else")).await;
    refused(
        in_anothers,
        "a decision is made in one's own name: status.decision.by has to be approver",
    );
    let decided = decide(&invites, "ana", decision("Approved", APPROVER))
        .await
        .unwrap();
    assert_eq!(decided.status.unwrap().decision.unwrap().by, APPROVER);
    for later in ["Approved", "Denied"] {
        let mut again = decision(later, APPROVER);
        again["decision"]["crmUserId"] = json!("4000000000000000202");
        refused(
            decide(&invites, "ana", again).await,
            "this request to join is decided",
        );
    }
    // Taken back, it would be open again.
    let taken_back = Patch::Merge(json!({ "status": { "decision": null, "conditions": [] } }));
    let taken_back = invites
        .patch_status("ana", &PatchParams::default(), &taken_back)
        .await;
    refused(
        taken_back.map_err(|error| error.to_string()),
        "this request to join is decided",
    );
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u5_who_may_write_the_status_may_not_decide_without_the_verb() {
    let case = requested().await;
    let metadata = json!({ "name": "writers" });
    let writing = json!([{
        "apiGroups": ["crmlink.dev"], "resources": ["crmuserinvites", "crmuserinvites/status"],
        "verbs": ["get", "list", "patch", "update"],
    }]);
    let roles: Api<Role> = Api::namespaced(case.client.clone(), &case.namespace);
    let role = serde_json::from_value(json!({ "metadata": metadata, "rules": writing })).unwrap();
    roles.create(&PostParams::default(), &role).await.unwrap();
    let binding = json!({
        "metadata": metadata,
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "writers" },
        "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": STRANGER }],
    });
    bind(&case, binding).await;
    let invites = invites_as(&case, STRANGER).await;
    refused(
        decide(&invites, "ana", decision("Approved", STRANGER)).await,
        "needs the verb approve on crmuserinvites, which stranger does not have",
    );
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u5_an_approver_writes_nothing_else_in_the_status() {
    let case = requested().await;
    let invites = invites_as(&case, APPROVER).await;
    let accepted = json!([{
        "type": "Accepted", "status": "True", "reason": "UserActive", "message": "", "lastTransitionTime": AT,
    }]);
    for forged in [
        json!({ "phase": "Active" }),
        json!({ "crmUserId": "4000000000000000201" }),
        json!({ "officeUserId": "a" }),
        json!({ "invitedAt": AT }),
        json!({ "acceptedAt": AT }),
        json!({ "observedGeneration": 1 }),
        json!({ "lastHandledRequestedAt": "now" }),
        json!({ "requestMails": { "sent": 1, "completedAt": AT } }),
        json!({ "conditions": accepted }),
    ] {
        refused(
            decide(&invites, "ana", forged.clone()).await,
            "only the operator writes the status",
        );
        let mut with_decision = decision("Approved", APPROVER);
        for (member, value) in forged.as_object().unwrap() {
            match (value, &mut with_decision[member]) {
                (Value::Array(more), Value::Array(all)) => all.extend(more.iter().cloned()),
                (value, place) => *place = value.clone(),
            }
        }
        refused(
            decide(&invites, "ana", with_decision).await,
            "only the operator writes the status",
        );
    }
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u5_a_decision_is_whole_and_about_a_request_to_join() {
    let case = requested().await;
    let invites = invites_as(&case, APPROVER).await;
    refused(
        decide(&invites, "ben", decision("Approved", APPROVER)).await,
        "only a request to join (type JoinRequest) can be approved or denied",
    );
    let mut contrary = decision("Approved", APPROVER);
    contrary["decision"]["verdict"] = json!("Denied");
    let mut not_true = decision("Approved", APPROVER);
    not_true["conditions"][0]["status"] = json!("False");
    let mut without_condition = decision("Approved", APPROVER);
    without_condition["conditions"] = json!([]);
    let mut without_decision = decision("Approved", APPROVER);
    without_decision.as_object_mut().unwrap().remove("decision");
    for half in [contrary, not_true, without_condition, without_decision] {
        refused(
            decide(&invites, "ana", half).await,
            "status.decision and the one condition Approved or Denied have to say the same",
        );
    }
    decide(&invites, "ana", decision("Denied", APPROVER))
        .await
        .unwrap();
    case.finish().await;
}

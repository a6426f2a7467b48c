//! The roles are the operator's table of rights.

use k8s_openapi::api::rbac::v1::PolicyRule;
use kube::core::DynamicObject;

use crate::{kind, named, only, render};

fn rules(role: &DynamicObject) -> Vec<PolicyRule> {
    serde_json::from_value(role.data["rules"].clone()).unwrap()
}

/// What a cluster-wide object of the release is called.
fn cluster_name(end: &str) -> String {
    format!("{}-crmlink{end}", crate::NAMESPACE)
}

#[test]
fn the_roles_hold_the_table_and_nothing_else() {
    let objects = render(&[]);
    assert_eq!(
        rules(named(&objects, "ClusterRole", &cluster_name(""))),
        crmlink::rbac::cluster_rules()
    );
    assert_eq!(
        rules(named(&objects, "ClusterRole", &cluster_name("-approver"))),
        crmlink::rbac::approver_rules()
    );
    assert_eq!(
        rules(only(&objects, "Role")),
        crmlink::rbac::own_namespace_rules("crmlink-key", "crmlink")
    );
    let named = render(&["keySecret=hashes"]);
    assert_eq!(
        rules(only(&named, "Role")),
        crmlink::rbac::own_namespace_rules("hashes", "crmlink")
    );
}

#[test]
fn the_bindings_give_the_roles_to_the_service_account_of_the_pod() {
    for set in [
        &[][..],
        &["serviceAccount.name=other"],
        &["serviceAccount.create=false", "serviceAccount.name=mine"],
    ] {
        let objects = render(set);
        let account = &only(&objects, "Deployment").data["spec"]["template"]["spec"]["serviceAccountName"];
        for (binding, role) in [("ClusterRoleBinding", "ClusterRole"), ("RoleBinding", "Role")] {
            let binding = only(&objects, binding);
            assert_eq!(&binding.data["subjects"][0]["name"], account);
            assert_eq!(binding.data["subjects"][0]["namespace"], crate::NAMESPACE);
            assert_eq!(binding.data["roleRef"]["kind"], role);
            let name = binding.data["roleRef"]["name"].as_str().unwrap();
            assert!(!name.ends_with("-approver"), "people approve, not the operator");
            assert_eq!(kind(named(&objects, role, name)), role);
        }
    }
}

#[test]
fn without_rbac_there_are_no_roles() {
    let objects = render(&["rbac.create=false"]);
    assert!(!objects.iter().any(|object| kind(object).contains("Role")));
}

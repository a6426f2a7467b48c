//! What the operator may do in the cluster: one table, from which the chart's roles are generated.
//!
//! A right that the code does not use has no place here, and a call that this table does not allow fails wherever the
//! operator runs under the chart's role, as it does in tests and in the demo.

use k8s_openapi::api::rbac::v1::PolicyRule;

use crate::api;

/// Rights in every watched namespace.
#[must_use]
pub fn cluster_rules() -> Vec<PolicyRule> {
    let mut kinds: Vec<String> = api::crds()
        .into_iter()
        .map(|kind| kind.spec.names.plural)
        .collect();
    kinds.sort();
    let status: Vec<String> = kinds.iter().map(|kind| format!("{kind}/status")).collect();
    vec![
        // `patch` sets and removes the finalizer; the operator never writes a `spec`.
        rule(api::GROUP, &kinds, &["get", "list", "patch", "watch"]),
        rule(api::GROUP, &status, &["patch"]),
        // Credentials are named by the tenants, so their names are not known beforehand.
        rule("", &["secrets"], &["get", "list", "watch"]),
        // The labels that a tenant's `allowedNamespaces` selects by, and the identity of the cluster.
        rule("", &["namespaces"], &["get", "list", "watch"]),
        // A repeated Event is patched, not created again.
        rule("events.k8s.io", &["events"], &["create", "patch"]),
    ]
}

/// Rights of those who decide about requests to join; bound by whoever installs the chart, to people. The verb `approve`
/// is the admission policy's, which also keeps them from writing anything else in the status.
#[must_use]
pub fn approver_rules() -> Vec<PolicyRule> {
    vec![
        rule(
            api::GROUP,
            &["crmuserinvites"],
            &["approve", "get", "list", "watch"],
        ),
        rule(api::GROUP, &["crmuserinvites/status"], &["get", "patch"]),
    ]
}

/// Rights in the operator's own namespace: the Secret with the hash key and the Lease, made when they are missing.
#[must_use]
pub fn own_namespace_rules(key_secret: &str, lease: &str) -> Vec<PolicyRule> {
    let mut read = rule("", &["secrets"], &["get"]);
    read.resource_names = Some(vec![key_secret.to_owned()]);
    let mut hold = rule("coordination.k8s.io", &["leases"], &["get", "update"]);
    hold.resource_names = Some(vec![lease.to_owned()]);
    // RBAC cannot limit `create` to a name.
    vec![
        read,
        rule("", &["secrets"], &["create"]),
        hold,
        rule("coordination.k8s.io", &["leases"], &["create"]),
    ]
}

fn rule(group: &str, resources: &[impl AsRef<str>], verbs: &[&str]) -> PolicyRule {
    PolicyRule {
        api_groups: Some(vec![group.to_owned()]),
        resources: Some(
            resources
                .iter()
                .map(|resource| resource.as_ref().to_owned())
                .collect(),
        ),
        verbs: verbs.iter().map(|verb| (*verb).to_owned()).collect(),
        ..PolicyRule::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verbs_on(rules: &[PolicyRule], resource: &str) -> Vec<String> {
        let holds = |rule: &&PolicyRule| rule.resources.iter().flatten().any(|name| name == resource);
        rules
            .iter()
            .filter(holds)
            .flat_map(|rule| rule.verbs.clone())
            .collect()
    }

    #[test]
    fn nothing_in_the_cluster_can_be_created_deleted_or_updated_but_events() {
        for rule in cluster_rules() {
            let events = rule.resources.iter().flatten().all(|name| name == "events");
            for verb in &rule.verbs {
                let allowed = ["get", "list", "watch", "patch"].contains(&verb.as_str())
                    || (events && verb == "create");
                assert!(allowed, "{verb} in {rule:?}");
            }
        }
    }

    #[test]
    fn secrets_are_written_in_the_own_namespace_alone_and_never_changed() {
        assert_eq!(verbs_on(&cluster_rules(), "secrets"), ["get", "list", "watch"]);
        assert_eq!(
            verbs_on(&own_namespace_rules("key", "lease"), "secrets"),
            ["get", "create"]
        );
    }

    #[test]
    fn no_wildcards() {
        for rule in cluster_rules()
            .into_iter()
            .chain(approver_rules())
            .chain(own_namespace_rules("key", "lease"))
        {
            let all = [rule.api_groups, rule.resources, Some(rule.verbs)];
            assert!(all.iter().flatten().flatten().all(|item| !item.contains('*')));
        }
    }
}

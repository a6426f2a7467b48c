//! A service account of one test alone, which may do less than the chart's.

use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding};
use kube::Api;
use kube::api::PostParams;
use serde_json::{Value, json};

use super::case::Case;
use super::cluster::{SYSTEM, Shared};
use super::world::World;

const GROUP: &str = "rbac.authorization.k8s.io";

fn is_of_secrets(rule: &PolicyRule) -> bool {
    rule.resources.iter().flatten().any(|name| name == "secrets")
}

/// Binds a role of `kind` to the service account of this name.
fn binding(kind: &str, name: &str) -> Value {
    json!({
        "metadata": { "name": name },
        "roleRef": { "apiGroup": GROUP, "kind": kind, "name": name },
        "subjects": [{ "kind": "ServiceAccount", "name": name, "namespace": SYSTEM }],
    })
}

async fn create<K>(api: Api<K>, object: Value)
where
    K: kube::Resource + Clone + std::fmt::Debug + serde::Serialize + serde::de::DeserializeOwned,
{
    let object = serde_json::from_value(object).unwrap();
    api.create(&PostParams::default(), &object).await.unwrap();
}

impl Shared {
    /// Makes a service account with the chart's rights, but for those to the Secrets of tenants.
    pub(super) async fn account_without_secrets(&self, name: &str) {
        let client = self.cluster.admin_client().unwrap();
        let metadata = json!({ "name": name });
        let accounts = Api::namespaced(client.clone(), SYSTEM);
        create::<ServiceAccount>(accounts, json!({ "metadata": metadata })).await;
        let mut rules = crmlink::rbac::cluster_rules();
        rules.retain(|rule| !is_of_secrets(rule));
        let role = json!({ "metadata": metadata, "rules": rules });
        create::<ClusterRole>(Api::all(client.clone()), role).await;
        create::<ClusterRoleBinding>(Api::all(client), binding("ClusterRole", name)).await;
    }
}

impl Case {
    /// As [`Case::start`], with an operator that may not read the Secrets of tenants until [`Case::admit_to_secrets`].
    pub(crate) async fn without_secrets(world: World) -> Self {
        let shared = Shared::get().await;
        let mut case = Self::new(shared, false, world).await;
        shared.account_without_secrets(&case.namespace).await;
        let account = case.namespace.clone();
        case.act_as(&account).await;
        case.start_operator().await;
        case
    }

    /// Gives its operator the right to the Secrets of this namespace, as the chart does for all.
    pub(crate) async fn admit_to_secrets(&self) {
        let mut rules = crmlink::rbac::cluster_rules();
        rules.retain(is_of_secrets);
        let name = &self.namespace;
        let role = json!({ "metadata": { "name": name }, "rules": rules });
        create::<Role>(self.api(), role).await;
        create::<RoleBinding>(self.api(), binding("Role", name)).await;
    }
}

//! One API server for all tests, and a namespace for each.

use std::fmt::Debug;

use crate::offline;
use crmlink::api::{ContactSync, CrmTenant, CrmUserInvite, crds};
use k8s_openapi::{
    NamespaceResourceScope, apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{
    Api, Client, Resource, ResourceExt,
    api::{DynamicObject, Patch, PatchParams, PostParams},
    core::Status,
    runtime::{conditions::is_crd_established, wait::await_condition},
};
use local_cluster::{Cluster, Options};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::sync::OnceCell;

static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();

async fn cluster() -> &'static Cluster {
    CLUSTER
        .get_or_init(|| async {
            let progress = |line: &str| eprintln!("{line}");
            let cluster = Cluster::from_environment(progress, Options::default())
                .await
                .unwrap();
            install(cluster.admin_client().unwrap()).await;
            cluster
        })
        .await
}

async fn install(client: Client) {
    let api: Api<CustomResourceDefinition> = Api::all(client);
    for crd in crds() {
        let name = crd.name_any();
        let params = PatchParams::apply("admission-tests").force().validation_strict();
        api.patch(&name, &params, &Patch::Apply(&crd)).await.unwrap();
        await_condition(api.clone(), &name, is_crd_established())
            .await
            .unwrap();
    }
}

/// A namespace of one test, with an administrator's access to it.
pub(crate) struct Server {
    pub(crate) client: Client,
    pub(crate) namespace: String,
    cluster: &'static Cluster,
}

impl Server {
    pub(crate) async fn new() -> Self {
        let cluster = cluster().await;
        let client = cluster.admin_client().unwrap();
        let namespace = cluster.create_namespace("admission").await.unwrap();
        Self {
            client,
            namespace,
            cluster,
        }
    }

    pub(crate) fn api<K>(&self) -> Api<K>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// The API server accepts the object and changes nothing in its spec: nothing is pruned and nothing defaulted.
    /// `crmlink check` finds nothing in it.
    #[track_caller]
    pub(crate) fn accepts(&self, object: Value) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            match self.try_create(&object, true).await {
                Ok(created) => {
                    assert_eq!(created.data["spec"], object["spec"], "{caller}");
                    let said = offline::said(&object).await;
                    assert!(said.is_empty(), "{caller}: `crmlink check` says {said:?}");
                }
                Err(refused) => panic!("{caller}: refused: {}", refused.message),
            }
        }
    }

    /// The API server refuses the object and says `part`, and so does `crmlink check`.
    #[track_caller]
    pub(crate) fn rejects(&self, object: Value, part: &str) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let Err(refused) = self.try_create(&object, true).await else {
                panic!("{caller}: accepted: {object}");
            };
            says(&refused, part, caller);
            let said = offline::said(&object).await;
            assert!(
                said.iter().any(|line| line.contains(part)),
                "{caller}: `crmlink check` says {said:?} and not {part:?}"
            );
        }
    }

    pub(crate) async fn create(&self, object: Value) {
        self.try_create(&object, false).await.unwrap();
    }

    async fn try_create(&self, object: &Value, dry_run: bool) -> Result<DynamicObject, Box<Status>> {
        let params = PostParams {
            dry_run,
            ..PostParams::default()
        };
        answer(self.dynamic(object).create(&params, &typed(object)).await)
    }

    /// The API server accepts this change of a stored object.
    #[track_caller]
    pub(crate) fn accepts_change(&self, object: &Value, change: Value) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            if let Err(refused) = self.try_change(object, &change).await {
                panic!("{caller}: refused: {}", refused.message);
            }
        }
    }

    /// The API server refuses this change of a stored object and says `part`.
    #[track_caller]
    pub(crate) fn rejects_change(
        &self,
        object: &Value,
        change: Value,
        part: &str,
    ) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let Err(refused) = self.try_change(object, &change).await else {
                panic!("{caller}: accepted: {change}");
            };
            says(&refused, part, caller);
        }
    }

    async fn try_change(&self, object: &Value, change: &Value) -> Result<DynamicObject, Box<Status>> {
        let name = typed(object).name_any();
        answer(
            self.dynamic(object)
                .patch(&name, &PatchParams::default(), &Patch::Merge(change))
                .await,
        )
    }

    /// For reading an object as it is, without a look at our types.
    pub(crate) fn dynamic(&self, object: &Value) -> Api<DynamicObject> {
        let resource = match object["kind"].as_str() {
            Some("ContactSync") => kube::core::ApiResource::erase::<ContactSync>(&()),
            Some("CrmTenant") => kube::core::ApiResource::erase::<CrmTenant>(&()),
            Some("CrmUserInvite") => kube::core::ApiResource::erase::<CrmUserInvite>(&()),
            other => panic!("no such kind: {other:?}"),
        };
        Api::namespaced_with(self.client.clone(), &self.namespace, &resource)
    }

    /// Writes a status as the operator does.
    pub(crate) async fn write_status<K>(&self, name: &str, status: &impl Serialize) -> Result<K, Box<Status>>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + DeserializeOwned + Clone + Debug,
    {
        let patch = serde_json::json!({
            "apiVersion": K::api_version(&()),
            "kind": K::kind(&()),
            "status": status
        });
        let params = PatchParams::apply("crmlink").force().validation_strict();
        answer(
            self.api::<K>()
                .patch_status(name, &params, &Patch::Apply(patch))
                .await,
        )
    }
}

impl Drop for Server {
    /// A control plane of our own goes as a whole; an existing cluster is left as it was.
    fn drop(&mut self) {
        if self.cluster.control_plane().is_some() {
            return;
        }
        let (cluster, namespace) = (self.cluster, self.namespace.clone());
        let deletion = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(cluster.delete_namespace(&namespace)).unwrap();
        });
        // A failed test must not end in a second panic.
        let _ = deletion.join();
    }
}

fn typed(object: &Value) -> DynamicObject {
    serde_json::from_value(object.clone()).unwrap()
}

fn answer<T>(result: kube::Result<T>) -> Result<T, Box<Status>> {
    match result {
        Ok(object) => Ok(object),
        Err(kube::Error::Api(status)) => Err(status),
        Err(other) => panic!("{other}"),
    }
}

fn says(refused: &Status, part: &str, caller: &std::panic::Location<'_>) {
    // 422: refused by the schema or a rule, and not, say, because the object exists already.
    assert_eq!(refused.code, 422, "{caller}: {}", refused.message);
    assert!(
        refused.message.contains(part),
        "{caller}: {:?} does not say {part:?}",
        refused.message
    );
}

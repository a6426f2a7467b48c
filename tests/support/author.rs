//! The objects of one namespace, as their author works with them.

use std::sync::atomic::{AtomicU32, Ordering};

use crmlink::api::{ContactSync, CrmTenant, CrmUserInvite, REQUESTED_AT_ANNOTATION, Reason};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams, PostParams};
use kube::core::ApiResource;
use kube::runtime::wait::await_condition;
use kube::{Api, Client, Resource, ResourceExt};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::kstatus;
use super::objects::Reported;
use super::waiting::WITHIN;

/// A namespace, with an administrator's access.
pub(crate) struct Author {
    pub(crate) client: Client,
    pub(crate) namespace: String,
    requests: AtomicU32,
}

impl Author {
    pub(super) fn new(client: Client, namespace: String) -> Self {
        Self {
            client,
            namespace,
            requests: AtomicU32::new(0),
        }
    }

    /// The same author in another namespace.
    pub(crate) fn within(&self, namespace: &str) -> Self {
        Self::new(self.client.clone(), namespace.to_owned())
    }

    pub(crate) fn api<K>(&self) -> Api<K>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    pub(crate) async fn create(&self, object: &Value) {
        self.try_create(object).await.unwrap();
    }

    pub(crate) async fn try_create(&self, object: &Value) -> kube::Result<()> {
        let resource = match object["kind"].as_str() {
            Some("ContactSync") => ApiResource::erase::<ContactSync>(&()),
            Some("CrmTenant") => ApiResource::erase::<CrmTenant>(&()),
            Some("CrmUserInvite") => ApiResource::erase::<CrmUserInvite>(&()),
            Some("Secret") => ApiResource::erase::<Secret>(&()),
            other => panic!("no such kind: {other:?}"),
        };
        let api: Api<DynamicObject> = Api::namespaced_with(self.client.clone(), &self.namespace, &resource);
        let object = serde_json::from_value(object.clone()).unwrap();
        api.create(&PostParams::default(), &object).await.map(drop)
    }

    pub(crate) async fn get<K: Reported>(&self, name: &str) -> K {
        self.api().get(name).await.unwrap()
    }

    /// Changes an object as its author does.
    pub(crate) async fn change<K>(&self, name: &str, change: Value)
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + std::fmt::Debug,
        K: serde::de::DeserializeOwned,
    {
        let api: Api<K> = self.api();
        api.patch(name, &PatchParams::default(), &Patch::Merge(change))
            .await
            .unwrap();
    }

    /// Changes the spec of a sync.
    pub(crate) async fn change_sync(&self, name: &str, spec: Value) {
        self.change::<ContactSync>(name, json!({ "spec": spec })).await;
    }

    /// Deletes an object and waits until it is gone.
    pub(crate) async fn delete<K: Reported>(&self, name: &str) {
        let uid = self.get::<K>(name).await.uid().unwrap();
        let api: Api<K> = self.api();
        api.delete(name, &DeleteParams::default()).await.unwrap();
        let gone = kube::runtime::conditions::is_deleted(&uid);
        let waited = timeout(WITHIN, await_condition(api, name, gone)).await;
        assert!(waited.is_ok(), "{name} is not gone");
    }

    /// Waits until `holds`.
    pub(crate) async fn when<K: Reported>(&self, name: &str, what: &str, holds: impl Fn(&K) -> bool) -> K {
        let condition = |object: Option<&K>| object.is_some_and(&holds);
        let waited = timeout(WITHIN, await_condition(self.api::<K>(), name, condition)).await;
        match waited {
            Ok(found) => found.unwrap().unwrap(),
            Err(elapsed) => panic!(
                "{name} is not {what} ({elapsed}): {:#?}",
                self.get::<K>(name).await.conditions()
            ),
        }
    }

    /// Waits until Ready has this reason for the object as it is now.
    pub(crate) async fn says<K: Reported>(&self, name: &str, reason: Reason) -> K {
        let found = self
            .when(name, reason.as_str(), |object: &K| object.says(reason))
            .await;
        kstatus::consistent(&json!(found));
        found
    }

    /// As [`Case::says`], with nothing under way.
    pub(crate) async fn settled<K: Reported>(&self, name: &str, reason: Reason) -> K {
        let found = self
            .when(name, reason.as_str(), |object: &K| object.settled(reason))
            .await;
        kstatus::consistent(&json!(found));
        found
    }

    /// Asks for a run.
    pub(crate) async fn request<K: Reported>(&self, name: &str) {
        let number = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        let annotations = json!({ REQUESTED_AT_ANNOTATION: format!("request {number}") });
        self.change::<K>(name, json!({ "metadata": { "annotations": annotations } }))
            .await;
    }

    /// Asks for a run of a sync and waits until it is in sync.
    pub(crate) async fn sync_now(&self, name: &str) -> ContactSync {
        self.request::<ContactSync>(name).await;
        self.settled(name, Reason::InSync).await
    }
}

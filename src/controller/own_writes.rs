//! A reconcile sees at least what the operator itself wrote: a watch may lag behind, and an object as it was before the
//! last reconcile would have that one's news written and told again, or its findings overlooked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kube::core::NamespaceResourceScope;
use kube::{Api, Client, Resource, ResourceExt};
use serde::de::DeserializeOwned;

use super::runner;

/// The version of each object that the operator wrote last and that its watch may not have shown yet.
#[derive(Debug, Default)]
pub(super) struct OwnWrites(Mutex<HashMap<String, u64>>);

impl OwnWrites {
    /// Notes what the API server answered to a write.
    pub(super) fn note<K: Resource<DynamicType = ()>>(&self, written: &K) {
        let key = runner::key(written);
        let is_gone = written.meta().deletion_timestamp.is_some() && written.finalizers().is_empty();
        match version(written) {
            Some(version) if !is_gone => self.all().insert(key, version),
            _ => self.all().remove(&key),
        };
    }

    /// The object as it was seen or, where the operator wrote a newer version, as the API server holds it; nothing if it
    /// is no more.
    ///
    /// # Errors
    /// If the API server cannot be asked.
    pub(super) async fn latest<K>(
        &self,
        seen: Arc<K>,
        client: &Client,
    ) -> Result<Option<Arc<K>>, Box<kube::Error>>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
            + Clone
            + std::fmt::Debug
            + DeserializeOwned,
    {
        if !self.is_ahead_of(&*seen) {
            return Ok(Some(seen));
        }
        let api: Api<K> = Api::namespaced(client.clone(), &seen.namespace().unwrap_or_default());
        let held = api.get_opt(&seen.name_any()).await?;
        // A namesake that was made in between has its own turn.
        Ok(held.filter(|held| held.uid() == seen.uid()).map(Arc::new))
    }

    fn is_ahead_of<K: Resource<DynamicType = ()>>(&self, seen: &K) -> bool {
        let key = runner::key(seen);
        let mut all = self.all();
        let is_ahead = all
            .get(&key)
            .is_some_and(|written| version(seen).is_some_and(|seen| seen < *written));
        if !is_ahead {
            all.remove(&key);
        }
        is_ahead
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Versions of objects of one kind are numbers that grow (KEP-5504, Kubernetes 1.35; with etcd they always were). Nothing
/// is concluded from one that is no number.
fn version<K: Resource>(object: &K) -> Option<u64> {
    object.meta().resource_version.as_ref()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use http::{Request, Response, StatusCode};
    use kube::client::Body;
    use serde_json::{Value, json};

    use super::*;
    use crate::api::ContactSync;

    fn sync(uid: &str, version: &str) -> ContactSync {
        serde_json::from_value(json!({
            "apiVersion": "crmlink.dev/v1alpha1", "kind": "ContactSync",
            "metadata": {
                "name": "ana", "namespace": "sales", "uid": uid, "resourceVersion": version,
                "finalizers": ["crmlink.dev/mailbox-copies"],
            },
            "spec": { "tenantRef": { "name": "orchard" }, "user": "a@orchard.example" },
        }))
        .unwrap()
    }

    /// A client of an API server that holds this object, or none.
    fn server(held: Option<ContactSync>) -> Client {
        let service = tower::service_fn(move |request: Request<Body>| {
            let path = "/apis/crmlink.dev/v1alpha1/namespaces/sales/contactsyncs/ana";
            assert_eq!((request.method().as_str(), request.uri().path()), ("GET", path));
            let (status, body): (_, Value) = match &held {
                Some(held) => (StatusCode::OK, json!(held)),
                None => (
                    StatusCode::NOT_FOUND,
                    json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                        "reason": "NotFound", "code": 404 }),
                ),
            };
            let mut answer = Response::new(Body::from(body.to_string().into_bytes()));
            *answer.status_mut() = status;
            std::future::ready(Ok::<_, std::convert::Infallible>(answer))
        });
        Client::new(service, "sales")
    }

    /// A client whose use fails.
    fn nobody() -> Client {
        let service = tower::service_fn(|_: Request<Body>| async {
            Err::<Response<Body>, _>(std::io::Error::other("a call"))
        });
        Client::new(service, "sales")
    }

    async fn latest(writes: &OwnWrites, seen: ContactSync, client: &Client) -> Option<String> {
        let latest = writes.latest(Arc::new(seen), client).await.unwrap();
        latest.map(|object| object.resource_version().unwrap())
    }

    #[tokio::test]
    async fn what_the_watch_has_shown_is_taken_as_it_is_without_a_call() {
        let writes = OwnWrites::default();
        assert_eq!(latest(&writes, sync("1", "9"), &nobody()).await.unwrap(), "9");
        for seen in ["10", "11"] {
            writes.note(&sync("1", "10"));
            assert_eq!(latest(&writes, sync("1", seen), &nobody()).await.unwrap(), seen);
            assert!(writes.all().is_empty(), "what was seen need not be remembered");
        }
    }

    #[tokio::test]
    async fn where_the_watch_lags_behind_the_api_server_is_asked_until_it_does_no_more() {
        let writes = OwnWrites::default();
        // A longer number is the greater one.
        writes.note(&sync("1", "10"));
        let ahead = server(Some(sync("1", "12")));
        for _ in 0..2 {
            assert_eq!(latest(&writes, sync("1", "9"), &ahead).await.unwrap(), "12");
        }
        assert_eq!(latest(&writes, sync("1", "12"), &nobody()).await.unwrap(), "12");
    }

    #[tokio::test]
    async fn an_object_that_is_no_more_and_its_namesake_are_not_taken_for_it() {
        let writes = OwnWrites::default();
        writes.note(&sync("1", "10"));
        assert_eq!(latest(&writes, sync("1", "9"), &server(None)).await, None);
        let namesake = server(Some(sync("2", "12")));
        assert_eq!(latest(&writes, sync("1", "9"), &namesake).await, None);
        writes
            .latest(Arc::new(sync("1", "9")), &nobody())
            .await
            .unwrap_err();
    }

    #[test]
    fn nothing_is_remembered_of_what_a_write_let_go_nor_concluded_from_a_version_that_is_no_number() {
        let writes = OwnWrites::default();
        writes.note(&sync("1", "10"));
        let mut gone = sync("1", "11");
        gone.metadata.deletion_timestamp = Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(
            jiff::Timestamp::UNIX_EPOCH,
        ));
        writes.note(&gone);
        assert!(!writes.all().is_empty(), "a finalizer holds it");
        gone.metadata.finalizers = None;
        writes.note(&gone);
        assert!(writes.all().is_empty());
        writes.note(&sync("1", "10"));
        assert!(!writes.is_ahead_of(&sync("1", "abc")));
        writes.note(&sync("1", "abc"));
        assert!(writes.all().is_empty());
    }
}

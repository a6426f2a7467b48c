//! Keeping an object that is being deleted until what belongs to it is taken care of.

use kube::api::{Patch, PatchParams};
use kube::core::NamespaceResourceScope;
use kube::{Api, Resource, ResourceExt};
use serde::de::DeserializeOwned;

use super::Context;

pub(super) fn is_set(object: &impl ResourceExt, finalizer: &str) -> bool {
    object.finalizers().iter().any(|name| name == finalizer)
}

/// Sets or removes a finalizer; `false` where that was done already. What changed comes back as another reconcile. The
/// version makes it fail where somebody else changed the list meanwhile, rather than undo their change.
pub(super) async fn set<K>(
    object: &K,
    finalizer: &str,
    wanted: bool,
    context: &Context,
) -> Result<bool, Box<kube::Error>>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + std::fmt::Debug
        + DeserializeOwned,
{
    // One that is being deleted takes no new ones.
    let impossible = wanted && object.meta().deletion_timestamp.is_some();
    if is_set(object, finalizer) == wanted || impossible {
        return Ok(false);
    }
    let mut finalizers = object.finalizers().to_vec();
    finalizers.retain(|name| name != finalizer);
    if wanted {
        finalizers.push(finalizer.to_owned());
    }
    let api: Api<K> = Api::namespaced(context.client.clone(), &object.namespace().unwrap_or_default());
    let patch = serde_json::json!({
        "metadata": {
            "finalizers": finalizers, "resourceVersion": object.resource_version(), "uid": object.uid(),
        }
    });
    match api
        .patch(&object.name_any(), &PatchParams::default(), &Patch::Merge(patch))
        .await
    {
        Ok(_) => Ok(true),
        Err(kube::Error::Api(status)) if status.is_not_found() => Ok(true),
        Err(error) => Err(Box::new(error)),
    }
}

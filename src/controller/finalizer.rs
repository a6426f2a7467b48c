//! Keeping an object that is being deleted until what belongs to it is taken care of.

use kube::api::{Patch, PatchParams};
use kube::{Api, ResourceExt};
use serde_json::json;

use super::Context;
use super::cache::Kind;

pub(super) fn is_set(object: &impl ResourceExt, finalizer: &str) -> bool {
    object.finalizers().iter().any(|name| name == finalizer)
}

/// Sets or removes a finalizer; `false` where that was done already. What changed comes back as another reconcile. It
/// fails where somebody else changed the list meanwhile, rather than undo their change; other changes do not matter.
pub(super) async fn set<K>(
    object: &K,
    finalizer: &str,
    wanted: bool,
    context: &Context,
) -> Result<bool, Box<kube::Error>>
where
    K: Kind,
{
    // One that is being deleted takes no new ones.
    let impossible = wanted && object.meta().deletion_timestamp.is_some();
    if is_set(object, finalizer) == wanted || impossible {
        return Ok(false);
    }
    let patch = patch(object, finalizer, wanted)?;
    let api: Api<K> = Api::namespaced(context.client.clone(), &object.namespace().unwrap_or_default());
    match api
        .patch(
            &object.name_any(),
            &PatchParams::default(),
            &Patch::Json::<()>(patch),
        )
        .await
    {
        Ok(written) => {
            K::cache(&context.caches).wrote(written);
            Ok(true)
        }
        Err(kube::Error::Api(status)) if status.is_not_found() => Ok(true),
        Err(error) => Err(Box::new(error)),
    }
}

/// The change of the list, under the condition that it is as it was seen.
fn patch(
    object: &impl ResourceExt,
    finalizer: &str,
    wanted: bool,
) -> Result<json_patch::Patch, Box<kube::Error>> {
    let list = object.finalizers();
    let mut after = list.to_vec();
    after.retain(|name| name != finalizer);
    if wanted {
        after.push(finalizer.to_owned());
    }
    let seen = (!list.is_empty()).then_some(list);
    let steps = json!([
        { "op": "test", "path": "/metadata/uid", "value": object.uid() },
        { "op": "test", "path": "/metadata/finalizers", "value": seen },
        { "op": "add", "path": "/metadata/finalizers", "value": after },
    ]);
    serde_json::from_value(steps).map_err(|error| Box::new(kube::Error::SerdeError(error)))
}

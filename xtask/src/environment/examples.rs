//! The objects of `examples/`, applied as a person would with kubectl.

use std::time::Duration;

use crmlink::api::{ContactSync, CrmUserInvite};
use kube::{
    Api, Client,
    api::{DeleteParams, DynamicObject, Patch, PatchParams},
    core::GroupVersionKind,
    discovery::{Scope, pinned_kind},
};
use tokio::time::{Instant, sleep};

use crate::{
    error::{Doing, Error, Result},
    workspace,
};

/// The namespace of all examples.
pub(crate) const NAMESPACE: &str = "alpenglow";

const MANAGER: &str = "crmlink-demo";
const WORLD: &str = "world.yaml";
const GONE_WITHIN: Duration = Duration::from_mins(1);

/// An object and the file it stands in.
#[derive(Debug, Clone)]
pub(crate) struct Example {
    pub(crate) file: String,
    pub(crate) object: DynamicObject,
}

impl Example {
    /// `Kind name`.
    pub(crate) fn title(&self) -> String {
        let kind = self.object.types.as_ref().map_or("", |types| &types.kind);
        format!(
            "{kind} {}",
            self.object.metadata.name.as_deref().unwrap_or_default()
        )
    }
}

/// All example objects, in the order of their files.
pub(crate) fn read() -> Result<Vec<Example>> {
    let mut examples = Vec::new();
    for path in workspace::files("examples", &["yaml"])? {
        if path.file_name().is_some_and(|name| name == WORLD) {
            continue;
        }
        let wrong = |detail: String| Error::File {
            path: path.clone(),
            detail,
        };
        let text = workspace::read(&path)?;
        let objects: Vec<DynamicObject> =
            serde_saphyr::from_multiple(&text).map_err(|error| wrong(error.to_string()))?;
        if objects
            .iter()
            .any(|object| object.types.is_none() || object.metadata.name.is_none())
        {
            return Err(wrong("an object has no apiVersion, kind or name".to_owned()));
        }
        let file = workspace::relative(&path);
        examples.extend(objects.into_iter().map(|object| Example {
            file: file.clone(),
            object,
        }));
    }
    Ok(examples)
}

/// Applies all of them; fields that the API server does not know are refused.
pub(crate) async fn apply(client: &Client) -> Result<Vec<Example>> {
    let examples = read()?;
    for example in &examples {
        let api = api(client, &example.object).await?;
        let name = example.object.metadata.name.as_deref().unwrap_or_default();
        let parameters = PatchParams::apply(MANAGER).force().validation_strict();
        api.patch(name, &parameters, &Patch::Apply(&example.object))
            .await
            .doing(|| format!("applying {} of {}", example.title(), example.file))?;
    }
    Ok(examples)
}

/// Deletes them, last first, and waits until the operator let syncs and invites go.
pub(crate) async fn delete(client: &Client) -> Result<()> {
    let syncs: Api<ContactSync> = Api::namespaced(client.clone(), NAMESPACE);
    let invites: Api<CrmUserInvite> = Api::namespaced(client.clone(), NAMESPACE);
    for example in read()?.iter().rev() {
        if example
            .object
            .types
            .as_ref()
            .is_some_and(|types| types.kind == "CrmTenant")
        {
            wait_until_none(&syncs).await?;
            wait_until_none(&invites).await?;
        }
        let api = api(client, &example.object).await?;
        let name = example.object.metadata.name.as_deref().unwrap_or_default();
        match api.delete(name, &DeleteParams::default()).await {
            Err(kube::Error::Api(status)) if status.is_not_found() => {}
            result => result
                .map(drop)
                .doing(|| format!("deleting {}", example.title()))?,
        }
    }
    Ok(())
}

async fn wait_until_none<K>(objects: &Api<K>) -> Result<()>
where
    K: kube::Resource<DynamicType = ()> + Clone + std::fmt::Debug + serde::de::DeserializeOwned,
{
    let deadline = Instant::now() + GONE_WITHIN;
    loop {
        let left = objects.list(&kube::api::ListParams::default()).await;
        if left
            .doing(|| format!("listing the {}", K::plural(&())))?
            .items
            .is_empty()
            || Instant::now() > deadline
        {
            return Ok(());
        }
        sleep(Duration::from_millis(100)).await;
    }
}

async fn api(client: &Client, object: &DynamicObject) -> Result<Api<DynamicObject>> {
    let types = object.types.clone().unwrap_or_default();
    let gvk = GroupVersionKind::try_from(&types).map_err(|error| Error::Yaml {
        what: types.kind.clone(),
        detail: error.to_string(),
    })?;
    let (resource, capabilities) = pinned_kind(client, &gvk)
        .await
        .doing(|| format!("looking up the kind {}", types.kind))?;
    let namespace = object.metadata.namespace.as_deref().unwrap_or("default");
    Ok(if capabilities.scope == Scope::Namespaced {
        Api::namespaced_with(client.clone(), namespace, &resource)
    } else {
        Api::all_with(client.clone(), &resource)
    })
}

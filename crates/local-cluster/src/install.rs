//! Installs a chart without kubectl: Helm renders it, server-side apply brings it in.

use std::{
    collections::HashMap,
    fmt,
    path::Path,
    time::{Duration, Instant},
};

use k8s_openapi::{
    api::core::v1::Namespace, apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{
    Api, Client,
    api::{DeleteParams, Patch, PatchParams},
    core::{ApiResource, DynamicObject, GroupVersionKind},
    discovery::{self, Scope},
    runtime::wait::{await_condition, conditions},
};
use tokio::{
    process::Command,
    time::{sleep, timeout},
};

use crate::{
    cluster::Cluster,
    error::{Doing, Error, Result},
    log_tail,
    manifests::{Manifests, gvk},
};

const FIELD_MANAGER: &str = "crmlink-local-cluster";
const ESTABLISHED_WITHIN: Duration = Duration::from_mins(1);

/// A chart and how to install it.
#[derive(Debug, Clone, Copy)]
pub struct Chart<'a> {
    /// The chart's folder.
    pub folder: &'a Path,
    /// The release's name.
    pub release: &'a str,
    /// The release's namespace; created when it does not exist.
    pub namespace: &'a str,
    /// Values as for `helm --set`: a path and its value.
    pub values: &'a [(&'a str, &'a str)],
}

/// Which object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectId {
    /// The API group, empty for the core group.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The namespace, if the kind has one.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.kind)?;
        if let Some(namespace) = &self.namespace {
            write!(f, "{namespace}/")?;
        }
        f.write_str(&self.name)
    }
}

/// What an installation did.
#[derive(Debug)]
pub struct Installed {
    /// What was applied, in that order.
    pub applied: Vec<ObjectId>,
    /// Helm's hooks, such as tests: they are not part of an installation and were not applied.
    pub hooks: Vec<ObjectId>,
    resources: Vec<(ApiResource, ObjectId)>,
}

impl Installed {
    /// Deletes what was applied, last first. Custom resource definitions, and with them all objects of their kinds,
    /// go only if `definitions` says so. What is gone already is fine.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn uninstall(&self, cluster: &Cluster, definitions: bool) -> Result<()> {
        let client = cluster.admin_client()?;
        for (resource, id) in self.resources.iter().rev() {
            if id.kind == "CustomResourceDefinition" && !definitions {
                continue;
            }
            match api(&client, resource, id)
                .delete(&id.name, &DeleteParams::background())
                .await
            {
                Err(kube::Error::Api(status)) if status.is_not_found() => {}
                result => drop(result.doing(|| format!("deleting {id}"))?),
            }
        }
        Ok(())
    }
}

/// Renders the chart for the cluster's version and applies every object: custom resource definitions first, then,
/// once those are established, the rest in Helm's order. Fields that the API server does not know are refused.
///
/// # Errors
/// When Helm fails, an object is refused, or a custom resource definition is not established in time.
pub async fn install_chart(helm: &Path, cluster: &Cluster, chart: Chart<'_>) -> Result<Installed> {
    let client = cluster.admin_client()?;
    let version = client
        .apiserver_version()
        .await
        .doing(|| "asking for the server's version".to_owned())?;
    let manifests = Manifests::parse(&render(helm, &version.git_version, chart).await?)?;
    ensure_namespace(&client, chart.namespace).await?;

    let mut applier = Applier {
        client: &client,
        namespace: chart.namespace,
        kinds: HashMap::new(),
        applied: vec![],
    };
    for definition in &manifests.definitions {
        applier.apply(definition).await?;
    }
    for definition in &manifests.definitions {
        wait_until_established(&client, definition).await?;
    }
    for object in &manifests.others {
        applier.apply(object).await?;
    }
    let hooks = manifests.hooks.iter().map(|object| {
        let namespace = object.metadata.namespace.clone();
        Ok(id(object, &gvk(object)?, namespace))
    });
    Ok(Installed {
        hooks: hooks.collect::<Result<_>>()?,
        applied: applier.applied.iter().map(|(_, id)| id.clone()).collect(),
        resources: applier.applied,
    })
}

async fn render(helm: &Path, version: &str, chart: Chart<'_>) -> Result<String> {
    let mut command = Command::new(helm);
    command.args(["template", chart.release]).arg(chart.folder).args([
        "--include-crds",
        "--namespace",
        chart.namespace,
        "--kube-version",
        version,
    ]);
    for (path, value) in chart.values {
        command.args(["--set", &format!("{path}={value}")]);
    }
    let output = command
        .kill_on_drop(true)
        .output()
        .await
        .doing(|| format!("running {}", helm.display()))?;
    if !output.status.success() {
        let detail = log_tail::of_text(&String::from_utf8_lossy(&output.stderr));
        return Err(Error::Render {
            chart: chart.folder.to_path_buf(),
            detail,
        });
    }
    String::from_utf8(output.stdout).map_err(|error| Error::Manifest(error.to_string()))
}

async fn ensure_namespace(client: &Client, name: &str) -> Result<()> {
    let api: Api<Namespace> = Api::all(client.clone());
    let mut namespace = Namespace::default();
    namespace.metadata.name = Some(name.to_owned());
    api.patch(
        name,
        &PatchParams::apply(FIELD_MANAGER),
        &Patch::Apply(&namespace),
    )
    .await
    .map(drop)
    .doing(|| format!("creating the namespace {name}"))
}

async fn wait_until_established(client: &Client, definition: &DynamicObject) -> Result<()> {
    let name = definition.metadata.name.as_deref().unwrap_or_default();
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    let established = await_condition(api, name, conditions::is_crd_established());
    let fail = |detail: String| Error::NotEstablished {
        name: name.to_owned(),
        seconds: ESTABLISHED_WITHIN.as_secs(),
        detail,
    };
    match timeout(ESTABLISHED_WITHIN, established).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(fail(error.to_string())),
        Err(_) => Err(fail("see its conditions".to_owned())),
    }
}

struct Applier<'a> {
    client: &'a Client,
    namespace: &'a str,
    kinds: HashMap<GroupVersionKind, (ApiResource, Scope)>,
    applied: Vec<(ApiResource, ObjectId)>,
}

impl Applier<'_> {
    async fn apply(&mut self, object: &DynamicObject) -> Result<()> {
        let kind = gvk(object)?;
        let (resource, scope) = self.resource(&kind).await?;
        let mut object = object.clone();
        // As Helm does: what names no namespace goes to the release's.
        object.metadata.namespace = match scope {
            Scope::Namespaced => object
                .metadata
                .namespace
                .or_else(|| Some(self.namespace.to_owned())),
            Scope::Cluster => None,
        };
        let id = id(&object, &kind, object.metadata.namespace.clone());
        let parameters = PatchParams::apply(FIELD_MANAGER).force().validation_strict();
        api(self.client, &resource, &id)
            .patch(&id.name, &parameters, &Patch::Apply(&object))
            .await
            .doing(|| format!("applying {id}"))?;
        self.applied.push((resource, id));
        Ok(())
    }

    /// Asks the server for the kind. A kind that was just defined may take a moment to show up there.
    async fn resource(&mut self, kind: &GroupVersionKind) -> Result<(ApiResource, Scope)> {
        if let Some(known) = self.kinds.get(kind) {
            return Ok(known.clone());
        }
        let fresh = self
            .applied
            .iter()
            .any(|(_, id)| id.name.ends_with(&format!(".{}", kind.group)));
        let deadline = Instant::now() + ESTABLISHED_WITHIN;
        loop {
            match discovery::pinned_kind(self.client, kind).await {
                Ok((resource, capabilities)) => {
                    let known = (resource, capabilities.scope);
                    self.kinds.insert(kind.clone(), known.clone());
                    return Ok(known);
                }
                Err(_) if fresh && Instant::now() < deadline => sleep(Duration::from_millis(50)).await,
                Err(error) => {
                    let doing = || format!("looking up {} {}", kind.api_version(), kind.kind);
                    return Err(error).doing(doing);
                }
            }
        }
    }
}

fn id(object: &DynamicObject, kind: &GroupVersionKind, namespace: Option<String>) -> ObjectId {
    ObjectId {
        group: kind.group.clone(),
        kind: kind.kind.clone(),
        namespace,
        name: object.metadata.name.clone().unwrap_or_default(),
    }
}

fn api(client: &Client, resource: &ApiResource, id: &ObjectId) -> Api<DynamicObject> {
    match &id.namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, resource),
        None => Api::all_with(client.clone(), resource),
    }
}

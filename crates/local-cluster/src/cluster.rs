//! The cluster that tests and the demo run against: our own, or one that is there already.

use std::path::Path;

use k8s_openapi::api::core::v1::Namespace;
use kube::{
    Api, Client, Config,
    api::{DeleteParams, ObjectMeta, PostParams},
    config::{Kubeconfig, NamedAuthInfo, NamedCluster, NamedContext},
};
use uuid::Uuid;

use crate::{
    assets::{Assets, set_variable},
    control_plane::{ControlPlane, Options},
    error::{Doing, Error, Result},
    kubeconfig, service_account,
};

/// Names an existing kube context to use instead of a control plane of our own.
pub const CONTEXT_VARIABLE: &str = "CRMLINK_KUBE_CONTEXT";

/// A cluster with an administrator's access.
#[derive(Debug)]
pub struct Cluster {
    kubeconfig: Kubeconfig,
    config: Config,
    control_plane: Option<ControlPlane>,
}

impl Cluster {
    /// The context that [`CONTEXT_VARIABLE`] names if it is set, else a new control plane.
    ///
    /// # Errors
    /// As [`Cluster::from_context`], [`Assets::locate_or_build`] and [`ControlPlane::start`].
    pub async fn from_environment(
        progress: impl Fn(&str) + Send + 'static,
        options: Options,
    ) -> Result<Self> {
        if let Some(context) = set_variable(CONTEXT_VARIABLE) {
            return Self::from_context(&context.to_string_lossy()).await;
        }
        let assets = tokio::task::spawn_blocking(move || Assets::locate_or_build(&progress))
            .await
            .map_err(std::io::Error::other)
            .doing(|| "building the control plane".to_owned())??;
        Self::start(&assets, options).await
    }

    /// A new control plane, which ends with this value.
    ///
    /// # Errors
    /// As [`ControlPlane::start`].
    pub async fn start(assets: &Assets, options: Options) -> Result<Self> {
        let control_plane = ControlPlane::start(assets, options).await?;
        let kubeconfig = control_plane.admin_kubeconfig().clone();
        let mut config = kubeconfig::client_config(kubeconfig.clone()).await?;
        // A proxy of the environment cannot reach our loopback address.
        config.proxy_url = None;
        Ok(Self {
            kubeconfig,
            config,
            control_plane: Some(control_plane),
        })
    }

    /// A context of the user's kubeconfig (`KUBECONFIG` or `~/.kube/config`).
    ///
    /// # Errors
    /// When the context does not exist, is incomplete, or its server does not answer.
    pub async fn from_context(name: &str) -> Result<Self> {
        let all = Kubeconfig::read().map_err(|error| Error::Context {
            context: name.to_owned(),
            detail: error.to_string(),
        })?;
        Self::from_kubeconfig(all, name).await
    }

    /// A context of a kubeconfig that was read already.
    ///
    /// # Errors
    /// As [`Cluster::from_context`].
    pub async fn from_kubeconfig(all: Kubeconfig, name: &str) -> Result<Self> {
        let fail = |detail: String| Error::Context {
            context: name.to_owned(),
            detail,
        };
        let kubeconfig = only_context(all, name).map_err(fail)?;
        let config = kubeconfig::client_config(kubeconfig.clone())
            .await
            .map_err(|error| fail(error.to_string()))?;
        let cluster = Self {
            kubeconfig,
            config,
            control_plane: None,
        };
        let version = cluster.admin_client()?.apiserver_version().await;
        version.map_err(|error| fail(format!("its server does not answer: {error}")))?;
        Ok(cluster)
    }

    /// A client with an administrator's rights. It belongs to the async runtime of the caller: make one for each.
    ///
    /// # Errors
    /// When the credentials cannot be used.
    pub fn admin_client(&self) -> Result<Client> {
        kubeconfig::client(self.config.clone())
    }

    /// Writes the administrator's kubeconfig.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn kubeconfig(&self, path: &Path) -> Result<()> {
        kubeconfig::write(&self.kubeconfig, path)
    }

    /// Writes a kubeconfig with which a process acts as a service account, under exactly the rights given to that.
    ///
    /// # Errors
    /// When the service account does not exist, or the file cannot be written.
    pub async fn service_account_kubeconfig(&self, namespace: &str, name: &str, path: &Path) -> Result<()> {
        kubeconfig::write(&service_account::kubeconfig(self, namespace, name).await?, path)
    }

    /// A client that acts as a service account.
    ///
    /// # Errors
    /// When the service account does not exist.
    pub async fn service_account_client(&self, namespace: &str, name: &str) -> Result<Client> {
        let kubeconfig = service_account::kubeconfig(self, namespace, name).await?;
        let mut config = kubeconfig::client_config(kubeconfig).await?;
        config.proxy_url.clone_from(&self.config.proxy_url);
        kubeconfig::client(config)
    }

    /// Creates a namespace with a name of its own that starts with `prefix`, and returns the name.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn create_namespace(&self, prefix: &str) -> Result<String> {
        let id = Uuid::new_v4().simple().to_string();
        let name = format!("{prefix}-{}", &id[..8]);
        let namespace = Namespace {
            metadata: ObjectMeta {
                name: Some(name.clone()),
                ..ObjectMeta::default()
            },
            ..Namespace::default()
        };
        let api: Api<Namespace> = Api::all(self.admin_client()?);
        api.create(&PostParams::default(), &namespace)
            .await
            .doing(|| format!("creating the namespace {name}"))?;
        Ok(name)
    }

    /// Deletes a namespace, for an existing cluster: in one of our own it would never finish terminating.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn delete_namespace(&self, name: &str) -> Result<()> {
        let api: Api<Namespace> = Api::all(self.admin_client()?);
        match api.delete(name, &DeleteParams::background()).await {
            Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
            result => result
                .map(drop)
                .doing(|| format!("deleting the namespace {name}")),
        }
    }

    /// The control plane, unless this is an existing cluster; its API server can be stopped and started.
    #[must_use]
    pub fn control_plane(&self) -> Option<&ControlPlane> {
        self.control_plane.as_ref()
    }

    /// The cluster entry of the current context.
    pub(crate) fn cluster_entry(&self) -> Option<&kube::config::Cluster> {
        self.kubeconfig.clusters.first()?.cluster.as_ref()
    }
}

/// The kubeconfig with nothing but this context: a file written from it must not carry other credentials along.
fn only_context(all: Kubeconfig, name: &str) -> std::result::Result<Kubeconfig, String> {
    let named: NamedContext = all
        .contexts
        .into_iter()
        .find(|context| context.name == name)
        .ok_or("there is no such context")?;
    let context = named.context.as_ref().ok_or("the context is empty")?;
    let cluster: NamedCluster = all
        .clusters
        .into_iter()
        .find(|cluster| cluster.name == context.cluster)
        .ok_or_else(|| format!("its cluster `{}` is missing", context.cluster))?;
    let users: Vec<NamedAuthInfo> = all
        .auth_infos
        .into_iter()
        .filter(|user| Some(&user.name) == context.user.as_ref())
        .collect();
    Ok(Kubeconfig {
        current_context: Some(name.to_owned()),
        clusters: vec![cluster],
        auth_infos: users,
        contexts: vec![named],
        kind: Some("Config".to_owned()),
        api_version: Some("v1".to_owned()),
        ..Kubeconfig::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "
apiVersion: v1
kind: Config
current-context: one
clusters:
  - {name: c1, cluster: {server: 'https://one'}}
  - {name: c2, cluster: {server: 'https://two'}}
users:
  - {name: u1, user: {token: first}}
  - {name: u2, user: {token: second}}
contexts:
  - {name: one, context: {cluster: c1, user: u1}}
  - {name: two, context: {cluster: c2, user: u2}}
  - {name: broken, context: {cluster: c3, user: u1}}
";

    #[test]
    fn one_context_is_cut_out_with_its_credentials_alone() {
        let two = only_context(Kubeconfig::from_yaml(TWO).unwrap(), "two").unwrap();
        assert_eq!(two.current_context.as_deref(), Some("two"));
        let text = serde_saphyr::to_string(&two).unwrap();
        assert!(text.contains("second") && text.contains("https://two"), "{text}");
        assert!(!text.contains("first") && !text.contains("https://one"), "{text}");
    }

    #[test]
    fn what_is_missing_is_named() {
        let all = || Kubeconfig::from_yaml(TWO).unwrap();
        assert_eq!(
            only_context(all(), "three").unwrap_err(),
            "there is no such context"
        );
        assert!(only_context(all(), "broken").unwrap_err().contains("`c3`"));
    }
}

//! The cluster as the caller's own kubeconfig knows it, with the caller's own rights.

use std::fmt::Debug;

use clap::Args;
use kube::api::ListParams;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config, Resource};
use serde::de::DeserializeOwned;

/// How many objects are asked for in one call.
const PAGE: u32 = 500;

/// Which cluster.
#[derive(Debug, Args)]
pub(super) struct ClusterArgs {
    /// Context of the kubeconfig. Default: the current one; in a pod, its service account.
    #[arg(long)]
    pub(super) context: Option<String>,

    /// Namespace. Default: that of the context.
    #[arg(long, short)]
    pub(super) namespace: Option<String>,
}

/// Why the cluster cannot be asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum ClusterError {
    #[error("no kubeconfig with context {context}: {source}")]
    Context {
        context: String,
        #[source]
        source: Box<kube::config::KubeconfigError>,
    },
    #[error("no access to a cluster; set KUBECONFIG or make ~/.kube/config: {0}")]
    Config(#[source] Box<kube::config::InferConfigError>),
    #[error("no connection to the API server: {0}")]
    Client(#[source] Box<kube::Error>),
    #[error(
        "the API server does not know {kinds}: the definitions of crmlink are not installed in this cluster"
    )]
    NotInstalled { kinds: String },
    #[error("the API server does not let you read {kinds}: {message}")]
    Forbidden { kinds: String, message: String },
    #[error("{kinds} cannot be read: {source}")]
    Read {
        kinds: String,
        #[source]
        source: Box<kube::Error>,
    },
}

impl ClusterError {
    /// Why objects of a kind were not read.
    pub(super) fn of<K: Resource<DynamicType = ()>>(error: kube::Error) -> Self {
        let kinds = K::plural(&()).into_owned();
        match error {
            kube::Error::Api(status) if status.code == 404 => Self::NotInstalled { kinds },
            kube::Error::Api(status) if status.code == 403 => Self::Forbidden {
                kinds,
                message: status.message,
            },
            source => Self::Read {
                kinds,
                source: Box::new(source),
            },
        }
    }
}

/// A cluster, and the namespace that is meant.
pub(super) struct Target {
    pub(super) client: Client,
    pub(super) namespace: String,
}

impl ClusterArgs {
    /// The cluster of the flags, without a call.
    pub(super) async fn target(&self) -> Result<Target, ClusterError> {
        let config = match &self.context {
            None => Config::infer()
                .await
                .map_err(|source| ClusterError::Config(Box::new(source)))?,
            Some(context) => of_context(context)
                .await
                .map_err(|source| ClusterError::Context {
                    context: context.clone(),
                    source: Box::new(source),
                })?,
        };
        let namespace = self.namespace.clone();
        let namespace = namespace.unwrap_or_else(|| config.default_namespace.clone());
        let client = Client::try_from(config).map_err(|error| ClusterError::Client(Box::new(error)))?;
        Ok(Target { client, namespace })
    }
}

async fn of_context(context: &str) -> Result<Config, kube::config::KubeconfigError> {
    let options = KubeConfigOptions {
        context: Some(context.to_owned()),
        ..KubeConfigOptions::default()
    };
    Config::from_custom_kubeconfig(Kubeconfig::read()?, &options).await
}

/// All objects of a kind, page by page.
pub(super) async fn list<K>(api: Api<K>) -> Result<Vec<K>, ClusterError>
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned,
{
    let mut all = Vec::new();
    let mut parameters = ListParams::default().limit(PAGE);
    loop {
        let page = api.list(&parameters).await.map_err(ClusterError::of::<K>)?;
        all.extend(page.items);
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => parameters = parameters.continue_token(&token),
            None => return Ok(all),
        }
    }
}

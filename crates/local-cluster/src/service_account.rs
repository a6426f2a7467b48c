//! Acting as a service account, as a pod would.

use k8s_openapi::api::{
    authentication::v1::{TokenRequest, TokenRequestSpec},
    core::v1::ServiceAccount,
};
use kube::{Api, api::PostParams, config::Kubeconfig};

use crate::{
    cluster::Cluster,
    error::{Doing, Error, Result},
    kubeconfig::{self, Credential},
};

/// Longer than any test or demo runs; an existing cluster may grant less.
const TOKEN_SECONDS: i64 = 365 * 24 * 3600;

/// A kubeconfig with a new token of the service account.
pub(crate) async fn kubeconfig(cluster: &Cluster, namespace: &str, name: &str) -> Result<Kubeconfig> {
    let api: Api<ServiceAccount> = Api::namespaced(cluster.admin_client()?, namespace);
    let request = TokenRequest {
        spec: Some(TokenRequestSpec {
            expiration_seconds: Some(TOKEN_SECONDS),
            ..TokenRequestSpec::default()
        }),
        ..TokenRequest::default()
    };
    let answer = api
        .create_token_request(name, &PostParams::default(), &request)
        .await
        .doing(|| format!("requesting a token of the service account {namespace}/{name}"))?;
    let token = answer.status.and_then(|status| status.token);
    let token =
        token.ok_or_else(|| Error::Kubeconfig("the API server's answer holds no token".to_owned()))?;
    let entry = cluster
        .cluster_entry()
        .ok_or_else(|| Error::Kubeconfig("it has no cluster".to_owned()))?;
    let entry = serde_json::to_value(entry).map_err(|error| Error::Kubeconfig(error.to_string()))?;
    kubeconfig::single(&entry, &Credential::Token(&token), Some(namespace))
}

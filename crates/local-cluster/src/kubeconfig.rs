//! Kubeconfigs: made, written, and turned into clients.

use std::{
    fs::{File, Permissions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
};
use serde_json::{Value, json};

use crate::error::{Doing, Error, Result};

const NAME: &str = "crmlink";

/// How one proves who one is.
pub(crate) enum Credential<'a> {
    Certificate {
        certificate_pem: &'a str,
        key_pem: &'a str,
    },
    Token(&'a str),
}

/// A kubeconfig with one cluster, one user and one context.
pub(crate) fn single(
    cluster: &Value,
    credential: &Credential<'_>,
    namespace: Option<&str>,
) -> Result<Kubeconfig> {
    let user = match credential {
        Credential::Certificate {
            certificate_pem,
            key_pem,
        } => json!({
            "client-certificate-data": STANDARD.encode(certificate_pem),
            "client-key-data": STANDARD.encode(key_pem),
        }),
        Credential::Token(token) => json!({ "token": token }),
    };
    let mut context = json!({ "cluster": NAME, "user": NAME });
    if let Some(namespace) = namespace {
        context["namespace"] = namespace.into();
    }
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": NAME,
        "clusters": [{ "name": NAME, "cluster": cluster }],
        "users": [{ "name": NAME, "user": user }],
        "contexts": [{ "name": NAME, "context": context }],
    });
    serde_json::from_value(config).map_err(|error| Error::Kubeconfig(error.to_string()))
}

/// The cluster entry of a server with a certificate authority of its own.
pub(crate) fn cluster_entry(server: &str, ca_pem: &str) -> Value {
    json!({ "server": server, "certificate-authority-data": STANDARD.encode(ca_pem) })
}

/// Writes it for its owner's eyes only: it holds credentials.
pub(crate) fn write(kubeconfig: &Kubeconfig, path: &Path) -> Result<()> {
    let text = serde_saphyr::to_string(kubeconfig).map_err(|error| Error::Kubeconfig(error.to_string()))?;
    write_private(path, &text).doing(|| format!("writing {}", path.display()))
}

pub(crate) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::options()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    // The mode above holds for a new file only.
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(text.as_bytes())
}

/// The settings of a client for the current context.
pub(crate) async fn client_config(kubeconfig: Kubeconfig) -> Result<Config> {
    Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
        .await
        .map_err(|error| Error::Kubeconfig(error.to_string()))
}

/// A client. It belongs to the async runtime it is made in, so it is made anew for each caller.
pub(crate) fn client(config: Config) -> Result<Client> {
    // rustls chooses by itself only while one provider is compiled in; a second one must not make this panic.
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // An error means that another thread installed one meanwhile.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    Client::try_from(config).doing(|| "making a client".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_and_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kubeconfig");
        let cluster = cluster_entry("https://127.0.0.1:1", "pem");
        let config = single(&cluster, &Credential::Token("t0ken"), Some("team")).unwrap();
        write(&config, &path).unwrap();
        let read = Kubeconfig::read_from(&path).unwrap();
        assert_eq!(read.current_context.as_deref(), Some(NAME));
        assert_eq!(
            read.contexts[0].context.as_ref().unwrap().namespace.as_deref(),
            Some("team")
        );
        assert_eq!(
            read.clusters[0].cluster.as_ref().unwrap().server.as_deref(),
            Some("https://127.0.0.1:1")
        );
        assert!(std::fs::read_to_string(&path).unwrap().contains("t0ken"));
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}

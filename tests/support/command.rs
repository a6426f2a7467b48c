//! The shipped binary as a command that ends.

use std::path::Path;

use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::RoleBinding;
use kube::api::PostParams;
use serde_json::{Value, json};
use tokio::process::Command;

use super::case::Case;
use super::operator::{BINARY, service_flags};

/// How a command ended, and what it printed.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) printed: String,
    pub(crate) complained: String,
}

impl Ended {
    /// It ended with this code.
    #[track_caller]
    pub(crate) fn with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// It complained in these words.
    #[track_caller]
    pub(crate) fn about(&self, parts: &[&str]) {
        for part in parts {
            let words = &self.complained;
            assert!(words.contains(part), "it does not say {part:?}: {words}");
        }
    }

    /// What it printed, as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.printed).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

/// Runs the binary with a kubeconfig to its end.
pub(crate) async fn command(kubeconfig: &Path, arguments: &[&str]) -> Ended {
    let output = Command::new(BINARY)
        .env("KUBECONFIG", kubeconfig)
        .args(arguments)
        .output()
        .await
        .unwrap();
    Ended {
        code: output.status.code(),
        printed: String::from_utf8(output.stdout).unwrap(),
        complained: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Case {
    /// Where the emulated services of this test are.
    pub(crate) fn service_flags(&self) -> [String; 5] {
        service_flags(self.folder(), self.running.addresses())
    }

    /// Runs the binary as an administrator of the cluster, in the namespace of this test.
    pub(crate) async fn command(&self, arguments: &[&str]) -> Ended {
        let kubeconfig = self.folder().join("admin.kubeconfig");
        self.cluster().kubeconfig(&kubeconfig).unwrap();
        let mut all = arguments.to_vec();
        all.extend(["--namespace", &self.namespace]);
        command(&kubeconfig, &all).await
    }

    /// Runs the binary as a service account that holds a `ClusterRole` in the namespace of the test, which is that of
    /// its kubeconfig.
    pub(crate) async fn command_of_holder(&self, role: &str, arguments: &[&str]) -> Ended {
        let name = role.replace(':', "-");
        let account: ServiceAccount =
            serde_json::from_value(json!({ "metadata": { "name": name } })).unwrap();
        self.api::<ServiceAccount>()
            .create(&PostParams::default(), &account)
            .await
            .unwrap();
        let binding: RoleBinding = serde_json::from_value(json!({
            "metadata": { "name": name },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role },
            "subjects": [{ "kind": "ServiceAccount", "name": name, "namespace": self.namespace }],
        }))
        .unwrap();
        self.api::<RoleBinding>()
            .create(&PostParams::default(), &binding)
            .await
            .unwrap();
        let kubeconfig = self.folder().join(format!("{name}.kubeconfig"));
        let cluster = self.cluster();
        cluster
            .service_account_kubeconfig(&self.namespace, &name, &kubeconfig)
            .await
            .unwrap();
        command(&kubeconfig, arguments).await
    }
}

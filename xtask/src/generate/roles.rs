//! The chart's roles, from the operator's table of rights.

use crmlink::rbac;
use k8s_openapi::api::rbac::v1::PolicyRule;
use serde_json::json;

use crate::{
    error::{Error, Result},
    generate::{Files, HEADER},
};

const PATH: &str = "charts/crmlink/templates/roles.yaml";
/// Stands for the Secret's name until the rules are written as YAML.
const KEY_SECRET: &str = "KEY_SECRET_NAME";
const KEY_SECRET_NAME: &str = r#"{{ include "crmlink.keySecretName" . }}"#;
/// Stands for the Lease's name, which is the release's.
const LEASE: &str = "LEASE_NAME";
const LEASE_NAME: &str = r#"{{ include "crmlink.fullname" . }}"#;

/// The template with all roles.
pub(crate) fn files() -> Result<Files> {
    let cluster = rules(&rbac::cluster_rules())?;
    let approver = rules(&rbac::approver_rules())?;
    let own_namespace = rules(&rbac::own_namespace_rules(KEY_SECRET, LEASE))?
        .replace(KEY_SECRET, KEY_SECRET_NAME)
        .replace(LEASE, LEASE_NAME);
    let text = format!(
        r#"{HEADER}{{{{- if .Values.rbac.create }}}}
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{{{ include "crmlink.clusterName" . }}}}
  labels:
    {{{{- include "crmlink.labels" . | nindent 4 }}}}
{cluster}---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{{{ include "crmlink.clusterName" . }}}}-approver
  labels:
    {{{{- include "crmlink.labels" . | nindent 4 }}}}
{approver}---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{{{ include "crmlink.fullname" . }}}}
  namespace: {{{{ .Release.Namespace }}}}
  labels:
    {{{{- include "crmlink.labels" . | nindent 4 }}}}
{own_namespace}{{{{- end }}}}
"#
    );
    Ok(Files::from([(PATH.into(), text)]))
}

fn rules(rules: &[PolicyRule]) -> Result<String> {
    let text = serde_saphyr::to_string(&json!({ "rules": rules })).map_err(|error| Error::Yaml {
        what: PATH.to_owned(),
        detail: error.to_string(),
    })?;
    Ok(format!("{}\n", text.trim_end()))
}

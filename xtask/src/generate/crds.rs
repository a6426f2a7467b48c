//! The custom resource definitions: plain files for `kubectl apply`, and the chart's templates.

use crmlink::api;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;

use crate::{
    error::{Error, Result},
    generate::{Files, HEADER},
};

/// Plain definitions.
pub(crate) const RAW: &str = "crds";
/// The chart's templates of the definitions.
pub(crate) const CHART: &str = "charts/crmlink/templates/crds";

/// Both forms of each definition.
pub(crate) fn files() -> Result<Files> {
    let mut files = Files::new();
    for definition in api::crds() {
        let name = api::file_name(&definition);
        let plain = api::to_yaml(&definition).map_err(|error| Error::Yaml {
            what: name.clone(),
            detail: error.to_string(),
        })?;
        files.insert(
            [CHART, &name].iter().collect(),
            template(&name, &plain, &definition)?,
        );
        files.insert([RAW, &name].iter().collect(), plain);
    }
    Ok(files)
}

/// The definition as a template that the chart's values switch on and keep on uninstall.
fn template(file: &str, plain: &str, definition: &CustomResourceDefinition) -> Result<String> {
    let name = definition.metadata.name.clone().unwrap_or_default();
    let Some((_, spec)) = plain.split_once("\nspec:\n") else {
        return Err(Error::Yaml {
            what: file.to_owned(),
            detail: "the definition has no spec".to_owned(),
        });
    };
    let spec = escape(spec);
    Ok(format!(
        r#"{HEADER}{{{{- if .Values.crds.enabled }}}}
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: {name}
  labels:
    {{{{- include "crmlink.labels" . | nindent 4 }}}}
  {{{{- if .Values.crds.keep }}}}
  annotations:
    helm.sh/resource-policy: keep
  {{{{- end }}}}
spec:
{spec}{{{{- end }}}}
"#
    ))
}

/// Text that Helm passes through as it is.
fn escape(text: &str) -> String {
    text.replace("{{", r#"{{ "{{" }}"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_of_a_description_do_not_reach_helm() {
        assert_eq!(escape("a {{ b }} c"), r#"a {{ "{{" }} b }} c"#);
    }
}

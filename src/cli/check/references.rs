//! What objects say of each other, as far as the files hold both sides.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::core::{Selector, SelectorExt};
use serde_json::Value;

use super::documents::Document;
use super::{Checked, Finding, namespace_of};
use crate::api::{CrmTenant, NamespacesFrom, secret_keys};

/// Kinds that bring a Secret of their own name into the cluster.
const BRING_SECRETS: [&str; 2] = ["ExternalSecret", "SealedSecret"];

/// Where a tenant names its Secrets, and the keys that are read from them.
const SECRETS: [(&str, &str, &[&str]); 2] = [
    (
        "/spec/office365/auth/secretRef/name",
        "spec.office365.auth.secretRef",
        &[secret_keys::OFFICE365_CLIENT_SECRET],
    ),
    (
        "/spec/crm/zoho/credentialsRef/name",
        "spec.crm.zoho.credentialsRef",
        &[
            secret_keys::CRM_CLIENT_ID,
            secret_keys::CRM_CLIENT_SECRET,
            secret_keys::CRM_REFRESH_TOKEN,
        ],
    ),
];

/// Namespace and name.
type Key = (String, String);

/// What is wrong between the objects, each with the position of the object that it is about.
pub(super) fn findings(
    objects: &[Checked<'_>],
    documents: &[Document],
    namespace: &str,
) -> Vec<(usize, Finding)> {
    let mut found = twice(objects);
    found.extend(tenants(objects, documents));
    found.extend(secrets(objects, documents, namespace));
    found
}

/// Objects of one name, and objects of one kind for one user of a tenant.
fn twice(objects: &[Checked<'_>]) -> Vec<(usize, Finding)> {
    let mut found = Vec::new();
    let mut named: BTreeMap<(&str, Key), &Checked<'_>> = BTreeMap::new();
    let mut about: BTreeMap<(&str, Key, String), &Checked<'_>> = BTreeMap::new();
    for (at, object) in objects.iter().enumerate() {
        let name = (object.namespace.clone(), object.name().to_owned());
        if let Some(first) = named.insert((object.kind(), name), object)
            && !object.name().is_empty()
        {
            let message = format!("the same object stands in {}", first.document);
            found.push((at, Finding::new("metadata.name", message)));
            continue;
        }
        let user = object.document.text("/spec/user").to_lowercase();
        let Some(tenant) = tenant_of(object, "/spec/tenantRef").filter(|_| !user.is_empty()) else {
            continue;
        };
        if let Some(first) = about.insert((object.kind(), tenant, user), object) {
            let message = format!(
                "{} in {} is for the same user already: the older of both wins, and the other one stalls",
                first.name(),
                first.document
            );
            found.push((at, Finding::new("spec.user", message)));
        }
    }
    found
}

/// References to tenants; nothing where no tenant is given, as another repository may hold it.
fn tenants(objects: &[Checked<'_>], documents: &[Document]) -> Vec<(usize, Finding)> {
    let tenants: BTreeMap<Key, &Checked<'_>> = objects
        .iter()
        .filter(|object| object.kind() == "CrmTenant")
        .map(|tenant| ((tenant.namespace.clone(), tenant.name().to_owned()), tenant))
        .collect();
    let mut found = Vec::new();
    if tenants.is_empty() {
        return found;
    }
    for (at, object) in objects.iter().enumerate() {
        for pointer in ["/spec/tenantRef", "/spec/account/tenantRef"] {
            let Some(key) = tenant_of(object, pointer) else {
                continue;
            };
            let field = pointer[1..].replace('/', ".");
            let Some(tenant) = tenants.get(&key) else {
                let message = format!("there is no CrmTenant {} in the files{}", key.1, within(&key.0));
                found.push((at, Finding::new(field, message)));
                continue;
            };
            if admits(tenant, &object.namespace, documents) == Some(false) {
                let message = format!(
                    "the CrmTenant {} does not admit this object's namespace{} in allowedNamespaces",
                    key.1,
                    within(&object.namespace)
                );
                found.push((at, Finding::new(field, message)));
            }
        }
    }
    found
}

fn within(namespace: &str) -> String {
    if namespace.is_empty() {
        String::new()
    } else {
        format!(" (namespace {namespace})")
    }
}

fn tenant_of(object: &Checked<'_>, pointer: &str) -> Option<Key> {
    let reference = object.document.value.pointer(pointer)?;
    let name = reference["name"].as_str()?.to_owned();
    let namespace = reference["namespace"].as_str();
    Some((namespace.unwrap_or(&object.namespace).to_owned(), name))
}

/// Whether a tenant admits objects of a namespace; nothing where the files do not tell.
fn admits(tenant: &Checked<'_>, namespace: &str, documents: &[Document]) -> Option<bool> {
    if tenant.namespace == namespace {
        return Some(true);
    }
    let declared: CrmTenant = tenant.typed()?;
    let Some(allowed) = declared.spec.allowed_namespaces else {
        return Some(false);
    };
    match allowed.from {
        NamespacesFrom::Same => Some(false),
        NamespacesFrom::All => Some(true),
        NamespacesFrom::Selector => selects(allowed.selector?, namespace, documents),
    }
}

fn selects(selector: LabelSelector, namespace: &str, documents: &[Document]) -> Option<bool> {
    let is_it =
        |document: &&Document| is_core(document, "Namespace") && document.text("/metadata/name") == namespace;
    let found = documents.iter().find(is_it)?;
    let mut labels: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in members(found, "/metadata/labels") {
        labels.insert(name.clone(), value.as_str()?.to_owned());
    }
    // The API server puts it on every namespace.
    labels.insert("kubernetes.io/metadata.name".to_owned(), namespace.to_owned());
    Some(Selector::try_from(selector).ok()?.matches(&labels))
}

/// Secrets of tenants; nothing where the namespace has none in the files, as they seldom stand in Git.
fn secrets(objects: &[Checked<'_>], documents: &[Document], namespace: &str) -> Vec<(usize, Finding)> {
    let mut found = Vec::new();
    for (at, tenant) in objects.iter().enumerate() {
        if tenant.kind() != "CrmTenant" {
            continue;
        }
        let here = |document: &&Document| namespace_of(document, namespace) == tenant.namespace;
        let brought = |document: &&Document| BRING_SECRETS.contains(&document.text("/kind"));
        let given: Vec<&Document> = documents
            .iter()
            .filter(here)
            .filter(|document| is_core(document, "Secret") || brought(document))
            .collect();
        if given.is_empty() {
            continue;
        }
        for (pointer, field, keys) in SECRETS {
            let name = tenant.document.text(pointer);
            let named = |document: &&&Document| {
                let target = document.text("/spec/target/name");
                document.text("/metadata/name") == name || (brought(document) && target == name)
            };
            let Some(secret) = given.iter().find(named) else {
                if !name.is_empty() {
                    let message = format!("there is no Secret {name} among those of the files");
                    found.push((at, Finding::new(field, message)));
                }
                continue;
            };
            let missing = keys
                .iter()
                .filter(|key| is_core(secret, "Secret") && !has(secret, key));
            found.extend(missing.map(|key| {
                let message = format!("the Secret {name} in {secret} has no key {key}, or it is empty");
                (at, Finding::new(field, message))
            }));
        }
    }
    found
}

fn has(secret: &Document, key: &str) -> bool {
    ["/data", "/stringData"].iter().any(|place| {
        members(secret, place)
            .any(|(name, value)| name == key && value.as_str().is_some_and(|text| !text.trim().is_empty()))
    })
}

fn members<'a>(document: &'a Document, pointer: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let object = document.value.pointer(pointer).and_then(Value::as_object);
    object.into_iter().flatten()
}

fn is_core(document: &Document, kind: &str) -> bool {
    document.text("/apiVersion") == "v1" && document.text("/kind") == kind
}

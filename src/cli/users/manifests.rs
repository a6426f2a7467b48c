//! Manifests of invites, ready for Git: pure.

use std::collections::{BTreeMap, BTreeSet};

use kube::{Resource, ResourceExt};
use serde_json::{Value, json};

use super::candidates::Candidate;
use super::gather::Found;
use crate::api::{CrmUserInvite, InviteType, yaml_document};

/// The longest name of an object that can stand as the value of a label too.
const NAME_CHARACTERS: usize = 63;
/// So much of an object id tells two people of one name apart.
const ID_CHARACTERS: usize = 8;

/// One document for each candidate, in the tenant's namespace.
pub(super) fn manifests(candidates: &[Candidate<'_>], found: &Found, invite_type: InviteType) -> String {
    let namespace = found.tenant.namespace().unwrap_or_default();
    let taken = found
        .invites
        .iter()
        .filter(|invite| invite.namespace().as_deref() == Some(namespace.as_str()))
        .map(ResourceExt::name_any)
        .collect();
    let names = object_names(candidates, taken);
    let documents = candidates.iter().zip(names).map(|(candidate, name)| {
        let manifest = manifest(
            candidate,
            &name,
            &namespace,
            &found.tenant.name_any(),
            invite_type,
        );
        format!("---\n{}", yaml_document(&manifest))
    });
    documents.collect()
}

fn manifest(
    candidate: &Candidate<'_>,
    name: &str,
    namespace: &str,
    tenant: &str,
    invite_type: InviteType,
) -> Value {
    let mut spec = json!({
        "tenantRef": { "name": tenant },
        "type": invite_type,
        "user": candidate.name(),
    });
    if let Some(address) = candidate.linked {
        spec["account"] = json!({ "mode": "New", "email": address });
    }
    json!({
        "apiVersion": CrmUserInvite::api_version(&()),
        "kind": CrmUserInvite::kind(&()),
        "metadata": { "name": name, "namespace": namespace },
        "spec": spec,
    })
}

/// A name for each: what stands before the `@`, with a part of the id where that is not the only one. The same
/// people get the same names whatever their order.
fn object_names(candidates: &[Candidate<'_>], mut taken: BTreeSet<String>) -> Vec<String> {
    let plain = |candidate: &Candidate<'_>| {
        let local = candidate.name().split('@').next().unwrap_or_default();
        dns_safe(local, NAME_CHARACTERS)
    };
    let mut bearers: BTreeMap<String, usize> = BTreeMap::new();
    for candidate in candidates {
        *bearers.entry(plain(candidate)).or_default() += 1;
    }
    let name_of = |candidate: &Candidate<'_>| {
        let plain = plain(candidate);
        let is_only = bearers.get(&plain) == Some(&1);
        if is_only && !plain.is_empty() && taken.insert(plain.clone()) {
            return plain;
        }
        let id: String = candidate.user.id.chars().take(ID_CHARACTERS).collect();
        let short = dns_safe(&plain, NAME_CHARACTERS - ID_CHARACTERS - 1);
        let with_id = dns_safe(&format!("{short}-{id}"), NAME_CHARACTERS);
        let numbered = (2..).map(|number: u32| format!("{with_id}-{number}"));
        let mut names = std::iter::once(with_id.clone()).chain(numbered);
        names.find(|name| taken.insert(name.clone())).unwrap_or(with_id)
    };
    candidates.iter().map(name_of).collect()
}

/// Small letters, digits and single hyphens, none of them at an end.
fn dns_safe(text: &str, most: usize) -> String {
    let mut safe = String::new();
    for c in text.to_lowercase().chars() {
        if c.is_ascii_alphanumeric() {
            safe.push(c);
        } else if !safe.ends_with('-') {
            safe.push('-');
        }
    }
    let safe = safe.trim_start_matches('-');
    safe[..safe.len().min(most)].trim_end_matches('-').to_owned()
}

#[cfg(test)]
#[path = "manifests_tests.rs"]
mod tests;

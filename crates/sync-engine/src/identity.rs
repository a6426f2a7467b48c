//! Identity that outlives cluster and store (`design.md` §6.1): derived from the services' own ids alone.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The namespace of all scope ids.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f1c_8a52_3d0b_4c7e_9a41_5be2_c07d_9f13);

/// The namespace of all external ids.
const EXTERNAL: Uuid = Uuid::from_u128(0x2d94_71b6_e0c5_4f38_8a1e_93d6_04bf_57c2);

/// What a scope keeps in sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The contact folder of a mailbox.
    Contacts,
}

/// One mailbox's contacts with one CRM organisation: the same from whatever cluster and store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ScopeId(Uuid);

impl ScopeId {
    /// From the Office 365 tenant id, the CRM organisation id and the mailbox user's object id.
    #[must_use]
    pub fn derive(office_tenant: &str, organisation: &str, mailbox_user: &str, kind: Kind) -> Self {
        let kind = match kind {
            Kind::Contacts => "contacts",
        };
        let name = [office_tenant, organisation, mailbox_user, kind]
            .map(|part| part.trim().to_ascii_lowercase())
            .join("|");
        Self(Uuid::new_v5(&NAMESPACE, name.as_bytes()))
    }

    /// The 16 bytes under which the store keeps it.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl std::fmt::Display for ScopeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.simple().fmt(f)
    }
}

/// What an item that crmlink made carries: `v1|scope|CRM id`.
#[must_use]
pub fn item_marker(scope: ScopeId, crm_id: &str) -> String {
    format!("v1|{scope}|{crm_id}")
}

/// What the record of an item made in Outlook keeps in the tenant's unique field: 32 hexadecimal digits that stand for the
/// item's id. Not the id itself: ids of neighbouring items may differ by the case of one letter alone
/// (`research/graph.md` §13), and a CRM compares text without regard to case.
#[must_use]
pub fn external_id(office_id: &str) -> String {
    Uuid::new_v5(&EXTERNAL, office_id.as_bytes()).simple().to_string()
}

/// The CRM id of an item marker of this scope; `None` for any other text, a foreign scope's marker included.
#[must_use]
pub fn crm_id_of(scope: ScopeId, marker: &str) -> Option<&str> {
    marker
        .strip_prefix("v1|")?
        .strip_prefix(scope.to_string().as_str())?
        .strip_prefix('|')
        .filter(|id| !id.is_empty())
}

/// Whether a text is a marker of crmlink at all, of whatever scope.
#[must_use]
pub fn is_marker(text: &str) -> bool {
    text.starts_with("v1|")
}

/// What the container carries: `v1|scope|claiming cluster`, the cluster being the uid of its `kube-system`.
#[must_use]
pub fn container_marker(scope: ScopeId, cluster: &str) -> String {
    format!("v1|{scope}|{cluster}")
}

/// The claiming cluster of a container marker of this scope.
#[must_use]
pub fn cluster_of(scope: ScopeId, marker: &str) -> Option<&str> {
    crm_id_of(scope, marker)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_depends_on_ids_alone_and_not_on_their_case() {
        let a = ScopeId::derive("7B1F", "111", "Abc", Kind::Contacts);
        assert_eq!(a, ScopeId::derive("7b1f", "111", "aBC", Kind::Contacts));
        assert_ne!(a, ScopeId::derive("7b1f", "112", "abc", Kind::Contacts));
    }

    #[test]
    fn external_ids_differ_in_more_than_case() {
        assert_eq!(external_id("AAk0="), external_id("AAk0="));
        let (a, b) = (external_id("AAkO="), external_id("AAko="));
        assert!(!a.eq_ignore_ascii_case(&b), "{a} {b}");
        assert!(a.len() == 32 && a.chars().all(|c| c.is_ascii_hexdigit()), "{a}");
    }

    #[test]
    fn a_marker_is_read_back_only_in_its_own_scope() {
        let a = ScopeId::derive("t", "o", "u", Kind::Contacts);
        let b = ScopeId::derive("t", "o", "v", Kind::Contacts);
        assert_eq!(crm_id_of(a, &item_marker(a, "42")), Some("42"));
        assert_eq!(crm_id_of(b, &item_marker(a, "42")), None);
        assert_eq!(crm_id_of(a, "v1|"), None);
        assert_eq!(crm_id_of(a, &item_marker(a, "")), None);
    }
}

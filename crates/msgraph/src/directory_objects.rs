//! Objects of the directory where users, groups and apps stand in one list.

use serde::Deserialize;

/// Ids only: what else a member shows depends on further permissions, and nothing else is needed
/// (`research/graph.md` §1).
pub(crate) const SELECT: &str = "$select=id";

/// A member of a role or a group.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DirectoryObject {
    /// The object id.
    pub id: String,
    /// What it is.
    #[serde(rename = "@odata.type", default)]
    pub kind: ObjectKind,
}

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(from = "String")]
pub enum ObjectKind {
    /// A user, guests included.
    User,
    /// A group; its members are listed by a call of its own.
    Group,
    /// An app in this tenant.
    ServicePrincipal,
    /// A device or a contact of the organisation, or something new.
    #[default]
    Other,
}

impl From<String> for ObjectKind {
    /// Reads `#microsoft.graph.user` as well as an assignment's `User`.
    fn from(name: String) -> Self {
        match name
            .rsplit('.')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase()
            .as_str()
        {
            "user" => Self::User,
            "group" => Self::Group,
            "serviceprincipal" => Self::ServicePrincipal,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_read_and_unknown_kinds_are_no_users() {
        for (name, kind) in [
            ("#microsoft.graph.user", ObjectKind::User),
            ("User", ObjectKind::User),
            ("Group", ObjectKind::Group),
            ("#microsoft.graph.servicePrincipal", ObjectKind::ServicePrincipal),
            ("#microsoft.graph.device", ObjectKind::Other),
            ("", ObjectKind::Other),
        ] {
            assert_eq!(ObjectKind::from(name.to_owned()), kind, "{name}");
        }
    }
}

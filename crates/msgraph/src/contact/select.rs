//! Which members an answer brings.

use std::collections::BTreeSet;

use super::ContactField;

/// Besides the mapped members: identity, version, place. The etag always comes.
const ALWAYS: &str = "id,changeKey,parentFolderId";

/// The members that a read asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Select {
    members: BTreeSet<&'static str>,
}

impl Select {
    /// These members, and always id, versions, times and place.
    #[must_use]
    pub fn fields(fields: impl IntoIterator<Item = ContactField>) -> Self {
        Self {
            members: fields.into_iter().map(ContactField::as_str).collect(),
        }
    }

    /// Everything that can be mapped.
    #[must_use]
    pub fn all() -> Self {
        Self::fields(ContactField::all())
    }

    /// Id, versions, times and place only.
    #[must_use]
    pub fn identity() -> Self {
        Self::fields([])
    }

    pub(crate) fn query(&self) -> String {
        format!("{},createdDateTime,lastModifiedDateTime", self.delta_query())
    }

    /// Without the times, as a delta query reports what it selects and the times change for no reason
    /// (`research/graph.md` §6, §8).
    pub(crate) fn delta_query(&self) -> String {
        self.members
            .iter()
            .fold(format!("$select={ALWAYS}"), |query, member| query + "," + member)
    }
}

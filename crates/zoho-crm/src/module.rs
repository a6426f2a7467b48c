//! The modules that crmlink touches.

/// A module by its API name, which stays the same when its label is renamed or translated
/// (`research/zoho.md` §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Module {
    /// People.
    Contacts,
    /// Meetings, as the label says today.
    Events,
    /// Companies.
    Accounts,
}

impl Module {
    /// The name in paths and queries.
    #[must_use]
    pub fn api_name(self) -> &'static str {
        match self {
            Self::Contacts => "Contacts",
            Self::Events => "Events",
            Self::Accounts => "Accounts",
        }
    }
}

impl std::fmt::Display for Module {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.api_name())
    }
}

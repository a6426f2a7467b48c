//! Links of the service: opaque, followed as they are, and only on the configured host.

use serde::{Deserialize, Serialize};
use url::{Position, Url};

/// A `nextLink` or `deltaLink`, absolute as the service gave it. It names the mailbox, so it is not shown.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Link(String);

impl Link {
    /// A link from the store.
    #[must_use]
    pub fn new(link: impl Into<String>) -> Self {
        Self(link.into())
    }

    /// The text to store.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What follows `base`, which ends in the version; `None` if the link leads elsewhere. Requests are always made of
    /// the configured base and this rest, so a forged link cannot carry a token away (`research/graph.md` §13.10).
    pub(crate) fn below(&self, base: &Url) -> Option<String> {
        let url = Url::parse(&self.0).ok()?;
        let own = url.scheme() == base.scheme()
            && url.host_str() == base.host_str()
            && url.port_or_known_default() == base.port_or_known_default()
            && url.username().is_empty()
            && url.password().is_none();
        let rest = url[Position::BeforePath..Position::AfterQuery]
            .strip_prefix(base.path())
            .filter(|rest| rest.starts_with('/'));
        let rest = rest.filter(|_| own)?;
        // The service's own spelling is kept where a URI can hold it: the token inside is compared by the byte.
        let verbatim = self
            .0
            .strip_prefix(base.as_str())
            .filter(|rest| rest.starts_with('/') && !rest.contains('#'));
        let verbatim =
            verbatim.filter(|rest| !url.path().contains("/..") && rest.parse::<http::Uri>().is_ok());
        Some(verbatim.unwrap_or(rest).to_owned())
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Link(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn below(link: &str) -> Option<String> {
        Link::new(link).below(&Url::parse("https://graph.microsoft.com/v1.0").unwrap())
    }

    #[test]
    fn only_the_configured_host_and_version_are_followed() {
        assert_eq!(
            below("https://graph.microsoft.com/v1.0/users?$skip='1'").as_deref(),
            Some("/users?$skip='1'")
        );
        assert_eq!(
            below("https://GRAPH.microsoft.com:443/v1.0/users?a=b").as_deref(),
            Some("/users?a=b")
        );
        for foreign in [
            "https://graph.microsoft.com.example.com/v1.0/users",
            "https://graph.microsoft.com@example.com/v1.0/users",
            "https://user:pass@graph.microsoft.com/v1.0/users",
            "http://graph.microsoft.com/v1.0/users",
            "https://graph.microsoft.com:8443/v1.0/users",
            "https://graph.microsoft.com/beta/users",
            "https://graph.microsoft.com/v1.0beta/users",
            "https://graph.microsoft.com/v1.0/../beta/users",
            "//graph.microsoft.com/v1.0/users",
            "/v1.0/users",
            "",
        ] {
            assert_eq!(below(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn debug_hides_the_link() {
        assert_eq!(format!("{:?}", Link::new("https://x/v1.0/users/ada")), "Link(..)");
    }
}

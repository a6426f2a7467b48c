//! Ids: 64-bit numbers that travel as text, because JSON numbers lose digits above 2^53 (`research/zoho.md` §10).

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps the text of an id.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text of the id.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Whether it can be put into a path or a query: digits only, and not endless.
            #[must_use]
            pub fn is_well_formed(&self) -> bool {
                is_id(&self.0)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }
    };
}

id! {
    /// A record of any module.
    RecordId
}
id! {
    /// A CRM user.
    UserId
}
id! {
    /// A CRM organisation.
    OrgId
}
id! {
    /// A profile: what its users may do.
    ProfileId
}
id! {
    /// A role: whose records its users may see.
    RoleId
}

/// Digits only, at most 20 of them (the `maxLength` of the contract's ids).
pub(crate) fn is_id(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

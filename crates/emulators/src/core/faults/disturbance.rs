//! What the services do to their callers on bad days without refusing a request.

use serde::{Deserialize, Serialize};

/// A disturbance of whatever the request is about: its token, its folder, its record. Where the path names a folder
/// or a module only, one of the records in it is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disturbance {
    /// The access token is no longer good.
    ExpireToken,
    /// Graph: all links of the folder's change query given out so far are no longer known.
    ResetDelta,
    /// Graph: the change query announces a living contact of the folder as removed.
    FalseRemoved,
    /// Graph: the next answer of the folder's change query comes once more.
    RepeatPage,
    /// Graph: the contact gets another change key without an edit. Zoho: an automation touches the record, which
    /// moves `Modified_Time` and nothing else.
    Bump,
}

impl Disturbance {
    /// Whether the service knows it.
    pub(super) fn is_for(self, service: &str) -> bool {
        match self {
            Self::ExpireToken | Self::Bump => true,
            Self::ResetDelta | Self::FalseRemoved | Self::RepeatPage => service == "graph",
        }
    }
}

//! Who may use the integration.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::schema;

/// The users of the organisation who may be synced and invited. A sync or an invite of anybody else says
/// `UserNotApproved`, and starts by itself once the user is approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    {
        "rule": "self.mode == 'Listed' || (!has(self.users) && !has(self.groups))",
        "message": "users and groups are only allowed when mode is Listed"
    },
    {
        "rule": "self.mode != 'Listed' || (has(self.users) && size(self.users) > 0) || (has(self.groups) && size(self.groups) > 0)",
        "message": "users or groups are required when mode is Listed"
    }
]))]
pub struct ApprovedUsers {
    /// `AppAssignment`: those to whom the app is assigned in Microsoft Entra, themselves or as direct members of an
    /// assigned group. `Everyone`: every member of the tenant, without guests. `Listed`: those in `users` and the
    /// direct members of `groups`.
    pub mode: ApprovedUsersMode,

    /// User principal names or object ids. Only allowed when `mode` is `Listed`. At most 1000.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::office_users")]
    pub users: Vec<String>,

    /// Object ids of groups, whose direct members are approved. Only allowed when `mode` is `Listed`. At most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::office_groups")]
    pub groups: Vec<String>,
}

/// Where it stands who may use the integration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ApprovedUsersMode {
    /// In the assignments of the app.
    AppAssignment,
    /// Nowhere: everybody may.
    Everyone,
    /// In this object.
    Listed,
}

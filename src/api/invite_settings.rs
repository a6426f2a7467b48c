//! What the invites of a tenant have in common.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::schema;

/// How users are invited.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InviteSettings {
    /// Role of invited CRM users, by id or name, where an invite declares none. Names follow the language of the
    /// organisation; a name that several roles have is refused. Default: none; each invite has to declare one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::crm_name")]
    pub role: Option<String>,

    /// Profile of invited CRM users, by id or name, where an invite declares none. A name that several profiles have
    /// is refused. Default: none; each invite has to declare one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::crm_name")]
    pub profile: Option<String>,

    /// The mailbox that requests to join are mailed from: user principal name or object id. The app needs the
    /// application permission `Mail.Send` for it, best limited to this one mailbox. Required for invites of type
    /// `JoinRequest` that nobody approved beforehand. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::office_user")]
    pub sender_mailbox: Option<String>,

    /// How requests to join are treated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub join_requests: Option<JoinRequests>,
}

/// How requests to join are treated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct JoinRequests {
    /// Users whose requests count as approved: whoever reviews this object approves them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pre_approved: Option<PreApproved>,
}

/// Users and groups that are approved beforehand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PreApproved {
    /// User principal names or object ids. At most 1000.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::office_users")]
    pub users: Vec<String>,

    /// Object ids of groups, whose direct members are approved. At most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::office_groups")]
    pub groups: Vec<String>,
}

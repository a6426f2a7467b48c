//! Who installed crmlink for an organisation, and under which terms.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::schema;

/// The authority under which the operator works for an organisation. Nothing runs before it is verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Installation {
    /// The administrator who enables the integration: user principal name (`nora@example.com`) or object id. When the
    /// installation is verified this user has to be a member of the tenant with an enabled account that holds the role
    /// Global Administrator, itself or as a direct member of a group. A role that is only eligible does not count
    /// until it is activated.
    #[schemars(schema_with = "schema::office_user")]
    pub administrator: String,

    /// Whether the organisation accepts the terms on the page docs/terms.md of the release that is installed. `false`
    /// keeps everything from running (reason `TermsNotAccepted`); what is in the mailboxes stays.
    pub accept_terms: bool,

    /// Which CRM account is the administrator's. Default: the one with the same e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Account>,

    /// What it means if a verified administrator later loses the role, is blocked or leaves, or if the CRM account
    /// goes. `Warn`: the condition `Installed` says so and everything goes on, as roles are often held for some hours
    /// only. `Stop`: nothing runs until it is mended; links are kept, and the syncs go on where they were. Default:
    /// `Warn`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Recheck")]
    pub recheck: Option<Recheck>,
}

/// The CRM account of the administrator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    {
        "rule": "self.mode != 'Link' || has(self.email)",
        "message": "email is required when mode is Link"
    },
    {
        "rule": "self.mode == 'Link' || !has(self.email)",
        "message": "email is only allowed when mode is Link"
    }
]))]
pub struct Account {
    /// `SameEmail`: the CRM user with one of the administrator's own addresses; until there is one, the condition
    /// `AccountLinked` carries the link to sign up. `Link`: an existing CRM account with another address.
    pub mode: AccountMode,

    /// E-mail address of the CRM account. Required when `mode` is `Link`, and only allowed then. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::crm_user")]
    pub email: Option<String>,
}

/// How a CRM account is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum AccountMode {
    /// By the same e-mail address.
    SameEmail,
    /// By an address that is declared.
    Link,
}

/// What a later loss of authority means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Recheck {
    /// A condition says so.
    #[default]
    Warn,
    /// Nothing runs until it is mended.
    Stop,
}

impl Installation {
    /// The e-mail address of the administrator's CRM account where it is another one.
    #[must_use]
    pub fn linked_account(&self) -> Option<&str> {
        let account = self.account.as_ref()?;
        account
            .email
            .as_deref()
            .filter(|_| account.mode == AccountMode::Link)
    }
}

/// When and for whom the installation was verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InstallationStatus {
    /// Object id of the administrator in Microsoft 365.
    #[schemars(schema_with = "schema::status_text")]
    pub administrator_id: String,

    /// When the administrator was first seen to hold the role. Another administrator is verified anew.
    pub verified_at: Time,

    /// Generation of the spec for which that was.
    pub verified_generation: i64,

    /// Id of the administrator's CRM user, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::status_text")]
    pub crm_user_id: Option<String>,
}

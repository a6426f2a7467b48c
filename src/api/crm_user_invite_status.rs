//! What the operator reports about a `CrmUserInvite`, and what an approver decides about it.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Conditions, schema};

/// What the operator saw and did, and what was decided about a request to join.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CrmUserInviteStatus {
    /// Generation of the spec that the last finished attempt worked on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,

    /// `Ready`, `Invited`, `Accepted`, for a request to join `Approved` or `Denied` once it is decided, and, only while
    /// true, `Reconciling`, `Stalled`, `Suspended`, `AwaitingApproval`, `Rejected` and `LinkedElsewhere`.
    #[serde(default, skip_serializing_if = "Conditions::is_empty")]
    pub conditions: Conditions,

    /// Last value of the annotation `crmlink.dev/requestedAt` that forced a run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::status_text")]
    pub last_handled_requested_at: Option<String>,

    /// How far the person is. `Pending`: nothing was done yet. `AwaitingApproval`: somebody who may manage users has to
    /// approve. `Invited`: the invitation is sent. `Active`: the person is a user of the CRM. `Inactive`: the CRM user
    /// is switched off. `Denied`: the request was turned down. `Rejected`: the person turned the invitation down, or
    /// somebody took it back in the CRM. `LinkedElsewhere`: the person uses an account of another organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "InvitePhase")]
    pub phase: Option<InvitePhase>,

    /// Object id of the user in Microsoft 365, pinned at the first run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::status_text")]
    pub office_user_id: Option<String>,

    /// Id of the CRM user, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::status_text")]
    pub crm_user_id: Option<String>,

    /// When the operator sent the invitation. Nothing where the person was in the CRM already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invited_at: Option<Time>,

    /// When the operator first saw that the person had accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_at: Option<Time>,

    /// The mails to those who may approve. Who they are stands in no status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_mails: Option<RequestMails>,

    /// What was decided about the request to join; set once, by `crmlink approve` or `crmlink deny`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
}

/// How far a person is on the way into the CRM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum InvitePhase {
    /// Nothing was done yet.
    Pending,
    /// Somebody who may manage users has to approve.
    AwaitingApproval,
    /// The invitation is sent.
    Invited,
    /// The person is a user of the CRM.
    Active,
    /// The CRM user is switched off.
    Inactive,
    /// The request was turned down.
    Denied,
    /// The person turned the invitation down, or somebody took it back in the CRM.
    Rejected,
    /// The person uses an account of another organisation.
    LinkedElsewhere,
}

impl InvitePhase {
    /// The word as it stands in the status.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::AwaitingApproval => "AwaitingApproval",
            Self::Invited => "Invited",
            Self::Active => "Active",
            Self::Inactive => "Inactive",
            Self::Denied => "Denied",
            Self::Rejected => "Rejected",
            Self::LinkedElsewhere => "LinkedElsewhere",
        }
    }
}

/// The mails about one request to join.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequestMails {
    /// Number of CRM users who were mailed.
    pub sent: u32,

    /// Number of CRM users to whom no mail could be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<u32>,

    /// When the last of them was mailed.
    pub completed_at: Time,
}

/// What was decided about a request to join, and in whose name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// What was decided.
    pub verdict: DecisionVerdict,

    /// The Kubernetes user who decided. An admission policy lets everybody set their own name only.
    #[schemars(schema_with = "schema::kubernetes_user")]
    pub by: String,

    /// Id of the CRM user in whose name that was. The decision counts only if this user may manage users.
    #[schemars(schema_with = "schema::crm_id")]
    pub crm_user_id: String,

    /// When that was.
    pub at: Time,
}

/// What can be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum DecisionVerdict {
    /// The person may join.
    Approved,
    /// The person may not join.
    Denied,
}

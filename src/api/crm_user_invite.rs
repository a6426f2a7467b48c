//! The kind `CrmUserInvite`: one person who is to become a user of the CRM.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CrmUserInviteStatus, TenantRef, schema};

/// Who is to become a user of the CRM, and how.
#[allow(
    clippy::duplicated_attributes,
    reason = "printer columns share types and priorities"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, CustomResource, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "crmlink.dev",
    version = "v1alpha1",
    kind = "CrmUserInvite",
    plural = "crmuserinvites",
    singular = "crmuserinvite",
    shortname = "crmi",
    category = "crmlink",
    namespaced,
    status = "CrmUserInviteStatus",
    derive = "PartialEq",
    doc = "CrmUserInvite brings one person into the CRM organisation of a CrmTenant: by an invitation, or by a request \
           to join that somebody who manages users approves. Deleting it withdraws an invitation that is not accepted \
           yet; an accepted user stays, unless deletionPolicy says otherwise.",
    selectable = ".spec.tenantRef.name",
    selectable = ".spec.user",
    validation = Rule::new(
        "(has(self.spec.newUser) && self.spec.newUser) == (has(oldSelf.spec.newUser) && oldSelf.spec.newUser)"
    )
    .message("newUser is immutable: delete this object and create another"),
    printcolumn(
        name = "Tenant",
        type_ = "string",
        json_path = ".spec.tenantRef.name",
        description = "The CrmTenant"
    ),
    printcolumn(
        name = "User",
        type_ = "string",
        json_path = ".spec.user",
        description = "Who is invited"
    ),
    printcolumn(
        name = "Type",
        type_ = "string",
        json_path = ".spec.type",
        description = "Invitation or request to join"
    ),
    printcolumn(
        name = "Phase",
        type_ = "string",
        json_path = ".status.phase",
        description = "How far it is"
    ),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].status"#,
        description = "Whether it is as declared"
    ),
    printcolumn(
        name = "Reason",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].reason"#,
        description = "Why it is ready or not"
    ),
    printcolumn(
        name = "Invited",
        type_ = "date",
        json_path = ".status.invitedAt",
        description = "Since the invitation was sent"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].message"#,
        description = "The reason in words",
        priority = 1
    )
)]
#[schemars(extend("x-kubernetes-validations" = [
    {
        "rule": "!has(self.newUser) || !self.newUser || self.user.contains('@')",
        "message": "user must be an e-mail address when newUser is true"
    },
    {
        "rule": "!has(self.newUser) || !self.newUser || !has(self.account)",
        "message": "account is not allowed when newUser is true: user is the address"
    },
    {
        "rule": "self.type != 'JoinRequest' || !has(self.account) || self.account.mode != 'Link'",
        "message": "a JoinRequest asks to join this organisation: account.mode Link is only allowed for an Invitation"
    }
]))]
pub struct CrmUserInviteSpec {
    /// The `CrmTenant` into whose CRM organisation the person is invited. It cannot be changed.
    #[schemars(extend("x-kubernetes-validations" = [{
        "rule": "self == oldSelf",
        "message": "tenantRef is immutable: delete this object and create another"
    }]))]
    pub tenant_ref: TenantRef,

    /// Who is invited: a Microsoft 365 user by user principal name (`mary@example.com`) or object id, or, with
    /// `newUser: true`, anybody by e-mail address. The object id is pinned in `status.officeUserId`. It cannot be
    /// changed.
    #[schemars(schema_with = "schema::immutable_office_user")]
    pub user: String,

    /// `Invitation`: an administrator invites the person. `JoinRequest`: the person asks to join; every CRM user who
    /// may manage users is mailed, and nobody is added before one of them approves. It cannot be changed.
    #[schemars(extend("x-kubernetes-validations" = [{
        "rule": "self == oldSelf",
        "message": "type is immutable: delete this object and create another"
    }]))]
    #[serde(rename = "type")]
    pub invite_type: InviteType,

    /// `true`: the person is not a user of the Microsoft 365 tenant, so `user` is an e-mail address and `approvedUsers`
    /// of the CrmTenant does not count. A user of the tenant cannot be invited in this way. It cannot be changed.
    /// Default: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_user: Option<bool>,

    /// First name in the CRM, at most 40 characters. Default: as Microsoft 365 has it; for a new user the part of the
    /// address before the `@`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::person_name")]
    pub first_name: Option<String>,

    /// Last name in the CRM, at most 40 characters. Default: as Microsoft 365 has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::person_name")]
    pub last_name: Option<String>,

    /// Role in the CRM, by id or name. Default: the tenant's `invites.role`. It counts when the invitation is sent; a
    /// later change is not carried to the CRM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::crm_name")]
    pub role: Option<String>,

    /// Profile in the CRM, by id or name. Default: the tenant's `invites.profile`. It counts when the invitation is
    /// sent; a later change is not carried to the CRM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::crm_name")]
    pub profile: Option<String>,

    /// Which CRM account the person uses. Default: a new one with the main address of `user`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<InvitedAccount>,

    /// When the object counts as ready. `Invited`: once the invitation is sent. `Accepted`: once the person has
    /// accepted it; a rollout that waits for readiness then waits for a person. Default: `Invited`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ReadyWhen")]
    pub ready_when: Option<ReadyWhen>,

    /// What becomes of an accepted user when this object is deleted. `Retain`: nothing. `Deactivate`: the CRM user is
    /// switched off. `Remove`: the CRM user is deleted; its records stay. The super admin and the user whom the
    /// operator acts for always stay. An invitation that is not accepted yet is withdrawn in any case. Default:
    /// `Retain`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "InviteDeletionPolicy")]
    pub deletion_policy: Option<InviteDeletionPolicy>,

    /// `true` stops all work on this invite and keeps everything as it is; deleting this object still works. Default:
    /// `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,
}

impl CrmUserInviteSpec {
    /// Whether the person is not a user of the Microsoft 365 tenant.
    #[must_use]
    pub fn is_new_user(&self) -> bool {
        self.new_user.unwrap_or(false)
    }

    /// Whether the author stopped this invite.
    #[must_use]
    pub fn is_suspended(&self) -> bool {
        self.suspend.unwrap_or(false)
    }

    /// The account in another organisation that the person uses, if that is declared.
    #[must_use]
    pub fn linked_account(&self) -> Option<&InvitedAccount> {
        self.account
            .as_ref()
            .filter(|account| account.mode == InvitedAccountMode::Link)
    }
}

/// How somebody comes into the CRM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum InviteType {
    /// An administrator invites them.
    Invitation,
    /// They ask to join.
    JoinRequest,
}

/// The CRM account of an invited person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    {
        "rule": "self.mode != 'Link' || has(self.email) || has(self.tenantRef)",
        "message": "email or tenantRef is required when mode is Link"
    },
    {
        "rule": "self.mode == 'Link' || !has(self.tenantRef)",
        "message": "tenantRef is only allowed when mode is Link"
    }
]))]
pub struct InvitedAccount {
    /// `New`: an account of this organisation, made with the invitation. `Link`: the person uses an existing CRM
    /// account and belongs to *that* account's organisation; no invitation is sent, and a pending one is withdrawn.
    pub mode: InvitedAccountMode,

    /// With `New`: where the invitation goes; once accepted it proves that both are the same person. Default: the main
    /// address of `user`. With `Link`: the e-mail address of the existing account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::crm_user")]
    pub email: Option<String>,

    /// The `CrmTenant` of the organisation that the existing account belongs to; it proves the link. Only allowed when
    /// `mode` is `Link`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_ref: Option<TenantRef>,
}

/// Which account an invited person uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum InvitedAccountMode {
    /// One of this organisation.
    New,
    /// An existing one of another organisation.
    Link,
}

/// When an invite counts as ready.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ReadyWhen {
    /// Once the invitation is sent.
    #[default]
    Invited,
    /// Once the person has accepted it.
    Accepted,
}

/// What becomes of an accepted user.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum InviteDeletionPolicy {
    /// Nothing.
    #[default]
    Retain,
    /// Switched off.
    Deactivate,
    /// Deleted.
    Remove,
}

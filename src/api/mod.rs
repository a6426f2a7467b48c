//! The kinds of the API group `crmlink.dev`: what users declare, and what the operator reports.
//!
//! Validation stands beside the types, as schema bounds and CEL rules; there is no webhook. The schema sets no
//! defaults, because they show as drift to whoever applies from Git, so every field with a default is an
//! `Option` here and the default is applied when the effective policy is resolved.

mod approved_users;
pub mod conditions;
mod contact_mapping;
mod contact_policy;
mod contact_sync;
mod contact_sync_status;
mod crds;
mod crm_tenant;
mod crm_user_invite;
mod crm_user_invite_status;
mod effective_contact_policy;
mod guard;
mod installation;
mod interval;
mod invite_settings;
mod never_sync;
mod office_field;
pub mod reasons;
mod references;
mod schema;
mod yaml;

pub use approved_users::{ApprovedUsers, ApprovedUsersMode};
pub use conditions::{Condition, ConditionStatus, ConditionType, Conditions};
pub use contact_mapping::{ContactMapping, MappedField, MappingBase, TooLong};
pub use contact_policy::{
    ConflictPolicy, ContactPolicy, DEFAULT_CONTACT_FOLDER, DeletePolicy, Deletes, DeletionPolicy, Direction,
    ImportedItems, InitialSyncPolicy, MAX_INITIAL_CONTACTS, SyncMode,
};
pub use contact_sync::{ContactSync, ContactSyncSpec};
pub use contact_sync_status::{
    ConflictItem, ConflictOutcome, Conflicts, ContactSyncStatus, CrmUserStatus, FolderStatus,
    InitialSyncStatus, LeftOut, MAX_CONFLICT_SAMPLE, MAX_PARKED_SAMPLE, MAX_PLAN_SAMPLE, MailboxStatus,
    Parked, ParkedItem, PlanCause, PlanCounts, PlanStatus, PlannedItem, PlannedOperation, PlannedSide,
    Recoverable,
};
pub use crds::{crds, file_name, to_yaml};
pub use crm_tenant::{
    AccountLink, AllowedNamespaces, Crm, CrmEnvironment, CrmLimits, CrmStatus, CrmTenant, CrmTenantSpec,
    CrmTenantStatus, ExternalIdFields, NamespacesFrom, Office365, Office365Auth, Office365AuthMode,
    Office365Status, SyncCounts, SyncDefaults, Zoho, ZohoDataCenter,
};
pub use crm_user_invite::{
    CrmUserInvite, CrmUserInviteSpec, InviteDeletionPolicy, InviteType, InvitedAccount, InvitedAccountMode,
    ReadyWhen,
};
pub use crm_user_invite_status::{CrmUserInviteStatus, Decision, DecisionVerdict, InvitePhase, RequestMails};
pub use effective_contact_policy::EffectiveContactPolicy;
pub use guard::{ContactGuard, EffectiveContactGuard, TenantGuard, UPDATES_NEVER_HELD};
pub use installation::{Account, AccountMode, Installation, InstallationStatus, Recheck};
pub use interval::Interval;
pub use invite_settings::{InviteSettings, JoinRequests, PreApproved};
pub use never_sync::NeverSync;
pub use office_field::OfficeFieldName;
pub use reasons::Reason;
pub use references::{
    REENABLE_ANNOTATION, REQUESTED_AT_ANNOTATION, SecretRef, TenantRef, reenable, requested_at, secret_keys,
};
pub(crate) use yaml::document as yaml_document;

/// The API group of all kinds.
pub const GROUP: &str = "crmlink.dev";
/// The version of all kinds.
pub const VERSION: &str = "v1alpha1";
/// The category that `kubectl get crmlink` lists.
pub const CATEGORY: &str = "crmlink";

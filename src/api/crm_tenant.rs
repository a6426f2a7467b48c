//! The kind `CrmTenant`: one Microsoft 365 tenant and one CRM organisation that belong together.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    ApprovedUsers, Conditions, ContactPolicy, Installation, InstallationStatus, InviteSettings, NeverSync,
    SecretRef, TenantGuard, schema,
};

/// Which Microsoft 365 tenant and which CRM organisation belong together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, CustomResource, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "crmlink.dev",
    version = "v1alpha1",
    kind = "CrmTenant",
    plural = "crmtenants",
    singular = "crmtenant",
    shortname = "crmt",
    category = "crmlink",
    namespaced,
    status = "CrmTenantStatus",
    derive = "PartialEq",
    doc = "CrmTenant declares that a Microsoft 365 tenant and a Zoho CRM organisation belong together, and how the \
           operator signs in to both. Users are synced by objects that refer to it, such as ContactSync.",
    selectable = ".spec.office365.tenantId",
    validation = Rule::new(
        "!has(oldSelf.status) || !has(oldSelf.status.office365) || !has(oldSelf.status.office365.tenantId) \
         || self.spec.office365.tenantId == oldSelf.spec.office365.tenantId"
    )
    .message("spec.office365.tenantId is immutable once the operator has signed in: create another CrmTenant"),
    printcolumn(name = "Organization", type_ = "string", json_path = ".status.crm.organizationId", description = "Id of the CRM organisation"),
    printcolumn(name = "Edition", type_ = "string", json_path = ".status.crm.edition", description = "Edition of the CRM"),
    printcolumn(name = "Contact syncs", type_ = "integer", json_path = ".status.syncs.contactSyncs", description = "Number of `ContactSync` objects that refer to it"),
    printcolumn(name = "Invites", type_ = "integer", json_path = ".status.invites", description = "Number of `CrmUserInvite` objects that refer to it"),
    printcolumn(name = "Ready", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#, description = "Whether both services are connected"),
    printcolumn(name = "Reason", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].reason"#, description = "Why it is ready or not"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Office tenant", type_ = "string", json_path = ".spec.office365.tenantId", description = "Id of the Microsoft 365 tenant", priority = 1),
    printcolumn(name = "Data center", type_ = "string", json_path = ".spec.crm.zoho.dataCenter", description = "Where the CRM's data are", priority = 1),
    printcolumn(name = "Message", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].message"#, description = "The reason in words", priority = 1)
)]
pub struct CrmTenantSpec {
    /// The Microsoft 365 tenant, and how the operator signs in to it.
    pub office365: Office365,

    /// The CRM organisation, and how the operator signs in to it.
    pub crm: Crm,

    /// The authority under which the operator works for the organisation.
    pub installation: Installation,

    /// Who may be synced and invited. Default: those to whom the app is assigned in Microsoft Entra.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_users: Option<ApprovedUsers>,

    /// Pairs of a Microsoft 365 user and a CRM user who are the same person although their e-mail addresses differ.
    /// Without an entry a mailbox meets only the CRM user with one of its own addresses. At most 1000 entries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 1000),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["user"])
    )]
    pub account_links: Vec<AccountLink>,

    /// Defaults for the syncs of this tenant. A field that a sync declares itself wins; a change here reaches all
    /// others with their next run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync_defaults: Option<SyncDefaults>,

    /// Fields that are neither read nor written for this tenant, whatever a mapping says. A sync whose mapping no
    /// longer reaches `Last_Name` because of it sets `Stalled=True` with reason `MappingInvalid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub never_sync: Option<NeverSync>,

    /// How users are invited to the CRM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invites: Option<InviteSettings>,

    /// How much all syncs of this tenant together may do before a person is asked, besides each sync's own `guard`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard: Option<TenantGuard>,

    /// How much of the CRM's API the operator may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<CrmLimits>,

    /// Namespaces whose objects may refer to this tenant. Default: only its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_namespaces: Option<AllowedNamespaces>,

    /// Uid of the namespace `kube-system` of another cluster whose folders this one takes over, a UUID
    /// (`kubectl get namespace kube-system -o jsonpath={.metadata.uid}` there). Stop the operator there first: two
    /// would work against each other. Default: none; a folder that another cluster claims is not touched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::uuid")]
    pub takeover_from: Option<String>,

    /// `true` stops all reading and writing for this tenant and all its syncs and keeps everything as it is;
    /// deleting objects still works. Default: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,
}

impl CrmTenantSpec {
    /// Whether the author stopped this tenant.
    #[must_use]
    pub fn is_suspended(&self) -> bool {
        self.suspend.unwrap_or(false)
    }

    /// The CRM field that keeps the digests of mailbox ids of contacts, if one is declared.
    #[must_use]
    pub fn external_id_of_contacts(&self) -> Option<&str> {
        self.crm.zoho.external_id_fields.as_ref()?.contacts.as_deref()
    }

    /// The defaults for contact syncs, if any are declared.
    #[must_use]
    pub fn contact_defaults(&self) -> Option<&ContactPolicy> {
        self.sync_defaults.as_ref()?.contacts.as_ref()
    }
}

impl CrmTenant {
    /// Whether nothing is read or written for it, by its author's will.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        let unwanted = self.spec.is_suspended() || !self.spec.installation.accept_terms;
        unwanted || self.metadata.deletion_timestamp.is_some()
    }

    /// The id of the CRM organisation, as declared, or as pinned at the first sign-in.
    #[must_use]
    pub fn organisation(&self) -> Option<&str> {
        let pinned = || self.status.as_ref()?.crm.as_ref()?.organization_id.as_deref();
        self.spec.crm.zoho.organization_id.as_deref().or_else(pinned)
    }
}

/// A Microsoft 365 tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Office365 {
    /// Directory (tenant) id, a UUID. It cannot be changed once the operator has signed in.
    #[schemars(schema_with = "schema::uuid")]
    pub tenant_id: String,

    /// Application (client) id of the app registration, a UUID. The app needs the application permissions
    /// `Application.Read.All`, `GroupMember.Read.All`, `RoleManagement.Read.Directory`, `User.Read.All` and
    /// `Contacts.ReadWrite`, and `Mail.Send` for requests to join, with an administrator's consent; a missing one is
    /// named by reason `PermissionMissing`. The permissions on mailboxes may be limited to some of them (RBAC for
    /// Applications) instead.
    #[schemars(schema_with = "schema::uuid")]
    pub client_id: String,

    /// How the operator proves that it is the app.
    pub auth: Office365Auth,
}

/// How the operator proves that it is the app. `mode` says which of the other members counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "self.mode != 'ClientSecret' || has(self.secretRef)",
    "message": "secretRef is required when mode is ClientSecret"
}]))]
pub struct Office365Auth {
    /// `ClientSecret`: with a client secret of the app registration, from the Secret in `secretRef`.
    pub mode: Office365AuthMode,

    /// Secret with the key `client-secret`, in the namespace of this object. Required when `mode` is
    /// `ClientSecret`. A changed Secret is picked up at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretRef>,
}

/// How the operator proves that it is the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Office365AuthMode {
    /// With a client secret.
    ClientSecret,
}

/// A CRM organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Crm {
    /// An organisation of Zoho CRM.
    pub zoho: Zoho,
}

/// An organisation of Zoho CRM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Zoho {
    /// Data centre of the organisation. Zoho's address bar tells it: zoho.com is `US`, zoho.eu `EU`, zoho.in `IN`,
    /// zoho.com.au `AU`, zoho.jp `JP`, zoho.com.cn `CN`, zohocloud.ca `CA`, zoho.sa `SA`. With the wrong one the
    /// credentials are rejected (reason `CrmCredentialsRejected`).
    pub data_center: ZohoDataCenter,

    /// Kind of the organisation. Default: `Production`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "CrmEnvironment")]
    pub environment: Option<CrmEnvironment>,

    /// Id of the organisation that the credentials must belong to; digits. Default: whichever they belong to at the
    /// first sign-in, which is then pinned in `status.crm.organizationId`. Credentials of another organisation set
    /// `Stalled=True` with reason `OrganizationChanged`, and nothing is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[0-9]+$"), length(min = 1, max = 32))]
    pub organization_id: Option<String>,

    /// Secret with the keys `client-id`, `client-secret` and `refresh-token`, in the namespace of this object. A
    /// changed Secret is picked up at once.
    pub credentials_ref: SecretRef,

    /// Fields of the CRM in which the operator keeps ids, so that links are found again if it loses its store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id_fields: Option<ExternalIdFields>,
}

/// Fields of the CRM in which the operator keeps ids.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExternalIdFields {
    /// API name of a text field in the CRM's Contacts module that does not allow duplicates. For a contact
    /// made in Outlook the operator keeps 32 hexadecimal digits in it, a digest of the mailbox id; no mapping may use
    /// it. A field that does not exist or is of
    /// another kind gives reason `ExternalIdFieldUnusable`. Default: none; `status.recoverable` of the syncs is then
    /// `Partial`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::crm_field")]
    pub contacts: Option<String>,
}

/// A data centre of Zoho.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum ZohoDataCenter {
    /// United States.
    Us,
    /// European Union.
    Eu,
    /// India.
    In,
    /// Australia.
    Au,
    /// Japan.
    Jp,
    /// China.
    Cn,
    /// Canada.
    Ca,
    /// Saudi Arabia.
    Sa,
}

/// Kind of a CRM organisation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum CrmEnvironment {
    /// The real one.
    #[default]
    Production,
    /// A sandbox of it.
    Sandbox,
    /// A developer edition.
    Developer,
}

/// A Microsoft 365 user and a CRM user who are the same person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountLink {
    /// The Microsoft 365 user: user principal name (`mary@example.com`) or object id.
    #[schemars(schema_with = "schema::office_user")]
    pub user: String,

    /// E-mail address of the CRM user.
    #[schemars(schema_with = "schema::crm_user")]
    pub crm_user: String,
}

/// Defaults for the syncs of a tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncDefaults {
    /// Defaults for every `ContactSync`: any of its policy fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contacts: Option<ContactPolicy>,
}

/// How much of the CRM's API the operator may use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CrmLimits {
    /// API credits that the operator may spend in 24 hours, from 100 to 10000000. When they are spent, the syncs
    /// wait with reason `WaitingForCredits`. Default: what the organisation's edition has, less `reservePercent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 100, max = 10_000_000))]
    pub daily_credits: Option<u32>,

    /// Share of the organisation's credits, in percent from 0 to 90, that is left to others who use the CRM's API.
    /// Default: 20.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 90))]
    pub reserve_percent: Option<u32>,
}

impl CrmLimits {
    /// The share that is left to others where none is declared.
    pub const DEFAULT_RESERVE_PERCENT: u32 = 20;
}

/// Namespaces whose objects may refer to a tenant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    {
        "rule": "self.from != 'Selector' || has(self.selector)",
        "message": "selector is required when from is Selector"
    },
    {
        "rule": "self.from == 'Selector' || !has(self.selector)",
        "message": "selector is only allowed when from is Selector"
    }
]))]
pub struct AllowedNamespaces {
    /// `Same`: only the namespace of the tenant. `All`: every namespace. `Selector`: its own, and those whose labels
    /// match `selector`.
    pub from: NamespacesFrom,

    /// Labels of the namespaces. Required when `from` is `Selector`, and only allowed then. An empty selector matches
    /// every namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::label_selector")]
    pub selector: Option<LabelSelector>,
}

/// Which namespaces are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum NamespacesFrom {
    /// The namespace of the tenant.
    Same,
    /// Every namespace.
    All,
    /// Those whose labels match.
    Selector,
}

/// What the operator saw.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CrmTenantStatus {
    /// Generation of the spec that the last finished attempt worked on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,

    /// `Ready`, `OfficeConnected`, `CrmConnected`, `ConsentGranted`, `Installed`, `AccountLinked`, `SuperAdmin`, and,
    /// only while true, `Reconciling`, `Stalled` and `Suspended`.
    #[serde(default, skip_serializing_if = "Conditions::is_empty")]
    pub conditions: Conditions,

    /// Last value of the annotation `crmlink.dev/requestedAt` that forced a run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::status_text")]
    pub last_handled_requested_at: Option<String>,

    /// The Microsoft 365 tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub office365: Option<Office365Status>,

    /// The CRM organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crm: Option<CrmStatus>,

    /// When and for whom the installation was verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installation: Option<InstallationStatus>,

    /// How many objects refer to this tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub syncs: Option<SyncCounts>,

    /// Number of `CrmUserInvite` objects that refer to this tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invites: Option<u32>,
}

/// The Microsoft 365 tenant as the operator saw it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Office365Status {
    /// Directory id of the tenant that the operator signed in to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::status_text")]
    pub tenant_id: Option<String>,
}

/// The CRM organisation as the operator saw it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CrmStatus {
    /// Id of the organisation, pinned at the first sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::status_text")]
    pub organization_id: Option<String>,

    /// Edition, as the CRM names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::status_text")]
    pub edition: Option<String>,

    /// Whether the edition is a paid one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid: Option<bool>,
}

/// How many objects refer to a tenant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncCounts {
    /// Number of `ContactSync` objects that refer to this tenant and may do so.
    #[serde(default)]
    pub contact_syncs: u32,
}

//! The organisation (`research/zoho.md` §2).

use jiff::Timestamp;
use serde::Deserialize;

use crate::call::Call;
use crate::client::Zoho;
use crate::error::Error;
use crate::ids::OrgId;
use crate::times;
use crate::users::User;

open_enum! {
    /// What an organisation has bought.
    PaidType {
        /// Nothing.
        Free = "free",
        /// Standard.
        Standard = "standard",
        /// Professional.
        Professional = "professional",
        /// Enterprise.
        Enterprise = "enterprise",
        /// Ultimate.
        Ultimate = "ultimate",
        /// CRM Plus.
        CrmPlus = "crmplus",
        /// CRM Plus, starter.
        CrmPlusStarter = "crmplusstarter",
        /// Zoho One, enterprise.
        ZohoOneEnterprise = "zohooneenterprise",
        /// Zoho One, standard.
        ZohoOneStandard = "zohoonestandard",
    }
}

open_enum! {
    /// What an organisation is for.
    OrgType {
        /// Real work.
        Production = "production",
        /// A sandbox; users cannot be added.
        Sandbox = "sandbox",
        /// Bigin, the smaller product.
        Bigin = "bigin",
        /// A developer organisation.
        Developer = "developer",
    }
}

impl PaidType {
    /// Calls that the edition allows at the same time (`research/zoho.md` §8); unknown editions count as the smallest.
    #[must_use]
    pub fn concurrency(&self) -> usize {
        match self {
            Self::Standard => 10,
            Self::Professional => 15,
            Self::Enterprise | Self::ZohoOneEnterprise | Self::ZohoOneStandard => 20,
            Self::Ultimate | Self::CrmPlus | Self::CrmPlusStarter => 25,
            Self::Free | Self::Other(_) => 5,
        }
    }

    /// Credits per 24 hours of the whole organisation (`research/zoho.md` §8); unknown editions count as the smallest.
    #[must_use]
    pub fn daily_credits(&self, users: u32) -> u32 {
        let (base, each, most) = match self {
            Self::Standard => (50_000, 250, 100_000),
            Self::Professional => (50_000, 500, 3_000_000),
            Self::Enterprise | Self::ZohoOneEnterprise | Self::ZohoOneStandard => (50_000, 1_000, 5_000_000),
            Self::Ultimate | Self::CrmPlus | Self::CrmPlusStarter => (50_000, 2_000, u32::MAX),
            Self::Free | Self::Other(_) => (5_000, 0, 5_000),
        };
        users.saturating_mul(each).saturating_add(base).min(most)
    }

    /// Suites whose users are added in the suite's own administration only (`research/zoho.md` §2).
    #[must_use]
    pub fn adds_users_elsewhere(&self) -> bool {
        matches!(
            self,
            Self::CrmPlus | Self::CrmPlusStarter | Self::ZohoOneEnterprise | Self::ZohoOneStandard
        )
    }
}

/// The organisation that the token belongs to, without its name.
#[derive(Clone, PartialEq, Eq)]
pub struct Org {
    /// Pinned in status; a change is refused.
    pub id: OrgId,
    /// Production, sandbox, ...
    pub org_type: OrgType,
    /// Whether the edition is a paid one.
    pub paid: bool,
    /// Which edition.
    pub paid_type: PaidType,
    /// When the paid time ends, if it does.
    pub paid_expiry: Option<Timestamp>,
    /// Set during a trial.
    pub on_trial: bool,
    /// When the trial ends, if there is one.
    pub trial_expiry: Option<Timestamp>,
    /// Seats.
    pub users_license_purchased: u32,
    /// Address of the super admin.
    pub primary_email: Option<String>,
    /// The super admin's account; compare with [`User::zuid`](crate::User::zuid), and the address besides.
    pub primary_zuid: Option<String>,
    /// GDPR settings are on, and with them `Data_Source` (`research/zoho.md` §6).
    pub privacy_settings: bool,
    /// The organisation's default zone; users have their own.
    pub time_zone: Option<String>,
}

/// Why an organisation cannot invite users over its API, whoever acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CannotInvite {
    /// The edition is a free one, or a trial that nobody paid for.
    #[error("inviting users needs a paid edition")]
    Unpaid,
    /// Users are added in the administration of Zoho One or CRM Plus only.
    #[error("users are added in Zoho One or CRM Plus, not in the CRM")]
    SuiteManaged,
    /// A sandbox has no users of its own.
    #[error("a sandbox has no users of its own")]
    Sandbox,
    /// Bigin is another product.
    #[error("the organisation is one of Bigin, not of the CRM")]
    Bigin,
}

impl Org {
    /// Whether users can be invited at all, known before any call.
    ///
    /// # Errors
    /// What stands in the way.
    pub fn can_invite(&self) -> Result<(), CannotInvite> {
        match (&self.org_type, &self.paid_type) {
            (OrgType::Sandbox, _) => Err(CannotInvite::Sandbox),
            (OrgType::Bigin, _) => Err(CannotInvite::Bigin),
            (_, paid_type) if paid_type.adds_users_elsewhere() => Err(CannotInvite::SuiteManaged),
            _ if !self.paid => Err(CannotInvite::Unpaid),
            _ => Ok(()),
        }
    }

    /// Whether a user is the super admin: by account, or by address, as Zoho describes the account's number loosely.
    #[must_use]
    pub fn is_super_admin(&self, user: &User) -> bool {
        let same_account = self.primary_zuid.is_some() && self.primary_zuid == user.zuid;
        let same_address = self
            .primary_email
            .as_deref()
            .is_some_and(|address| user.has_address(address));
        same_account || same_address
    }
}

impl std::fmt::Debug for Org {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Org")
            .field("id", &self.id)
            .field("org_type", &self.org_type)
            .field("paid", &self.paid)
            .field("paid_type", &self.paid_type)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Body {
    org: Vec<Wire>,
}

#[derive(Deserialize)]
struct Wire {
    id: OrgId,
    #[serde(rename = "type")]
    org_type: OrgType,
    license_details: License,
    #[serde(default)]
    primary_email: Option<String>,
    #[serde(default)]
    primary_zuid: Option<String>,
    #[serde(default)]
    privacy_settings: Option<bool>,
    #[serde(default)]
    time_zone: Option<String>,
}

#[derive(Deserialize)]
struct License {
    paid: bool,
    paid_type: PaidType,
    #[serde(default, deserialize_with = "times::optional")]
    paid_expiry: Option<Timestamp>,
    #[serde(default)]
    trial_type: Option<String>,
    #[serde(default, deserialize_with = "times::optional")]
    trial_expiry: Option<Timestamp>,
    #[serde(default)]
    users_license_purchased: Option<u32>,
}

impl Zoho {
    /// The organisation.
    ///
    /// # Errors
    /// Whatever the call says.
    pub async fn org(&self) -> Result<Org, Error> {
        let answer = self.send(&Call::get("GET /org", "/org")).await?;
        let body: Body = answer.required()?;
        let wire = body
            .org
            .into_iter()
            .next()
            .ok_or_else(|| answer.unreadable("no organisation"))?;
        Ok(Org {
            id: wire.id,
            org_type: wire.org_type,
            paid: wire.license_details.paid,
            paid_type: wire.license_details.paid_type,
            paid_expiry: wire.license_details.paid_expiry,
            on_trial: wire.license_details.trial_type.is_some(),
            trial_expiry: wire.license_details.trial_expiry,
            users_license_purchased: wire.license_details.users_license_purchased.unwrap_or_default(),
            primary_email: wire.primary_email,
            primary_zuid: wire.primary_zuid,
            privacy_settings: wire.privacy_settings.unwrap_or_default(),
            time_zone: wire.time_zone,
        })
    }
}

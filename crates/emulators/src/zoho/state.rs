//! Everything the emulated CRM knows.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::concurrency::InFlight;
use super::counters::Counters;
use super::credits::Spent;
use super::fields::Field;
use super::ids::{Ids, scatter};
use super::invitations::{Addresses, Invitation};
pub(super) use super::licence::{Licence, Suite};
use super::records::store::Contacts;

/// All organisations with the tokens given out for them.
#[derive(Debug)]
pub(super) struct World {
    pub(super) orgs: Vec<Org>,
    pub(super) tokens: HashMap<String, Token>,
    pub(super) page_tokens: HashMap<String, PageToken>,
    pub(super) addresses: Addresses,
    pub(super) ids: Ids,
    pub(super) counters: Counters,
    serial: u64,
}

/// One CRM organisation.
#[derive(Debug)]
pub(super) struct Org {
    pub(super) id: String,
    pub(super) company_name: String,
    pub(super) edition: Edition,
    pub(super) kind: String,
    pub(super) privacy: bool,
    pub(super) time_zone: String,
    pub(super) created: Timestamp,
    pub(super) licenses: u64,
    pub(super) licence: Licence,
    pub(super) daily_credits: Option<u64>,
    pub(super) concurrency: Option<usize>,
    /// Records that a page token reaches, where it is not the usual number.
    pub(super) page_token_rows: Option<u64>,
    pub(super) call_millis: u64,
    pub(super) clients: Vec<Client>,
    /// The first one is the super admin.
    pub(super) users: Vec<User>,
    pub(super) invitations: Vec<Invitation>,
    pub(super) profiles: Vec<Profile>,
    pub(super) roles: Vec<Role>,
    pub(super) accounts: BTreeMap<u64, String>,
    pub(super) fields: Vec<Field>,
    pub(super) fields_changed: Timestamp,
    pub(super) contacts: Contacts,
    pub(super) spent: Spent,
    pub(super) in_flight: InFlight,
    /// Whose records the operator may write; empty means that nobody said.
    pub(super) owners_in_scope: BTreeSet<u64>,
    pub(super) fields_written: BTreeSet<String>,
}

/// What an organisation pays for; decides credits, concurrency and whether users can be invited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edition {
    Free,
    Standard,
    Professional,
    Enterprise,
    Ultimate,
    CrmPlus,
    ZohoOne,
}

impl Edition {
    pub(super) const NAMES: &str =
        "free, standard, professional, enterprise, ultimate, crmplus or zohooneenterprise";

    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "free" => Self::Free,
            "standard" => Self::Standard,
            "professional" => Self::Professional,
            "enterprise" => Self::Enterprise,
            "ultimate" => Self::Ultimate,
            "crmplus" => Self::CrmPlus,
            "zohooneenterprise" => Self::ZohoOne,
            _ => return None,
        })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Standard => "standard",
            Self::Professional => "professional",
            Self::Enterprise => "enterprise",
            Self::Ultimate => "ultimate",
            Self::CrmPlus => "crmplus",
            Self::ZohoOne => "zohooneenterprise",
        }
    }

    /// Suites add their users in an administration of their own.
    pub(super) fn is_suite(self) -> bool {
        matches!(self, Self::CrmPlus | Self::ZohoOne)
    }

    /// Calls at the same time, from Zoho's table of API limits.
    pub(super) fn concurrency(self) -> usize {
        match self {
            Self::Free => 5,
            Self::Standard => 10,
            Self::Professional => 15,
            Self::Enterprise | Self::ZohoOne => 20,
            Self::Ultimate | Self::CrmPlus => 25,
        }
    }

    /// Credits in 24 hours for a number of users, from the same table.
    pub(super) fn credits(self, users: u64) -> u64 {
        match self {
            Self::Free => 5_000,
            Self::Standard => (50_000 + 250 * users).min(100_000),
            Self::Professional => (50_000 + 500 * users).min(3_000_000),
            Self::Enterprise | Self::ZohoOne => (50_000 + 1_000 * users).min(5_000_000),
            Self::Ultimate | Self::CrmPlus => 50_000 + 2_000 * users,
        }
    }
}

/// An OAuth client with its one refresh token, which belongs to a CRM user.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) id: String,
    pub(super) secret: String,
    pub(super) refresh_token: String,
    pub(super) revoked: bool,
    pub(super) user: u64,
    pub(super) scopes: Vec<String>,
    /// Registered long ago: answers carry `expires_in_sec`, and `expires_in` is in milliseconds.
    pub(super) old: bool,
    /// When the tokens of the throttle's window were given out.
    pub(super) issued: VecDeque<Timestamp>,
    /// The access tokens in force, oldest first.
    pub(super) active: VecDeque<String>,
}

/// An access token.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) org: usize,
    pub(super) client: usize,
    pub(super) expires: Timestamp,
    /// Pushed out by a sixteenth token.
    pub(super) displaced: bool,
}

/// Where a listing goes on, bound to the user and the exact parameters.
#[derive(Debug)]
pub(super) struct PageToken {
    pub(super) user: u64,
    pub(super) bound_to: String,
    /// The sort key and id of the last row that was given out.
    pub(super) after: (i64, u64),
    pub(super) served: u64,
    pub(super) page: u64,
    pub(super) expires: Timestamp,
}

/// A CRM user.
#[derive(Debug, Clone)]
pub(super) struct User {
    pub(super) id: u64,
    pub(super) zuid: String,
    pub(super) email: String,
    pub(super) first_name: Option<String>,
    pub(super) last_name: String,
    pub(super) profile: u64,
    pub(super) role: u64,
    pub(super) status: String,
    pub(super) status_reason: Option<String>,
    pub(super) confirm: bool,
    /// Whether the account is linked to Microsoft.
    pub(super) microsoft: bool,
    pub(super) time_zone: String,
    pub(super) zone: TimeZone,
    pub(super) created: Timestamp,
    pub(super) modified: Timestamp,
}

impl User {
    /// The Zoho account that belongs to a user's id.
    pub(super) fn zuid_of(id: u64) -> String {
        (600_000_000 + scatter(id) % 100_000_000).to_string()
    }

    pub(super) fn full_name(&self) -> String {
        match &self.first_name {
            Some(first) => format!("{first} {}", self.last_name),
            None => self.last_name.clone(),
        }
    }

    /// Only confirmed, active users can own records or use a token.
    pub(super) fn can_work(&self) -> bool {
        self.confirm && self.status == "active"
    }
}

/// What a user may do.
#[derive(Debug)]
pub(super) struct Profile {
    pub(super) id: u64,
    pub(super) name: String,
    /// Sees and changes the records of all owners.
    pub(super) all_records: bool,
    pub(super) permissions: BTreeMap<String, bool>,
    pub(super) modified: Timestamp,
}

/// A place in the hierarchy.
#[derive(Debug)]
pub(super) struct Role {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) reporting_to: Option<(u64, String)>,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            orgs: Vec::new(),
            tokens: HashMap::new(),
            page_tokens: HashMap::new(),
            addresses: Addresses::default(),
            ids: Ids::new(seed),
            counters: Counters::new(),
            serial: seed,
        }
    }

    /// A text that means nothing to its reader; the same seed and order give the same texts.
    pub(super) fn opaque(&mut self) -> String {
        self.serial = self.serial.wrapping_add(1);
        let first = scatter(self.serial);
        format!("{first:016x}{:016x}", scatter(first))
    }
}

impl Org {
    pub(super) fn user(&self, id: u64) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    pub(super) fn user_mut(&mut self, id: u64) -> Option<&mut User> {
        self.users.iter_mut().find(|user| user.id == id)
    }

    /// The user with this address: the address of a deleted one is free for another.
    pub(super) fn user_by_email(&self, email: &str) -> Option<&User> {
        let fitting = || {
            self.users
                .iter()
                .filter(|user| user.email.eq_ignore_ascii_case(email))
        };
        fitting()
            .find(|user| user.status != "deleted")
            .or_else(|| fitting().next())
    }

    pub(super) fn profile(&self, id: u64) -> Option<&Profile> {
        self.profiles.iter().find(|profile| profile.id == id)
    }

    /// Whether the profile of a user grants a permission.
    pub(super) fn permits(&self, user: u64, permission: &str) -> bool {
        self.user(user)
            .and_then(|user| self.profile(user.profile))
            .is_some_and(|profile| profile.permissions.get(permission).copied().unwrap_or(false))
    }

    pub(super) fn field(&self, api_name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.api_name == api_name)
    }

    pub(super) fn credit_limit(&self) -> u64 {
        self.daily_credits.unwrap_or_else(|| {
            let users = self.users.iter().filter(|user| user.can_work()).count();
            self.edition.credits(u64::try_from(users).unwrap_or(u64::MAX))
        })
    }

    pub(super) fn concurrency_limit(&self) -> usize {
        self.concurrency.unwrap_or_else(|| self.edition.concurrency())
    }
}

//! Typed client of the Zoho CRM v8 calls that crmlink uses.
//!
//! One file per endpoint family over one calling core ([`Zoho`]), which keeps the organisation's limits
//! ([`OrgLimits`]), renews the access token and turns every refusal into an [`Error`] with a [`Class`]. Time,
//! randomness and HTTP are handed in. No error text, log line or `Debug` output holds a secret, a name, an address
//! or a value of a record.

#[macro_use]
mod open_enum;

mod answer;
mod backoff;
mod call;
mod client;
mod config;
mod coql;
mod data_center;
mod deleted;
mod error;
mod fields;
mod ids;
mod invitations;
mod ledger;
mod limits;
mod managers;
mod module;
mod observer;
mod org;
mod outcome;
mod pages;
mod profiles;
mod records;
mod refusal;
mod resolve;
mod roles;
mod row;
mod seats;
mod timeline;
mod times;
mod token;
mod user_refusal;
mod user_writes;
mod users;
mod writes;

pub use client::Zoho;
pub use config::Config;
pub use coql::{Criterion, Keyset, Literal, Order, Query, QueryError, Rows};
pub use data_center::{ApiHosts, DataCenter, Environment, UnknownDataCenter, UnknownEnvironment};
pub use deleted::{DeletedKind, DeletedRecord};
pub use error::{Class, Error, RequestError};
pub use fields::{DataType, Field, JsonType, OperationTypes, PickListValue, Privacy, Unique};
pub use ids::{OrgId, ProfileId, RecordId, RoleId, UserId};
pub use invitations::Invited;
pub use limits::{LimitSettings, OrgLimits};
pub use managers::ManagerProfiles;
pub use module::Module;
pub use observer::Observer;
pub use org::{CannotInvite, Org, OrgType, PaidType};
pub use outcome::{Duplicate, RowError, RowOutcome, Written};
pub use pages::Pages;
pub use profiles::{MANAGE_USERS, Permission, Profile, ProfileSummary};
pub use records::{ListOptions, RecordPages, SortBy};
pub use refusal::Refusal;
pub use resolve::Unresolved;
pub use roles::Role;
pub use row::{Head, Row};
pub use seats::Seats;
pub use timeline::{Action, Entry, Origin, Source, TimelinePage};
pub use token::TokenError;
pub use user_refusal::{AddressProblem, UserError, UserRefusal};
pub use user_writes::{Applied, NewUser, UserChange, UserOutcome};
pub use users::{Named, User, UserStatus, UserType};
pub use writes::{Change, NewRecord};

#[cfg(test)]
mod tests;

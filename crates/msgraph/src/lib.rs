//! Typed client of the Microsoft Graph v1.0 calls that crmlink uses, one file per endpoint family.
//!
//! Every endpoint method makes a [`Request`], which is either sent alone with [`Request::send`] or put into a
//! [`Mailbox::batch`]. The client obeys the mailbox limits ([`MailboxLimits`]), waits as the service asks, and
//! repeats what can be repeated without harm. A create is never repeated: it comes back as [`Error::Ambiguous`] and
//! the caller looks the item up by its marker first. The facts behind each call stand in `research/graph.md`.

mod batch;
mod batch_wire;
mod call;
mod client;
mod config;
mod consent;
mod contact;
mod contact_delta;
mod contact_folder_tree;
mod contact_folders;
mod contacts;
mod delta_cursor;
mod directory_objects;
mod directory_roles;
mod encode;
mod error;
mod groups;
mod limits;
mod link;
mod mail;
mod mail_pace;
mod mailbox;
mod marker;
mod observer;
mod opaque;
mod organization;
mod pages;
mod permissions;
mod refusal;
mod request;
mod retry;
mod service_principals;
mod token;
mod users;

pub use client::Graph;
pub use config::{Config, ConfigError, Credential, Endpoints, RetryPolicy};
pub use consent::{Consent, Missing};
pub use contact::{
    AddressField, Contact, ContactBody, ContactField, EmailAddress, ListField, PhysicalAddress, Select,
    TextField,
};
pub use contact_delta::{ContactChange, DeltaNext, DeltaPage, RemovedReason};
pub use contact_folders::{ContactFolder, ContactFolders};
pub use contacts::{Contacts, LARGEST_DELTA_PAGE, MOST_MARKERS};
pub use delta_cursor::DeltaCursor;
pub use directory_objects::{DirectoryObject, ObjectKind};
pub use directory_roles::{DirectoryRole, DirectoryRoles, GLOBAL_ADMINISTRATOR, RoleHolding};
pub use error::{Answer, Class, Error};
pub use groups::Groups;
pub use limits::MailboxLimits;
pub use link::Link;
pub use mail::{MAILS_PER_MINUTE, MOST_RECIPIENTS, Mail, MailBody};
pub use mailbox::Mailbox;
pub use marker::MARKER_PROPERTY;
pub use observer::Observer;
pub use organization::{Organization, VerifiedDomain};
pub use pages::{Page, Pages};
pub use permissions::Permission;
pub use request::Request;
pub use service_principals::{Assignment, GRAPH_APP_ID, Grant, ServicePrincipal, ServicePrincipals};
pub use token::TokenError;
pub use users::{User, UserNames, Users};

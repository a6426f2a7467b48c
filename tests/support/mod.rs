//! What the tests of the whole chain share: a real API server, emulated services, and the shipped operator between
//! them.
//!
//! Each test has its own emulators, its own namespace and its own operator: a child process of the shipped binary that
//! acts under the chart's service account. At the end [`Case::finish`] checks what must hold after every run.

mod actions;
mod author;
mod case;
mod checks;
mod cluster;
mod command;
mod invites;
mod kstatus;
mod lagging;
mod objects;
mod operator;
mod rights;
mod scan;
mod time;
mod views;
mod waiting;
mod world;

pub(crate) use case::Case;
pub(crate) use cluster::{KEY_SECRET, SYSTEM, Shared};
pub(crate) use command::{Ended, command};
pub(crate) use invites::{CLARA, inviting_tenant};
pub(crate) use kstatus::{Kstatus, kstatus};
pub(crate) use objects::{
    Reported, contact_sync, contact_sync_with, crm_secret, invite, invite_with, name_of, office_secret,
    secrets, tenant, with,
};
pub(crate) use operator::{BINARY, Operator};
pub(crate) use views::{FOLDER, Mailbox, contact_of, contacts_of};
pub(crate) use waiting::{WITHIN, until};
pub(crate) use world::{
    ANA, BEN, CLIENT_ID, CRM_CLIENT, CRM_REFRESH, CRM_SECRET, NORA, OFFICE_SECRET, ORGANISATION, TENANT_ID,
    World, crm_id,
};

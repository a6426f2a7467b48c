//! The world that the tests run in: one CRM organisation, some mailboxes, a store, a clock moved by hand.

pub(crate) mod crm;
mod crm_writes;
mod delta;
pub(crate) mod faults;
pub(crate) mod mailbox;
mod mailbox_port;
pub(crate) mod outlook;
mod staff;
pub(crate) mod store;
pub(crate) mod world;

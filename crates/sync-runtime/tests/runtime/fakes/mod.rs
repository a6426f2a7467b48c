//! The world that the tests run in: one CRM organisation, some mailboxes, a store on disk, a clock moved by hand.

pub(crate) mod crm;
pub(crate) mod faults;
pub(crate) mod mailbox;
mod outlook;
pub(crate) mod store;
pub(crate) mod world;

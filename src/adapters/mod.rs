//! The vendors' clients as the ports that the sync runtime works with.

mod crm;
mod failure;
mod item;
mod mailbox;

pub use crm::ZohoContacts;
pub use failure::{crm_failure, office_failure};
pub use mailbox::GraphMailbox;

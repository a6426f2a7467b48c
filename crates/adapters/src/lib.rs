//! The clients of Microsoft Graph and Zoho CRM as the ports that the sync runtime works with.
//!
//! What the vendors say is sorted here by what the runtime does about it, and what they hold is given in the engine's
//! terms. Neither Kubernetes nor HTTP: the operator hands in its clients, the simulation those of its emulators.

mod changes;
mod crm;
mod crm_failure;
mod field;
mod item;
mod lookup;
mod mailbox;
mod office_failure;
mod place;

pub use crm::ZohoContacts;
pub use crm_failure::crm_failure;
pub use field::crm_field;
pub use mailbox::GraphMailbox;
pub use office_failure::office_failure;

//! Emulators of Microsoft Graph v1.0 and Zoho CRM v8, with their login hosts.
//!
//! They stand for services that no test can reach, so they refuse what the real ones refuse. Their wire types
//! are their own: types shared with the clients would let both be wrong together.

pub mod core;
pub mod graph;
mod page;
pub mod zoho;

pub use crate::core::control_client::{Control, ControlError};
pub use crate::core::options::{Options, Ports, Services, StartError};
pub use crate::core::server::{Addresses, Emulators, Running};

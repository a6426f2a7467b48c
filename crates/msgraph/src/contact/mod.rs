//! Contacts as Graph gives and takes them (`research/graph.md` §6).

mod body;
mod field;
mod model;
mod select;

pub use body::ContactBody;
pub use field::{AddressField, ContactField, ListField};
pub use model::{Contact, EmailAddress, PhysicalAddress, TextField};
pub use select::Select;

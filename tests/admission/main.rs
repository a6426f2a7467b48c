//! The definitions of the kinds on a real API server: what it accepts, what it refuses and in which words.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "helpers of tests fail a test by panicking, and take what `json!` makes"
)]

mod apply;
mod compatibility;
mod conflict;
mod contact_mapping;
mod contact_sync;
mod crm_tenant;
mod crm_user_invite;
mod definitions;
mod guard;
mod installation;
mod objects;
mod offline;
mod status;
mod support;
mod updates;

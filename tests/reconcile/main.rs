//! The operator between a real API server and emulated services: what it does about what is declared, and what it
//! says when it cannot. The names of tests start with the requirement that they prove.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "helpers of tests fail a test by panicking, and take what `json!` makes"
)]

mod approved_users;
mod cap;
mod changes;
mod claims;
mod conflicts;
mod consent;
mod credentials;
mod decisions;
mod deletes;
mod deletion;
mod external_ids;
mod faults;
mod first_sync;
mod folder;
mod guard;
mod installation;
mod invite_deletion;
mod invite_links;
mod invite_refusals;
mod invites;
mod items;
mod items_of_outlook;
mod join_requests;
mod mapping;
mod observe;
mod organisation;
mod owners;
mod pairs;
mod people;
mod policy;
mod races;
mod recovery;
mod rest;
mod suspending;
mod switching;
mod tenants;
mod two_way;

#[allow(
    dead_code,
    unused_imports,
    reason = "each of the binaries that share it uses its part"
)]
#[path = "../support/mod.rs"]
mod support;

//! The operator between a real API server and emulated services: what it does about what is declared, and what it
//! says when it cannot. The names of tests start with the requirement that they prove.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "helpers of tests fail a test by panicking, and take what `json!` makes"
)]

mod cap;
mod changes;
mod claims;
mod credentials;
mod deletion;
mod faults;
mod first_sync;
mod folder;
mod items;
mod mapping;
mod organisation;
mod pairs;
mod people;
mod rest;
mod store;
mod switching;
mod tenants;

#[allow(
    dead_code,
    unused_imports,
    reason = "each of the binaries that share it uses its part"
)]
#[path = "../support/mod.rs"]
mod support;

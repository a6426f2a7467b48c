//! What goes wrong in Kubernetes itself, and what happens while nothing goes on at all: judged by the API server's audit
//! log and by the journals of the services.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "helpers of tests fail a test by panicking, and take what `json!` makes"
)]

mod api_server;
mod deletion;
mod events;
mod failures;
mod invites;
mod rest;
mod sight;
mod watches;
mod writers;

#[allow(
    dead_code,
    unused_imports,
    reason = "each of the binaries that share it uses its part"
)]
#[path = "../support/mod.rs"]
mod support;

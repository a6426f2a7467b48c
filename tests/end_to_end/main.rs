//! The shipped binary: killed, stopped and started again in the middle of its work, and what it answers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "helpers of tests fail a test by panicking, and take what `json!` makes"
)]

mod check;
mod crashes;
mod decisions;
mod leader;
mod overview;
mod pages;
mod secrecy;
mod starts;
mod stops;
mod users;
mod work;

#[allow(
    dead_code,
    unused_imports,
    reason = "each of the binaries that share it uses its part"
)]
#[path = "../support/mod.rs"]
mod support;

//! What every store has to do, written against the trait and run for each implementation; what concerns the file alone;
//! and random changes that all stores have to answer alike.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests are tests"
)]

mod conflicts;
mod feed;
mod file;
mod guard;
mod links;
mod outlook;
mod parking;
mod picture;
mod queue;
mod random;
mod samples;
mod scopes;
mod scratch;
mod stores;

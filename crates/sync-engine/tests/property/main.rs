//! Laws of the planner: generated contacts that people change on both sides, between servers that keep less than they
//! are given.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy sees the functions around the tests as ordinary code"
)]

mod contact;
mod convergence;
mod crm;
mod deletions;
mod loss;
mod mailbox;
mod parts;
mod pool;
mod symmetry;

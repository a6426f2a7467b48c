//! The runtime against services in memory: behaviour, recovery, and a search over seeds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests are tests"
)]

mod changes;
mod conflicts;
mod container;
mod deletes;
mod disabling;
mod fakes;
mod first_sync;
mod guard;
mod idle;
mod inserts;
mod last_round;
mod lost_memory;
mod modes;
mod observing;
mod parking;
mod privacy;
mod recovery;
mod reenabling;
mod rounds;
mod scenes;
mod search;
mod strangers;
mod two_way;
mod unanswered;
mod waiting;

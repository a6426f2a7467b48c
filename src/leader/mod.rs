//! One operator acts at a time: a Lease elects it, and every call that changes something passes a gate that is open only
//! while the Lease is held for sure.
//!
//! The services cannot check our Lease, so the gate does (`research/operators.md` §4.4). It goes by the monotonic clock of
//! the process: one that was paused for longer than its claim lasts finds the gate closed when it wakes, before it has
//! learned anything from the API server.

mod election;
mod fence;
mod gate;
mod lease;

pub(crate) use fence::{FencedTransport, fenced_client};
pub(crate) use gate::Gate;
pub(crate) use lease::{LeaderError, LeaseHolder};

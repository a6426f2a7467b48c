//! The deterministic simulation: the sync runtime with its real clients and both emulators in one process, on one
//! thread, with a clock that jumps, and everything drawn from one seed.
//!
//! A [`History`] is drawn first and played then, so that a failing one can be made smaller: whatever is left out, the
//! rest happens all the same. People edit on both sides while syncs run; the network loses, doubles and delays; the
//! process dies at any point at which it waits; the store gets lost. At quiet times an oracle, which knows what
//! people did and nothing of how the runtime works, says what must not be (`I1` to `I25` of the notes on syncing,
//! `N1` to `N10` of the design).
//!
//! A create that arrives twice is left out where no client can tell the twins apart: in the CRM without a unique
//! field for the ids of items.

mod abilities;
mod act;
mod bench;
mod bugs;
mod check;
mod clock;
mod dice;
mod disk;
mod drive;
mod field;
mod finding;
mod generate;
mod history;
mod ledger;
mod network;
mod play;
mod policy;
mod process;
mod shrink;
mod stage;
mod store;
mod value;
mod view;
mod world;

pub use bench::{Cost, Measured, measure};
pub use bugs::{BUGS, Bug};
pub use finding::Finding;
pub use generate::history;
pub use history::History;
pub use play::{Figures, Played, play};
pub use shrink::{Failure, shrink};
pub use world::{SetupError, contracts};

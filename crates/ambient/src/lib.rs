//! What the surroundings hand in: the clock and randomness.
//!
//! Nothing in crmlink reads the system clock, sleeps or draws random numbers on its own. Everything takes a
//! [`Clock`] and, where jitter or keys are needed, a [`Random`], so that the whole engine can run in a
//! deterministic simulation.

mod clock;
mod random;

pub use clock::{Clock, ManualClock, SystemClock};
pub use random::{Random, SeededRandom};

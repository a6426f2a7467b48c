//! The emulators' clock: the machine's, moved forward on request, or standing still at a given time.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// The time that both emulators show: stamps of records, expiry of tokens, throttling windows.
#[derive(Debug, Default)]
pub struct EmulatorClock {
    mode: Mutex<Mode>,
}

#[derive(Debug, Clone, Copy)]
enum Mode {
    /// The machine's clock plus an offset.
    Running(SignedDuration),
    /// Stands still until it is advanced.
    Frozen(Timestamp),
}

impl Default for Mode {
    fn default() -> Self {
        Self::Running(SignedDuration::ZERO)
    }
}

impl EmulatorClock {
    /// A clock that stands still at `at`.
    #[must_use]
    pub fn frozen(at: Timestamp) -> Self {
        Self {
            mode: Mutex::new(Mode::Frozen(at)),
        }
    }

    /// The present instant of the emulated services.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match *self.mode.lock().unwrap_or_else(PoisonError::into_inner) {
            Mode::Running(offset) => Timestamp::now().saturating_add(offset).unwrap_or(Timestamp::MAX),
            Mode::Frozen(at) => at,
        }
    }

    /// Moves the clock forward (or back, for a negative duration).
    pub fn advance(&self, by: SignedDuration) {
        let mut mode = self.mode.lock().unwrap_or_else(PoisonError::into_inner);
        *mode = match *mode {
            Mode::Running(offset) => Mode::Running(offset.saturating_add(by)),
            Mode::Frozen(at) => Mode::Frozen(at.saturating_add(by).unwrap_or(Timestamp::MAX)),
        };
    }
}

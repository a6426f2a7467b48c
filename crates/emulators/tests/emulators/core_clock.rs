//! Moves the emulators' clock where nothing else is left to do, as a simulation does.

use std::future::Future;
use std::pin::pin;

use emulators::core::clock::EmulatorClock;

/// Runs a future that sleeps on the emulators' clock.
pub(crate) async fn drive<T>(clock: &EmulatorClock, future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        tokio::select! {
            biased;
            out = &mut future => return out,
            () = tokio::task::yield_now() => {}
        }
        if let Some(next) = clock.next_wake() {
            clock.advance(next.duration_since(clock.now()));
        }
    }
}

//! Waiting for what another process brings about: always for a condition, with a limit that only a fault reaches.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How long anything may take on a busy machine.
pub(crate) const WITHIN: Duration = Duration::from_mins(2);

/// How often something that cannot be watched is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Looks until there is something; nothing after [`WITHIN`].
pub(crate) async fn until<T>(mut look: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + WITHIN;
    loop {
        if let Some(found) = look().await {
            return Some(found);
        }
        if Instant::now() > deadline {
            return None;
        }
        sleep(LOOK_AGAIN).await;
    }
}

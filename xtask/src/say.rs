//! Progress for people.

use std::{sync::LazyLock, time::Instant};

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// One line of progress with the time since the first.
pub(crate) fn say(line: &str) {
    println!("[{:5.1}s] {line}", START.elapsed().as_secs_f64());
}

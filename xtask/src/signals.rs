//! Ctrl-C and the polite kill.

use tokio::signal::unix::{SignalKind, signal};

use crate::error::{Doing, Error, Result};

/// Waits until somebody asks this process to end.
pub(crate) async fn asked_to_end() -> Result<()> {
    let listen = |kind| signal(kind).doing(|| "listening for signals".to_owned());
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

/// Goes on with the work until it is done or somebody asks this process to end; then the work is dropped.
pub(crate) async fn unless_asked_to_end<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    // The work holds everything that was started; on the stack it would be moved about.
    let work = Box::pin(work);
    tokio::select! {
        done = work => done,
        signal = asked_to_end() => signal.and(Err(Error::Interrupted)),
    }
}

//! A value that is read once for all who ask within some time.

use std::sync::Arc;

use ambient::Clock;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

pub(crate) struct Cached<T> {
    clock: Arc<dyn Clock>,
    age: SignedDuration,
    held: Mutex<Option<(Timestamp, Arc<T>)>>,
}

impl<T> Cached<T> {
    pub(crate) fn new(clock: Arc<dyn Clock>, age: SignedDuration) -> Self {
        Self {
            clock,
            age,
            held: Mutex::new(None),
        }
    }

    /// The held value, or what `read` brings; the lock makes everybody wait for the one reading. `fresh` reads in any
    /// case.
    pub(crate) async fn get<E>(
        &self,
        fresh: bool,
        read: impl Future<Output = Result<T, E>>,
    ) -> Result<Arc<T>, E> {
        self.get_if(|_| !fresh, read).await
    }

    /// Gives up the held value, as it was changed: whoever asks next reads.
    pub(crate) async fn forget(&self) {
        *self.held.lock().await = None;
    }

    /// The same as [`Self::get`], where the held value counts only if it `fits`.
    pub(crate) async fn get_if<E>(
        &self,
        fits: impl Fn(&T) -> bool,
        read: impl Future<Output = Result<T, E>>,
    ) -> Result<Arc<T>, E> {
        let mut held = self.held.lock().await;
        if let Some((at, value)) = held.as_ref().filter(|(_, value)| fits(value))
            && self.clock.now().duration_since(*at) < self.age
        {
            return Ok(value.clone());
        }
        let value = Arc::new(read.await?);
        *held = Some((self.clock.now(), value.clone()));
        Ok(value)
    }
}

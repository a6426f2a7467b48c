//! The volume of the operator: where its store lies, and what happens to it.
//!
//! This is the only place that knows which store it is. It is one in memory, so nothing but the history has a say in the
//! order of things; that SQLite does the same is the business of the stores' own suite.

use std::sync::{Arc, Mutex};

use sync_runtime::store::MemoryStore;

use crate::stage::locked;

/// The store that the runtime works on.
pub(crate) type Inner = Arc<MemoryStore>;

/// The volume.
#[derive(Debug, Default)]
pub(crate) struct Disk(Mutex<Files>);

#[derive(Debug, Default)]
struct Files {
    store: Inner,
    /// The copy to go back to.
    copy: Option<MemoryStore>,
}

impl Disk {
    /// Opens the store, as a process does when it starts: it holds what was committed.
    pub(crate) fn open(&self) -> Inner {
        let mut files = locked(&self.0);
        // Cut off from whatever an earlier process may still hold in its hands.
        files.store = Arc::new(files.store.snapshot());
        files.store.clone()
    }

    /// The volume is lost; the next process finds an empty one.
    pub(crate) fn lose(&self) {
        locked(&self.0).store = Inner::default();
    }

    /// Keeps a copy to go back to.
    pub(crate) fn keep(&self) {
        let mut files = locked(&self.0);
        files.copy = Some(files.store.snapshot());
    }

    /// The next process finds what was last kept; nothing if nothing was.
    pub(crate) fn go_back(&self) {
        let mut files = locked(&self.0);
        files.store = Arc::new(files.copy.as_ref().map(MemoryStore::snapshot).unwrap_or_default());
    }
}

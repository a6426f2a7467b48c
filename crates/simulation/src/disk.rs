//! The volume of the operator: where its store lies, and what happens to it.
//!
//! This is the only place that knows which store it is. Every operation runs to its end before anything else does, so
//! that its own threads have no say in the order of things.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use sync_runtime::store::SqliteStore;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::stage::locked;
use crate::world::SetupError;

/// The store that the runtime works on.
pub(crate) type Inner = SqliteStore;

/// The volume.
#[derive(Debug)]
pub(crate) struct Disk {
    directory: TempDir,
    runtime: Runtime,
    files: Mutex<Files>,
}

#[derive(Debug, Default)]
struct Files {
    /// How many stores there were before the present one.
    earlier: u32,
    /// The copy to go back to.
    copy: Option<PathBuf>,
}

impl Disk {
    /// An empty volume.
    ///
    /// # Errors
    /// If the machine gives no room or no thread for it.
    pub(crate) fn new() -> Result<Self, SetupError> {
        // In memory where there is such a place: thousands of histories commit often, and durability is the store's
        // own business.
        let directory = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir())?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        Ok(Self {
            directory,
            runtime,
            files: Mutex::default(),
        })
    }

    fn path(&self) -> PathBuf {
        let earlier = locked(&self.files).earlier;
        self.directory.path().join(format!("store-{earlier}.db"))
    }

    /// Opens the store, as a process does when it starts.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub(crate) fn open(&self) -> Result<Inner, SetupError> {
        let path = self.path();
        Ok(self.immediately(SqliteStore::open(&path))?)
    }

    /// Runs an operation of the store to its end.
    pub(crate) fn immediately<T>(&self, operation: impl Future<Output = T>) -> T {
        self.runtime.block_on(operation)
    }

    /// The volume is lost; the next process finds an empty one.
    pub(crate) fn lose(&self) {
        locked(&self.files).earlier += 1;
    }

    /// Keeps a copy to go back to.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn keep(&self) -> Result<(), SetupError> {
        let copy = self.directory.path().join("copy.db");
        copy_files(&self.path(), &copy)?;
        locked(&self.files).copy = Some(copy);
        Ok(())
    }

    /// The next process finds what was last kept; nothing if nothing was.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn go_back(&self) -> Result<(), SetupError> {
        self.lose();
        let copy = locked(&self.files).copy.clone();
        if let Some(copy) = copy {
            copy_files(&copy, &self.path())?;
        }
        Ok(())
    }
}

/// The file and its write-ahead log; nothing is under way while they are copied.
fn copy_files(from: &Path, to: &Path) -> Result<(), SetupError> {
    for suffix in ["", "-wal"] {
        let with = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
        let (from, to) = (with(from), with(to));
        if from.exists() {
            std::fs::copy(from, to)?;
        } else if to.exists() {
            std::fs::remove_file(to)?;
        }
    }
    Ok(())
}

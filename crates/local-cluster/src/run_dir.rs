//! The folder of one control plane, gone when its owner is.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use crate::{
    error::{Doing, Error, Result},
    guarded::Guarded,
};

const PREFIX: &str = "crmlink-";
const LOCK: &str = "owner.lock";
/// Longer than any process takes from making its folder to locking it.
const UNLOCKED_FOR: Duration = Duration::from_hours(1);
/// macOS allows 104 bytes for the path of a socket, Linux 108, each with a final zero.
const LONGEST_SOCKET: usize = 103;

/// A private folder, locked by its owner as long as that lives.
#[derive(Debug)]
pub(crate) struct RunDir {
    // In this order: the folder goes first, so that the helper finds nothing to do.
    folder: tempfile::TempDir,
    _removed_later: Guarded,
    _lock: File,
}

impl RunDir {
    /// Makes a folder, and removes those whose owners are gone.
    pub(crate) fn create() -> Result<Self> {
        Self::create_in(&std::env::temp_dir())
    }

    fn create_in(base: &Path) -> Result<Self> {
        remove_abandoned(base);
        let folder = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempdir_in(base)
            .doing(|| format!("creating a folder in {}", base.display()))?;
        let lock = lock(folder.path())?;
        let run_dir = Self {
            _removed_later: Guarded::remove_later(folder.path())?,
            folder,
            _lock: lock,
        };
        if run_dir.socket("etcd").as_os_str().len() > LONGEST_SOCKET {
            return Err(Error::FolderTooDeep {
                folder: run_dir.path().to_path_buf(),
            });
        }
        Ok(run_dir)
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub(crate) fn socket(&self, name: &str) -> PathBuf {
        self.file(&format!("{name}.sock"))
    }
}

/// The lock gets its final name when it is held: under that name an unlocked file means a dead owner.
fn lock(folder: &Path) -> Result<File> {
    let doing = || format!("locking {}", folder.display());
    let unlocked = folder.join("owner.new");
    let file = File::create(&unlocked).doing(doing)?;
    file.lock().doing(doing)?;
    fs::rename(&unlocked, folder.join(LOCK)).doing(doing)?;
    Ok(file)
}

/// Nothing here is an error: a folder of another user, or one that just went, is none of our business.
fn remove_abandoned(base: &Path) {
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(PREFIX) && abandoned(&entry.path()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn abandoned(folder: &Path) -> bool {
    // Other tools may use the prefix; only what holds one of our lock files is ours.
    if let Ok(lock) = File::open(folder.join(LOCK)) {
        return lock.try_lock().is_ok();
    }
    fs::metadata(folder.join("owner.new"))
        .and_then(|metadata| metadata.modified())
        .is_ok_and(|made| {
            SystemTime::now()
                .duration_since(made)
                .is_ok_and(|age| age > UNLOCKED_FOR)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_lives_as_long_as_its_owner() {
        let base = tempfile::tempdir().unwrap();
        let first = RunDir::create_in(base.path()).unwrap();
        let second = RunDir::create_in(base.path()).unwrap();
        assert!(first.path().exists(), "the second must leave the first alone");
        let path = second.path().to_path_buf();
        drop(second);
        assert!(!path.exists());
    }

    #[test]
    fn folders_of_dead_owners_go_and_others_stay() {
        let base = tempfile::tempdir().unwrap();
        let make = |name: &str, file: &str| {
            let folder = base.path().join(name);
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join(file), "").unwrap();
            folder
        };
        let dead = make("crmlink-dead", LOCK);
        let starting = make("crmlink-starting", "owner.new");
        let foreign = make("crmlink-foreign", "something");
        let other = make("other", LOCK);
        let _own = RunDir::create_in(base.path()).unwrap();
        assert!(!dead.exists());
        assert!(starting.exists() && foreign.exists() && other.exists());
    }

    #[test]
    fn a_deep_folder_is_refused_in_words() {
        let base = tempfile::tempdir().unwrap();
        let deep = base.path().join("d".repeat(100));
        fs::create_dir(&deep).unwrap();
        let error = RunDir::create_in(&deep).unwrap_err().to_string();
        assert!(error.contains("TMPDIR"), "{error}");
        assert_eq!(fs::read_dir(&deep).unwrap().count(), 0);
    }
}

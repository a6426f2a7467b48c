//! Where things are.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use crate::error::{Doing, Error, Result};

/// The variable that says where the vendors' contracts are.
pub(crate) const CONTRACTS_VARIABLE: &str = "CRMLINK_CONTRACTS";

/// As cargo says at run time: two checkouts that share a target folder share this program too.
static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
    let here = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let here = PathBuf::from(here);
    here.parent().map_or_else(|| here.clone(), Path::to_path_buf)
});

/// The project's folder.
pub(crate) fn root() -> &'static Path {
    &ROOT
}

/// A file of the project as a person would name it.
pub(crate) fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// The folder with the vendors' contracts, if there is one.
pub(crate) fn contracts() -> Option<PathBuf> {
    let folder = match env::var_os(CONTRACTS_VARIABLE).filter(|value| !value.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => root().parent()?.join("shared/contracts"),
    };
    let folder = fs::canonicalize(folder).ok()?;
    folder.is_dir().then_some(folder)
}

/// Whether a CI runs this: there nothing may be skipped.
pub(crate) fn is_ci() -> bool {
    env::var("CI").is_ok_and(|value| !value.is_empty() && value != "false" && value != "0")
}

/// All files below a folder of the project with one of these endings, sorted.
pub(crate) fn files(folder: &str, endings: &[&str]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    collect(&root().join(folder), endings, &mut found)?;
    found.sort();
    Ok(found)
}

fn collect(folder: &Path, endings: &[&str], found: &mut Vec<PathBuf>) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    let doing = || format!("reading the folder {}", folder.display());
    for entry in fs::read_dir(folder).doing(doing)? {
        let path = entry.doing(doing)?.path();
        if path.is_dir() {
            collect(&path, endings, found)?;
        } else if path
            .extension()
            .is_some_and(|end| endings.iter().any(|ending| end == *ending))
        {
            found.push(path);
        }
    }
    Ok(())
}

/// Reads a file as text.
pub(crate) fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| Error::File {
        path: path.to_path_buf(),
        detail: error.to_string(),
    })
}

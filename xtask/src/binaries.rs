//! The programs that tests and demo run.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{
    error::{Error, Result},
    process::{cargo, output, run},
};

/// Built programs.
#[derive(Debug, Clone)]
pub(crate) struct Binaries {
    /// `crmlink`.
    pub(crate) operator: PathBuf,
    /// `crmlink-emulators`.
    pub(crate) emulators: PathBuf,
}

/// Builds what is not up to date. Cargo shows its progress.
pub(crate) fn build() -> Result<Binaries> {
    // The whole workspace: a choice of packages could choose other features and build the dependencies again.
    run(&mut cargo(["build", "--workspace", "--bins", "--locked"]))?;
    built()
}

/// The same as they are shipped, and nothing else: linking each takes minutes.
pub(crate) fn build_release() -> Result<Binaries> {
    run(&mut cargo([
        "build",
        "--workspace",
        "--bin",
        "crmlink",
        "--bin",
        "crmlink-emulators",
        "--locked",
        "--release",
    ]))?;
    in_folder("release")
}

/// Where the programs are once they are built.
pub(crate) fn built() -> Result<Binaries> {
    in_folder("debug")
}

fn in_folder(profile: &str) -> Result<Binaries> {
    let folder = target_folder()?.join(profile);
    let binary = |name: &str| folder.join(name);
    Ok(Binaries {
        operator: binary("crmlink"),
        emulators: binary("crmlink-emulators"),
    })
}

fn target_folder() -> Result<PathBuf> {
    let metadata = metadata()?;
    let folder = metadata["target_directory"].as_str();
    folder
        .map(|folder| Path::new(folder).to_path_buf())
        .ok_or_else(|| Error::Metadata("no target folder".to_owned()))
}

/// What cargo knows of the workspace's own packages.
pub(crate) fn metadata() -> Result<Value> {
    let text = output(&mut cargo([
        "metadata",
        "--no-deps",
        "--format-version",
        "1",
        "--locked",
    ]))?;
    serde_json::from_str(&text).map_err(|error| Error::Metadata(error.to_string()))
}

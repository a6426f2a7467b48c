//! What can go wrong, in words that say what to do about it.

use std::{path::PathBuf, process::ExitStatus};

/// The result of a task or a part of one.
pub(crate) type Result<T> = std::result::Result<T, Error>;

/// Why a task failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{doing}: {source}")]
    Io { doing: String, source: std::io::Error },

    #[error("`{command}` failed ({status})")]
    Command { command: String, status: ExitStatus },

    #[error("{}: {detail}", path.display())]
    File { path: PathBuf, detail: String },

    #[error("{what} cannot be written as YAML: {detail}")]
    Yaml { what: String, detail: String },

    #[error("`cargo metadata` printed something unexpected: {0}")]
    Metadata(String),

    #[error("{} failed: {}", if .0.len() == 1 { "one check" } else { "some checks" }, .0.join(", "))]
    Checks(Vec<String>),

    #[error(transparent)]
    Cluster(#[from] local_cluster::Error),

    #[error("{doing}: {source}")]
    Kube { doing: String, source: Box<kube::Error> },

    #[error("the emulators' {0}")]
    Control(#[from] emulators::ControlError),

    #[error("the {program} ended by itself ({status}). Last lines of its log:\n{tail}")]
    Ended {
        program: &'static str,
        status: ExitStatus,
        tail: String,
    },

    #[error("the {program} was not ready within {seconds} s. Last lines of its log:\n{tail}")]
    NotReady {
        program: &'static str,
        seconds: u64,
        tail: String,
    },

    #[error("the {program} did not end within {seconds} s")]
    NotEnding { program: &'static str, seconds: u64 },

    #[error("{what} did not happen within {seconds} s: {detail}")]
    Timeout {
        what: String,
        seconds: u64,
        detail: String,
    },

    #[error("the demo's end state is wrong:\n{}", .0.iter().map(|what| format!("  - {what}")).collect::<Vec<_>>().join("\n"))]
    EndState(Vec<String>),

    #[error("{0}")]
    Tests(String),

    #[error("interrupted")]
    Interrupted,
}

/// Says what was being done when an operation failed.
pub(crate) trait Doing<T> {
    fn doing(self, doing: impl FnOnce() -> String) -> Result<T>;
}

impl<T> Doing<T> for std::io::Result<T> {
    fn doing(self, doing: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| Error::Io {
            doing: doing(),
            source,
        })
    }
}

impl<T> Doing<T> for std::result::Result<T, kube::Error> {
    fn doing(self, doing: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| Error::Kube {
            doing: doing(),
            source: Box::new(source),
        })
    }
}

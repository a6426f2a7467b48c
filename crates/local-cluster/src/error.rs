//! What can go wrong, in words that say what to do about it.

use std::path::PathBuf;

/// The result of this crate's functions.
pub type Result<T> = std::result::Result<T, Error>;

/// Why there is no cluster, or why a step on it failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// `KUBEBUILDER_ASSETS` points to a folder that lacks a binary.
    #[error(
        "KUBEBUILDER_ASSETS is {}, but there is no `{missing}` in it; \
         point it to a folder with `etcd` and `kube-apiserver`, or unset it to build them from Go modules",
        folder.display()
    )]
    AssetsIncomplete {
        /// The value of the variable.
        folder: PathBuf,
        /// The binary that is not there.
        missing: &'static str,
    },

    /// No folder to keep the built binaries in.
    #[error("no cache folder: set CRMLINK_CACHE, XDG_CACHE_HOME or HOME")]
    NoCacheFolder,

    /// The Go toolchain is not installed.
    #[error(
        "building {what} needs Go {needed} or newer, and `{go}` was not found. Install Go, \
         or set KUBEBUILDER_ASSETS to a folder with `etcd` and `kube-apiserver`, \
         or name an existing cluster's kube context (--context or CRMLINK_KUBE_CONTEXT)"
    )]
    GoMissing {
        /// The binaries to build.
        what: String,
        /// The version that the module asks for.
        needed: String,
        /// The command that was tried.
        go: String,
    },

    /// The Go toolchain is there but refuses, mostly because it is too old.
    #[error(
        "building {what} needs Go {needed} or newer, and `go` says: {detail}. Update Go, \
         or set KUBEBUILDER_ASSETS to a folder with `etcd` and `kube-apiserver`, \
         or name an existing cluster's kube context (--context or CRMLINK_KUBE_CONTEXT)"
    )]
    GoUnusable {
        /// The binaries to build.
        what: String,
        /// The version that the module asks for.
        needed: String,
        /// What the toolchain printed.
        detail: String,
    },

    /// `go build` failed.
    #[error("building {binary} from Go modules failed; the next try goes on from here. Last lines:\n{tail}")]
    Build {
        /// The binary that was being built.
        binary: &'static str,
        /// The end of the compiler's output.
        tail: String,
    },

    /// A file or process operation failed.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// The cause.
        source: std::io::Error,
    },

    /// The path of etcd's socket would exceed what the operating system allows.
    #[error("the folder {} is too deep for a Unix socket; set TMPDIR to a shorter path", folder.display())]
    FolderTooDeep {
        /// The run folder.
        folder: PathBuf,
    },

    /// A certificate could not be made.
    #[error("making the control plane's certificates: {0}")]
    Certificates(#[from] rcgen::Error),

    /// A process of the control plane ended by itself.
    #[error("{process} ended ({status}) before it was ready. Last lines of its log:\n{tail}")]
    Ended {
        /// Which process.
        process: &'static str,
        /// How it ended.
        status: String,
        /// The end of its log.
        tail: String,
    },

    /// A process of the control plane did not get ready in time.
    #[error("{process} was not ready within {seconds} s ({detail}). Last lines of its log:\n{tail}")]
    NotReady {
        /// Which process.
        process: &'static str,
        /// How long it was given.
        seconds: u64,
        /// The last answer.
        detail: String,
        /// The end of its log.
        tail: String,
    },

    /// The kubeconfig has no such context, or cannot be read.
    #[error("kube context `{context}`: {detail}; `kubectl config get-contexts` lists what there is")]
    Context {
        /// The context asked for.
        context: String,
        /// Why it cannot be used.
        detail: String,
    },

    /// A kubeconfig of our own making was refused; a fault of this crate.
    #[error("writing a kubeconfig: {0}")]
    Kubeconfig(String),

    /// The API server refused or could not be reached.
    #[error("{doing}: {source}")]
    Kube {
        /// What was being done.
        doing: String,
        /// The API server's answer.
        source: Box<kube::Error>,
    },

    /// `helm template` failed.
    #[error("rendering the chart {}:\n{detail}", chart.display())]
    Render {
        /// The chart's folder.
        chart: PathBuf,
        /// What Helm printed.
        detail: String,
    },

    /// The rendered chart holds something that is no Kubernetes object.
    #[error("the rendered chart is not a list of Kubernetes objects: {0}")]
    Manifest(String),

    /// A custom resource definition did not become usable in time.
    #[error("the custom resource definition {name} was not established within {seconds} s: {detail}")]
    NotEstablished {
        /// Its name.
        name: String,
        /// How long it was given.
        seconds: u64,
        /// The last cause known.
        detail: String,
    },

    /// A line of the audit log could not be understood.
    #[error("the audit log {} is not readable: {detail}", path.display())]
    Audit {
        /// The log.
        path: PathBuf,
        /// Why.
        detail: String,
    },
}

/// Says what was being done when an operation failed.
pub(crate) trait Doing<T> {
    /// Wraps the error with `doing`, which is only made when it is needed.
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

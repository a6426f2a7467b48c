//! A real Kubernetes control plane for tests and the demo.
//!
//! A [`Cluster`] is either an etcd and a kube-apiserver of our own, or a context of an existing kubeconfig when
//! `CRMLINK_KUBE_CONTEXT` names one. Both offer the same: an administrator's client, kubeconfigs for a
//! service account, namespaces, and the installation of a chart.
//!
//! The binaries come from `KUBEBUILDER_ASSETS`, or are built once from Go modules into a cache folder
//! ([`Assets`]). RBAC is on. Any number of control planes run side by side; a control plane ends with its owner,
//! even when the owner is killed with SIGKILL, and leaves no files behind.
//!
//! What a control plane alone lacks: no controller manager runs, so namespaces never finish terminating, default
//! service accounts do not appear, nothing is garbage collected by owner reference, and a Deployment makes no pods.

mod assets;
pub mod audit;
mod cluster;
mod control_plane;
mod error;
mod go_build;
mod guarded;
mod install;
mod kubeconfig;
mod log_tail;
mod manifests;
mod pki;
mod run_dir;
mod service_account;

pub use assets::{Assets, locate_or_build_helm};
pub use cluster::{CONTEXT_VARIABLE, Cluster};
pub use control_plane::{ControlPlane, Options};
pub use error::{Error, Result};
pub use guarded::Guarded;
pub use install::{Chart, Installed, ObjectId, install_chart};
pub use log_tail::of_file as log_tail;

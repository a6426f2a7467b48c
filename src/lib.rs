//! The crmlink operator: keeps Microsoft 365 and Zoho CRM at the state that teams declare in Kubernetes.
//!
//! The way of a change: [`controller`] watches the kinds of [`api`], reads what a resource refers to, and hands one
//! slice of work to `sync-runtime`, which reads both services through [`adapters`], plans with `sync-engine`, writes
//! to the mailbox and remembers in its store. What came of it stands in `status`.

pub mod api;
pub mod cli;
mod connections;
mod controller;
mod credentials;
mod declared_mapping;
mod hash_key;
mod leader;
mod operator;
pub mod rbac;
mod server;
pub mod telemetry;

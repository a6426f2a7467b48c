//! What both emulators stand on: clock, faults, journal, contracts, control API and server.

pub mod bodies;
pub mod clock;
pub mod contract;
mod control;
pub mod control_client;
pub mod faults;
pub(crate) mod http_date;
pub mod journal;
mod listen;
pub mod options;
pub mod server;
pub mod service;
pub mod stack;
mod tls;
pub mod world;

pub use tls::TlsError;

//! Carries out what the engine plans, over ports: mailbox, CRM, store, clock.
//!
//! No Kubernetes and no HTTP here: the operator plugs in the vendors' clients, the simulation its emulators. Nothing
//! calls the system clock, sleeps or spawns on its own, so a run can be cut off at any await point; what was
//! committed to the store by then is all that the next run relies on.

pub mod contacts;
pub mod feed;
pub mod planted;
pub mod ports;
pub mod store;

//! The adapters against the emulators, in one process.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]
#![allow(clippy::expect_used, reason = "helpers of tests are tests")]
#![allow(clippy::panic, reason = "helpers of tests are tests")]

mod crm_deletes;
mod crm_inserts;
mod crm_lookups;
mod crm_reads;
mod crm_updates;
mod fields;
mod mailbox_changes;
mod mailbox_folders;
mod mailbox_items;
mod mailbox_places;
mod mailbox_trouble;
mod services;
mod wire;

//! The emulators, driven over HTTP as their clients drive them.
#![cfg(test)]

mod core_clock;
mod core_contracts;
mod core_docs;
mod core_faults;
mod core_probe;
mod core_server;
mod core_stack;
mod core_storm;
mod core_tour;
mod graph_batch;
mod graph_changes;
mod graph_contacts;
mod graph_delta;
mod graph_directory;
mod graph_edits;
mod graph_extended;
mod graph_folders;
mod graph_ids;
mod graph_limits;
mod graph_login;
mod graph_sign_ins;
mod graph_support;
mod graph_values;
mod graph_versions;
mod zoho_accounts;
mod zoho_coql;
mod zoho_edits;
mod zoho_limits;
mod zoho_metadata;
mod zoho_reads;
mod zoho_records;
mod zoho_support;
mod zoho_timeline;
mod zoho_writes;

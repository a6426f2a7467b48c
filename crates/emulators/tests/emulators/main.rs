//! The emulators, driven over HTTP as their clients drive them.
#![cfg(test)]

mod core_contracts;
mod core_probe;
mod core_server;
mod core_stack;
mod core_tour;
mod graph_batch;
mod graph_contacts;
mod graph_delta;
mod graph_directory;
mod graph_edits;
mod graph_folders;
mod graph_login;
mod graph_mail;
mod graph_people;
mod graph_support;
mod graph_values;
mod zoho_accounts;
mod zoho_coql;
mod zoho_edits;
mod zoho_invitations;
mod zoho_limits;
mod zoho_metadata;
mod zoho_reads;
mod zoho_support;
mod zoho_timeline;
mod zoho_users;
mod zoho_writes;

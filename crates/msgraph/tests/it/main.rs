//! The client against a scripted service.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod batch;
mod calls;
mod emulated;
mod endless;
mod folders;
mod installing;
mod limits;
mod mails;
mod paging;
mod redaction;
mod support;
mod token;

//! Where the operator counts calls.

use std::time::Duration;

/// Told about every call; routes are templates, so that no label names a person.
pub trait Observer: Send + Sync + 'static {
    /// One HTTP call ended with `status`, or with 0 if no answer came.
    fn call(&self, route: &'static str, status: u16, took: Duration);

    /// One sub-request of a `$batch` ended with `status`; it counts against the mailbox's quota like a call.
    fn sub_call(&self, route: &'static str, status: u16) {
        let _ = (route, status);
    }
}

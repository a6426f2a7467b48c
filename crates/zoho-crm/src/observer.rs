//! The hook for metrics.

use std::time::Duration;

/// Told about every call that was sent, retries and token calls included.
pub trait Observer: Send + Sync + 'static {
    /// `route` is a template such as `GET /{module}`, never a path with ids; `status` is 0 where no answer came.
    fn call(&self, route: &'static str, status: u16, credits: u32, took: Duration);
}

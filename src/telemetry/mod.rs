//! What the operator tells about itself: log lines and metrics.

pub(crate) mod log;
pub(crate) mod metrics;

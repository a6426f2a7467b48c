//! What the operator tells about itself: log lines and metrics.

mod catalogue;
pub(crate) mod log;
pub(crate) mod metrics;
pub(crate) mod panics;

pub use catalogue::MetricReference;

/// Starts the log, and has panics in it too.
pub(crate) fn start(format: crate::cli::LogFormat) {
    log::start(format);
    panics::log();
}

/// Every metric of the operator; what the reference page is made from.
#[must_use]
pub fn metrics_reference() -> Vec<MetricReference> {
    metrics::Metrics::new().reference()
}

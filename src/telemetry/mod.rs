//! What the operator tells about itself: log lines and metrics.

mod catalogue;
pub(crate) mod log;
pub(crate) mod metrics;

pub use catalogue::MetricReference;

/// Every metric of the operator; what the reference page is made from.
#[must_use]
pub fn metrics_reference() -> Vec<MetricReference> {
    metrics::Metrics::new().reference()
}

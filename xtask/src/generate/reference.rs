//! The reference pages of metrics and reasons.

use crmlink::api::Reason;
use crmlink::telemetry::metrics_reference;

use crate::generate::{Files, PAGE_HEADER};

/// The page of the metrics.
pub(crate) const METRICS: &str = "docs/metrics.md";
/// The page of the reasons.
pub(crate) const REASONS: &str = "docs/reasons.md";

/// Both pages.
pub(crate) fn files() -> Files {
    Files::from([(METRICS.into(), metrics()), (REASONS.into(), reasons())])
}

fn metrics() -> String {
    let mut page = format!(
        "{PAGE_HEADER}# Metrics\n\n\
        Served in the OpenMetrics text format on `/metrics`. Labels are words of the code: no metric names an object or a\n\
        person, so the number of series does not grow with the number of tenants. What to watch and what to do about it\n\
        stands in [operations.md](operations.md).\n\n\
        | metric | type | labels | meaning |\n|---|---|---|---|\n"
    );
    for metric in metrics_reference() {
        let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        let labels = labels.join(", ");
        page.extend([
            "| `",
            &metric.name,
            "` | ",
            metric.kind,
            " | ",
            &labels,
            " | ",
            metric.meaning,
            " |\n",
        ]);
    }
    page
}

fn reasons() -> String {
    let mut page = format!(
        "{PAGE_HEADER}# Reasons\n\n\
        The closed list: conditions in `status` and Kubernetes Events use these words and no other.\n\n\
        | reason | meaning, and what to do |\n|---|---|\n"
    );
    for reason in Reason::ALL {
        page.extend(["| `", reason.as_str(), "` | ", reason.meaning(), " |\n"]);
    }
    page
}

//! Metrics with bounded labels: kinds, outcomes, routes and statuses; never the name of an object or a person.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReconcileLabels {
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    service: &'static str,
    route: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ServiceLabels {
    service: &'static str,
}

/// All metrics of the process.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Mutex<Registry>,
    reconciles: Family<ReconcileLabels, Counter>,
    calls: Family<CallLabels, Counter>,
    call_seconds: Family<ServiceLabels, Histogram>,
    credits: Counter,
}

impl Metrics {
    pub(crate) fn new() -> Arc<Self> {
        let mut registry = Registry::with_prefix("crmlink");
        let reconciles = Family::default();
        registry.register("reconciles", "Finished reconciles", reconciles.clone());
        let calls = Family::default();
        registry.register(
            "api_calls",
            "Calls of the two services, sub-requests of batches included; status 0 means that no answer came",
            calls.clone(),
        );
        let call_seconds = Family::<ServiceLabels, Histogram>::new_with_constructor(|| {
            Histogram::new(exponential_buckets(0.01, 2.0, 12))
        });
        registry.register_with_unit(
            "api_call_duration",
            "Duration of the calls",
            Unit::Seconds,
            call_seconds.clone(),
        );
        let credits = Counter::default();
        registry.register("crm_credits", "API credits spent in the CRM", credits.clone());
        Arc::new(Self {
            registry: Mutex::new(registry),
            reconciles,
            calls,
            call_seconds,
            credits,
        })
    }

    pub(crate) fn reconciled(&self, kind: &'static str, outcome: &'static str) {
        self.reconciles
            .get_or_create(&ReconcileLabels { kind, outcome })
            .inc();
    }

    fn called(&self, service: &'static str, route: &'static str, status: u16, took: Option<Duration>) {
        self.calls
            .get_or_create(&CallLabels {
                service,
                route,
                status,
            })
            .inc();
        if let Some(took) = took {
            self.call_seconds
                .get_or_create(&ServiceLabels { service })
                .observe(took.as_secs_f64());
        }
    }

    /// The page for Prometheus, in the `OpenMetrics` text format.
    pub(crate) fn page(&self) -> String {
        let mut text = String::new();
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        // Writing to a String cannot fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &registry);
        text
    }
}

impl msgraph::Observer for Metrics {
    fn call(&self, route: &'static str, status: u16, took: Duration) {
        self.called("graph", route, status, Some(took));
    }

    fn sub_call(&self, route: &'static str, status: u16) {
        self.called("graph", route, status, None);
    }
}

impl zoho_crm::Observer for Metrics {
    fn call(&self, route: &'static str, status: u16, credits: u32, took: Duration) {
        self.called("zoho", route, status, Some(took));
        self.credits.inc_by(credits.into());
    }
}

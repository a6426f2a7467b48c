//! Registering metrics so that the reference page lists exactly those that there are.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

const PREFIX: &str = "crmlink";

/// One metric, as the reference page lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricReference {
    /// The name as it is queried: with prefix, unit and, for a counter, `_total`.
    pub name: String,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it counts or measures.
    pub meaning: &'static str,
}

/// Buckets of a histogram in seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Buckets {
    /// The first bound, in seconds; each further one is twice the one before.
    pub(super) first: f64,
    /// How many bounds.
    pub(super) count: u16,
}

impl MetricConstructor<Histogram> for Buckets {
    fn new_metric(&self) -> Histogram {
        Histogram::new(exponential_buckets(self.first, 2.0, self.count))
    }
}

/// The registry, with what was registered in it.
#[derive(Debug)]
pub(super) struct Catalogue {
    pub(super) registry: Registry,
    pub(super) listed: Vec<MetricReference>,
}

/// A label set.
pub(super) trait Labels:
    Clone
    + std::fmt::Debug
    + Eq
    + std::hash::Hash
    + Send
    + Sync
    + prometheus_client::encoding::EncodeLabelSet
    + 'static
{
    /// The names of the labels.
    const NAMES: &'static [&'static str];
}

/// No labels: a family of at most one, so that what is not known can be left out.
pub(super) type Unlabelled = [(&'static str, &'static str); 0];

impl Labels for Unlabelled {
    const NAMES: &'static [&'static str] = &[];
}

/// Labels whose values are few: each is a word of the code, never the name of an object or a person.
macro_rules! labels {
    ($name:ident { $($label:ident: $kind:ty),+ $(,)? }) => {
        #[derive(Debug, Clone, PartialEq, Eq, Hash, prometheus_client::encoding::EncodeLabelSet)]
        struct $name {
            $($label: $kind),+
        }

        impl $crate::telemetry::catalogue::Labels for $name {
            const NAMES: &'static [&'static str] = &[$(stringify!($label)),+];
        }
    };
}
pub(super) use labels;

impl Catalogue {
    pub(super) fn new() -> Self {
        Self {
            registry: Registry::with_prefix(PREFIX),
            listed: Vec::new(),
        }
    }

    pub(super) fn counters<L: Labels>(&mut self, name: &str, meaning: &'static str) -> Family<L, Counter> {
        let family = Family::default();
        self.registry.register(name, meaning, family.clone());
        self.list(&format!("{name}_total"), "counter", L::NAMES, meaning);
        family
    }

    pub(super) fn counter(&mut self, name: &str, meaning: &'static str) -> Counter {
        let counter = Counter::default();
        self.registry.register(name, meaning, counter.clone());
        self.list(&format!("{name}_total"), "counter", &[], meaning);
        counter
    }

    pub(super) fn gauges<L: Labels>(&mut self, name: &str, meaning: &'static str) -> Family<L, Gauge> {
        let family = Family::default();
        self.registry.register(name, meaning, family.clone());
        self.list(name, "gauge", L::NAMES, meaning);
        family
    }

    /// A duration in seconds.
    pub(super) fn durations<L: Labels>(
        &mut self,
        name: &str,
        meaning: &'static str,
        buckets: Buckets,
    ) -> Family<L, Histogram, Buckets> {
        let family = Family::new_with_constructor(buckets);
        self.registry
            .register_with_unit(name, meaning, Unit::Seconds, family.clone());
        self.list(&format!("{name}_seconds"), "histogram", L::NAMES, meaning);
        family
    }

    fn list(
        &mut self,
        name: &str,
        kind: &'static str,
        labels: &'static [&'static str],
        meaning: &'static str,
    ) {
        self.listed.push(MetricReference {
            name: format!("{PREFIX}_{name}"),
            kind,
            labels,
            meaning,
        });
    }
}

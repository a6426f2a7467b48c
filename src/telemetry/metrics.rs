//! Metrics with bounded labels: kinds, outcomes, routes and statuses; never the name of an object or a person.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

use super::catalogue::{Buckets, Catalogue, MetricReference, Unlabelled, labels};

labels!(KindLabels { kind: &'static str });
labels!(ReconcileLabels {
    kind: &'static str,
    outcome: &'static str,
});
labels!(ObjectLabels {
    kind: &'static str,
    ready: &'static str,
});
labels!(StateLabels { state: &'static str });
labels!(CallLabels {
    service: &'static str,
    route: &'static str,
    status: u16,
});
labels!(ServiceLabels { service: &'static str });
labels!(WatchErrorLabels {
    kind: &'static str,
    cause: &'static str,
});
labels!(BuildLabels { version: &'static str });

/// From a tenth of a second, as a reconcile waits for services, to a minute and a half.
const RECONCILES: Buckets = Buckets {
    first: 0.05,
    count: 12,
};
/// From a hundredth of a second to twenty seconds.
const CALLS: Buckets = Buckets {
    first: 0.01,
    count: 12,
};
/// From half a millisecond, a commit on a fast disk, to one second.
const COMMITS: Buckets = Buckets {
    first: 0.0005,
    count: 12,
};

/// How long a watch counts as interrupted that brings nothing. One of objects that never change is silent when it works
/// again; one that does not fails at least once a minute: after the longest wait between two attempts, and the longest
/// one for a connection, half a minute each.
const SILENT_AFTER_FAILURE: Duration = Duration::from_mins(2);

/// All metrics of the process.
#[derive(Debug)]
pub(crate) struct Metrics {
    catalogue: Mutex<Catalogue>,
    reconciles: Family<ReconcileLabels, Counter>,
    reconcile_seconds: Family<KindLabels, Histogram, Buckets>,
    running: Family<KindLabels, Gauge>,
    objects: Family<ObjectLabels, Gauge>,
    contacts: Family<StateLabels, Gauge>,
    calls: Family<CallLabels, Counter>,
    call_seconds: Family<ServiceLabels, Histogram, Buckets>,
    credits: Counter,
    credits_left: Family<Unlabelled, Gauge>,
    feed_lag: Family<Unlabelled, Gauge>,
    commit_seconds: Family<Unlabelled, Histogram, Buckets>,
    watches: Family<KindLabels, Gauge>,
    /// When the watch of each kind failed, if it brought nothing since.
    watch_failures: Mutex<BTreeMap<&'static str, Option<Instant>>>,
    watch_errors: Family<WatchErrorLabels, Counter>,
    secret_changes: Counter,
    leader: Family<Unlabelled, Gauge>,
}

/// What is counted anew whenever somebody asks for the page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// Objects by kind and status of `Ready`.
    pub(crate) objects: Vec<(&'static str, &'static str, i64)>,
    /// Contacts of all syncs by state.
    pub(crate) contacts: Vec<(&'static str, i64)>,
    /// The tenant with the fewest credits left.
    pub(crate) credits_left: Option<i64>,
    /// The feed that was read longest ago, in seconds.
    pub(crate) feed_lag: Option<i64>,
}

impl Metrics {
    pub(crate) fn new() -> Arc<Self> {
        let mut all = Catalogue::new();
        let build = all.gauges::<BuildLabels>("build_info", "Always 1; the label has the release");
        let version = env!("CARGO_PKG_VERSION");
        build.get_or_create(&BuildLabels { version }).set(1);
        Arc::new(Self {
            leader: all.gauges("leader", "1 while this process holds the Lease for sure, else 0"),
            reconciles: all.counters(
                "reconciles",
                "Finished reconciles. Outcomes: `done`, `retry` (tried again after the backoff), `error` (the API server did not do its part), `panic` (a bug)",
            ),
            reconcile_seconds: all.durations("reconcile_duration", "Duration of the reconciles", RECONCILES),
            running: all.gauges(
                "reconciles_running",
                "Reconciles that run now; at most `--concurrency` of a kind",
            ),
            objects: all.gauges("objects", "Objects by the status of their condition `Ready`"),
            contacts: all.gauges(
                "contacts",
                "Contacts of all syncs together. States: `linked`, `pending` (to be written), `parked` (a person has to act), `conflict`, `held` (by a guard, or what `Apply` would do)",
            ),
            calls: all.counters(
                "api_calls",
                "Calls of the two services, sub-requests of batches included; status 0 means that no answer came",
            ),
            call_seconds: all.durations("api_call_duration", "Duration of the calls", CALLS),
            credits: all.counter("crm_credits", "API credits spent in the CRM"),
            credits_left: all.gauges(
                "crm_credits_left",
                "API credits that the operator may still spend within 24 hours; of several tenants, the least",
            ),
            feed_lag: all.gauges(
                "feed_lag_seconds",
                "Seconds since the change feed of a CRM organisation was last read to its end; of several, the most",
            ),
            commit_seconds: all.durations("store_commit_duration", "Duration of the commits of the store", COMMITS),
            watches: all.gauges(
                "watch_up",
                "1 while the watch of this kind works, 0 after an interruption, until it brings something or two minutes pass without another",
            ),
            watch_failures: Mutex::default(),
            watch_errors: all.counters(
                "watch_errors",
                "Interruptions of the watches. Causes: `expired` (listed anew), `other`",
            ),
            secret_changes: all.counter(
                "secret_changes",
                "Changes seen of Secrets that a CrmTenant refers to, the first sight of each included",
            ),
            catalogue: Mutex::new(all),
        })
    }

    /// Every metric there is, in the order of the page.
    pub(crate) fn reference(&self) -> Vec<MetricReference> {
        self.lock().listed.clone()
    }

    pub(crate) fn reconcile_begins(&self, kind: &'static str) {
        self.running.get_or_create(&KindLabels { kind }).inc();
    }

    pub(crate) fn reconciled(&self, kind: &'static str, outcome: &'static str, took: Duration) {
        let labels = KindLabels { kind };
        self.running.get_or_create(&labels).dec();
        self.reconcile_seconds
            .get_or_create(&labels)
            .observe(took.as_secs_f64());
        self.reconciles
            .get_or_create(&ReconcileLabels { kind, outcome })
            .inc();
    }

    /// The watch of a kind brought something.
    pub(crate) fn watch_works(&self, kind: &'static str) {
        self.failures().insert(kind, None);
    }

    /// The watch of a kind was interrupted.
    pub(crate) fn watch_fails(&self, kind: &'static str, expired: bool) {
        self.failures().insert(kind, Some(Instant::now()));
        let cause = if expired { "expired" } else { "other" };
        self.watch_errors
            .get_or_create(&WatchErrorLabels { kind, cause })
            .inc();
    }

    pub(crate) fn secret_changed(&self) {
        self.secret_changes.inc();
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
    pub(crate) fn page(&self, leads: bool, totals: &Totals) -> String {
        self.leader.get_or_create(&[]).set(leads.into());
        for (kind, failed) in &*self.failures() {
            let up = is_up(*failed, Instant::now());
            self.watches.get_or_create(&KindLabels { kind }).set(up.into());
        }
        for (kind, ready, count) in &totals.objects {
            self.objects
                .get_or_create(&ObjectLabels { kind, ready })
                .set(*count);
        }
        for (state, count) in &totals.contacts {
            self.contacts.get_or_create(&StateLabels { state }).set(*count);
        }
        for (gauge, value) in [
            (&self.credits_left, totals.credits_left),
            (&self.feed_lag, totals.feed_lag),
        ] {
            if let Some(value) = value {
                gauge.get_or_create(&[]).set(value);
            } else {
                gauge.clear();
            }
        }
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &self.lock().registry);
        text
    }

    fn failures(&self) -> MutexGuard<'_, BTreeMap<&'static str, Option<Instant>>> {
        self.watch_failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Catalogue> {
        self.catalogue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a watch works that failed then, if it did.
fn is_up(failed: Option<Instant>, now: Instant) -> bool {
    failed.is_none_or(|failed| now.duration_since(failed) >= SILENT_AFTER_FAILURE)
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

impl sync_runtime::store::CommitObserver for Metrics {
    fn committed(&self, took: Duration) {
        self.commit_seconds.get_or_create(&[]).observe(took.as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// The page of a process that has done everything once.
    fn page(metrics: &Metrics) -> String {
        metrics.reconcile_begins("ContactSync");
        metrics.reconciled("ContactSync", "done", Duration::from_millis(1));
        metrics.watch_fails("Secret", true);
        metrics.watch_works("Secret");
        metrics.secret_changed();
        msgraph::Observer::call(metrics, "/users/{user}", 200, Duration::from_millis(1));
        zoho_crm::Observer::call(metrics, "GET /users", 200, 1, Duration::from_millis(1));
        sync_runtime::store::CommitObserver::committed(metrics, Duration::from_millis(1));
        let totals = Totals {
            objects: vec![("CrmTenant", "True", 1)],
            contacts: vec![("linked", 3)],
            credits_left: Some(7),
            feed_lag: Some(5),
        };
        metrics.page(true, &totals)
    }

    #[test]
    fn a_watch_that_brings_nothing_counts_as_restored_when_it_no_longer_fails() {
        let (failed, later) = (Instant::now(), Duration::from_secs);
        assert!(is_up(None, failed));
        assert!(!is_up(Some(failed), failed + later(119)));
        assert!(is_up(Some(failed), failed + later(120)));
    }

    #[test]
    fn the_reference_lists_what_the_page_shows_with_the_same_labels() {
        let metrics = Metrics::new();
        let mut shown: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for line in page(&metrics).lines().filter(|line| !line.starts_with('#')) {
            let (series, _) = line.rsplit_once(' ').unwrap();
            let (name, labels) = series.split_once('{').unwrap_or((series, ""));
            let name = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|end| name.strip_suffix(end))
                .unwrap_or(name);
            let names = labels
                .split("\",")
                .filter_map(|label| Some(label.split_once('=')?.0.to_owned()))
                .filter(|label| label != "le");
            shown.entry(name.to_owned()).or_default().extend(names);
        }
        let listed: BTreeMap<String, BTreeSet<String>> = metrics
            .reference()
            .into_iter()
            .map(|one| {
                (
                    one.name,
                    one.labels.iter().map(|label| (*label).to_owned()).collect(),
                )
            })
            .collect();
        assert_eq!(listed, shown);
    }

    #[test]
    fn what_is_not_known_is_not_shown() {
        let metrics = Metrics::new();
        let value = |page: &str, name: &str| {
            let line = page.lines().find(|line| line.starts_with(name))?;
            Some(line.rsplit_once(' ')?.1.to_owned())
        };
        let known = page(&metrics);
        assert_eq!(value(&known, "crmlink_feed_lag_seconds").as_deref(), Some("5"));
        assert_eq!(value(&known, "crmlink_leader").as_deref(), Some("1"));
        let unknown = metrics.page(false, &Totals::default());
        assert_eq!(value(&unknown, "crmlink_feed_lag_seconds"), None);
        assert_eq!(value(&unknown, "crmlink_leader").as_deref(), Some("0"));
    }
}

//! What all watches have in common: they are seen in the metrics, and keep of an object only what somebody reads.

use std::sync::Arc;

use futures::{Stream, StreamExt};
use kube::ResourceExt;
use kube::runtime::watcher::{self, Event};

use crate::telemetry::metrics::Metrics;

/// Written by `kubectl apply`: the whole object once more.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Drops from an object what nobody here reads; often that is most of it.
pub(super) fn prune<K: kube::Resource>(object: &mut K) {
    object.managed_fields_mut().clear();
    object.annotations_mut().remove(LAST_APPLIED);
}

/// The same watch, whose state is in the metrics.
pub(super) fn observed<K>(
    watch: impl Stream<Item = watcher::Result<Event<K>>>,
    kind: &'static str,
    metrics: Arc<Metrics>,
) -> impl Stream<Item = watcher::Result<Event<K>>> {
    watch.inspect(move |item| match item {
        Ok(Event::Init | Event::InitApply(_)) => {}
        Ok(Event::InitDone | Event::Apply(_) | Event::Delete(_)) => metrics.watch_works(kind),
        Err(error) => metrics.watch_fails(kind, has_expired(error)),
    })
}

/// The API server has forgotten the place where the watch was to go on, so everything is listed anew.
fn has_expired(error: &watcher::Error) -> bool {
    const GONE: u16 = 410;
    match error {
        watcher::Error::WatchError(status) => status.code == GONE,
        watcher::Error::WatchStartFailed(error) | watcher::Error::WatchFailed(error) => {
            matches!(error, kube::Error::Api(status) if status.code == GONE)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;
    use kube::core::Status;

    use super::*;
    use crate::api::CrmTenant;
    use crate::telemetry::metrics::Totals;

    #[test]
    fn what_nobody_reads_is_dropped_and_the_rest_stays() {
        let mut tenant: CrmTenant = serde_json::from_value(serde_json::json!({
            "apiVersion": "crmlink.dev/v1alpha1", "kind": "CrmTenant",
            "metadata": {
                "name": "a", "finalizers": ["x/y"], "managedFields": [{ "manager": "kubectl" }],
                "annotations": { LAST_APPLIED: "{}", "crmlink.dev/requestedAt": "now" },
            },
            "spec": {
                "office365": { "tenantId": "t", "clientId": "c", "auth": { "mode": "ClientSecret" } },
                "crm": { "zoho": { "dataCenter": "EU", "credentialsRef": { "name": "zoho" } } },
                "installation": { "administrator": "nora@example.com", "acceptTerms": true },
            },
        }))
        .unwrap();
        prune(&mut tenant);
        assert!(tenant.managed_fields().is_empty());
        assert_eq!(
            tenant.annotations().keys().collect::<Vec<_>>(),
            ["crmlink.dev/requestedAt"]
        );
        assert_eq!(tenant.finalizers(), ["x/y"]);
    }

    #[tokio::test]
    async fn interruptions_are_counted_by_cause_and_the_state_follows() {
        let metrics = Metrics::new();
        let failed = |code| watcher::Error::WatchError(Box::new(Status::failure("", "").with_code(code)));
        let shows = |what: &str| metrics.page(true, &Totals::default()).contains(what);
        let items: Vec<watcher::Result<Event<CrmTenant>>> = vec![Err(failed(410)), Err(failed(500))];
        let seen = observed(stream::iter(items), "CrmTenant", metrics.clone());
        assert_eq!(seen.count().await, 2);
        for cause in ["expired", "other"] {
            let series = format!("watch_errors_total{{kind=\"CrmTenant\",cause=\"{cause}\"}} 1");
            assert!(shows(&series), "{series}");
        }
        assert!(shows("watch_up{kind=\"CrmTenant\"} 0"));
        let restored: Vec<watcher::Result<Event<CrmTenant>>> = vec![Ok(Event::Init), Ok(Event::InitDone)];
        assert_eq!(
            observed(stream::iter(restored), "CrmTenant", metrics.clone())
                .count()
                .await,
            2
        );
        assert!(shows("watch_up{kind=\"CrmTenant\"} 1"));
    }
}

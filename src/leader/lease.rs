//! Holding the Lease. Each write names the version that was read, so of two candidates the API server lets one through.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use kube::api::PostParams;
use kube::core::ObjectMeta;
use kube::{Api, Client};
use tokio_util::sync::CancellationToken;

use super::Gate;
use super::election::{self, HELD_FOR_SURE, Observed, PERIOD, Step};

/// Why this process may not act any more.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LeaderError {
    /// Somebody else holds the Lease, or it could not be renewed in time.
    #[error("the Lease was lost, so another operator may act: this one ends")]
    Lost,
}

/// A candidate for the Lease, or its holder.
pub(crate) struct LeaseHolder {
    leases: Api<Lease>,
    name: String,
    identity: String,
    gate: Arc<Gate>,
}

impl LeaseHolder {
    /// A candidate; `client` must not be fenced. `identity` tells this process from every other one.
    pub(crate) fn new(
        client: Client,
        namespace: &str,
        name: &str,
        identity: String,
        gate: Arc<Gate>,
    ) -> Self {
        Self {
            leases: Api::namespaced(client, namespace),
            name: name.to_owned(),
            identity,
            gate,
        }
    }

    /// Waits until the Lease is ours, calling `stands_by` when somebody else turns out to hold it; false when the operator
    /// stops before.
    pub(crate) async fn acquire(&self, stop: &CancellationToken, stands_by: impl Fn()) -> bool {
        let mut seen = None;
        let mut announced = false;
        loop {
            let claimed = tokio::select! {
                claimed = self.claim(&mut seen) => claimed,
                () = stop.cancelled() => return false,
            };
            match claimed {
                Ok(true) => {
                    tracing::info!(identity = %self.identity, "this operator is the leader");
                    return true;
                }
                Ok(false) if !announced => {
                    announced = true;
                    stands_by();
                    tracing::info!(lease = %self.name, "another operator is the leader; waiting");
                }
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "the Lease cannot be read or written"),
            }
            tokio::select! {
                () = tokio::time::sleep(PERIOD) => {}
                () = stop.cancelled() => return false,
            }
        }
    }

    /// Renews the Lease until `stop` is cancelled, and gives it up once `finished` is.
    ///
    /// # Errors
    /// If the Lease is lost; the gate is closed by then.
    pub(crate) async fn hold(&self, finished: &CancellationToken) -> Result<(), LeaderError> {
        let mut renewed = Instant::now();
        loop {
            tokio::select! {
                () = tokio::time::sleep(PERIOD) => {}
                () = finished.cancelled() => {
                    self.release().await;
                    return Ok(());
                }
            }
            let mut seen = None;
            let in_time = HELD_FOR_SURE.saturating_sub(renewed.elapsed());
            match tokio::time::timeout(in_time.max(Duration::from_millis(1)), self.claim(&mut seen)).await {
                Ok(Ok(true)) => renewed = Instant::now(),
                Ok(Ok(false)) => {
                    self.gate.close();
                    return Err(LeaderError::Lost);
                }
                Ok(Err(error)) => tracing::warn!(%error, "the Lease cannot be renewed"),
                Err(_) => {}
            }
            if renewed.elapsed() >= HELD_FOR_SURE {
                self.gate.close();
                return Err(LeaderError::Lost);
            }
        }
    }

    /// One try: reads the Lease and takes or renews it where that is allowed.
    async fn claim(&self, seen: &mut Option<Observed>) -> Result<bool, Box<kube::Error>> {
        // The claim counts from before the call: the others see it only afterwards.
        let sent = Instant::now();
        let lease = match self.leases.get_opt(&self.name).await? {
            Some(lease) => lease,
            None => Lease {
                metadata: ObjectMeta {
                    name: Some(self.name.clone()),
                    ..ObjectMeta::default()
                },
                ..Lease::default()
            },
        };
        let (step, now_seen) = election::look(&lease, &self.identity, seen.take(), Instant::now());
        *seen = now_seen;
        if step == Step::Wait {
            return Ok(false);
        }
        let is_new = lease.metadata.resource_version.is_none();
        let lease = election::held(lease, &self.identity, step, Timestamp::now());
        let params = PostParams::default();
        let written = if is_new {
            self.leases.create(&params, &lease).await
        } else {
            self.leases.replace(&self.name, &params, &lease).await
        };
        match written {
            Ok(_) => {
                self.gate.open_until(sent + HELD_FOR_SURE);
                Ok(true)
            }
            // Somebody was faster.
            Err(kube::Error::Api(status)) if status.is_conflict() || status.is_already_exists() => Ok(false),
            Err(error) => Err(Box::new(error)),
        }
    }

    /// Gives the Lease up, so that the next operator need not wait; without answer it ends by itself.
    async fn release(&self) {
        self.gate.close();
        let give_up = async {
            let Some(lease) = self.leases.get_opt(&self.name).await? else {
                return Ok(());
            };
            let ours = lease
                .spec
                .as_ref()
                .and_then(|spec| spec.holder_identity.as_deref());
            if ours == Some(self.identity.as_str()) {
                let lease = election::released(lease);
                self.leases
                    .replace(&self.name, &PostParams::default(), &lease)
                    .await?;
            }
            Ok::<_, kube::Error>(())
        };
        if let Ok(Err(error)) = tokio::time::timeout(PERIOD, give_up).await {
            tracing::debug!(%error, "the Lease was not given up");
        }
    }
}

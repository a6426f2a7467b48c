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
    /// Somebody else holds the Lease, or held it while this process could not renew it.
    #[error("the Lease was lost, so another operator acts: this one ends")]
    Lost,
}

/// Whose the Lease is after a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Claim {
    Ours,
    Others,
    /// The Lease changed between reading and writing.
    Unsure,
}

/// How long one try of the holder may take. Two of them fit into the time for which it holds the Lease for sure.
const ANSWER_WITHIN: Duration = Duration::from_secs(4);

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

    /// Tells this process from every other one.
    pub(crate) fn identity(&self) -> &str {
        &self.identity
    }

    /// Waits until the Lease is ours, calling `stands_by` when somebody else turns out to hold it; false when the operator
    /// stops before.
    pub(crate) async fn acquire(&self, stop: &CancellationToken, stands_by: impl Fn()) -> bool {
        let mut seen = None;
        let mut announced = false;
        loop {
            let tried = tokio::select! {
                tried = self.try_to_take(&mut seen) => tried,
                () = stop.cancelled() => return false,
            };
            match tried {
                Ok(Claim::Ours) => {
                    tracing::info!(identity = %self.identity, lease = %self.name, "this operator is the leader");
                    return true;
                }
                Ok(Claim::Others) if !announced => {
                    announced = true;
                    stands_by();
                    let holder = seen.as_ref().map_or("", Observed::holder);
                    tracing::info!(identity = %self.identity, lease = %self.name, holder, "another operator is the leader; waiting");
                }
                Ok(Claim::Others | Claim::Unsure) => {}
                Err(error) => tracing::warn!(%error, "the Lease cannot be read or written"),
            }
            tokio::select! {
                () = tokio::time::sleep(PERIOD) => {}
                () = stop.cancelled() => return false,
            }
        }
    }

    /// Renews the Lease until `finished` is cancelled, and gives it up then.
    ///
    /// While the API server does not answer, the gate closes and the operator waits: a Lease that is found as it was left
    /// has had no other holder, so the work goes on where it stopped.
    ///
    /// # Errors
    /// If somebody else holds the Lease, or held it meanwhile; the gate is closed by then.
    pub(crate) async fn hold(&self, finished: &CancellationToken) -> Result<(), LeaderError> {
        let mut in_doubt = false;
        loop {
            tokio::select! {
                () = tokio::time::sleep(PERIOD) => {}
                () = finished.cancelled() => {
                    self.release().await;
                    return Ok(());
                }
            }
            match tokio::time::timeout(ANSWER_WITHIN, self.renew()).await {
                Ok(Ok(Claim::Ours)) if in_doubt => {
                    in_doubt = false;
                    tracing::info!(identity = %self.identity, "the Lease is held for sure again");
                }
                Ok(Ok(Claim::Ours | Claim::Unsure)) | Err(_) => {}
                Ok(Ok(Claim::Others)) => {
                    self.gate.close();
                    return Err(LeaderError::Lost);
                }
                Ok(Err(error)) => tracing::warn!(%error, "the Lease cannot be renewed"),
            }
            if !in_doubt && !self.gate.is_open() {
                in_doubt = true;
                tracing::warn!(identity = %self.identity, "the Lease could not be renewed in time: nothing is read or written until it is");
            }
        }
    }

    /// One try of a candidate: reads the Lease and takes it where that is allowed.
    async fn try_to_take(&self, seen: &mut Option<Observed>) -> Result<Claim, Box<kube::Error>> {
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
        match step {
            Step::Wait => Ok(Claim::Others),
            Step::Take | Step::Renew => self.write(lease, step, sent).await,
        }
    }

    /// One try of the holder.
    async fn renew(&self) -> Result<Claim, Box<kube::Error>> {
        let sent = Instant::now();
        let lease = self.leases.get_opt(&self.name).await?;
        match lease {
            Some(lease) if election::holder(&lease) == self.identity => {
                self.write(lease, Step::Renew, sent).await
            }
            // A Lease that is free or gone may have had another holder in between.
            Some(_) | None => Ok(Claim::Others),
        }
    }

    async fn write(&self, lease: Lease, step: Step, sent: Instant) -> Result<Claim, Box<kube::Error>> {
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
                Ok(Claim::Ours)
            }
            // Somebody was faster, or an earlier try of our own whose answer was lost: the next look tells.
            Err(kube::Error::Api(status)) if status.is_conflict() || status.is_already_exists() => {
                Ok(Claim::Unsure)
            }
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
            if election::holder(&lease) == self.identity {
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

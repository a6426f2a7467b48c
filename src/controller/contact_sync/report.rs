//! From verdict to status: pure but for what the store remembers.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use sync_runtime::store::{Counts, Parked as ParkedRecord, ScopeState, Store, StoreError};

use super::apply::scope;
use super::gather::Gathered;
use super::{ContactSync, Verdict, name};
use crate::api::{
    ConditionStatus, ConditionType, Conditions, ContactSyncStatus, CrmUserStatus, FolderStatus,
    InitialSyncStatus, LeftOut, MAX_PARKED_SAMPLE, MailboxStatus, Parked, ParkedItem, Reason, requested_at,
};
use crate::controller::Context;
use crate::controller::trouble::{Remedy, Trouble};

/// How many failures in a row take readiness away where the trouble passes by itself: one is no news.
const PATIENCE: u32 = 3;

/// What the store remembers of a sync.
#[derive(Debug, Default)]
pub(super) struct Memory {
    state: ScopeState,
    counts: Counts,
    parked: Vec<ParkedRecord>,
}

/// Reads what the store remembers; nothing where the sync is not known well enough to ask.
pub(super) async fn memory(
    sync: &ContactSync,
    gathered: Option<&Gathered>,
    context: &Context,
) -> Option<Memory> {
    let gathered = gathered?;
    let scope = scope(&gathered.connection, &gathered.user_id);
    let store = &context.store;
    let sample = u32::try_from(MAX_PARKED_SAMPLE).unwrap_or(10);
    let read = async {
        Ok::<_, StoreError>(Memory {
            state: store.scope(scope).await?.unwrap_or_default(),
            counts: store.counts(scope).await?,
            parked: store.parked(scope, sample).await?,
        })
    };
    match read.await {
        Ok(memory) => Some(memory),
        Err(error) => {
            tracing::error!(sync = %name(sync), %error, "the store cannot be read");
            None
        }
    }
}

/// The status of a resource that was never looked at.
pub(super) fn first_sight(sync: &ContactSync, now: Timestamp) -> ContactSyncStatus {
    let mut status = ContactSyncStatus::default();
    let generation = sync.metadata.generation;
    let conditions = &mut status.conditions;
    conditions.set(
        ConditionType::Ready,
        ConditionStatus::Unknown,
        Reason::Progressing,
        "seen for the first time",
        generation,
        now,
    );
    conditions.set(
        ConditionType::Reconciling,
        true,
        Reason::Progressing,
        "seen for the first time",
        generation,
        now,
    );
    status
}

/// The status of a resource whose deletion cannot be finished yet.
pub(super) fn deleting(sync: &ContactSync, trouble: &Trouble, now: Timestamp) -> ContactSyncStatus {
    let mut status = sync.status.clone().unwrap_or_default();
    let generation = sync.metadata.generation;
    status.conditions.set(
        ConditionType::Ready,
        false,
        Reason::Deleting,
        &trouble.message,
        generation,
        now,
    );
    status
}

pub(super) fn status(
    sync: &ContactSync,
    gathered: Option<&Gathered>,
    verdict: &Verdict,
    memory: Option<Memory>,
    failures: u32,
    now: Timestamp,
) -> ContactSyncStatus {
    let mut status = sync.status.clone().unwrap_or_default();
    status.conditions.retain_known();
    status.observed_generation = sync.metadata.generation;
    status.last_handled_requested_at = requested_at(sync).or(status.last_handled_requested_at);
    if let Some(gathered) = gathered {
        status.mailbox = Some(MailboxStatus {
            user_id: gathered.user_id.clone(),
        });
        if let Some(partner) = &gathered.partner {
            status.crm = Some(CrmUserStatus {
                user_id: partner.crm_user_id.clone(),
            });
            status.effective_policy_hash = Some(policy_hash(gathered));
        }
    }
    if let Some(memory) = memory {
        remembered(&mut status, memory, verdict);
    }
    let mut writer = Writer {
        conditions: &mut status.conditions,
        generation: sync.metadata.generation,
        now,
    };
    writer.verdict(verdict, failures);
    if let Some(initial) = &status.initial_sync {
        writer.initial(initial.completed_at.is_some());
    } else {
        writer.conditions.remove(ConditionType::InitialSyncComplete);
    }
    status
}

/// Policy and mapping as they are in force, wherever they were declared.
fn policy_hash(gathered: &Gathered) -> String {
    let text = serde_json::to_vec(&gathered.policy).unwrap_or_default();
    let uuid = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, &text);
    uuid.simple().to_string()[..16].to_owned()
}

fn remembered(status: &mut ContactSyncStatus, memory: Memory, verdict: &Verdict) {
    let small = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    let Memory {
        state,
        counts,
        parked,
    } = memory;
    if matches!(verdict, Verdict::Off { .. }) {
        status.folder = None;
        status.initial_sync = None;
        (status.linked, status.pending, status.parked) = (None, None, None);
        return;
    }
    // A folder that its owner deleted stays known, so that it is not made again even after the store is lost.
    if let Some(folder) = state.folder {
        status.folder = Some(FolderStatus { id: folder.id });
    }
    if state.feed_position.is_some() {
        let initial = &state.initial;
        status.initial_sync = Some(InitialSyncStatus {
            total: Some(small(initial.total)),
            done: Some(small(initial.done)),
            left_out: Some(LeftOut {
                imported: small(initial.imported),
                over_cap: small(initial.over_cap),
            }),
            completed_at: initial.completed.map(Time),
        });
    }
    status.linked = Some(small(counts.linked));
    status.pending = Some(small(counts.pending));
    status.parked = (counts.parked > 0).then(|| Parked {
        count: small(counts.parked),
        items: parked
            .into_iter()
            .map(|item| ParkedItem {
                crm_id: Some(item.crm_id),
                office_id: None,
                reason: item.reason,
                field: item.field,
                since: Time(item.since),
            })
            .collect(),
    });
    status.last_change_time = state.last_change.map(Time).or(status.last_change_time.take());
}

struct Writer<'a> {
    conditions: &'a mut Conditions,
    generation: Option<i64>,
    now: Timestamp,
}

impl Writer<'_> {
    fn set(&mut self, kind: ConditionType, holds: impl Into<ConditionStatus>, reason: Reason, message: &str) {
        self.conditions
            .set(kind, holds, reason, message, self.generation, self.now);
    }

    fn verdict(&mut self, verdict: &Verdict, failures: u32) {
        if let Verdict::Suspended { by_tenant } = verdict {
            return self.suspended(*by_tenant);
        }
        for kind in [
            ConditionType::Reconciling,
            ConditionType::Stalled,
            ConditionType::Suspended,
        ] {
            self.conditions.remove(kind);
        }
        match verdict {
            Verdict::Running { more } => {
                self.set(ConditionType::Enabled, true, Reason::Enabled, "");
                if *more {
                    self.set(
                        ConditionType::Ready,
                        true,
                        Reason::InitialSync,
                        "the sync is at work",
                    );
                    self.set(
                        ConditionType::Reconciling,
                        true,
                        Reason::Progressing,
                        "the sync is at work",
                    );
                } else {
                    self.set(
                        ConditionType::Ready,
                        true,
                        Reason::InSync,
                        "the mailbox holds what the CRM holds",
                    );
                }
            }
            Verdict::Off { left_in_place } => {
                let message = match left_in_place {
                    0 => "spec.enabled is false; the copies are out of the mailbox and the CRM is as it was"
                        .to_owned(),
                    left => format!(
                        "spec.enabled is false; {left} contacts that only the mailbox holds were left in its folder, and the CRM is as it was"
                    ),
                };
                self.set(ConditionType::Enabled, false, Reason::Disabled, "");
                self.set(ConditionType::Ready, true, Reason::Disabled, &message);
            }
            Verdict::RemovedByOwner => {
                let message = "the mailbox's user deleted or moved the folder, which switches the sync off; the CRM is as it was. To switch it on again set enabled to false and back to true";
                self.set(ConditionType::Enabled, false, Reason::DisabledInMailbox, message);
                self.set(ConditionType::Ready, true, Reason::DisabledInMailbox, message);
            }
            Verdict::Trouble(trouble) => self.trouble(trouble, failures),
            Verdict::NotYet | Verdict::Suspended { .. } => {}
        }
    }

    /// The rest stays as it was.
    fn suspended(&mut self, by_tenant: bool) {
        let (reason, message) = if by_tenant {
            (
                Reason::TenantSuspended,
                "the CrmTenant is suspended: nothing is read or written",
            )
        } else {
            (
                Reason::Suspended,
                "spec.suspend is true: nothing is read or written",
            )
        };
        self.conditions.remove(ConditionType::Reconciling);
        self.set(ConditionType::Suspended, true, reason, message);
        let ready = self.conditions.get(ConditionType::Ready);
        if ready.is_none_or(|ready| ready.status() == ConditionStatus::Unknown) {
            self.set(ConditionType::Ready, ConditionStatus::Unknown, reason, message);
        }
    }

    fn trouble(&mut self, trouble: &Trouble, failures: u32) {
        let Trouble {
            reason,
            message,
            remedy,
        } = trouble;
        match remedy {
            Remedy::Person => self.set(ConditionType::Stalled, true, *reason, message),
            Remedy::Time(_) | Remedy::Others(_) => {
                self.set(
                    ConditionType::Reconciling,
                    true,
                    Reason::ProgressingWithRetry,
                    message,
                );
            }
        }
        let passing = matches!(remedy, Remedy::Time(_)) && failures < PATIENCE;
        if !(passing && self.conditions.is_true(ConditionType::Ready)) {
            self.set(ConditionType::Ready, false, *reason, message);
        }
    }

    fn initial(&mut self, complete: bool) {
        if complete {
            self.set(
                ConditionType::InitialSyncComplete,
                true,
                Reason::InitialSyncDone,
                "",
            );
        } else {
            self.set(
                ConditionType::InitialSyncComplete,
                false,
                Reason::InitialSync,
                "the first sync is running",
            );
        }
    }
}

//! From verdict to status: pure but for what the store remembers.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use sync_engine::link::Side;
use sync_runtime::contacts::NOT_VISIBLE;
use sync_runtime::store::{
    Conflict, ConflictOutcome as RemembersOutcome, Counts, Held, MOST_CONFLICTS, Parked as ParkedRecord,
    ScopeState, Store, StoreError,
};

use super::gather::Gathered;
use super::planned as plan;
use super::verdict::Verdict;
use super::{ContactSync, name};
use crate::api::{
    ConditionStatus, ConditionType, ConflictItem, ConflictOutcome, Conflicts, ContactSyncStatus,
    CrmUserStatus, Direction, FolderStatus, InitialSyncStatus, LeftOut, MAX_CONFLICT_SAMPLE,
    MAX_PARKED_SAMPLE, MailboxStatus, Parked, ParkedItem, PlanCause, Reason, Recoverable, SyncMode, reenable,
    requested_at,
};
use crate::controller::Context;
use crate::controller::condition_writer::ConditionWriter;
use crate::controller::trouble::Trouble;

/// What the store remembers of a sync.
#[derive(Debug, Default)]
pub(super) struct Memory {
    state: ScopeState,
    counts: Counts,
    /// Those that have waited longest.
    parked: Vec<ParkedRecord>,
    /// How many of all that wait do so as the CRM does not show them any more.
    hidden: usize,
    conflicts: Vec<Conflict>,
    /// What is on the guard's frozen list.
    frozen: Vec<Held>,
}

impl Memory {
    /// Whether contacts wait to be looked at.
    pub(super) fn has_work(&self) -> bool {
        self.counts.pending > 0
    }
}

/// Reads what the store remembers; nothing where it cannot be read.
pub(super) async fn memory(sync: &ContactSync, gathered: &Gathered, context: &Context) -> Option<Memory> {
    let scope = gathered.scope();
    let store = &context.store;
    let read = async {
        let state = store.scope(scope).await?.unwrap_or_default();
        let mut frozen = Vec::new();
        if let Some(trip) = &state.trip {
            frozen = store.held(scope).await?;
            frozen.retain(|held| held.trip.as_ref() == Some(&trip.id));
        }
        let mut parked = store.parked(scope, u32::MAX).await?;
        let hidden = parked
            .iter()
            .filter(|parked| parked.reason == NOT_VISIBLE)
            .count();
        parked.truncate(MAX_PARKED_SAMPLE);
        Ok::<_, StoreError>(Memory {
            state,
            counts: store.counts(scope).await?,
            parked,
            hidden,
            conflicts: store.conflicts(scope, MOST_CONFLICTS).await?,
            frozen,
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
    let mut writer = ConditionWriter::new(&mut status.conditions, generation, now);
    writer.set(ConditionType::Ready, false, Reason::Deleting, &trouble.message);
    if trouble.reason == Reason::DisablesHeld {
        writer.disables_held();
    } else {
        writer.remove(ConditionType::Held);
    }
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
            status.recoverable = Some(recoverable(gathered));
        }
        // A run that only observes has switched nothing on.
        if matches!(verdict, Verdict::Running { .. } | Verdict::Waiting) {
            status.last_handled_reenable = reenable(sync).or(status.last_handled_reenable);
        }
    }
    let hidden = memory.as_ref().map(|memory| memory.hidden);
    if let Some(memory) = memory {
        remembered(&mut status, memory, verdict);
    }
    let before = sync.status.as_ref().and_then(|status| status.plan.clone());
    if let Verdict::Observing(observed) = verdict {
        status.plan = Some(plan::of_observed(observed, before, now));
    } else if matches!(verdict, Verdict::Trouble(_)) && status.plan.is_none() {
        // What was seen before the trouble still counts.
        let observing = gathered.is_some_and(|gathered| gathered.policy.mode == SyncMode::Observe);
        status.plan = before.filter(|plan| observing && plan.cause == PlanCause::Observe);
    }
    let mut writer = ConditionWriter::new(&mut status.conditions, sync.metadata.generation, now);
    writer.verdict(verdict, failures, status.left_in_place, status.plan.as_ref());
    if let Some(hidden) = hidden {
        writer.hidden(hidden);
    }
    if let Some(initial) = &status.initial_sync {
        writer.initial(initial.completed_at.is_some());
    } else {
        writer.remove(ConditionType::InitialSyncComplete);
    }
    status
}

/// Policy and mapping as they are in force, wherever they were declared, less what the tenant never syncs.
fn policy_hash(gathered: &Gathered) -> String {
    let in_force = (&gathered.policy, &gathered.tenant.spec.never_sync);
    let text = serde_json::to_vec(&in_force).unwrap_or_default();
    let uuid = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, &text);
    uuid.simple().to_string()[..16].to_owned()
}

/// Contacts made in the CRM are found by the marker of their copies; those made in Outlook need a field in the CRM.
fn recoverable(gathered: &Gathered) -> Recoverable {
    let one_way = gathered.policy.direction == Direction::CrmToOffice;
    if one_way || gathered.tenant.spec.external_id_of_contacts().is_some() {
        Recoverable::Full
    } else {
        Recoverable::Partial
    }
}

fn remembered(status: &mut ContactSyncStatus, memory: Memory, verdict: &Verdict) {
    let small = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    let Memory {
        state,
        counts,
        parked,
        conflicts,
        frozen,
        hidden: _,
    } = memory;
    if let Verdict::Off { left_in_place } = verdict {
        status.folder = None;
        status.initial_sync = None;
        (status.linked, status.pending, status.parked) = (None, None, None);
        (status.conflicts, status.plan) = (None, None);
        if let Some(left) = left_in_place {
            status.left_in_place = (*left > 0).then(|| small(*left));
        }
        return;
    }
    status.left_in_place = None;
    status.plan = plan::of_trip(&state, frozen);
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
            .map(|item| {
                let (crm_id, office_id) = match item.side {
                    Side::Crm => (Some(item.id), None),
                    Side::Office => (None, Some(item.id)),
                };
                ParkedItem {
                    crm_id,
                    office_id,
                    reason: item.reason,
                    field: item.field,
                    since: Time(item.since),
                }
            })
            .collect(),
    });
    status.conflicts = (counts.conflicts > 0).then(|| Conflicts {
        count: small(counts.conflicts),
        items: conflict_sample(conflicts),
    });
    status.last_change_time = state.last_change.map(Time).or(status.last_change_time.take());
}

/// One entry for the fields of a record that ended the same way.
fn conflict_sample(conflicts: Vec<Conflict>) -> Vec<ConflictItem> {
    let mut items: Vec<ConflictItem> = Vec::new();
    for conflict in conflicts {
        let outcome = match conflict.outcome {
            RemembersOutcome::CrmWon => ConflictOutcome::CrmWon,
            RemembersOutcome::OfficeWon => ConflictOutcome::OfficeWon,
            RemembersOutcome::Open => ConflictOutcome::Open,
        };
        let same = items
            .iter_mut()
            .find(|item| item.crm_id == conflict.crm_id && item.outcome == outcome);
        if let Some(item) = same {
            item.fields.push(conflict.field);
        } else if items.len() < MAX_CONFLICT_SAMPLE {
            items.push(ConflictItem {
                crm_id: conflict.crm_id,
                fields: vec![conflict.field],
                outcome,
                at: Time(conflict.at),
            });
        }
    }
    items
}

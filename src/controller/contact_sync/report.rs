//! From verdict to status: pure but for what the store remembers.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use sync_engine::link::Side;
use sync_runtime::store::{
    Conflict, ConflictOutcome as RemembersOutcome, Counts, Held, MOST_CONFLICTS, Parked as ParkedRecord,
    ScopeState, Store, StoreError,
};

use super::apply::scope;
use super::gather::Gathered;
use super::planned as plan;
use super::{ContactSync, Verdict, name};
use crate::api::{
    ConditionStatus, ConditionType, Conditions, ConflictItem, ConflictOutcome, Conflicts, ContactSyncStatus,
    CrmUserStatus, Direction, FolderStatus, InitialSyncStatus, LeftOut, MAX_CONFLICT_SAMPLE,
    MAX_PARKED_SAMPLE, MailboxStatus, Parked, ParkedItem, PlanCause, PlanStatus, Reason, Recoverable,
    reenable, requested_at,
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
    conflicts: Vec<Conflict>,
    /// What is on the guard's frozen list.
    frozen: Vec<Held>,
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
        let state = store.scope(scope).await?.unwrap_or_default();
        let mut frozen = Vec::new();
        if let Some(trip) = &state.trip {
            frozen = store.held(scope).await?;
            frozen.retain(|held| held.trip.as_ref() == Some(&trip.id));
        }
        Ok::<_, StoreError>(Memory {
            state,
            counts: store.counts(scope).await?,
            parked: store.parked(scope, sample).await?,
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
            status.recoverable = Some(recoverable(gathered));
        }
        if matches!(verdict, Verdict::Running { .. } | Verdict::Observing(_)) {
            status.last_handled_reenable = reenable(sync).or(status.last_handled_reenable);
        }
    }
    if let Some(memory) = memory {
        remembered(&mut status, memory, verdict);
    }
    if let Verdict::Observing(observed) = verdict {
        let before = status.plan.take();
        status.plan = Some(plan::of_observed(observed, before, now));
    }
    let mut writer = Writer {
        conditions: &mut status.conditions,
        generation: sync.metadata.generation,
        now,
    };
    writer.verdict(verdict, failures, status.left_in_place, status.plan.as_ref());
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

/// Why a sync that is to be switched off waits.
pub(super) fn disables_held(until: Timestamp) -> String {
    format!(
        "many syncs of this tenant are being switched off, so this one keeps its contacts until {until:.0} in case that is a mistake (guard.maxDisablesPerHour of the CrmTenant)"
    )
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

    fn held(&mut self, plan: Option<&PlanStatus>) {
        let Some(plan) = plan else { return };
        let (reason, whose) = match plan.cause {
            PlanCause::Guard => (Reason::GuardHolds, "this sync's guard"),
            PlanCause::TenantGuard => (Reason::TenantGuardHolds, "the CrmTenant's guard"),
            PlanCause::Observe => return,
        };
        let message = format!(
            "{whose} holds {} deletions in the mailbox, {} deletions and {} updates in the CRM; everything else goes on. To let them through add {} to spec.approvedPlans",
            plan.deletes.to_office, plan.deletes.to_crm, plan.updates.to_crm, plan.hash
        );
        self.set(ConditionType::Held, true, reason, &message);
    }

    fn verdict(&mut self, verdict: &Verdict, failures: u32, left: Option<u32>, plan: Option<&PlanStatus>) {
        if let Verdict::Suspended { by_tenant } = verdict {
            return self.suspended(*by_tenant);
        }
        for kind in [
            ConditionType::Reconciling,
            ConditionType::Stalled,
            ConditionType::Suspended,
            ConditionType::Held,
        ] {
            self.conditions.remove(kind);
        }
        self.held(plan);
        if !matches!(verdict, Verdict::Off { .. }) {
            self.conditions.remove(ConditionType::ItemsLeft);
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
                        "both sides hold the same",
                    );
                }
            }
            Verdict::Observing(observed) => {
                self.set(ConditionType::Enabled, true, Reason::Enabled, "");
                let message = format!(
                    "mode is Observe: nothing is written; status.plan shows the {} operations that Apply would do",
                    observed.writes.len()
                );
                self.set(ConditionType::Ready, true, Reason::ObserveOnly, &message);
            }
            Verdict::SwitchingOff => {
                let message = "spec.enabled is false: what only the mailbox knows goes to the CRM first";
                self.set(ConditionType::Ready, false, Reason::Progressing, message);
                self.set(ConditionType::Reconciling, true, Reason::Progressing, message);
            }
            Verdict::OffHeld { until } => {
                let message = disables_held(*until);
                self.set(ConditionType::Held, true, Reason::DisablesHeld, &message);
                self.set(ConditionType::Reconciling, true, Reason::DisablesHeld, &message);
                self.set(ConditionType::Ready, false, Reason::DisablesHeld, &message);
            }
            Verdict::Off { .. } => {
                let message = match left {
                    None => {
                        "spec.enabled is false; the copies are out of the mailbox and the CRM is as it was"
                            .to_owned()
                    }
                    Some(left) => format!(
                        "spec.enabled is false; {left} contacts that only the mailbox holds were left in its folder, and the CRM is as it was"
                    ),
                };
                if left.is_some() {
                    self.set(
                        ConditionType::ItemsLeft,
                        true,
                        Reason::ItemsLeftInMailbox,
                        &message,
                    );
                }
                self.set(ConditionType::Enabled, false, Reason::Disabled, "");
                self.set(ConditionType::Ready, true, Reason::Disabled, &message);
            }
            Verdict::RemovedByOwner => {
                let message = "the mailbox's user deleted or moved the folder, which switches the sync off; the CRM is as it was. To switch it on again set enabled to false and back to true, or give the annotation crmlink.dev/reenable a new value";
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

//! From outcome to status: pure but for the writing.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::plan::{Elsewhere, Outcome, Stand};
use crate::api::{
    Condition, ConditionStatus, ConditionType, Conditions, CrmUserInvite, CrmUserInviteStatus, InvitePhase,
    Reason, requested_at,
};
use crate::controller::Context;
use crate::controller::condition_writer::ConditionWriter;
use crate::controller::trouble::Trouble;

/// Whether the object was never looked at.
pub(super) fn is_new(invite: &CrmUserInvite) -> bool {
    let status = invite.status.as_ref();
    status.is_none_or(|status| status.conditions.get(ConditionType::Ready).is_none())
}

/// The status of a resource that was never looked at.
pub(super) fn first_sight(invite: &CrmUserInvite, now: Timestamp) -> CrmUserInviteStatus {
    let mut status = invite.status.clone().unwrap_or_default();
    status.phase = Some(InvitePhase::Pending);
    let generation = invite.metadata.generation;
    let mut writer = ConditionWriter::new(&mut status.conditions, generation, now);
    let (reason, message) = (Reason::Progressing, "seen for the first time");
    writer.set(ConditionType::Ready, ConditionStatus::Unknown, reason, message);
    writer.set(ConditionType::Reconciling, true, reason, message);
    status
}

/// The status of a resource whose deletion cannot be finished yet.
pub(super) fn deleting(invite: &CrmUserInvite, trouble: &Trouble, now: Timestamp) -> CrmUserInviteStatus {
    let mut status = invite.status.clone().unwrap_or_default();
    let generation = invite.metadata.generation;
    let mut writer = ConditionWriter::new(&mut status.conditions, generation, now);
    writer.set(ConditionType::Ready, false, Reason::Deleting, &trouble.message);
    status
}

pub(super) fn status(
    invite: &CrmUserInvite,
    outcome: &Outcome,
    failures: u32,
    now: Timestamp,
) -> CrmUserInviteStatus {
    let mut status = invite.status.clone().unwrap_or_default();
    status.conditions.retain_known();
    status.observed_generation = invite.metadata.generation;
    status.last_handled_requested_at = requested_at(invite).or(status.last_handled_requested_at);
    if outcome.office_user_id.is_some() {
        status.office_user_id.clone_from(&outcome.office_user_id);
    }
    if outcome.request_mails.is_some() {
        status.request_mails.clone_from(&outcome.request_mails);
    }
    match &outcome.stand {
        Some(stand) => place(&mut status, stand, outcome.sent, now),
        None => {
            status.phase.get_or_insert(InvitePhase::Pending);
        }
    }
    let mails = status.request_mails.clone();
    let mut writer = ConditionWriter::new(&mut status.conditions, invite.metadata.generation, now);
    writer.outcome(invite, outcome, mails.as_ref(), failures);
    status
}

/// Says how far the person is.
fn place(status: &mut CrmUserInviteStatus, stand: &Stand, sent: Option<Timestamp>, now: Timestamp) {
    status.phase = Some(match stand {
        Stand::AwaitingApproval => InvitePhase::AwaitingApproval,
        Stand::Invited { .. } => InvitePhase::Invited,
        Stand::Active { .. } => InvitePhase::Active,
        Stand::Inactive { .. } => InvitePhase::Inactive,
        Stand::Denied => InvitePhase::Denied,
        Stand::Rejected => InvitePhase::Rejected,
        Stand::LinkedElsewhere(_) => InvitePhase::LinkedElsewhere,
    });
    match stand {
        Stand::Invited { crm_user_id }
        | Stand::Active { crm_user_id }
        | Stand::Inactive { crm_user_id, .. }
        | Stand::LinkedElsewhere(Elsewhere::Found { crm_user_id, .. }) => {
            status.crm_user_id = Some(crm_user_id.clone());
            status.invited_at = sent.map(Time);
        }
        // There is nobody here, and whoever was here before is not this person's account any more.
        Stand::LinkedElsewhere(_) => {
            (status.crm_user_id, status.invited_at, status.accepted_at) = (None, None, None);
        }
        Stand::Rejected => status.invited_at = sent.map(Time).or(status.invited_at.take()),
        Stand::AwaitingApproval | Stand::Denied => {}
    }
    if matches!(stand, Stand::Active { .. }) {
        status.accepted_at.get_or_insert(Time(now));
    }
}

/// Writes the status, where its meaning changed. What others set in it is theirs: leaving it out of what is applied
/// keeps it, whatever it is by now.
pub(super) async fn write(
    invite: &CrmUserInvite,
    status: &CrmUserInviteStatus,
    context: &Context,
) -> Result<(), Box<kube::Error>> {
    let before = invite.status.as_ref().map(ours);
    context
        .reporter
        .write(invite, before.as_ref(), &ours(status), conditions)
        .await
}

/// The status without the decision about a request to join, and the condition that came with it.
fn ours(status: &CrmUserInviteStatus) -> CrmUserInviteStatus {
    let mut ours = status.clone();
    ours.decision = None;
    ours.conditions.remove(ConditionType::Denied);
    let approved = ours
        .conditions
        .get(ConditionType::Approved)
        .map(Condition::reason);
    let by_operator = [Reason::ApprovedInCrm.as_str(), Reason::PreApproved.as_str()];
    if status.decision.is_some() || approved.is_some_and(|reason| !by_operator.contains(&reason)) {
        ours.conditions.remove(ConditionType::Approved);
    }
    ours
}

fn conditions(status: &CrmUserInviteStatus) -> &Conditions {
    &status.conditions
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::controller::crm_user_invite::plan::Approval;

    #[allow(clippy::needless_pass_by_value, reason = "it takes what `json!` makes")]
    fn invite(status: Value) -> CrmUserInvite {
        serde_json::from_value(json!({
            "metadata": { "generation": 1 },
            "spec": { "tenantRef": { "name": "t" }, "user": "a@b.example", "type": "JoinRequest" },
            "status": status,
        }))
        .unwrap()
    }

    fn decided(kind: &str, reason: &str) -> Value {
        json!({
            "decision": {
                "verdict": kind, "by": "somebody", "crmUserId": "7", "at": "2026-01-01T00:00:00Z",
            },
            "conditions": [{
                "type": kind, "status": "True", "reason": reason, "message": "", "observedGeneration": 1,
                "lastTransitionTime": "2026-01-01T00:00:00Z",
            }],
        })
    }

    #[test]
    fn u5_a_decision_is_never_written_by_the_operator_and_never_lost_from_what_it_sees() {
        for (kind, reason) in [("Approved", "ApprovedByManager"), ("Denied", "Denied")] {
            let invite = invite(decided(kind, reason));
            let outcome = Outcome {
                stand: Some(Stand::Denied),
                ..Outcome::default()
            };
            let whole = status(&invite, &outcome, 0, Timestamp::UNIX_EPOCH);
            assert!(whole.decision.is_some());
            let written = json!(ours(&whole));
            assert_eq!(written["decision"], Value::Null);
            let types = written["conditions"].as_array().unwrap().iter();
            assert!(
                types
                    .map(|condition| &condition["type"])
                    .all(|found| found != kind)
            );
        }
    }

    #[test]
    fn u5_other_approvals_are_the_operators_own() {
        let outcome = Outcome {
            approval: Some(Approval::InCrm),
            stand: Some(Stand::Active {
                crm_user_id: "7".to_owned(),
            }),
            ..Outcome::default()
        };
        let status = ours(&status(&invite(json!({})), &outcome, 0, Timestamp::UNIX_EPOCH));
        let approved = status.conditions.get(ConditionType::Approved).unwrap();
        assert_eq!(approved.reason(), Reason::ApprovedInCrm.as_str());
    }

    #[test]
    fn n10_the_time_of_acceptance_is_that_of_the_first_sight() {
        let outcome = Outcome {
            stand: Some(Stand::Active {
                crm_user_id: "7".to_owned(),
            }),
            ..Outcome::default()
        };
        let first = status(&invite(json!({})), &outcome, 0, Timestamp::UNIX_EPOCH);
        let later = Timestamp::from_second(600).unwrap();
        let again = status(&invite(json!(first)), &outcome, 0, later);
        assert_eq!(json!(again), json!(first), "nothing to write");
    }

    #[test]
    fn u3_who_is_linked_elsewhere_leaves_no_trace_here() {
        let invite = invite(json!({ "crmUserId": "7", "invitedAt": "2026-01-01T00:00:00Z" }));
        let outcome = Outcome {
            stand: Some(Stand::LinkedElsewhere(Elsewhere::Declared("why".to_owned()))),
            ..Outcome::default()
        };
        let status = status(&invite, &outcome, 0, Timestamp::UNIX_EPOCH);
        assert_eq!((status.crm_user_id, status.invited_at), (None, None));
        assert_eq!(status.phase, Some(InvitePhase::LinkedElsewhere));
    }
}

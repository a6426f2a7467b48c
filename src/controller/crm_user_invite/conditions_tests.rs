use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::api::Conditions;
use crate::controller::trouble::Trouble;

fn invite(ready_when: &str) -> CrmUserInvite {
    serde_json::from_value(json!({
        "metadata": {},
        "spec": {
            "tenantRef": { "name": "t" }, "user": "a@b.example", "type": "Invitation", "readyWhen": ready_when,
        },
    }))
    .unwrap()
}

/// Type and status of each condition, as `Ready=True`.
fn said(outcome: &Outcome, ready_when: &str, before: Conditions) -> (Vec<String>, Conditions) {
    let mut conditions = before;
    ConditionWriter::new(&mut conditions, Some(1), Timestamp::UNIX_EPOCH).outcome(
        &invite(ready_when),
        outcome,
        None,
        1,
    );
    let list = conditions
        .iter()
        .map(|condition| format!("{}={}", condition.type_name(), condition.status().as_str()))
        .collect();
    (list, conditions)
}

fn stands(stand: Stand) -> Outcome {
    Outcome {
        stand: Some(stand),
        ..Outcome::default()
    }
}

fn stalls(reason: Reason) -> Outcome {
    Outcome {
        stop: Some(Stop::Trouble(Trouble::person(reason, "words"))),
        ..Outcome::default()
    }
}

fn id() -> String {
    "7".to_owned()
}

#[test]
fn readiness_waits_for_the_invitation_or_for_the_person() {
    let of = |stand, when| said(&stands(stand), when, Conditions::default()).0;
    let invited = || Stand::Invited { crm_user_id: id() };
    let active = || Stand::Active { crm_user_id: id() };
    assert_eq!(
        of(invited(), "Invited"),
        ["Ready=True", "Invited=True", "Accepted=False"]
    );
    assert_eq!(
        of(invited(), "Accepted"),
        [
            "Ready=False",
            "Reconciling=True",
            "Invited=True",
            "Accepted=False"
        ]
    );
    for when in ["Invited", "Accepted"] {
        assert_eq!(
            of(active(), when),
            ["Ready=True", "Invited=True", "Accepted=True"]
        );
        assert_eq!(
            of(Stand::AwaitingApproval, when),
            [
                "Ready=False",
                "Reconciling=True",
                "AwaitingApproval=True",
                "Invited=False",
                "Accepted=False"
            ]
        );
    }
}

#[test]
fn a_persons_choice_is_never_a_failure() {
    let why = Elsewhere::Declared("why".to_owned());
    for stand in [Stand::Denied, Stand::Rejected, Stand::LinkedElsewhere(why)] {
        let (list, conditions) = said(&stands(stand.clone()), "Invited", Conditions::default());
        assert_eq!(list[0], "Ready=True");
        assert!(!conditions.is_true(ConditionType::Accepted));
        let (list, conditions) = said(&stands(stand), "Accepted", Conditions::default());
        assert_eq!(list[0], "Ready=False");
        assert_eq!(conditions.get(ConditionType::Stalled), None);
        assert_eq!(
            conditions.get(ConditionType::Reconciling),
            None,
            "nothing will come"
        );
    }
}

#[test]
fn what_is_in_the_way_leaves_what_is_known_of_the_person() {
    let invited = stands(Stand::Invited { crm_user_id: id() });
    let (_, before) = said(&invited, "Invited", Conditions::default());
    let (list, conditions) = said(&stalls(Reason::UserNotApproved), "Invited", before);
    assert_eq!(
        list,
        ["Ready=False", "Stalled=True", "Invited=True", "Accepted=False"]
    );
    let active = stands(Stand::Active { crm_user_id: id() });
    assert_eq!(
        said(&active, "Invited", conditions).0,
        ["Ready=True", "Invited=True", "Accepted=True"]
    );
}

#[test]
fn a_request_waits_for_approval_whether_or_not_anybody_could_be_mailed() {
    let mut outcome = stands(Stand::AwaitingApproval);
    outcome.stop = stalls(Reason::SenderMailboxMissing).stop;
    let (list, conditions) = said(&outcome, "Invited", Conditions::default());
    assert_eq!(
        list,
        [
            "Ready=False",
            "Stalled=True",
            "AwaitingApproval=True",
            "Invited=False",
            "Accepted=False"
        ]
    );
    let ready = conditions.get(ConditionType::Ready).unwrap();
    assert_eq!(ready.reason(), Reason::SenderMailboxMissing.as_str());
}

#[test]
fn u5_a_list_that_does_not_have_the_person_any_more_approves_no_more() {
    let mut outcome = stalls(Reason::EditionNotPaid);
    outcome.approval = Some(Approval::Beforehand);
    let (list, approved) = said(&outcome, "Invited", Conditions::default());
    assert!(list.contains(&"Approved=True".to_owned()));
    let waits = stands(Stand::AwaitingApproval);
    let (list, _) = said(&waits, "Invited", approved);
    assert!(!list.contains(&"Approved=True".to_owned()), "{list:?}");
}

#[test]
fn a_suspended_invite_stays_as_it_was() {
    let (_, before) = said(
        &stands(Stand::Active { crm_user_id: id() }),
        "Invited",
        Conditions::default(),
    );
    let outcome = Outcome {
        stop: Some(Stop::Suspended { by_tenant: false }),
        ..Outcome::default()
    };
    assert_eq!(
        said(&outcome, "Invited", before).0,
        ["Ready=True", "Suspended=True", "Invited=True", "Accepted=True"]
    );
}

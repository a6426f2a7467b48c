use serde_json::{Value, json};

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn ready(conditions: &mut Conditions, status: ConditionStatus, reason: Reason, message: &str, second: i64) {
    conditions.set(ConditionType::Ready, status, reason, message, Some(1), at(second));
}

fn since(conditions: &Conditions) -> Timestamp {
    conditions
        .get(ConditionType::Ready)
        .unwrap()
        .last_transition_time()
}

#[test]
fn the_time_moves_only_when_the_status_changes() {
    let mut conditions = Conditions::default();
    ready(
        &mut conditions,
        ConditionStatus::False,
        Reason::Progressing,
        "a",
        10,
    );
    ready(
        &mut conditions,
        ConditionStatus::False,
        Reason::TenantNotReady,
        "b",
        20,
    );
    assert_eq!(since(&conditions), at(10));
    let condition = conditions.get(ConditionType::Ready).unwrap();
    assert_eq!((condition.reason(), condition.message()), ("TenantNotReady", "b"));

    ready(&mut conditions, ConditionStatus::True, Reason::InSync, "b", 30);
    assert_eq!(since(&conditions), at(30));
    ready(
        &mut conditions,
        ConditionStatus::Unknown,
        Reason::Progressing,
        "b",
        40,
    );
    assert_eq!(since(&conditions), at(40));
}

#[test]
fn there_is_one_condition_of_a_type_in_a_fixed_order() {
    let mut conditions = Conditions::default();
    for condition_type in ConditionType::ALL.into_iter().rev().chain(ConditionType::ALL) {
        conditions.set(condition_type, true, Reason::InSync, "", None, at(1));
    }
    let names: Vec<_> = conditions
        .iter()
        .map(|condition| condition.condition_type().unwrap())
        .collect();
    assert_eq!(names, ConditionType::ALL);
}

#[test]
fn a_removed_condition_starts_anew() {
    let mut conditions = Conditions::default();
    ready(&mut conditions, ConditionStatus::True, Reason::InSync, "", 10);
    assert!(conditions.is_true(ConditionType::Ready));
    assert!(conditions.remove(ConditionType::Ready));
    assert!(!conditions.remove(ConditionType::Ready));
    assert!(conditions.is_empty());
    assert!(!conditions.is_true(ConditionType::Ready));
    ready(&mut conditions, ConditionStatus::True, Reason::InSync, "", 20);
    assert_eq!(since(&conditions), at(20));
}

#[test]
fn n10_times_and_order_alone_are_no_change() {
    let mut one = Conditions::default();
    one.set(ConditionType::Ready, true, Reason::InSync, "m", Some(1), at(1));
    one.set(ConditionType::Enabled, true, Reason::Enabled, "", Some(1), at(1));
    let mut other = Conditions::default();
    other.set(ConditionType::Enabled, true, Reason::Enabled, "", Some(1), at(2));
    other.set(ConditionType::Ready, true, Reason::InSync, "m", Some(1), at(2));
    assert!(one.means(&other) && other.means(&one));
    assert_ne!(one, other);
}

#[test]
fn any_other_difference_is_a_change() {
    let with = |status: bool, reason: Reason, message: &str, generation: i64| {
        let mut conditions = Conditions::default();
        conditions.set(
            ConditionType::Ready,
            status,
            reason,
            message,
            Some(generation),
            at(1),
        );
        conditions
    };
    let base = with(true, Reason::InSync, "m", 1);
    let mut more = base.clone();
    more.set(ConditionType::Enabled, true, Reason::Enabled, "", Some(1), at(1));
    let changes = [
        ("status", with(false, Reason::InSync, "m", 1)),
        ("reason", with(true, Reason::Disabled, "m", 1)),
        ("message", with(true, Reason::InSync, "n", 1)),
        ("generation", with(true, Reason::InSync, "m", 2)),
        ("one more", more),
        ("one less", Conditions::default()),
    ];
    for (name, changed) in changes {
        assert!(!changed.means(&base) && !base.means(&changed), "{name}");
    }
}

#[test]
fn a_long_message_is_cut_between_characters() {
    let mut conditions = Conditions::default();
    ready(
        &mut conditions,
        ConditionStatus::True,
        Reason::InSync,
        &"ü".repeat(2000),
        1,
    );
    assert_eq!(
        conditions
            .get(ConditionType::Ready)
            .unwrap()
            .message()
            .chars()
            .count(),
        1024
    );
}

#[test]
fn what_another_release_wrote_is_read_and_can_be_dropped() {
    let foreign = json!([{
        "type": "Promoted", "status": "Perhaps", "reason": "NewReason", "message": "",
        "lastTransitionTime": "2026-11-23T00:00:00Z"
    }]);
    let mut conditions: Conditions = serde_json::from_value(foreign).unwrap();
    let condition = conditions.iter().next().unwrap();
    assert_eq!(condition.condition_type(), None);
    assert_eq!(condition.status(), ConditionStatus::Unknown);

    ready(&mut conditions, ConditionStatus::True, Reason::InSync, "", 1);
    assert_eq!(
        conditions.iter().map(Condition::type_name).collect::<Vec<_>>(),
        ["Ready", "Promoted"]
    );
    conditions.retain_known();
    assert_eq!(
        conditions.iter().map(Condition::type_name).collect::<Vec<_>>(),
        ["Ready"]
    );
}

#[test]
fn the_wire_form_is_that_of_kubernetes() {
    let mut conditions = Conditions::default();
    ready(&mut conditions, ConditionStatus::True, Reason::InSync, "m", 0);
    let expected: Value = json!([{
        "type": "Ready", "status": "True", "reason": "InSync", "message": "m", "observedGeneration": 1,
        "lastTransitionTime": "1970-01-01T00:00:00Z"
    }]);
    assert_eq!(serde_json::to_value(&conditions).unwrap(), expected);
}

use jiff::Timestamp;

use super::*;
use crate::api::{Condition, Conditions};
use crate::controller::trouble::Remedy;

fn time(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}

fn said(conditions: &mut Conditions, verdict: &Verdict, at: i64) {
    ConditionWriter::new(conditions, Some(1), time(at)).verdict(verdict, 9, None, None);
}

fn all() -> Vec<Verdict> {
    let trouble = |remedy| {
        Verdict::Trouble(Trouble {
            reason: Reason::RetryLater,
            message: "in words".to_owned(),
            remedy,
        })
    };
    vec![
        Verdict::Running { more: true },
        Verdict::Running { more: false },
        Verdict::Waiting,
        Verdict::Observing(Observed::default()),
        Verdict::SwitchingOff,
        Verdict::OffHeld { until: time(300) },
        Verdict::Off { left_in_place: None },
        Verdict::RemovedByOwner,
        Verdict::Suspended { by_tenant: false },
        Verdict::Suspended { by_tenant: true },
        trouble(Remedy::Time(None)),
        trouble(Remedy::Others(None)),
        trouble(Remedy::Person),
    ]
}

#[test]
fn n10_the_same_verdict_again_is_no_news() {
    for verdict in all() {
        let mut conditions = Conditions::default();
        said(&mut conditions, &verdict, 0);
        let before = conditions.clone();
        let later = match verdict {
            Verdict::OffHeld { .. } => Verdict::OffHeld { until: time(900) },
            other => other,
        };
        said(&mut conditions, &later, 600);
        assert_eq!(before, conditions, "{later:?}");
    }
}

#[test]
fn what_no_longer_holds_goes() {
    for before in all() {
        let mut conditions = Conditions::default();
        said(&mut conditions, &before, 0);
        said(&mut conditions, &Verdict::Running { more: false }, 1);
        let types: Vec<&str> = conditions.iter().map(Condition::type_name).collect();
        assert_eq!(types, ["Ready", "Enabled"], "after {before:?}");
    }
}

#[test]
fn trouble_that_passes_does_not_take_readiness_away_at_once() {
    let trouble = Trouble::time(Reason::RetryLater, "in words", None);
    let mut conditions = Conditions::default();
    said(&mut conditions, &Verdict::Running { more: false }, 0);
    for (failures, ready) in [(0, true), (2, true), (3, false)] {
        let mut writer = ConditionWriter::new(&mut conditions, Some(1), time(1));
        writer.verdict(&Verdict::Trouble(trouble.clone()), failures, None, None);
        assert_eq!(conditions.is_true(ConditionType::Ready), ready, "{failures}");
        assert!(conditions.is_true(ConditionType::Reconciling));
    }
}

#[test]
fn what_was_left_in_the_mailbox_is_said_as_long_as_the_sync_is_off() {
    let mut conditions = Conditions::default();
    let off = Verdict::Off { left_in_place: None };
    ConditionWriter::new(&mut conditions, Some(1), time(0)).verdict(&off, 0, Some(3), None);
    let left = conditions.get(ConditionType::ItemsLeft).unwrap();
    assert!(left.message().contains("3 contacts that only the mailbox holds"));
    // As where the tenant is away for a while.
    let trouble = Verdict::Trouble(Trouble::others(Reason::TenantNotReady, "in words"));
    ConditionWriter::new(&mut conditions, Some(1), time(1)).verdict(&trouble, 0, Some(3), None);
    assert!(conditions.is_true(ConditionType::ItemsLeft));
    said(&mut conditions, &Verdict::Running { more: true }, 2);
    assert!(conditions.get(ConditionType::ItemsLeft).is_none());
}

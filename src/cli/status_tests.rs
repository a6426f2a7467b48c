//! Tests of how objects are judged, sorted and shown.

use serde_json::{Value, json};

use super::*;

fn condition(kind: &str, status: &str, reason: &str) -> Value {
    json!({
        "type": kind, "status": status, "reason": reason, "message": "in words",
        "lastTransitionTime": "2026-11-02T10:00:00Z",
    })
}

fn invite(name: &str, observed: i64, conditions: &Value) -> CrmUserInvite {
    let invite = json!({
        "apiVersion": "crmlink.dev/v1alpha1", "kind": "CrmUserInvite",
        "metadata": { "name": name, "namespace": "crm", "generation": 2, "creationTimestamp": "2026-11-01T10:00:00Z" },
        "spec": { "tenantRef": { "name": "acme" }, "user": "mary@example.com", "type": "Invitation" },
        "status": { "observedGeneration": observed, "phase": "Invited", "conditions": conditions },
    });
    serde_json::from_value(invite).unwrap()
}

fn shown(invite: &CrmUserInvite) -> Row {
    row(invite, of_invite(invite))
}

#[test]
fn the_worst_come_first_and_equals_by_name() {
    let ready = |name| invite(name, 2, &json!([condition("Ready", "True", "UserActive")]));
    let invites = [
        ready("c"),
        ready("b"),
        invite("d", 2, &json!([condition("Ready", "False", "RetryLater")])),
        invite("e", 2, &json!([])),
        invite(
            "f",
            2,
            &json!([
                condition("Ready", "False", "RoleUnknown"),
                condition("Stalled", "True", "RoleUnknown")
            ]),
        ),
    ];
    let mut rows: Vec<Row> = invites.iter().map(shown).collect();
    sort(&mut rows);
    let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["f", "d", "e", "b", "c"]);
}

#[test]
fn what_was_said_of_an_earlier_spec_counts_as_unknown() {
    let stale = shown(&invite(
        "a",
        1,
        &json!([condition("Ready", "True", "UserActive")]),
    ));
    assert_eq!(
        (stale.health, stale.ready, stale.reason.as_str()),
        (Health::Unknown, "Unknown", "Progressing")
    );
}

#[test]
fn what_is_being_deleted_is_not_ready() {
    let mut going = invite("a", 2, &json!([condition("Ready", "True", "UserActive")]));
    going.metadata.deletion_timestamp = going.metadata.creation_timestamp.clone();
    let row = shown(&going);
    assert_eq!((row.health, row.reason.as_str()), (Health::NotReady, "Deleting"));
}

#[test]
fn the_table_has_phase_and_age_and_json_the_words() {
    let row = shown(&invite(
        "a",
        2,
        &json!([condition("Ready", "True", "InvitationSent")]),
    ));
    let text = as_table(
        std::slice::from_ref(&row),
        "2026-11-01T14:00:00Z".parse().unwrap(),
    );
    let lines: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        lines,
        [
            ["KIND", "NAMESPACE", "NAME", "READY", "REASON", "PHASE", "AGE"],
            [
                "CrmUserInvite",
                "crm",
                "a",
                "True",
                "InvitationSent",
                "Invited",
                "4h"
            ]
        ]
    );
    assert_eq!(
        json!(row),
        json!({
            "kind": "CrmUserInvite", "namespace": "crm", "name": "a", "ready": "True", "reason": "InvitationSent",
            "message": "in words", "phase": "Invited", "created": "2026-11-01T10:00:00Z",
        })
    );
}

#[test]
fn ages_are_in_one_unit() {
    let now: Timestamp = "2026-11-03T00:00:00Z".parse().unwrap();
    for (since, expected) in [
        ("2026-11-02T23:58:01Z", "119s"),
        ("2026-11-02T23:58:00Z", "2m"),
        ("2026-11-02T21:00:00Z", "3h"),
        ("2026-11-01T00:00:00Z", "2d"),
        ("2026-11-03T00:00:05Z", "0s"),
    ] {
        assert_eq!(age(since.parse().unwrap(), now), expected, "{since}");
    }
}

//! What tools that wait for objects (Flux, Argo CD, `kubectl wait`) make of ours: the rules of kstatus.

use serde_json::Value;

/// What an object counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kstatus {
    InProgress,
    Failed,
    Current,
    Terminating,
}

/// Computes it from any object.
pub(crate) fn kstatus(object: &Value) -> Kstatus {
    if !object["metadata"]["deletionTimestamp"].is_null() {
        return Kstatus::Terminating;
    }
    let observed = &object["status"]["observedGeneration"];
    if !observed.is_null() && *observed != object["metadata"]["generation"] {
        return Kstatus::InProgress;
    }
    if status_of(object, "Reconciling") == Some("True") {
        return Kstatus::InProgress;
    }
    if status_of(object, "Stalled") == Some("True") {
        return Kstatus::Failed;
    }
    match status_of(object, "Ready") {
        Some("False" | "Unknown") => Kstatus::InProgress,
        // Without the condition an object counts as done.
        _ => Kstatus::Current,
    }
}

/// Asserts what holds for our objects in every state that they report.
#[track_caller]
pub(crate) fn consistent(object: &Value) {
    let name = &object["metadata"]["name"];
    let conditions = &object["status"]["conditions"];
    let shown = || format!("{name}: {conditions:#}");
    let generation = object["metadata"]["generation"].as_i64().unwrap();
    for condition in conditions.as_array().into_iter().flatten() {
        let observed = condition["observedGeneration"].as_i64();
        assert!(
            observed.is_some_and(|observed| observed <= generation),
            "{}",
            shown()
        );
        for field in ["reason", "lastTransitionTime"] {
            assert!(
                condition[field].as_str().is_some_and(|text| !text.is_empty()),
                "{}",
                shown()
            );
        }
    }
    let ready = status_of(object, "Ready");
    assert!(ready.is_some(), "without Ready it counts as done: {}", shown());
    let [reconciling, stalled, suspended] = ["Reconciling", "Stalled", "Suspended"].map(|kind| {
        let status = status_of(object, kind);
        assert!(
            matches!(status, None | Some("True")),
            "{kind} is there only while true: {}",
            shown()
        );
        status.is_some()
    });
    assert!(!(reconciling && stalled), "{}", shown());
    match kstatus(object) {
        Kstatus::Failed => assert_eq!(ready, Some("False"), "{}", shown()),
        Kstatus::Current => assert!(ready == Some("True"), "{}", shown()),
        // Whoever waits has to learn what for.
        Kstatus::InProgress => assert!(
            reconciling || suspended || ready == Some("Unknown"),
            "{}",
            shown()
        ),
        Kstatus::Terminating => {}
    }
}

fn status_of<'a>(object: &'a Value, kind: &str) -> Option<&'a str> {
    let conditions = object["status"]["conditions"].as_array()?;
    conditions.iter().find(|condition| condition["type"] == kind)?["status"].as_str()
}

#[test]
fn the_rules_of_kstatus() {
    use serde_json::json;
    let object = |observed: i64, conditions: &[(&str, &str)]| {
        let conditions: Vec<Value> = conditions
            .iter()
            .map(|(kind, status)| json!({ "type": kind, "status": status }))
            .collect();
        json!({
            "metadata": { "generation": 2 },
            "status": { "observedGeneration": observed, "conditions": conditions },
        })
    };
    for (expected, object) in [
        (Kstatus::Current, json!({ "metadata": { "generation": 1 } })),
        (Kstatus::Current, object(2, &[("Ready", "True")])),
        (Kstatus::InProgress, object(1, &[("Ready", "True")])),
        (
            Kstatus::InProgress,
            object(2, &[("Ready", "True"), ("Reconciling", "True")]),
        ),
        (Kstatus::InProgress, object(2, &[("Ready", "Unknown")])),
        (
            Kstatus::Failed,
            object(2, &[("Ready", "False"), ("Stalled", "True")]),
        ),
        (
            Kstatus::Terminating,
            json!({ "metadata": { "deletionTimestamp": "2026-01-01T00:00:00Z" } }),
        ),
    ] {
        assert_eq!(kstatus(&object), expected, "{object}");
    }
}

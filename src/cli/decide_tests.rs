//! Tests of what can be decided and of what is then written.

use super::*;

fn invite(invite_type: &str, status: &Value) -> CrmUserInvite {
    let invite = json!({
        "apiVersion": "crmlink.dev/v1alpha1", "kind": "CrmUserInvite",
        "metadata": { "name": "mary", "uid": "u1", "resourceVersion": "7", "generation": 3 },
        "spec": { "tenantRef": { "name": "acme" }, "user": "mary@example.com", "type": invite_type },
        "status": status,
    });
    serde_json::from_value(invite).unwrap()
}

fn refusal(status: &Value) -> String {
    decidable(&invite("JoinRequest", status)).unwrap_err().to_string()
}

fn condition(kind: &str, reason: &str) -> Value {
    json!({
        "type": kind, "status": "True", "reason": reason, "message": "",
        "lastTransitionTime": "2026-11-02T10:00:00Z",
    })
}

fn decision(verdict: DecisionVerdict) -> Decision {
    Decision {
        verdict,
        by: "nora".to_owned(),
        crm_user_id: "4000000000000000901".to_owned(),
        at: Time("2026-11-03T08:30:00Z".parse().unwrap()),
    }
}

#[test]
fn u5_a_request_is_decided_once_and_only_while_the_person_is_not_in_the_crm() {
    for open in [
        json!({}),
        json!({ "phase": "AwaitingApproval", "conditions": [condition("AwaitingApproval", "AwaitingApproval")] }),
        json!({ "phase": "Pending" }),
    ] {
        assert_eq!(decidable(&invite("JoinRequest", &open)), Ok(()), "{open}");
    }
    let decided = refusal(&json!({ "decision": decision(DecisionVerdict::Denied) }));
    assert!(
        decided.contains("was denied already, on 2026-11-03T08:30:00Z"),
        "{decided}"
    );
    let approved = refusal(&json!({ "conditions": [condition("Approved", "PreApproved")] }));
    assert!(
        approved.contains("was approved already, on 2026-11-02T10:00:00Z"),
        "{approved}"
    );
    for phase in ["Active", "Inactive"] {
        let text = refusal(&json!({ "phase": phase }));
        assert!(text.contains("in the CRM already"), "{text}");
    }
}

#[test]
fn u5_an_invitation_is_not_decided_about() {
    let refused = decidable(&invite("Invitation", &json!({}))).unwrap_err();
    assert!(refused.to_string().contains("type JoinRequest"), "{refused}");
}

#[test]
fn a_decision_has_its_condition_and_holds_for_the_object_that_was_looked_at() {
    let invite = invite("JoinRequest", &json!({}));
    let written = patch(&invite, &decision(DecisionVerdict::Approved), None);
    assert_eq!(
        written["metadata"],
        json!({ "name": "mary", "uid": "u1", "resourceVersion": "7" })
    );
    assert_eq!(
        written["status"],
        json!({
            "decision": {
                "verdict": "Approved", "by": "nora", "crmUserId": "4000000000000000901",
                "at": "2026-11-03T08:30:00Z",
            },
            "conditions": [{
                "type": "Approved", "status": "True", "reason": "ApprovedByManager", "observedGeneration": 3,
                "message": "approved in the name of CRM user 4000000000000000901",
                "lastTransitionTime": "2026-11-03T08:30:00Z",
            }],
        })
    );
    let written = patch(&invite, &decision(DecisionVerdict::Denied), Some("left us"));
    let condition = &written["status"]["conditions"][0];
    assert_eq!(
        [&condition["type"], &condition["reason"], &condition["message"]],
        ["Denied", "Denied", "left us"]
    );
}

#[test]
fn a_missing_right_is_told_from_a_refusal_of_another_cause() {
    let status = |code: u16, message: &str| Status {
        code,
        message: message.to_owned(),
        ..Status::default()
    };
    let rbac = r#"User "ben" cannot patch resource "crmuserinvites/status""#;
    let policy = "ValidatingAdmissionPolicy 'crmlink-decisions' denied request: deciding about a request to join needs the verb approve on crmuserinvites";
    for message in [rbac, policy] {
        let words = refused(&status(403, message), "crm").to_string();
        assert!(
            words.contains("crmlink-approver") && words.contains("namespace crm"),
            "{words}"
        );
    }
    let decided =
        "ValidatingAdmissionPolicy 'crmlink-decisions' denied request: this request to join is decided";
    let words = refused(&status(403, decided), "crm").to_string();
    assert!(
        words.ends_with("is decided") && !words.contains("crmlink-approver"),
        "{words}"
    );
}

#[test]
fn ids_and_messages_are_bounded_before_anything_is_asked() {
    assert_eq!(crm_id("4000000000000000901").unwrap(), "4000000000000000901");
    for wrong in ["", "nora@example.com", "12a", &"1".repeat(33)] {
        assert!(
            crm_id(wrong).unwrap_err().contains("at most 32 digits"),
            "{wrong}"
        );
    }
    assert!(message(&"ü".repeat(256)).is_ok());
    assert!(message(&"ü".repeat(257)).unwrap_err().contains("257 characters"));
}

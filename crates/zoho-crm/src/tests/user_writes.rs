use serde_json::{Value, json};

use super::support::*;
use crate::{
    AddressProblem, Applied, Class, Error, Invited, NewUser, UserChange, UserError, UserOutcome, UserRefusal,
    Zoho,
};

fn eve() -> NewUser {
    NewUser {
        email: "eve@example.com".to_owned(),
        first_name: "Eve".to_owned(),
        last_name: Some("Moneypenny".to_owned()),
        role: "4".into(),
        profile: "3".into(),
    }
}

fn done(status: u16, details: Value) -> Say {
    let mut row = json!({"code": "SUCCESS", "message": "done", "status": "success"});
    row["details"] = details;
    Say::Json(status, json!({"users": [row]}))
}

fn row(code: &str, details: &Value, message: &str) -> Say {
    let row = json!({"code": code, "message": message, "status": "error", "details": details});
    Say::Json(400, json!({"users": [row]}))
}

fn listed(email: &str) -> Say {
    let user = json!({"id": "8", "email": email, "confirm": false, "status": "active", "zuid": null});
    Say::Json(200, json!({"users": [user], "info": {"more_records": false}}))
}

const NOBODY: Say = Say::Text(204, "");

fn reason<T: std::fmt::Debug>(outcome: UserOutcome<T>) -> UserRefusal {
    outcome.unwrap_err().reason
}

#[tokio::test]
async fn an_invitation_is_one_row_with_ids() {
    let World { server, zoho, .. } = world();
    server.answer(done(201, json!({"id": "8"})));
    assert_eq!(zoho.invite_user(&eve()).await.unwrap().unwrap().as_str(), "8");
    let call = &server.calls()[0];
    assert_eq!((call.method.as_str(), call.path().as_str()), ("POST", "/users"));
    assert_eq!(
        call.json(),
        json!({"users": [{
            "email": "eve@example.com", "first_name": "Eve", "last_name": "Moneypenny",
            "role": {"id": "4"}, "profile": {"id": "3"},
        }]})
    );
    assert!(!format!("{:?}", eve()).contains("Eve"));
}

/// Each code of `research/zoho.md` §3 with details as Zoho's examples have them.
#[tokio::test]
async fn every_refusal_of_an_invitation_has_its_reason() {
    let named = |name: &str| json!({"api_name": name, "json_path": format!("$.users[0].{name}")});
    let other = "This email address is registered with another Data Centre";
    for (code, details, message, expected) in [
        (
            "DUPLICATE_DATA",
            json!({}),
            "",
            UserRefusal::AlreadyThere { id: None },
        ),
        (
            "DUPLICATE_DATA",
            json!({"email": "eve@example.com", "id": "8"}),
            "",
            UserRefusal::AlreadyThere { id: Some("8".into()) },
        ),
        ("LICENSE_LIMIT_EXCEEDED", json!({}), "", UserRefusal::NoSeat),
        ("INVALID_REQUEST", json!({}), "", UserRefusal::InvitationLimit),
        ("UNAPPROVABLE", json!({}), "", UserRefusal::SuiteManaged),
        (
            "INVALID_DATA",
            json!({"api_name": "email"}),
            "",
            UserRefusal::Address(AddressProblem::Malformed),
        ),
        (
            "INVALID_DATA",
            json!({}),
            other,
            UserRefusal::Address(AddressProblem::OtherDataCenter),
        ),
        (
            "INVALID_DATA",
            json!({}),
            "no",
            UserRefusal::Address(AddressProblem::Unspecified),
        ),
        ("INVALID_DATA", named("profile"), "", UserRefusal::Member),
        (
            "INVALID_DATA",
            json!({"expected_data_type": "a valid id"}),
            "",
            UserRefusal::Member,
        ),
        ("NOT_ALLOWED", json!({}), "", UserRefusal::Sandbox),
        (
            "NOT_ALLOWED",
            json!({"api_name": "profile"}),
            "",
            UserRefusal::Member,
        ),
        ("NOT_SUPPORTED", json!({}), "", UserRefusal::NotInEdition),
        ("FEATURE_NOT_ENABLED", json!({}), "", UserRefusal::NotInEdition),
        (
            "MANDATORY_NOT_FOUND",
            json!({}),
            "",
            UserRefusal::OrganisationIncomplete,
        ),
        (
            "MANDATORY_NOT_FOUND",
            named("first_name"),
            "",
            UserRefusal::Member,
        ),
        ("REQUIRED_DATA_NOT_FOUND", json!({}), "", UserRefusal::Member),
        ("DEPENDENT_FIELD_MISSING", json!({}), "", UserRefusal::Member),
        ("DEPENDENT_MISMATCH", named("role"), "", UserRefusal::Member),
        ("MAPPING_MISMATCH", json!({}), "", UserRefusal::Member),
        ("BRAND_NEW", json!({}), "", UserRefusal::Other),
    ] {
        let World { server, zoho, .. } = world();
        server.answer(row(code, &details, message));
        let error: Box<UserError> = zoho.invite_user(&eve()).await.unwrap().unwrap_err();
        assert_eq!(error.reason, expected, "{code} {details}");
        assert!(
            !error.to_string().contains('@') && error.to_string().contains(code),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let World { server, zoho, .. } = world();
    server.answer(Say::Json(
        403,
        json!({"code": "NO_PERMISSION", "message": "no", "status": "error", "details": {"permissions": ["Crm_Implied_Manage_Users"]}}),
    ));
    let class = zoho.invite_user(&eve()).await.unwrap_err().class();
    let permission = Some("Crm_Implied_Manage_Users".to_owned());
    assert_eq!(class, Class::Permission { permission });
}

#[tokio::test]
async fn a_user_is_changed_and_what_was_so_before_is_told() {
    let World { server, zoho, .. } = world();
    server.answer(done(200, json!({"id": "8"})));
    server.answer(row(
        "ID_ALREADY_ACTIVE",
        &json!({"id": "8", "json_path": "$.users[0].id"}),
        "",
    ));
    server.answer(row("ID_ALREADY_DEACTIVATED", &json!({"api_name": "id"}), ""));
    let change = UserChange {
        role: Some("4".into()),
        profile: Some("3".into()),
        active: Some(true),
    };
    let off = UserChange {
        active: Some(false),
        ..UserChange::default()
    };
    assert_eq!(
        zoho.update_user(&"8".into(), &change).await.unwrap(),
        Ok(Applied::Now)
    );
    assert_eq!(
        zoho.update_user(&"8".into(), &change).await.unwrap(),
        Ok(Applied::Before)
    );
    assert_eq!(
        zoho.update_user(&"8".into(), &off).await.unwrap(),
        Ok(Applied::Before)
    );
    let calls = server.calls();
    assert_eq!(
        (calls[0].method.as_str(), calls[0].path().as_str()),
        ("PUT", "/users/8")
    );
    assert_eq!(
        calls[0].json(),
        json!({"users": [{"role": {"id": "4"}, "profile": {"id": "3"}, "status": "active"}]})
    );
    assert_eq!(calls[2].json(), json!({"users": [{"status": "inactive"}]}));
}

#[tokio::test]
async fn every_refusal_of_a_change_has_its_reason() {
    let by_id = json!({"id": "8", "json_path": "$.users[0].id"});
    for (code, details, expected) in [
        ("INVALID_REQUEST", by_id.clone(), UserRefusal::PrimaryContact),
        ("INVALID_REQUEST", json!({}), UserRefusal::OwnAccount),
        (
            "INVALID_REQUEST",
            json!({"api_name": "reinvite"}),
            UserRefusal::Member,
        ),
        ("CANNOT_UPDATE_DELETED_USER", json!({}), UserRefusal::Deleted),
        ("LICENSE_LIMIT_EXCEEDED", json!({}), UserRefusal::NoSeat),
        ("AUTHORIZATION_FAILED", json!({}), UserRefusal::NotAuthorized),
        ("FEATURE_NOT_AVAILABLE", json!({}), UserRefusal::NotInEdition),
        (
            "NOT_ALLOWED",
            json!({"api_name": "id", "json_path": "$.users[0].id"}),
            UserRefusal::SpecialUser,
        ),
        ("NOT_ALLOWED", json!({}), UserRefusal::Sandbox),
        (
            "EMAIL_UPDATE_NOT_ALOWED",
            json!({"api_name": "email"}),
            UserRefusal::Member,
        ),
        ("INVALID_DATA", json!({}), UserRefusal::Member),
    ] {
        let World { server, zoho, .. } = world();
        server.answer(row(code, &details, ""));
        let outcome = zoho
            .update_user(&"8".into(), &UserChange::default())
            .await
            .unwrap();
        assert_eq!(reason(outcome), expected, "{code} {details}");
    }
}

#[tokio::test]
async fn a_deletion_is_done_once_and_spares_the_super_admin() {
    let World { server, zoho, .. } = world();
    server.answer(done(200, json!({})));
    server.answer(row("ID_ALREADY_DELETED", &json!({"id": "8"}), ""));
    server.answer(row("INVALID_REQUEST", &json!({"id": "8"}), ""));
    server.answer(row("NOT_ALLOWED", &json!({"resource_path_index": 1}), ""));
    server.answer(row("AUTHORIZATION_FAILED", &json!({}), ""));
    server.answer(row("NOT_ALLOWED", &json!({}), ""));
    let delete = async || zoho.delete_user(&"8".into()).await.unwrap();
    assert_eq!(delete().await, Ok(Applied::Now));
    assert_eq!(delete().await, Ok(Applied::Before));
    assert_eq!(reason(delete().await), UserRefusal::PrimaryContact);
    assert_eq!(reason(delete().await), UserRefusal::SpecialUser);
    assert_eq!(reason(delete().await), UserRefusal::NotAuthorized);
    assert_eq!(reason(delete().await), UserRefusal::Sandbox);
    assert_eq!(
        (
            server.calls()[0].method.as_str(),
            server.calls()[0].path().as_str()
        ),
        ("DELETE", "/users/8")
    );
}

#[tokio::test]
async fn an_id_that_is_nobodys_is_refused_without_a_row() {
    let World { server, zoho, .. } = world();
    let flat = |code: &str| {
        Say::Json(
            400,
            json!({"code": code, "message": "no", "status": "error", "details": {"resource_path_index": 1}}),
        )
    };
    server.answer(flat("INVALID_DATA"));
    server.answer(flat("NOT_ALLOWED"));
    server.answer(flat("INVALID_URL_PATTERN"));
    assert_eq!(
        reason(zoho.delete_user(&"8".into()).await.unwrap()),
        UserRefusal::NoSuchUser
    );
    let update = async || zoho.update_user(&"8".into(), &UserChange::default()).await;
    assert_eq!(reason(update().await.unwrap()), UserRefusal::Deleted);
    assert!(matches!(update().await, Err(Error::Invalid { .. })));
    assert!(zoho.delete_user(&"../org".into()).await.is_err());
    assert_eq!(server.calls().len(), 3);
}

#[tokio::test]
async fn answers_that_leave_doubt_are_ambiguous() {
    for say in [
        Say::Lost,
        Say::Json(500, json!({})),
        refused(429, "TOO_MANY_REQUESTS"),
        Say::Text(201, "<html>"),
        done(201, json!({})),
        Say::Json(201, json!({"users": []})),
    ] {
        let World { server, zoho, .. } = world();
        server.answer(say);
        assert_eq!(
            zoho.invite_user(&eve()).await.unwrap_err().class(),
            Class::Ambiguous
        );
        assert_eq!(server.calls().len(), 1);
    }
}

async fn ensure(zoho: &Zoho) -> Invited {
    zoho.ensure_invited(&eve()).await.unwrap().unwrap()
}

#[tokio::test]
async fn nobody_who_is_there_is_invited() {
    let World { server, zoho, .. } = world();
    server.answer(listed("Eve@Example.com"));
    let Invited::Found(found) = ensure(&zoho).await else {
        panic!()
    };
    assert!(found.is_invited());
    assert_eq!(server.calls().len(), 1);
    assert_eq!(
        server.calls()[0].path(),
        "/users?type=AllUsers&page=1&per_page=200"
    );
}

#[tokio::test]
async fn an_invitation_whose_answer_was_lost_is_looked_up() {
    let World { server, zoho, .. } = world();
    server.answer(NOBODY);
    server.answer(Say::Lost);
    server.answer(listed("eve@example.com"));
    assert!(matches!(ensure(&zoho).await, Invited::Found(_)));
    let methods: Vec<String> = server.calls().into_iter().map(|call| call.method).collect();
    assert_eq!(methods, ["GET", "POST", "GET"]);
}

#[tokio::test]
async fn a_lost_invitation_that_is_nowhere_stays_in_doubt() {
    let World { server, zoho, .. } = world();
    server.answer(NOBODY);
    server.answer(Say::Lost);
    server.answer(NOBODY);
    let doubt = zoho.ensure_invited(&eve()).await.unwrap_err();
    assert_eq!(doubt.class(), Class::Ambiguous);
    server.answer(NOBODY);
    server.answer(done(201, json!({"id": "8"})));
    assert_eq!(ensure(&zoho).await, Invited::Sent("8".into()));
}

#[tokio::test]
async fn a_duplicate_is_found_or_belongs_elsewhere() {
    let World { server, zoho, .. } = world();
    server.answer(NOBODY);
    server.answer(row("DUPLICATE_DATA", &json!({}), ""));
    server.answer(listed("eve@example.com"));
    assert!(
        matches!(ensure(&zoho).await, Invited::Found(_)),
        "somebody added her in between"
    );
    server.answer(NOBODY);
    server.answer(row("DUPLICATE_DATA", &json!({}), ""));
    server.answer(NOBODY);
    let elsewhere = zoho.ensure_invited(&eve()).await.unwrap();
    assert_eq!(reason(elsewhere), UserRefusal::AlreadyThere { id: None });
}

#[tokio::test]
async fn a_lookup_that_fails_sends_nothing() {
    let World { server, zoho, .. } = world();
    server.answer(Say::Json(500, json!({})));
    assert!(zoho.ensure_invited(&eve()).await.is_err());
    assert_eq!(server.calls().len(), 1);
}

use serde_json::{Value, json};

use super::support::*;
use crate::{
    CannotInvite, MANAGE_USERS, ManagerProfiles, Org, OrgType, PaidType, ProfileSummary, Role, Seats,
    Unresolved, User,
};

fn user(id: &str, profile: Option<&str>) -> Value {
    json!({"id": id, "email": format!("u{id}@example.com"), "confirm": true, "status": "active", "zuid": format!("z{id}"), "profile": profile})
}

fn users(rows: &[Value]) -> Say {
    Say::Json(200, json!({"users": rows, "info": {"more_records": false}}))
}

fn profiles(rows: &[(&str, Value)]) -> Say {
    let row = |(id, modified): &(&str, Value)| json!({"id": id, "name": "P", "modified_time": modified});
    Say::Json(200, json!({"profiles": rows.iter().map(row).collect::<Vec<_>>()}))
}

fn profile(id: &str, manages: bool) -> Say {
    let permission = json!({"id": "1", "name": MANAGE_USERS, "enabled": manages});
    Say::Json(
        200,
        json!({"profiles": [{"id": id, "name": "P", "permissions_details": [permission]}]}),
    )
}

fn ids(found: &[User]) -> Vec<&str> {
    found.iter().map(|user| user.id.as_str()).collect()
}

#[tokio::test]
async fn u4_managers_are_those_whose_profile_has_the_permission() {
    let World { server, zoho, .. } = world();
    let everybody = [
        user("1", Some("3")),
        user("2", Some("4")),
        user("3", Some("3")),
        user("4", None),
    ];
    let (old, new) = ("2026-01-01T00:00:00+01:00", "2026-02-01T00:00:00+01:00");
    let mut known = ManagerProfiles::default();

    server.answer(users(&everybody));
    server.answer(profiles(&[
        ("3", json!(old)),
        ("4", Value::Null),
        ("5", json!(old)),
    ]));
    server.answer(profile("3", true));
    server.answer(profile("4", false));
    assert_eq!(ids(&zoho.user_managers(&mut known).await.unwrap()), ["1", "3"]);
    assert_eq!(
        server.calls()[0].path(),
        "/users?type=ActiveConfirmedUsers&page=1&per_page=200"
    );
    assert_eq!(
        server.calls().len(),
        4,
        "a profile in use is asked about once, others are not"
    );

    server.answer(users(&everybody));
    server.answer(profiles(&[("3", json!(old)), ("4", Value::Null)]));
    server.answer(profile("4", true));
    assert_eq!(
        ids(&zoho.user_managers(&mut known).await.unwrap()),
        ["1", "2", "3"]
    );
    assert_eq!(
        server.calls().len(),
        7,
        "without a time of change nothing is remembered"
    );

    server.answer(users(&everybody));
    server.answer(profiles(&[("3", json!(new)), ("4", Value::Null)]));
    server.answer(profile("3", false));
    server.answer(profile("4", false));
    assert!(
        zoho.user_managers(&mut known).await.unwrap().is_empty(),
        "the permission was taken away"
    );
}

#[tokio::test]
async fn u5_whoever_approves_is_asked_about_anew() {
    let World { server, zoho, .. } = world();
    server.answer(profile("3", true));
    server.answer(profile("3", false));
    server.answer(Say::Text(204, ""));
    let ann: User = serde_json::from_value(user("1", Some("3"))).unwrap();
    assert!(zoho.manages_users(&ann).await.unwrap());
    assert!(!zoho.manages_users(&ann).await.unwrap());
    assert!(!zoho.manages_users(&ann).await.unwrap(), "a profile that is gone");
    let mut invited = user("1", Some("3"));
    invited["confirm"] = json!(false);
    let invited: User = serde_json::from_value(invited).unwrap();
    assert!(!zoho.manages_users(&invited).await.unwrap());
    assert_eq!(server.calls().len(), 3, "who has not joined manages nobody");
}

#[test]
fn roles_and_profiles_are_found_by_id_or_by_a_name_that_only_one_has() {
    let role = |id: &str, name: &str, label: &str| -> Role {
        serde_json::from_value(json!({"id": id, "name": name, "display_label": label})).unwrap()
    };
    let roles = [
        role("1", "CEO", "CEO"),
        role("2", "Manager", "Leitung"),
        role("3", "Manager", "Manager"),
        role("4", "1", "x"),
    ];
    let found = |wanted: &str| Role::find(&roles, wanted).map(|role| role.id.as_str());
    assert_eq!(found("CEO"), Ok("1"));
    assert_eq!(found("Leitung"), Ok("2"));
    assert_eq!(found("1"), Ok("1"), "an id beats a name");
    assert_eq!(found("Manager"), Err(Unresolved::Ambiguous { count: 2 }));
    assert_eq!(found("3"), Ok("3"));
    assert_eq!(found("Nobody"), Err(Unresolved::Unknown));
    let profile: ProfileSummary = serde_json::from_value(json!({"id": "7", "name": "Standard"})).unwrap();
    assert_eq!(
        ProfileSummary::find(&[profile], "Standard").unwrap().id.as_str(),
        "7"
    );
}

#[tokio::test]
async fn seats_are_read_also_where_one_count_is_missing() {
    let World { server, zoho, .. } = world();
    let feature = |details: Value| {
        Say::Json(
            200,
            json!({"__features": [{"api_name": "user_licenses", "details": details}]}),
        )
    };
    let counts = |total, used, available| Seats {
        total,
        used,
        available,
    };
    server.answer(feature(
        json!({"limits": {"total": 5}, "used_count": {"total": 3}, "available_count": {"total": 2}}),
    ));
    server.answer(feature(
        json!({"limits": {"total": 5}, "used_count": {"total": 6}}),
    ));
    server.answer(feature(
        json!({"limits": {"total": 5}, "available_count": {"total": 1}}),
    ));
    server.answer(feature(json!({"limits": {"total": 5}})));
    assert_eq!(zoho.seats().await.unwrap(), counts(5, 3, 2));
    assert_eq!(zoho.seats().await.unwrap(), counts(5, 6, 0));
    assert_eq!(zoho.seats().await.unwrap(), counts(5, 4, 1));
    assert!(zoho.seats().await.is_err());
    assert_eq!(server.calls()[0].path(), "/__features/user_licenses");
}

fn org(org_type: OrgType, paid_type: PaidType, paid: bool) -> Org {
    Org {
        id: "77".into(),
        org_type,
        paid,
        paid_type,
        paid_expiry: None,
        on_trial: false,
        trial_expiry: None,
        users_license_purchased: 5,
        primary_email: Some("Ann@example.com".to_owned()),
        primary_zuid: Some("z1".to_owned()),
        privacy_settings: false,
        time_zone: None,
    }
}

#[test]
fn u1_inviting_needs_a_paid_edition_of_the_crm_itself() {
    let production = |paid_type, paid| org(OrgType::Production, paid_type, paid).can_invite();
    assert_eq!(production(PaidType::Standard, true), Ok(()));
    assert_eq!(production(PaidType::Other("galaxy".to_owned()), true), Ok(()));
    assert_eq!(production(PaidType::Free, false), Err(CannotInvite::Unpaid));
    assert_eq!(production(PaidType::Enterprise, false), Err(CannotInvite::Unpaid));
    for suite in [
        PaidType::CrmPlus,
        PaidType::CrmPlusStarter,
        PaidType::ZohoOneEnterprise,
        PaidType::ZohoOneStandard,
    ] {
        assert_eq!(production(suite, true), Err(CannotInvite::SuiteManaged));
    }
    let of = |kind| org(kind, PaidType::Enterprise, true).can_invite();
    assert_eq!(of(OrgType::Sandbox), Err(CannotInvite::Sandbox));
    assert_eq!(of(OrgType::Bigin), Err(CannotInvite::Bigin));
    assert_eq!(of(OrgType::Developer), Ok(()));
}

#[test]
fn t6_the_super_admin_is_known_by_account_or_address() {
    let org = org(OrgType::Production, PaidType::Standard, true);
    let user = |zuid: Value, email: &str| -> User {
        serde_json::from_value(
            json!({"id": "1", "email": email, "confirm": true, "status": "active", "zuid": zuid}),
        )
        .unwrap()
    };
    assert!(org.is_super_admin(&user(json!("z1"), "other@example.com")));
    assert!(org.is_super_admin(&user(json!("z9"), "ann@EXAMPLE.com")));
    assert!(!org.is_super_admin(&user(json!("z9"), "bob@example.com")));
    let nameless = Org {
        primary_email: None,
        primary_zuid: None,
        ..org
    };
    assert!(!nameless.is_super_admin(&user(Value::Null, "")));
}

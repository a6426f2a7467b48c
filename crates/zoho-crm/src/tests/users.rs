use serde_json::{Value, json};

use super::support::*;
use crate::{DataType, JsonType, MANAGE_USERS, Module, PaidType, Unique, UserStatus, UserType};

fn user(id: &str, email: &str) -> Value {
    json!({"id": id, "email": email, "confirm": true, "status": "active", "zuid": "9", "full_name": "Jane Doe",
        "profile": {"id": "3", "name": "Administrator"}, "role": "4", "Modified_Time": "2026-01-01T00:00:00+01:00"})
}

fn page(users: &[Value], more: bool) -> Say {
    Say::Json(
        200,
        json!({"users": users, "info": {"per_page": 200, "count": users.len(), "page": 1, "more_records": more}}),
    )
}

#[tokio::test]
async fn users_are_paged_until_the_address_is_found() {
    let World { server, zoho, .. } = world();
    server.answer(page(&[user("1", "a@example.com")], true));
    server.answer(page(&[user("2", "Jane@Example.com")], true));
    let found = zoho
        .user_by_email("jane@example.COM", UserType::Active)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.id.as_str(), "2");
    assert!(found.has_joined());
    assert_eq!(found.profile.as_ref().unwrap().id.as_str(), "3");
    assert_eq!(found.role.as_ref().unwrap().id.as_str(), "4");
    assert_eq!(found.modified_time, Some(at("2025-12-31T23:00:00Z")));
    assert_eq!(
        server.calls()[1].path(),
        "/users?type=ActiveUsers&page=2&per_page=200"
    );
    assert!(!format!("{found:?}").to_lowercase().contains("jane"));
}

#[tokio::test]
async fn an_empty_page_ends_a_list_whatever_it_promises() {
    let World { server, zoho, .. } = world();
    server.answer(page(&[], true));
    assert!(zoho.users(UserType::All).all().await.unwrap().is_empty());
    assert_eq!(server.calls().len(), 1);
}

#[tokio::test]
async fn no_such_user() {
    let World { server, zoho, .. } = world();
    server.answer(Say::Text(204, ""));
    server.answer(Say::Text(204, ""));
    server.answer(refused(404, "INVALID_DATA"));
    assert!(
        zoho.user_by_email("x@example.com", UserType::Deleted)
            .await
            .unwrap()
            .is_none()
    );
    assert!(zoho.user(&"5".into()).await.unwrap().is_none());
    assert!(zoho.user(&"5".into()).await.unwrap().is_none());
    assert!(zoho.user(&"../org".into()).await.is_err());
    assert_eq!(server.calls().len(), 3);
}

#[tokio::test]
async fn an_invited_user_and_an_unknown_status() {
    let World { server, zoho, .. } = world();
    let invited =
        json!({"id": "1", "email": "a@example.com", "confirm": false, "status": "active", "zuid": null});
    let odd = json!({"id": "2", "email": null, "confirm": true, "status": "hibernating"});
    server.answer(page(&[invited, odd], false));
    let users = zoho.users(UserType::All).all().await.unwrap();
    assert!(users[0].is_invited() && !users[0].has_joined());
    assert_eq!(users[1].status, UserStatus::Other("hibernating".to_owned()));
    assert!(!users[1].has_joined());
}

#[tokio::test]
async fn the_token_knows_its_user() {
    let World { server, zoho, .. } = world();
    server.answer(page(&[user("8", "a@example.com")], false));
    assert_eq!(zoho.current_user().await.unwrap().id.as_str(), "8");
    assert_eq!(server.calls()[0].path(), "/users?type=CurrentUser");
}

#[tokio::test]
async fn the_organisation_is_read_openly_and_shown_without_names() {
    let World { server, zoho, .. } = world();
    server.answer(Say::Json(
        200,
        json!({"org": [{"id": "77", "type": "production", "company_name": "Acme",
        "license_details": {"paid": true, "paid_type": "galaxy", "paid_expiry": null, "trial_type": null, "users_license_purchased": 12},
        "primary_email": "jane@example.com", "primary_zuid": "9", "privacy_settings": true, "time_zone": "Europe/Paris"}]}),
    ));
    let org = zoho.org().await.unwrap();
    assert_eq!(org.paid_type, PaidType::Other("galaxy".to_owned()));
    assert!(org.paid && org.privacy_settings && !org.on_trial);
    assert_eq!(
        (org.users_license_purchased, org.primary_zuid.as_deref()),
        (12, Some("9"))
    );
    assert!(!format!("{org:?}").contains("jane"));
}

#[test]
fn editions_have_their_limits() {
    assert_eq!(PaidType::Free.daily_credits(1_000), 5_000);
    assert_eq!(PaidType::Standard.daily_credits(10), 52_500);
    assert_eq!(PaidType::Standard.daily_credits(1_000), 100_000);
    assert_eq!(PaidType::ZohoOneEnterprise.daily_credits(10), 60_000);
    assert_eq!(PaidType::Other("galaxy".to_owned()).concurrency(), 5);
    assert_eq!(PaidType::Ultimate.concurrency(), 25);
}

#[tokio::test]
async fn a_profile_tells_who_manages_users() {
    let World { server, zoho, .. } = world();
    let permission = |enabled: bool, module: Value| json!({"id": "1", "name": MANAGE_USERS, "enabled": enabled, "module": module});
    let profile = |permissions: Value| {
        Say::Json(
            200,
            json!({"profiles": [{"id": "3", "name": "Administrator", "permissions_details": permissions}]}),
        )
    };
    server.answer(profile(json!([permission(true, Value::Null)])));
    server.answer(profile(json!([permission(
        false,
        json!({"api_name": "Contacts"})
    )])));
    server.answer(Say::Text(204, ""));
    assert!(zoho.profile(&"3".into()).await.unwrap().unwrap().manages_users());
    assert!(!zoho.profile(&"3".into()).await.unwrap().unwrap().manages_users());
    assert!(zoho.profile(&"3".into()).await.unwrap().is_none());
    assert_eq!(server.calls()[0].path(), "/settings/profiles/3");
}

#[tokio::test]
async fn profiles_and_roles_are_listed() {
    let World { server, zoho, .. } = world();
    server.answer(Say::Json(
        200,
        json!({"profiles": [{"id": "3", "name": "Standard", "modified_time": null}]}),
    ));
    server.answer(Say::Json(
        200,
        json!({"roles": [{"id": "4", "name": "CEO", "display_label": "CEO", "reporting_to": null}]}),
    ));
    assert_eq!(zoho.profiles().await.unwrap()[0].id.as_str(), "3");
    assert_eq!(zoho.roles().await.unwrap()[0].name.as_deref(), Some("CEO"));
}

#[tokio::test]
async fn fields_are_typed() {
    let World { server, zoho, .. } = world();
    let operations = json!({"api_create": true, "api_update": true, "web_create": true, "web_update": true});
    server.answer(Say::Json(
        200,
        json!({"fields": [
            {"id": "1", "api_name": "Email", "data_type": "email", "json_type": "string", "length": 100, "system_mandatory": false,
             "read_only": false, "field_read_only": false, "visible": true, "unique": {"casesensitive": "false"},
             "private": {"restricted": true, "type": "High", "export": false}, "operation_type": operations},
            {"id": "2", "api_name": "Odd", "data_type": "hologram", "json_type": null, "length": null, "unique": {}, "private": null,
             "operation_type": operations, "read_only": true, "custom_field": true,
             "pick_list_values": [{"display_value": "Eins", "actual_value": "One"}]}
        ]}),
    ));
    let fields = zoho.fields(Module::Contacts).await.unwrap();
    assert_eq!(server.calls()[0].path(), "/settings/fields?module=Contacts");
    assert_eq!(
        (&fields[0].data_type, &fields[0].json_type),
        (&DataType::Email, &Some(JsonType::String))
    );
    assert_eq!(
        fields[0].unique,
        Some(Unique {
            case_sensitive: false
        })
    );
    assert!(fields[0].is_updatable() && !fields[0].null_means_empty());
    assert_eq!(fields[1].data_type, DataType::Other("hologram".to_owned()));
    assert!(fields[1].unique.is_none() && fields[1].custom_field && !fields[1].is_updatable());
    assert_eq!(fields[1].pick_list_values[0].actual_value, "One");
}

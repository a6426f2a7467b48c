use super::*;

fn user(json: serde_json::Value) -> User {
    serde_json::from_value(json).unwrap()
}

fn ada() -> User {
    user(serde_json::json!({
        "id": "0a", "userPrincipalName": "ada@contoso.example", "mail": "ada.l@contoso.example",
        "proxyAddresses": ["SMTP:ada.l@contoso.example", "smtp:countess@contoso.example"],
    }))
}

fn crm_user(id: &str, email: &str, confirm: bool) -> zoho_crm::User {
    serde_json::from_value(serde_json::json!({
        "id": id, "email": email, "confirm": confirm, "status": "active", "zuid": "1",
    }))
    .unwrap()
}

fn link(user: &str, crm_user: &str) -> AccountLink {
    AccountLink {
        user: user.to_owned(),
        crm_user: crm_user.to_owned(),
    }
}

fn paired(crm_user: Option<&str>, links: &[AccountLink], users: &[zoho_crm::User]) -> Result<String, Reason> {
    pair("ada@contoso.example", &ada(), crm_user, links, users)
        .map(|user| user.id.as_str().to_owned())
        .map_err(|trouble| trouble.reason)
}

#[test]
fn n7_a_pair_is_proven_by_an_own_address_whatever_its_case() {
    let users = [
        crm_user("1", "Countess@Contoso.example", true),
        crm_user("2", "eve@contoso.example", true),
    ];
    assert_eq!(paired(None, &[], &users), Ok("1".into()));
    assert_eq!(
        paired(Some("countess@contoso.example"), &[], &users),
        Ok("1".into())
    );
}

#[test]
fn n7_another_address_needs_the_tenants_account_link() {
    let users = [
        crm_user("1", "ada@private.example", true),
        crm_user("2", "eve@contoso.example", true),
    ];
    assert_eq!(
        paired(Some("ada@private.example"), &[], &users),
        Err(Reason::PairNotProven)
    );
    assert_eq!(paired(None, &[], &users), Err(Reason::CrmUserNotFound));
    let links = [link("ADA@contoso.example", "ada@private.example")];
    assert_eq!(
        paired(Some("ada@private.example"), &links, &users),
        Ok("1".into())
    );
    assert_eq!(paired(None, &links, &users), Ok("1".into()));
    assert_eq!(
        paired(Some("eve@contoso.example"), &links, &users),
        Err(Reason::PairNotProven)
    );
    assert_eq!(
        paired(
            None,
            &[link("eve@contoso.example", "ada@private.example")],
            &users
        ),
        Err(Reason::CrmUserNotFound)
    );
}

#[test]
fn a_crm_user_who_has_not_accepted_cannot_own_contacts() {
    let users = [crm_user("1", "ada@contoso.example", false)];
    assert_eq!(paired(None, &[], &users), Err(Reason::CrmUserInactive));
}

#[test]
fn k2_the_engine_knows_every_field_that_the_api_names_and_the_other_way_round() {
    for name in OfficeFieldName::ALL {
        assert!(office_field(*name).is_some(), "{name}");
    }
    assert_eq!(OfficeFieldName::ALL.len(), OfficeField::ALL.len());
}

#[test]
fn k2_the_documented_mapping_is_the_built_in_one() {
    let page = include_str!("../../../docs/contact-sync.md");
    let documented: Vec<&str> = page
        .lines()
        .filter(|line| {
            line.starts_with("| `") && (line.ends_with("| both |") || line.ends_with("| to Microsoft 365 |"))
        })
        .collect();
    let built_in: Vec<String> = sync_engine::mapping::DEFAULT
        .iter()
        .map(|(office, crm, direction)| {
            let direction = if *direction == mapping::Direction::Both {
                "both"
            } else {
                "to Microsoft 365"
            };
            format!("| `{office}` | `{crm}` | {direction} |")
        })
        .collect();
    assert_eq!(documented, built_in);
}

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
    paired_by_invites(crm_user, links, &[], users)
}

fn paired_by_invites(
    crm_user: Option<&str>,
    links: &[AccountLink],
    invited: &[&str],
    users: &[zoho_crm::User],
) -> Result<String, Reason> {
    let proofs = Proofs {
        links,
        invited: &invited.iter().copied().map(str::to_owned).collect::<Vec<_>>(),
    };
    pair("ada@contoso.example", &ada(), crm_user, proofs, users)
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
fn n7_an_accepted_invite_proves_a_pair_and_no_other() {
    let users = [
        crm_user("1", "ada@private.example", true),
        crm_user("2", "eve@private.example", true),
    ];
    assert_eq!(paired_by_invites(None, &[], &["1"], &users), Ok("1".into()));
    let named = |address| paired_by_invites(Some(address), &[], &["1"], &users);
    assert_eq!(named("ada@private.example"), Ok("1".into()));
    assert_eq!(named("eve@private.example"), Err(Reason::PairNotProven));
}

#[test]
fn n7_an_own_address_comes_before_an_invite() {
    let users = [
        crm_user("1", "ada@private.example", true),
        crm_user("2", "ada@contoso.example", true),
    ];
    assert_eq!(paired_by_invites(None, &[], &["1"], &users), Ok("2".into()));
}

//! Which CRM user an invite is about: pure.

use msgraph::User as OfficeUser;
use zoho_crm::{User, UserStatus};

use crate::api::{CrmUserInviteSpec, InvitedAccountMode};

/// The addresses of an invited person.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Addresses {
    /// Where the invitation goes.
    pub(super) invited: String,
    /// The person's own ones: what Microsoft 365 lists, or the one address of somebody who is not there.
    pub(super) own: Vec<String>,
}

impl Addresses {
    /// Those of a declared person, with the user in Microsoft 365 if there has to be one.
    pub(super) fn of(spec: &CrmUserInviteSpec, user: Option<&OfficeUser>) -> Self {
        let Some(user) = user else {
            return Self {
                invited: spec.user.clone(),
                own: vec![spec.user.to_lowercase()],
            };
        };
        let account = spec.account.as_ref();
        let declared = account
            .filter(|account| account.mode == InvitedAccountMode::New)
            .and_then(|account| account.email.clone());
        let main = || user.mail.clone().or_else(|| user.user_principal_name.clone());
        Self {
            invited: declared.or_else(main).unwrap_or_else(|| spec.user.clone()),
            own: user.addresses(),
        }
    }

    /// The CRM user who is this person: the known one while it is there, else by the invited address, else by another
    /// of their own.
    pub(super) fn find<'a>(&self, known: Option<&str>, users: &'a [User]) -> Option<&'a User> {
        let mut there = users.iter().filter(|user| user.status != UserStatus::Deleted);
        let with_address = |address: &String| there.clone().find(|user| user.has_address(address));
        let addressed = with_address(&self.invited).or_else(|| self.own.iter().find_map(with_address));
        let known = known.and_then(|known| there.find(|user| user.id.as_str() == known));
        known.or(addressed)
    }

    /// Whether the address of a CRM user is one of the person's own.
    pub(super) fn owns(&self, user: &User) -> bool {
        self.own.iter().any(|address| user.has_address(address))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn office() -> OfficeUser {
        serde_json::from_value(json!({
            "id": "u1", "userPrincipalName": "ada@example.com", "mail": "ada.byron@example.com",
            "proxyAddresses": ["smtp:countess@example.com"],
        }))
        .unwrap()
    }

    fn crm(id: &str, email: &str, status: &str) -> User {
        serde_json::from_value(json!({ "id": id, "email": email, "status": status, "confirm": true }))
            .unwrap()
    }

    #[allow(clippy::needless_pass_by_value, reason = "it takes what `json!` makes")]
    fn spec(more: serde_json::Value) -> CrmUserInviteSpec {
        let mut spec =
            json!({ "tenantRef": { "name": "t" }, "user": "ada@example.com", "type": "Invitation" });
        spec.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        serde_json::from_value(spec).unwrap()
    }

    #[test]
    fn the_invitation_goes_to_the_main_address_unless_another_is_declared() {
        let of = |more, user: Option<&OfficeUser>| Addresses::of(&spec(more), user).invited;
        let user = office();
        assert_eq!(of(json!({}), Some(&user)), "ada.byron@example.com");
        let account = json!({ "account": { "mode": "New", "email": "ada@home.example" } });
        assert_eq!(of(account, Some(&user)), "ada@home.example");
        let link = json!({ "account": { "mode": "Link", "email": "ada@home.example" } });
        assert_eq!(of(link, Some(&user)), "ada.byron@example.com");
        assert_eq!(of(json!({ "newUser": true }), None), "ada@example.com");
        let without_mail = OfficeUser { mail: None, ..user };
        assert_eq!(of(json!({}), Some(&without_mail)), "ada@example.com");
    }

    #[test]
    fn the_known_user_comes_first_then_the_invited_address_then_any_own_one() {
        let addresses = Addresses::of(&spec(json!({})), Some(&office()));
        let all = [
            crm("1", "Countess@example.com", "active"),
            crm("2", "ada.byron@example.com", "active"),
            crm("3", "other@example.com", "active"),
        ];
        let id = |known, users| {
            addresses
                .find(known, users)
                .map(|user| user.id.as_str().to_owned())
        };
        assert_eq!(id(None, &all).as_deref(), Some("2"));
        assert_eq!(id(Some("3"), &all).as_deref(), Some("3"));
        assert_eq!(id(Some("9"), &all[..1]).as_deref(), Some("1"));
        assert_eq!(id(None, &all[2..]), None);
        assert_eq!(id(None, &[crm("4", "ada@example.com", "deleted")]), None);
    }

    #[test]
    fn n7_a_declared_address_is_not_ones_own() {
        let account = json!({ "account": { "mode": "New", "email": "boss@example.com" } });
        let addresses = Addresses::of(&spec(account), Some(&office()));
        assert!(!addresses.owns(&crm("1", "boss@example.com", "active")));
        assert!(addresses.owns(&crm("1", "countess@example.com", "active")));
    }
}

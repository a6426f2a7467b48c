//! Users of the directory (`research/graph.md` §2).

use serde::Deserialize;

use crate::call::Call;
use crate::opaque::opaque_debug;
use crate::pages::Pages;
use crate::request::Request;
use crate::{Graph, encode};

/// Only what the operator decides by. Without `$select` neither `accountEnabled` nor the addresses come.
const SELECT: &str = "$select=id,userPrincipalName,mail,proxyAddresses,accountEnabled,userType";

/// The largest page of a directory list.
const PAGE: u32 = 999;

/// The users.
#[derive(Debug, Clone)]
pub struct Users {
    graph: Graph,
}

/// A user.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The object id, which stays when the user is renamed.
    pub id: String,
    /// The sign-in name, which may change and be given to somebody else later.
    #[serde(default)]
    pub user_principal_name: Option<String>,
    /// The main address; may be missing and may differ from the name.
    #[serde(default)]
    pub mail: Option<String>,
    /// All addresses, each with its kind: `SMTP:` the main one, `smtp:` the others.
    #[serde(default)]
    pub proxy_addresses: Vec<String>,
    /// Whether the user can sign in. Unknown where the permission covers basic profiles only.
    #[serde(default)]
    pub account_enabled: Option<bool>,
    /// `Member` or `Guest`.
    #[serde(default)]
    pub user_type: Option<String>,
}

opaque_debug!(User {
    id,
    account_enabled,
    user_type
});

impl User {
    /// All e-mail addresses of the user in lower case: name, main address and aliases.
    #[must_use]
    pub fn addresses(&self) -> Vec<String> {
        let aliases = self.proxy_addresses.iter().filter_map(|address| {
            let (kind, address) = address.split_once(':')?;
            kind.eq_ignore_ascii_case("smtp").then_some(address)
        });
        let named = self
            .user_principal_name
            .as_deref()
            .into_iter()
            .chain(self.mail.as_deref());
        let mut all: Vec<String> = named.chain(aliases).map(str::to_lowercase).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Whether the user is a guest from elsewhere.
    #[must_use]
    pub fn is_guest(&self) -> bool {
        self.user_type
            .as_deref()
            .is_some_and(|kind| kind.eq_ignore_ascii_case("guest"))
    }
}

/// What a user is called.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserNames {
    /// First name.
    #[serde(default)]
    pub given_name: Option<String>,
    /// Last name.
    #[serde(default)]
    pub surname: Option<String>,
    /// The name that others see.
    #[serde(default)]
    pub display_name: Option<String>,
}

opaque_debug!(UserNames {});

impl Users {
    pub(crate) fn new(graph: Graph) -> Self {
        Self { graph }
    }

    /// One user, by object id or user principal name.
    pub fn get(&self, id_or_upn: &str) -> Request<User> {
        let call = Call::get("/users/{user}", format!("{}?{SELECT}", encode::user(id_or_upn)));
        Request::new(self.graph.clone(), call, |reply| reply.json("user"))
    }

    /// What a user is called, which only an invitation needs.
    pub fn names(&self, id_or_upn: &str) -> Request<UserNames> {
        let target = format!(
            "{}?$select=givenName,surname,displayName",
            encode::user(id_or_upn)
        );
        let call = Call::get("/users/{user}", target);
        Request::new(self.graph.clone(), call, |reply| reply.json("names of a user"))
    }

    /// All users, guests and disabled accounts included.
    #[must_use]
    pub fn list(&self) -> Pages<User> {
        let call = Call::get("/users", format!("/users?{SELECT}&$top={PAGE}"));
        Pages::new(self.graph.clone(), call, "users")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_mail_only() {
        let user: User = serde_json::from_value(serde_json::json!({
            "id": "u1", "userPrincipalName": "Ada@Example.com", "mail": "ada@example.com", "userType": "guest",
            "proxyAddresses": ["SMTP:ada@example.com", "smtp:Countess@example.com", "SIP:ada@example.com", "X500:/o=x"],
        }))
        .unwrap();
        assert_eq!(user.addresses(), ["ada@example.com", "countess@example.com"]);
        assert!(user.is_guest());
        assert!(!format!("{user:?}").contains("xample"));
    }
}

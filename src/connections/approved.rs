//! Who may use the integration: read from Microsoft 365 for all objects of a tenant together.

use std::collections::BTreeSet;

use msgraph::{Class, DirectoryObject, Error, Graph, ObjectKind, User};

use crate::api::{ApprovedUsers, ApprovedUsersMode};

/// The users whom a tenant's author approved, as of what was declared.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Approved {
    declared: Option<ApprovedUsers>,
    /// By object id or by user principal name, in lower case; nothing where everybody is approved.
    users: Option<BTreeSet<String>>,
}

impl Approved {
    /// Reads whom a tenant's author approved; without a declaration the assignments of the app count.
    ///
    /// # Errors
    /// Those of the calls; a list that was cut is never taken for a whole one.
    pub(crate) async fn read(graph: &Graph, declared: Option<&ApprovedUsers>) -> Result<Self, Error> {
        let mode = declared.map_or(ApprovedUsersMode::AppAssignment, |declared| declared.mode);
        let users = match (mode, declared) {
            (ApprovedUsersMode::Everyone, _) => None,
            (ApprovedUsersMode::Listed, Some(declared)) => Some(listed(graph, declared).await?),
            _ => {
                let principals = graph.service_principals();
                let app = principals.by_app_id(graph.client_id()).send().await?;
                Some(principals.assigned_users(&app.id).await?)
            }
        };
        Ok(Self {
            declared: declared.cloned(),
            users,
        })
    }

    /// Everybody, without a call.
    #[cfg(test)]
    pub(crate) fn everyone() -> Self {
        Self {
            declared: None,
            users: None,
        }
    }

    /// Whether it was read for this declaration.
    pub(crate) fn is_of(&self, declared: Option<&ApprovedUsers>) -> bool {
        self.declared.as_ref() == declared
    }

    /// Whether a user may use the integration: by object id, or by the user principal name of today, never by another
    /// address. Everybody means every member of the tenant; guests are none.
    pub(crate) fn includes(&self, user: &User) -> bool {
        let Some(users) = &self.users else {
            return !user.is_guest();
        };
        let name = user.user_principal_name.as_deref();
        let names = [Some(user.id.as_str()), name];
        names
            .into_iter()
            .flatten()
            .any(|name| users.contains(&name.to_lowercase()))
    }
}

/// Those that are listed, and the direct members of groups.
async fn listed(graph: &Graph, declared: &ApprovedUsers) -> Result<BTreeSet<String>, Error> {
    let mut users: BTreeSet<String> = declared.users.iter().map(|user| user.to_lowercase()).collect();
    for group in &declared.groups {
        let members = match graph.groups().members(group).all().await {
            Ok(members) => members,
            // A group that was deleted has no members.
            Err(error) if error.class() == Class::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let is_user = |member: &DirectoryObject| member.kind == ObjectKind::User;
        users.extend(
            members
                .into_iter()
                .filter(is_user)
                .map(|user| user.id.to_lowercase()),
        );
    }
    Ok(users)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn user(value: serde_json::Value) -> User {
        serde_json::from_value(value).unwrap()
    }

    fn of(users: Option<&[&str]>) -> Approved {
        Approved {
            declared: None,
            users: users.map(|users| users.iter().copied().map(str::to_owned).collect()),
        }
    }

    #[test]
    fn t2_a_user_is_listed_by_id_or_name_and_never_by_another_address() {
        let ada = user(json!({
            "id": "A1B2", "userPrincipalName": "Ada@example.com", "mail": "countess@example.com",
        }));
        for (listed, expected) in [
            ("a1b2", true),
            ("ada@example.com", true),
            ("countess@example.com", false),
            ("ad", false),
        ] {
            assert_eq!(of(Some(&[listed])).includes(&ada), expected, "{listed}");
        }
    }

    #[test]
    fn t2_everyone_means_members_of_the_tenant() {
        let member = user(json!({ "id": "a", "userType": "Member" }));
        let guest = user(json!({ "id": "b", "userType": "Guest" }));
        assert!(of(None).includes(&member));
        assert!(!of(None).includes(&guest));
        assert!(!of(Some(&[])).includes(&member), "an empty list is nobody");
    }
}

//! Users, groups and service principals, where the directory mixes them: members of roles and groups, and assignments.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::tenant::{App, Group, Tenant, User};

/// An object that can be a member or be assigned.
#[derive(Debug, Clone, Copy)]
pub(super) enum Principal<'a> {
    User(&'a User),
    Group(&'a Group),
    App(&'a App),
}

impl Principal<'_> {
    pub(super) fn id(&self) -> &str {
        match self {
            Self::User(user) => &user.id,
            Self::Group(group) => &group.id,
            Self::App(app) => &app.principal_id,
        }
    }

    pub(super) fn display_name(&self) -> &str {
        match self {
            Self::User(user) => &user.display_name,
            Self::Group(group) => &group.display_name,
            Self::App(app) => &app.display_name,
        }
    }

    /// What an assignment calls it.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "User",
            Self::Group(_) => "Group",
            Self::App(_) => "ServicePrincipal",
        }
    }

    /// What a list of mixed objects calls it.
    pub(super) fn odata_type(&self) -> &'static str {
        match self {
            Self::User(_) => "#microsoft.graph.user",
            Self::Group(_) => "#microsoft.graph.group",
            Self::App(_) => "#microsoft.graph.servicePrincipal",
        }
    }

    /// Whether Global Administrator is assigned to it and in force. Whoever is only eligible does not count.
    fn holds_administrator(&self, now: Timestamp) -> bool {
        match self {
            Self::User(user) => user.administrator.in_force(now),
            Self::Group(group) => group.admin,
            Self::App(app) => app.admin,
        }
    }
}

/// A group as it shows in lists of mixed objects.
pub(super) fn show_group(group: &Group) -> Value {
    json!({
        "id": group.id,
        "displayName": group.display_name,
        "description": null,
        "mail": null,
        "mailEnabled": false,
        "securityEnabled": true,
    })
}

impl Tenant {
    /// The object with this id, if it has not been deleted.
    pub(super) fn principal(&self, id: &str) -> Option<Principal<'_>> {
        let group = || self.groups.iter().find(|group| group.id.eq_ignore_ascii_case(id));
        let app = || {
            self.apps
                .values()
                .find(|app| app.principal_id.eq_ignore_ascii_case(id))
        };
        let user = self.user(id).filter(|user| user.id.eq_ignore_ascii_case(id));
        user.map(Principal::User)
            .or_else(|| group().map(Principal::Group))
            .or_else(|| app().map(Principal::App))
    }

    /// The object that a world file or an edit means: a user by name or id, a group by name or id, an app by client id.
    pub(super) fn named(&self, name: &str) -> Option<Principal<'_>> {
        let group = || {
            self.groups
                .iter()
                .find(|group| group.display_name == name || group.id.eq_ignore_ascii_case(name))
        };
        let app = || self.apps.get(&name.to_lowercase());
        self.user(name)
            .map(Principal::User)
            .or_else(|| group().map(Principal::Group))
            .or_else(|| app().map(Principal::App))
    }

    /// Everybody to whom Global Administrator is assigned at the moment, groups and apps included.
    pub(super) fn administrators(&self, now: Timestamp) -> Vec<Principal<'_>> {
        let users = self.living().map(Principal::User);
        let groups = self.groups.iter().map(Principal::Group);
        let apps = self.apps.values().map(Principal::App);
        users
            .chain(groups)
            .chain(apps)
            .filter(|principal| principal.holds_administrator(now))
            .collect()
    }
}

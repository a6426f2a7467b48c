//! A tenant: its apps, users and groups.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use super::ids;
use super::mail::Mail;
use super::mailbox::Mailbox;
use super::options::Options;
use super::throttle::Gate;

/// The application permissions that are emulated and their role ids on Graph's service principal.
pub(super) const PERMISSIONS: [(&str, &str); 11] = [
    ("Application.Read.All", "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30"),
    ("Calendars.ReadWrite", "ef54d2bf-783f-4e0f-bca1-3210c0444d99"),
    ("Contacts.ReadWrite", "6918b873-d17a-4dc1-b314-35f528134491"),
    ("Directory.Read.All", "7ab1d382-f21e-4acd-a863-ba3e13f7da61"),
    ("GroupMember.Read.All", "98830695-27a2-44f7-8c18-0c3ebc9698f6"),
    ("Mail.Send", "b633e1c5-b582-4048-a93e-9f11b44c7e96"),
    ("MailboxSettings.Read", "40f97065-369a-49f4-947c-6a255697ae91"),
    ("Organization.Read.All", "498476ce-e0fe-48b0-b801-37ba7e2685c6"),
    (
        "RoleManagement.Read.Directory",
        "483bed4a-2ad3-4361-a73b-c83ccdbdc53c",
    ),
    ("User.Read.All", "df021288-bdef-4463-88db-98f22de89214"),
    ("User.ReadBasic.All", "97235f07-e226-4f63-ace3-39588e11d3a1"),
];

/// Those that Exchange can give by itself, mailbox by mailbox.
pub(super) const EXCHANGE_PERMISSIONS: [&str; 4] = [
    "Calendars.ReadWrite",
    "Contacts.ReadWrite",
    "Mail.Send",
    "MailboxSettings.Read",
];

/// The app id of Microsoft Graph itself.
pub(super) const GRAPH_APP: &str = "00000003-0000-0000-c000-000000000000";

/// An app registration together with its service principal in the tenant.
#[derive(Debug)]
pub(super) struct App {
    pub(super) client_id: String,
    pub(super) principal_id: String,
    pub(super) display_name: String,
    pub(super) secret: String,
    pub(super) secret_expired: bool,
    pub(super) permissions: BTreeSet<&'static str>,
    /// The same role ids, granted for the API of Exchange Online instead: worth nothing in Graph.
    pub(super) foreign_permissions: BTreeSet<&'static str>,
    /// Rights in mailboxes that were given in Exchange itself.
    pub(super) exchange_roles: Vec<ExchangeRole>,
    /// Whether Global Administrator is assigned to the app.
    pub(super) admin: bool,
    pub(super) assignment_required: bool,
    /// Object ids of what is assigned to the app.
    pub(super) assigned: Vec<String>,
}

/// A role of Exchange's "RBAC for Applications": works in mailboxes although no consent shows it.
#[derive(Debug)]
pub(super) struct ExchangeRole {
    pub(super) permission: &'static str,
    /// Object ids of the users in its scope; none stands for all mailboxes.
    pub(super) users: Option<BTreeSet<String>>,
}

impl App {
    /// Whether Exchange gives the app this right in the mailbox of this user; `None` for a user that is unknown.
    pub(super) fn has_exchange_role(&self, permission: &str, user: Option<&str>) -> bool {
        let covers = |role: &ExchangeRole| match (&role.users, user) {
            (None, _) => true,
            (Some(users), Some(user)) => users.contains(user),
            (Some(_), None) => false,
        };
        self.exchange_roles
            .iter()
            .any(|role| role.permission == permission && covers(role))
    }
}

/// A user of the directory, with a mailbox or without.
#[derive(Debug)]
pub(super) struct User {
    pub(super) id: String,
    pub(super) upn: String,
    pub(super) mail: Option<String>,
    pub(super) display_name: String,
    pub(super) given_name: Option<String>,
    pub(super) surname: Option<String>,
    pub(super) proxy_addresses: Vec<String>,
    pub(super) enabled: bool,
    /// `Member` or `Guest`.
    pub(super) kind: String,
    pub(super) administrator: Administrator,
    pub(super) time_zone: String,
    pub(super) mailbox: Mailbox,
    pub(super) has_mailbox: bool,
}

/// How a user stands to Global Administrator.
#[derive(Debug, Default)]
pub(super) struct Administrator {
    /// Assigned for good.
    pub(super) assigned: bool,
    /// May activate the role for some time; nothing in the API shows it.
    pub(super) eligible: bool,
    /// Until when it is activated.
    pub(super) until: Option<Timestamp>,
}

impl Administrator {
    pub(super) fn in_force(&self, now: Timestamp) -> bool {
        self.assigned || self.until.is_some_and(|until| now < until)
    }
}

/// A group and its direct members.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) id: String,
    pub(super) display_name: String,
    /// Object ids of users, groups and apps.
    pub(super) members: Vec<String>,
    /// Whether Global Administrator is assigned to the group.
    pub(super) admin: bool,
}

/// A person who signed in to an app that acts for people: what a refresh token stands for.
#[derive(Debug)]
pub(super) struct SignIn {
    pub(super) refresh_token: String,
    pub(super) client_id: String,
    /// The person's object id.
    pub(super) user: String,
}

/// One Microsoft 365 tenant.
#[derive(Debug)]
pub(super) struct Tenant {
    pub(super) id: String,
    pub(super) domain: String,
    pub(super) display_name: String,
    pub(super) options: Options,
    pub(super) apps: BTreeMap<String, App>,
    pub(super) users: Vec<User>,
    pub(super) groups: Vec<Group>,
    /// A role is there once it was assigned to somebody, and stays.
    pub(super) administrator_activated: bool,
    /// What left through `sendMail`, oldest first.
    pub(super) mails: Vec<Mail>,
    pub(super) sign_ins: Vec<SignIn>,
    /// Users by object id and by lower-case principal name.
    pub(super) names: HashMap<String, usize>,
    /// Limits by app and user id.
    pub(super) gates: HashMap<(String, String), Gate>,
    /// When tokens were asked for in the last minute.
    pub(super) token_requests: Vec<Timestamp>,
}

impl Tenant {
    /// Finds a user by object id or principal name, without case.
    pub(super) fn user_index(&self, name: &str) -> Option<usize> {
        self.names.get(&name.to_lowercase()).copied()
    }

    pub(super) fn user(&self, name: &str) -> Option<&User> {
        self.user_index(name).and_then(|index| self.users.get(index))
    }

    /// The users that have not been deleted.
    pub(super) fn living(&self) -> impl Iterator<Item = &User> {
        self.users
            .iter()
            .filter(|user| self.names.contains_key(&user.id.to_lowercase()))
    }

    pub(super) fn add_user(&mut self, user: User) {
        let index = self.users.len();
        self.names.insert(user.id.to_lowercase(), index);
        self.names.insert(user.upn.to_lowercase(), index);
        self.users.push(user);
    }

    /// The id of Graph's own service principal in this tenant.
    pub(super) fn graph_principal(&self) -> String {
        ids::object_id(0, &[&self.id, "principal", GRAPH_APP])
    }
}

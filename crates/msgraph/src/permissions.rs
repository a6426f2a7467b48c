//! The application permissions of Graph that crmlink can use (`research/graph.md` §1).

/// An application permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Permission {
    /// Apps, consents and assignments.
    ApplicationReadAll,
    /// Calendars and events.
    CalendarsReadWrite,
    /// Contact folders and contacts.
    ContactsReadWrite,
    /// The whole directory.
    DirectoryReadAll,
    /// Who is in a group.
    GroupMemberReadAll,
    /// Mails from a mailbox.
    MailSend,
    /// The time zone of a mailbox.
    MailboxSettingsRead,
    /// The tenant.
    OrganizationReadAll,
    /// Who holds which role.
    RoleManagementReadDirectory,
    /// Users with all that they have.
    UserReadAll,
    /// Users with their names and addresses only.
    UserReadBasicAll,
}

impl Permission {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::ApplicationReadAll,
        Self::CalendarsReadWrite,
        Self::ContactsReadWrite,
        Self::DirectoryReadAll,
        Self::GroupMemberReadAll,
        Self::MailSend,
        Self::MailboxSettingsRead,
        Self::OrganizationReadAll,
        Self::RoleManagementReadDirectory,
        Self::UserReadAll,
        Self::UserReadBasicAll,
    ];

    /// The name under which an administrator finds it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// Its id among the app roles of Graph's service principal, the same in every tenant.
    #[must_use]
    pub fn app_role_id(self) -> &'static str {
        self.row().1
    }

    /// The permission with an id.
    #[must_use]
    pub fn by_app_role_id(id: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|permission| permission.app_role_id().eq_ignore_ascii_case(id))
    }

    /// Whether Exchange can give the right by itself, so that no consent shows it although the calls work.
    #[must_use]
    pub fn may_come_from_exchange(self) -> bool {
        matches!(
            self,
            Self::CalendarsReadWrite | Self::ContactsReadWrite | Self::MailSend | Self::MailboxSettingsRead
        )
    }

    /// Whether whoever holds `self` can do without `other`.
    #[must_use]
    pub fn includes(self, other: Self) -> bool {
        let of_directory = [
            Self::ApplicationReadAll,
            Self::GroupMemberReadAll,
            Self::OrganizationReadAll,
            Self::RoleManagementReadDirectory,
            Self::UserReadAll,
            Self::UserReadBasicAll,
        ];
        match self {
            _ if self == other => true,
            Self::DirectoryReadAll => of_directory.contains(&other),
            Self::UserReadAll => matches!(other, Self::UserReadBasicAll | Self::OrganizationReadAll),
            _ => false,
        }
    }

    fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::ApplicationReadAll => ("Application.Read.All", "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30"),
            Self::CalendarsReadWrite => ("Calendars.ReadWrite", "ef54d2bf-783f-4e0f-bca1-3210c0444d99"),
            Self::ContactsReadWrite => ("Contacts.ReadWrite", "6918b873-d17a-4dc1-b314-35f528134491"),
            Self::DirectoryReadAll => ("Directory.Read.All", "7ab1d382-f21e-4acd-a863-ba3e13f7da61"),
            Self::GroupMemberReadAll => ("GroupMember.Read.All", "98830695-27a2-44f7-8c18-0c3ebc9698f6"),
            Self::MailSend => ("Mail.Send", "b633e1c5-b582-4048-a93e-9f11b44c7e96"),
            Self::MailboxSettingsRead => ("MailboxSettings.Read", "40f97065-369a-49f4-947c-6a255697ae91"),
            Self::OrganizationReadAll => ("Organization.Read.All", "498476ce-e0fe-48b0-b801-37ba7e2685c6"),
            Self::RoleManagementReadDirectory => (
                "RoleManagement.Read.Directory",
                "483bed4a-2ad3-4361-a73b-c83ccdbdc53c",
            ),
            Self::UserReadAll => ("User.Read.All", "df021288-bdef-4463-88db-98f22de89214"),
            Self::UserReadBasicAll => ("User.ReadBasic.All", "97235f07-e226-4f63-ace3-39588e11d3a1"),
        }
    }
}

impl std::fmt::Display for Permission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_lead_back_to_their_permission() {
        for permission in Permission::ALL {
            let id = permission.app_role_id().to_uppercase();
            assert_eq!(Permission::by_app_role_id(&id), Some(permission));
        }
        assert_eq!(
            Permission::by_app_role_id("00000000-0000-0000-0000-000000000000"),
            None
        );
    }

    #[test]
    fn the_directory_permission_includes_its_parts_and_no_mailbox() {
        assert!(Permission::DirectoryReadAll.includes(Permission::RoleManagementReadDirectory));
        assert!(Permission::UserReadAll.includes(Permission::UserReadBasicAll));
        assert!(!Permission::UserReadBasicAll.includes(Permission::UserReadAll));
        for permission in Permission::ALL
            .into_iter()
            .filter(|one| one.may_come_from_exchange())
        {
            assert!(!Permission::DirectoryReadAll.includes(permission), "{permission}");
        }
    }
}

//! The contact fields of Microsoft Graph v1.0 that a mapping can name (`research/graph.md` §6).

use serde::{Deserialize, Serialize};

/// What kind of value a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfficeKind {
    /// One line or more of text.
    Text,
    /// An e-mail address: a value that is none loses its address in Exchange.
    Email,
    /// A telephone number, free text to Exchange.
    Phone,
    /// A calendar day.
    Date,
}

/// Fields that Graph keeps in one property and that are therefore written together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// The parts of the name: `displayName` and `fileAs` are computed from them.
    Name,
    /// `emailAddresses`, at most three, by position.
    Emails,
    /// `businessPhones`, at most two.
    BusinessPhones,
    /// `homePhones`, at most two.
    HomePhones,
    /// `imAddresses`, at most three.
    ImAddresses,
    /// `businessAddress`.
    BusinessAddress,
    /// `homeAddress`.
    HomeAddress,
    /// `otherAddress`.
    OtherAddress,
}

impl Group {
    /// The lists: entries by position, without gaps.
    pub const LISTS: [Self; 4] = [
        Self::Emails,
        Self::BusinessPhones,
        Self::HomePhones,
        Self::ImAddresses,
    ];

    /// Whether its fields are one thing to a person, so that a conflict is about all of them.
    #[must_use]
    pub const fn is_address(self) -> bool {
        matches!(
            self,
            Self::BusinessAddress | Self::HomeAddress | Self::OtherAddress
        )
    }

    /// Whether it is a list.
    #[must_use]
    pub fn is_list(self) -> bool {
        Self::LISTS.contains(&self)
    }

    /// Its fields: of a list, the entries in order.
    pub fn fields(self) -> impl Iterator<Item = OfficeField> {
        let all = OfficeField::ALL.iter().copied();
        all.filter(move |field| field.group() == Some(self))
    }
}

macro_rules! office_fields {
    ($($code:literal $variant:ident $name:literal $kind:ident $max:literal $group:expr;)*) => {
        /// A contact field of the mailbox. `displayName` and `fileAs` are missing on purpose: they are computed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum OfficeField {
            $(#[doc = concat!("`", $name, "`")] #[serde(rename = $name)] $variant,)*
        }

        impl OfficeField {
            /// Every field, in the order of the reference page.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name in a mapping.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The number under which the field stands in a stored base: never reused, never changed.
            #[must_use]
            pub const fn code(self) -> u8 {
                match self { $(Self::$variant => $code,)* }
            }

            /// The kind of value.
            #[must_use]
            pub const fn kind(self) -> OfficeKind {
                match self { $(Self::$variant => OfficeKind::$kind,)* }
            }

            /// The longest text in characters. Microsoft publishes none; 255 is what Exchange takes
            /// (`research/graph.md` §6).
            #[must_use]
            pub const fn max_chars(self) -> usize {
                match self { $(Self::$variant => $max,)* }
            }

            /// What the field is written together with.
            #[must_use]
            pub const fn group(self) -> Option<Group> {
                match self { $(Self::$variant => $group,)* }
            }
        }
    };
}

office_fields! {
    1 GivenName "givenName" Text 255 Some(Group::Name);
    2 Surname "surname" Text 255 Some(Group::Name);
    3 MiddleName "middleName" Text 255 Some(Group::Name);
    4 NickName "nickName" Text 255 None;
    5 Title "title" Text 255 Some(Group::Name);
    6 Generation "generation" Text 255 Some(Group::Name);
    7 Initials "initials" Text 255 None;
    8 CompanyName "companyName" Text 255 None;
    9 JobTitle "jobTitle" Text 255 None;
    10 Department "department" Text 255 None;
    11 OfficeLocation "officeLocation" Text 255 None;
    12 Profession "profession" Text 255 None;
    13 Manager "manager" Text 255 None;
    14 AssistantName "assistantName" Text 255 None;
    15 SpouseName "spouseName" Text 255 None;
    16 Birthday "birthday" Date 10 None;
    17 PersonalNotes "personalNotes" Text 32000 None;
    18 BusinessHomePage "businessHomePage" Text 255 None;
    19 MobilePhone "mobilePhone" Phone 255 None;
    20 BusinessPhone1 "businessPhone1" Phone 255 Some(Group::BusinessPhones);
    21 BusinessPhone2 "businessPhone2" Phone 255 Some(Group::BusinessPhones);
    22 HomePhone1 "homePhone1" Phone 255 Some(Group::HomePhones);
    23 HomePhone2 "homePhone2" Phone 255 Some(Group::HomePhones);
    24 Email1 "email1" Email 255 Some(Group::Emails);
    25 Email2 "email2" Email 255 Some(Group::Emails);
    26 Email3 "email3" Email 255 Some(Group::Emails);
    27 ImAddress1 "imAddress1" Text 255 Some(Group::ImAddresses);
    28 ImAddress2 "imAddress2" Text 255 Some(Group::ImAddresses);
    29 ImAddress3 "imAddress3" Text 255 Some(Group::ImAddresses);
    30 BusinessStreet "businessStreet" Text 255 Some(Group::BusinessAddress);
    31 BusinessCity "businessCity" Text 255 Some(Group::BusinessAddress);
    32 BusinessState "businessState" Text 255 Some(Group::BusinessAddress);
    33 BusinessPostalCode "businessPostalCode" Text 255 Some(Group::BusinessAddress);
    34 BusinessCountry "businessCountry" Text 255 Some(Group::BusinessAddress);
    35 HomeStreet "homeStreet" Text 255 Some(Group::HomeAddress);
    36 HomeCity "homeCity" Text 255 Some(Group::HomeAddress);
    37 HomeState "homeState" Text 255 Some(Group::HomeAddress);
    38 HomePostalCode "homePostalCode" Text 255 Some(Group::HomeAddress);
    39 HomeCountry "homeCountry" Text 255 Some(Group::HomeAddress);
    40 OtherStreet "otherStreet" Text 255 Some(Group::OtherAddress);
    41 OtherCity "otherCity" Text 255 Some(Group::OtherAddress);
    42 OtherState "otherState" Text 255 Some(Group::OtherAddress);
    43 OtherPostalCode "otherPostalCode" Text 255 Some(Group::OtherAddress);
    44 OtherCountry "otherCountry" Text 255 Some(Group::OtherAddress);
}

impl OfficeField {
    /// The field of a stored number; `None` for a number of a newer release.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|field| field.code() == code)
    }

    /// The field of a name in a mapping.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|field| field.name() == name)
    }
}

impl std::fmt::Display for OfficeField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_and_names_are_unique() {
        let codes: BTreeSet<_> = OfficeField::ALL.iter().map(|f| f.code()).collect();
        let names: BTreeSet<_> = OfficeField::ALL.iter().map(|f| f.name()).collect();
        assert_eq!(
            (codes.len(), names.len()),
            (OfficeField::ALL.len(), OfficeField::ALL.len())
        );
        for field in OfficeField::ALL {
            assert_eq!(OfficeField::from_code(field.code()), Some(*field));
            assert_eq!(OfficeField::from_name(field.name()), Some(*field));
        }
    }
}

//! The members of a contact that can be mapped. Everything else that Outlook shows has no place in v1.0
//! (`research/graph.md` §6).

use super::TextField;

/// Members that are lists of texts. A write replaces the whole list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ListField {
    /// `businessPhones`, two at most.
    BusinessPhones,
    /// `homePhones`, two at most.
    HomePhones,
    /// `imAddresses`, three at most.
    ImAddresses,
    /// `children`.
    Children,
    /// `categories`.
    Categories,
}

/// Members that are addresses. A write replaces the whole address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum AddressField {
    /// `businessAddress`.
    Business,
    /// `homeAddress`.
    Home,
    /// `otherAddress`.
    Other,
}

/// Any member that can be mapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ContactField {
    /// A text.
    Text(TextField),
    /// A list of texts.
    List(ListField),
    /// A postal address.
    Address(AddressField),
    /// `emailAddresses`: three slots whose order counts.
    EmailAddresses,
    /// `birthday`.
    Birthday,
}

impl ListField {
    /// Every list.
    pub const ALL: &[Self] = &[
        Self::BusinessPhones,
        Self::HomePhones,
        Self::ImAddresses,
        Self::Children,
        Self::Categories,
    ];

    /// Graph's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BusinessPhones => "businessPhones",
            Self::HomePhones => "homePhones",
            Self::ImAddresses => "imAddresses",
            Self::Children => "children",
            Self::Categories => "categories",
        }
    }
}

impl AddressField {
    /// Every address.
    pub const ALL: &[Self] = &[Self::Business, Self::Home, Self::Other];

    /// Graph's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Business => "businessAddress",
            Self::Home => "homeAddress",
            Self::Other => "otherAddress",
        }
    }
}

impl ContactField {
    /// Every member that can be mapped.
    pub fn all() -> impl Iterator<Item = Self> {
        let texts = TextField::ALL.iter().copied().map(Self::Text);
        let lists = ListField::ALL.iter().copied().map(Self::List);
        let addresses = AddressField::ALL.iter().copied().map(Self::Address);
        texts
            .chain(lists)
            .chain(addresses)
            .chain([Self::EmailAddresses, Self::Birthday])
    }

    /// Graph's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text(field) => field.as_str(),
            Self::List(field) => field.as_str(),
            Self::Address(field) => field.as_str(),
            Self::EmailAddresses => "emailAddresses",
            Self::Birthday => "birthday",
        }
    }
}

impl From<TextField> for ContactField {
    fn from(field: TextField) -> Self {
        Self::Text(field)
    }
}

impl From<ListField> for ContactField {
    fn from(field: ListField) -> Self {
        Self::List(field)
    }
}

impl From<AddressField> for ContactField {
    fn from(field: AddressField) -> Self {
        Self::Address(field)
    }
}

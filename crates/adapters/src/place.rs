//! Which member of a Graph contact holds which field of the engine, and which members a read asks for.

use msgraph::{AddressField, ContactField, ListField, PhysicalAddress, Select, TextField};
use sync_engine::office_field::OfficeField;

/// Where Graph keeps a field.
pub(crate) enum Place {
    Text(TextField),
    List(ListField, usize),
    Email(usize),
    Address(AddressField, Part),
    Birthday,
}

#[derive(Clone, Copy)]
pub(crate) enum Part {
    Street,
    City,
    State,
    PostalCode,
    Country,
}

impl Part {
    pub(crate) fn of(self, address: &PhysicalAddress) -> Option<&String> {
        match self {
            Self::Street => address.street.as_ref(),
            Self::City => address.city.as_ref(),
            Self::State => address.state.as_ref(),
            Self::PostalCode => address.postal_code.as_ref(),
            Self::Country => address.country_or_region.as_ref(),
        }
    }

    pub(crate) fn set(self, address: &mut PhysicalAddress, value: Option<String>) {
        match self {
            Self::Street => address.street = value,
            Self::City => address.city = value,
            Self::State => address.state = value,
            Self::PostalCode => address.postal_code = value,
            Self::Country => address.country_or_region = value,
        }
    }
}

/// The member of a contact that holds the field.
pub(crate) fn place(field: OfficeField) -> Place {
    use OfficeField as F;
    use Place::{Address, Email, List, Text};
    match field {
        F::GivenName => Text(TextField::GivenName),
        F::Surname => Text(TextField::Surname),
        F::MiddleName => Text(TextField::MiddleName),
        F::NickName => Text(TextField::NickName),
        F::Title => Text(TextField::Title),
        F::Generation => Text(TextField::Generation),
        F::Initials => Text(TextField::Initials),
        F::CompanyName => Text(TextField::CompanyName),
        F::JobTitle => Text(TextField::JobTitle),
        F::Department => Text(TextField::Department),
        F::OfficeLocation => Text(TextField::OfficeLocation),
        F::Profession => Text(TextField::Profession),
        F::Manager => Text(TextField::Manager),
        F::AssistantName => Text(TextField::AssistantName),
        F::SpouseName => Text(TextField::SpouseName),
        F::PersonalNotes => Text(TextField::PersonalNotes),
        F::BusinessHomePage => Text(TextField::BusinessHomePage),
        F::MobilePhone => Text(TextField::MobilePhone),
        F::Birthday => Place::Birthday,
        F::BusinessPhone1 => List(ListField::BusinessPhones, 0),
        F::BusinessPhone2 => List(ListField::BusinessPhones, 1),
        F::HomePhone1 => List(ListField::HomePhones, 0),
        F::HomePhone2 => List(ListField::HomePhones, 1),
        F::ImAddress1 => List(ListField::ImAddresses, 0),
        F::ImAddress2 => List(ListField::ImAddresses, 1),
        F::ImAddress3 => List(ListField::ImAddresses, 2),
        F::Email1 => Email(0),
        F::Email2 => Email(1),
        F::Email3 => Email(2),
        F::BusinessStreet => Address(AddressField::Business, Part::Street),
        F::BusinessCity => Address(AddressField::Business, Part::City),
        F::BusinessState => Address(AddressField::Business, Part::State),
        F::BusinessPostalCode => Address(AddressField::Business, Part::PostalCode),
        F::BusinessCountry => Address(AddressField::Business, Part::Country),
        F::HomeStreet => Address(AddressField::Home, Part::Street),
        F::HomeCity => Address(AddressField::Home, Part::City),
        F::HomeState => Address(AddressField::Home, Part::State),
        F::HomePostalCode => Address(AddressField::Home, Part::PostalCode),
        F::HomeCountry => Address(AddressField::Home, Part::Country),
        F::OtherStreet => Address(AddressField::Other, Part::Street),
        F::OtherCity => Address(AddressField::Other, Part::City),
        F::OtherState => Address(AddressField::Other, Part::State),
        F::OtherPostalCode => Address(AddressField::Other, Part::PostalCode),
        F::OtherCountry => Address(AddressField::Other, Part::Country),
    }
}

/// What a mapping can name. Members beyond that would make a delta query tell of changes that nobody syncs
/// (`research/graph.md` §6).
pub(crate) fn mapped() -> Select {
    Select::fields(members())
}

/// All that an update needs: what a mapping can name, and what Exchange would make up anew without it.
pub(crate) fn whole() -> Select {
    let computed = [TextField::DisplayName, TextField::FileAs];
    Select::fields(members().chain(computed.map(ContactField::Text)))
}

fn members() -> impl Iterator<Item = ContactField> {
    OfficeField::ALL.iter().map(|field| match place(*field) {
        Place::Text(field) => field.into(),
        Place::List(field, _) => field.into(),
        Place::Address(field, _) => field.into(),
        Place::Email(_) => ContactField::EmailAddresses,
        Place::Birthday => ContactField::Birthday,
    })
}

//! The mapping that an author gets without asking for anything.

use super::Direction;
use crate::office_field::OfficeField;

/// The default table: mailbox field, CRM field, direction. `companyName` shows the account's name and goes one way,
/// as writing it would mean choosing an account; a salutation is a picklist that refuses unknown texts.
pub const DEFAULT: &[(OfficeField, &str, Direction)] = &[
    (OfficeField::GivenName, "First_Name", Direction::Both),
    (OfficeField::Surname, "Last_Name", Direction::Both),
    (OfficeField::Title, "Salutation", Direction::CrmToOffice),
    (OfficeField::CompanyName, "Account_Name", Direction::CrmToOffice),
    (OfficeField::JobTitle, "Title", Direction::Both),
    (OfficeField::Department, "Department", Direction::Both),
    (OfficeField::AssistantName, "Assistant", Direction::Both),
    (OfficeField::Birthday, "Date_of_Birth", Direction::Both),
    (OfficeField::PersonalNotes, "Description", Direction::Both),
    (OfficeField::MobilePhone, "Mobile", Direction::Both),
    (OfficeField::BusinessPhone1, "Phone", Direction::Both),
    (OfficeField::HomePhone1, "Home_Phone", Direction::Both),
    (OfficeField::Email1, "Email", Direction::Both),
    (OfficeField::Email2, "Secondary_Email", Direction::Both),
    (OfficeField::BusinessStreet, "Mailing_Street", Direction::Both),
    (OfficeField::BusinessCity, "Mailing_City", Direction::Both),
    (OfficeField::BusinessState, "Mailing_State", Direction::Both),
    (OfficeField::BusinessPostalCode, "Mailing_Zip", Direction::Both),
    (OfficeField::BusinessCountry, "Mailing_Country", Direction::Both),
    (OfficeField::OtherStreet, "Other_Street", Direction::Both),
    (OfficeField::OtherCity, "Other_City", Direction::Both),
    (OfficeField::OtherState, "Other_State", Direction::Both),
    (OfficeField::OtherPostalCode, "Other_Zip", Direction::Both),
    (OfficeField::OtherCountry, "Other_Country", Direction::Both),
];

//! The contact fields of Microsoft 365 that can be mapped.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Declares the enum once, with the name that stands in YAML beside each variant.
macro_rules! office_fields {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// A contact field of Microsoft 365 that can be mapped: the closed list of what its API can hold.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
        )]
        pub enum OfficeFieldName {
            $($(#[doc = $doc])+ #[serde(rename = $name)] $variant,)+
        }

        impl OfficeFieldName {
            /// Every field, in the order of the contact card.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name as it stands in YAML.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

office_fields! {
    /// Salutation, such as Dr.
    Title = "title",
    /// First name.
    GivenName = "givenName",
    /// Middle name.
    MiddleName = "middleName",
    /// Last name.
    Surname = "surname",
    /// Suffix, such as Jr.
    Generation = "generation",
    /// Initials.
    Initials = "initials",
    /// Nickname.
    NickName = "nickName",
    /// Company.
    CompanyName = "companyName",
    /// Job title.
    JobTitle = "jobTitle",
    /// Department.
    Department = "department",
    /// Office.
    OfficeLocation = "officeLocation",
    /// Profession.
    Profession = "profession",
    /// Manager's name.
    Manager = "manager",
    /// Assistant's name.
    AssistantName = "assistantName",
    /// Name of the spouse or partner.
    SpouseName = "spouseName",
    /// Birthday, a date.
    Birthday = "birthday",
    /// Notes.
    PersonalNotes = "personalNotes",
    /// Web page.
    BusinessHomePage = "businessHomePage",
    /// Mobile phone.
    MobilePhone = "mobilePhone",
    /// First business phone.
    BusinessPhone1 = "businessPhone1",
    /// Second business phone.
    BusinessPhone2 = "businessPhone2",
    /// First home phone.
    HomePhone1 = "homePhone1",
    /// Second home phone.
    HomePhone2 = "homePhone2",
    /// First e-mail address.
    Email1 = "email1",
    /// Second e-mail address.
    Email2 = "email2",
    /// Third e-mail address.
    Email3 = "email3",
    /// First instant message address.
    ImAddress1 = "imAddress1",
    /// Second instant message address.
    ImAddress2 = "imAddress2",
    /// Third instant message address.
    ImAddress3 = "imAddress3",
    /// Street of the business address.
    BusinessStreet = "businessStreet",
    /// City of the business address.
    BusinessCity = "businessCity",
    /// State or province of the business address.
    BusinessState = "businessState",
    /// Postal code of the business address.
    BusinessPostalCode = "businessPostalCode",
    /// Country or region of the business address.
    BusinessCountry = "businessCountry",
    /// Street of the home address.
    HomeStreet = "homeStreet",
    /// City of the home address.
    HomeCity = "homeCity",
    /// State or province of the home address.
    HomeState = "homeState",
    /// Postal code of the home address.
    HomePostalCode = "homePostalCode",
    /// Country or region of the home address.
    HomeCountry = "homeCountry",
    /// Street of the other address.
    OtherStreet = "otherStreet",
    /// City of the other address.
    OtherCity = "otherCity",
    /// State or province of the other address.
    OtherState = "otherState",
    /// Postal code of the other address.
    OtherPostalCode = "otherPostalCode",
    /// Country or region of the other address.
    OtherCountry = "otherCountry",
}

impl fmt::Display for OfficeFieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_yaml() {
        for field in OfficeFieldName::ALL {
            assert_eq!(serde_json::to_value(field).unwrap(), field.as_str());
        }
    }

    #[test]
    fn k2_computed_and_missing_fields_are_not_in_the_list() {
        for name in [
            "displayName",
            "fileAs",
            "email4",
            "businessPhone3",
            "businessFax",
            "anniversary",
        ] {
            assert!(
                serde_json::from_value::<OfficeFieldName>(name.into()).is_err(),
                "{name}"
            );
        }
    }
}

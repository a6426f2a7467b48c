//! A contact as Graph answers it.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize};

use super::{AddressField, ListField};
use crate::marker;
use crate::opaque::opaque_debug;

/// One list for the members that are texts: the enum, the struct's members and the way from one to the other.
macro_rules! contact {
    ($($variant:ident $member:ident $name:literal),* $(,)?) => {
        /// Members that are single texts.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum TextField {
            $(#[doc = concat!("`", $name, "`.")] $variant,)*
        }

        impl TextField {
            /// Every text.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Graph's name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }

        /// A contact with the members that the call selected.
        ///
        /// `primaryEmailAddress` and its siblings are left out: they are views of `emailAddresses`.
        #[derive(Clone, Default, PartialEq, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        pub struct Contact {
            /// The id; case counts.
            pub id: String,
            /// The version, as `If-Match` takes it.
            #[serde(rename = "@odata.etag")]
            pub etag: Option<String>,
            /// The version, as the etag holds it.
            pub change_key: Option<String>,
            /// The folder.
            pub parent_folder_id: Option<String>,
            /// When it was made.
            #[serde(deserialize_with = "time")]
            pub created_date_time: Option<Timestamp>,
            /// When it last changed; moves without a reason at times.
            #[serde(deserialize_with = "time")]
            pub last_modified_date_time: Option<Timestamp>,
            /// The marker, where the call expands it; answers to writes do not.
            #[serde(rename = "singleValueExtendedProperties", deserialize_with = "marker::read")]
            pub marker: Option<String>,
            $(#[doc = concat!("`", $name, "`.")] pub $member: Option<String>,)*
            /// `birthday` as it came; see [`birthday`](Contact::birthday).
            pub birthday: Option<String>,
            /// `businessAddress`; an empty one reads as no address.
            #[serde(deserialize_with = "address")]
            pub business_address: Option<PhysicalAddress>,
            /// `homeAddress`.
            #[serde(deserialize_with = "address")]
            pub home_address: Option<PhysicalAddress>,
            /// `otherAddress`.
            #[serde(deserialize_with = "address")]
            pub other_address: Option<PhysicalAddress>,
            /// `emailAddresses`, in the order of the slots.
            #[serde(deserialize_with = "list")]
            pub email_addresses: Vec<EmailAddress>,
            /// `businessPhones`.
            #[serde(deserialize_with = "list")]
            pub business_phones: Vec<String>,
            /// `homePhones`.
            #[serde(deserialize_with = "list")]
            pub home_phones: Vec<String>,
            /// `imAddresses`.
            #[serde(deserialize_with = "list")]
            pub im_addresses: Vec<String>,
            /// `children`.
            #[serde(deserialize_with = "list")]
            pub children: Vec<String>,
            /// `categories`.
            #[serde(deserialize_with = "list")]
            pub categories: Vec<String>,
        }

        impl Contact {
            /// The text of a member.
            #[must_use]
            pub fn text(&self, field: TextField) -> Option<&str> {
                match field {
                    $(TextField::$variant => self.$member.as_deref(),)*
                }
            }
        }
    };
}

contact! {
    AssistantName assistant_name "assistantName",
    BusinessHomePage business_home_page "businessHomePage",
    CompanyName company_name "companyName",
    Department department "department",
    DisplayName display_name "displayName",
    FileAs file_as "fileAs",
    Generation generation "generation",
    GivenName given_name "givenName",
    Initials initials "initials",
    JobTitle job_title "jobTitle",
    Manager manager "manager",
    MiddleName middle_name "middleName",
    MobilePhone mobile_phone "mobilePhone",
    NickName nick_name "nickName",
    OfficeLocation office_location "officeLocation",
    PersonalNotes personal_notes "personalNotes",
    Profession profession "profession",
    SpouseName spouse_name "spouseName",
    Surname surname "surname",
    Title title "title",
    YomiCompanyName yomi_company_name "yomiCompanyName",
    YomiGivenName yomi_given_name "yomiGivenName",
    YomiSurname yomi_surname "yomiSurname",
}

opaque_debug!(Contact { id, etag, marker });

impl Contact {
    /// A list of texts.
    #[must_use]
    pub fn list(&self, field: ListField) -> &[String] {
        match field {
            ListField::BusinessPhones => &self.business_phones,
            ListField::HomePhones => &self.home_phones,
            ListField::ImAddresses => &self.im_addresses,
            ListField::Children => &self.children,
            ListField::Categories => &self.categories,
        }
    }

    /// An address.
    #[must_use]
    pub fn address(&self, field: AddressField) -> Option<&PhysicalAddress> {
        match field {
            AddressField::Business => self.business_address.as_ref(),
            AddressField::Home => self.home_address.as_ref(),
            AddressField::Other => self.other_address.as_ref(),
        }
    }

    /// The birthday: the date alone, as the time and its zone mean nothing (`research/graph.md` §6).
    #[must_use]
    pub fn birthday(&self) -> Option<Date> {
        self.birthday.as_deref()?.get(..10)?.parse().ok()
    }
}

/// A postal address.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PhysicalAddress {
    /// Street, possibly of several lines.
    pub street: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State or province.
    pub state: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Country or region.
    pub country_or_region: Option<String>,
}

opaque_debug!(PhysicalAddress {});

impl PhysicalAddress {
    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let all = [
            &self.street,
            &self.city,
            &self.state,
            &self.postal_code,
            &self.country_or_region,
        ];
        all.into_iter()
            .all(|part| part.as_deref().is_none_or(str::is_empty))
    }
}

/// An e-mail address. Graph keeps a value that is none in `name` alone: check before writing.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EmailAddress {
    /// The shown name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

opaque_debug!(EmailAddress {});

/// A date out of range must not make a whole page unreadable: nothing is decided by it alone.
fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.and_then(|text| text.parse().ok()))
}

/// Lists come as null at times and may hold nulls.
fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let items = Option::<Vec<Option<T>>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(items.into_iter().flatten().collect())
}

/// Graph answers `{}` for no address.
fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PhysicalAddress>, D::Error> {
    Ok(Option::<PhysicalAddress>::deserialize(deserializer)?.filter(|address| !address.is_empty()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{ContactField, MARKER_PROPERTY};

    #[test]
    fn reads_what_graph_sends() {
        let contact: Contact = serde_json::from_value(json!({
            "@odata.etag": "W/\"ck\"", "id": "c1", "changeKey": "ck", "givenName": "Ada", "surname": null,
            "birthday": "1815-12-10T11:59:00Z", "businessAddress": {}, "homeAddress": null,
            "otherAddress": { "city": "London", "state": null }, "emailAddresses": [{ "name": "A", "address": "a@x.example" }],
            "businessPhones": ["1", null], "children": null, "lastModifiedDateTime": "2026-01-01T00:00:00Z", "createdDateTime": "soon", "extra": 1,
            "singleValueExtendedProperties": [
                { "id": "String {0} Name Else", "value": "no" }, { "id": MARKER_PROPERTY.to_uppercase(), "value": "v1 s 7" },
            ],
        }))
        .unwrap();
        assert_eq!(contact.text(TextField::GivenName), Some("Ada"));
        assert_eq!(contact.text(TextField::Surname), None);
        assert_eq!(contact.birthday().unwrap().to_string(), "1815-12-10");
        assert!(contact.last_modified_date_time.is_some() && contact.created_date_time.is_none());
        assert_eq!(contact.address(AddressField::Business), None);
        assert_eq!(
            contact.address(AddressField::Other).unwrap().city.as_deref(),
            Some("London")
        );
        assert_eq!(contact.list(ListField::BusinessPhones), ["1"]);
        assert!(contact.list(ListField::Children).is_empty());
        assert_eq!(contact.marker.as_deref(), Some("v1 s 7"));
        let shown = format!(
            "{contact:?} {:?} {:?}",
            contact.other_address, contact.email_addresses
        );
        assert!(
            !shown.contains("Ada") && !shown.contains("London") && !shown.contains("a@x"),
            "{shown}"
        );
    }

    #[test]
    fn a_bare_date_is_a_birthday_too() {
        let contact = Contact {
            birthday: Some("1974-07-22".to_owned()),
            ..Contact::default()
        };
        assert_eq!(contact.birthday().unwrap().to_string(), "1974-07-22");
    }

    /// The names are Graph's: each one that can be written is read back into a member of its own.
    #[test]
    fn names_and_members_belong_together() {
        for field in TextField::ALL {
            let contact: Contact = serde_json::from_value(json!({ field.as_str(): field.as_str() })).unwrap();
            assert_eq!(contact.text(*field), Some(field.as_str()));
        }
        for field in ListField::ALL {
            let contact: Contact = serde_json::from_value(json!({ field.as_str(): ["x"] })).unwrap();
            assert_eq!(contact.list(*field), ["x"]);
        }
        for field in AddressField::ALL {
            let contact: Contact =
                serde_json::from_value(json!({ field.as_str(): { "city": "x" } })).unwrap();
            assert!(contact.address(*field).is_some());
        }
        assert_eq!(ContactField::all().count(), 33);
    }
}

//! The fields that people edit in a history, as both services show them.
//!
//! Read here a second time, apart from the engine's and the clients' own ways: a mistake there must not hide here.

use serde_json::{Map, Value, json};
use sync_engine::office_field::OfficeField;

/// A field of a contact, on either side or on both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// `givenName`, `First_Name`.
    GivenName,
    /// `surname`, `Last_Name`: the CRM insists on one.
    Surname,
    /// `companyName` and the name of the account, which is another record.
    Company,
    /// `jobTitle`, `Title`.
    JobTitle,
    /// `department`, `Department`: 50 characters in the CRM, 255 in Outlook.
    Department,
    /// `personalNotes`, `Description`: long and of many lines.
    Notes,
    /// `mobilePhone`, `Mobile`.
    Mobile,
    /// The first of `businessPhones`, `Phone`.
    Phone,
    /// The first of `emailAddresses`, `Email`.
    Email,
    /// The second of `emailAddresses`, `Secondary_Email`.
    SecondEmail,
    /// `businessAddress/street`, `Mailing_Street`.
    Street,
    /// `businessAddress/city`, `Mailing_City`.
    City,
    /// `birthday`, `Date_of_Birth`.
    Birthday,
    /// `officeLocation`, the custom field `Branch`: only mapped where an author says so.
    Branch,
    /// `profession`, the custom field `Biography`, which is longer than Outlook can hold: as above.
    Biography,
    /// `spouseName`, which nobody maps.
    Spouse,
    /// `otherAddress/city`, `Other_City`; part of a property of its own.
    OtherCity,
    /// `Fax`, which Outlook's API has no place for.
    Fax,
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A telephone number; the CRM takes some characters only.
    Phone,
    /// An e-mail address.
    Email,
    /// A calendar day.
    Date,
}

/// Where Outlook keeps a field.
#[derive(Debug, Clone, Copy)]
enum Place {
    Text(&'static str),
    /// A slot of a list without gaps.
    Slot(&'static str, usize),
    Email(usize),
    Address(&'static str, &'static str),
    Birthday,
}

impl Field {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::GivenName,
        Self::Surname,
        Self::Company,
        Self::JobTitle,
        Self::Department,
        Self::Notes,
        Self::Mobile,
        Self::Phone,
        Self::Email,
        Self::SecondEmail,
        Self::Street,
        Self::City,
        Self::Birthday,
        Self::Branch,
        Self::Biography,
        Self::Spouse,
        Self::OtherCity,
        Self::Fax,
    ];

    /// What it holds.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::Mobile | Self::Phone | Self::Fax => Kind::Phone,
            Self::Email | Self::SecondEmail => Kind::Email,
            Self::Birthday => Kind::Date,
            _ => Kind::Text,
        }
    }

    /// The API name in the CRM and the longest text there.
    #[must_use]
    pub fn in_crm(self) -> Option<(&'static str, usize)> {
        Some(match self {
            Self::GivenName => ("First_Name", 40),
            Self::Surname => ("Last_Name", 80),
            Self::Company => ("Account_Name", 100),
            Self::JobTitle => ("Title", 100),
            Self::Department => ("Department", 50),
            Self::Notes => ("Description", 32_000),
            Self::Mobile => ("Mobile", 30),
            Self::Phone => ("Phone", 30),
            Self::Email => ("Email", 100),
            Self::SecondEmail => ("Secondary_Email", 100),
            Self::Street => ("Mailing_Street", 250),
            Self::City => ("Mailing_City", 100),
            Self::Birthday => ("Date_of_Birth", 20),
            Self::Branch => ("Branch", 255),
            Self::Biography => ("Biography", 2_000),
            Self::OtherCity => ("Other_City", 100),
            Self::Fax => ("Fax", 30),
            Self::Spouse => return None,
        })
    }

    /// The field of that name in a mapping.
    #[must_use]
    pub fn named(office: &str) -> Option<Self> {
        let is = |field: &Self| field.engine().is_some_and(|engine| engine.name() == office);
        Self::ALL.into_iter().find(is)
    }

    /// The engine's name, for mappings.
    #[must_use]
    pub fn engine(self) -> Option<OfficeField> {
        Some(match self {
            Self::GivenName => OfficeField::GivenName,
            Self::Surname => OfficeField::Surname,
            Self::Company => OfficeField::CompanyName,
            Self::JobTitle => OfficeField::JobTitle,
            Self::Department => OfficeField::Department,
            Self::Notes => OfficeField::PersonalNotes,
            Self::Mobile => OfficeField::MobilePhone,
            Self::Phone => OfficeField::BusinessPhone1,
            Self::Email => OfficeField::Email1,
            Self::SecondEmail => OfficeField::Email2,
            Self::Street => OfficeField::BusinessStreet,
            Self::City => OfficeField::BusinessCity,
            Self::Birthday => OfficeField::Birthday,
            Self::Branch => OfficeField::OfficeLocation,
            Self::Biography => OfficeField::Profession,
            Self::OtherCity => OfficeField::OtherCity,
            Self::Spouse => OfficeField::SpouseName,
            Self::Fax => return None,
        })
    }

    fn place(self) -> Option<Place> {
        Some(match self {
            Self::GivenName => Place::Text("givenName"),
            Self::Surname => Place::Text("surname"),
            Self::Company => Place::Text("companyName"),
            Self::JobTitle => Place::Text("jobTitle"),
            Self::Department => Place::Text("department"),
            Self::Notes => Place::Text("personalNotes"),
            Self::Mobile => Place::Text("mobilePhone"),
            Self::Phone => Place::Slot("businessPhones", 0),
            Self::Email => Place::Email(0),
            Self::SecondEmail => Place::Email(1),
            Self::Street => Place::Address("businessAddress", "street"),
            Self::City => Place::Address("businessAddress", "city"),
            Self::OtherCity => Place::Address("otherAddress", "city"),
            Self::Birthday => Place::Birthday,
            Self::Branch => Place::Text("officeLocation"),
            Self::Biography => Place::Text("profession"),
            Self::Spouse => Place::Text("spouseName"),
            Self::Fax => return None,
        })
    }

    /// What a record of the CRM's state document shows.
    #[must_use]
    pub fn of_record(self, record: &Value) -> Option<String> {
        let (name, _) = self.in_crm()?;
        let value = &record[name];
        // A lookup shows by its name.
        let text = value.as_str().or_else(|| value["name"].as_str())?;
        canonical(text)
    }

    /// What a contact in Graph's JSON shows.
    #[must_use]
    pub fn of_contact(self, contact: &Map<String, Value>) -> Option<String> {
        let text = match self.place()? {
            Place::Text(name) => contact.get(name)?.as_str()?,
            Place::Slot(name, at) => contact.get(name)?.get(at)?.as_str()?,
            Place::Email(at) => {
                let slot = contact.get("emailAddresses")?.get(at)?;
                slot["address"].as_str().or_else(|| slot["name"].as_str())?
            }
            Place::Address(name, member) => contact.get(name)?.get(member)?.as_str()?,
            Place::Birthday => contact.get("birthday")?.as_str()?.get(..10)?,
        };
        canonical(text)
    }

    /// The member of a Graph body that gives `contact` this text and leaves everything else as it is.
    #[must_use]
    pub fn member(self, contact: &Map<String, Value>, text: Option<&str>) -> Option<(&'static str, Value)> {
        Some(match self.place()? {
            Place::Text(name) => (name, json!(text)),
            Place::Birthday => ("birthday", json!(text)),
            Place::Slot(name, at) => (name, listed(contact.get(name), at, text.map(|text| json!(text)))),
            Place::Email(at) => {
                let slot = text.map(|text| json!({"address": text, "name": text}));
                ("emailAddresses", listed(contact.get("emailAddresses"), at, slot))
            }
            Place::Address(name, member) => {
                let mut address = contact
                    .get(name)
                    .and_then(Value::as_object)
                    .cloned()
                    .unwrap_or_default();
                address.insert(member.to_owned(), json!(text));
                (name, Value::Object(address))
            }
        })
    }
}

/// A text as the two services may both show it: no control characters, line ends alike, nothing around it.
#[must_use]
pub(crate) fn canonical(text: &str) -> Option<String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let kept: String = text
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect();
    Some(kept.trim())
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

/// A list whose slot `at` is filled or cleared; lists have no gaps.
fn listed(list: Option<&Value>, at: usize, entry: Option<Value>) -> Value {
    let mut list = list.and_then(Value::as_array).cloned().unwrap_or_default();
    match entry {
        Some(entry) if at < list.len() => list[at] = entry,
        Some(entry) => list.push(entry),
        None if at < list.len() => {
            list.remove(at);
        }
        None => {}
    }
    Value::Array(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_member_writes_reads_back() {
        for field in Field::ALL {
            let text = match field.kind() {
                Kind::Date => "1990-02-03",
                Kind::Email => "a@b.example",
                _ => "x",
            };
            let Some((name, value)) = field.member(&Map::new(), Some(text)) else {
                continue;
            };
            let contact = Map::from_iter([(name.to_owned(), value)]);
            // The second slot of an empty list is the first.
            let shown = if field == Field::SecondEmail {
                Field::Email
            } else {
                field
            };
            assert_eq!(shown.of_contact(&contact).as_deref(), Some(text), "{field:?}");
            let (_, cleared) = field.member(&contact, None).unwrap();
            let contact = Map::from_iter([(name.to_owned(), cleared)]);
            if field != Field::SecondEmail {
                assert_eq!(field.of_contact(&contact), None, "{field:?}");
            }
        }
    }
}

//! What a contact holds, and what Exchange makes of a value that is written.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Map, Value};

use super::super::errors::Failure;
use super::super::extended::{self, Extended};
use super::fields::{ADDRESS, Kind, field};

/// Strings of single-line properties end here.
const MAX_TEXT: usize = 255;

/// One e-mail slot. A value that is no plain SMTP address keeps its text in the name only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::graph) struct Email {
    pub(in crate::graph) name: Option<String>,
    pub(in crate::graph) address: Option<String>,
}

/// The properties that have a value.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::graph) struct Content {
    pub(in crate::graph) texts: BTreeMap<&'static str, String>,
    pub(in crate::graph) lists: BTreeMap<&'static str, Vec<String>>,
    pub(in crate::graph) addresses: BTreeMap<&'static str, BTreeMap<&'static str, String>>,
    pub(in crate::graph) emails: [Option<Email>; 3],
    pub(in crate::graph) birthday: Option<Date>,
    pub(in crate::graph) extended: Extended,
}

impl Content {
    /// A new contact from a POST body.
    pub(in crate::graph) fn from_body(body: &Map<String, Value>) -> Result<Self, Failure> {
        let mut content = Self::default();
        content.apply(body)?;
        Ok(content)
    }

    /// Applies a body: absent keeps, null clears a scalar, an empty list clears a list, addresses are whole.
    pub(in crate::graph) fn apply(&mut self, body: &Map<String, Value>) -> Result<(), Failure> {
        let slot = body
            .keys()
            .find(|name| matches!(field(name), Some((_, Kind::Slot(_)))));
        if let Some(slot) = slot.filter(|_| body.contains_key("emailAddresses")) {
            return Err(Failure::invalid(format!(
                "emailAddresses and {slot} cannot be written together."
            )));
        }
        let mut named = false;
        for (name, value) in body {
            let Some((name, kind)) = field(name) else {
                if name.contains('@') {
                    continue;
                }
                return Err(Failure::body(format!(
                    "The property '{name}' does not exist on type 'microsoft.graph.contact'. Make sure to only \
                     use property names that are defined by the type or mark the type as open type."
                )));
            };
            named |=
                kind != Kind::Extended && !matches!(name, "displayName" | "fileAs") && !name.starts_with('@');
            self.set(name, kind, value)?;
        }
        if named {
            self.derive_names(body);
        }
        Ok(())
    }

    /// Exchange makes these two anew at each write that does not carry them.
    fn derive_names(&mut self, body: &Map<String, Value>) {
        let part = |name: &str| {
            self.texts
                .get(name)
                .map(String::as_str)
                .filter(|text| !text.is_empty())
        };
        let join = |names: &[&str]| {
            names
                .iter()
                .filter_map(|name| part(name))
                .collect::<Vec<_>>()
                .join(" ")
        };
        let company = || part("companyName").map(str::to_owned);
        let email = || {
            self.emails
                .iter()
                .flatten()
                .next()
                .and_then(|email| email.address.clone())
        };
        let full = Some(join(&["givenName", "middleName", "surname"])).filter(|name| !name.is_empty());
        let given = Some(join(&["givenName", "middleName"])).filter(|name| !name.is_empty());
        let filed = match (part("surname"), given) {
            (Some(surname), Some(given)) => Some(format!("{surname}, {given}")),
            (Some(surname), None) => Some(surname.to_owned()),
            (None, given) => given,
        };
        let display = full.or_else(company).or_else(email);
        let filed = filed.or_else(company).or_else(email);
        for (name, value) in [("displayName", display), ("fileAs", filed)] {
            if let Some(value) = value.filter(|_| !body.contains_key(name)) {
                self.texts.insert(name, value);
            }
        }
    }

    fn set(&mut self, name: &'static str, kind: Kind, value: &Value) -> Result<(), Failure> {
        match kind {
            Kind::Text | Kind::Notes => {
                let limit = if kind == Kind::Text { MAX_TEXT } else { usize::MAX };
                match opt_text(name, value, limit)? {
                    Some(text) => self.texts.insert(name, text),
                    None => self.texts.remove(name),
                };
            }
            Kind::Texts(max) => {
                let mut list = Vec::new();
                for entry in entries(name, value, max)? {
                    list.extend(opt_text(name, entry, MAX_TEXT)?);
                }
                if list.is_empty() {
                    self.lists.remove(name);
                } else {
                    self.lists.insert(name, list);
                }
            }
            Kind::Address => self.set_address(name, value)?,
            Kind::Emails => {
                let mut slots = [None, None, None];
                for (slot, entry) in slots.iter_mut().zip(entries(name, value, 3)?) {
                    *slot = email(entry)?;
                }
                self.emails = slots;
            }
            Kind::Slot(index) => {
                self.emails[index] = if value.is_null() { None } else { email(value)? };
            }
            Kind::Birthday => self.birthday = birthday(value)?,
            Kind::Extended => extended::read(value, &mut self.extended)?,
            Kind::ReadOnly if name.starts_with('@') => {}
            Kind::ReadOnly => {
                return Err(Failure::new(
                    400,
                    "ErrorInvalidPropertySet",
                    format!("The property '{name}' is read-only and cannot be set."),
                ));
            }
        }
        Ok(())
    }

    fn set_address(&mut self, name: &'static str, value: &Value) -> Result<(), Failure> {
        let object = match value {
            Value::Object(object) => object,
            // Seen with the real service: a null address is not refused, it breaks the request.
            Value::Null => {
                return Err(Failure::new(
                    500,
                    "ErrorInternalServerError",
                    "An internal server error occurred.",
                ));
            }
            _ => return Err(wrong_type(name, "microsoft.graph.physicalAddress")),
        };
        let mut address = BTreeMap::new();
        for (member, value) in object {
            let Some(member) = ADDRESS.iter().find(|known| *known == member) else {
                if member.contains('@') {
                    continue;
                }
                return Err(Failure::body(format!(
                    "The property '{member}' does not exist on type 'microsoft.graph.physicalAddress'."
                )));
            };
            if let Some(text) = opt_text(member, value, MAX_TEXT)? {
                address.insert(*member, text);
            }
        }
        if address.is_empty() {
            self.addresses.remove(name);
        } else {
            self.addresses.insert(name, address);
        }
        Ok(())
    }
}

fn wrong_type(name: &str, wanted: &str) -> Failure {
    Failure::body(format!(
        "Cannot read the value of the property '{name}': expected type '{wanted}'."
    ))
}

/// Control characters go, and an empty string is no value.
fn opt_text(name: &str, value: &Value, limit: usize) -> Result<Option<String>, Failure> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text,
        _ => return Err(wrong_type(name, "Edm.String")),
    };
    let clean: String = text
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'))
        .collect();
    if clean.encode_utf16().count() > limit {
        return Err(Failure::invalid(format!(
            "The length of the property '{name}' exceeds the maximum of {limit}."
        )));
    }
    Ok(Some(clean).filter(|text| !text.is_empty()))
}

fn entries<'a>(name: &str, value: &'a Value, max: usize) -> Result<&'a [Value], Failure> {
    let Value::Array(entries) = value else {
        return Err(match value {
            Value::Null => Failure::body(format!(
                "A null value was found for the property named '{name}', which has the expected type \
                 'Collection'. The expected type does not allow null values."
            )),
            _ => wrong_type(name, "Collection"),
        });
    };
    if entries.len() > max {
        let shown = name[..1].to_uppercase() + &name[1..];
        return Err(Failure::invalid(format!(
            "The multi value property {shown} has {} entries, that exceeds the max allowed value of {max}",
            entries.len()
        )));
    }
    Ok(entries)
}

fn email(value: &Value) -> Result<Option<Email>, Failure> {
    let Value::Object(object) = value else {
        return Err(wrong_type("emailAddresses", "microsoft.graph.emailAddress"));
    };
    if let Some(name) = object
        .keys()
        .find(|name| !matches!(name.as_str(), "name" | "address") && !name.contains('@'))
    {
        return Err(Failure::body(format!(
            "The property '{name}' does not exist on type 'microsoft.graph.emailAddress'."
        )));
    }
    let read = |name: &str| {
        object
            .get(name)
            .map_or(Ok(None), |value| opt_text(name, value, MAX_TEXT))
    };
    let (name, address) = (read("name")?, read("address")?);
    Ok(match address {
        Some(address) if is_smtp(&address) => Some(Email {
            name: Some(name.unwrap_or_else(|| address.clone())),
            address: Some(address),
        }),
        Some(other) => Some(Email {
            name: Some(other),
            address: None,
        }),
        None => name.map(|name| Email {
            name: Some(name),
            address: None,
        }),
    })
}

/// A plain SMTP address and nothing around it.
fn is_smtp(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let odd = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '<' | '>' | '(' | ')' | '@' | '"' | ':');
    !local.is_empty()
        && !domain.is_empty()
        && !text.contains(odd_except_first_at(odd))
        && !domain.starts_with('.')
        && !domain.ends_with('.')
}

/// The one `@` between the parts is fine, a second one is not.
fn odd_except_first_at(odd: impl Fn(char) -> bool) -> impl FnMut(char) -> bool {
    let mut seen = false;
    move |c| {
        if c == '@' && !seen {
            seen = true;
            return false;
        }
        odd(c)
    }
}

/// A bare date, or an instant whose UTC date counts: local midnight sent as an instant is a day off.
fn birthday(value: &Value) -> Result<Option<Date>, Failure> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text,
        _ => return Err(wrong_type("birthday", "Edm.DateTimeOffset")),
    };
    let date = if text.len() == 10 {
        text.parse::<Date>().ok()
    } else {
        text.parse::<Timestamp>()
            .ok()
            .map(|at| at.to_zoned(TimeZone::UTC).date())
    };
    date.map(Some)
        .ok_or_else(|| wrong_type("birthday", "Edm.DateTimeOffset"))
}

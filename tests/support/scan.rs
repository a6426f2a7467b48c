//! Looking for what must not stand anywhere: secrets, and what is known of people.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

/// Members of worlds and edits whose texts are about people.
const ABOUT_PEOPLE: [&str; 15] = [
    "fields",
    "account",
    "contact",
    "contacts",
    "set",
    "firstName",
    "lastName",
    "displayName",
    "givenName",
    "surname",
    "userPrincipalName",
    "mail",
    "email",
    "proxyAddresses",
    "crmUser",
];

/// Members of contacts, as the emulated services show them, that hold a person's texts.
const OF_CONTACTS: [&str; 39] = [
    "First_Name",
    "Last_Name",
    "Full_Name",
    "Title",
    "Department",
    "Assistant",
    "Email",
    "Secondary_Email",
    "Phone",
    "Mobile",
    "Home_Phone",
    "Other_Phone",
    "Mailing_Street",
    "Mailing_City",
    "Mailing_Zip",
    "Other_Street",
    "Other_City",
    "Other_Zip",
    "Description",
    "givenName",
    "middleName",
    "surname",
    "nickName",
    "displayName",
    "fileAs",
    "companyName",
    "jobTitle",
    "department",
    "assistantName",
    "mobilePhone",
    "businessPhones",
    "homePhones",
    "imAddresses",
    "personalNotes",
    "street",
    "city",
    "postalCode",
    "name",
    "address",
];

/// Shorter texts stand in binary files by chance.
const SHORTEST: usize = 5;

/// Adds the texts about people in a world or an edit.
pub(super) fn texts_of_people(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| texts_of_people(item, into)),
        Value::Object(members) => {
            for (name, member) in members {
                // A contact by its id is none of a person's texts.
                if ABOUT_PEOPLE.contains(&name.as_str()) && !(name == "contact" && member.is_string()) {
                    texts(member, into);
                }
                texts_of_people(member, into);
            }
        }
        _ => {}
    }
}

/// Adds the values that the contacts of the emulated CRM or of the mailboxes have, whoever wrote them.
pub(super) fn values_of_contacts(state: &Value, into: &mut BTreeSet<String>) {
    match state {
        Value::Array(items) => items.iter().for_each(|item| values_of_contacts(item, into)),
        Value::Object(members) => {
            // Folders have a displayName too.
            let of_a_contact = ["surname", "Last_Name"]
                .iter()
                .any(|name| members.contains_key(*name));
            for (name, member) in members {
                if of_a_contact && OF_CONTACTS.contains(&name.as_str()) {
                    texts(member, into);
                } else if of_a_contact && member.is_object() {
                    parts(member, into);
                } else if of_a_contact && name == "emailAddresses" {
                    each(member).for_each(|address| parts(address, into));
                } else {
                    values_of_contacts(member, into);
                }
            }
        }
        _ => {}
    }
}

/// The parts of an address, or the name of an account.
fn parts(value: &Value, into: &mut BTreeSet<String>) {
    let members = value.as_object().into_iter().flatten();
    members
        .filter(|(name, _)| OF_CONTACTS.contains(&name.as_str()))
        .for_each(|(_, member)| texts(member, into));
}

fn each(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn texts(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            let odd = |text: &str| {
                text.chars().count() >= SHORTEST && !text.bytes().all(|byte| byte.is_ascii_digit())
            };
            let lines = text.lines().filter(|line| odd(line));
            into.extend(lines.clone().map(str::to_owned));
            // As a path or a query has it.
            into.extend(
                lines
                    .filter(|line| line.contains('@'))
                    .map(|line| line.replace('@', "%40")),
            );
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, into)),
        // Ids and times are no secrets.
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| {
                !["id", "owner", "createdTime", "modifiedTime", "source"].contains(&name.as_str())
            })
            .for_each(|(_, member)| texts(member, into)),
        _ => {}
    }
}

/// The places in which something forbidden stands as a word of its own.
pub(super) fn found_in(place: &str, text: &str, forbidden: &BTreeSet<String>) -> Vec<String> {
    let part_of_a_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let holds = |wanted: &&String| {
        // Files are large and texts are many: this is the quick way to see that nothing is there.
        text.contains(wanted.as_str())
            && text.match_indices(wanted.as_str()).any(|(at, _)| {
                let after = text[at + wanted.len()..].chars().next();
                !part_of_a_word(text[..at].chars().next_back()) && !part_of_a_word(after)
            })
    };
    forbidden
        .iter()
        .filter(holds)
        .map(|wanted| format!("{place} holds {wanted:?}"))
        .collect()
}

/// The same for every file under a folder.
pub(super) fn found_under(folder: &Path, forbidden: &BTreeSet<String>) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(found_under(&path, forbidden));
        } else {
            let bytes = fs::read(&path).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            found.extend(found_in(&path.display().to_string(), &text, forbidden));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_known_of_people_is_found_as_a_word() {
        let mut forbidden = BTreeSet::new();
        let world = json!({ "crm": [{ "contacts": [{ "id": "4000000000000000001", "fields": { "Last_Name": "Quorn", "Phone": "+1 2 345" } }] }] });
        texts_of_people(&world, &mut forbidden);
        assert_eq!(forbidden.len(), 2, "{forbidden:?}");
        assert_eq!(found_in("a log", "saw (Quorn)", &forbidden).len(), 1);
        assert_eq!(
            found_in("a log", "called +1 2 345 and Quorn", &forbidden).len(),
            2
        );
        assert!(found_in("a log", "Quornshire 4000000000000000001", &forbidden).is_empty());
    }

    #[test]
    fn what_either_service_holds_is_known() {
        let mut forbidden = BTreeSet::new();
        let of_outlook = json!({ "displayName": "Zoho CRM Contacts", "contacts": [{
            "surname": "Quorn", "businessPhones": ["+1 2 345"], "emailAddresses": [{ "address": "quorn@x.example", "name": "The Quorn" }],
            "businessAddress": { "city": "Quornburgh" }, "personalNotes": "Likes mushrooms.", "changeKey": "abcdefgh",
        }] });
        let of_the_crm = json!({ "contacts": [{ "Last_Name": "Quorn", "Description": "Eats meat.", "Account_Name": { "id": "12345", "name": "Quorn Ltd" } }] });
        values_of_contacts(&of_outlook, &mut forbidden);
        values_of_contacts(&of_the_crm, &mut forbidden);
        let known: Vec<&str> = forbidden.iter().map(String::as_str).collect();
        let expected = [
            "+1 2 345",
            "Eats meat.",
            "Likes mushrooms.",
            "Quorn",
            "Quorn Ltd",
            "Quornburgh",
            "The Quorn",
            "quorn%40x.example",
            "quorn@x.example",
        ];
        assert_eq!(known, expected);
    }

    #[test]
    fn files_are_looked_through() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("store"), b"\x00\xffQuorn\x01").unwrap();
        let forbidden = BTreeSet::from(["Quorn".to_owned()]);
        assert_eq!(found_under(folder.path(), &forbidden).len(), 1);
    }
}

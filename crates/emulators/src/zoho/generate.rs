//! Many contacts at once, for first syncs of full size: the same seed gives the same people.

use ambient::{Random, SeededRandom};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::ids::Ids;
use super::records::store::Contact;
use super::shape::whole_seconds;
use super::state::Org;
use super::strict::Members;
use super::world::entry;
use crate::core::service::Refused;

const FIRST: [&str; 24] = [
    "Ada",
    "Björn",
    "Chiara",
    "Dieter",
    "Elif",
    "Fatima",
    "Giulia",
    "Hugo",
    "Ines",
    "Jonas",
    "Katarzyna",
    "Léa",
    "Mehmet",
    "Noémie",
    "Olaf",
    "Priya",
    "Quentin",
    "Rosa",
    "Søren",
    "Tomáš",
    "Ulrike",
    "Víctor",
    "Wei",
    "Zoë",
];
const LAST: [&str; 24] = [
    "Abel",
    "Bianchi",
    "Çelik",
    "Dubois",
    "Eriksen",
    "Fischer",
    "García",
    "Horváth",
    "Ivanova",
    "Jansen",
    "Kowalski",
    "Lindqvist",
    "Müller",
    "Nowak",
    "O'Brien",
    "Petrov",
    "Quist",
    "Rossi",
    "Sánchez",
    "Tanaka",
    "Ünal",
    "van Dijk",
    "Weiß",
    "Zhang",
];
const CITIES: [(&str, &str, &str); 6] = [
    ("Berlin", "10115", "Germany"),
    ("Lyon", "69001", "France"),
    ("Leeds", "LS1 4AP", "United Kingdom"),
    ("Austin", "73301", "United States"),
    ("Chennai", "600001", "India"),
    ("Århus", "8000", "Denmark"),
];
const TITLES: [&str; 6] = [
    "Buyer",
    "Head of Sales",
    "Engineer",
    "Accountant",
    "Managing Director",
    "Office Manager",
];
const DOMAINS: [&str; 4] = ["example.com", "example.org", "example.net", "mail.example"];

/// Adds `count` contacts of one owner, of which `imported` came by import, spread evenly.
pub(super) fn contacts(
    org: &mut Org,
    ids: &mut Ids,
    now: Timestamp,
    item: &Value,
    at: &str,
) -> Result<(), Refused> {
    let members = Members::of(item, at, &["owner", "count", "imported", "createdTime", "seed"])?;
    let owner = members.text("owner")?;
    let owner = org
        .user_by_email(owner)
        .ok_or_else(|| members.refuse("owner", "is no user of the organisation"))?
        .id;
    let count = members
        .number("count")?
        .ok_or_else(|| members.refuse("count", "is required"))?;
    let imported = members.number("imported")?.unwrap_or(0);
    if imported > count {
        return Err(members.refuse("imported", "is more than count"));
    }
    let start = members.instant("createdTime", now)?.unwrap_or_else(|| {
        now.checked_sub(SignedDuration::from_hours(24 * 60))
            .unwrap_or(now)
    });
    let random = SeededRandom::new(members.number("seed")?.unwrap_or(1));
    for index in 0..count {
        // Four to a second, so that neighbours share their Modified_Time.
        let offset = SignedDuration::from_secs(i64::try_from(index / 4).unwrap_or(0));
        let created = whole_seconds(start.checked_add(offset).unwrap_or(start));
        // The share of imported records below this index grows by one here.
        let by_import = (index + 1) * imported / count > index * imported / count;
        let source = if by_import { "import" } else { "crm_ui" };
        let id = ids.next();
        let timeline = vec![entry(ids, owner, "added", source, created)];
        org.contacts.put(Contact {
            id,
            owner,
            created,
            modified: created,
            created_by: owner,
            modified_by: owner,
            source: source.to_owned(),
            account: None,
            locked: false,
            fields: person(&random, index),
            timeline,
        });
    }
    Ok(())
}

fn pick<'a, T>(random: &SeededRandom, choices: &'a [T]) -> &'a T {
    let index = random.next_u64() % choices.len() as u64;
    &choices[usize::try_from(index).unwrap_or(0)]
}

fn person(random: &SeededRandom, index: u64) -> std::collections::BTreeMap<String, Value> {
    let (first, last) = (pick(random, &FIRST), pick(random, &LAST));
    let (city, zip, country) = pick(random, &CITIES);
    let number = random.next_u64() % 10_000;
    let ascii = |name: &str| {
        name.to_lowercase()
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect::<String>()
    };
    let mut fields = vec![
        ("First_Name", json!(first)),
        ("Last_Name", json!(last)),
        (
            "Email",
            json!(format!(
                "{}.{}{index}@{}",
                ascii(first),
                ascii(last),
                pick(random, &DOMAINS)
            )),
        ),
        ("Title", json!(pick(random, &TITLES))),
    ];
    // Not every contact has everything: empty fields are what mappings trip over.
    if !number.is_multiple_of(4) {
        fields.push(("Phone", json!(format!("+1 512 555 01{:02}", number % 100))));
    }
    if number.is_multiple_of(3) {
        fields.push(("Mobile", json!(format!("+44 7700 900{:03}", number % 1_000))));
    }
    if !number.is_multiple_of(5) {
        fields.push((
            "Mailing_Street",
            json!(format!("{} Example Street", 1 + number % 200)),
        ));
        fields.push(("Mailing_City", json!(city)));
        fields.push(("Mailing_Zip", json!(zip)));
        fields.push(("Mailing_Country", json!(country)));
    }
    if number.is_multiple_of(7) {
        fields.push((
            "Description",
            json!(format!("Met at the fair.\nCard number {number}.")),
        ));
    }
    if number.is_multiple_of(11) {
        fields.push((
            "Date_of_Birth",
            json!(format!(
                "19{:02}-{:02}-{:02}",
                50 + number % 50,
                1 + number % 12,
                1 + number % 28
            )),
        ));
    }
    fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

//! What people do on both sides while the operator runs: staff in the CRM's own user interface, mailbox owners in
//! Outlook.

use emulators::Control;
use serde_json::{Value, json};

use super::end_state::{each, mailbox, ours};
use crate::error::Result;

const ANA: &str = "ana@alpenglow.example";
const BEN: &str = "ben@alpenglow.example";
const MIRA: &str = "mira@alpenglow.example";

/// Where somebody works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Crm,
    Outlook,
}

/// Makes all edits, telling each.
pub(crate) async fn make(control: &Control) -> Result<()> {
    for (at, told, mut action) in edits() {
        let (service, place) = match at {
            At::Crm => ("zoho", "CRM:    "),
            At::Outlook => ("graph", "Outlook:"),
        };
        if at == At::Outlook && action["contact"].is_string() {
            let office = control.state("graph").await?;
            action["contact"] = copy(&office, &action["user"], &action["contact"]);
        }
        control.edit(service, &action).await?;
        println!("  {place} {told}");
    }
    Ok(())
}

/// The id of the copy of a record in a mailbox.
fn copy(office: &Value, user: &Value, record: &Value) -> Value {
    let (user, record) = (
        user.as_str().unwrap_or_default(),
        record.as_str().unwrap_or_default(),
    );
    let copy = mailbox(office, user)
        .filter(|folder| ours(folder))
        .flat_map(|folder| each(folder, "contacts"))
        .find(|contact| {
            contact["marker"]
                .as_str()
                .is_some_and(|marker| marker.ends_with(record))
        });
    copy.map_or(Value::Null, |copy| copy["id"].clone())
}

/// Mira changes her mind about the folder on her phone.
pub(crate) async fn delete_folder(control: &Control) -> Result<()> {
    let action = json!({ "do": "delete_folder", "user": MIRA, "folder": "Zoho CRM Contacts" });
    control.edit("graph", &action).await?;
    Ok(())
}

/// A contact in Outlook is named by its record.
fn edits() -> [(At, &'static str, Value); 10] {
    [
        (
            At::Crm,
            "Ana corrects the phone number of Léa Dubois and clears the mobile number",
            json!({
                "do": "update_contact", "by": ANA, "id": "4000000000000001001",
                "fields": { "Phone": "+41 31 555 01 99", "Mobile": null },
            }),
        ),
        (
            At::Outlook,
            "Ana adds the birthday of Søren Lindqvist",
            json!({
                "do": "update_contact", "user": ANA, "contact": "4000000000000001002",
                "set": { "birthday": "1979-11-02T11:59:00Z" },
            }),
        ),
        (
            At::Outlook,
            "Ana makes a contact, Bruno Keller: it becomes a record of hers",
            json!({
                "do": "create_contact", "user": ANA, "folder": "Zoho CRM Contacts",
                "contact": {
                    "givenName": "Bruno", "surname": "Keller", "mobilePhone": "+41 79 555 01 20",
                    "emailAddresses": [{ "address": "bruno@keller.example", "name": "Bruno Keller" }],
                },
            }),
        ),
        (
            At::Crm,
            "Ben adds Zoë Petrov",
            json!({
                "do": "create_contact", "by": BEN, "owner": BEN, "account": "Nordwand Reisen",
                "fields": { "First_Name": "Zoë", "Last_Name": "Petrov", "Email": "zoe@nordwand.example", "Branch": "Zürich" },
            }),
        ),
        (
            At::Outlook,
            "Ben gives Hugo Jansen another title,",
            json!({ "do": "update_contact", "user": BEN, "contact": "4000000000000002002", "set": { "jobTitle": "Buyer" } }),
        ),
        (
            At::Crm,
            "and a colleague yet another one: a conflict, which the CRM wins",
            json!({
                "do": "update_contact", "by": ANA, "id": "4000000000000002002", "fields": { "Title": "Head of Purchasing" },
            }),
        ),
        (
            At::Crm,
            "Ana deletes Priya Raman",
            json!({ "do": "delete_contact", "by": ANA, "id": "4000000000000001003" }),
        ),
        (
            At::Crm,
            "Ana hands Tomáš Novák over to Ben",
            json!({ "do": "transfer_contact", "by": ANA, "id": "4000000000000001004", "owner": BEN }),
        ),
        (
            At::Crm,
            "Nora updates the department of three contacts at once; the imported one among them comes along now",
            json!({
                "do": "mass_update", "by": "nora@alpenglow.example",
                "ids": ["4000000000000001002", "4000000000000001005", "4000000000000001006"],
                "fields": { "Department": "Key accounts" },
            }),
        ),
        (
            At::Crm,
            "Ana imports a list of three contacts, which must stay out",
            json!({
                "do": "import_contacts", "by": ANA, "owner": ANA,
                "contacts": [
                    { "fields": { "Last_Name": "Fair visitor 1", "Email": "one@fair.example" } },
                    { "fields": { "Last_Name": "Fair visitor 2", "Email": "two@fair.example" } },
                    { "fields": { "Last_Name": "Fair visitor 3", "Email": "three@fair.example" } },
                ],
            }),
        ),
    ]
}

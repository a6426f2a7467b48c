//! What staff do in the CRM's own user interface while the operator runs.

use emulators::Control;
use serde_json::{Value, json};

use crate::error::Result;

const ANA: &str = "ana@alpenglow.example";
const BEN: &str = "ben@alpenglow.example";

/// Makes all edits, telling each.
pub(crate) async fn make(control: &Control) -> Result<()> {
    for (told, action) in edits() {
        control.edit("zoho", &action).await?;
        println!("  - {told}");
    }
    Ok(())
}

fn edits() -> [(&'static str, Value); 6] {
    [
        (
            "Ana corrects the phone number of Léa Dubois and clears the mobile number",
            json!({
                "do": "update_contact", "by": ANA, "id": "4000000000000001001",
                "fields": { "Phone": "+41 31 555 01 99", "Mobile": null },
            }),
        ),
        (
            "Ben adds Zoë Petrov",
            json!({
                "do": "create_contact", "by": BEN, "owner": BEN, "account": "Nordwand Reisen",
                "fields": { "First_Name": "Zoë", "Last_Name": "Petrov", "Email": "zoe@nordwand.example", "Branch": "Zürich" },
            }),
        ),
        (
            "Ana deletes Priya Raman",
            json!({ "do": "delete_contact", "by": ANA, "id": "4000000000000001003" }),
        ),
        (
            "Ana hands Tomáš Novák over to Ben",
            json!({ "do": "transfer_contact", "by": ANA, "id": "4000000000000001004", "owner": BEN }),
        ),
        (
            "Nora updates the department of three contacts at once; the imported one among them comes along now",
            json!({
                "do": "mass_update", "by": "nora@alpenglow.example",
                "ids": ["4000000000000001002", "4000000000000001005", "4000000000000001006"],
                "fields": { "Department": "Key accounts" },
            }),
        ),
        (
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

//! An invented company. Every text in it is so odd that it stands nowhere by chance.

use serde_json::{Value, json};

pub(crate) const TENANT_ID: &str = "0e5f7d7a-41c5-4f0f-8a0c-5a3d7c1b9e01";
pub(crate) const CLIENT_ID: &str = "b6c1f1de-2a64-49d5-9a3e-7b0f4d2c8e02";
pub(crate) const OFFICE_SECRET: &str = "office~secret~Vq3xB71";
pub(crate) const CRM_CLIENT: &str = "1000.TESTCLIENT7";
pub(crate) const CRM_SECRET: &str = "crmsecret4d81f0aa";
pub(crate) const CRM_REFRESH: &str = "1000.refresh99c0ffee.77aa";
pub(crate) const ORGANISATION: &str = "4000000000000000101";

pub(crate) const ANA: &str = "ana@orchard.example";
pub(crate) const BEN: &str = "ben@orchard.example";
/// Administrator on both sides; the CRM client acts for her.
pub(crate) const NORA: &str = "nora@orchard.example";

/// The id of the `number`th contact.
pub(crate) fn crm_id(number: u32) -> String {
    format!("40000000000000{number:05}")
}

/// A world file.
#[derive(Debug, Clone)]
pub(crate) struct World(pub(crate) Value);

impl World {
    /// People, but no contacts.
    pub(crate) fn new() -> Self {
        Self(json!({
            "office365": [{
                "tenantId": TENANT_ID,
                "domain": "orchard.example",
                "apps": [{ "clientId": CLIENT_ID, "clientSecret": OFFICE_SECRET }],
                "users": [
                    { "userPrincipalName": NORA, "admin": true },
                    { "userPrincipalName": ANA },
                    { "userPrincipalName": BEN },
                ],
            }],
            "crm": [{
                "companyName": "Orchard Works",
                "id": ORGANISATION,
                "users": [
                    { "email": NORA, "firstName": "Nora", "lastName": "Weissenfels", "profile": "Administrator" },
                    { "email": ANA, "firstName": "Ana", "lastName": "Brandtner" },
                    { "email": BEN, "firstName": "Ben", "lastName": "Ortizeau" },
                ],
                "clients": [{
                    "clientId": CRM_CLIENT, "clientSecret": CRM_SECRET, "refreshToken": CRM_REFRESH, "user": NORA,
                }],
                "contacts": [],
            }],
        }))
    }

    /// Three contacts of Ana's.
    pub(crate) fn three() -> Self {
        Self::new()
            .fields(1, json!({ "First_Name": "Quirina", "Last_Name": "Aldersgate", "Email": "quirina@aldersgate.example" }))
            .fields(2, json!({ "First_Name": "Casimir", "Last_Name": "Wolkenstein", "Phone": "+41 31 555 21 02" }))
            .fields(3, json!({ "First_Name": "Philippa", "Last_Name": "Thornbury", "Description": "Collects barometers." }))
    }

    /// A contact of Ana's.
    pub(crate) fn fields(self, number: u32, fields: Value) -> Self {
        self.contact(json!({ "id": crm_id(number), "owner": ANA, "fields": fields }))
    }

    /// A contact as the world file has it.
    pub(crate) fn contact(self, contact: Value) -> Self {
        self.push("/crm/0/contacts", contact)
    }

    /// Adds to a list.
    pub(crate) fn push(mut self, pointer: &str, value: Value) -> Self {
        let list = self.0.pointer_mut(pointer).and_then(Value::as_array_mut);
        list.expect("a list of the world").push(value);
        self
    }

    /// Sets a member.
    pub(crate) fn set(mut self, pointer: &str, member: &str, value: Value) -> Self {
        self.0.pointer_mut(pointer).expect("a place in the world")[member] = value;
        self
    }
}

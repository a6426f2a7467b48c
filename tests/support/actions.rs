//! What people do with single contacts on either side.

use serde_json::{Value, json};

use super::case::Case;
use super::views::{FOLDER, contact_of, contacts_of};
use super::world::{CLIENT_ID, OFFICE_SECRET, TENANT_ID};

impl Case {
    /// The mailbox's owner makes a contact in the sync's folder; its id.
    pub(crate) async fn makes_contact(&self, user: &str, contact: Value) -> String {
        let action = json!({ "do": "create_contact", "user": user, "folder": FOLDER, "contact": contact });
        let made = self.office(action).await;
        made["id"].as_str().expect("an id").to_owned()
    }

    /// The mailbox's owner changes a contact.
    pub(crate) async fn edits_contact(&self, user: &str, id: &str, set: Value) {
        self.office(json!({ "do": "update_contact", "user": user, "contact": id, "set": set }))
            .await;
    }

    /// The same with the copy of a record.
    pub(crate) async fn edits_copy(&self, user: &str, crm_id: &str, set: Value) {
        let copy = self.copy_id(user, crm_id).await;
        self.edits_contact(user, &copy, set).await;
    }

    /// The mailbox's owner deletes the copy of a record.
    pub(crate) async fn deletes_copy(&self, user: &str, crm_id: &str) {
        let copy = self.copy_id(user, crm_id).await;
        self.office(json!({ "do": "delete_contact", "user": user, "contact": copy }))
            .await;
    }

    /// The id of the copy of a record.
    pub(crate) async fn copy_id(&self, user: &str, crm_id: &str) -> String {
        let mailbox = self.mailbox(user).await;
        let copy = mailbox.copy(crm_id).expect("the record has a copy");
        copy["id"].as_str().expect("an id").to_owned()
    }

    /// The app itself, from elsewhere, gives a folder another marker.
    pub(crate) async fn mark_folder(&self, user: &str, folder: &str, marker: &str) {
        let graph = &self.running.addresses().graph;
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let login = [
            ("grant_type", "client_credentials"),
            ("client_id", CLIENT_ID),
            ("client_secret", OFFICE_SECRET),
            ("scope", "https://graph.microsoft.com/.default"),
        ];
        let body: Vec<String> = login
            .iter()
            .map(|(name, value)| format!("{name}={}", value.replace(':', "%3A").replace('/', "%2F")))
            .collect();
        let answer = http
            .post(format!("{graph}/{TENANT_ID}/oauth2/v2.0/token"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.join("&"))
            .send()
            .await
            .unwrap();
        let token: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        let property = json!({ "id": msgraph::MARKER_PROPERTY, "value": marker });
        let answer = http
            .patch(format!("{graph}/v1.0/users/{user}/contactFolders/{folder}"))
            .bearer_auth(token["access_token"].as_str().expect("a token"))
            .header("content-type", "application/json")
            .header("prefer", "IdType=\"ImmutableId\"")
            .body(json!({ "singleValueExtendedProperties": [property] }).to_string())
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
    }

    /// Somebody changes a record in the CRM.
    pub(crate) async fn edits_record(&self, id: &str, fields: Value) {
        self.crm(json!({ "do": "update_contact", "id": id, "fields": fields }))
            .await;
    }

    /// Somebody deletes records in the CRM.
    pub(crate) async fn deletes_records(&self, ids: &[String]) {
        self.crm(json!({ "do": "delete_contact", "ids": ids })).await;
    }

    /// A record of the CRM, if it is there.
    pub(crate) async fn record(&self, id: &str) -> Option<Value> {
        contact_of(&self.crm_state().await, id).cloned()
    }

    /// All records with this surname.
    pub(crate) async fn records_named(&self, surname: &str) -> Vec<Value> {
        let state = self.crm_state().await;
        let named = contacts_of(&state).filter(|record| record["Last_Name"] == surname);
        named.cloned().collect()
    }

    /// The one record with this surname.
    pub(crate) async fn record_named(&self, surname: &str) -> Value {
        let mut found = self.records_named(surname).await;
        assert_eq!(found.len(), 1, "records of {surname}");
        found.remove(0)
    }
}

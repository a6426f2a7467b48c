//! The CRM's metadata.

use adapters::crm_field;
use serde_json::json;
use sync_engine::crm_field::{CrmField, CrmKind};
use zoho_crm::Module;

use crate::services::Services;

#[tokio::test]
async fn metadata_says_what_is_mandatory_unique_and_writable() {
    let services = Services::start();
    services.staff(&json!({"do": "set_field_meta", "field": "Phone", "private": "Others"}));
    services.staff(&json!({"do": "set_field_meta", "field": "Fax", "readOnly": true}));
    let fields = services.zoho.fields(Module::Contacts).await.unwrap();
    let fields: Vec<CrmField> = fields.iter().map(crm_field).collect();
    let of = |name: &str| {
        let field = fields.iter().find(|field| field.api_name == name).unwrap();
        let CrmField {
            mandatory,
            unique,
            updatable,
            private,
            ..
        } = field;
        [*mandatory, *unique, *updatable, *private]
    };
    assert_eq!(of("Last_Name"), [true, false, true, false]);
    assert_eq!(of("Office_Id"), [false, true, true, false]);
    assert_eq!(of("Phone"), [false, false, true, true]);
    assert_eq!(of("Fax"), [false, false, false, false]);
    let last_name = fields.iter().find(|field| field.api_name == "Last_Name").unwrap();
    assert_eq!((&last_name.kind, last_name.length), (&CrmKind::Text, Some(80)));
    services.finish();
}

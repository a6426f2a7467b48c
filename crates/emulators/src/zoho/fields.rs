//! Fields of the module Contacts and their metadata.

use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::answer::{Outcome, bad_request, missing_param};
use super::auth::Session;
use super::call::Call;
use super::ids::Ids;
use super::modules;
use super::state::World;

/// A field of Contacts.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent switches of the metadata"
)]
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) id: u64,
    pub(super) api_name: String,
    pub(super) label: String,
    pub(super) data_type: String,
    pub(super) length: u64,
    pub(super) mandatory: bool,
    pub(super) read_only: bool,
    pub(super) visible: bool,
    pub(super) unique: bool,
    pub(super) custom: bool,
    /// Kept back from the API by the organisation's data protection settings.
    pub(super) private: Option<String>,
    pub(super) picks: Vec<String>,
    /// Only listed values are taken.
    pub(super) restricted_picks: bool,
}

const SALUTATIONS: [&str; 5] = ["Mr.", "Mrs.", "Ms.", "Dr.", "Prof."];
const LEAD_SOURCES: [&str; 8] = [
    "Advertisement",
    "Cold Call",
    "Employee Referral",
    "External Referral",
    "Partner",
    "Public Relations",
    "Trade Show",
    "Web Research",
];
const DATA_SOURCES: [&str; 11] = [
    "Manual",
    "API",
    "Webform",
    "Import",
    "Bulk Write",
    "Migration",
    "Microsoft",
    "Microsoft Outlook",
    "Google",
    "Manual Mass Add",
    "System Generated",
];

/// Name, label, type, length. Lengths of Leads in Zoho's metadata sample where those of Contacts are not
/// published; Title, Department, Assistant and the other telephone numbers are an educated guess.
const SYSTEM: [(&str, &str, &str, u64); 48] = [
    ("Owner", "Contact Owner", "ownerlookup", 120),
    ("Salutation", "Salutation", "picklist", 120),
    ("First_Name", "First Name", "text", 40),
    ("Last_Name", "Last Name", "text", 80),
    ("Full_Name", "Full Name", "text", 80),
    ("Account_Name", "Account Name", "lookup", 100),
    ("Vendor_Name", "Vendor Name", "lookup", 120),
    ("Reporting_To", "Reporting To", "lookup", 120),
    ("Lead_Source", "Lead Source", "picklist", 120),
    ("Email", "Email", "email", 100),
    ("Secondary_Email", "Secondary Email", "email", 100),
    ("Email_Opt_Out", "Email Opt Out", "boolean", 5),
    ("Title", "Title", "text", 100),
    ("Department", "Department", "text", 50),
    ("Phone", "Phone", "phone", 30),
    ("Home_Phone", "Home Phone", "phone", 30),
    ("Other_Phone", "Other Phone", "phone", 30),
    ("Mobile", "Mobile", "phone", 30),
    ("Fax", "Fax", "phone", 30),
    ("Assistant", "Assistant", "text", 60),
    ("Asst_Phone", "Asst Phone", "phone", 30),
    ("Date_of_Birth", "Date of Birth", "date", 20),
    ("Skype_ID", "Skype ID", "text", 50),
    ("Twitter", "Twitter", "text", 50),
    ("Mailing_Street", "Mailing Street", "text", 250),
    ("Mailing_City", "Mailing City", "text", 100),
    ("Mailing_State", "Mailing State", "text", 100),
    ("Mailing_Zip", "Mailing Zip", "text", 30),
    ("Mailing_Country", "Mailing Country", "text", 100),
    ("Other_Street", "Other Street", "text", 250),
    ("Other_City", "Other City", "text", 100),
    ("Other_State", "Other State", "text", 100),
    ("Other_Zip", "Other Zip", "text", 30),
    ("Other_Country", "Other Country", "text", 100),
    ("Description", "Description", "textarea", 32_000),
    ("Tag", "Tag", "text", 2_000),
    ("Record_Image", "Contact Image", "profileimage", 255),
    ("Created_By", "Created By", "ownerlookup", 120),
    ("Modified_By", "Modified By", "ownerlookup", 120),
    ("Created_Time", "Created Time", "datetime", 120),
    ("Modified_Time", "Modified Time", "datetime", 120),
    ("Last_Activity_Time", "Last Activity Time", "datetime", 120),
    ("Change_Log_Time__s", "Change Log Time", "datetime", 120),
    ("Locked__s", "Locked", "boolean", 5),
    ("Record_Status__s", "Record Status", "picklist", 120),
    ("Unsubscribed_Mode", "Unsubscribed Mode", "picklist", 120),
    ("Unsubscribed_Time", "Unsubscribed Time", "datetime", 120),
    ("id", "Record Id", "bigint", 20),
];

/// System fields that nobody can write. `Tag` and the image have calls of their own.
const READ_ONLY: [&str; 14] = [
    "Full_Name",
    "Tag",
    "Record_Image",
    "Created_By",
    "Modified_By",
    "Created_Time",
    "Modified_Time",
    "Last_Activity_Time",
    "Change_Log_Time__s",
    "Locked__s",
    "Record_Status__s",
    "Unsubscribed_Mode",
    "Unsubscribed_Time",
    "id",
];

impl Field {
    pub(super) fn system(ids: &mut Ids, privacy: bool) -> Vec<Self> {
        let mut fields: Vec<Self> = SYSTEM
            .iter()
            .map(|(name, label, data_type, length)| {
                let picks: &[&str] = match *name {
                    "Salutation" => &SALUTATIONS,
                    "Lead_Source" => &LEAD_SOURCES,
                    _ => &[],
                };
                Self {
                    id: ids.next(),
                    mandatory: *name == "Last_Name",
                    read_only: READ_ONLY.contains(name),
                    custom: false,
                    picks: picks.iter().map(ToString::to_string).collect(),
                    ..Self::custom(0, name, label, data_type, *length)
                }
            })
            .collect();
        if privacy {
            fields.push(Self::data_source(ids));
        }
        fields
    }

    /// Exists only while the organisation's privacy settings are on.
    pub(super) fn data_source(ids: &mut Ids) -> Self {
        Self {
            read_only: true,
            custom: false,
            picks: DATA_SOURCES.iter().map(ToString::to_string).collect(),
            ..Self::custom(ids.next(), "Data_Source", "Data Source", "picklist", 120)
        }
    }

    pub(super) fn custom(id: u64, api_name: &str, label: &str, data_type: &str, length: u64) -> Self {
        Self {
            id,
            api_name: api_name.to_owned(),
            label: label.to_owned(),
            data_type: data_type.to_owned(),
            length,
            mandatory: false,
            read_only: false,
            visible: true,
            unique: false,
            custom: true,
            private: None,
            picks: Vec::new(),
            restricted_picks: false,
        }
    }

    /// The longest kind of text area.
    pub(super) fn is_rich_text(&self) -> bool {
        self.data_type == "textarea" && self.length > 32_000
    }

    fn json_type(&self) -> &'static str {
        match self.data_type.as_str() {
            "ownerlookup" | "lookup" => "jsonobject",
            "boolean" => "boolean",
            "integer" => "integer",
            "multiselectpicklist" => "jsonarray",
            _ if self.api_name == "Tag" => "jsonarray",
            _ => "string",
        }
    }

    pub(super) fn metadata(&self) -> Value {
        let writable = !self.read_only;
        let mut row = Map::new();
        let mut put = |name: &str, value: Value| row.insert(name.to_owned(), value);
        put("id", json!(self.id.to_string()));
        put("api_name", json!(self.api_name));
        put("field_label", json!(self.label));
        put("display_label", json!(self.label));
        put("data_type", json!(self.data_type));
        put("json_type", json!(self.json_type()));
        put("length", json!(self.length));
        put("decimal_place", Value::Null);
        put("system_mandatory", json!(self.mandatory));
        put("read_only", json!(self.read_only && !self.custom));
        put("field_read_only", json!(self.read_only));
        put("visible", json!(self.visible));
        put("custom_field", json!(self.custom));
        put("virtual_field", json!(false));
        put("filterable", json!(self.data_type != "textarea"));
        put("sortable", json!(self.data_type != "textarea"));
        put("searchable", json!(true));
        put("type", json!("used"));
        put(
            "unique",
            if self.unique {
                json!({"case_sensitive": false})
            } else {
                json!({})
            },
        );
        put("external", Value::Null);
        put(
            "private",
            self.private.as_ref().map_or(
                Value::Null,
                |kind| json!({"restricted": true, "type": kind, "export": false}),
            ),
        );
        put(
            "operation_type",
            json!({
                "web_update": writable, "api_create": writable, "web_create": writable, "api_update": writable,
            }),
        );
        put(
            "view_type",
            json!({"view": self.visible, "edit": writable, "quick_create": self.mandatory, "create": writable}),
        );
        if self.data_type == "textarea" {
            put(
                "textarea",
                json!({"type": match self.length {
                    ..=2_000 => "small",
                    2_001..=32_000 => "large",
                    _ => "rich_text",
                }}),
            );
        }
        if self.data_type == "lookup" {
            let module = match self.api_name.as_str() {
                "Account_Name" => "Accounts",
                "Vendor_Name" => "Vendors",
                _ => "Contacts",
            };
            put("lookup", json!({"module": {"api_name": module}}));
        }
        put("pick_list_values", self.picks());
        Value::Object(row)
    }

    fn picks(&self) -> Value {
        let values = self.picks.iter().enumerate().map(|(index, value)| {
            json!({
                "id": (self.id + 1 + u64::try_from(index).unwrap_or_default()).to_string(),
                // Labels follow the organisation's language; only the actual value may be written.
                "display_value": if value == "Microsoft" { "Office 365" } else { value },
                "actual_value": value,
                "type": "used",
            })
        });
        Value::Array(values.collect())
    }
}

/// `GET /settings/fields?module=..`
pub(super) fn list(world: &World, session: &Session, call: &Call) -> Outcome {
    if let Some(fields) = call.param("module").and_then(modules::fields) {
        return Ok(Answer::ok(json!({"fields": fields})));
    }
    module(call)?;
    let fields: Vec<Value> = world.orgs[session.org]
        .fields
        .iter()
        .filter(|field| field.api_name != "id")
        .map(Field::metadata)
        .collect();
    Ok(Answer::ok(json!({"fields": fields})))
}

/// `GET /settings/fields/{id}?module=Contacts`
pub(super) fn one(world: &World, session: &Session, call: &Call, id: &str) -> Outcome {
    module(call)?;
    world.orgs[session.org]
        .fields
        .iter()
        .find(|field| field.id.to_string() == id)
        .map(|field| Answer::ok(json!({"fields": [field.metadata()]})))
        .ok_or_else(|| super::answer::invalid_path(2))
}

fn module(call: &Call) -> Result<(), Answer> {
    match call.param("module") {
        Some("Contacts") => Ok(()),
        Some(_) => Err(bad_request(
            "INVALID_MODULE",
            "the module name given seems to be invalid",
            json!({"param_name": "module"}),
        )),
        None => Err(missing_param("module")),
    }
}

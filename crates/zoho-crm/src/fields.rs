//! Field metadata (`research/zoho.md` §7, "Metadata").

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::call::Call;
use crate::client::Zoho;
use crate::error::Error;
use crate::module::Module;

open_enum! {
    /// Type of a field.
    DataType {
        /// One line.
        Text = "text",
        /// Several lines.
        TextArea = "textarea",
        /// E-mail address.
        Email = "email",
        /// Telephone number.
        Phone = "phone",
        /// Address of a page.
        Website = "website",
        /// Day.
        Date = "date",
        /// Instant.
        DateTime = "datetime",
        /// Yes or no.
        Boolean = "boolean",
        /// One of a list.
        PickList = "picklist",
        /// Several of a list.
        MultiSelectPickList = "multiselectpicklist",
        /// Another record.
        Lookup = "lookup",
        /// The owner.
        OwnerLookup = "ownerlookup",
        /// Another user.
        UserLookup = "userlookup",
        /// Whole number.
        Integer = "integer",
        /// Large whole number.
        BigInt = "bigint",
        /// Number with a fraction.
        Double = "double",
        /// Amount of money.
        Currency = "currency",
        /// Numbered by Zoho.
        AutoNumber = "autonumber",
        /// Computed.
        Formula = "formula",
        /// Name and surname in one.
        FullName = "fullname",
        /// Picture.
        ProfileImage = "profileimage",
    }
}

open_enum! {
    /// JSON type of a field's values.
    JsonType {
        /// Text.
        String = "string",
        /// Number without a fraction.
        Integer = "integer",
        /// Number with a fraction.
        Double = "double",
        /// True or false.
        Boolean = "boolean",
        /// An object, as lookups are.
        Object = "jsonobject",
        /// A list.
        Array = "jsonarray",
    }
}

/// What the API and the pages may do with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "four independent answers of the server"
)]
pub struct OperationTypes {
    /// Set by an insert.
    #[serde(default)]
    pub api_create: bool,
    /// Set by an update.
    #[serde(default)]
    pub api_update: bool,
    /// Set when made by a person.
    #[serde(default)]
    pub web_create: bool,
    /// Changed by a person.
    #[serde(default)]
    pub web_update: bool,
}

/// One value of a pick list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PickListValue {
    /// What people see.
    #[serde(default)]
    pub display_value: String,
    /// What is written.
    pub actual_value: String,
}

/// That a field's values are unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unique {
    /// Whether case counts.
    pub case_sensitive: bool,
}

/// That a field holds personal data under restrictions: it may come back null over the API, so null says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Privacy {
    /// Whether the API is cut off from it.
    pub restricted: bool,
    /// How sensitive.
    pub kind: Option<String>,
}

/// A field of a module.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "independent answers of the server")]
pub struct Field {
    /// The name in bodies and queries; case counts.
    pub api_name: String,
    /// Its type.
    pub data_type: DataType,
    /// The JSON type of its values.
    #[serde(default)]
    pub json_type: Option<JsonType>,
    /// The longest text.
    #[serde(default)]
    pub length: Option<u32>,
    /// Must be set by every insert. Mandatory by layout does not show here.
    #[serde(default)]
    pub system_mandatory: bool,
    /// Never written.
    #[serde(default)]
    pub read_only: bool,
    /// Not written by the token's user.
    #[serde(default)]
    pub field_read_only: bool,
    /// Shown to the token's user.
    #[serde(default = "yes")]
    pub visible: bool,
    /// Made by the organisation; can be renamed by it.
    #[serde(default)]
    pub custom_field: bool,
    /// What the API may do with it.
    #[serde(default)]
    pub operation_type: OperationTypes,
    /// Set where values are unique.
    #[serde(default, deserialize_with = "unique")]
    pub unique: Option<Unique>,
    /// Set where the field is marked as personal.
    #[serde(default, deserialize_with = "private")]
    pub private: Option<Privacy>,
    /// The values of a pick list.
    #[serde(default)]
    pub pick_list_values: Vec<PickListValue>,
}

impl Field {
    /// Whether an update through the API can set it.
    #[must_use]
    pub fn is_updatable(&self) -> bool {
        self.visible && !self.read_only && !self.field_read_only && self.operation_type.api_update
    }

    /// Whether null from the API means that the value is empty.
    #[must_use]
    pub fn null_means_empty(&self) -> bool {
        self.private.is_none()
    }
}

#[derive(Deserialize)]
struct Body {
    fields: Vec<Field>,
}

impl Zoho {
    /// The fields of a module that the token's user can see.
    ///
    /// # Errors
    /// Whatever the call says.
    pub async fn fields(&self, module: Module) -> Result<Vec<Field>, Error> {
        let call = Call::get("GET /settings/fields", "/settings/fields").query("module", module.api_name());
        Ok(self
            .send(&call)
            .await?
            .json::<Body>()?
            .map(|body| body.fields)
            .unwrap_or_default())
    }
}

fn yes() -> bool {
    true
}

/// `{}` is not unique; the key has two spellings (`research/zoho.md` §7).
fn unique<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Unique>, D::Error> {
    let value = <Option<Value>>::deserialize(deserializer)?;
    let key = |value: &Value| {
        value
            .get("case_sensitive")
            .or_else(|| value.get("casesensitive"))
            .cloned()
    };
    Ok(value.as_ref().and_then(key).map(|case| Unique {
        case_sensitive: truth(&case),
    }))
}

fn private<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Privacy>, D::Error> {
    let Some(Value::Object(value)) = <Option<Value>>::deserialize(deserializer)? else {
        return Ok(None);
    };
    if value.is_empty() {
        return Ok(None);
    }
    let kind = value.get("type").and_then(Value::as_str).map(str::to_owned);
    Ok(Some(Privacy {
        restricted: value.get("restricted").is_some_and(truth),
        kind,
    }))
}

fn truth(value: &Value) -> bool {
    value.as_bool().unwrap_or_else(|| value.as_str() == Some("true"))
}

//! Fields that no mapping of a tenant reaches.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{OfficeFieldName, schema};

/// Fields that are neither read nor written, whatever a mapping says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "!has(self.crm) || !('Last_Name' in self.crm)",
    "message": "Last_Name cannot be in crm: the CRM requires it of every contact"
}]))]
pub struct NeverSync {
    /// Contact fields of Microsoft 365.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), extend("x-kubernetes-list-type" = "set"))]
    pub office: Vec<OfficeFieldName>,

    /// API names of fields in the CRM. At most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::crm_fields")]
    pub crm: Vec<String>,
}

//! The CRM's description of a field in the engine's terms.

use sync_engine::crm_field::{CrmField, CrmKind};
use zoho_crm::Field;

/// A field of the CRM's contacts as a mapping needs to know it. Fields that a page layout alone makes mandatory do not
/// show in the metadata (`research/zoho.md` §7).
#[must_use]
pub fn crm_field(field: &Field) -> CrmField {
    CrmField {
        api_name: field.api_name.clone(),
        kind: CrmKind::from_data_type(field.data_type.as_str()),
        length: field.length.and_then(|length| usize::try_from(length).ok()),
        visible: field.visible,
        updatable: field.is_updatable(),
        private: !field.null_means_empty(),
        mandatory: field.system_mandatory,
        unique: field.unique.is_some(),
    }
}

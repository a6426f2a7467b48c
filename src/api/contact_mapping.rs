//! Which contact field of Microsoft 365 meets which CRM field.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ConflictPolicy, Direction, OfficeFieldName, schema};

/// By an entry, or by the built-in one for `surname` if nothing takes that away.
const LAST_NAME_IS_MAPPED: &str = "\
    (has(self.fields) && self.fields.exists(f, f.crm == 'Last_Name')) \
    || ((!has(self.base) || self.base != 'None') \
        && (!has(self.exclude) || !('surname' in self.exclude)) \
        && (!has(self.fields) || !self.fields.exists(f, f.office == 'surname')))";

/// Two rules for the parts of one address could not both be obeyed.
const ONE_CONFLICT_POLICY_AN_ADDRESS: &str = "\
    !has(self.fields) || ['business', 'home', 'other'].all(address, \
        ['CrmWins', 'OfficeWins', 'NewestWins', 'Manual'].filter(policy, \
            self.fields.exists(f, has(f.conflict) && f.conflict == policy \
                && f.office in [address + 'Street', address + 'City', address + 'State', \
                    address + 'PostalCode', address + 'Country'])).size() <= 1)";

/// Which contact field of Microsoft 365 meets which CRM field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    {
        "rule": "!has(self.fields) || self.fields.all(f, self.fields.exists_one(g, g.crm == f.crm))",
        "message": "a CRM field is mapped twice: each value of crm may stand once in fields"
    },
    {
        "rule": "!has(self.fields) || !has(self.exclude) || self.fields.all(f, !(f.office in self.exclude))",
        "message": "a field stands both in fields and in exclude"
    },
    {
        "rule": LAST_NAME_IS_MAPPED,
        "message": "nothing is mapped to Last_Name, which the CRM requires: \
            map a field to it, such as {office: surname, crm: Last_Name}"
    },
    {
        "rule": ONE_CONFLICT_POLICY_AN_ADDRESS,
        "message": "the parts of an address count as one field: give them the same conflict, or give it to one of them"
    }
]))]
pub struct ContactMapping {
    /// What the mapping starts from. `Default`: the built-in mapping, which `fields` changes and `exclude` cuts
    /// down. `None`: nothing; only what `fields` lists is synced. Default: `Default`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "MappingBase")]
    pub base: Option<MappingBase>,

    /// Pairs of fields to sync. An entry replaces the built-in one for the same `office` field. A CRM field may
    /// stand in one entry only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 64),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["office"])
    )]
    pub fields: Vec<MappedField>,

    /// Fields of Microsoft 365 that are taken out of the built-in mapping. They are neither read nor written; what
    /// stands in them stays.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), extend("x-kubernetes-list-type" = "set"))]
    pub exclude: Vec<OfficeFieldName>,
}

/// What a mapping starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum MappingBase {
    /// The built-in mapping.
    Default,
    /// Nothing.
    None,
}

/// One pair of fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "!has(self.conflict) || !has(self.direction) || self.direction == 'TwoWay'",
    "message": "conflict is only allowed for a field that flows both ways: one that flows one way has no conflicts"
}]))]
pub struct MappedField {
    /// The contact field in Microsoft 365. Only what its API can hold is in the list: at most three e-mail
    /// addresses (`email1` to `email3`), two business phones, two home phones, one mobile phone and three instant
    /// message addresses. Fax, pager, other phones, anniversary and social profiles do not exist there.
    /// `displayName` and `fileAs` are computed from the name and cannot be mapped.
    pub office: OfficeFieldName,

    /// API name of the field in the CRM's Contacts module, such as `Last_Name` or `Mobile`; for own fields see
    /// Setup > Developer Hub > APIs > API names in Zoho CRM. A name that the CRM does not know, or a field that
    /// cannot hold the value, sets `Stalled=True` with reason `MappingInvalid`.
    #[schemars(schema_with = "schema::crm_field")]
    pub crm: String,

    /// Which way this field flows; it can only narrow the direction of the sync. Default: both ways, so that the CRM
    /// field has to be writable; a read-only one needs `CrmToOffice`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Direction")]
    pub direction: Option<Direction>,

    /// Who wins where both sides changed this field since they last agreed; the values are those of the sync's
    /// `conflict`. For an address it is enough to say it for one of its parts. Only allowed for a field that flows
    /// both ways. Default: the sync's `conflict`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ConflictPolicy")]
    pub conflict: Option<ConflictPolicy>,

    /// What happens to a value that is too long for the other side. `Park`: the contact waits, and is listed in
    /// `status.parked`, until the value is shortened. `Cut`: the value is cut on the other side and stays whole
    /// where it was written. Default: `Park`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "TooLong")]
    pub too_long: Option<TooLong>,
}

/// What happens to a value that is too long for the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum TooLong {
    /// The contact waits.
    Park,
    /// The value is cut.
    Cut,
}

//! Keyed hashes of field values: the base of a link holds these and no personal data (`design.md` §6.2).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::office_field::OfficeField;
use crate::value::Value;

/// The version of the canonical form and of its hash. Raised when [`Value`] changes meaning; a base of another version
/// counts as absent, and is taken anew without writing anything.
pub const CANONICAL_VERSION: u8 = 2;

/// The hash of one field's value: 48 bits of keyed BLAKE3, and 16 that tell from which CRM field it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FieldHash {
    /// Zeros for the mailbox's fields.
    source: [u8; 2],
    value: [u8; 6],
}

impl FieldHash {
    /// Whether both stand for the same value, whichever CRM field it was read from.
    #[must_use]
    pub fn same_value(self, other: Self) -> bool {
        self.value == other.value
    }

    /// Whether both were read from the same CRM field, whatever the value.
    #[must_use]
    pub fn same_source(self, other: Self) -> bool {
        self.source == other.source
    }

    fn to_bytes(self) -> [u8; 8] {
        let ([s0, s1], [v0, v1, v2, v3, v4, v5]) = (self.source, self.value);
        [s0, s1, v0, v1, v2, v3, v4, v5]
    }

    fn from_bytes([s0, s1, v0, v1, v2, v3, v4, v5]: [u8; 8]) -> Self {
        Self {
            source: [s0, s1],
            value: [v0, v1, v2, v3, v4, v5],
        }
    }
}

/// Hashes values under one key.
#[derive(Clone)]
pub struct Hasher {
    key: [u8; 32],
}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hasher")
    }
}

impl Hasher {
    /// A hasher with the key of the installation.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// The hash of a mailbox field's value; an absent value has a hash of its own.
    ///
    /// The field is part of it, so that equal values in two fields do not show as equal in the store.
    #[must_use]
    pub fn field(&self, field: OfficeField, value: Option<&Value>) -> FieldHash {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(&[CANONICAL_VERSION, field.code()]);
        match value {
            None => hasher.update(&[0]),
            Some(Value::Text(text)) => hasher.update(&[1]).update(text.as_bytes()),
            Some(Value::Date(date)) => hasher.update(&[2]).update(date.to_string().as_bytes()),
        };
        FieldHash {
            source: [0; 2],
            value: first_bytes(&hasher),
        }
    }

    /// The hash of what a CRM field holds, seen as the mailbox field that it is mapped to.
    #[must_use]
    pub fn crm_field(&self, field: OfficeField, crm: &str, value: Option<&Value>) -> FieldHash {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(&[CANONICAL_VERSION]).update(crm.as_bytes());
        FieldHash {
            source: first_bytes(&hasher),
            ..self.field(field, value)
        }
    }

    /// Tells two keys apart without telling the key: a store whose bases carry another fingerprint has no bases.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let hash = blake3::keyed_hash(&self.key, &[b'k', CANONICAL_VERSION]);
        hash.to_hex()[..16].to_owned()
    }
}

fn first_bytes<const N: usize>(hasher: &blake3::Hasher) -> [u8; N] {
    let mut bytes = [0; N];
    hasher.finalize_xof().fill(&mut bytes);
    bytes
}

/// What both sides held of one field when they last agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldBase {
    /// The CRM's value, projected through the mapping. It says nothing once another CRM field is mapped.
    pub crm: FieldHash,
    /// The mailbox's value as the server returned it: Exchange may have changed what was sent.
    pub office: FieldHash,
}

/// The base of one link: per mapped field what both sides held. Empty means that no base is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<u8>", into = "Vec<u8>")]
pub struct Base(pub BTreeMap<OfficeField, FieldBase>);

impl From<Base> for Vec<u8> {
    fn from(base: Base) -> Self {
        base.to_bytes()
    }
}

impl From<Vec<u8>> for Base {
    fn from(bytes: Vec<u8>) -> Self {
        Self::from_bytes(&bytes)
    }
}

impl Base {
    /// The stored form: 17 bytes a field, about 400 in all.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.0.len() * 17);
        for (field, base) in &self.0 {
            bytes.push(field.code());
            bytes.extend_from_slice(&base.crm.to_bytes());
            bytes.extend_from_slice(&base.office.to_bytes());
        }
        bytes
    }

    /// Reads the stored form; fields of a newer release and cut tails are left out, which only costs a comparison.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut fields = BTreeMap::new();
        for entry in bytes.chunks_exact(17) {
            let (Some(field), Ok(crm), Ok(office)) = (
                OfficeField::from_code(entry[0]),
                entry[1..9].try_into(),
                entry[9..17].try_into(),
            ) else {
                continue;
            };
            fields.insert(
                field,
                FieldBase {
                    crm: FieldHash::from_bytes(crm),
                    office: FieldHash::from_bytes(office),
                },
            );
        }
        Self(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_depend_on_key_field_and_value() {
        let (a, b) = (Hasher::new([1; 32]), Hasher::new([2; 32]));
        let value = Value::text("Ada");
        let hash = a.field(OfficeField::GivenName, value.as_ref());
        assert_eq!(hash, a.field(OfficeField::GivenName, value.as_ref()));
        assert_ne!(hash, b.field(OfficeField::GivenName, value.as_ref()));
        assert_ne!(hash, a.field(OfficeField::Surname, value.as_ref()));
        assert_ne!(hash, a.field(OfficeField::GivenName, None));
        assert_ne!(a.fingerprint(), b.fingerprint());
    }

    #[test]
    fn k2_a_hash_tells_which_crm_field_was_read() {
        let (hasher, field) = (Hasher::new([1; 32]), OfficeField::MobilePhone);
        let of = |crm, text| hasher.crm_field(field, crm, Value::text(text).as_ref());
        assert!(of("Mobile", "1").same_source(of("Mobile", "2")));
        assert!(!of("Mobile", "1").same_source(of("Other_Phone", "1")));
        assert!(of("Mobile", "1").same_value(of("Other_Phone", "1")));
        assert!(!of("Mobile", "1").same_value(of("Mobile", "2")));
        assert_ne!(of("Mobile", "1"), of("Other_Phone", "1"));
    }

    #[test]
    fn a_base_survives_its_stored_form() {
        let hasher = Hasher::new([3; 32]);
        let base = Base(
            OfficeField::ALL
                .iter()
                .map(|f| {
                    (
                        *f,
                        FieldBase {
                            crm: hasher.crm_field(*f, "Phone", None),
                            office: hasher.field(*f, Value::text("x").as_ref()),
                        },
                    )
                })
                .collect(),
        );
        assert_eq!(Base::from_bytes(&base.to_bytes()), base);
        assert_eq!(Base::from_bytes(&[200; 17]), Base::default());
    }
}

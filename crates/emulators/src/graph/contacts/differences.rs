//! What a write changed.

use super::content::Content;
use super::fields::{FIELDS, Kind};

impl Content {
    /// The properties in which two contents differ.
    pub(in crate::graph) fn differences(&self, other: &Self) -> Vec<&'static str> {
        let differs = |name: &str, kind: Kind| match kind {
            Kind::Text | Kind::Notes => self.texts.get(name) != other.texts.get(name),
            Kind::Texts(_) => self.lists.get(name) != other.lists.get(name),
            Kind::Address => self.addresses.get(name) != other.addresses.get(name),
            Kind::Emails => self.emails != other.emails,
            Kind::Slot(slot) => self.emails[slot] != other.emails[slot],
            Kind::Birthday => self.birthday != other.birthday,
            // Change queries do not follow extended properties.
            Kind::ReadOnly | Kind::Extended => false,
        };
        FIELDS
            .iter()
            .filter(|(name, kind)| differs(name, *kind))
            .map(|(name, _)| *name)
            .collect()
    }
}

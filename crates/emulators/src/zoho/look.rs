//! Single records, for a simulation in the same process that cannot afford the whole state at every step.

use serde_json::Value;

use super::{ZohoEmulator, describe};

impl ZohoEmulator {
    /// The contact with this id in the form of the state document, out of whichever organisation; none if it is
    /// deleted.
    #[must_use]
    pub fn contact(&self, id: &str) -> Option<Value> {
        let id = id.parse().ok()?;
        let world = self.world();
        let mut orgs = world.orgs.iter();
        orgs.find_map(|org| Some(describe::contact(org, org.contacts.get(id)?)))
    }
}

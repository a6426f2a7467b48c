//! Calls at the same time: so many for each application by edition, and fewer of the heavy ones.

use std::collections::BTreeMap;

use serde_json::Value;

use super::call::Call;

/// Heavy calls at the same time, in every edition.
const HEAVY: usize = 10;

/// Rows that make a write heavy.
const ROWS: usize = 10;

/// What runs in an organisation, by application (client id).
#[derive(Debug, Default)]
pub(super) struct InFlight(BTreeMap<String, Running>);

#[derive(Debug, Default)]
struct Running {
    all: usize,
    heavy: usize,
}

impl InFlight {
    /// Lets a call in if fewer than `limit` of its application are running.
    pub(super) fn enter(&mut self, app: &str, limit: usize) -> bool {
        let running = self.0.entry(app.to_owned()).or_default();
        let free = running.all < limit;
        running.all += usize::from(free);
        free
    }

    /// Lets a call that is already in go on as a heavy one.
    pub(super) fn enter_heavy(&mut self, app: &str) -> bool {
        let running = self.0.entry(app.to_owned()).or_default();
        let free = running.heavy < HEAVY;
        running.heavy += usize::from(free);
        free
    }

    /// A call has ended.
    pub(super) fn leave(&mut self, app: &str, heavy: bool) {
        if let Some(running) = self.0.get_mut(app) {
            running.all = running.all.saturating_sub(1);
            running.heavy = running.heavy.saturating_sub(usize::from(heavy));
        }
    }
}

/// Whether a call is one of the heavy ones: a write of many records.
pub(super) fn is_heavy(call: &Call) -> bool {
    let writes = matches!(call.method.as_str(), "POST" | "PUT")
        && call.path.first().is_some_and(|name| name == "Contacts");
    let rows = || {
        let body = call.json().ok()?;
        Some(body.get("data").and_then(Value::as_array)?.len())
    };
    writes && rows().is_some_and(|rows| rows > ROWS)
}

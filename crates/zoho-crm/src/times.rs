//! Times on the wire: whole seconds with an offset that follows the token user's setting (`research/zoho.md` §7, §10).

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

/// The form that headers and queries take.
pub(crate) fn text(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

/// A time that may be null, absent or empty.
pub(crate) fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = <Option<std::borrow::Cow<'de, str>>>::deserialize(deserializer)?;
    // An unreadable time in a field that may be absent anyway counts as absent.
    Ok(text.and_then(|text| text.parse().ok()))
}

/// `by` after `now`, at the latest the end of time.
pub(crate) fn after(now: Timestamp, by: std::time::Duration) -> Timestamp {
    now.saturating_add(jiff::SignedDuration::try_from(by).unwrap_or(jiff::SignedDuration::MAX))
        .unwrap_or(Timestamp::MAX)
}

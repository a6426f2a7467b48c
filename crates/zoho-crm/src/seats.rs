//! Seats: `GET /__features/user_licenses` (`research/zoho.md` §2).

use serde::Deserialize;

use crate::call::Call;
use crate::client::Zoho;
use crate::error::Error;

/// How many users an organisation may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seats {
    /// Bought, or given by the edition.
    pub total: u32,
    /// Taken; an invited user takes one before accepting.
    pub used: u32,
    /// Free.
    pub available: u32,
}

#[derive(Deserialize)]
struct Body {
    #[serde(rename = "__features")]
    features: Vec<Feature>,
}

#[derive(Deserialize)]
struct Feature {
    details: Details,
}

#[derive(Deserialize)]
struct Details {
    limits: Count,
    #[serde(default)]
    used_count: Option<Count>,
    #[serde(default)]
    available_count: Option<Count>,
}

#[derive(Deserialize)]
struct Count {
    total: u32,
}

impl Zoho {
    /// The seats of the organisation.
    ///
    /// # Errors
    /// Whatever the call says.
    pub async fn seats(&self) -> Result<Seats, Error> {
        let route = "GET /__features/user_licenses";
        let answer = self.send(&Call::get(route, "/__features/user_licenses")).await?;
        let body: Body = answer.required()?;
        let feature = body.features.into_iter().next();
        let details = feature.ok_or_else(|| answer.unreadable("no feature"))?.details;
        let total = details.limits.total;
        // Only the limit is certain to be there; each of the other two follows from the third.
        let (used, available) = match (details.used_count, details.available_count) {
            (Some(used), Some(available)) => (used.total, available.total),
            (Some(used), None) => (used.total, total.saturating_sub(used.total)),
            (None, Some(available)) => (total.saturating_sub(available.total), available.total),
            (None, None) => return Err(answer.unreadable("no count")),
        };
        Ok(Seats {
            total,
            used,
            available,
        })
    }
}

//! `GET /__features/user_licenses`

use serde_json::json;

use super::answer::{Answer, Outcome, bad_request};
use super::auth::Session;
use super::state::{Org, World};

/// Seats that are taken: an invited user takes one before the invitation is accepted.
pub(super) fn seats_used(org: &Org) -> u64 {
    let used = org.users.iter().filter(|user| user.status == "active").count();
    u64::try_from(used).unwrap_or(u64::MAX)
}

pub(super) fn one(world: &World, session: &Session, feature: &str) -> Outcome {
    if feature != "user_licenses" {
        return Err(bad_request(
            "INVALID_DATA",
            "the feature name given seems to be invalid",
            json!({}),
        ));
    }
    let org = &world.orgs[session.org];
    let used = seats_used(org);
    Ok(Answer::ok(json!({"__features": [{
        "api_name": "user_licenses",
        "feature_label": "User Licenses",
        "parent_feature": null,
        "module_supported": false,
        "components": [],
        "details": {
            "limits": {"total": org.licenses},
            "used_count": {"total": used},
            "available_count": {"total": org.licenses.saturating_sub(used)},
        },
    }]})))
}

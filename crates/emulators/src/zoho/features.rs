//! `GET /__features/user_licenses`

use serde_json::json;

use super::answer::{Answer, Outcome, bad_request};
use super::auth::Session;
use super::state::World;

pub(super) fn one(world: &World, session: &Session, feature: &str) -> Outcome {
    if feature != "user_licenses" {
        return Err(bad_request(
            "INVALID_DATA",
            "the feature name given seems to be invalid",
            json!({}),
        ));
    }
    let org = &world.orgs[session.org];
    // An invited user takes a seat before the invitation is accepted.
    let used = org.users.iter().filter(|user| user.status == "active").count();
    let used = u64::try_from(used).unwrap_or(u64::MAX);
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

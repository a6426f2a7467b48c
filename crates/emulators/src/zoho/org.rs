//! `GET /org`

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::answer::Answer;
use super::auth::Session;
use super::shape::stamp;
use super::state::World;

pub(super) fn org(world: &World, session: &Session) -> Answer {
    let org = &world.orgs[session.org];
    let primary = org.users.first();
    let paid = org.licence.is_paid(org.edition);
    let domain = org.id.len().saturating_sub(9);
    Answer::ok(json!({"org": [{
        "id": org.id,
        "zgid": org.id.get(domain..).unwrap_or(&org.id),
        "domain_name": format!("org{}", org.id.get(domain..).unwrap_or(&org.id)),
        "company_name": org.company_name,
        "alias": null,
        "description": null,
        "type": org.kind,
        "created_time": stamp(org.created, &session.zone),
        "primary_email": primary.map(|user| user.email.clone()),
        "primary_zuid": primary.map(|user| user.zuid.clone()),
        "time_zone": org.time_zone,
        "country": null,
        "country_code": null,
        "city": null,
        "currency": "US Dollar",
        "currency_symbol": "$",
        "currency_locale": "en_US",
        "iso_code": "USD",
        "privacy_settings": org.privacy,
        "hipaa_compliance_enabled": false,
        "mc_status": false,
        "gapps_enabled": false,
        "translation_enabled": false,
        "lite_users_enabled": false,
        "deletable_org_account": true,
        "employee_count": null,
        "hierarchy_preferences": {"type": "Role_Hierarchy", "strictly_reporting": null},
        "license_details": {
            "paid": paid,
            "paid_type": org.edition.name(),
            "paid_expiry": if paid { stamp(expiry(org.created), &TimeZone::UTC) } else { Value::Null },
            "trial_type": org.licence.trial_type,
            "trial_expiry": org.licence.trial_expiry.map(|end| stamp(end, &TimeZone::UTC)),
            "users_license_purchased": org.licenses,
            "portal_users_license_purchased": 0,
        },
    }]}))
}

/// Far enough ahead never to matter to a test.
fn expiry(created: jiff::Timestamp) -> jiff::Timestamp {
    created
        .saturating_add(jiff::SignedDuration::from_hours(24 * 3_650))
        .unwrap_or(created)
}

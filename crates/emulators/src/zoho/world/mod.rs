//! The section `crm:` of a world file: a list of organisations.
//!
//! ```yaml
//! crm:
//!   - companyName: Example Ltd
//!     edition: enterprise        # free, standard, professional, enterprise, ultimate, crmplus, zohooneenterprise
//!     id: "4000000000000000001"  # this and every other id: optional, else made from the seed
//!     type: production           # or sandbox, developer, bigin
//!     privacySettings: false     # true brings the field Data_Source
//!     timeZone: Europe/Berlin    # default UTC; users without one of their own have this one
//!     licenses: 25               # seats
//!     paid: true                 # default: whether the edition is another than free
//!     trialType: enterprise      # with trialExpiry, a date-time or an age: a trial
//!     suiteRefusal: UNAPPROVABLE # or INVALID_REQUEST: how crmplus and zohooneenterprise refuse a new user
//!     dailyCredits: 50000        # default: by edition and users
//!     concurrency: 20            # default: by edition
//!     pageTokenRows: 100000      # records that a page token reaches
//!     callMillis: 0              # how long each call takes; without it calls hardly ever overlap
//!     ownersInScope: [ann@example.com]  # writes to others' records count as writes_outside_owners
//!     profiles: [{name: Sales, manageUsers: false, allRecords: true, permissions: {Crm_Implied_Edit_Contacts: false}}]
//!     roles: [{name: Manager, reportingTo: CEO}]
//!     users:                     # the first one is the super admin
//!       - {email: ann@example.com, firstName: Ann, lastName: Able, profile: Administrator, role: CEO,
//!          status: active, confirm: true, timeZone: Asia/Kolkata}  # confirm: false is an invitation that waits
//!     clients:                   # OAuth clients, each with one refresh token; scopes default to all
//!       - {clientId: c, clientSecret: s, refreshToken: r, user: ann@example.com, scopes: [ZohoCRM.org.READ],
//!          oldAnswers: false}    # true: expires_in in milliseconds beside expires_in_sec
//!     customFields: [{apiName: Office_Id, dataType: text, length: 120, unique: true, readOnly: false, values: []}]
//!     accounts: [{name: Example Industries}]
//!     contacts:
//!       - {owner: ann@example.com, source: crm_ui, createdTime: "-30d", modifiedTime: "2026-01-05T10:00:00+01:00",
//!          account: Example Industries, noTimeline: false, locked: false, fields: {Last_Name: Baker}}
//!     generate: [{owner: ann@example.com, count: 1000, imported: 100, createdTime: "-60d", seed: 7}]
//! ```
//!
//! `source` is what the timeline says about the record's origin (`crm_ui`, `import`, `migration`, `bulkapi`, ...).
//! `mass_update` stands for an imported record that was changed by a mass update later. Times are date-times with
//! an offset or ages counted from the emulator's clock; records are 30 days old by default.

mod contact;
mod people;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::concurrency::InFlight;
use super::credits::Spent;
use super::fields::Field;
use super::generate;
use super::ids::Ids;
use super::records::store::Contacts;
use super::shape::whole_seconds;
use super::state::{Client, Edition, Licence, Org, Suite, World};
use super::strict::{Members, refused};
use crate::core::service::Refused;

pub(super) use contact::entry;
pub(super) use people::user;

const ORG: [&str; 24] = [
    "id",
    "companyName",
    "edition",
    "type",
    "privacySettings",
    "timeZone",
    "licenses",
    "paid",
    "trialType",
    "trialExpiry",
    "suiteRefusal",
    "dailyCredits",
    "concurrency",
    "pageTokenRows",
    "callMillis",
    "ownersInScope",
    "profiles",
    "roles",
    "users",
    "clients",
    "customFields",
    "accounts",
    "contacts",
    "generate",
];

const SCOPES: [&str; 7] = [
    "ZohoCRM.org.READ",
    "ZohoCRM.users.ALL",
    "ZohoCRM.settings.ALL",
    "ZohoCRM.features.READ",
    "ZohoCRM.modules.ALL",
    "ZohoCRM.coql.READ",
    "ZohoCRM.notifications.ALL",
];

/// Adds the organisations of a section, all of them or none.
pub(super) fn seed(world: &mut World, now: Timestamp, section: &Value) -> Result<(), Refused> {
    let items = section
        .as_array()
        .ok_or_else(|| refused("crm", "must be a list of organisations"))?;
    let mut orgs = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        orgs.push(organisation(&mut world.ids, now, item, &format!("crm[{index}]"))?);
    }
    world.orgs.append(&mut orgs);
    Ok(())
}

/// One organisation; a sign-up brings one in the same form.
pub(super) fn organisation(ids: &mut Ids, now: Timestamp, item: &Value, at: &str) -> Result<Org, Refused> {
    let members = &Members::of(item, at, &ORG)?;
    let edition = members.opt_text("edition")?.unwrap_or("enterprise");
    let edition = Edition::parse(edition)
        .ok_or_else(|| members.refuse("edition", format!("must be one of {}", Edition::NAMES)))?;
    let kind = members.opt_text("type")?.unwrap_or("production");
    if !["production", "sandbox", "developer", "bigin"].contains(&kind) {
        return Err(members.refuse("type", "must be one of production, sandbox, developer or bigin"));
    }
    let time_zone = members.opt_text("timeZone")?.unwrap_or("UTC");
    zone(members, "timeZone", time_zone)?;
    let id = given(ids, members)?;
    let privacy = members.flag("privacySettings")?.unwrap_or(false);
    let mut org = Org {
        id: id.to_string(),
        company_name: members.text("companyName")?.to_owned(),
        edition,
        kind: kind.to_owned(),
        privacy,
        time_zone: time_zone.to_owned(),
        created: whole_seconds(days_before(now, 365)),
        licenses: 0,
        licence: licence(members, now)?,
        daily_credits: members.number("dailyCredits")?,
        concurrency: members
            .number("concurrency")?
            .and_then(|limit| usize::try_from(limit).ok()),
        page_token_rows: members.number("pageTokenRows")?,
        call_millis: members.number("callMillis")?.unwrap_or(0),
        clients: Vec::new(),
        users: Vec::new(),
        invitations: Vec::new(),
        profiles: Vec::new(),
        roles: Vec::new(),
        accounts: BTreeMap::new(),
        fields: Field::system(ids, privacy),
        fields_changed: whole_seconds(days_before(now, 365)),
        contacts: Contacts::default(),
        spent: Spent::default(),
        in_flight: InFlight::default(),
        owners_in_scope: BTreeSet::new(),
        fields_written: BTreeSet::new(),
    };
    people::people(&mut org, ids, now, members)?;
    org.licenses = members.number("licenses")?.unwrap_or(org.users.len() as u64 + 5);
    for (item, at) in members.list("clients")? {
        let client = client(
            &org,
            &Members::of(
                item,
                &at,
                &[
                    "clientId",
                    "clientSecret",
                    "refreshToken",
                    "user",
                    "scopes",
                    "oldAnswers",
                ],
            )?,
        )?;
        org.clients.push(client);
    }
    for (item, at) in members.list("customFields")? {
        custom_field(&mut org, ids, item, &at)?;
    }
    for (item, at) in members.list("accounts")? {
        let account = Members::of(item, &at, &["id", "name"])?;
        let id = given(ids, &account)?;
        org.accounts.insert(id, account.text("name")?.to_owned());
    }
    for (item, at) in members.list("contacts")? {
        contact::contact(&mut org, ids, now, item, &at)?;
    }
    for (item, at) in members.list("generate")? {
        generate::contacts(&mut org, ids, now, item, &at)?;
    }
    for email in members.texts("ownersInScope")? {
        let owner = org
            .user_by_email(&email)
            .ok_or_else(|| members.refuse("ownersInScope", format!("{email} is no user")))?
            .id;
        org.owners_in_scope.insert(owner);
    }
    Ok(org)
}

fn licence(members: &Members<'_>, now: Timestamp) -> Result<Licence, Refused> {
    let suite = members.opt_text("suiteRefusal")?.unwrap_or("UNAPPROVABLE");
    Ok(Licence {
        paid: members.flag("paid")?,
        trial_type: members.opt_text("trialType")?.map(ToOwned::to_owned),
        trial_expiry: members.instant("trialExpiry", now)?,
        suite: Suite::parse(suite)
            .ok_or_else(|| members.refuse("suiteRefusal", "must be UNAPPROVABLE or INVALID_REQUEST"))?,
    })
}

fn given(ids: &mut Ids, members: &Members<'_>) -> Result<u64, Refused> {
    let Some(id) = members.id("id")? else {
        return Ok(ids.next());
    };
    ids.reserve(id);
    Ok(id)
}

fn zone(members: &Members<'_>, name: &str, text: &str) -> Result<TimeZone, Refused> {
    TimeZone::get(text).map_err(|_| members.refuse(name, format!("{text} is no known time zone")))
}

fn days_before(now: Timestamp, days: i64) -> Timestamp {
    now.checked_sub(SignedDuration::from_hours(24 * days))
        .unwrap_or(now)
}

fn client(org: &Org, members: &Members<'_>) -> Result<Client, Refused> {
    let user = members.text("user")?;
    let user = org
        .user_by_email(user)
        .ok_or_else(|| members.refuse("user", "is no user of the organisation"))?
        .id;
    let scopes = members.texts("scopes")?;
    Ok(Client {
        id: members.text("clientId")?.to_owned(),
        secret: members.text("clientSecret")?.to_owned(),
        refresh_token: members.text("refreshToken")?.to_owned(),
        revoked: false,
        user,
        scopes: if scopes.is_empty() {
            SCOPES.iter().map(ToString::to_string).collect()
        } else {
            scopes
        },
        old: members.flag("oldAnswers")?.unwrap_or(false),
        issued: VecDeque::new(),
        active: VecDeque::new(),
    })
}

/// Adds a custom field; edits add fields in the same form.
pub(super) fn custom_field(org: &mut Org, ids: &mut Ids, item: &Value, at: &str) -> Result<(), Refused> {
    let members = Members::of(
        item,
        at,
        &[
            "apiName", "label", "dataType", "length", "unique", "readOnly", "values",
        ],
    )?;
    let api_name = members.text("apiName")?;
    if org.field(api_name).is_some() {
        return Err(members.refuse("apiName", "is the name of another field"));
    }
    let data_type = members.opt_text("dataType")?.unwrap_or("text");
    let length = members.number("length")?.unwrap_or(255);
    let label = members.opt_text("label")?.unwrap_or(api_name);
    let mut field = Field::custom(ids.next(), api_name, label, data_type, length);
    field.unique = members.flag("unique")?.unwrap_or(false);
    field.read_only = members.flag("readOnly")?.unwrap_or(false);
    field.picks = members.texts("values")?;
    field.restricted_picks = !field.picks.is_empty();
    let unique = field.unique;
    org.fields.push(field);
    if unique {
        org.contacts.set_unique(api_name, true);
    }
    Ok(())
}

/// The account of that name, made when there is none.
pub(super) fn account(org: &mut Org, ids: &mut Ids, name: &str) -> u64 {
    if let Some((id, _)) = org.accounts.iter().find(|(_, known)| *known == name) {
        return *id;
    }
    let id = ids.next();
    org.accounts.insert(id, name.to_owned());
    id
}

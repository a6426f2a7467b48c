//! Single contacts of a world file.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{account, days_before, given};
use crate::core::service::Refused;
use crate::zoho::ids::Ids;
use crate::zoho::records::check::strict;
use crate::zoho::records::store::{Contact, Entry};
use crate::zoho::shape::whole_seconds;
use crate::zoho::state::Org;
use crate::zoho::strict::{Members, refused};

pub(super) fn contact(
    org: &mut Org,
    ids: &mut Ids,
    now: Timestamp,
    item: &Value,
    at: &str,
) -> Result<(), Refused> {
    let members = Members::of(
        item,
        at,
        &[
            "id",
            "owner",
            "source",
            "createdTime",
            "modifiedTime",
            "account",
            "noTimeline",
            "locked",
            "fields",
        ],
    )?;
    let owner = members.text("owner")?;
    let owner = org
        .user_by_email(owner)
        .ok_or_else(|| members.refuse("owner", "is no user of the organisation"))?
        .id;
    let change = strict(org, &members.free("fields")?, None)
        .map_err(|(name, problem)| refused(format!("{at}.fields.{name}"), problem))?;
    let source = members.opt_text("source")?.unwrap_or("crm_ui");
    let created = whole_seconds(
        members
            .instant("createdTime", now)?
            .unwrap_or_else(|| days_before(now, 30)),
    );
    let by_mass_update = source == "mass_update";
    let default = if by_mass_update {
        created
            .saturating_add(SignedDuration::from_hours(24))
            .unwrap_or(created)
    } else {
        created
    };
    let modified = whole_seconds(members.instant("modifiedTime", now)?.unwrap_or(default));
    if modified < created {
        return Err(members.refuse("modifiedTime", "lies before createdTime"));
    }
    let account = members.opt_text("account")?.map(|name| account(org, ids, name));
    let origin = if by_mass_update { "import" } else { source };
    let id = given(ids, &members)?;
    if org.contacts.get(id).is_some() {
        return Err(members.refuse("id", "is the id of another contact"));
    }
    let mut contact = Contact {
        id,
        owner,
        created,
        modified,
        created_by: owner,
        modified_by: owner,
        source: origin.to_owned(),
        account,
        locked: members.flag("locked")?.unwrap_or(false),
        fields: change
            .fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect(),
        timeline: vec![entry(ids, owner, "added", origin, created)],
    };
    if modified > created {
        let source = if by_mass_update { "mass_update" } else { "crm_ui" };
        contact
            .timeline
            .push(entry(ids, owner, "updated", source, modified));
    }
    if members.flag("noTimeline")?.unwrap_or(false) {
        contact.timeline.clear();
    }
    org.contacts.put(contact);
    Ok(())
}

pub(in crate::zoho) fn entry(ids: &mut Ids, by: u64, action: &str, source: &str, at: Timestamp) -> Entry {
    Entry {
        id: ids.next(),
        action: action.to_owned(),
        source: source.to_owned(),
        at,
        by,
        changes: Vec::new(),
    }
}

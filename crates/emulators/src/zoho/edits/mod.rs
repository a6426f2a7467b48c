//! What people do in the CRM's own user interface, and what its administrator does.
//!
//! Every edit is an object with `do`, and `organisation` (id or company name) where there is more than one.
//! Deeds on contacts take `by` (the e-mail of a user; the record's owner, or the first user, by default) and
//! name their contacts by `id`, `ids` or `where` (field values; `owner` with an e-mail is allowed in it). They answer
//! `{"ids": [...]}`.
//!
//! | `do` | members |
//! |---|---|
//! | `create_contact` | `owner`, `fields`, `account?`, `source?` (`crm_ui`) |
//! | `update_contact` | `fields`, `account?` (null clears), `source?` (`crm_ui`; `workflow` for an automation) |
//! | `delete_contact` | `permanent?` (also for one in the recycle bin) |
//! | `restore_contact` | `id`: back with its old `Modified_Time` |
//! | `transfer_contact` | `owner` |
//! | `mass_update` | `fields`: one `Modified_Time` for all |
//! | `import_contacts` | `owner`, `contacts: [{fields, account?}]`, `source?` (`import`; or `migration`) |
//! | `merge_contacts` | `winner`, `loser`, `fields?` for the winner |
//! | `lock_contact` | `locked` |
//! | `rotate_secret` | `clientId`, `secret` |
//! | `revoke_refresh_token` | `clientId` |
//! | `set_refresh_token` | `clientId`, `refreshToken`: a new grant, which also ends a revocation |
//! | `set_scopes` | `clientId`, `scopes` |
//! | `expire_tokens` | all access tokens end now |
//! | `add_user` | `user` as in the world file |
//! | `set_user` | `user`, and of `email`, `firstName`, `lastName`, `profile`, `timeZone`, `confirm`, `status`, `reason` |
//! | `disable_user` | `user`, `status?` (`disabled`; or `inactive`, `deleted`), `reason?` |
//! | `invite_user` | `user` as in the world file: the administrator adds a person in the CRM itself, who is mailed |
//! | `accept_invitation` | `user`, `via?` (`mail`; or `office365`, which links the account to Microsoft) |
//! | `reject_invitation` | `user`, `row?` (`unconfirmed`; or `deleted`): what the list of users shows afterwards |
//! | `link_invitation` | `user`, `account`: the person comes in with an account of another organisation |
//! | `downgrade` | of `edition`, `licenses`: users without a seat are disabled, the latest first |
//! | `set_licence` | of `licenses`, `paid`, `trialType` (text or false), `trialExpiry` |
//! | `sign_up` | `account`: an organisation as in the world file comes into being; needs no `organisation` |
//! | `set_address` | `email`, and of `otherDataCenter`, `invitationsElsewhere`; needs no `organisation` |
//! | `set_profile` | `name`, and of `manageUsers`, `allRecords`, `permissions` |
//! | `set_edition` | `edition` |
//! | `set_organisation_id` | `id` |
//! | `set_privacy` | `on` |
//! | `set_limits` | of `dailyCredits`, `concurrency`, `callMillis` |
//! | `use_credits` | `credits` spent by other applications |
//! | `set_owners_in_scope` | `owners` |
//! | `add_account` / `rename_account` | `name` / `id`, `name` |
//! | `add_field` | `field` as in the world file |
//! | `set_field_meta` | `field`, and of `readOnly`, `visible`, `unique`, `private` (text or false), `length`, `dataType`, `rename` |
//! | `remove_field` | `field` |

mod admin;
mod contacts;
mod people;
mod settings;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::state::{Org, World};
use super::strict::{Members, refused};
use crate::core::service::Refused;

/// Members that every edit may have.
const COMMON: [&str; 3] = ["do", "organisation", "by"];

pub(super) fn edit(world: &mut World, now: Timestamp, action: &Value) -> Result<Value, Refused> {
    let deed = action
        .get("do")
        .and_then(Value::as_str)
        .ok_or_else(|| refused("do", "is required"))?;
    if let Some(outcome) = people::edit_world(world, now, deed, action) {
        return outcome;
    }
    let org = organisation(world, action)?;
    let context = Edit { action, org, now };
    if let Some(outcome) = contacts::edit(world, &context, deed) {
        return outcome;
    }
    if let Some(outcome) = admin::edit(world, &context, deed) {
        return outcome.map(|()| json!({}));
    }
    if let Some(outcome) = people::edit(world, &context, deed) {
        return outcome.map(|()| json!({}));
    }
    if let Some(outcome) = settings::edit(world, &context, deed) {
        return outcome.map(|()| json!({}));
    }
    Err(refused(
        "do",
        format!("{deed} is unknown; see the documentation of zoho::edits"),
    ))
}

/// An edit with its organisation found.
struct Edit<'a> {
    action: &'a Value,
    org: usize,
    now: Timestamp,
}

impl<'a> Edit<'a> {
    /// The members of the edit: the common ones and these.
    fn members(&self, names: &[&str]) -> Result<Members<'a>, Refused> {
        let all: Vec<&str> = COMMON.iter().chain(names).copied().collect();
        Members::of(self.action, "", &all)
    }
}

fn organisation(world: &World, action: &Value) -> Result<usize, Refused> {
    match action.get("organisation").and_then(Value::as_str) {
        Some(wanted) => world
            .orgs
            .iter()
            .position(|org| org.id == wanted || org.company_name == wanted)
            .ok_or_else(|| refused("organisation", format!("{wanted} is no organisation"))),
        None if world.orgs.len() == 1 => Ok(0),
        None => Err(refused(
            "organisation",
            "is required, as there is not exactly one",
        )),
    }
}

/// The user of a member that holds an e-mail address.
fn user(org: &Org, members: &Members<'_>, name: &str) -> Result<u64, Refused> {
    let email = members.text(name)?;
    let user = org
        .user_by_email(email)
        .ok_or_else(|| members.refuse(name, format!("{email} is no user")))?;
    Ok(user.id)
}

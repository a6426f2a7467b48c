//! Inviting somebody: once, whatever fails.

use std::time::Duration;

use jiff::Timestamp;
use zoho_crm::{Class, Invited, NewUser, ProfileId, ProfileSummary, Role, RoleId, Unresolved, User};

use super::gather::{Home, INVITATION, Person, of_store};
use super::{name, refusal, uid};
use crate::api::{CrmUserInvite, CrmUserInviteSpec, Reason};
use crate::controller::Context;
use crate::controller::tenancy::of_crm;
use crate::controller::trouble::Trouble;

/// How long a refusal that only a person can mend is left alone: each look is a call that writes.
pub(super) const REFUSED_AGAIN: Duration = Duration::from_hours(1);

/// The longest first or last name in the CRM, in characters.
const NAME: usize = 40;

/// What an invited person will be in the CRM.
pub(super) struct Place {
    role: RoleId,
    profile: ProfileId,
}

/// Checks, before anything is written or anybody mailed, that somebody could be invited at all, and as what.
pub(super) async fn place(invite: &CrmUserInvite, home: &Home, context: &Context) -> Result<Place, Trouble> {
    home.connection
        .org()
        .can_invite()
        .map_err(refusal::cannot_invite)?;
    let (role, profile) = declared(&invite.spec, home)?;
    let of_crm = |error: zoho_crm::Error| of_crm(&error, context);
    let acting = home.connection.acting(home.asked).await.map_err(of_crm)?;
    if !acting.manages_users {
        return Err(refusal::manage_users_missing());
    }
    let mut fresh = home.asked;
    loop {
        let roles = home.connection.roles(fresh).await.map_err(of_crm)?;
        let profiles = home.connection.profiles(fresh).await.map_err(of_crm)?;
        match (
            Role::find(&roles, &role),
            ProfileSummary::find(&profiles, &profile),
        ) {
            // It may have been made since.
            (Err(Unresolved::Unknown), _) | (_, Err(Unresolved::Unknown)) if !fresh => fresh = true,
            (role, profile) => {
                return Ok(Place {
                    role: role.map_err(|why| unresolved("role", why))?.id.clone(),
                    profile: profile.map_err(|why| unresolved("profile", why))?.id.clone(),
                });
            }
        }
    }
}

/// Role and profile as they are declared: by the invite, else by its tenant.
fn declared(spec: &CrmUserInviteSpec, home: &Home) -> Result<(String, String), Trouble> {
    let defaults = home.tenant.spec.invites.as_ref();
    let missing = |what: &str| {
        let message = format!(
            "no {what} is declared: the CRM needs one for every user. Set {what} here, or invites.{what} of the CrmTenant"
        );
        Trouble::person(Reason::RoleMissing, message)
    };
    let role = spec.role.clone();
    let role = role.or_else(|| defaults?.role.clone());
    let profile = spec.profile.clone();
    let profile = profile.or_else(|| defaults?.profile.clone());
    Ok((
        role.ok_or_else(|| missing("role"))?,
        profile.ok_or_else(|| missing("profile"))?,
    ))
}

fn unresolved(what: &str, why: Unresolved) -> Trouble {
    match why {
        Unresolved::Unknown => Trouble::person(
            Reason::RoleUnknown,
            format!(
                "the CRM has no {what} with the declared id or name; names follow the language of the organisation, so the id is safer"
            ),
        ),
        Unresolved::Ambiguous { count } => Trouble::person(
            Reason::RoleAmbiguous,
            format!("{count} of the CRM's {what}s have the declared name: declare the {what}'s id"),
        ),
    }
}

/// What an invitation came to.
pub(super) enum Sent {
    /// It is on its way.
    Now { crm_user_id: String, at: Timestamp },
    /// The person was there already, or an earlier call had invited them.
    Found(Box<User>),
    /// The CRM does not do it.
    Refused(Trouble),
}

/// Sends the invitation. The intent is in the store before the call goes out, so that a crash in between is told apart
/// from a person whom somebody else invited.
pub(super) async fn send(
    invite: &CrmUserInvite,
    home: &Home,
    person: &Person,
    place: Place,
    context: &Context,
) -> Result<Sent, Trouble> {
    let new_user = new_user(invite, home, person, place, context).await?;
    let (store, uid) = (&context.store, uid(invite));
    let now = || context.surroundings.clock.now();
    let begun = store.begin_deed(&uid, INVITATION, now()).await;
    begun.map_err(|error| of_store(&error))?;
    let answer = home.connection.zoho.ensure_invited(&new_user).await;
    home.connection.crm_users_changed().await;
    let sent = match answer {
        Ok(Ok(Invited::Sent(id))) => Sent::Now {
            crm_user_id: id.as_str().to_owned(),
            at: now(),
        },
        // Nobody was there before the call, so an invitation is this call's, whose answer was lost.
        Ok(Ok(Invited::Found(user))) => Sent::Found(user),
        Ok(Err(refused)) => {
            tracing::info!(invite = %name(invite), reason = %refused, "the CRM does not invite the person");
            undo(&uid, context).await;
            return Ok(Sent::Refused(refusal::of_invitation(&refused)));
        }
        Err(error) if matches!(error.class(), Class::Permission { .. }) => {
            undo(&uid, context).await;
            return Ok(Sent::Refused(refusal::manage_users_missing()));
        }
        // Whether it left is not known: the intent stays.
        Err(error) => return Err(of_crm(&error, context)),
    };
    match &sent {
        Sent::Found(user) if !user.is_invited() => undo(&uid, context).await,
        // The status says so too, and the next look would find the beginning.
        _ => {
            if let Err(error) = store.end_deed(&uid, INVITATION, now()).await {
                tracing::warn!(invite = %name(invite), %error, "the store does not know that the invitation was sent");
            }
        }
    }
    Ok(sent)
}

async fn undo(uid: &str, context: &Context) {
    if let Err(error) = context.store.undo_deed(uid, INVITATION).await {
        tracing::warn!(%error, "the store still holds the beginning of an invitation that was not sent");
    }
}

/// The person as the CRM wants them described.
async fn new_user(
    invite: &CrmUserInvite,
    home: &Home,
    person: &Person,
    place: Place,
    context: &Context,
) -> Result<NewUser, Trouble> {
    let spec = &invite.spec;
    let (mut first, mut last) = (spec.first_name.clone(), spec.last_name.clone());
    if let Some(user) = &person.user
        && (first.is_none() || last.is_none())
    {
        let names = home.names(user, context).await?;
        first = first.or(names.given_name).or(names.display_name);
        last = last.or(names.surname);
    }
    let local = || {
        let address = &person.addresses.invited;
        address.split('@').next().unwrap_or(address).to_owned()
    };
    let cut = |text: String| text.trim().chars().take(NAME).collect::<String>();
    let named = |text: Option<String>| text.map(cut).filter(|text| !text.is_empty());
    Ok(NewUser {
        email: person.addresses.invited.clone(),
        first_name: named(first).unwrap_or_else(|| cut(local())),
        last_name: named(last),
        role: place.role,
        profile: place.profile,
    })
}

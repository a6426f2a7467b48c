//! One look at an invite: from what is declared to how far the person is.

use zoho_crm::User;

use super::claims::{self, Mark};
use super::gather::{self, Home, INVITATION, Own, Person};
use super::invite::{self, Sent};
use super::join::{self, Leave};
use super::plan::{Elsewhere, Outcome, Stand, Stop, stand_of, was_there};
use super::{elsewhere, known_crm_user, mails, phase, uid};
use crate::api::{AccountLink, CrmUserInvite, InvitePhase, Reason};
use crate::controller::Context;
use crate::controller::tenancy::{self, of_crm};
use crate::controller::trouble::{Remedy, Trouble};

/// Looks and acts. It may be dropped anywhere: what must not be done twice is in the store before.
pub(super) async fn bring(invite: &CrmUserInvite, context: &Context) -> Outcome {
    let mut outcome = Outcome::default();
    let stop = tokio::select! {
        done = look(invite, &mut outcome, context) => done.err(),
        () = context.stopping.cancelled() => Some(Stop::NotYet),
    };
    outcome.stop = stop;
    outcome
}

async fn look(invite: &CrmUserInvite, outcome: &mut Outcome, context: &Context) -> Result<(), Stop> {
    let home = gather::home(invite, context).await?;
    claims::hold(invite, &[Mark::address(&invite.spec.user)], context)?;
    if let Some(stand) = at_rest(invite, &home, context).await? {
        outcome.sent = Own::of(invite, &[]).sent;
        outcome.stand = Some(stand);
        return Ok(());
    }
    let person = gather::person(invite, &home.connection, context).await?;
    let mut marks = vec![Mark::address(&person.addresses.invited)];
    if let Some(user) = &person.user {
        marks.push(Mark::Office(user.id.clone()));
        claims::hold(invite, &marks, context)?;
        // Pinned only once nobody else stands for the person.
        outcome.office_user_id = Some(user.id.clone());
        let fresh = home.asked;
        tenancy::admitted_user(user, &home.tenant, &home.connection, fresh, context).await?;
    } else {
        claims::hold(invite, &marks, context)?;
    }
    claims::narrow(invite, &marks, context);
    let own = Own::of(invite, &gather::deeds(invite, context).await?);
    let seen = find(invite, &home, &person, own, context).await?;
    let found = seen.user;
    if let Some(account) = invite.spec.linked_account() {
        let found = found.as_ref();
        let other = elsewhere::declared(invite, account, &home, &person, found, own, context).await?;
        outcome.stand = Some(Stand::LinkedElsewhere(other));
        return Ok(());
    }
    if found.is_none() && was_there(invite, own.sent) {
        outcome.sent = own.sent;
        outcome.stand = Some(Stand::Rejected);
        return Ok(());
    }
    match join::leave(invite, &home, &person, found.as_ref(), own, context).await? {
        Leave::Given => {}
        Leave::Approved(approval) => outcome.approval = Some(approval),
        Leave::Denied => {
            outcome.stand = Some(Stand::Denied);
            return Ok(());
        }
        Leave::Open => {
            invite::place(invite, &home, context).await?;
            if mails::are_due(invite) {
                gather::check_stranger(&person, &home.connection, context).await?;
            }
            outcome.stand = Some(Stand::AwaitingApproval);
            outcome.request_mails = mails::ask(invite, &home, &person, context).await?;
            return Ok(());
        }
    }
    let found = match found {
        // An invitation that is found after this look is the operator's own.
        None if !seen.fresh => look_for(invite, &home, &person, true, context).await?,
        found => found,
    };
    let (user, own) = match found {
        Some(user) => (user, own),
        None => match come_in(invite, &home, &person, outcome, context).await? {
            Some(found) => found,
            None => return Ok(()),
        },
    };
    claims::hold(invite, &[Mark::Crm(user.id.as_str().to_owned())], context)?;
    outcome.sent = own.invitation_of(invite, &user);
    check_identity(invite, &home, &person, &user, outcome.sent.is_some())?;
    if outcome.sent.is_none() && own.invitation().is_some() {
        // What was sent went to a CRM user who is gone; this one is another.
        let dropped = context.store.drop_deed(&uid(invite), INVITATION).await;
        dropped.map_err(|error| gather::of_store(&error))?;
    }
    outcome.stand = Some(stand_of(&user));
    if let Some(Stand::Invited { crm_user_id }) = outcome.stand.clone()
        && let Some(tenant) = elsewhere::undeclared(invite, &home, &person, context).await?
    {
        let other = Elsewhere::Found { tenant, crm_user_id };
        outcome.stand = Some(Stand::LinkedElsewhere(other));
    }
    Ok(())
}

/// Invites the person; a CRM user that is looked at further where there was one after all.
async fn come_in(
    invite: &CrmUserInvite,
    home: &Home,
    person: &Person,
    outcome: &mut Outcome,
    context: &Context,
) -> Result<Option<(User, Own)>, Stop> {
    let place = invite::place(invite, home, context).await?;
    gather::check_stranger(person, &home.connection, context).await?;
    match invite::send(invite, home, person, place, context).await? {
        Sent::Now { crm_user_id, at } => {
            outcome.sent = Some(at);
            let mark = Mark::Crm(crm_user_id.clone());
            outcome.stand = Some(Stand::Invited { crm_user_id });
            claims::hold(invite, &[mark], context)?;
            Ok(None)
        }
        Sent::Found(user) => {
            let own = Own::of(invite, &gather::deeds(invite, context).await?);
            Ok(Some((*user, own)))
        }
        Sent::Refused(trouble) => {
            if trouble.remedy == Remedy::Person {
                outcome.look_again = Some(invite::REFUSED_AGAIN);
            }
            Err(trouble.into())
        }
    }
}

/// What can be told without a look at Microsoft 365: nothing changed for a user of the CRM, and a denial is final.
async fn at_rest(invite: &CrmUserInvite, home: &Home, context: &Context) -> Result<Option<Stand>, Stop> {
    if join::is_denied(invite) {
        return Ok(Some(Stand::Denied));
    }
    let status = invite.status.as_ref();
    let seen = status.and_then(|status| status.observed_generation) == invite.metadata.generation;
    let Some(known) = known_crm_user(invite) else {
        return Ok(None);
    };
    if home.asked || !seen || phase(invite) != Some(InvitePhase::Active) {
        return Ok(None);
    }
    let users = home.connection.crm_users(false).await;
    let users = users.map_err(|error| of_crm(&error, context))?;
    let mut joined = users.iter().filter(|user| user.has_joined());
    Ok(joined.find(|user| user.id.as_str() == known).map(stand_of))
}

/// The person's CRM user, if one was seen.
struct Seen {
    user: Option<User>,
    /// By a look of this moment.
    fresh: bool,
}

/// The person's CRM user. That there is none is believed only after a look of this moment, unless it is known.
async fn find(
    invite: &CrmUserInvite,
    home: &Home,
    person: &Person,
    own: Own,
    context: &Context,
) -> Result<Seen, Trouble> {
    let fresh = home.asked;
    let user = look_for(invite, home, person, fresh, context).await?;
    let status = invite.status.as_ref();
    let is_known = match phase(invite) {
        Some(InvitePhase::Rejected | InvitePhase::LinkedElsewhere) => true,
        Some(InvitePhase::AwaitingApproval) => {
            status.is_some_and(|status| status.decision.is_none()) && own.invitation().is_none()
        }
        _ => false,
    };
    if user.is_some() || fresh || is_known {
        return Ok(Seen { user, fresh });
    }
    let user = look_for(invite, home, person, true, context).await?;
    Ok(Seen { user, fresh: true })
}

async fn look_for(
    invite: &CrmUserInvite,
    home: &Home,
    person: &Person,
    fresh: bool,
    context: &Context,
) -> Result<Option<User>, Trouble> {
    let users = home.connection.crm_users(fresh).await;
    let users = users.map_err(|error| of_crm(&error, context))?;
    Ok(person.addresses.find(known_crm_user(invite), &users).cloned())
}

/// A declared address that is none of the person's own may be anybody's: only who accepted the operator's own
/// invitation, or is listed by the tenant's author, is taken for the person (N7).
fn check_identity(
    invite: &CrmUserInvite,
    home: &Home,
    person: &Person,
    user: &User,
    is_ours: bool,
) -> Result<(), Trouble> {
    let names = |link: &AccountLink| {
        let office = person.user.as_ref();
        let named = link.user.as_str();
        named.eq_ignore_ascii_case(&invite.spec.user)
            || office.is_some_and(|office| named.eq_ignore_ascii_case(&office.id))
            || person
                .addresses
                .own
                .iter()
                .any(|own| own.eq_ignore_ascii_case(named))
    };
    let mut links = home.tenant.spec.account_links.iter();
    let listed = links.any(|link| names(link) && user.has_address(&link.crm_user));
    if person.addresses.owns(user) || is_ours || listed {
        return Ok(());
    }
    Err(Trouble::person(
        Reason::PairNotProven,
        "a CRM user with the address in account.email was there before this object, and nothing proves that it is the same person: it is none of their own addresses in Microsoft 365, and the operator did not invite it. List the pair in the CrmTenant's accountLinks if it is right",
    ))
}

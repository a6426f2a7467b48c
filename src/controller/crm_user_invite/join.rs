//! Requests to join: whether somebody who may approved them.

use std::time::Duration;

use zoho_crm::User;

use super::gather::{Home, Own, Person};
use super::phase;
use super::plan::Approval;
use crate::api::{ConditionType, CrmUserInvite, Decision, DecisionVerdict, InvitePhase, InviteType, Reason};
use crate::controller::Context;
use crate::controller::tenancy::{of_crm, of_office};
use crate::controller::trouble::{Remedy, Trouble};

/// How long it is left alone at least that an approver may not approve.
const NOT_PERMITTED: Duration = Duration::from_mins(10);

/// Whether the person may come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leave {
    /// An invitation, or a decision by `crmlink approve`.
    Given,
    /// Approved in another way, which the operator reports.
    Approved(Approval),
    /// Turned down.
    Denied,
    /// Nobody has decided.
    Open,
}

/// Whether a request was turned down and that was found to count: final, without a further look.
pub(super) fn is_denied(invite: &CrmUserInvite) -> bool {
    let status = invite.status.as_ref();
    let decision = status.and_then(|status| status.decision.as_ref());
    phase(invite) == Some(InvitePhase::Denied)
        && decision.is_some_and(|decision| decision.verdict == DecisionVerdict::Denied)
}

/// Whether the person may come in; `found` is their CRM user, if there is one.
pub(super) async fn leave(
    invite: &CrmUserInvite,
    home: &Home,
    person: &Person,
    found: Option<&User>,
    own: Own,
    context: &Context,
) -> Result<Leave, Trouble> {
    if invite.spec.invite_type == InviteType::Invitation {
        return Ok(Leave::Given);
    }
    let status = invite.status.as_ref();
    if let Some(decision) = status.and_then(|status| status.decision.as_ref()) {
        let approved = decision.verdict == DecisionVerdict::Approved;
        if approved && found.is_some() {
            return Ok(Leave::Given);
        }
        check(decision, home, context).await?;
        return Ok(if approved { Leave::Given } else { Leave::Denied });
    }
    if found.is_some() {
        let known = status.is_some_and(|status| status.conditions.is_true(ConditionType::Approved));
        return Ok(match own.invitation() {
            _ if known => Leave::Given,
            Some(_) => Leave::Approved(Approval::Beforehand),
            None => Leave::Approved(Approval::InCrm),
        });
    }
    // Whatever the conditions say: the list decides until somebody is invited.
    if is_pre_approved(home, person, context).await? {
        return Ok(Leave::Approved(Approval::Beforehand));
    }
    Ok(Leave::Open)
}

/// Checks that the CRM user in whose name a decision was made may manage users at this moment.
async fn check(decision: &Decision, home: &Home, context: &Context) -> Result<(), Trouble> {
    let of_crm = |error: zoho_crm::Error| of_crm(&error, context);
    let id = zoho_crm::UserId::from(decision.crm_user_id.as_str());
    // Of this moment: who was removed an hour ago may not approve any more.
    let user = home.connection.zoho.user(&id).await.map_err(of_crm)?;
    let may = match &user {
        Some(user) => home.connection.zoho.manages_users(user).await.map_err(of_crm)?,
        None => false,
    };
    if may {
        return Ok(());
    }
    let message = format!(
        "the decision does not count: the CRM has no active user {} with the permission Manage Users. It counts once that user has it; to decide in another name, delete this object and create another",
        decision.crm_user_id
    );
    Err(Trouble {
        remedy: Remedy::Others(Some(NOT_PERMITTED)),
        ..Trouble::others(Reason::ApproverNotPermitted, message)
    })
}

async fn is_pre_approved(home: &Home, person: &Person, context: &Context) -> Result<bool, Trouble> {
    let requests = home
        .tenant
        .spec
        .invites
        .as_ref()
        .and_then(|invites| invites.join_requests.as_ref());
    let listed = requests.and_then(|requests| requests.pre_approved.as_ref());
    let Some((listed, user)) = listed.zip(person.user.as_ref()) else {
        return Ok(false);
    };
    let approved = home.connection.pre_approved(listed, home.asked).await;
    Ok(approved
        .map_err(|error| of_office(&error, context))?
        .includes(user))
}

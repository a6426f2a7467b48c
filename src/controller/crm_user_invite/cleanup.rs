//! Deletion of a resource: an invitation that is not accepted yet is withdrawn if the operator sent it; what becomes of
//! an accepted user is declared. Nothing hangs for ever: where nobody can sign in any more the object goes, and an Event
//! says what stays.

use kube::runtime::events::EventType;
use zoho_crm::{Applied, User, UserChange, UserError, UserId, UserOutcome, UserRefusal, UserStatus};

use super::elsewhere::is_gone;
use super::gather::{self, Own};
use super::{claims, known_crm_user, name, report, uid};
use crate::api::{CrmUserInvite, InviteDeletionPolicy, Reason};
use crate::connections::Connection;
use crate::controller::given_up::{self, GivenUp};
use crate::controller::runner::Next;
use crate::controller::tenancy::{of_crm, tenant_key};
use crate::controller::trouble::{Remedy, Trouble};
use crate::controller::{Context, finalizer};

/// Keeps the object until its CRM user is taken care of.
const FINALIZER: &str = "crmlink.dev/crm-user";

/// Makes sure that the object stays until then; `false` where that was sure already.
pub(super) async fn guard(invite: &CrmUserInvite, context: &Context) -> Result<bool, Box<kube::Error>> {
    finalizer::set(invite, FINALIZER, true, context).await
}

/// How far the clean-up has come.
enum CleanUp {
    /// The object may go.
    Done,
    /// The object goes and leaves its CRM user or invitation behind.
    Left(String),
    /// Nothing can be said before the tenant's first sign-in, or before the next start.
    NotYet,
    /// Something is in the way.
    Trouble(Trouble),
}

/// What there is to take back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Duty {
    /// Nothing was done, or is to be undone.
    Nothing,
    /// An invitation of the operator's own, while it is not accepted.
    Withdraw,
    /// Whatever the policy says about the user, and the invitation while it is not accepted, if it is the operator's own.
    Policy { withdraw: bool },
}

pub(super) async fn clean_up(invite: &CrmUserInvite, context: &Context) -> Result<Next, Box<kube::Error>> {
    if !finalizer::is_set(invite, FINALIZER) || !context.listed().await {
        return Ok(Next::Change);
    }
    let cleaned = tokio::select! {
        cleaned = take_back(invite, context) => cleaned,
        () = context.stopping.cancelled() => CleanUp::NotYet,
    };
    let trouble = match cleaned {
        CleanUp::Done => return go(invite, context).await,
        CleanUp::Left(why) => {
            tracing::warn!(invite = %name(invite), "its CRM user or invitation stays: {why}");
            let note = format!("the CRM user or the invitation stays as it is: {why}");
            let reason = Reason::CrmUserLeft;
            context
                .reporter
                .note(invite, EventType::Warning, reason, &note)
                .await;
            return go(invite, context).await;
        }
        CleanUp::NotYet => return Ok(Next::Change),
        CleanUp::Trouble(trouble) => trouble,
    };
    let status = report::deleting(invite, &trouble, context.surroundings.clock.now());
    report::write(invite, &status, context).await?;
    Ok(Next::Retry(trouble.remedy.wait()))
}

/// Lets the object go.
async fn go(invite: &CrmUserInvite, context: &Context) -> Result<Next, Box<kube::Error>> {
    if let Err(error) = context.store.drop_deeds(&uid(invite)).await {
        tracing::error!(invite = %name(invite), %error, "what the store knows of it stays there");
    }
    finalizer::set(invite, FINALIZER, false, context).await?;
    claims::release(invite, context);
    Ok(Next::Change)
}

async fn take_back(invite: &CrmUserInvite, context: &Context) -> CleanUp {
    let own = match gather::deeds(invite, context).await {
        Ok(deeds) => Own::of(invite, &deeds),
        Err(trouble) => return CleanUp::Trouble(trouble),
    };
    let duty = duty(invite, own);
    // Where an older invite stands for the person everything is that one's.
    if duty == Duty::Nothing || claims::is_second(invite, context) {
        return CleanUp::Done;
    }
    let key = tenant_key(invite);
    let Some(tenant) = context.tenant(&key) else {
        return CleanUp::Left("the CrmTenant is gone, so nobody can sign in".to_owned());
    };
    let Some(connection) = context.connections.get(&key) else {
        // A tenant for which nothing runs signs in for this alone.
        if tenant.is_idle() {
            context.wake_tenant(&key);
        }
        return shut_out(invite, context);
    };
    match remove(invite, duty, own, &connection, context).await {
        Ok(cleaned) => cleaned,
        Err(_) if given_up::is_over(invite, context) => {
            CleanUp::Left("for a day it could not be removed".to_owned())
        }
        Err(trouble) => CleanUp::Trouble(trouble),
    }
}

/// What there is to take back, by what status and store say.
fn duty(invite: &CrmUserInvite, own: Own) -> Duty {
    let withdraw = own.invitation().is_some();
    if known_crm_user(invite).is_none() && !withdraw {
        return Duty::Nothing;
    }
    let policy = invite.spec.deletion_policy.unwrap_or_default();
    let accepted = invite
        .status
        .as_ref()
        .is_some_and(|status| status.accepted_at.is_some());
    match policy {
        InviteDeletionPolicy::Retain if withdraw && !accepted => Duty::Withdraw,
        InviteDeletionPolicy::Retain => Duty::Nothing,
        InviteDeletionPolicy::Deactivate | InviteDeletionPolicy::Remove => Duty::Policy { withdraw },
    }
}

async fn remove(
    invite: &CrmUserInvite,
    duty: Duty,
    own: Own,
    connection: &Connection,
    context: &Context,
) -> Result<CleanUp, Trouble> {
    let Some(user) = crm_user(invite, connection, context).await? else {
        return Ok(CleanUp::Done);
    };
    if user.status == UserStatus::Deleted {
        return Ok(CleanUp::Done);
    }
    let zoho = &connection.zoho;
    if user.is_invited() {
        let withdraw = duty == Duty::Withdraw || duty == Duty::Policy { withdraw: true };
        if !withdraw || own.invitation_of(invite, &user).is_none() {
            return Ok(CleanUp::Done);
        }
        let answer = zoho.delete_user(&user.id).await;
        return settle(answer, connection, context).await;
    }
    // Accepted meanwhile, or found by an address alone: whoever joined with it may be anybody.
    if duty == Duty::Withdraw || known_crm_user(invite).is_none() {
        return Ok(CleanUp::Done);
    }
    if connection.org().is_super_admin(&user) {
        let why = "the user is the organisation's super admin, who always stays";
        return Ok(CleanUp::Left(why.to_owned()));
    }
    let acting = connection.acting(false).await;
    if acting.map_err(|error| of_crm(&error, context))?.id == user.id {
        return Ok(CleanUp::Left(
            "the operator acts for this user, who always stays".to_owned(),
        ));
    }
    if invite.spec.deletion_policy == Some(InviteDeletionPolicy::Remove) {
        let answer = zoho.delete_user(&user.id).await;
        return settle(answer, connection, context).await;
    }
    if !user.has_joined() {
        return Ok(CleanUp::Done);
    }
    let off = UserChange {
        active: Some(false),
        ..UserChange::default()
    };
    let answer = zoho.update_user(&user.id, &off).await;
    settle(answer, connection, context).await
}

/// The CRM user as of this moment.
async fn crm_user(
    invite: &CrmUserInvite,
    connection: &Connection,
    context: &Context,
) -> Result<Option<User>, Trouble> {
    let of_crm = |error: zoho_crm::Error| of_crm(&error, context);
    if let Some(known) = known_crm_user(invite) {
        return connection.zoho.user(&UserId::from(known)).await.map_err(of_crm);
    }
    // The answer to the invitation never came: whoever waits with the address was invited by it.
    let person = match gather::person(invite, connection, context).await {
        Ok(person) => person,
        Err(trouble) if trouble.remedy == Remedy::Person => return Ok(None),
        Err(trouble) => return Err(trouble),
    };
    let users = connection.crm_users(true).await.map_err(of_crm)?;
    Ok(person.addresses.find(None, &users).cloned())
}

/// What a deletion or deactivation came to.
async fn settle(
    answer: Result<UserOutcome<Applied>, zoho_crm::Error>,
    connection: &Connection,
    context: &Context,
) -> Result<CleanUp, Trouble> {
    connection.crm_users_changed().await;
    match answer {
        Ok(Ok(_)) => Ok(CleanUp::Done),
        Ok(Err(refused)) => refusal(&refused),
        Err(error) => Err(of_crm(&error, context)),
    }
}

fn refusal(refused: &UserError) -> Result<CleanUp, Trouble> {
    match &refused.reason {
        reason if is_gone(reason) => Ok(CleanUp::Done),
        UserRefusal::PrimaryContact => Ok(CleanUp::Left(
            "the user is the organisation's super admin, who always stays".to_owned(),
        )),
        UserRefusal::OwnAccount => Ok(CleanUp::Left(
            "the operator acts for this user, who always stays".to_owned(),
        )),
        _ => Err(Trouble::others(
            Reason::InvitationRefused,
            format!(
                "the CRM does not remove the user ({refused}): remove them in Zoho (Setup > Users). After a day the object goes without it"
            ),
        )),
    }
}

/// The CRM does not let the operator in.
fn shut_out(invite: &CrmUserInvite, context: &Context) -> CleanUp {
    let key = tenant_key(invite);
    if !context.tenants_seen.knows(&key) {
        return CleanUp::NotYet;
    }
    let why = match given_up::on_sign_in(invite, &key, context) {
        Some(GivenUp::SecretGone) => "the Secret of the CrmTenant is gone, so nobody can sign in",
        Some(GivenUp::Day) => "for a day the CRM has not let the operator sign in",
        None => {
            return CleanUp::Trouble(Trouble::others(
                Reason::TenantNotReady,
                "the CRM user cannot be taken care of while the CrmTenant is not signed in; mend it, or set deletionPolicy: Retain to leave an accepted user there. After a day, and soon where the Secret is gone, the object goes without it",
            ));
        }
    };
    CleanUp::Left(why.to_owned())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::{Value, json};

    use super::*;

    #[allow(clippy::needless_pass_by_value, reason = "it takes what `json!` makes")]
    fn duty_of(policy: Value, status: Value, own: Own) -> Duty {
        let invite: CrmUserInvite = serde_json::from_value(json!({
            "metadata": {},
            "spec": {
                "tenantRef": { "name": "t" }, "user": "a@b.example", "type": "Invitation", "deletionPolicy": policy,
            },
            "status": status,
        }))
        .unwrap();
        duty(&invite, own)
    }

    #[test]
    fn an_own_invitation_is_withdrawn_and_a_user_is_touched_only_where_that_is_declared() {
        let (none, ours) = (
            Own::default(),
            Own {
                sent: Some(Timestamp::UNIX_EPOCH),
                begun: None,
            },
        );
        let begun = Own {
            sent: None,
            begun: ours.sent,
        };
        let known = json!({ "crmUserId": "7" });
        let accepted = json!({ "crmUserId": "7", "acceptedAt": "2026-01-01T00:00:00Z" });
        assert_eq!(
            duty_of(json!("Remove"), json!({}), none),
            Duty::Nothing,
            "a second invite"
        );
        assert_eq!(
            duty_of(Value::Null, known.clone(), none),
            Duty::Nothing,
            "another's"
        );
        assert_eq!(duty_of(Value::Null, known.clone(), ours), Duty::Withdraw);
        assert_eq!(duty_of(Value::Null, json!({}), begun), Duty::Withdraw);
        assert_eq!(duty_of(Value::Null, accepted.clone(), ours), Duty::Nothing);
        let policy = |withdraw| Duty::Policy { withdraw };
        assert_eq!(duty_of(json!("Deactivate"), accepted.clone(), ours), policy(true));
        assert_eq!(duty_of(json!("Remove"), accepted, none), policy(false), "adopted");
        assert_eq!(duty_of(json!("Remove"), known, none), policy(false));
    }

    #[test]
    fn the_super_admin_and_the_acting_user_stay_and_who_is_gone_is_done() {
        let of = |reason| {
            let refusal = zoho_crm::Refusal::default();
            super::refusal(&UserError { reason, refusal })
        };
        for reason in [UserRefusal::PrimaryContact, UserRefusal::OwnAccount] {
            assert!(matches!(of(reason), Ok(CleanUp::Left(_))));
        }
        for reason in [UserRefusal::NoSuchUser, UserRefusal::Deleted] {
            assert!(matches!(of(reason), Ok(CleanUp::Done)));
        }
        assert!(of(UserRefusal::SpecialUser).is_err());
    }
}

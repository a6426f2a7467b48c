//! The mails to those who may approve a request to join (U4): once each, and never again once that is confirmed.
//!
//! Nobody can ask whether a mail left, so each attempt is in the store before its call goes out. What may have left and
//! was not confirmed is sent again a few times: twice is better than never. Whom to mail is settled at the first run.

use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::ResourceExt;
use msgraph::{Class, Mail, Mailbox};
use sync_runtime::store::{Deed, DeedState};
use zoho_crm::User;

use super::gather::{Home, INVITATION, Person, deeds, of_store};
use super::request_mail::Request;
use super::{name, uid};
use crate::api::{CrmUserInvite, Reason, RequestMails};
use crate::controller::Context;
use crate::controller::tenancy::{of_crm, of_office};
use crate::controller::trouble::{Remedy, Trouble};

/// How often a mail is sent to one person at most, while nothing confirms it.
const MOST_ATTEMPTS: u32 = 5;

/// How long it is waited after an attempt in doubt, four times as long after each further one: an outage has to end
/// before the attempts do.
const IN_DOUBT: Duration = Duration::from_mins(1);

/// How long it is waited for somebody to let the operator send mails, or for somebody who could approve.
const OTHERS: Duration = Duration::from_mins(10);

/// Whether somebody is still to be mailed: not once that was completed, whatever the store knows.
pub(super) fn are_due(invite: &CrmUserInvite) -> bool {
    let status = invite.status.as_ref();
    status.is_none_or(|status| status.request_mails.is_none())
}

/// Mails everybody who may approve and was not mailed yet; nothing once that was completed before.
pub(super) async fn ask(
    invite: &CrmUserInvite,
    home: &Home,
    person: &Person,
    context: &Context,
) -> Result<Option<RequestMails>, Trouble> {
    if !are_due(invite) {
        return Ok(None);
    }
    let settings = home.tenant.spec.invites.as_ref();
    let Some(sender) = settings.and_then(|invites| invites.sender_mailbox.as_deref()) else {
        return Err(Trouble::person(
            Reason::SenderMailboxMissing,
            "nobody who could approve the request was mailed: set invites.senderMailbox of the CrmTenant to a mailbox that the app may send from. An approval counts all the same",
        ));
    };
    let planned = recipients(invite, home, context).await?;
    let users = home.connection.crm_users(false).await;
    let users = users.map_err(|error| of_crm(&error, context))?;
    let address = |id: &str| address_of(id, &users);
    let round = Round {
        invite,
        home,
        sender: home.connection.mailboxes.graph.mailbox(sender),
        who: who(home, person, context).await?,
        address: &person.addresses.invited,
        context,
    };
    let mut doubt: Option<Trouble> = None;
    for deed in planned.iter().filter(|deed| is_open(deed)) {
        if let Some(address) = address(&deed.crm_user)
            && let Err(trouble) = round.send(deed, address).await?
        {
            doubt = Some(trouble);
        }
    }
    let after = deeds(invite, context).await?;
    let after = after.iter().filter(|deed| deed.crm_user != INVITATION);
    let open = |deed: &&Deed| is_open(deed) && address(&deed.crm_user).is_some();
    if let Some(trouble) = doubt.filter(|_| after.clone().any(|deed| open(&deed))) {
        return Err(trouble);
    }
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let sent = after.clone().filter(|deed| deed.state == DeedState::Done).count();
    let failed = after.count() - sent;
    Ok(Some(RequestMails {
        sent: count(sent),
        failed: (failed > 0).then(|| count(failed)),
        completed_at: Time(context.surroundings.clock.now()),
    }))
}

/// Whom to mail, as it was settled at the first run.
async fn recipients(invite: &CrmUserInvite, home: &Home, context: &Context) -> Result<Vec<Deed>, Trouble> {
    let mails = |deeds: Vec<Deed>| -> Vec<Deed> {
        let is_mail = |deed: &Deed| deed.crm_user != INVITATION;
        deeds.into_iter().filter(is_mail).collect()
    };
    let known = mails(deeds(invite, context).await?);
    if !known.is_empty() {
        return Ok(known);
    }
    let managers = home.connection.user_managers().await;
    let managers = managers.map_err(|error| of_crm(&error, context))?;
    if managers.is_empty() {
        return Err(Trouble {
            remedy: Remedy::Others(Some(OTHERS)),
            ..Trouble::others(
                Reason::NoApprover,
                "no active CRM user may manage users, so nobody could approve the request: give somebody's profile the permission Manage Users",
            )
        });
    }
    let ids: Vec<String> = managers.iter().map(|user| user.id.as_str().to_owned()).collect();
    let now = context.surroundings.clock.now();
    let planned = context.store.plan_deeds(&uid(invite), &ids, now).await;
    planned.map_err(|error| of_store(&error))?;
    Ok(mails(deeds(invite, context).await?))
}

/// Where somebody is mailed who is still a user of the CRM.
fn address_of<'a>(id: &str, users: &'a [User]) -> Option<&'a str> {
    let mut joined = users.iter().filter(|user| user.has_joined());
    let user = joined.find(|user| user.id.as_str() == id)?;
    Some(user.email.as_str()).filter(|address| !address.is_empty())
}

/// Whether a mail is still to be sent.
fn is_open(deed: &Deed) -> bool {
    deed.state != DeedState::Done && deed.attempts < MOST_ATTEMPTS
}

/// What the person is called, as far as Microsoft 365 tells.
async fn who(home: &Home, person: &Person, context: &Context) -> Result<String, Trouble> {
    let Some(user) = &person.user else {
        return Ok(person.addresses.invited.clone());
    };
    let names = home.names(user, context).await?;
    let called = names.display_name.or_else(|| user.user_principal_name.clone());
    Ok(called.unwrap_or_else(|| person.addresses.invited.clone()))
}

/// The mails of one run.
struct Round<'a> {
    invite: &'a CrmUserInvite,
    home: &'a Home,
    sender: Mailbox,
    who: String,
    address: &'a str,
    context: &'a Context,
}

impl Round<'_> {
    /// Mails one person. The inner error concerns this mail, the outer one all of them.
    async fn send(&self, deed: &Deed, to: &str) -> Result<Result<(), Trouble>, Trouble> {
        let (store, uid) = (&self.context.store, uid(self.invite));
        let now = || self.context.surroundings.clock.now();
        let begun = store.begin_deed(&uid, &deed.crm_user, now()).await;
        begun.map_err(|error| of_store(&error))?;
        let Err(error) = self.sender.send_mail(&self.mail(deed, to)).await else {
            let done = store.end_deed(&uid, &deed.crm_user, now()).await;
            return Ok(done.map_err(|error| of_store(&error)));
        };
        tracing::warn!(invite = %name(self.invite), approver = %deed.crm_user, %error, "a mail about a request to join was not confirmed");
        match fate(&error) {
            Fate::Attempted => Ok(Err(in_doubt(&error, deed.attempts))),
            Fate::NotSent => {
                let undone = store.undo_deed(&uid, &deed.crm_user).await;
                undone.map_err(|error| of_store(&error))?;
                Err(unable(&error, self.context))
            }
        }
    }

    fn mail(&self, deed: &Deed, to: &str) -> Mail {
        let (namespace, name) = (
            self.invite.namespace().unwrap_or_default(),
            self.invite.name_any(),
        );
        let request = Request {
            who: &self.who,
            address: self.address,
            organisation: &self.home.connection.mailboxes.organisation,
            namespace: &namespace,
            name: &name,
            approver: &deed.crm_user,
        };
        // The same for each attempt, so that a mail program shows a mail that left twice as one.
        let id = format!("{}.{}@crmlink", deed.crm_user, uid(self.invite));
        Mail::new(id, request.subject(), request.body()).to(to)
    }
}

/// What became of a mail that was not confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It may have left, or was refused itself.
    Attempted,
    /// It did not leave, and no other one leaves this mailbox for the time being.
    NotSent,
}

fn fate(error: &msgraph::Error) -> Fate {
    match error.class() {
        // Not sent at all: the mailbox had to wait already.
        _ if matches!(error, msgraph::Error::StillThrottled { .. }) => Fate::NotSent,
        Class::Transient | Class::Ambiguous | Class::Throttled(_) | Class::Invalid => Fate::Attempted,
        _ => Fate::NotSent,
    }
}

fn in_doubt(error: &msgraph::Error, attempts: u32) -> Trouble {
    let wait = IN_DOUBT.saturating_mul(4_u32.saturating_pow(attempts));
    let wait = wait.max(error.retry_after().unwrap_or_default());
    Trouble {
        remedy: Remedy::Others(Some(wait)),
        ..Trouble::others(
            Reason::RequestMailsFailed,
            "not every mail to those who may approve was confirmed by Microsoft 365; the rest is tried again",
        )
    }
}

/// Why no mail leaves the sender's mailbox.
fn unable(error: &msgraph::Error, context: &Context) -> Trouble {
    let why = match error.class() {
        Class::Throttled(after) => {
            return Trouble {
                remedy: Remedy::Others(after),
                ..Trouble::others(
                    Reason::RequestMailsFailed,
                    "the mailbox of invites.senderMailbox has sent as many mails as it may in a minute; the rest follows",
                )
            };
        }
        Class::Permission => {
            "the app may not send from it: grant it the application permission Mail.Send for this mailbox (new grants take up to an hour)"
        }
        Class::NotFound => "Microsoft 365 has no such user: correct it",
        Class::MailboxNotEnabled => "that user has no mailbox that the API can reach: name another",
        Class::QuotaExceeded => "its mailbox is full",
        _ => return of_office(error, context),
    };
    Trouble {
        remedy: Remedy::Others(Some(OTHERS)),
        ..Trouble::others(
            Reason::RequestMailsFailed,
            format!("no mail can be sent from invites.senderMailbox of the CrmTenant: {why}"),
        )
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use msgraph::{Answer, Error};

    use super::*;

    fn answer(status: u16) -> Answer {
        Answer {
            status,
            code: String::new(),
            request_id: None,
            retry_after: None,
        }
    }

    #[test]
    fn u4_a_mail_that_certainly_did_not_leave_is_no_attempt() {
        let lost = Error::Ambiguous(Box::new(Error::Unavailable(answer(503))));
        assert_eq!(fate(&lost), Fate::Attempted);
        assert_eq!(fate(&Error::Throttled(answer(429))), Fate::Attempted);
        assert_eq!(fate(&Error::Invalid(answer(400))), Fate::Attempted);
        for error in [
            Error::AccessDenied(answer(403)),
            Error::UserNotFound(answer(404)),
            Error::MailboxNotEnabled(answer(404)),
            Error::StillThrottled {
                after: Duration::from_mins(1),
            },
        ] {
            assert_eq!(fate(&error), Fate::NotSent, "{error}");
        }
    }

    #[test]
    fn u4_doubtful_attempts_are_few_and_far_between() {
        let deed = |state, attempts| Deed {
            crm_user: "7".to_owned(),
            state,
            attempts,
            at: Timestamp::UNIX_EPOCH,
        };
        assert!(is_open(&deed(DeedState::Planned, 0)));
        assert!(is_open(&deed(DeedState::Begun, MOST_ATTEMPTS - 1)));
        assert!(!is_open(&deed(DeedState::Begun, MOST_ATTEMPTS)));
        assert!(!is_open(&deed(DeedState::Done, 1)));
        let error = Error::Unavailable(answer(503));
        let wait = |attempts| in_doubt(&error, attempts).remedy.wait();
        assert_eq!(wait(0), Some(Duration::from_mins(1)));
        assert_eq!(wait(2), Some(Duration::from_mins(16)));
    }

    #[test]
    fn u4_only_who_is_still_a_user_is_mailed() {
        let user = |id: &str, status: &str, confirm: bool| -> User {
            let email = format!("{id}@example.com");
            serde_json::from_value(
                serde_json::json!({ "id": id, "email": email, "status": status, "confirm": confirm }),
            )
            .unwrap()
        };
        let users = [
            user("1", "active", true),
            user("2", "inactive", true),
            user("3", "active", false),
        ];
        assert_eq!(address_of("1", &users), Some("1@example.com"));
        for id in ["2", "3", "4"] {
            assert_eq!(address_of(id, &users), None);
        }
    }
}

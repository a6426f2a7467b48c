//! How the conditions say how far a person is, and what is in the way: pure.

use super::plan::{Approval, Elsewhere, Outcome, Stand, Stop};
use crate::api::{ConditionType, CrmUserInvite, ReadyWhen, Reason, RequestMails};
use crate::connections::TenantKey;
use crate::controller::condition_writer::ConditionWriter;

/// What is there only while the person is so far.
const OF_A_STAND: [ConditionType; 3] = [
    ConditionType::AwaitingApproval,
    ConditionType::Rejected,
    ConditionType::LinkedElsewhere,
];

/// What is there only while it holds, however far the person is.
const OF_THE_WORK: [ConditionType; 3] = [
    ConditionType::Reconciling,
    ConditionType::Stalled,
    ConditionType::Suspended,
];

/// What Ready says of a person who is so far.
struct Readiness {
    /// Ready for whoever waits for the invitation.
    when_invited: bool,
    /// Ready for whoever waits for the person.
    when_accepted: bool,
    /// Something may come by itself.
    goes_on: bool,
    reason: Reason,
    message: String,
}

impl ConditionWriter<'_> {
    /// Says what a look at an invite came to. `mails` tells of the mails to those who may approve.
    pub(super) fn outcome(
        &mut self,
        invite: &CrmUserInvite,
        outcome: &Outcome,
        mails: Option<&RequestMails>,
        failures: u32,
    ) {
        if let Some(Stop::Suspended { by_tenant }) = outcome.stop {
            return self.suspended(by_tenant, "nobody is invited, and nothing is looked up");
        }
        if let Some(approval) = outcome.approval {
            self.approved(approval);
        } else if outcome.stand == Some(Stand::AwaitingApproval) {
            // Nobody decided, and the tenant's list does not have the person any more.
            self.remove(ConditionType::Approved);
        }
        if let Some(stand) = &outcome.stand {
            let is_ours = outcome.sent.is_some();
            self.stand(stand, is_ours, mails);
            self.remove_unsaid(&OF_A_STAND);
            let readiness = readiness(stand, is_ours, mails);
            self.ready(readiness, invite.spec.ready_when.unwrap_or_default());
        }
        if let Some(Stop::Trouble(trouble)) = &outcome.stop {
            self.unsay(&OF_THE_WORK);
            self.trouble(trouble, failures);
        }
        self.remove_unsaid(&OF_THE_WORK);
    }

    fn approved(&mut self, approval: Approval) {
        let (reason, message) = match approval {
            Approval::InCrm => (
                Reason::ApprovedInCrm,
                "an administrator of the CRM added the person there",
            ),
            Approval::Beforehand => (
                Reason::PreApproved,
                "the CrmTenant's invites.joinRequests.preApproved lists the person",
            ),
        };
        self.set(ConditionType::Approved, true, reason, message);
    }

    fn stand(&mut self, stand: &Stand, is_ours: bool, mails: Option<&RequestMails>) {
        let (invited, accepted, reason) = match stand {
            Stand::AwaitingApproval => (false, false, Reason::AwaitingApproval),
            Stand::Invited { .. } => (true, false, Reason::InvitationSent),
            Stand::Active { .. } => (true, true, Reason::UserActive),
            Stand::Inactive { accepted, .. } => (true, *accepted, Reason::UserInactive),
            Stand::Denied => (false, false, Reason::Denied),
            Stand::Rejected => (false, false, Reason::InvitationRejected),
            Stand::LinkedElsewhere(Elsewhere::Found { .. }) => (true, false, Reason::LinkedElsewhere),
            Stand::LinkedElsewhere(_) => (false, false, Reason::LinkedElsewhere),
        };
        self.set(ConditionType::Invited, invited, reason, "");
        self.set(ConditionType::Accepted, accepted, reason, "");
        let own = match stand {
            Stand::AwaitingApproval => ConditionType::AwaitingApproval,
            Stand::Rejected => ConditionType::Rejected,
            Stand::LinkedElsewhere(_) => ConditionType::LinkedElsewhere,
            _ => return,
        };
        let message = readiness(stand, is_ours, mails).message;
        self.set(own, true, reason, &message);
    }

    fn ready(&mut self, readiness: Readiness, when: ReadyWhen) {
        let Readiness {
            when_invited,
            when_accepted,
            goes_on,
            reason,
            message,
        } = readiness;
        let ready = match when {
            ReadyWhen::Invited => when_invited,
            ReadyWhen::Accepted => when_accepted,
        };
        self.set(ConditionType::Ready, ready, reason, &message);
        if !ready && goes_on {
            self.set(ConditionType::Reconciling, true, reason, &message);
        }
    }
}

/// A person's choice is never a failure: whoever waits for the invitation alone does not wait for it.
fn readiness(stand: &Stand, is_ours: bool, mails: Option<&RequestMails>) -> Readiness {
    let done = |reason, message: String| Readiness {
        when_invited: true,
        when_accepted: false,
        goes_on: false,
        reason,
        message,
    };
    match stand {
        Stand::AwaitingApproval => Readiness {
            when_invited: false,
            goes_on: true,
            ..done(Reason::AwaitingApproval, awaiting(mails))
        },
        Stand::Invited { .. } => {
            let message = if is_ours {
                "the CRM mailed the invitation; the person has to accept it, by the link in the mail or by the app in Microsoft 365"
            } else {
                "an invitation that was sent in the CRM itself waits for the person's answer"
            };
            Readiness {
                goes_on: true,
                ..done(Reason::InvitationSent, message.to_owned())
            }
        }
        Stand::Active { .. } => Readiness {
            when_accepted: true,
            ..done(Reason::UserActive, String::new())
        },
        Stand::Inactive { .. } => done(
            Reason::UserInactive,
            "the CRM user is switched off; it stays so until somebody switches it on in the CRM".to_owned(),
        ),
        Stand::Denied => done(
            Reason::Denied,
            "a CRM user who may manage users turned the request down; to ask again, delete this object and create another".to_owned(),
        ),
        Stand::Rejected => done(
            Reason::InvitationRejected,
            "the person turned the invitation down, or somebody took it back in the CRM; to invite again, delete this object and create another".to_owned(),
        ),
        Stand::LinkedElsewhere(elsewhere) => done(Reason::LinkedElsewhere, linked(elsewhere)),
    }
}

fn awaiting(mails: Option<&RequestMails>) -> String {
    let decide = "crmlink approve, crmlink deny, or adding the person in the CRM decides";
    match mails {
        None => format!("a CRM user who may manage users has to approve the request: {decide}"),
        Some(RequestMails { sent, failed, .. }) => {
            let failed = failed.map_or_else(String::new, |failed| format!(" ({failed} could not be mailed)"));
            format!(
                "{sent} CRM users who may manage users were mailed{failed} how to approve the request: {decide}"
            )
        }
    }
}

fn linked(elsewhere: &Elsewhere) -> String {
    let of = |tenant: &TenantKey| format!("{}/{}", tenant.0, tenant.1);
    match elsewhere {
        Elsewhere::Proven(tenant) => format!(
            "the person uses an account of the CRM organisation of CrmTenant {}, which proves it; nobody is invited here",
            of(tenant)
        ),
        Elsewhere::Declared(why) => format!(
            "the person is declared to use an account of another CRM organisation, so nobody is invited here; nothing proves it: {why}"
        ),
        Elsewhere::Found { tenant, .. } => format!(
            "the person belongs to the CRM organisation of CrmTenant {}, so this invitation will hardly be accepted; declare account.mode: Link to withdraw it",
            of(tenant)
        ),
    }
}

#[cfg(test)]
#[path = "conditions_tests.rs"]
mod tests;

//! What there is to do, decided from what was gathered: pure.

use std::time::Duration;

use jiff::Timestamp;
use zoho_crm::User;

use crate::api::{CrmUserInvite, InvitePhase, RequestMails};
use crate::connections::TenantKey;
use crate::controller::tenancy::Hindrance;
use crate::controller::trouble::Trouble;

/// What a reconcile found out and did.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// The person in Microsoft 365.
    pub(super) office_user_id: Option<String>,
    /// How a request to join was approved without `crmlink approve`.
    pub(super) approval: Option<Approval>,
    /// The mails to those who may approve, once they are done.
    pub(super) request_mails: Option<RequestMails>,
    /// When the operator's invitation was sent, if it was.
    pub(super) sent: Option<Timestamp>,
    /// How far the person is, as far as it could be told.
    pub(super) stand: Option<Stand>,
    /// What ended the reconcile early.
    pub(super) stop: Option<Stop>,
    /// How long what only a person can mend is left alone, if not as long as usual.
    pub(super) look_again: Option<Duration>,
}

/// Why a reconcile ended early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stop {
    /// Too early to say anything, or the operator stops.
    NotYet,
    /// Stopped by its author or by the tenant's.
    Suspended { by_tenant: bool },
    /// Something is in the way.
    Trouble(Trouble),
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<Hindrance> for Stop {
    fn from(hindrance: Hindrance) -> Self {
        match hindrance {
            Hindrance::NotYet => Self::NotYet,
            Hindrance::Trouble(trouble) => Self::Trouble(trouble),
        }
    }
}

/// How a request to join was approved without `crmlink approve`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Approval {
    /// An administrator of the CRM added the person there.
    InCrm,
    /// The tenant's author listed the person.
    Beforehand,
}

/// How far a person is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stand {
    /// Somebody has to approve.
    AwaitingApproval,
    /// There is an invitation.
    Invited {
        /// The CRM user.
        crm_user_id: String,
    },
    /// A user of the CRM.
    Active {
        /// The CRM user.
        crm_user_id: String,
    },
    /// Switched off in the CRM.
    Inactive {
        /// The CRM user.
        crm_user_id: String,
        /// Whether the person accepted before.
        accepted: bool,
    },
    /// Turned down by somebody who may manage users.
    Denied,
    /// Turned down by the person, or taken back in the CRM.
    Rejected,
    /// A user of another organisation.
    LinkedElsewhere(Elsewhere),
}

/// What is known of the other organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Elsewhere {
    /// Declared, and the tenant proves it.
    Proven(TenantKey),
    /// Declared alone; why nothing proves it.
    Declared(String),
    /// Not declared, but a tenant proves it: the invitation stays.
    Found {
        /// The tenant.
        tenant: TenantKey,
        /// The CRM user who was invited here.
        crm_user_id: String,
    },
}

/// How far a CRM user is.
pub(super) fn stand_of(user: &User) -> Stand {
    let crm_user_id = user.id.as_str().to_owned();
    if user.has_joined() {
        Stand::Active { crm_user_id }
    } else if user.is_invited() {
        Stand::Invited { crm_user_id }
    } else {
        let accepted = user.confirm;
        Stand::Inactive {
            crm_user_id,
            accepted,
        }
    }
}

/// Whether the person was in the CRM or invited before, so that not being there any more is somebody's choice.
pub(super) fn was_there(invite: &CrmUserInvite, sent: Option<Timestamp>) -> bool {
    let status = invite.status.as_ref();
    let accepted = status.is_some_and(|status| status.accepted_at.is_some());
    let phase = status.and_then(|status| status.phase);
    sent.is_some()
        || accepted
        || matches!(
            phase,
            Some(InvitePhase::Active | InvitePhase::Inactive | InvitePhase::Rejected)
        )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn user(status: &str, confirm: bool) -> User {
        serde_json::from_value(json!({ "id": "7", "status": status, "confirm": confirm })).unwrap()
    }

    #[test]
    fn an_invited_user_is_active_to_zoho_and_not_to_us() {
        let crm_user_id = "7".to_owned();
        let off = |accepted| Stand::Inactive {
            crm_user_id: crm_user_id.clone(),
            accepted,
        };
        let (invited, active) = (
            Stand::Invited {
                crm_user_id: crm_user_id.clone(),
            },
            Stand::Active {
                crm_user_id: crm_user_id.clone(),
            },
        );
        assert_eq!(stand_of(&user("active", false)), invited);
        assert_eq!(stand_of(&user("active", true)), active);
        assert_eq!(stand_of(&user("inactive", true)), off(true));
        assert_eq!(stand_of(&user("disabled", false)), off(false));
    }

    #[test]
    fn only_who_was_there_can_have_left() {
        let invite = |status| -> CrmUserInvite {
            serde_json::from_value(json!({
                "metadata": {},
                "spec": { "tenantRef": { "name": "t" }, "user": "a@b.example", "type": "Invitation" },
                "status": status,
            }))
            .unwrap()
        };
        let now = Some(Timestamp::UNIX_EPOCH);
        assert!(!was_there(&invite(json!({ "phase": "Pending" })), None));
        assert!(was_there(&invite(json!({ "phase": "Pending" })), now));
        assert!(!was_there(&invite(json!({ "phase": "Invited" })), None));
        assert!(was_there(&invite(json!({ "phase": "Inactive" })), None));
        let accepted = json!({ "phase": "Pending", "acceptedAt": "2026-01-01T00:00:00Z" });
        assert!(was_there(&invite(accepted), None));
    }
}

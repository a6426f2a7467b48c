//! Reading what an invite refers to: tenant, connection, the person in Microsoft 365. Stops at the first thing that is
//! not there, so that bad input costs no further call.

use std::sync::Arc;

use jiff::Timestamp;
use msgraph::{User, UserNames};
use sync_runtime::store::{Deed, DeedState};

use super::addresses::Addresses;
use super::plan::Stop;
use super::{known_crm_user, pinned_user, uid};
use crate::api::{CrmTenant, CrmUserInvite, Reason, requested_at};
use crate::connections::Connection;
use crate::controller::Context;
use crate::controller::tenancy::{self, tenant_key};
use crate::controller::trouble::Trouble;

/// How the store calls the invitation itself among the deeds for an invite.
pub(super) const INVITATION: &str = "";

/// The tenant's side.
pub(super) struct Home {
    pub(super) tenant: Arc<CrmTenant>,
    pub(super) connection: Arc<Connection>,
    /// A run was asked for by annotation: nothing that was read before counts.
    pub(super) asked: bool,
}

impl Home {
    /// What a user is called in Microsoft 365.
    pub(super) async fn names(&self, user: &User, context: &Context) -> Result<UserNames, Trouble> {
        let users = self.connection.mailboxes.graph.users();
        let names = users.names(&user.id).send().await;
        names.map_err(|error| tenancy::of_office(&error, context))
    }
}

/// The invited person.
pub(super) struct Person {
    /// In Microsoft 365; nobody where the person is declared not to be there.
    pub(super) user: Option<User>,
    pub(super) addresses: Addresses,
}

/// The tenant, signed in.
pub(super) async fn home(invite: &CrmUserInvite, context: &Context) -> Result<Home, Stop> {
    if invite.spec.is_suspended() {
        return Err(Stop::Suspended { by_tenant: false });
    }
    if !context.listed().await {
        return Err(Stop::NotYet);
    }
    let tenant = tenancy::tenant(invite, context).await?;
    if tenant.metadata.deletion_timestamp.is_some() {
        let message =
            "the CrmTenant is being deleted: nobody is invited to it any more. Delete this object too";
        return Err(Trouble::others(Reason::TenantNotReady, message).into());
    }
    if tenant.spec.is_suspended() {
        return Err(Stop::Suspended { by_tenant: true });
    }
    let connection = tenancy::connection(&tenant_key(invite), context)?;
    let handled = invite
        .status
        .as_ref()
        .and_then(|status| status.last_handled_requested_at.as_ref());
    let asked = requested_at(invite).is_some_and(|asked| handled != Some(&asked));
    Ok(Home {
        tenant,
        connection,
        asked,
    })
}

/// The person, who has to be a user of the Microsoft 365 tenant unless declared otherwise.
pub(super) async fn person(
    invite: &CrmUserInvite,
    connection: &Connection,
    context: &Context,
) -> Result<Person, Trouble> {
    let spec = &invite.spec;
    let graph = &connection.mailboxes.graph;
    let user = if spec.is_new_user() {
        if tenancy::find(&spec.user, graph, context).await?.is_some() {
            return Err(no_stranger());
        }
        None
    } else {
        let found = tenancy::office_user(&spec.user, pinned_user(invite), graph, context).await;
        Some(found.map_err(with_hint)?)
    };
    let addresses = Addresses::of(spec, user.as_ref());
    Ok(Person { user, addresses })
}

/// Checks, before anybody is mailed, that no user of the Microsoft 365 tenant has the address of a declared stranger as
/// an alias: a name finds users by their main one alone.
pub(super) async fn check_stranger(
    person: &Person,
    connection: &Connection,
    context: &Context,
) -> Result<(), Trouble> {
    if person.user.is_some() {
        return Ok(());
    }
    let mut pages = connection.mailboxes.graph.users().list();
    while let Some(users) = pages.next().await {
        let users = users.map_err(|error| tenancy::of_office(&error, context))?;
        let is_known = |user: &User| {
            let mut addresses = user.addresses().into_iter();
            addresses.any(|address| person.addresses.own.contains(&address))
        };
        if users.iter().any(is_known) {
            return Err(no_stranger());
        }
    }
    Ok(())
}

fn no_stranger() -> Trouble {
    Trouble::person(
        Reason::UserNotApproved,
        "spec.user is a user of the Microsoft 365 tenant, so newUser does not fit: approvedUsers of the CrmTenant decides about such users. Delete this object and declare one without newUser",
    )
}

fn with_hint(trouble: Trouble) -> Trouble {
    if trouble.reason != Reason::UserNotFound {
        return trouble;
    }
    let message = format!(
        "{}. Somebody who is not a user of the tenant is invited by e-mail address with newUser: true",
        trouble.message
    );
    Trouble { message, ..trouble }
}

/// What is known of the operator's own invitation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Own {
    /// When it was sent, if that is certain.
    pub(super) sent: Option<Timestamp>,
    /// When a call went out whose answer never came, if one did.
    pub(super) begun: Option<Timestamp>,
}

impl Own {
    /// From what the status says and what the store knows.
    pub(super) fn of(invite: &CrmUserInvite, deeds: &[Deed]) -> Self {
        let in_state = |state| {
            let deed = deeds.iter().find(|deed| deed.crm_user == INVITATION);
            deed.filter(|deed| deed.state == state).map(|deed| deed.at)
        };
        let known = invite
            .status
            .as_ref()
            .and_then(|status| Some(status.invited_at.as_ref()?.0));
        Self {
            sent: known.or_else(|| in_state(DeedState::Done)),
            begun: in_state(DeedState::Begun),
        }
    }

    /// When the operator invited the person, given that somebody did.
    pub(super) fn invitation(self) -> Option<Timestamp> {
        self.sent.or(self.begun)
    }

    /// When it invited this CRM user. Whom the status does not know yet may be somebody else by now, unless the
    /// invitation still waits.
    pub(super) fn invitation_of(self, invite: &CrmUserInvite, user: &zoho_crm::User) -> Option<Timestamp> {
        let is_same = match known_crm_user(invite) {
            Some(known) => known == user.id.as_str(),
            None => user.is_invited(),
        };
        self.invitation().filter(|_| is_same)
    }
}

/// What was done for an invite so far.
pub(super) async fn deeds(invite: &CrmUserInvite, context: &Context) -> Result<Vec<Deed>, Trouble> {
    let deeds = context.store.deeds(&uid(invite)).await;
    deeds.map_err(|error| of_store(&error))
}

/// The store did not do its part.
pub(super) fn of_store(error: &sync_runtime::store::StoreError) -> Trouble {
    Trouble::time(Reason::InternalError, error.to_string(), None)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[allow(clippy::needless_pass_by_value, reason = "it takes what `json!` makes")]
    fn invite(status: serde_json::Value) -> CrmUserInvite {
        serde_json::from_value(json!({
            "metadata": {},
            "spec": { "tenantRef": { "name": "t" }, "user": "a@b.example", "type": "Invitation" },
            "status": status,
        }))
        .unwrap()
    }

    fn deed(crm_user: &str, state: DeedState) -> Deed {
        Deed {
            crm_user: crm_user.to_owned(),
            state,
            attempts: 1,
            at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn an_invitation_is_the_operators_own_by_its_status_or_by_the_trace_of_its_call() {
        let at = Some(Timestamp::UNIX_EPOCH);
        let nothing = invite(json!({}));
        let own = |deeds: &[Deed]| Own::of(&nothing, deeds);
        assert_eq!(own(&[]), Own::default());
        assert_eq!(own(&[deed(INVITATION, DeedState::Planned)]), Own::default());
        assert_eq!(own(&[deed("7", DeedState::Done)]), Own::default(), "a mail");
        let done = own(&[deed(INVITATION, DeedState::Done)]);
        assert_eq!((done.sent, done.begun), (at, None));
        let begun = own(&[deed(INVITATION, DeedState::Begun)]);
        assert_eq!((begun.sent, begun.invitation()), (None, at), "nobody knows yet");
        let user = |id: &str, confirm: bool| -> zoho_crm::User {
            serde_json::from_value(json!({ "id": id, "status": "active", "confirm": confirm })).unwrap()
        };
        assert_eq!(begun.invitation_of(&nothing, &user("7", false)), at);
        assert_eq!(
            begun.invitation_of(&nothing, &user("7", true)),
            None,
            "n7: it may be anybody"
        );
        let known = invite(json!({ "crmUserId": "7", "invitedAt": "1970-01-01T00:00:00Z" }));
        let own = Own::of(&known, &[]);
        assert_eq!(own.invitation_of(&known, &user("7", true)), at);
        assert_eq!(
            own.invitation_of(&known, &user("8", true)),
            None,
            "n7: another one"
        );
        let told = Own::of(&invite(json!({ "invitedAt": "1970-01-01T00:00:00Z" })), &[]);
        assert_eq!(told.sent, at, "after the store was lost");
    }
}

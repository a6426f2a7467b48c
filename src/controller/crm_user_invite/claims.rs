//! One invite for each person and tenant: the older one wins.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kube::ResourceExt;

use super::{known_crm_user, name, pinned_user, uid};
use crate::api::{ConditionType, CrmUserInvite, Reason};
use crate::connections::TenantKey;
use crate::controller::Context;
use crate::controller::tenancy::tenant_key;
use crate::controller::trouble::Trouble;

/// Which invite works on whom, by uid and name. Kept while the operator runs, so that two invites that appear at once,
/// before either status says anything, never invite one person together.
#[derive(Default)]
pub(in crate::controller) struct Claims(Mutex<HashMap<(TenantKey, Mark), (String, String)>>);

/// What a person is known by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Mark {
    /// Object id in Microsoft 365.
    Office(String),
    /// An address, in lower case.
    Address(String),
    /// Id of the CRM user.
    Crm(String),
}

impl Mark {
    pub(super) fn address(address: &str) -> Self {
        Self::Address(address.trim().to_lowercase())
    }
}

impl Claims {
    /// Claims a person by all of these marks; otherwise the name of the invite that holds one of them.
    fn claim(&self, tenant: &TenantKey, marks: &[Mark], uid: &str, name: &str) -> Result<(), String> {
        let mut claims = self.all();
        let key = |mark: &Mark| (tenant.clone(), mark.clone());
        let taken = |mark: &Mark| claims.get(&key(mark)).filter(|(holder, _)| holder != uid);
        if let Some((_, holder)) = marks.iter().find_map(taken) {
            return Err(holder.clone());
        }
        for mark in marks {
            claims.insert(key(mark), (uid.to_owned(), name.to_owned()));
        }
        Ok(())
    }

    /// Gives up what an invite holds besides these marks.
    fn narrow(&self, uid: &str, marks: &[Mark]) {
        self.all()
            .retain(|(_, mark), (holder, _)| holder != uid || marks.contains(mark));
    }

    /// Gives up whatever an invite holds.
    pub(super) fn release(&self, uid: &str) {
        self.all().retain(|_, (holder, _)| holder != uid);
    }

    fn all(&self) -> MutexGuard<'_, HashMap<(TenantKey, Mark), (String, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The older invite for the same person, by what specs and statuses say. Besides what its own status says, the person
/// of `invite` is known by `marks`.
fn precedes<'a>(
    invite: &CrmUserInvite,
    marks: &[Mark],
    mut others: impl Iterator<Item = &'a CrmUserInvite>,
) -> Option<&'a CrmUserInvite> {
    let rank = |invite: &CrmUserInvite| (invite.creation_timestamp().map(|time| time.0), name(invite));
    let known = |mark: Option<Mark>| mark.is_some_and(|mark| marks.contains(&mark));
    let both = |mine: Option<&str>, theirs: Option<&str>| mine.is_some() && mine == theirs;
    others.find(|other| {
        let (office, crm) = (pinned_user(other), known_crm_user(other));
        other.uid() != invite.uid()
            && other.metadata.deletion_timestamp.is_none()
            && tenant_key(*other) == tenant_key(invite)
            && rank(other) < rank(invite)
            && (other.spec.user.eq_ignore_ascii_case(&invite.spec.user)
                || both(pinned_user(invite), office)
                || both(known_crm_user(invite), crm)
                || known(office.map(|id| Mark::Office(id.to_owned())))
                || known(crm.map(|id| Mark::Crm(id.to_owned()))))
    })
}

/// Whether an older invite for the same person makes this one void.
pub(super) fn is_second(invite: &CrmUserInvite, context: &Context) -> bool {
    let all = context.caches.invites.state();
    precedes(invite, &[], all.iter().map(|invite| &**invite)).is_some()
}

/// Claims a person for an invite, unless another one comes before it.
pub(super) fn hold(invite: &CrmUserInvite, marks: &[Mark], context: &Context) -> Result<(), Trouble> {
    let all = context.caches.invites.state();
    if let Some(other) = precedes(invite, marks, all.iter().map(|invite| &**invite)) {
        // Whatever this one took before the other was seen is that one's.
        context.invite_claims.release(&uid(invite));
        return Err(refused(&name(other)));
    }
    let claimed = context
        .invite_claims
        .claim(&tenant_key(invite), marks, &uid(invite), &name(invite));
    claimed.map_err(|holder| refused(&holder))
}

/// Gives up what a person was known by before, such as another address, and is not any more.
pub(super) fn narrow(invite: &CrmUserInvite, marks: &[Mark], context: &Context) {
    let crm = known_crm_user(invite).map(|id| Mark::Crm(id.to_owned()));
    let named = [Mark::address(&invite.spec.user)];
    let all: Vec<Mark> = marks.iter().cloned().chain(named).chain(crm).collect();
    context.invite_claims.narrow(&uid(invite), &all);
}

fn refused(holder: &str) -> Trouble {
    let message = format!(
        "the CrmUserInvite {holder} already brings this person into this CRM organisation; delete one of the two"
    );
    Trouble::person(Reason::AlreadyClaimed, message)
}

/// Frees the person for invites that were refused because of this one.
pub(super) fn release(invite: &CrmUserInvite, context: &Context) {
    context.invite_claims.release(&uid(invite));
    for other in context.invites_of(&tenant_key(invite)) {
        let ready = other.status.as_ref().and_then(|status| {
            let ready = status.conditions.get(ConditionType::Ready)?;
            Some(ready.reason() == Reason::AlreadyClaimed.as_str())
        });
        if ready == Some(true) && other.uid() != invite.uid() {
            context.wake_invite(&other);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[allow(clippy::needless_pass_by_value, reason = "it takes what `json!` makes")]
    fn invite(name: &str, user: &str, second: u32, status: Value) -> CrmUserInvite {
        serde_json::from_value(json!({
            "metadata": {
                "name": name, "namespace": "team", "uid": name,
                "creationTimestamp": format!("2026-01-01T00:00:{second:02}Z"),
            },
            "spec": { "tenantRef": { "name": "t" }, "user": user, "type": "Invitation" },
            "status": status,
        }))
        .unwrap()
    }

    #[test]
    fn the_older_of_two_invites_for_one_person_wins_however_they_name_them() {
        let first = invite(
            "b",
            "ada@example.com",
            1,
            json!({ "officeUserId": "u1", "crmUserId": "7" }),
        );
        let same_text = invite("a", "Ada@example.com", 2, json!({}));
        let same_user = invite("a", "u1", 2, json!({ "officeUserId": "u1" }));
        let same_crm = invite("a", "countess@example.com", 2, json!({ "crmUserId": "7" }));
        let other = invite("a", "grace@example.com", 2, json!({}));
        let before = |mine: &CrmUserInvite, marks: &[Mark], theirs: &CrmUserInvite| {
            precedes(mine, marks, [theirs].into_iter()).is_some()
        };
        for second in [&same_text, &same_user, &same_crm] {
            assert!(before(second, &[], &first));
            assert!(!before(&first, &[], second), "the older one goes on");
        }
        assert!(!before(&other, &[], &first));
        assert!(before(&other, &[Mark::Office("u1".to_owned())], &first));
        assert!(before(&other, &[Mark::Crm("7".to_owned())], &first));
        let mut leaving = first.clone();
        leaving.metadata.deletion_timestamp = first.metadata.creation_timestamp.clone();
        assert!(!before(&same_text, &[], &leaving));
    }

    #[test]
    fn a_person_is_claimed_by_all_marks_or_by_none() {
        let claims = Claims::default();
        let tenant: TenantKey = ("team".to_owned(), "t".to_owned());
        let (office, address) = (Mark::Office("u1".to_owned()), Mark::address(" Ada@example.com"));
        assert_eq!(
            claims.claim(&tenant, std::slice::from_ref(&address), "a", "team/a"),
            Ok(())
        );
        let both = [office.clone(), Mark::address("ada@example.com")];
        let refused = Err("team/a".to_owned());
        assert_eq!(claims.claim(&tenant, &both, "b", "team/b"), refused);
        assert_eq!(claims.claim(&tenant, &[office], "c", "team/c"), Ok(()));
        let elsewhere: TenantKey = ("team".to_owned(), "other".to_owned());
        assert_eq!(
            claims.claim(&elsewhere, std::slice::from_ref(&address), "b", "team/b"),
            Ok(())
        );
        let moved = Mark::address("ada@home.example");
        assert_eq!(
            claims.claim(&tenant, std::slice::from_ref(&moved), "a", "team/a"),
            Ok(())
        );
        claims.narrow("a", std::slice::from_ref(&moved));
        assert_eq!(claims.claim(&tenant, &[address], "b", "team/b"), Ok(()));
        claims.release("a");
        assert_eq!(claims.claim(&tenant, &[moved], "b", "team/b"), Ok(()));
    }
}

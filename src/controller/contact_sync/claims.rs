//! One engine per mailbox and organisation (`design.md` §6.10): a second resource is refused. The holder of the folder
//! wins, then the older resource.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use kube::ResourceExt;
use sync_engine::identity::ScopeId;

use super::{known_folder, pinned_user};
use crate::api::ContactSync;

/// Which resource works on a scope, by uid. Kept while the operator runs, so that two resources that appear at once,
/// before either status says anything, never work on one mailbox together.
#[derive(Default)]
pub(in crate::controller) struct Claims(Mutex<HashMap<ScopeId, (String, String)>>);

impl Claims {
    /// Claims a scope; otherwise the name of the resource that holds it.
    pub(super) fn claim(&self, scope: ScopeId, sync: &ContactSync) -> Result<(), String> {
        let mut claims = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let uid = sync.uid().unwrap_or_default();
        match claims.get(&scope) {
            Some((holder, name)) if *holder != uid => Err(name.clone()),
            _ => {
                claims.insert(scope, (uid, super::name(sync)));
                Ok(())
            }
        }
    }

    /// Gives up whatever a resource holds.
    pub(super) fn release(&self, sync: &ContactSync) {
        let uid = sync.uid().unwrap_or_default();
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|_, (holder, _)| *holder != uid);
    }
}

/// The resource that comes before `sync` for the mailbox of `user_id`, by what the statuses say.
pub(super) fn precedes<'a>(
    sync: &ContactSync,
    user_id: &str,
    others: impl Iterator<Item = &'a ContactSync>,
) -> Option<&'a ContactSync> {
    let rank = |sync: &ContactSync| {
        (
            known_folder(sync).is_none(),
            sync.creation_timestamp().map(|time| time.0),
            super::name(sync),
        )
    };
    others
        .filter(|other| other.uid() != sync.uid() && pinned_user(other) == Some(user_id))
        .filter(|other| other.spec.is_enabled() || known_folder(other).is_some())
        .filter(|other| rank(other) < rank(sync))
        .min_by_key(|other| rank(other))
}

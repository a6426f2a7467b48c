//! One engine per mailbox and organisation (`design.md` §6.10): a second resource is refused. The holder of the folder
//! wins, then the older resource.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use kube::ResourceExt;
use sync_engine::identity::ScopeId;

use super::{known_folder, pinned_user};
use crate::api::ContactSync;
use crate::controller::Context;

/// Which resource works on a scope, by uid. Kept while the operator runs, so that two resources that appear at once,
/// before either status says anything, never work on one mailbox together.
#[derive(Default)]
pub(in crate::controller) struct Claims(Mutex<HashMap<ScopeId, (String, String)>>);

impl Claims {
    /// Claims a scope; otherwise the name of the resource that holds it.
    fn claim(&self, scope: ScopeId, sync: &ContactSync) -> Result<(), String> {
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

/// Whether `other` comes before `sync` for the mailbox of `user_id`, by what the statuses say. Asked of every resource in
/// every run, so what tells most of them apart comes first and copies nothing.
fn comes_before(other: &ContactSync, sync: &ContactSync, user_id: &str) -> bool {
    pinned_user(other) == Some(user_id)
        && other.metadata.uid != sync.metadata.uid
        // One that goes holds its claim until its copies are out of the mailbox.
        && other.metadata.deletion_timestamp.is_none()
        && (other.spec.is_enabled() || known_folder(other).is_some())
        && rank(other) < rank(sync)
}

/// The holder of the folder first, then the older resource.
fn rank(sync: &ContactSync) -> impl Ord + use<> {
    (
        known_folder(sync).is_none(),
        sync.creation_timestamp().map(|time| time.0),
        super::name(sync),
    )
}

/// Claims a mailbox for a resource; otherwise the name of the resource that comes before it.
pub(super) fn hold(
    sync: &ContactSync,
    scope: ScopeId,
    user_id: &str,
    context: &Context,
) -> Result<(), String> {
    let before = context
        .caches
        .syncs
        .state_filter(|other| comes_before(other, sync, user_id));
    match before.iter().min_by_key(|other| rank(other)) {
        Some(first) => Err(super::name(first)),
        None => context.claims.claim(scope, sync),
    }
}

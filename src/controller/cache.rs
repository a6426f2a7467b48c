//! What is known of the objects of a kind: as their watch shows them, and at least as the operator itself wrote them. A
//! watch may lag behind. Without its own writes, a reconcile would write and tell the last one's news once more, or overlook
//! what was just found out about another object, and nothing would wake it again.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kube::core::NamespaceResourceScope;
#[cfg(test)]
use kube::runtime::reflector;
use kube::runtime::reflector::{ObjectRef, Store};
use kube::runtime::watcher::Event;
use kube::{Resource, ResourceExt};
use serde::de::DeserializeOwned;

use super::watching;
use crate::api::{ContactSync, CrmTenant, CrmUserInvite};

/// The caches of all kinds.
#[derive(Clone)]
pub(super) struct Caches {
    pub(super) tenants: Cache<CrmTenant>,
    pub(super) syncs: Cache<ContactSync>,
    pub(super) invites: Cache<CrmUserInvite>,
}

#[cfg(test)]
impl Caches {
    /// Those of watches that show nothing.
    pub(super) fn unwatched() -> Self {
        Self {
            tenants: Cache::new(reflector::store().0),
            syncs: Cache::new(reflector::store().0),
            invites: Cache::new(reflector::store().0),
        }
    }
}

/// A kind of this product.
pub(super) trait Kind:
    Resource<DynamicType = (), Scope = NamespaceResourceScope>
    + Clone
    + Debug
    + DeserializeOwned
    + Send
    + Sync
    + 'static
{
    fn cache(caches: &Caches) -> &Cache<Self>;
}

impl Kind for CrmTenant {
    fn cache(caches: &Caches) -> &Cache<Self> {
        &caches.tenants
    }
}

impl Kind for ContactSync {
    fn cache(caches: &Caches) -> &Cache<Self> {
        &caches.syncs
    }
}

impl Kind for CrmUserInvite {
    fn cache(caches: &Caches) -> &Cache<Self> {
        &caches.invites
    }
}

/// The objects of one kind.
#[derive(Clone)]
pub(super) struct Cache<K: Kind> {
    shown: Store<K>,
    /// By uid: what the operator wrote and the watch has not shown yet. Empty but for moments.
    ahead: Arc<Mutex<HashMap<String, Written<K>>>>,
}

struct Written<K> {
    version: u64,
    /// Nothing where the write let the object go.
    object: Option<Arc<K>>,
}

impl<K: Kind> Cache<K> {
    pub(super) fn new(shown: Store<K>) -> Self {
        Self {
            shown,
            ahead: Arc::default(),
        }
    }

    /// Waits until all objects have been listed; false when the watch ends instead.
    pub(super) async fn is_listed(&self) -> bool {
        self.shown.wait_until_ready().await.is_ok()
    }

    pub(super) fn get(&self, key: &ObjectRef<K>) -> Option<Arc<K>> {
        self.latest(self.shown.get(key)?)
    }

    /// All of them.
    pub(super) fn state(&self) -> Vec<Arc<K>> {
        self.state_filter(|_| true)
    }

    /// Those of which `holds` is true.
    pub(super) fn state_filter(&self, holds: impl Fn(&K) -> bool) -> Vec<Arc<K>> {
        let all = self.all();
        if all.is_empty() {
            return self.shown.state_filter(holds);
        }
        let found = self.shown.state_filter(|seen| match newer(&all, seen) {
            Some(written) => written.object.as_deref().is_some_and(&holds),
            None => holds(seen),
        });
        found.into_iter().filter_map(|seen| latest(&all, seen)).collect()
    }

    /// The object as it was seen or, where the operator wrote a newer version, as it was written; nothing if that let it
    /// go.
    pub(super) fn latest(&self, seen: Arc<K>) -> Option<Arc<K>> {
        latest(&self.all(), seen)
    }

    /// Keeps what the API server answered to a write, until the watch shows it.
    pub(super) fn wrote(&self, mut written: K) {
        let Some(version) = version(&written) else {
            return;
        };
        watching::prune(&mut written);
        let mut all = self.all();
        let shown = self.shown.get(&ObjectRef::from_obj(&written));
        // The watch may have been quicker than the answer.
        let lags = shown.is_some_and(|shown| uid(&*shown) == uid(&written) && is_older(&*shown, version));
        if lags {
            let key = uid(&written).to_owned();
            let object = (!is_let_go(&written)).then(|| Arc::new(written));
            all.insert(key, Written { version, object });
        }
    }

    /// The watch showed something, and the store below has it.
    pub(super) fn shows(&self, event: &Event<K>) {
        let mut all = self.all();
        if all.is_empty() {
            return;
        }
        match event {
            Event::Init => {}
            Event::Apply(object) | Event::InitApply(object) => {
                if newer(&all, object).is_none() {
                    all.remove(uid(object));
                }
            }
            Event::Delete(object) => {
                all.remove(uid(object));
            }
            // Those that are no more were not shown one by one.
            Event::InitDone => {
                let shown = self.shown.state();
                let held: HashMap<&str, &K> = shown.iter().map(|shown| (uid(&**shown), &**shown)).collect();
                all.retain(|key, written| {
                    let shown = held.get(key.as_str());
                    shown.is_some_and(|shown| is_older(*shown, written.version))
                });
            }
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Written<K>>> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn latest<K: Kind>(all: &HashMap<String, Written<K>>, seen: Arc<K>) -> Option<Arc<K>> {
    match newer(all, &*seen) {
        Some(written) => written.object.clone(),
        None => Some(seen),
    }
}

/// What the operator wrote of the object, if that is newer than what was seen.
fn newer<'a, K: Kind>(all: &'a HashMap<String, Written<K>>, seen: &K) -> Option<&'a Written<K>> {
    all.get(uid(seen))
        .filter(|written| is_older(seen, written.version))
}

/// Every object that the API server holds has one.
fn uid<K: Resource>(object: &K) -> &str {
    object.meta().uid.as_deref().unwrap_or_default()
}

/// Versions of objects of one kind are numbers that grow (KEP-5504, Kubernetes 1.35; with etcd they always were). Nothing
/// is concluded from one that is no number.
fn version<K: Resource>(object: &K) -> Option<u64> {
    object.meta().resource_version.as_ref()?.parse().ok()
}

fn is_older<K: Resource>(object: &K, than: u64) -> bool {
    version(object).is_some_and(|version| version < than)
}

fn is_let_go<K: Resource>(object: &K) -> bool {
    object.meta().deletion_timestamp.is_some() && object.finalizers().is_empty()
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;

//! Own writes on top of what a watch shows.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::runtime::reflector::{self, store::Writer};
use serde_json::json;

use super::*;

/// The cache of a watch, and what feeds it.
struct Watched {
    cache: Cache<ContactSync>,
    writer: Writer<ContactSync>,
}

impl Watched {
    fn new() -> Self {
        let (store, writer) = reflector::store();
        let cache = Cache::new(store);
        Self { cache, writer }
    }

    fn shows(&mut self, event: &Event<ContactSync>) {
        self.writer.apply_watcher_event(event);
        self.cache.shows(event);
    }

    /// The version of the object as it is known.
    fn known(&self) -> Option<String> {
        let one = self.cache.get(&ObjectRef::new("ana").within("sales"));
        let all = self.cache.state();
        assert_eq!(
            all.first().map(|found| found.resource_version()),
            one.as_ref().map(|found| found.resource_version())
        );
        one?.resource_version()
    }
}

fn sync(uid: &str, version: &str) -> ContactSync {
    serde_json::from_value(json!({
        "apiVersion": "crmlink.dev/v1alpha1", "kind": "ContactSync",
        "metadata": {
            "name": "ana", "namespace": "sales", "uid": uid, "resourceVersion": version,
            "finalizers": ["crmlink.dev/mailbox-copies"], "managedFields": [{ "manager": "crmlink" }],
        },
        "spec": { "tenantRef": { "name": "orchard" }, "user": "a@orchard.example" },
    }))
    .unwrap()
}

#[test]
fn what_was_written_is_known_until_the_watch_shows_it_or_more() {
    for shown in ["10", "11"] {
        let mut watched = Watched::new();
        watched.shows(&Event::Apply(sync("1", "9")));
        assert_eq!(watched.known().unwrap(), "9");
        // A longer number is the greater one.
        watched.cache.wrote(sync("1", "10"));
        assert_eq!(watched.known().unwrap(), "10");
        let latest = watched.cache.latest(Arc::new(sync("1", "9"))).unwrap();
        assert!(
            latest.managed_fields().is_empty(),
            "what nobody reads is not kept"
        );
        watched.shows(&Event::Apply(sync("1", "9")));
        assert_eq!(watched.known().unwrap(), "10", "what came before says nothing");
        watched.shows(&Event::Apply(sync("1", shown)));
        assert_eq!(watched.known().unwrap(), shown);
        assert!(watched.cache.all().is_empty());
    }
}

#[test]
fn an_answer_that_comes_after_the_watch_showed_it_is_not_kept() {
    let mut watched = Watched::new();
    watched.shows(&Event::Apply(sync("1", "10")));
    watched.cache.wrote(sync("1", "10"));
    watched.cache.wrote(sync("1", "9"));
    watched.cache.wrote(sync("1", "abc"));
    assert!(watched.cache.all().is_empty());
    let (gone, namesake) = (sync("0", "12"), sync("1", "10"));
    watched.cache.wrote(gone);
    assert!(watched.cache.all().is_empty(), "another object of that name");
    assert!(watched.cache.latest(Arc::new(namesake)).is_some());
}

#[test]
fn what_a_write_let_go_is_no_more_before_the_watch_says_so() {
    let mut watched = Watched::new();
    watched.shows(&Event::Apply(sync("1", "9")));
    let mut going = sync("1", "10");
    going.metadata.deletion_timestamp = Some(Time(Timestamp::UNIX_EPOCH));
    watched.cache.wrote(going.clone());
    assert_eq!(watched.known().unwrap(), "10", "a finalizer holds it");
    going.metadata.resource_version = Some("11".to_owned());
    going.metadata.finalizers = None;
    watched.cache.wrote(going.clone());
    assert_eq!(watched.known(), None);
    watched.shows(&Event::Delete(going));
    assert!(watched.cache.all().is_empty());
}

#[test]
fn a_list_shows_what_is_no_more_and_leaves_what_it_is_too_old_for() {
    let mut watched = Watched::new();
    watched.shows(&Event::Apply(sync("1", "9")));
    watched.cache.wrote(sync("1", "10"));
    watched.shows(&Event::Init);
    watched.shows(&Event::InitApply(sync("1", "9")));
    watched.shows(&Event::InitDone);
    assert_eq!(watched.known().unwrap(), "10");
    watched.shows(&Event::Init);
    watched.shows(&Event::InitDone);
    assert_eq!(watched.known(), None);
    assert!(watched.cache.all().is_empty());
}

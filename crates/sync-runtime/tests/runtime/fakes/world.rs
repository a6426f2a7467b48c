//! One organisation with its users, and runs of their syncs.

use std::sync::Arc;
use std::time::Duration;

use ambient::{Clock, ManualClock};
use jiff::{SignedDuration, Timestamp};
use sync_engine::crm_field::{CrmField, CrmKind};
use sync_engine::hash::Hasher;
use sync_engine::identity::{Kind, ScopeId};
use sync_engine::mapping::{DEFAULT, Mapping, Requested};
use sync_engine::office_field::OfficeField;
use sync_engine::plan::DeletesToOffice;
use sync_runtime::contacts::{ContactSync, Disabled, ImportedItems, Outcome, Policy, Stop, disable};
use sync_runtime::feed::Feed;
use sync_runtime::store::{Counts, Parked, ScopeState, SqliteStore, Store};
use tempfile::TempDir;

use super::crm::FakeCrm;
use super::faults::Faults;
use super::mailbox::FakeMailbox;
use super::store::CrashingStore;

pub(crate) const CLUSTER: &str = "cluster-1";
pub(crate) const ORGANISATION: &str = "org-1";
pub(crate) const FOLDER: &str = "Zoho CRM Contacts";

/// One mailbox with its CRM user.
pub(crate) struct User {
    pub(crate) scope: ScopeId,
    pub(crate) owner: String,
    pub(crate) mailbox: FakeMailbox,
    pub(crate) known_folder: Option<String>,
}

pub(crate) struct World {
    pub(crate) clock: ManualClock,
    pub(crate) faults: Arc<Faults>,
    pub(crate) crm: FakeCrm,
    pub(crate) store: CrashingStore,
    pub(crate) feed: Feed,
    pub(crate) users: Vec<User>,
    pub(crate) hasher: Hasher,
    pub(crate) mapping: Mapping,
    pub(crate) policy: Policy,
    pub(crate) cluster: String,
    directory: TempDir,
    files: u64,
}

/// A directory in memory where there is one: durability is `SQLite`'s own, and hundreds of worlds commit often.
pub(crate) fn directory() -> TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap()
}

/// The metadata of an organisation that has every field of the default mapping, and a nick name.
pub(crate) fn metadata() -> Vec<CrmField> {
    let names = DEFAULT.iter().map(|(_, crm, _)| *crm).chain(["Nickname"]);
    let field = |name: &str| CrmField {
        api_name: name.to_owned(),
        kind: match name {
            "Email" | "Secondary_Email" => CrmKind::Email,
            "Phone" | "Mobile" | "Home_Phone" => CrmKind::Phone,
            "Date_of_Birth" => CrmKind::Date,
            "Account_Name" => CrmKind::Lookup,
            _ => CrmKind::Text,
        },
        length: None,
        visible: true,
        updatable: true,
        private: false,
        mandatory: name == "Last_Name",
        unique: false,
    };
    names.map(field).collect()
}

pub(crate) fn mapping_without(exclude: &[OfficeField]) -> Mapping {
    let requested = Requested {
        with_default: true,
        rules: vec![],
        exclude: exclude.iter().copied().collect(),
    };
    Mapping::resolve(&requested, &metadata()).unwrap()
}

impl World {
    /// One user, `alice`, no cap in sight.
    pub(crate) async fn new() -> Self {
        let clock = ManualClock::starting_at("2026-11-23T08:00:00Z".parse().unwrap());
        let faults = Arc::new(Faults::default());
        let directory = directory();
        let store = SqliteStore::open(&directory.path().join("store-0.db"))
            .await
            .unwrap();
        let mut world = Self {
            crm: FakeCrm::new(Arc::clone(&faults), clock.clone(), 7),
            store: CrashingStore {
                inner: store,
                faults: Arc::clone(&faults),
            },
            feed: Feed::new(ORGANISATION.to_owned()),
            users: vec![],
            hasher: Hasher::new([5; 32]),
            mapping: mapping_without(&[]),
            policy: Policy {
                folder_name: FOLDER.to_owned(),
                imported: ImportedItems::Exclude,
                initial_cap: 10_000,
                deletes: DeletesToOffice::Propagate,
                feed_max_age: SignedDuration::from_secs(30),
            },
            cluster: CLUSTER.to_owned(),
            clock,
            faults,
            directory,
            files: 0,
        };
        world.add_user("alice");
        world
    }

    pub(crate) fn add_user(&mut self, owner: &str) {
        self.users.push(User {
            scope: ScopeId::derive("tenant-1", ORGANISATION, owner, Kind::Contacts),
            owner: owner.to_owned(),
            mailbox: FakeMailbox::new(Arc::clone(&self.faults)),
            known_folder: None,
        });
    }

    /// Larger pages, for large worlds.
    pub(crate) fn with_pages_of(mut self, page: usize) -> Self {
        self.crm = FakeCrm::new(Arc::clone(&self.faults), self.clock.clone(), page);
        self
    }

    pub(crate) fn mailbox(&self) -> &FakeMailbox {
        &self.users[0].mailbox
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// A person with a name and nothing else.
    pub(crate) fn person(&self, surname: &str) -> String {
        self.crm.add("alice", &[("Last_Name", surname)])
    }

    /// One run of one user's sync until `until`; `None` if the process died.
    pub(crate) async fn run_until(&self, user: usize, until: Timestamp) -> Option<Result<Outcome, Stop>> {
        let user = &self.users[user];
        let sync = ContactSync {
            scope: user.scope,
            cluster: &self.cluster,
            owner: &user.owner,
            known_folder: user.known_folder.as_deref(),
            mailbox: &user.mailbox,
            crm: &self.crm,
            store: &self.store,
            clock: &self.clock,
            feed: &self.feed,
            hasher: &self.hasher,
            mapping: &self.mapping,
            policy: &self.policy,
        };
        self.faults.until_crash(sync.run(until)).await
    }

    /// One run of the first user's sync without deadline; it must not die.
    pub(crate) async fn run(&self) -> Result<Outcome, Stop> {
        self.run_until(0, Timestamp::MAX).await.unwrap()
    }

    /// A run a while later that has to end with nothing left to do.
    pub(crate) async fn sync(&self) {
        self.sync_user(0).await;
    }

    pub(crate) async fn sync_user(&self, user: usize) {
        self.wait(300);
        let outcome = self.run_until(user, Timestamp::MAX).await.unwrap().unwrap();
        assert_eq!(outcome, Outcome::UpToDate);
    }

    /// The process dies and starts again: what it knew in memory is gone.
    pub(crate) fn restart(&mut self) {
        self.feed = Feed::new(ORGANISATION.to_owned());
    }

    /// The volume is gone.
    pub(crate) async fn lose_store(&mut self) {
        self.files += 1;
        let path = self.directory.path().join(format!("store-{}.db", self.files));
        self.store.inner = SqliteStore::open(&path).await.unwrap();
        self.restart();
    }

    pub(crate) fn store_directory(&self) -> &std::path::Path {
        self.directory.path()
    }

    pub(crate) async fn disable(&self) -> Result<Disabled, Stop> {
        let user = &self.users[0];
        disable(
            user.scope,
            &self.cluster,
            &user.mailbox,
            &self.store,
            &self.hasher,
        )
        .await
    }

    pub(crate) async fn state(&self) -> ScopeState {
        self.store
            .inner
            .scope(self.users[0].scope)
            .await
            .unwrap()
            .unwrap()
    }

    pub(crate) async fn counts(&self) -> Counts {
        self.store.inner.counts(self.users[0].scope).await.unwrap()
    }

    pub(crate) async fn parked(&self) -> Vec<Parked> {
        self.store.inner.parked(self.users[0].scope, 1_000).await.unwrap()
    }
}

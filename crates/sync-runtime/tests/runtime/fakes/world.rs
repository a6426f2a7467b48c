//! One organisation with its users, and runs of their syncs.

use std::sync::Arc;
use std::time::Duration;

use ambient::{Clock, ManualClock};
use jiff::{SignedDuration, Timestamp};
use sync_engine::crm_field::{CrmField, CrmKind};
use sync_engine::hash::Hasher;
use sync_engine::identity::{Kind, ScopeId};
use sync_engine::mapping::{DEFAULT, Direction, Mapping, Never, Requested, RequestedRule};
use sync_engine::merge::ConflictPolicy;
use sync_engine::office_field::OfficeField;
use sync_engine::plan::Deletes;
use sync_runtime::contacts::{
    Brake, ContactSync, Disabled, GuardLimits, ImportedItems, Observed, Outcome, Policy, Stop, disable,
    observe,
};
use sync_runtime::feed::Feed;
use sync_runtime::store::{Conflict, Counts, Held, MemoryStore, Parked, ScopeState, SqliteStore, Store};
use tempfile::TempDir;

use super::crm::FakeCrm;
use super::faults::Faults;
use super::mailbox::FakeMailbox;
use super::store::{CrashingStore, Rows};

pub(crate) const CLUSTER: &str = "cluster-1";
pub(crate) const ORGANISATION: &str = "org-1";
pub(crate) const FOLDER: &str = "Zoho CRM Contacts";
/// The unique field of worlds that have one.
pub(crate) const EXTERNAL_ID: &str = "Outlook_Id";

/// One mailbox with its CRM user, and what the resource's status would know.
pub(crate) struct User {
    pub(crate) scope: ScopeId,
    pub(crate) owner: String,
    pub(crate) mailbox: FakeMailbox,
    pub(crate) known_folder: Option<String>,
    pub(crate) known_removed: bool,
    pub(crate) known_change: Option<Timestamp>,
    pub(crate) reenable: bool,
}

pub(crate) struct World {
    pub(crate) clock: ManualClock,
    pub(crate) faults: Arc<Faults>,
    pub(crate) crm: FakeCrm,
    pub(crate) store: CrashingStore,
    pub(crate) feed: Feed,
    pub(crate) users: Vec<User>,
    pub(crate) hasher: Hasher,
    pub(crate) metadata: Vec<CrmField>,
    pub(crate) mapping: Mapping,
    pub(crate) policy: Policy,
    pub(crate) cluster: String,
    pub(crate) disables_per_hour: u64,
    directory: Option<TempDir>,
}

/// The metadata of an organisation that has every field of the default mapping, and a nick name.
fn metadata() -> Vec<CrmField> {
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

fn requested(direction: Direction) -> Requested {
    Requested {
        with_default: true,
        rules: vec![],
        exclude: [].into(),
        direction,
        never: Never::default(),
    }
}

/// What a guard of these limits never holds.
pub(crate) fn unguarded() -> GuardLimits {
    GuardLimits {
        deletes_per_run: 1_000_000,
        deletes_percent: 100,
        deletes_per_day: 1_000_000,
        tenant_deletes_per_day: 1_000_000,
        updates_per_run: 1_000_000,
        updates_percent: 100,
        approved: vec![],
    }
}

impl World {
    /// One user, `alice`, both ways, no cap and no guard in sight.
    pub(crate) fn new() -> Self {
        let clock = ManualClock::starting_at("2026-11-23T08:00:00Z".parse().unwrap());
        let faults = Arc::new(Faults::default());
        let metadata = metadata();
        let mut world = Self {
            crm: FakeCrm::new(Arc::clone(&faults), clock.clone(), 7),
            store: CrashingStore {
                inner: Rows::Memory(MemoryStore::default()),
                faults: Arc::clone(&faults),
            },
            feed: Feed::new(ORGANISATION.to_owned()),
            users: vec![],
            hasher: Hasher::new([5; 32]),
            mapping: Mapping::resolve(&requested(Direction::Both), &metadata).unwrap(),
            metadata,
            policy: Policy {
                folder_name: FOLDER.to_owned(),
                direction: Direction::Both,
                conflict: ConflictPolicy::CrmWins,
                imported: ImportedItems::Exclude,
                initial_cap: 10_000,
                deletes_to_office: Deletes::Propagate,
                deletes_to_crm: Deletes::Never,
                guard: unguarded(),
                external_id: None,
                takeover_from: None,
                feed_max_age: SignedDuration::from_secs(30),
            },
            cluster: CLUSTER.to_owned(),
            disables_per_hour: 1_000,
            clock,
            faults,
            directory: None,
        };
        world.add_user("alice");
        world
    }

    /// From the CRM to the mailbox only.
    pub(crate) fn one_way() -> Self {
        let mut world = Self::new();
        world.flows(Direction::CrmToOffice);
        world
    }

    /// With its store in a file.
    pub(crate) async fn on_disk() -> Self {
        let mut world = Self::new();
        let directory = TempDir::new().unwrap();
        let file = SqliteStore::open(&directory.path().join("store.db"))
            .await
            .unwrap();
        world.store.inner = Rows::File(file);
        world.directory = Some(directory);
        world
    }

    pub(crate) fn add_user(&mut self, owner: &str) {
        let mailbox = FakeMailbox::new(Arc::clone(&self.faults), self.clock.clone());
        // No id of one mailbox is one of another's.
        mailbox.state().next = self.users.len() as u64 * 100_000;
        self.users.push(User {
            scope: ScopeId::derive("tenant-1", ORGANISATION, owner, Kind::Contacts),
            owner: owner.to_owned(),
            mailbox,
            known_folder: None,
            known_removed: false,
            known_change: None,
            reenable: false,
        });
    }

    /// Larger pages, for large worlds.
    pub(crate) fn with_pages_of(mut self, page: usize) -> Self {
        self.crm = FakeCrm::new(Arc::clone(&self.faults), self.clock.clone(), page);
        for user in &self.users {
            user.mailbox.state().delta.page = page;
        }
        self
    }

    pub(crate) fn flows(&mut self, direction: Direction) {
        self.policy.direction = direction;
        self.maps(|_| {});
    }

    /// The default mapping with something changed.
    pub(crate) fn maps(&mut self, change: impl FnOnce(&mut Requested)) {
        let mut requested = requested(self.policy.direction);
        change(&mut requested);
        self.mapping = Mapping::resolve(&requested, &self.metadata).unwrap();
    }

    pub(crate) fn maps_without(&mut self, exclude: &[OfficeField]) {
        self.maps(|requested| requested.exclude = exclude.iter().copied().collect());
    }

    pub(crate) fn maps_by(&mut self, rule: RequestedRule) {
        self.maps(|requested| requested.rules.push(rule));
    }

    /// The CRM's metadata with something changed for a field.
    pub(crate) fn describes(&mut self, name: &str, change: impl FnOnce(&mut CrmField)) {
        let field = self.metadata.iter_mut().find(|field| field.api_name == name);
        change(field.unwrap());
        self.maps(|_| {});
    }

    /// The CRM has a unique field for the mailbox's ids.
    pub(crate) fn keeps_external_ids(&mut self) {
        self.crm.makes_unique(EXTERNAL_ID);
        self.policy.external_id = Some(EXTERNAL_ID.to_owned());
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

    fn engine(&self, user: usize) -> ContactSync<'_, FakeMailbox, FakeCrm, CrashingStore> {
        let user = &self.users[user];
        ContactSync {
            scope: user.scope,
            cluster: &self.cluster,
            owner: &user.owner,
            known_folder: user.known_folder.as_deref(),
            known_removed: user.known_removed,
            known_change: user.known_change,
            reenable: user.reenable,
            mailbox: &user.mailbox,
            crm: &self.crm,
            store: &self.store,
            clock: &self.clock,
            feed: &self.feed,
            hasher: &self.hasher,
            mapping: &self.mapping,
            policy: &self.policy,
        }
    }

    /// One run of one user's sync until `until`; `None` if the process died.
    pub(crate) async fn run_until(&self, user: usize, until: Timestamp) -> Option<Result<Outcome, Stop>> {
        let sync = self.engine(user);
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

    pub(crate) async fn observe(&self) -> Observed {
        observe(&self.engine(0), Timestamp::MAX).await.unwrap()
    }

    pub(crate) async fn last_round(&self) -> Result<Outcome, Stop> {
        self.engine(0).last_round(Timestamp::MAX).await
    }

    /// The last round alone.
    pub(crate) async fn take_copies_back(&self) -> Result<Disabled, Stop> {
        let user = &self.users[0];
        let brake = Brake {
            organisation: ORGANISATION,
            per_hour: self.disables_per_hour,
        };
        let done = disable(
            user.scope,
            &self.cluster,
            brake,
            &user.mailbox,
            &self.store,
            &self.hasher,
            &self.clock,
        );
        done.await
    }

    /// The last round, where there is one.
    pub(crate) async fn goes_to_the_crm(&self) -> Result<Outcome, Stop> {
        if self.policy.direction.reaches_crm() {
            self.last_round().await
        } else {
            Ok(Outcome::UpToDate)
        }
    }

    /// Switching off, as the operator does it.
    pub(crate) async fn disable(&self) -> Result<Disabled, Stop> {
        assert_ne!(self.goes_to_the_crm().await?, Outcome::MoreWork);
        self.take_copies_back().await
    }

    /// Switching off; the number of items that stay.
    pub(crate) async fn disabled(&self) -> u64 {
        match self.disable().await.unwrap() {
            Disabled::WasOff => 0,
            Disabled::Done { left_in_place } => left_in_place,
            Disabled::Held { until } => panic!("held until {until}"),
        }
    }

    /// The process dies and starts again: what it knew in memory is gone.
    pub(crate) fn restart(&mut self) {
        self.feed = Feed::new(ORGANISATION.to_owned());
    }

    /// The volume is gone.
    pub(crate) fn lose_store(&mut self) {
        self.store.inner = Rows::Memory(MemoryStore::default());
        self.restart();
    }

    /// A copy of the volume, to be put back some time.
    pub(crate) fn copy_store(&self) -> MemoryStore {
        match &self.store.inner {
            Rows::Memory(store) => store.snapshot(),
            Rows::File(_) => panic!("only of a store in memory"),
        }
    }

    /// An earlier copy of the volume is put back.
    pub(crate) fn put_back(&mut self, store: MemoryStore) {
        self.store.inner = Rows::Memory(store);
        self.restart();
    }

    /// The resource's status takes over what the store knows, as after each run.
    pub(crate) async fn report(&mut self) {
        for user in &mut self.users {
            let Some(state) = self.store.inner.scope(user.scope).await.unwrap() else {
                continue;
            };
            user.known_folder = state.folder.map(|folder| folder.id);
            user.known_removed = state.removed_by_owner;
            user.known_change = state.last_change;
        }
    }

    pub(crate) fn store_directory(&self) -> &std::path::Path {
        self.directory.as_ref().unwrap().path()
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

    pub(crate) async fn held(&self) -> Vec<Held> {
        self.store.inner.held(self.users[0].scope).await.unwrap()
    }

    pub(crate) async fn conflicts(&self) -> Vec<Conflict> {
        self.store
            .inner
            .conflicts(self.users[0].scope, 1_000)
            .await
            .unwrap()
    }
}

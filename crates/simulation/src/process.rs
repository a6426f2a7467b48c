//! One process of the operator: the real clients, the real runtime, and what it forgets when it dies.

use std::sync::Arc;
use std::time::Duration;

use ambient::{Clock, SeededRandom};
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use msgraph::{Credential, Endpoints, Graph};
use secrecy::SecretString;
use sync_engine::hash::Hasher;
use sync_engine::mapping::Mapping;
use sync_runtime::contacts::{Brake, ContactSync, Disabled, Outcome, Policy, Stop, disable};
use sync_runtime::feed::Feed;
use sync_runtime::ports::Failure;
use sync_runtime::store::Store;
use zoho_crm::{ApiHosts, DataCenter, Environment, LimitSettings, OrgLimits, Zoho};

use crate::disk::Disk;
use crate::history::Declared;
use crate::network::{GRAPH, Network, ZOHO};
use crate::policy;
use crate::stage::{Stage, locked};
use crate::store::ProcessStore;
use crate::world::{CLIENT, CLUSTER, ORGANISATION, SECRET, SetupError, TENANT, crm_user_id, scope, user_id};
use adapters::{GraphMailbox, ZohoContacts};

/// A slice that is not cut short.
const SLICE: SignedDuration = SignedDuration::from_mins(10);

/// What the status of a sync's resource says: it outlives every process and every store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Status {
    /// The container's id.
    pub folder: Option<String>,
    /// The sync was switched off and taken back.
    pub off: bool,
    /// The owner of the mailbox removed the container.
    pub removed: bool,
    /// When something was last written.
    pub last_change: Option<Timestamp>,
    /// The last wish to be switched on again that took effect.
    pub reenabled: Option<u32>,
}

/// What a run of one sync came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The slice is over, not the work.
    More,
    /// Nothing is left to do.
    UpToDate,
    /// Switched off, and so many items were left.
    Off(u64),
    /// Switched off by the mailbox's owner.
    RemovedByOwner,
    /// Something that only a person can mend.
    Stalled(String),
    /// Something that passes, after a time where one is known.
    Passing(String, Option<Duration>),
}

/// A process.
pub(crate) struct Process {
    stage: Arc<Stage>,
    graph: Graph,
    crm: ZohoContacts,
    feed: Feed,
    hasher: Hasher,
    /// Its store.
    pub store: ProcessStore,
    withheld: bool,
    external_id: bool,
}

impl std::fmt::Debug for Process {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Process").finish_non_exhaustive()
    }
}

impl Process {
    /// Starts a process on what is on the disk, with the key of that number.
    ///
    /// # Errors
    /// If the clients or the store cannot be made.
    pub(crate) fn start(
        stage: &Arc<Stage>,
        network: &Arc<Network>,
        disk: &Arc<Disk>,
        seed: u64,
        key: u8,
        withheld: bool,
        external_id: bool,
    ) -> Result<Self, SetupError> {
        let clock = stage.world.clock.clone();
        let random = Arc::new(SeededRandom::new(seed));
        let secret = || SecretString::from(SECRET);
        let config = msgraph::Config {
            endpoints: Endpoints::at(GRAPH, GRAPH),
            ..msgraph::Config::new(TENANT, CLIENT, Credential::ClientSecret(secret()))
        };
        let graph = Graph::new(&config, network.clone(), clock.clone(), random.clone())
            .map_err(|error| SetupError::Client(error.to_string()))?;
        let hosts = ApiHosts::of(DataCenter::Eu, Environment::Production);
        let api = url::Url::parse(ZOHO).map_err(|error| SetupError::Client(error.to_string()))?;
        let config = zoho_crm::Config {
            accounts_url: ZOHO.to_owned(),
            api_hosts: hosts.overridden_by(Some(&api)),
            client_id: CLIENT.to_owned(),
            client_secret: secret(),
            refresh_token: secret(),
        };
        let limits = OrgLimits::new(LimitSettings {
            daily_credits: 1_000_000,
            ..LimitSettings::default()
        });
        let zoho = Zoho::new(config, limits, network.clone(), clock, random);
        Ok(Self {
            graph,
            crm: ZohoContacts::new(zoho),
            feed: Feed::new(ORGANISATION.to_owned()),
            hasher: Hasher::new([key; 32]),
            store: ProcessStore::new(disk.open(), stage.clone()),
            stage: stage.clone(),
            withheld,
            external_id,
        })
    }

    /// Runs every sync once, all at the same time.
    pub(crate) async fn run_all(&self, short: bool, statuses: &[Status]) -> Vec<Verdict> {
        let declared = locked(&self.stage.declared).clone();
        let runs = declared
            .iter()
            .zip(statuses)
            .enumerate()
            .map(|(person, (declared, status))| self.run(person, declared, status, short));
        join_all(runs).await
    }

    async fn run(&self, person: usize, declared: &Declared, status: &Status, short: bool) -> Verdict {
        if !declared.enabled && status.off {
            return Verdict::Off(0);
        }
        let mailbox = GraphMailbox::new(&self.graph, &user_id(person));
        let mapping = policy::mapping(declared, self.withheld, self.external_id);
        let policy = policy::policy(declared, self.external_id, self.approved(person));
        let now = self.stage.world.clock.now();
        let until = if short {
            now
        } else {
            now.saturating_add(SLICE).unwrap_or(Timestamp::MAX)
        };
        if !declared.enabled {
            return self
                .switch_off(person, status, &mailbox, mapping.ok(), &policy, until)
                .await;
        }
        let mapping = match mapping {
            Ok(mapping) => mapping,
            Err(problem) => return Verdict::Stalled(problem),
        };
        let owner = crm_user_id(person);
        let sync = self.sync(person, &owner, status, &mailbox, &mapping, &policy);
        match sync.run(until).await {
            Ok(Outcome::MoreWork) => Verdict::More,
            Ok(Outcome::UpToDate) => Verdict::UpToDate,
            Ok(Outcome::RemovedByOwner) => Verdict::RemovedByOwner,
            Ok(outcome @ (Outcome::NameTaken | Outcome::ClaimedBy(_))) => {
                Verdict::Stalled(format!("{outcome:?}"))
            }
            Err(stop) => self.stopped(&stop),
        }
    }

    fn sync<'a>(
        &'a self,
        person: usize,
        owner: &'a str,
        status: &'a Status,
        mailbox: &'a GraphMailbox,
        mapping: &'a Mapping,
        policy: &'a Policy,
    ) -> ContactSync<'a, GraphMailbox, ZohoContacts, ProcessStore> {
        ContactSync {
            scope: scope(person),
            cluster: CLUSTER,
            owner,
            known_folder: status.folder.as_deref(),
            known_removed: status.removed,
            known_change: status.last_change,
            reenable: self.reenabled(person) != status.reenabled,
            mailbox,
            crm: &self.crm,
            store: &self.store,
            clock: &*self.stage.world.clock,
            feed: &self.feed,
            hasher: &self.hasher,
            mapping,
            policy,
        }
    }

    /// The last round, then the copies go, as the controller does it.
    async fn switch_off(
        &self,
        person: usize,
        status: &Status,
        mailbox: &GraphMailbox,
        mapping: Option<Mapping>,
        policy: &Policy,
        until: Timestamp,
    ) -> Verdict {
        let owner = crm_user_id(person);
        if let Some(mapping) = mapping.filter(|_| policy.direction.reaches_crm()) {
            let last = self.sync(person, &owner, status, mailbox, &mapping, policy);
            match last.last_round(until).await {
                Ok(Outcome::MoreWork) => return Verdict::More,
                Ok(_) => {}
                Err(stop) => return self.stopped(&stop),
            }
        }
        let brake = Brake {
            organisation: ORGANISATION,
            per_hour: 1_000,
        };
        let clock = &*self.stage.world.clock;
        let done = disable(
            scope(person),
            CLUSTER,
            brake,
            mailbox,
            &self.store,
            &self.hasher,
            clock,
        )
        .await;
        match done {
            Ok(Disabled::WasOff) => Verdict::Off(0),
            Ok(Disabled::Done { left_in_place }) => Verdict::Off(left_in_place),
            Ok(Disabled::Held { until }) => Verdict::Passing(
                "held".to_owned(),
                Duration::try_from(until.duration_since(self.stage.now())).ok(),
            ),
            Err(stop) => self.stopped(&stop),
        }
    }

    /// The last wish of the author to be switched on again.
    fn reenabled(&self, person: usize) -> Option<u32> {
        let ledger = locked(&self.stage.ledger);
        ledger.syncs.get(person).and_then(|sync| sync.reenabled)
    }

    /// What the author has approved: whatever is held at the time of the wish.
    fn approved(&self, person: usize) -> Vec<String> {
        let wished = locked(&self.stage.ledger)
            .syncs
            .get(person)
            .is_some_and(|sync| sync.approved.is_some());
        let state = ProcessStore::look(self.store.inner.scope(scope(person))).flatten();
        let trip = state.and_then(|state| state.trip).filter(|_| wished);
        trip.map(|trip| trip.hash).into_iter().collect()
    }

    /// As the controller of the syncs judges it.
    fn stopped(&self, stop: &Stop) -> Verdict {
        let text = stop.to_string();
        let until = |until: Timestamp| Duration::try_from(until.duration_since(self.stage.now())).ok();
        match stop {
            Stop::Failure(Failure::Throttled { after, .. }) => Verdict::Passing(text, *after),
            Stop::Failure(Failure::Unsettled { after }) => Verdict::Passing(text, Some(*after)),
            Stop::Failure(Failure::OutOfCredits { until: at }) => Verdict::Passing(text, at.and_then(until)),
            Stop::Failure(Failure::MailboxNotEnabled | Failure::UserGone) => Verdict::Stalled(text),
            Stop::Failure(_) | Stop::Store(_) => Verdict::Passing(text, None),
        }
    }

    /// The status that the controller writes after a run; the old one where nothing is to be said.
    #[must_use]
    pub(crate) fn report(&self, person: usize, verdict: &Verdict, old: &Status) -> Status {
        if let Verdict::Off(_) = verdict {
            return Status {
                folder: None,
                off: true,
                ..old.clone()
            };
        }
        let state = ProcessStore::look(self.store.inner.scope(scope(person))).flatten();
        let (folder, last_change) = state.map_or((None, None), |state| (state.folder, state.last_change));
        let began = matches!(verdict, Verdict::More | Verdict::UpToDate);
        Status {
            folder: folder.map(|folder| folder.id).or_else(|| old.folder.clone()),
            off: false,
            removed: *verdict == Verdict::RemovedByOwner,
            last_change: last_change.or(old.last_change),
            reenabled: if began {
                self.reenabled(person)
            } else {
                old.reenabled
            },
        }
    }
}

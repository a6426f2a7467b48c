//! Both services as a setting describes them, and who is who in them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use emulators::core::contract::{ContractError, Contracts, Report};
use emulators::core::faults::Faults;
use emulators::core::journal::{self, Journal};
use emulators::core::service::{Refused, Service};
use emulators::core::stack::{Shared, Stack};
use emulators::graph::GraphEmulator;
use emulators::zoho::ZohoEmulator;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sync_engine::identity::{Kind, ScopeId};

use crate::clock::SimulatedClock;
use crate::field::Field;
use crate::history::{Content, Label, Owner, Seeded, Setting};

/// The Microsoft 365 tenant.
pub(crate) const TENANT: &str = "6b0c1f52-0f0e-4d3f-9d43-0c8a4d0f7a10";
/// The app registration in it.
pub(crate) const CLIENT: &str = "0a4d0f7a-1f52-4d3f-9d43-6b0c0f0e8a10";
/// The CRM organisation.
pub(crate) const ORGANISATION: &str = "4000000000000000001";
/// The uid of the `kube-system` namespace of the cluster.
pub(crate) const CLUSTER: &str = "cluster-1";
/// The secret of whatever asks for one.
pub(crate) const SECRET: &str = "secret";
/// The custom field for the ids of mailbox items, where there is one.
pub(crate) const EXTERNAL_ID: &str = "Office_Id";
/// The mailbox folder of each user's own contacts.
pub(crate) const PRIVATE: &str = "Private";

const ADMINISTRATOR: &str = "integration@example.com";
const OUTSIDER: &str = "outsider@example.com";

/// Why a world could not be made: a mistake in the simulation or on the machine, never in the runtime.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// An emulator refuses what it was given.
    #[error("the world is refused: {0}")]
    World(#[from] Refused),
    /// The contracts cannot be read.
    #[error(transparent)]
    Contracts(#[from] ContractError),
    /// A client cannot be made.
    #[error("the client cannot be made: {0}")]
    Client(String),
    /// The store cannot be made.
    #[error("the store cannot be made: {0}")]
    Store(#[from] sync_runtime::store::StoreError),
    /// No directory for the store.
    #[error("no directory for the store: {0}")]
    Directory(#[from] std::io::Error),
}

/// Both services, in this process.
pub(crate) struct World {
    /// Graph and its login host.
    pub graph: Arc<Stack>,
    /// Zoho CRM and its accounts host.
    pub zoho: Arc<Stack>,
    /// Time.
    pub clock: Arc<SimulatedClock>,
    mailboxes: Arc<GraphEmulator>,
    crm: Arc<ZohoEmulator>,
    shared: Arc<Shared>,
    /// How many users have a sync.
    pub people: usize,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").finish_non_exhaustive()
    }
}

/// Where the vendors' contracts are, if they are at hand.
#[must_use]
pub fn contracts() -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/contracts");
    std::env::var_os("CRMLINK_CONTRACTS")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(beside)).filter(|path| path.is_dir()))
}

impl World {
    /// The services as `setting` describes them.
    ///
    /// # Errors
    /// If the setting cannot be, or the contracts cannot be read.
    pub(crate) fn new(setting: &Setting) -> Result<Self, SetupError> {
        // The emulators' own seed stays the same: what a history is about comes from the history.
        const SEED: u64 = 1;
        let contracts = match contracts().filter(|_| setting.contracts) {
            Some(directory) => Contracts::load(&directory)?,
            None => Contracts::none(),
        };
        let shared = Arc::new(Shared {
            clock: Arc::new(emulators::core::clock::EmulatorClock::frozen(start())),
            journal: Journal::new(journal::Limits {
                entries: 1,
                bodies: 0,
            }),
            contracts,
            faults: Faults::default(),
        });
        let (mailboxes, crm) = (GraphEmulator::new(SEED), ZohoEmulator::new(SEED));
        crm.set_api_domain(crate::network::ZOHO);
        let world = Self {
            graph: Stack::new(mailboxes.clone(), shared.clone(), SEED),
            zoho: Stack::new(crm.clone(), shared.clone(), SEED),
            clock: SimulatedClock::beside(shared.clock.clone()),
            mailboxes,
            crm,
            shared,
            people: setting.people.len(),
        };
        world.mailboxes.seed(&office(setting))?;
        world.crm.seed(&organisation(setting))?;
        if setting.services.withheld {
            world.in_crm(&json!({"do": "set_privacy", "on": true}))?;
            let private = json!({"do": "set_field_meta", "field": "Mobile", "private": "High"});
            world.in_crm(&private)?;
        }
        Ok(world)
    }

    /// Somebody does something in a mailbox or in the tenant.
    ///
    /// # Errors
    /// If it is not possible as things are.
    pub(crate) fn in_office(&self, action: &Value) -> Result<Value, Refused> {
        self.mailboxes.edit(action)
    }

    /// Somebody does something in the CRM.
    ///
    /// # Errors
    /// If it is not possible as things are.
    pub(crate) fn in_crm(&self, action: &Value) -> Result<Value, Refused> {
        self.crm.edit(action)
    }

    /// A record as it is now.
    #[must_use]
    pub(crate) fn record(&self, id: &str) -> Option<Value> {
        self.crm.contact(id)
    }

    /// The items that an id or a marker means.
    #[must_use]
    pub(crate) fn items(&self, person: usize, name: &str) -> Vec<Map<String, Value>> {
        self.mailboxes.contacts(&user_id(person), name)
    }

    /// The container of a person, unless it is deleted.
    #[must_use]
    pub(crate) fn container(&self, person: usize) -> Option<String> {
        let marker = sync_engine::identity::container_marker(scope(person), CLUSTER);
        self.mailboxes.folder_with_marker(&user_id(person), &marker)
    }

    /// All mailboxes as one document.
    #[must_use]
    pub(crate) fn all_mailboxes(&self) -> Value {
        self.mailboxes.state()
    }

    /// The organisation as one document.
    #[must_use]
    pub(crate) fn whole_crm(&self) -> Value {
        self.crm.state()
    }

    /// The counters of both services: `graph` and `zoho`.
    #[must_use]
    pub(crate) fn counters(&self) -> BTreeMap<&'static str, BTreeMap<String, u64>> {
        BTreeMap::from([
            ("graph", self.mailboxes.counters()),
            ("zoho", self.crm.counters()),
        ])
    }

    /// What the checks of the contracts found.
    #[must_use]
    pub(crate) fn contract_findings(&self) -> Report {
        self.shared.contracts.findings()
    }

    /// The fault rules of the emulators, for parts of batches.
    #[must_use]
    pub(crate) fn faults(&self) -> &Faults {
        &self.shared.faults
    }
}

/// When every history begins.
#[must_use]
pub(crate) fn start() -> Timestamp {
    // A Monday morning; the constant is a valid time.
    Timestamp::from_second(1_795_420_800).unwrap_or_default()
}

/// The object id of a person.
#[must_use]
pub(crate) fn user_id(person: usize) -> String {
    format!("5e11a000-0000-4000-8000-{person:012}")
}

/// The CRM user of a person.
#[must_use]
pub(crate) fn crm_user_id(person: usize) -> String {
    (4_000_000_000_000_000_100_u64 + person as u64).to_string()
}

/// The address of an owner, in both services.
#[must_use]
pub(crate) fn address(owner: Owner) -> String {
    match owner {
        Owner::Person(person) => format!("person{person}@example.com"),
        Owner::Outsider => OUTSIDER.to_owned(),
    }
}

/// The scope of a person's sync.
#[must_use]
pub(crate) fn scope(person: usize) -> ScopeId {
    ScopeId::derive(TENANT, ORGANISATION, &user_id(person), Kind::Contacts)
}

/// The id of a record that is there from the start.
#[must_use]
pub(crate) fn seeded_id(label: Label) -> String {
    (4_000_000_000_000_001_000_u64 + u64::from(label.0)).to_string()
}

/// The members `fields` and `account` of an edit in the CRM.
#[must_use]
pub(crate) fn crm_content(content: &Content) -> (Map<String, Value>, Option<String>) {
    let mut fields = Map::new();
    let mut account = None;
    for (field, typed) in content {
        let text = typed.text(*field);
        match (*field, field.in_crm(), text) {
            (Field::Company, _, text) => account = text,
            (_, Some((name, _)), text) => {
                fields.insert(name.to_owned(), json!(text));
            }
            (_, None, _) => {}
        }
    }
    (fields, account)
}

/// The Graph body of a contact that a person makes.
#[must_use]
pub(crate) fn office_content(content: &Content) -> Map<String, Value> {
    let mut body = Map::new();
    for (field, typed) in content {
        let text = typed.text(*field);
        if let Some((name, value)) = field.member(&body, text.as_deref()) {
            body.insert(name.to_owned(), value);
        }
    }
    body.retain(|_, value| !value.is_null());
    body
}

fn office(setting: &Setting) -> Value {
    let services = setting.services;
    let users: Vec<Value> = (0..setting.people.len())
        .map(|person| {
            let private = (0..setting.people[person].private)
                .map(|n| json!({"surname": format!("Private {n}"), "emailAddresses": [{"address": format!("own{n}@example.com")}]}));
            let address = address(Owner::Person(person));
            json!({
                "userPrincipalName": address,
                "id": user_id(person),
                "contacts": [{"surname": "Default"}],
                "folders": [{"displayName": PRIVATE, "contacts": private.collect::<Vec<_>>()}],
            })
        })
        .collect();
    json!([{
        "tenantId": TENANT,
        "domain": "example.com",
        "secondBumpSeconds": services.second_bump,
        "lastModifiedChurn": services.churn,
        "delta": {
            "generations": services.generations,
            "replays": services.replays,
            "emptyPage": services.empty_page,
            "expiredStatus": services.expired_status,
        },
        "trashedFolders": if services.hidden_trash { "hidden" } else { "visible" },
        "apps": [{"clientId": CLIENT, "clientSecret": SECRET}],
        "users": users,
    }])
}

fn organisation(setting: &Setting) -> Value {
    let mut users =
        vec![json!({"email": ADMINISTRATOR, "lastName": "Integration", "profile": "Administrator"})];
    users.extend((0..setting.people.len()).map(|person| {
        let email = address(Owner::Person(person));
        json!({"id": crm_user_id(person), "email": email, "lastName": format!("Person {person}")})
    }));
    users.push(json!({"email": OUTSIDER, "lastName": "Outsider"}));
    let mut custom = vec![
        json!({"apiName": "Branch"}),
        json!({"apiName": "Biography", "dataType": "textarea", "length": 2_000}),
    ];
    if setting.external_id {
        custom.push(json!({"apiName": EXTERNAL_ID, "length": 255, "unique": true}));
    }
    let owners = (0..setting.people.len()).map(|person| address(Owner::Person(person)));
    let contacts = setting.people.iter().enumerate().flat_map(|(person, declared)| {
        let records = declared.records.iter();
        records.map(move |seeded| record(Owner::Person(person), seeded))
    });
    json!([{
        "id": ORGANISATION,
        "companyName": "Example",
        "dailyCredits": 1_000_000,
        "users": users,
        "clients": [{"clientId": CLIENT, "clientSecret": SECRET, "refreshToken": SECRET, "user": ADMINISTRATOR}],
        "customFields": custom,
        "ownersInScope": owners.collect::<Vec<_>>(),
        "contacts": contacts.collect::<Vec<_>>(),
    }])
}

fn record(owner: Owner, seeded: &Seeded) -> Value {
    let (fields, account) = crm_content(&seeded.content);
    let hour = jiff::SignedDuration::from_hours(1);
    let created = start().saturating_sub(hour * i32::try_from(seeded.age).unwrap_or(1));
    let created = created.unwrap_or_else(|_| start());
    let modified = created.saturating_add(hour).unwrap_or(created).min(start());
    let modified = if seeded.updated { modified } else { created };
    json!({
        "id": seeded_id(seeded.label),
        "owner": address(owner),
        "source": if seeded.imported { "import" } else { "crm_ui" },
        "createdTime": created.to_string(),
        "modifiedTime": modified.to_string(),
        "account": account,
        "fields": fields,
    })
}

//! Both services with one user's mailbox and one organisation, and what must hold at the end of every test.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use adapters::{GraphMailbox, ZohoContacts};
use ambient::SeededRandom;
use emulators::core::faults::Rule;
use emulators::core::journal::{Query, View};
use emulators::{Emulators, Options};
use jiff::SignedDuration;
use msgraph::{Credential, Endpoints, Graph};
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use sync_runtime::ports::{Crm, CrmRecord, Folder, Mailbox};
use zoho_crm::{ApiHosts, DataCenter, Environment, LimitSettings, OrgLimits, Zoho};

use crate::wire::{GRAPH, InProcess, SharedClock, ZOHO};

const TENANT: &str = "0b8f5e3a-6f0a-4d55-9a60-d34a3c7e1a11";
/// The mailbox's user.
pub(crate) const ADA: &str = "6d0a3f0e-4c1b-4a6e-8a4e-0f6f0a5b7c11";
/// A user without a mailbox.
pub(crate) const GUEST: &str = "6d0a3f0e-4c1b-4a6e-8a4e-0f6f0a5b7c12";
/// The CRM user that the tests write for.
pub(crate) const ANN: &str = "4000000000000000101";
/// Another one.
pub(crate) const BOB: &str = "4000000000000000102";

/// What must never happen, as the emulators count it (section 2 of the design).
const NEVER: [(&str, &str); 17] = [
    ("graph", "attendees_written"),
    ("graph", "duplicate_markers"),
    ("graph", "mails_sent"),
    ("graph", "noop_updates"),
    ("graph", "permanent_deletes"),
    ("graph", "updates_without_if_match"),
    ("graph", "writes_outside_marked_folder"),
    ("zoho", "assignment_rules_run"),
    ("zoho", "automation_runs"),
    ("zoho", "cadences_run"),
    ("zoho", "duplicates"),
    ("zoho", "mails_sent"),
    ("zoho", "notifications_sent"),
    ("zoho", "owner_changes_by_api"),
    ("zoho", "unimplemented_calls"),
    ("zoho", "updates_without_precondition"),
    ("zoho", "writes_outside_owners"),
];

/// The surroundings of one test. It has to end with [`Services::finish`].
pub(crate) struct Services {
    emulators: Arc<Emulators>,
    graph: Graph,
    pub(crate) zoho: Zoho,
    pub(crate) mailbox: GraphMailbox,
    pub(crate) crm: ZohoContacts,
    finished: bool,
}

fn world() -> Value {
    json!({
        "office365": [{
            "tenantId": TENANT,
            "domain": "contoso.example",
            "secondBumpSeconds": 0,
            "apps": [{"clientId": "app", "clientSecret": "s3cret"}],
            "users": [
                {"id": ADA, "userPrincipalName": "ada@contoso.example"},
                {"id": GUEST, "userPrincipalName": "guest@contoso.example", "mailbox": "none"},
            ],
        }],
        "crm": [{
            "companyName": "Example Ltd",
            "users": [
                {"id": ANN, "email": "ann@example.com", "firstName": "Ann", "lastName": "Able", "profile": "Administrator"},
                {"id": BOB, "email": "bob@example.com", "firstName": "Bob", "lastName": "Best"},
            ],
            "clients": [
                {"clientId": "c", "clientSecret": "s", "refreshToken": "r", "user": "ann@example.com"},
            ],
            "customFields": [{"apiName": "Office_Id", "dataType": "text", "length": 200, "unique": true}],
        }],
    })
}

/// The folder of the vendors' contracts, unless the environment names another.
fn contracts() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/contracts");
    beside.is_dir().then_some(beside)
}

impl Services {
    pub(crate) fn start() -> Self {
        let options = Options {
            frozen_at: Some("2026-10-01T09:00:00Z".parse().unwrap()),
            contracts: contracts(),
            ..Options::default()
        };
        let emulators = Arc::new(Emulators::build(&options.contracts_from_env()).unwrap());
        let world = world();
        emulators.graph.service().seed(&world["office365"]).unwrap();
        emulators.zoho.service().seed(&world["crm"]).unwrap();
        let transport = Arc::new(InProcess(emulators.clone()));
        let clock = Arc::new(SharedClock(emulators.shared.clock.clone()));
        let random = Arc::new(SeededRandom::new(1));

        let secret = Credential::ClientSecret(SecretString::from("s3cret"));
        let mut config = msgraph::Config::new(TENANT, "app", secret);
        let at = format!("http://{GRAPH}");
        config.endpoints = Endpoints::at(at.as_str(), at.as_str());
        let graph = Graph::new(&config, transport.clone(), clock.clone(), random.clone()).unwrap();

        let at = format!("http://{ZOHO}");
        let hosts = ApiHosts::of(DataCenter::Us, Environment::Production);
        let config = zoho_crm::Config {
            api_hosts: hosts.overridden_by(Some(&at.parse().unwrap())),
            accounts_url: at,
            client_id: "c".to_owned(),
            client_secret: SecretString::from("s"),
            refresh_token: SecretString::from("r"),
        };
        let limits = OrgLimits::new(LimitSettings::default());
        let zoho = Zoho::new(config, limits, transport, clock, random);
        Self {
            emulators,
            mailbox: GraphMailbox::new(&graph, ADA),
            crm: ZohoContacts::new(zoho.clone()),
            graph,
            zoho,
            finished: false,
        }
    }

    /// The mailbox of another user.
    pub(crate) fn mailbox_of(&self, user: &str) -> GraphMailbox {
        GraphMailbox::new(&self.graph, user)
    }

    /// A marked folder as the operator makes it.
    pub(crate) async fn folder(&self) -> Folder {
        self.mailbox
            .create_folder("Zoho CRM Contacts", "v1 s claim")
            .await
            .unwrap()
    }

    /// Ada works in Outlook.
    pub(crate) fn outlook(&self, mut action: Value) -> Value {
        action["user"] = json!(ADA);
        self.emulators.graph.service().edit(&action).unwrap()
    }

    /// A contact that Ada makes in a folder; gives its id.
    pub(crate) fn outlook_contact(&self, folder: &str, contact: &Value) -> String {
        let made = self.outlook(json!({"do": "create_contact", "folder": folder, "contact": contact}));
        made["id"].as_str().unwrap().to_owned()
    }

    /// Microsoft 365 as its administrator sets it.
    pub(crate) fn office(&self, action: &Value) {
        self.emulators.graph.service().edit(action).unwrap();
    }

    /// Somebody works in the CRM, some seconds later, as times are whole seconds there.
    pub(crate) fn staff(&self, action: &Value) -> Value {
        self.pass(2);
        self.emulators.zoho.service().edit(action).unwrap()
    }

    /// A contact that staff make for Ann; gives its id.
    pub(crate) fn record(&self, fields: &Value) -> String {
        let action = json!({"do": "create_contact", "owner": "ann@example.com", "fields": fields});
        self.staff(&action)["ids"][0].as_str().unwrap().to_owned()
    }

    /// A record as the operator reads it.
    pub(crate) async fn read_record(&self, id: &str, fields: &[&str]) -> CrmRecord {
        let mut found = self.crm.records(&[id.to_owned()], fields).await.unwrap();
        assert_eq!(found.len(), 1);
        found.remove(0)
    }

    /// Everything in the CRM that holds a value in a field, whoever owns it.
    pub(crate) fn records_with(&self, field: &str, value: &str) -> Vec<Value> {
        let state = self.emulators.zoho.service().state();
        let contacts = state["organisations"][0]["contacts"].as_array().unwrap();
        let holds = |contact: &&Value| contact[field] == value;
        contacts.iter().filter(holds).cloned().collect()
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.emulators
            .shared
            .clock
            .advance(SignedDuration::from_secs(seconds));
    }

    pub(crate) fn fault(&self, rule: Value) {
        let rule: Rule = serde_json::from_value(rule).unwrap();
        self.emulators.shared.faults.add(rule).unwrap();
    }

    /// Waits until so many requests are held by faults, and tells how many are once nothing else can go on.
    pub(crate) async fn held(&self, least: usize) -> usize {
        let held = || {
            let rules = self.emulators.shared.faults.list();
            rules.iter().map(|rule| rule.parked).sum::<usize>()
        };
        while held() < least {
            tokio::task::yield_now().await;
        }
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        held()
    }

    /// Removes all faults and lets held requests go.
    pub(crate) fn release(&self) {
        self.emulators.shared.faults.clear();
    }

    /// How far the journal goes.
    pub(crate) fn mark(&self) -> u64 {
        self.seen(0).last().map_or(0, |view| view.seq)
    }

    /// The requests after `mark`, oldest first, those for tokens left out.
    pub(crate) fn seen(&self, mark: u64) -> Vec<View> {
        let query = Query {
            since: Some(mark),
            limit: Some(50_000),
            ..Query::default()
        };
        let mut all = self.emulators.shared.journal.list(&query);
        all.retain(|view| !view.path.ends_with("/token"));
        all
    }

    /// The requests after `mark` by method and route, each in a batch marked with `+`.
    pub(crate) fn routes(&self, mark: u64) -> Vec<String> {
        let shown = |view: &View| {
            let batched = if view.batched { "+ " } else { "" };
            format!("{batched}{} {}", view.method, view.route)
        };
        self.seen(mark).iter().map(shown).collect()
    }

    /// Checks what must hold after every test.
    pub(crate) fn finish(mut self) {
        self.finished = true;
        let services = [&self.emulators.graph, &self.emulators.zoho];
        let counters: Value = services
            .map(|stack| {
                (
                    stack.service().name().to_owned(),
                    json!(stack.service().counters()),
                )
            })
            .into_iter()
            .collect::<Map<_, _>>()
            .into();
        for (service, name) in NEVER {
            assert_eq!(counters[service][name], 0, "{service} counted {name}");
        }
        let contracts = self.emulators.shared.contracts.findings();
        assert_eq!(contracts.violation_count, 0, "{:#?}", contracts.violations);
        let Some(folder) = std::env::var_os("CRMLINK_TEST_REPORTS") else {
            return;
        };
        let report = json!({
            "contracts": {
                "checked": contracts.checked_requests + contracts.checked_answers,
                "violations": contracts.violation_count,
            },
            "counters": counters,
        });
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("test").replace("::", "-");
        std::fs::create_dir_all(&folder).unwrap();
        let path = Path::new(&folder).join(format!("adapters-{name}.json"));
        std::fs::write(path, report.to_string()).unwrap();
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(self.finished, "the test does not end with finish()");
        }
    }
}

/// A JSON object as the row that it stands for.
pub(crate) fn row(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

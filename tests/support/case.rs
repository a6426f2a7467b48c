//! One test: its services, its namespace and its operator.

use std::collections::BTreeSet;
use std::fs;
use std::ops::Deref;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crmlink::api::{ContactSync, CrmTenant, Reason};
use emulators::core::faults::Rule;
use emulators::core::journal::{Query, View};
use emulators::{Control, Emulators, Options, Running};
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::api::{ObjectMeta, PostParams};
use local_cluster::audit::Entry;
use local_cluster::{Cluster, ControlPlane};
use serde_json::{Map, Value};
use tempfile::TempDir;

use super::author::Author;
use super::cluster::{SERVICE_ACCOUNT, SYSTEM, Shared};
use super::lagging;
use super::objects::{contact_sync_with, name_of, secrets, tenant};
use super::operator::{Operator, Surroundings};
use super::scan;
use super::views::Mailbox;
use super::world::{CRM_REFRESH, CRM_SECRET, OFFICE_SECRET, World};

/// The surroundings of one test. It has to end with [`Case::finish`].
pub(crate) struct Case {
    author: Author,
    pub(crate) control: Control,
    pub(super) shared: &'static Shared,
    pub(super) running: Running,
    pub(super) folder: TempDir,
    pub(super) operator: Option<Operator>,
    pub(super) forbidden: Mutex<BTreeSet<String>>,
    pub(super) finished: bool,
    everywhere: bool,
    starts: u32,
}

impl Case {
    /// Services with this world and an operator, but no objects.
    pub(crate) async fn start(world: World) -> Self {
        let mut case = Self::without_operator(world).await;
        case.start_operator().await;
        case
    }

    /// As [`Case::start`], before the operator.
    pub(crate) async fn without_operator(world: World) -> Self {
        let shared = Shared::get().await;
        let case = Self::new(shared, false, world).await;
        case.act_as_the_service_account().await;
        case
    }

    /// As [`Case::start`], in a cluster of its own whose namespaces are all watched.
    pub(crate) async fn everywhere(world: World) -> Self {
        // It lives as long as the process, as the shared one does.
        let shared = Box::leak(Box::new(Shared::start().await));
        let mut case = Self::new(shared, true, world).await;
        case.act_as_the_service_account().await;
        case.start_operator().await;
        case
    }

    /// The cluster.
    pub(crate) fn cluster(&self) -> &'static Cluster {
        &self.shared.cluster
    }

    /// The control plane, where it is ours.
    pub(crate) fn control_plane(&self) -> Option<&'static ControlPlane> {
        self.shared.cluster.control_plane()
    }

    /// In a cluster of its own that does not know the product's kinds yet. The operator acts as an administrator.
    pub(crate) async fn before_the_chart(world: World) -> Self {
        let shared = Box::leak(Box::new(Shared::bare().await));
        let case = Self::new(shared, false, world).await;
        let system = Namespace {
            metadata: ObjectMeta {
                name: Some(SYSTEM.to_owned()),
                ..ObjectMeta::default()
            },
            ..Namespace::default()
        };
        let namespaces: Api<Namespace> = Api::all(case.client.clone());
        namespaces.create(&PostParams::default(), &system).await.unwrap();
        let kubeconfig = case.folder.path().join("operator.kubeconfig");
        shared.cluster.kubeconfig(&kubeconfig).unwrap();
        case
    }

    pub(crate) async fn install_chart(&self) {
        self.shared.install().await;
    }

    async fn act_as_the_service_account(&self) {
        self.act_as(SERVICE_ACCOUNT).await;
    }

    /// Has the operator act as this service account.
    pub(super) async fn act_as(&self, account: &str) {
        let kubeconfig = self.folder.path().join("operator.kubeconfig");
        self.shared.operator_kubeconfig(account, &kubeconfig).await;
        lagging::if_everywhere(&kubeconfig).await;
        self.shared.admit_to_lease(account, &self.namespace).await;
    }

    /// With the tenant signed in.
    pub(crate) async fn connected(world: World) -> Self {
        let case = Self::start(world).await;
        case.sign_in().await;
        case
    }

    /// With the contacts of `user` in sync.
    pub(crate) async fn in_sync(world: World, user: &str) -> Self {
        Self::in_sync_with(world, user, Value::Object(Map::new())).await
    }

    /// The same with more in the spec of the sync.
    pub(crate) async fn in_sync_with(world: World, user: &str, spec: Value) -> Self {
        let case = Self::connected(world).await;
        case.create(&contact_sync_with(user, spec)).await;
        case.settled::<ContactSync>(name_of(user), Reason::InSync).await;
        case
    }

    pub(super) async fn new(shared: &'static Shared, everywhere: bool, world: World) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("crmlink-test-")
            .tempdir()
            .unwrap();
        let options = Options {
            ca_file: Some(folder.path().join("ca.pem")),
            contracts: contracts(),
            ..Options::default()
        };
        let running = Emulators::start(&options.contracts_from_env()).unwrap();
        let control = Control::new(running.addresses().control.clone()).unwrap();
        control.seed(&world.0).await.unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        let mut forbidden: BTreeSet<String> =
            [OFFICE_SECRET, CRM_SECRET, CRM_REFRESH].map(str::to_owned).into();
        scan::texts_of_people(&world.0, &mut forbidden);
        Self {
            author: Author::new(
                shared.cluster.admin_client().unwrap(),
                shared.cluster.create_namespace("test").await.unwrap(),
            ),
            control,
            shared,
            running,
            folder,
            operator: None,
            forbidden: Mutex::new(forbidden),
            finished: false,
            everywhere,
            starts: 0,
        }
    }

    /// Both Secrets of the world.
    pub(crate) async fn create_secrets(&self) {
        for secret in secrets() {
            self.create(&secret).await;
        }
    }

    /// Secrets and tenant, as most tests have them.
    pub(crate) async fn sign_in_unsettled(&self) {
        self.create_secrets().await;
        self.create(&tenant()).await;
    }

    /// The same, until it is signed in.
    pub(crate) async fn sign_in(&self) {
        self.sign_in_unsettled().await;
        self.settled::<CrmTenant>("orchard", Reason::Connected).await;
    }

    // The operator.

    pub(crate) async fn start_operator(&mut self) {
        self.operator = Some(self.start_another().await);
    }

    /// One more operator with the same store and the same Lease.
    pub(crate) async fn start_another(&mut self) -> Operator {
        self.starts += 1;
        let surroundings = Surroundings {
            folder: self.folder.path(),
            addresses: self.running.addresses(),
            namespace: (!self.everywhere).then_some(self.namespace.as_str()),
            lease: &self.namespace,
        };
        Operator::start(&surroundings, self.starts).await
    }

    /// Goes on with this operator, and hands out the one before.
    pub(crate) fn go_on_with(&mut self, operator: Operator) -> Option<Operator> {
        self.operator.replace(operator)
    }

    /// The Lease of this test.
    pub(crate) async fn lease(&self) -> LeaseSpec {
        let leases: Api<Lease> = Api::namespaced(self.client.clone(), SYSTEM);
        leases.get(&self.namespace).await.unwrap().spec.unwrap()
    }

    /// What the operators of this test wrote in its namespace; nothing where the API server is not ours.
    pub(crate) fn audited(&self) -> Option<Vec<Entry>> {
        self.shared.writes_in(&self.namespace)
    }

    pub(crate) fn operator(&self) -> &Operator {
        self.operator.as_ref().expect("the operator runs")
    }

    /// Ends it at once, as a crash does.
    pub(crate) async fn kill_operator(&mut self) {
        self.operator.take().expect("the operator runs").kill().await;
    }

    /// Ends it in order.
    pub(crate) async fn stop_operator(&mut self) {
        let ended = self.operator.take().expect("the operator runs").terminate().await;
        assert!(ended.success(), "the operator ended with {ended}");
    }

    /// Loses the store. Only while the operator does not run.
    pub(crate) fn lose_store(&self) {
        assert!(self.operator.is_none());
        let data = self.folder.path().join("data");
        fs::remove_dir_all(&data).unwrap();
        fs::create_dir(&data).unwrap();
    }

    /// Another namespace of this test.
    pub(crate) async fn create_namespace(&self) -> String {
        self.shared.cluster.create_namespace("test").await.unwrap()
    }

    // The services.

    /// Somebody works in the CRM. The clock moves on, as `Modified_Time` has whole seconds.
    pub(crate) async fn crm(&self, action: Value) -> Value {
        self.control
            .advance(jiff::SignedDuration::from_secs(2))
            .await
            .unwrap();
        scan::texts_of_people(&action, &mut self.forbidden());
        self.control.edit("zoho", &action).await.unwrap()
    }

    /// Somebody works in Microsoft 365.
    pub(crate) async fn office(&self, action: Value) -> Value {
        scan::texts_of_people(&action, &mut self.forbidden());
        self.control.edit("graph", &action).await.unwrap()
    }

    /// Adds a fault rule.
    pub(crate) async fn fault(&self, rule: Value) -> u64 {
        let rule: Rule = serde_json::from_value(rule).unwrap();
        self.control.fault(&rule).await.unwrap()
    }

    /// How often a fault rule hit.
    pub(crate) async fn fired(&self, rule: u64) -> u64 {
        let rules = self.control.faults().await.unwrap().rules;
        rules.iter().find(|view| view.id == rule).expect("the rule").fired
    }

    pub(crate) async fn mailbox(&self, user: &str) -> Mailbox {
        Mailbox::of(&self.control.state("graph").await.unwrap(), user)
    }

    /// The whole CRM.
    pub(crate) async fn crm_state(&self) -> Value {
        self.control.state("zoho").await.unwrap()
    }

    /// A counter of an emulated service.
    pub(crate) async fn counter(&self, service: &str, name: &str) -> u64 {
        self.control.counters().await.unwrap()[service][name]
    }

    /// What was written through Graph: contacts made and changed, anything removed, folders made and removed.
    pub(crate) async fn writes(&self) -> [u64; 5] {
        let counters = &self.control.counters().await.unwrap()["graph"];
        [
            "creates",
            "updates",
            "deletes",
            "folder_creates",
            "folder_deletes",
        ]
        .map(|name| counters[name])
    }

    /// All requests to a service after `since`, oldest first.
    pub(crate) async fn journal(&self, service: &str, method: &str, since: u64) -> Vec<View> {
        let query = Query {
            service: Some(service.to_owned()),
            method: Some(method.to_owned()),
            since: Some(since),
            limit: Some(50_000),
            ..Query::default()
        };
        self.control.journal(&query).await.unwrap()
    }

    /// How far the journal goes.
    pub(crate) async fn journal_end(&self) -> u64 {
        let query = Query {
            limit: Some(1),
            ..Query::default()
        };
        self.control
            .journal(&query)
            .await
            .unwrap()
            .last()
            .map_or(0, |view| view.seq)
    }

    pub(super) fn forbidden(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.forbidden.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the operator of this test keeps its files; the store is in `data`.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Deref for Case {
    type Target = Author;

    fn deref(&self) -> &Author {
        &self.author
    }
}

impl Drop for Case {
    fn drop(&mut self) {
        if std::thread::panicking() {
            if let Some(operator) = &self.operator {
                eprintln!("the operator's log ends with:\n{}", operator.log_tail());
            }
        } else {
            assert!(self.finished, "the test does not end with finish()");
        }
    }
}

/// The folder of the vendors' contracts, unless the environment names another.
fn contracts() -> Option<std::path::PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/contracts");
    beside.is_dir().then_some(beside)
}

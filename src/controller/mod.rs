//! The controllers: one for each kind, over shared context.
//!
//! A tenant signs in and wakes its syncs whenever that changes something for them; a sync wakes its tenant when it
//! finds that the credentials no longer work.

mod backoff;
mod cache;
mod condition_writer;
mod contact_sync;
mod crm_tenant;
mod crm_user_invite;
mod finalizer;
mod given_up;
mod insight;
mod pairing;
mod runner;
mod runs;
mod status;
mod tenancy;
mod trouble;
mod watching;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures::stream::poll_fn;
use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Secret;
use kube::core::{NamespaceResourceScope, PartialObjectMeta};
use kube::runtime::controller::Controller;
use kube::runtime::reflector::ObjectRef;
use kube::runtime::utils::{Predicate, PredicateConfig};
use kube::runtime::{WatchStreamExt, predicates, reflector, watcher};
use kube::{Api, Client, ResourceExt};
use sync_engine::hash::Hasher;
use sync_runtime::store::{SqliteStore, StoreError};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

use crate::api::{ContactSync, CrmTenant, CrmUserInvite};
use crate::connections::{Connections, Surroundings, TenantKey};
use crate::credentials;
use crate::telemetry::metrics::Metrics;
use backoff::Backoff;
use cache::{Cache, Caches, Kind};
use runs::Runs;
use status::Reporter;
use tenancy::tenant_key;

pub(crate) use insight::Insight;

/// What every reconcile works with.
pub(crate) struct Context {
    client: Client,
    surroundings: Surroundings,
    connections: Connections,
    store: SqliteStore,
    hasher: Hasher,
    cluster: String,
    backoff: Backoff,
    reporter: Reporter,
    caches: Caches,
    tenants_seen: crm_tenant::Seen,
    claims: contact_sync::Claims,
    invite_claims: crm_user_invite::Claims,
    wake_tenant: UnboundedSender<ObjectRef<CrmTenant>>,
    wake_sync: UnboundedSender<ObjectRef<ContactSync>>,
    wake_invite: UnboundedSender<ObjectRef<CrmUserInvite>>,
    listed: CancellationToken,
    stopping: CancellationToken,
    runs: Runs,
    concurrency: u16,
}

/// Context and controllers, ready to run.
pub(crate) struct Controllers {
    context: Arc<Context>,
    tenants: Controller<CrmTenant>,
    syncs: Controller<ContactSync>,
    invites: Controller<CrmUserInvite>,
}

impl Context {
    fn tenant(&self, key: &TenantKey) -> Option<Arc<CrmTenant>> {
        self.caches.tenants.get(&ObjectRef::new(&key.1).within(&key.0))
    }

    fn syncs_of(&self, tenant: &TenantKey) -> impl Iterator<Item = Arc<ContactSync>> {
        self.caches
            .syncs
            .state()
            .into_iter()
            .filter(move |sync| tenant_key(&**sync) == *tenant)
    }

    fn invites_of(&self, tenant: &TenantKey) -> impl Iterator<Item = Arc<CrmUserInvite>> {
        self.caches
            .invites
            .state()
            .into_iter()
            .filter(move |invite| tenant_key(&**invite) == *tenant)
    }

    /// Waits until all kinds have been listed: before that, what is missing says nothing. False when the operator
    /// stops instead.
    ///
    /// Reconciles do not wait on the stores themselves: of several tasks that wait on one store, only the one that was
    /// polled last is woken (kube's `DelayedInit` hands all of them the same oneshot receiver).
    async fn listed(&self) -> bool {
        tokio::select! {
            biased;
            () = self.listed.cancelled() => true,
            () = self.stopping.cancelled() => false,
        }
    }

    /// Wakes everything that belongs to a tenant.
    fn wake_all_of(&self, tenant: &TenantKey) {
        for sync in self.syncs_of(tenant) {
            self.wake_sync(&sync);
        }
        for invite in self.invites_of(tenant) {
            self.wake_invite(&invite);
        }
    }

    fn wake_invite(&self, invite: &CrmUserInvite) {
        self.backoff.forget(&runner::key(invite));
        // Closed only while the operator stops.
        let _ = self.wake_invite.send(ObjectRef::from_obj(invite));
    }

    fn wake_sync(&self, sync: &ContactSync) {
        self.backoff.forget(&runner::key(sync));
        // Closed only while the operator stops.
        let _ = self.wake_sync.send(ObjectRef::from_obj(sync));
    }

    /// How long it is until then; nothing if that has been.
    fn time_until(&self, then: Timestamp) -> Duration {
        let wait = then.duration_since(self.surroundings.clock.now());
        Duration::try_from(wait).unwrap_or_default()
    }

    /// Has a tenant ask both services, as one of them refused what belongs to it.
    fn doubt_tenant(&self, tenant: &TenantKey) {
        self.tenants_seen.doubt(tenant);
        self.wake_tenant(tenant);
    }

    fn wake_tenant(&self, tenant: &TenantKey) {
        let _ = self.wake_tenant.send(ObjectRef::new(&tenant.1).within(&tenant.0));
    }
}

/// A tenant by namespace and name.
fn key_of_tenant(tenant: &CrmTenant) -> TenantKey {
    (tenant.namespace().unwrap_or_default(), tenant.name_any())
}

/// Whether every watch has been listed, or another operator acts and this one stands by.
#[derive(Debug, Default)]
pub(crate) struct Readiness {
    listed: AtomicUsize,
    stands_by: AtomicBool,
}

impl Readiness {
    /// Watches that have to be listed: one for each kind.
    const WATCHES: usize = 3;

    pub(crate) fn is_listed(&self) -> bool {
        self.listed.load(Ordering::SeqCst) == Self::WATCHES
    }

    pub(crate) fn stands_by(&self) -> bool {
        self.stands_by.load(Ordering::SeqCst)
    }

    /// Notes that another operator acts, or that this one begins to.
    pub(crate) fn stand_by(&self, stands_by: bool) {
        self.stands_by.store(stands_by, Ordering::SeqCst);
    }

    async fn wait_for<K: Kind>(&self, cache: &Cache<K>) {
        if cache.is_listed().await {
            self.listed.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// How the controllers are set up.
pub(crate) struct Settings<'a> {
    /// The one namespace to watch; all of them if it is not given.
    pub(crate) namespace: Option<&'a str>,
    /// How many reconciles of a kind run together.
    pub(crate) concurrency: u16,
    /// Somebody can look at the last run of each object.
    pub(crate) debug_page: bool,
}

impl Controllers {
    /// Sets the controllers up.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub(crate) async fn new(
        client: Client,
        surroundings: Surroundings,
        store: SqliteStore,
        hasher: Hasher,
        cluster: String,
        settings: Settings<'_>,
        stopping: CancellationToken,
    ) -> Result<Self, StoreError> {
        let namespace = settings.namespace;
        let backoff = Backoff::new(surroundings.random.clone());
        backoff.restore(&store, surroundings.clock.now()).await?;
        let (wake_tenant, mut woken_tenants) = unbounded_channel();
        let (wake_sync, mut woken_syncs) = unbounded_channel();
        let (wake_invite, mut woken_invites) = unbounded_channel();
        let metrics = &surroundings.metrics;
        let (tenants, tenant_controller) = root::<CrmTenant>(&client, namespace, metrics, |_| {}, |_| None);
        let gone = wakes_tenant(wake_tenant.clone());
        let (syncs, sync_controller) = root::<ContactSync>(&client, namespace, metrics, gone, |_| None);
        let gone = wakes_tenant(wake_tenant.clone());
        let decision = crm_user_invite::decision;
        let (invites, invite_controller) = root::<CrmUserInvite>(&client, namespace, metrics, gone, decision);
        let secrets: Api<PartialObjectMeta<Secret>> = api(&client, namespace);
        let secrets = watching::observed(
            watcher(secrets, watcher::Config::default()),
            "Secret",
            metrics.clone(),
        );
        let (secret_users, secret_metrics) = (tenants.clone(), metrics.clone());
        let caches = Caches {
            tenants,
            syncs,
            invites,
        };
        let context = Context {
            reporter: Reporter::new(client.clone(), caches.clone()),
            caches,
            backoff,
            client,
            surroundings,
            connections: Connections::default(),
            store,
            hasher,
            cluster,
            tenants_seen: crm_tenant::Seen::default(),
            claims: contact_sync::Claims::default(),
            invite_claims: crm_user_invite::Claims::default(),
            wake_tenant,
            wake_sync,
            wake_invite,
            listed: CancellationToken::new(),
            stopping,
            runs: Runs::new(settings.debug_page),
            concurrency: settings.concurrency,
        };
        Ok(Self {
            context: Arc::new(context),
            tenants: tenant_controller
                .watches_stream(secrets.default_backoff().touched_objects(), move |secret| {
                    let users = users_of(&secret_users, &secret);
                    if !users.is_empty() {
                        secret_metrics.secret_changed();
                    }
                    users
                })
                .reconcile_on(poll_fn(move |cx| woken_tenants.poll_recv(cx))),
            syncs: sync_controller.reconcile_on(poll_fn(move |cx| woken_syncs.poll_recv(cx))),
            invites: invite_controller.reconcile_on(poll_fn(move |cx| woken_invites.poll_recv(cx))),
        })
    }

    /// Runs until `stop` is cancelled and what is under way has ended.
    pub(crate) async fn run(self, readiness: &Readiness, insight: &Insight) {
        let Self {
            context,
            tenants,
            syncs,
            invites,
        } = self;
        insight.open(&context);
        let (all_listed, stop) = (context.listed.clone(), context.stopping.clone());
        let concurrency = context.concurrency;
        let caches = context.caches.clone();
        let config = || kube::runtime::controller::Config::default().concurrency(concurrency);
        let listed = futures::future::join3(
            readiness.wait_for(&caches.tenants),
            readiness.wait_for(&caches.syncs),
            readiness.wait_for(&caches.invites),
        );
        let tenants = tenants
            .with_config(config())
            .graceful_shutdown_on(stop.clone().cancelled_owned())
            .run(crm_tenant::reconcile, runner::never, context.clone())
            .for_each(|result| async { runner::log(result) });
        let syncs = syncs
            .with_config(config())
            .graceful_shutdown_on(stop.clone().cancelled_owned())
            .run(contact_sync::reconcile, runner::never, context.clone())
            .for_each(|result| async { runner::log(result) });
        let invites = invites
            .with_config(config())
            .graceful_shutdown_on(stop.clone().cancelled_owned())
            .run(crm_user_invite::reconcile, runner::never, context)
            .for_each(|result| async { runner::log(result) });
        let stopped_before_listed = async {
            tokio::select! {
                _ = listed => {
                    tracing::info!(tenants = caches.tenants.state().len(), contact_syncs = caches.syncs.state().len(), "all objects are listed");
                    all_listed.cancel();
                    std::future::pending::<()>().await;
                }
                () = stop.cancelled() => {}
            }
        };
        tokio::select! {
            _ = futures::future::join3(tenants, syncs, invites) => {}
            // A controller whose store was never listed does not end by itself, and nothing is under way in it.
            () = stopped_before_listed => {}
        }
    }
}

/// A tenant counts what belongs to it, and one that is being deleted goes with the last of that.
fn wakes_tenant<K: tenancy::OfTenant>(wake: UnboundedSender<ObjectRef<CrmTenant>>) -> impl Fn(&K) + Send {
    move |object| {
        let (namespace, name) = tenant_key(object);
        // Closed only while the operator stops.
        let _ = wake.send(ObjectRef::new(&name).within(&namespace));
    }
}

fn api<K>(client: &Client, namespace: Option<&str>) -> Api<K>
where
    K: kube::Resource<Scope = NamespaceResourceScope>,
    K::DynamicType: Default,
{
    match namespace {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    }
}

/// A controller that wakes for what an author changes (spec, annotations, deletion) and not for its own status, unless
/// `besides` gives a part of it that others set another value. `gone` is told of every object that is no more.
fn root<K>(
    client: &Client,
    namespace: Option<&str>,
    metrics: &Arc<Metrics>,
    gone: impl Fn(&K) + Send + 'static,
    besides: fn(&K) -> Option<u64>,
) -> (Cache<K>, Controller<K>)
where
    K: Kind,
{
    let (store, writer) = reflector::store();
    let cache = Cache::new(store.clone());
    let shown = cache.clone();
    let changed = predicates::generation
        .combine(predicates::annotations)
        .combine(predicates::finalizers)
        .combine(besides);
    let watch = watcher(api::<K>(client, namespace), watcher::Config::default());
    let stream = watching::observed(watch, runner::kind::<K>(), metrics.clone())
        .default_backoff()
        .modify(watching::prune)
        .reflect(writer)
        .inspect_ok(move |event| {
            shown.shows(event);
            if let watcher::Event::Delete(object) = event {
                gone(object);
            }
        })
        .applied_objects()
        .predicate_filter(changed, PredicateConfig::default());
    (cache, Controller::for_stream(stream, store))
}

/// The tenants that sign in with a Secret.
fn users_of(tenants: &Cache<CrmTenant>, secret: &PartialObjectMeta<Secret>) -> Vec<ObjectRef<CrmTenant>> {
    let name = secret.name_any();
    tenants
        .state()
        .iter()
        .filter(|tenant| tenant.namespace() == secret.namespace())
        .filter(|tenant| credentials::secret_names(tenant).any(|used| used == name))
        .map(|tenant| ObjectRef::from_obj(&**tenant))
        .collect()
}

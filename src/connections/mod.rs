//! Signed-in clients, one set a tenant. The tenant's controller makes them, the syncs use them.

mod approved;
mod cached;
mod clients;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use adapters::{ZohoContacts, crm_field};
use ambient::{Clock, Random};
use jiff::SignedDuration;
use msgraph::{Graph, MailboxLimits};
use sync_engine::crm_field::CrmField;
use sync_engine::identity::{Kind, ScopeId};
use sync_runtime::feed::Feed;
use transport::Transport;
use url::Url;
use zoho_crm::{ManagerProfiles, Module, Org, OrgLimits, ProfileSummary, Role, User, UserId, UserType, Zoho};

use crate::api::{ApprovedUsers, ApprovedUsersMode, PreApproved};
use crate::leader::Gate;
use crate::telemetry::metrics::Metrics;

pub(crate) use approved::Approved;
pub(crate) use cached::Cached;
pub(crate) use clients::{Means, clients, data_center};

/// Where the services are, if not at their own addresses. Set by the operator's command line alone: an author of
/// resources must not be able to send credentials elsewhere.
#[derive(Debug, Clone, Default)]
pub(crate) struct Endpoints {
    pub(crate) graph: Option<Url>,
    pub(crate) graph_login: Option<Url>,
    pub(crate) zoho_accounts: Option<Url>,
    pub(crate) zoho_api: Option<Url>,
}

/// What every client is made with.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) endpoints: Endpoints,
    pub(crate) mailbox_limits: Arc<MailboxLimits>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) gate: Arc<Gate>,
}

impl Surroundings {
    /// What the operator's clients are made with.
    pub(crate) fn means(&self) -> Means<'_> {
        Means {
            transport: self.transport.clone(),
            clock: self.clock.clone(),
            random: self.random.clone(),
            endpoints: &self.endpoints,
            mailbox_limits: self.mailbox_limits.clone(),
            metrics: Some(self.metrics.clone()),
        }
    }
}

/// A tenant by namespace and name.
pub(crate) type TenantKey = (String, String);

/// The signed-in clients of one tenant.
pub(crate) struct Connection {
    /// Credentials and addresses that it was made from: another value makes another connection.
    pub(crate) version: String,
    pub(crate) mailboxes: Mailboxes,
    pub(crate) zoho: Zoho,
    pub(crate) crm: ZohoContacts,
    pub(crate) feed: Arc<Feed>,
    org: Mutex<Arc<Org>>,
    users: Cached<Vec<User>>,
    fields: Cached<Vec<CrmField>>,
    roles: Cached<Vec<Role>>,
    profiles: Cached<Vec<ProfileSummary>>,
    approved: Cached<Approved>,
    pre_approved: Cached<Approved>,
    acting: Cached<Acting>,
    managers: tokio::sync::Mutex<ManagerProfiles>,
}

/// The CRM user whom the operator acts for.
#[derive(Debug)]
pub(crate) struct Acting {
    pub(crate) id: UserId,
    /// Whether they may invite, approve and remove users.
    pub(crate) manages_users: bool,
}

impl Connection {
    pub(crate) fn new(
        version: String,
        mailboxes: Mailboxes,
        zoho: Zoho,
        org: Org,
        feed: Arc<Feed>,
        clock: &Arc<dyn Clock>,
    ) -> Self {
        // People join and leave, and administrators change fields: seen within minutes, at one call a tenant.
        let age = SignedDuration::from_mins(10);
        Self {
            version,
            mailboxes,
            crm: ZohoContacts::new(zoho.clone()),
            zoho,
            feed,
            org: Mutex::new(Arc::new(org)),
            users: Cached::new(clock.clone(), age),
            fields: Cached::new(clock.clone(), age),
            roles: Cached::new(clock.clone(), age),
            profiles: Cached::new(clock.clone(), age),
            approved: Cached::new(clock.clone(), age / 2),
            pre_approved: Cached::new(clock.clone(), age / 2),
            acting: Cached::new(clock.clone(), age),
            managers: tokio::sync::Mutex::default(),
        }
    }

    /// The CRM organisation as the tenant's last check saw it.
    pub(crate) fn org(&self) -> Arc<Org> {
        self.org.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps what a check saw of the CRM organisation.
    pub(crate) fn set_org(&self, org: Org) {
        *self.org.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(org);
    }

    /// The CRM's users, whatever their state.
    pub(crate) async fn crm_users(&self, fresh: bool) -> Result<Arc<Vec<User>>, zoho_crm::Error> {
        let read = async {
            let mut pages = self.zoho.users(UserType::All);
            let mut users = Vec::new();
            while let Some(page) = pages.next().await? {
                users.extend(page);
            }
            Ok(users)
        };
        self.users.get(fresh, read).await
    }

    /// To be called after the operator changed a user: what was read before does not count any more.
    pub(crate) async fn crm_users_changed(&self) {
        self.users.forget().await;
    }

    /// The fields of the CRM's contacts.
    pub(crate) async fn crm_fields(&self, fresh: bool) -> Result<Arc<Vec<CrmField>>, zoho_crm::Error> {
        let read = async {
            Ok(self
                .zoho
                .fields(Module::Contacts)
                .await?
                .iter()
                .map(crm_field)
                .collect())
        };
        self.fields.get(fresh, read).await
    }

    /// The CRM's roles.
    pub(crate) async fn roles(&self, fresh: bool) -> Result<Arc<Vec<Role>>, zoho_crm::Error> {
        self.roles.get(fresh, self.zoho.roles()).await
    }

    /// The CRM's profiles, without their permissions.
    pub(crate) async fn profiles(&self, fresh: bool) -> Result<Arc<Vec<ProfileSummary>>, zoho_crm::Error> {
        self.profiles.get(fresh, self.zoho.profiles()).await
    }

    /// The CRM user whom the operator acts for.
    pub(crate) async fn acting(&self, fresh: bool) -> Result<Arc<Acting>, zoho_crm::Error> {
        let read = async {
            let user = self.zoho.current_user().await?;
            let manages_users = self.zoho.manages_users(&user).await?;
            Ok(Acting {
                id: user.id,
                manages_users,
            })
        };
        self.acting.get(fresh, read).await
    }

    /// The CRM users who may manage users, as of now.
    pub(crate) async fn user_managers(&self) -> Result<Vec<User>, zoho_crm::Error> {
        self.zoho.user_managers(&mut *self.managers.lock().await).await
    }

    /// The users whom the tenant's author approved, by what is `declared`.
    pub(crate) async fn approved(
        &self,
        declared: Option<&ApprovedUsers>,
        fresh: bool,
    ) -> Result<Arc<Approved>, msgraph::Error> {
        let fits = |held: &Approved| !fresh && held.is_of(declared);
        let read = Approved::read(&self.mailboxes.graph, declared);
        self.approved.get_if(fits, read).await
    }

    /// The users whose requests to join the tenant's author approved beforehand, by what is `declared`.
    pub(crate) async fn pre_approved(
        &self,
        declared: &PreApproved,
        fresh: bool,
    ) -> Result<Arc<Approved>, msgraph::Error> {
        let listed = ApprovedUsers {
            mode: ApprovedUsersMode::Listed,
            users: declared.users.clone(),
            groups: declared.groups.clone(),
        };
        let fits = |held: &Approved| !fresh && held.is_of(Some(&listed));
        let read = Approved::read(&self.mailboxes.graph, Some(&listed));
        self.pre_approved.get_if(fits, read).await
    }
}

/// The mailboxes of a tenant. Enough to take copies out of them, whether or not the CRM lets the operator in.
#[derive(Clone)]
pub(crate) struct Mailboxes {
    pub(crate) graph: Graph,
    pub(crate) office_tenant: String,
    /// The CRM organisation whose contacts they hold.
    pub(crate) organisation: String,
}

impl Mailboxes {
    /// The scope of a mailbox user with the organisation.
    pub(crate) fn scope(&self, user_id: &str) -> ScopeId {
        ScopeId::derive(&self.office_tenant, &self.organisation, user_id, Kind::Contacts)
    }
}

/// All connections, and what outlives a change of credentials: feeds and limits.
#[derive(Default)]
pub(crate) struct Connections {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    by_tenant: HashMap<TenantKey, Arc<Connection>>,
    mailboxes: HashMap<TenantKey, Mailboxes>,
    feeds: HashMap<String, Arc<Feed>>,
    limits: HashMap<TenantKey, Arc<OrgLimits>>,
    waiting: HashMap<TenantKey, Clients>,
}

/// Clients that are not signed in, with the version of what they were made from.
struct Clients {
    version: String,
    graph: Graph,
    zoho: Zoho,
}

impl Connections {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection of a tenant, if it is signed in.
    pub(crate) fn get(&self, tenant: &TenantKey) -> Option<Arc<Connection>> {
        self.state().by_tenant.get(tenant).cloned()
    }

    /// The mailboxes of a tenant, if Microsoft 365 lets the operator in.
    pub(crate) fn mailboxes(&self, tenant: &TenantKey) -> Option<Mailboxes> {
        self.state().mailboxes.get(tenant).cloned()
    }

    /// Keeps the mailboxes of a tenant, or forgets them.
    pub(crate) fn set_mailboxes(&self, tenant: TenantKey, mailboxes: Option<Mailboxes>) {
        let mut state = self.state();
        match mailboxes {
            Some(mailboxes) => state.mailboxes.insert(tenant, mailboxes),
            None => state.mailboxes.remove(&tenant),
        };
    }

    /// Keeps a connection; says whether it is another one than before.
    pub(crate) fn put(&self, tenant: TenantKey, connection: &Arc<Connection>) -> bool {
        let before = self.state().by_tenant.insert(tenant, connection.clone());
        before.is_none_or(|before| !Arc::ptr_eq(&before, connection))
    }

    /// Keeps clients that were asked to wait before they could sign in: new ones would know nothing of the wait.
    pub(crate) fn keep_waiting(&self, tenant: TenantKey, version: String, graph: Graph, zoho: Zoho) {
        let clients = Clients { version, graph, zoho };
        self.state().waiting.insert(tenant, clients);
    }

    /// The clients of [`Self::keep_waiting`], if they were made from the same.
    pub(crate) fn take_waiting(&self, tenant: &TenantKey, version: &str) -> Option<(Graph, Zoho)> {
        let clients = self.state().waiting.remove(tenant)?;
        (clients.version == version).then_some((clients.graph, clients.zoho))
    }

    /// Ends a connection: its syncs wait until there is another.
    pub(crate) fn remove(&self, tenant: &TenantKey) {
        self.state().by_tenant.remove(tenant);
    }

    /// The one feed of an organisation, whichever tenants share it.
    pub(crate) fn feed(&self, organisation: &str) -> Arc<Feed> {
        let mut state = self.state();
        let feed = state.feeds.entry(organisation.to_owned());
        feed.or_insert_with(|| Arc::new(Feed::new(organisation.to_owned())))
            .clone()
    }

    /// All feeds.
    pub(crate) fn feeds(&self) -> Vec<Arc<Feed>> {
        self.state().feeds.values().cloned().collect()
    }

    /// The limits of a tenant's CRM: what was spent stays booked when credentials change.
    pub(crate) fn limits(&self, tenant: &TenantKey) -> Arc<OrgLimits> {
        let mut state = self.state();
        let limits = state.limits.entry(tenant.clone());
        limits
            .or_insert_with(|| OrgLimits::new(zoho_crm::LimitSettings::default()))
            .clone()
    }
}

//! The emulator of Microsoft Graph v1.0 and its login host.
//!
//! The section `office365:` of a world file is a list of tenants; everything but the first two members is optional:
//!
//! ```yaml
//! office365:
//!   - tenantId: 11111111-1111-4111-8111-111111111111
//!     domain: contoso.example
//!     displayName: Contoso
//!     users:
//!       - {userPrincipalName: ada@contoso.example, id: ..., mail: ..., displayName: Ada Byron, givenName: Ada,
//!          surname: Byron, proxyAddresses: ["SMTP:ada@contoso.example"], accountEnabled: true, userType: Member,
//!          admin: false, mailbox: user, timeZone: UTC,    # mailbox: none for a user without one
//!          contacts: [{givenName: Zoe}],                   # in Graph's JSON, in the default folder
//!          folders: [{displayName: Friends, contacts: []}]}
//!     groups: [{displayName: Sales, id: ..., members: [ada@contoso.example]}]
//!     apps:
//!       - {clientId: ..., clientSecret: ..., displayName: crmlink, permissions: [Contacts.ReadWrite],  # all if absent
//!          assignmentRequired: false, assignedTo: [ada@contoso.example, Sales]}
//!     signIns: [{user: ada@contoso.example, clientId: ..., refreshToken: ...}]  # for apps that act for people: /me
//!     latencyMs: 0               # how long each request in a mailbox takes
//!     tokenLifetimeSeconds: 3599
//!     tokensPerMinute: 0         # more answer 429; 0 for no limit
//!     secondBumpSeconds: 5       # after a write the version changes once more; [0, 30] draws the time, 0 is never
//!     lastModifiedChurn: false   # that change moves lastModifiedDateTime too
//!     trashedFolders: visible    # or hidden
//!     nestedErrors: false        # Exchange's code stands in an inner error
//!     delta: {generations: 3, expiredStatus: 410, expiredCode: SyncStateNotFound, replays: 0, emptyPage: false,
//!             delaySeconds: 0, selectNarrows: true, losesLastRemoval: false, unordered: false}
//!     throttle: {concurrent: 4, requests: 10000, windowSeconds: 600, uploadBytes: 157286400,
//!                retryAfter: fraction, mute: false}       # or seconds, date, none
//! ```
//!
//! Every edit is an object with `do`, the `user` or `clientId` that it is about, and `tenant` (id or domain) where
//! that is not clear. Folders go by id or name, `contacts` and `deletedItems`; contacts by id, marker or display name.
//!
//! | `do` | members |
//! |---|---|
//! | `create_contact` | `contact` in Graph's JSON, `folder?` |
//! | `update_contact` | `contact`, `set` in Graph's JSON |
//! | `copy_contact`, `move_contact` | `contact`, `to` |
//! | `delete_contact` | `contact`, `permanently?` |
//! | `announce_removed` | `contact`: said to be gone although it is there |
//! | `create_folder` | `displayName`, `parent?` |
//! | `rename_folder` / `move_folder` | `folder`, `displayName` / `to` |
//! | `delete_folder` | `folder`, `permanently?` |
//! | `empty_deleted_items` | |
//! | `touch` | `folder?`: new versions and times without a change |
//! | `fill_mailbox` | `full?`: nothing can be written, or again |
//! | `expire_delta_tokens` | all change links of the mailbox are too old |
//! | `loop_delta` | `folder`, `pages?`: the same page so many times more, 0 for ever |
//! | `disable_mailbox` / `enable_mailbox` | / `empty?` |
//! | `rename_user` | `userPrincipalName`, `mail?` |
//! | `delete_user`, `set_admin`, `set_account_enabled` | `admin?`, `enabled?` |
//! | `assign`, `unassign` | `clientId`, `principal` |
//! | `grant_permission`, `revoke_permission` | `clientId`, `permission`: show in the next token |
//! | `rotate_secret` / `expire_secret` | `clientId`, `secret` / `clientId` |
//! | `revoke_tokens` | `clientId?` |
//! | `set_options` | the members from `latencyMs` on |

mod batch;
mod changes;
mod contacts;
mod counters;
mod delta_options;
mod directory;
mod disturb;
mod edits;
mod errors;
mod extended;
mod filter;
mod folders;
mod http_api;
mod ids;
mod login;
mod look;
mod mail;
mod mailbox;
mod mailbox_api;
mod options;
mod principals;
mod query;
mod roles;
mod section;
mod service_principals;
mod state;
mod tenant;
mod throttle;
mod world;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ambient::{Random as _, SeededRandom};
use axum::Router;
use jiff::Timestamp;
use serde_json::Value;

use self::counters::Counters;
use self::tenant::Tenant;
use crate::core::clock::EmulatorClock;
use crate::core::faults::Disturbance;
use crate::core::service::{Context, Refused, Service};

/// Microsoft Graph v1.0 with the login host: an implementation of [`Service`].
pub struct GraphEmulator {
    seed: u64,
    inner: Mutex<Inner>,
    clock: Mutex<Arc<EmulatorClock>>,
}

/// An access token that was given out.
#[derive(Debug)]
struct Token {
    tenant: String,
    client_id: String,
    /// The person for whom the app acts; nobody for an app on its own.
    user: Option<String>,
    expires: Timestamp,
    /// The roles at the time of issue: a consent that is given or withdrawn shows in the next token only.
    permissions: BTreeSet<&'static str>,
}

/// Everything behind the one lock, which is held for the length of one step only.
struct Inner {
    random: SeededRandom,
    tenants: BTreeMap<String, Tenant>,
    tokens: HashMap<String, Token>,
    counters: Counters,
}

impl Inner {
    fn new(seed: u64) -> Self {
        Self {
            random: SeededRandom::new(seed),
            tenants: BTreeMap::new(),
            tokens: HashMap::new(),
            counters: Counters::default(),
        }
    }

    /// A GUID for request ids and the like.
    fn guid(&self) -> String {
        let bits = (u128::from(self.random.next_u64()) << 64) | u128::from(self.random.next_u64());
        uuid::Builder::from_random_bytes(bits.to_be_bytes())
            .into_uuid()
            .to_string()
    }
}

impl GraphEmulator {
    /// An empty emulator; the same seed and the same calls give the same answers.
    #[must_use]
    pub fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self {
            seed,
            inner: Mutex::new(Inner::new(seed)),
            clock: Mutex::new(Arc::new(EmulatorClock::default())),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner).now()
    }
}

impl Service for GraphEmulator {
    fn name(&self) -> &'static str {
        "graph"
    }

    fn router(self: Arc<Self>, context: Context) -> Router {
        *self.clock.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&context.clock);
        http_api::router(self, context)
    }

    fn seed(&self, section: &Value) -> Result<(), Refused> {
        let tenants = world::read(section, self.seed, self.now())?;
        let mut inner = self.lock();
        for tenant in tenants {
            if inner.tenants.contains_key(&tenant.id) {
                return Err(section::refuse(
                    "office365",
                    format!("the tenant {} exists", tenant.id),
                ));
            }
            inner.tenants.insert(tenant.id.clone(), tenant);
        }
        Ok(())
    }

    fn edit(&self, action: &Value) -> Result<Value, Refused> {
        let now = self.now();
        edits::run(&mut self.lock(), action, now)
    }

    fn disturb(&self, disturbance: Disturbance, request: &http::request::Parts, draw: u64) -> bool {
        let now = self.now();
        disturb::disturb(&mut self.lock(), disturbance, request, draw, now)
    }

    fn state(&self) -> Value {
        let now = self.now();
        state::document(&mut self.lock(), now)
    }

    fn counters(&self) -> BTreeMap<String, u64> {
        self.lock().counters.all()
    }

    fn reset(&self) {
        *self.lock() = Inner::new(self.seed);
    }
}

//! The emulator of Microsoft Graph v1.0 and its login host.

mod batch;
mod contacts;
mod counters;
mod directory;
mod edits;
mod errors;
mod extended;
mod filter;
mod folders;
mod http_api;
mod ids;
mod login;
mod look;
mod mailbox;
mod mailbox_api;
mod options;
mod query;
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

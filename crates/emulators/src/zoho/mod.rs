//! The emulator of Zoho CRM v8 and its accounts host.
//!
//! It answers the calls that crmlink uses and refuses what the real service refuses; any other address is
//! `INVALID_URL_PATTERN` and counts as `unimplemented_calls`, so that a call added to the client does not go
//! unnoticed. The format of the world file stands in [`world`], that of edits in [`edits`].

mod accounts;
mod answer;
mod auth;
mod call;
mod concurrency;
mod coql;
mod counters;
mod credits;
mod describe;
mod disturb;
pub mod edits;
mod features;
mod fields;
mod generate;
mod ids;
mod invitations;
mod licence;
mod look;
mod modules;
mod org;
mod profiles;
mod records;
mod router;
mod shape;
mod state;
mod strict;
mod timeline;
mod user_changes;
mod user_invite;
mod user_rows;
mod users;
pub mod world;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use jiff::Timestamp;
use serde_json::Value;

use crate::core::clock::EmulatorClock;
use crate::core::faults::Disturbance;
use crate::core::service::{Context, Origin, Refused, Service};
use state::World;

/// Zoho CRM with its accounts host.
pub struct ZohoEmulator {
    seed: u64,
    world: Mutex<World>,
    clock: Mutex<Arc<EmulatorClock>>,
    api_domain: Mutex<Option<String>>,
}

impl ZohoEmulator {
    /// An emulator without organisations. The same seed and the same calls give the same ids and tokens.
    #[must_use]
    pub fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self {
            seed,
            world: Mutex::new(World::new(seed)),
            clock: Mutex::new(Arc::default()),
            api_domain: Mutex::default(),
        })
    }

    /// Gives `domain` (such as `https://crm.example:8443`) as `api_domain` in token answers. Without it the
    /// domain is the one under which the request came in.
    pub fn set_api_domain(&self, domain: impl Into<String>) {
        *locked(&self.api_domain) = Some(domain.into());
    }

    fn api_domain(&self, origin: &Origin) -> String {
        locked(&self.api_domain)
            .clone()
            .unwrap_or_else(|| origin.0.clone())
    }

    fn world(&self) -> MutexGuard<'_, World> {
        locked(&self.world)
    }

    fn clock(&self) -> Arc<EmulatorClock> {
        Arc::clone(&locked(&self.clock))
    }

    fn now(&self) -> Timestamp {
        self.clock().now()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Service for ZohoEmulator {
    fn name(&self) -> &'static str {
        "zoho"
    }

    fn router(self: Arc<Self>, context: Context) -> Router {
        *locked(&self.clock) = context.clock;
        router::router(self)
    }

    fn seed(&self, section: &Value) -> Result<(), Refused> {
        let now = self.now();
        world::seed(&mut self.world(), now, section)
    }

    fn edit(&self, action: &Value) -> Result<Value, Refused> {
        let now = self.now();
        edits::edit(&mut self.world(), now, action)
    }

    fn disturb(&self, disturbance: Disturbance, request: &http::request::Parts, draw: u64) -> bool {
        let now = self.now();
        disturb::disturb(&mut self.world(), disturbance, request, draw, now)
    }

    fn state(&self) -> Value {
        let now = self.now();
        self.world().describe(now)
    }

    fn counters(&self) -> BTreeMap<String, u64> {
        self.world().counters.report()
    }

    fn reset(&self) {
        *self.world() = World::new(self.seed);
    }
}

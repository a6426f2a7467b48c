//! What an emulated service offers to the server around it.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Body;
use serde_json::Value;

use super::clock::EmulatorClock;
use super::faults::Disturbance;

/// Sends a request through the whole stack (faults, journal, contract check) of the service that holds it:
/// `$batch` uses it, so that each of its requests is treated as one that came over the wire.
pub type Dispatch = Arc<
    dyn Fn(http::Request<Body>) -> Pin<Box<dyn Future<Output = http::Response<Body>> + Send>> + Send + Sync,
>;

/// Where a request came in: scheme and authority, without a slash at the end. The server puts it into the
/// extensions of each request; links in answers (`@odata.nextLink`, `api_domain`) start with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(pub String);

impl Origin {
    /// The origin of a request: the server's, or for a request that did not come through it the `Host` header
    /// with plain HTTP.
    #[must_use]
    pub fn of(parts: &http::request::Parts) -> Self {
        parts.extensions.get::<Self>().cloned().unwrap_or_else(|| {
            let host = parts
                .headers
                .get(http::header::HOST)
                .and_then(|value| value.to_str().ok());
            Self(format!("http://{}", host.unwrap_or("localhost")))
        })
    }
}

/// In the extensions of a request that came in a `$batch` and not over the wire on its own. The dispatcher of
/// the server sets it; a service copies [`Origin`] over from the outer request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batched;

/// What the server hands to a service when it builds the router.
#[derive(Clone, Default)]
pub struct Context {
    /// The one clock of both emulators.
    pub clock: Arc<EmulatorClock>,
    /// Set by the server once the stack around the router stands. Takes the full path (`/v1.0/users/...`);
    /// a connection that a fault drops shows here as 503, since a batch cannot drop one of its answers.
    pub dispatch: Arc<OnceLock<Dispatch>>,
    /// The seed of everything random: ids, tokens, jitter. Same seed, same run.
    pub seed: u64,
}

/// Why a world section or an edit was refused: names the place and what is wrong there.
#[derive(Debug, thiserror::Error)]
#[error("{at}: {problem}")]
pub struct Refused {
    /// Where: a path into the given document.
    pub at: String,
    /// What is wrong, and what is expected.
    pub problem: String,
}

/// One emulated service: Microsoft Graph with its login host, or Zoho CRM with its accounts host.
pub trait Service: Send + Sync + 'static {
    /// `graph` or `zoho`: names the service in journal, faults and counters.
    fn name(&self) -> &'static str;

    /// The routes of the service, without faults, journal and checks, which the server wraps around them.
    fn router(self: Arc<Self>, context: Context) -> Router;

    /// Adds what a section of the world file describes (`office365:` for graph, `crm:` for zoho).
    ///
    /// # Errors
    /// Names the first member that cannot be used.
    fn seed(&self, section: &Value) -> Result<(), Refused>;

    /// A change made by a person in the vendor's own user interface (a CRM user edits a contact, a mailbox
    /// owner deletes the folder), so outside the API that the operator uses.
    ///
    /// # Errors
    /// Names what is unknown or not possible.
    fn edit(&self, action: &Value) -> Result<Value, Refused>;

    /// Disturbs what a request is about; `draw` decides where there is a choice. Says whether there was anything to
    /// disturb.
    fn disturb(&self, disturbance: Disturbance, request: &http::request::Parts, draw: u64) -> bool {
        let _ = (disturbance, request, draw);
        false
    }

    /// Everything a test or a person wants to see, as one document.
    fn state(&self) -> Value;

    /// Counters by name; those named in the design's list of what must never happen stay at zero.
    fn counters(&self) -> BTreeMap<String, u64>;

    /// Forgets everything: seed, counters, tokens.
    fn reset(&self);
}

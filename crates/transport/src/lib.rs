//! HTTP as a parameter, and the OAuth token cache above it.
//!
//! The clients of both vendors take a [`Transport`]: the operator gives them [`HttpTransport`], the simulation an
//! emulator in the same process. No client opens a connection on its own.

mod cause;
mod http_transport;
mod retry_after;
mod token;

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;

pub use http_transport::{HttpTransport, HttpTransportBuilder, SetupError};
pub use retry_after::retry_after;
pub use token::{Token, TokenCache, TokenSource};

/// A future that is boxed so that transports can be trait objects.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Sends one request and brings back one whole answer, whatever its status.
pub trait Transport: Send + Sync + 'static {
    /// Sends `request`; its URI is absolute.
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>>;
}

/// Why no answer came. The text names the host at most: never a path, a header or a body.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TransportError {
    /// No connection was made, so the request had no effect.
    #[error("cannot connect to {host}: {reason}")]
    Connect {
        /// The host that was asked.
        host: String,
        /// Why, in words.
        reason: String,
    },
    /// The request may have been carried out although no answer came.
    #[error("no answer from {host}: {reason}")]
    Lost {
        /// The host that was asked.
        host: String,
        /// Why, in words.
        reason: String,
    },
}

impl TransportError {
    /// Whether the request may have had its effect: then look before sending it again.
    #[must_use]
    pub fn may_have_happened(&self) -> bool {
        matches!(self, Self::Lost { .. })
    }
}

//! A request with the type of its answer.

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Graph;
use crate::call::{Call, Read};
use crate::error::Error;

/// A request that knows how to read its answer: sent alone, or together with others of its mailbox by
/// [`Mailbox::batch`](crate::Mailbox::batch).
#[must_use = "a request does nothing until it is sent"]
pub struct Request<T> {
    pub(crate) graph: Graph,
    pub(crate) call: Call,
    pub(crate) read: Read<T>,
}

impl<T: 'static> Request<T> {
    pub(crate) fn new(
        graph: Graph,
        call: Call,
        read: impl FnOnce(Reply) -> Result<T, Error> + Send + 'static,
    ) -> Self {
        Self {
            graph,
            call,
            read: Box::new(read),
        }
    }

    /// Sends it alone, waiting and repeating as the service asks and the [`RetryPolicy`](crate::RetryPolicy) allows.
    ///
    /// # Errors
    /// Whatever [`Error`] tells; a create of unknown outcome is [`Error::Ambiguous`].
    pub async fn send(self) -> Result<T, Error> {
        let reply = self.graph.execute(&self.call).await?;
        Call::judge_reading(self.call.effect, (self.read)(reply))
    }

    /// The same request with another form of answer, so that requests of different kinds fit into one batch.
    pub fn map<U: 'static>(self, change: impl FnOnce(T) -> U + Send + 'static) -> Request<U> {
        let read = self.read;
        Request {
            graph: self.graph,
            call: self.call,
            read: Box::new(move |reply| read(reply).map(change)),
        }
    }
}

impl<T> std::fmt::Debug for Request<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.call.method)
            .field("route", &self.call.route)
            .finish_non_exhaustive()
    }
}

/// A successful answer.
#[derive(Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Payload,
}

/// The body as it came: bytes of an answer of its own, or a value out of a batch.
#[derive(Clone)]
pub(crate) enum Payload {
    Bytes(Bytes),
    Json(Value),
}

impl Reply {
    pub(crate) fn json<T: DeserializeOwned>(self, what: &'static str) -> Result<T, Error> {
        let status = self.status;
        match self.body {
            Payload::Bytes(bytes) => serde_json::from_slice(&bytes),
            Payload::Json(value) => serde_json::from_value(value),
        }
        // The parser's own text quotes the body.
        .map_err(|_| Error::Unreadable { what, status })
    }
}

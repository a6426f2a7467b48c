//! The emulators as what the clients are made with: transport and clock.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use ambient::Clock;
use axum::body::{Body, to_bytes};
use bytes::Bytes;
use emulators::Emulators;
use emulators::core::clock::EmulatorClock;
use http::header::HOST;
use http::{HeaderValue, Request, Response, Uri};
use jiff::{SignedDuration, Timestamp};
use transport::{BoxFuture, Transport, TransportError};

pub(crate) const GRAPH: &str = "graph.test";
pub(crate) const ZOHO: &str = "zoho.test";

/// Calls the emulators without a socket. A request to any other host is a failure of the test.
pub(crate) struct InProcess(pub(crate) Arc<Emulators>);

impl Transport for InProcess {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let host = request.uri().host().unwrap_or_default().to_owned();
            let stack = match host.as_str() {
                GRAPH => &self.0.graph,
                ZOHO => &self.0.zoho,
                other => panic!("a request to {other}"),
            };
            let (mut parts, body) = request.into_parts();
            // As a server sees it: the target in the request line, the host beside it.
            parts.headers.insert(HOST, HeaderValue::from_str(&host).unwrap());
            let target = parts.uri.path_and_query().unwrap().as_str();
            parts.uri = target.parse::<Uri>().unwrap();
            let answer = stack.call(Request::from_parts(parts, Body::from(body))).await;
            let reason = "the connection was closed".to_owned();
            let answer = answer.ok_or(TransportError::Lost { host, reason })?;
            let (parts, body) = answer.into_parts();
            Ok(Response::from_parts(
                parts,
                to_bytes(body, usize::MAX).await.unwrap(),
            ))
        })
    }
}

/// The emulators' clock, which a wait moves on at once.
pub(crate) struct SharedClock(pub(crate) Arc<EmulatorClock>);

impl Clock for SharedClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move { self.0.advance(SignedDuration::try_from(duration).unwrap()) })
    }
}

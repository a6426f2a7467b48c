//! The fence: calls that change something go out only while the gate is open.

use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::future::{Either, Ready, ready};
use http::{Method, Request, Response};
use kube::client::{Body, ClientBuilder};
use kube::{Client, Config};
use tower::{BoxError, Layer, Service};
use transport::{BoxFuture, Transport, TransportError};

use super::Gate;

/// The answer to a call that would have gone out behind a closed gate.
#[derive(Debug, thiserror::Error)]
#[error("this operator is not the leader any more, so it changes nothing")]
struct NotTheLeader;

/// A transport to the services. Reads are kept back too: their tokens and batches are calls like any other, and what was
/// read would serve a write.
pub(crate) struct FencedTransport {
    inner: Arc<dyn Transport>,
    gate: Arc<Gate>,
}

impl FencedTransport {
    pub(crate) fn new(inner: Arc<dyn Transport>, gate: Arc<Gate>) -> Self {
        Self { inner, gate }
    }
}

impl Transport for FencedTransport {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        let reason = NotTheLeader.to_string();
        if !self.gate.is_open() {
            return Box::pin(ready(Err(TransportError::Connect { host, reason })));
        }
        Box::pin(async move {
            // What has not gone out when the claim ends never does, such as a call that waits for its connection.
            tokio::select! {
                biased;
                () = self.gate.closed() => Err(TransportError::Lost { host, reason }),
                answer = self.inner.send(request) => answer,
            }
        })
    }
}

/// A client of the API server that changes nothing behind a closed gate.
pub(crate) fn fenced_client(config: Config, gate: Arc<Gate>) -> Result<Client, kube::Error> {
    Ok(ClientBuilder::try_from(config)?
        .with_layer(&FenceLayer(gate))
        .build())
}

struct FenceLayer(Arc<Gate>);

impl<S> Layer<S> for FenceLayer {
    type Service = Fence<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Fence {
            inner,
            gate: self.0.clone(),
        }
    }
}

struct Fence<S> {
    inner: S,
    gate: Arc<Gate>,
}

impl<S> Service<Request<Body>> for Fence<S>
where
    S: Service<Request<Body>>,
    S::Error: Into<BoxError>,
    S::Future: Future<Output = Result<S::Response, S::Error>>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Either<Ready<Result<S::Response, BoxError>>, futures::future::ErrInto<S::Future, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        use futures::TryFutureExt;
        if request.method() == Method::GET || self.gate.is_open() {
            Either::Right(self.inner.call(request).err_into())
        } else {
            Either::Left(ready(Err(NotTheLeader.into())))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::{Duration, Instant};

    use super::*;

    #[derive(Default)]
    struct Counting(AtomicUsize);

    impl Transport for Counting {
        fn send(&self, _: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
            self.0.fetch_add(1, Ordering::SeqCst);
            Box::pin(ready(Ok(Response::new(Bytes::new()))))
        }
    }

    struct Silent;

    impl Transport for Silent {
        fn send(&self, _: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
            Box::pin(std::future::pending())
        }
    }

    #[tokio::test]
    async fn a_call_under_way_ends_with_the_claim_and_counts_as_maybe_done() {
        let gate = Arc::new(Gate::default());
        gate.open_until(Instant::now() + Duration::from_millis(20));
        let transport = FencedTransport::new(Arc::new(Silent), gate);
        let request = Request::post("http://graph.example/v1.0/x").body(Bytes::new());
        let lost = transport.send(request.unwrap()).await.unwrap_err();
        assert!(lost.may_have_happened());
    }

    #[tokio::test]
    async fn nothing_goes_out_behind_a_closed_gate_and_the_caller_learns_that_nothing_happened() {
        let (gate, inner) = (Arc::new(Gate::default()), Arc::new(Counting::default()));
        let transport = FencedTransport::new(inner.clone(), gate.clone());
        let request = || {
            Request::post("http://graph.example/v1.0/x")
                .body(Bytes::new())
                .unwrap()
        };
        let refused = transport.send(request()).await.unwrap_err();
        assert!(!refused.may_have_happened());
        assert_eq!(inner.0.load(Ordering::SeqCst), 0);
        gate.open_until(Instant::now() + Duration::from_mins(1));
        transport.send(request()).await.unwrap();
        assert_eq!(inner.0.load(Ordering::SeqCst), 1);
    }
}

//! Listeners: one per service and scheme, and the control port.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use http::{Request, Response};
use tokio::task::JoinHandle;
use tower::ServiceExt;

use super::service::Origin;
use super::stack::Stack;

/// How long open connections may take to end when the server stops.
const GRACE: Duration = Duration::from_secs(2);

/// A listener at work.
pub(super) struct Listening {
    handle: Handle<SocketAddr>,
    task: JoinHandle<std::io::Result<()>>,
}

/// The connection is closed without an answer.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("connection closed by a fault rule")]
struct Dropped;

impl Listening {
    /// Serves a stack, with TLS if it is given a configuration.
    pub(super) fn stack(
        listener: TcpListener,
        stack: Arc<Stack>,
        tls: Option<RustlsConfig>,
    ) -> std::io::Result<Self> {
        let scheme = if tls.is_some() { "https" } else { "http" };
        let local = listener.local_addr()?;
        let service = tower::service_fn(move |request: Request<_>| {
            let stack = Arc::clone(&stack);
            let request = with_origin(request.map(Body::new), scheme, local);
            async move {
                // A task of its own: a client that goes away does not stop work that the real service would finish.
                let answer = tokio::spawn(async move { stack.call(request).await }).await;
                answer.ok().flatten().ok_or(Dropped)
            }
        });
        let make = tower::service_fn(move |_: SocketAddr| {
            let service = service.clone();
            async move { Ok::<_, Infallible>(service) }
        });
        let handle = Handle::new();
        let task = if let Some(config) = tls {
            let server = axum_server::from_tcp_rustls(listener, config)?
                .handle(handle.clone())
                .http1_only();
            tokio::spawn(server.serve(make))
        } else {
            let server = axum_server::from_tcp(listener)?
                .handle(handle.clone())
                .http1_only();
            tokio::spawn(server.serve(make))
        };
        Ok(Self { handle, task })
    }

    /// Serves the control API.
    pub(super) fn control(listener: TcpListener, router: Router) -> std::io::Result<Self> {
        let service = tower::service_fn(move |request: Request<_>| {
            let router = router.clone();
            async move { router.oneshot(request.map(Body::new)).await as Result<Response<Body>, Infallible> }
        });
        let make = tower::service_fn(move |_: SocketAddr| {
            let service = service.clone();
            async move { Ok::<_, Infallible>(service) }
        });
        let handle = Handle::new();
        let server = axum_server::from_tcp(listener)?
            .handle(handle.clone())
            .http1_only();
        Ok(Self {
            handle,
            task: tokio::spawn(server.serve(make)),
        })
    }

    /// Stops listening and lets open connections end.
    pub(super) fn stop(&self) {
        self.handle.graceful_shutdown(Some(GRACE));
    }

    /// Waits until it has ended.
    pub(super) async fn ended(self) {
        // Whether it ended well or not, it has ended.
        let _ = self.task.await;
    }
}

fn with_origin(mut request: Request<Body>, scheme: &str, local: SocketAddr) -> Request<Body> {
    let host = request
        .headers()
        .get(http::header::HOST)
        .and_then(|value| value.to_str().ok());
    let origin = host.map_or_else(
        || format!("{scheme}://{local}"),
        |host| format!("{scheme}://{host}"),
    );
    // The address as the client wrote it: what came over TLS shows in its scheme.
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    if let Ok(whole) = format!("{origin}{path}").parse() {
        *request.uri_mut() = whole;
    }
    request.extensions_mut().insert(Origin(origin));
    request
}

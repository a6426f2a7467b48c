//! An API server whose watches of the product's kinds lag behind what it holds, as those of a busy one do: in the tests of
//! just that, and in all of them where the environment says so.

use std::path::Path;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use futures::StreamExt;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use tokio::net::TcpListener;

use super::case::Case;
use super::world::World;

/// By how much: far longer than a reconcile takes, and than a test needs to cause the next one.
const LAG: Duration = Duration::from_secs(2);

/// How many pieces of a watch may be on their way.
const MOST_AT_A_TIME: usize = 4096;

/// Has every operator see changes late, by so many milliseconds: a search for what relies on quick watches.
const EVERYWHERE: &str = "CRMLINK_TEST_WATCH_LAG";

impl Case {
    /// As [`Case::start`], with an operator that sees each change of the product's objects late.
    pub(crate) async fn behind_lagging_watches(world: World) -> Self {
        let mut case = Self::without_operator(world).await;
        behind_a_proxy(&case.folder().join("operator.kubeconfig"), LAG).await;
        case.start_operator().await;
        case
    }
}

/// Has the user of this kubeconfig see changes late, if the environment says so.
pub(super) async fn if_everywhere(kubeconfig: &Path) {
    if let Ok(lag) = std::env::var(EVERYWHERE) {
        let lag = lag
            .parse()
            .expect("CRMLINK_TEST_WATCH_LAG is a number of milliseconds");
        behind_a_proxy(kubeconfig, Duration::from_millis(lag)).await;
    }
}

/// What the proxy needs to know.
#[derive(Clone)]
struct Proxy {
    server: Client,
    lag: Duration,
}

/// Has whoever uses this kubeconfig speak to a proxy of its server, which runs as long as the test.
async fn behind_a_proxy(kubeconfig: &Path, lag: Duration) {
    let mut config = Kubeconfig::read_from(kubeconfig).unwrap();
    // Callers prove by themselves who they are.
    let mut anonymous = config.clone();
    for user in &mut anonymous.auth_infos {
        user.auth_info = Some(kube::config::AuthInfo::default());
    }
    let options = KubeConfigOptions::default();
    let server = Config::from_custom_kubeconfig(anonymous, &options).await.unwrap();
    let server = Client::try_from(server).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let proxy = Proxy { server, lag };
    let proxy = axum::Router::new().fallback(forward).with_state(proxy);
    tokio::spawn(async move { axum::serve(listener, proxy).await });
    for cluster in &mut config.clusters {
        cluster.cluster.as_mut().unwrap().server = Some(format!("http://{address}"));
    }
    std::fs::write(kubeconfig, serde_saphyr::to_string(&config).unwrap()).unwrap();
}

async fn forward(State(Proxy { server, lag }): State<Proxy>, request: Request) -> Response {
    let lags = request.uri().path().starts_with("/apis/crmlink.dev/")
        && request
            .uri()
            .query()
            .is_some_and(|query| query.contains("watch="));
    let (mut parts, body) = request.into_parts();
    // It names the proxy.
    parts.headers.remove(http::header::HOST);
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let request = http::Request::from_parts(parts, kube::client::Body::from(body.to_vec()));
    let (parts, body) = server.send(request).await.unwrap().into_parts();
    let mut body = Body::new(body);
    if lags {
        // Each piece by itself: a crowd of them is not held up for longer than one.
        let late = body.into_data_stream().map(move |piece| async move {
            tokio::time::sleep(lag).await;
            piece
        });
        body = Body::from_stream(late.buffered(MOST_AT_A_TIME));
    }
    Response::from_parts(parts, body)
}

//! `/livez`, `/readyz`, `/metrics` and, where it is asked for, `/debug`.

mod heartbeat;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::controller::{Insight, Readiness};
use crate::leader::Gate;
use crate::telemetry::metrics::Metrics;

use heartbeat::Heartbeat;

/// What the pages tell about.
#[derive(Clone)]
pub(crate) struct Told {
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) readiness: Arc<Readiness>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) insight: Arc<Insight>,
    /// The candidate for the Lease that this process is.
    pub(crate) identity: String,
}

#[derive(Clone)]
struct Served {
    told: Told,
    heartbeat: Arc<Heartbeat>,
}

/// Serves until `stop` is cancelled; `/debug` only if `debug_page` says so.
pub(crate) async fn serve(
    listen: SocketAddr,
    told: Told,
    debug_page: bool,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let heartbeat = Heartbeat::start(stop.clone());
    let mut routes = Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics_page));
    if debug_page {
        routes = routes.route("/debug", get(debug));
    }
    let listener = TcpListener::bind(listen).await?;
    tracing::info!(address = %listener.local_addr()?, "serving probes and metrics");
    axum::serve(listener, routes.with_state(Served { told, heartbeat }))
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
}

async fn livez(State(served): State<Served>) -> impl IntoResponse {
    if served.heartbeat.is_fresh() {
        (StatusCode::OK, "ok")
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "the operator's own tasks have not run for 30 seconds",
        )
    }
}

async fn readyz(State(served): State<Served>) -> impl IntoResponse {
    let Told { readiness, gate, .. } = served.told;
    let refusal = if readiness.stands_by() {
        None
    } else if !readiness.is_listed() {
        Some("the watches have not been listed yet")
    } else if !gate.is_open() {
        Some("the Lease could not be renewed: nothing is read or written until it is")
    } else {
        None
    };
    match refusal {
        None => (StatusCode::OK, "ok"),
        Some(why) => (StatusCode::SERVICE_UNAVAILABLE, why),
    }
}

async fn metrics_page(State(served): State<Served>) -> impl IntoResponse {
    let Told {
        metrics,
        gate,
        insight,
        ..
    } = served.told;
    (
        [(
            header::CONTENT_TYPE,
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        )],
        metrics.page(gate.is_open(), &insight.totals()),
    )
}

async fn debug(State(served): State<Served>) -> Json<Value> {
    let told = served.told;
    Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "lease": {
            "identity": told.identity,
            "leader": told.gate.is_open(),
            "standsBy": told.readiness.stands_by(),
        },
        "listed": told.readiness.is_listed(),
        "operator": told.insight.details(),
    }))
}

//! The control API: world, edits, faults, clock, and everything that a test wants to see. Described in
//! `docs/emulators.md`.

mod observe;
mod steer;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use serde_json::json;

use super::server::{Addresses, Emulators};
use super::service::Refused;
use crate::page;

/// What the handlers work on.
#[derive(Clone)]
pub(super) struct State {
    emulators: Arc<Emulators>,
    addresses: Arc<Addresses>,
}

pub(super) fn router(emulators: Arc<Emulators>, addresses: Addresses) -> Router {
    let state = State {
        emulators,
        addresses: Arc::new(addresses),
    };
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/addresses", get(observe::addresses))
        .route("/world", post(steer::seed).delete(steer::reset))
        .route("/edit/{service}", post(steer::edit))
        .route("/state/{service}", get(observe::state))
        .route("/counters", get(observe::counters))
        .route("/journal", get(observe::journal))
        .route("/journal/counts", get(observe::journal_counts))
        .route(
            "/faults",
            get(observe::faults)
                .post(steer::add_faults)
                .delete(steer::clear_faults),
        )
        .route("/faults/release", post(steer::release))
        .route("/clock", get(observe::clock))
        .route("/clock/advance", post(steer::advance))
        .route("/contracts", get(observe::contracts))
        .merge(page::router())
        .layer(DefaultBodyLimit::disable())
        .with_state(state)
}

/// Why a control request was refused, as the client sees it.
pub(super) enum Failure {
    /// The document given is not usable.
    Refused(Refused),
    /// There is no such service.
    UnknownService(String),
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, at, problem) = match self {
            Self::Refused(Refused { at, problem }) => (StatusCode::BAD_REQUEST, at, problem),
            Self::UnknownService(name) => (
                StatusCode::NOT_FOUND,
                "service".to_owned(),
                format!("{name} is neither graph nor zoho"),
            ),
        };
        (status, Json(json!({ "at": at, "problem": problem }))).into_response()
    }
}

//! Control requests that only look.

use std::collections::BTreeMap;

use axum::extract::{Path, Query, State as Extract};
use axum::response::Json;
use serde_json::{Value, json};

use super::{Failure, State};
use crate::core::contract::Report;
use crate::core::control_client::FaultList;
use crate::core::journal;
use crate::core::server::Addresses;

pub(super) async fn addresses(Extract(state): Extract<State>) -> Json<Addresses> {
    Json(state.addresses.as_ref().clone())
}

pub(super) async fn state(
    Extract(state): Extract<State>,
    Path(name): Path<String>,
) -> Result<Json<Value>, Failure> {
    match state.emulators.service(&name) {
        Some(service) => Ok(Json(service.state())),
        None => Err(Failure::UnknownService(name)),
    }
}

pub(super) async fn counters(
    Extract(state): Extract<State>,
) -> Json<BTreeMap<&'static str, BTreeMap<String, u64>>> {
    let services = [state.emulators.graph.service(), state.emulators.zoho.service()];
    Json(
        services
            .into_iter()
            .map(|service| (service.name(), service.counters()))
            .collect(),
    )
}

pub(super) async fn journal(
    Extract(state): Extract<State>,
    Query(query): Query<journal::Query>,
) -> Json<Vec<journal::View>> {
    Json(state.emulators.shared.journal.list(&query))
}

pub(super) async fn journal_counts(Extract(state): Extract<State>) -> Json<journal::Counts> {
    Json(state.emulators.shared.journal.counts())
}

pub(super) async fn faults(Extract(state): Extract<State>) -> Json<FaultList> {
    let rules = state.emulators.shared.faults.list();
    Json(FaultList {
        parked: rules.iter().map(|rule| rule.parked).sum(),
        rules,
    })
}

pub(super) async fn clock(Extract(state): Extract<State>) -> Json<Value> {
    Json(json!({ "now": state.emulators.shared.clock.now() }))
}

pub(super) async fn contracts(Extract(state): Extract<State>) -> Json<Report> {
    Json(state.emulators.shared.contracts.findings())
}

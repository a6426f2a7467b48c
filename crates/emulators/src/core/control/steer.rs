//! Control requests that change something.

use axum::extract::{Path, State as Extract};
use axum::response::Json;
use jiff::SignedDuration;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Failure, State};
use crate::core::faults::Rule;
use crate::core::service::Refused;
use crate::core::world;

pub(super) async fn seed(Extract(state): Extract<State>, text: String) -> Result<Json<Value>, Failure> {
    let world = world::parse(&text)?;
    world::seed(
        &world,
        state.emulators.graph.service(),
        state.emulators.zoho.service(),
    )?;
    Ok(Json(json!({})))
}

pub(super) async fn reset(Extract(state): Extract<State>) -> Json<Value> {
    state.emulators.reset();
    Json(json!({}))
}

pub(super) async fn edit(
    Extract(state): Extract<State>,
    Path(name): Path<String>,
    text: String,
) -> Result<Json<Value>, Failure> {
    let action: Value = parsed(&text)?;
    match state.emulators.service(&name) {
        Some(service) => Ok(Json(service.edit(&action)?)),
        None => Err(Failure::UnknownService(name)),
    }
}

/// One rule or several.
pub(super) async fn add_faults(Extract(state): Extract<State>, text: String) -> Result<Json<Value>, Failure> {
    let given: Value = parsed(&text)?;
    let rules: Vec<Rule> = match given {
        Value::Array(_) => parsed(&text)?,
        _ => vec![parsed(&text)?],
    };
    // All or none: half of a scenario is worse than no scenario.
    rules.iter().try_for_each(Rule::check)?;
    let faults = &state.emulators.shared.faults;
    let ids = rules
        .into_iter()
        .map(|rule| faults.add(rule))
        .collect::<Result<Vec<u64>, Refused>>()?;
    Ok(Json(json!({ "ids": ids })))
}

pub(super) async fn clear_faults(Extract(state): Extract<State>) -> Json<Value> {
    state.emulators.shared.faults.clear();
    Json(json!({}))
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Release {
    rule: Option<u64>,
}

pub(super) async fn release(Extract(state): Extract<State>, text: String) -> Result<Json<Value>, Failure> {
    let Release { rule } = if text.trim().is_empty() {
        Release::default()
    } else {
        parsed(&text)?
    };
    Ok(Json(
        json!({ "released": state.emulators.shared.faults.release(rule) }),
    ))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    seconds: f64,
}

pub(super) async fn advance(Extract(state): Extract<State>, text: String) -> Result<Json<Value>, Failure> {
    let Advance { seconds } = parsed(&text)?;
    let by = SignedDuration::try_from_secs_f64(seconds).map_err(|error| Refused {
        at: "seconds".to_owned(),
        problem: error.to_string(),
    })?;
    let clock = &state.emulators.shared.clock;
    clock.advance(by);
    Ok(Json(json!({ "now": clock.now() })))
}

fn parsed<T: DeserializeOwned>(text: &str) -> Result<T, Refused> {
    serde_json::from_str(text).map_err(|error| Refused {
        at: "body".to_owned(),
        problem: error.to_string(),
    })
}

//! Every kind of fault at once, for runs that are to survive all of them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::disturbance::Disturbance;
use super::rule::{Answer, Effect, Kept, RetryAfter, Rule};

/// Rules that hit each call of `service` (`graph` or `zoho`), logins apart, with every fault that rules can make,
/// each with this `chance` (0 to 1) and without an end.
///
/// One thing is left out: no client can prevent that a create which the network doubles makes two records, so only
/// the other methods are delivered twice. A rule with `doubled` and `POST` does it where a run is about that.
#[must_use]
pub fn storm(service: &str, chance: f64) -> Vec<Rule> {
    let graph = service == "graph";
    let api = if graph { "/v1.0/" } else { "/crm/v8/" };
    let any = Rule {
        service: service.to_owned(),
        path: Some(api.to_owned()),
        times: Some(0),
        chance: Some(chance),
        ..Rule::default()
    };
    let refusal = |status, effect| Rule {
        effect,
        answer: Some(refused(graph, status)),
        ..any.clone()
    };
    // Zoho never says when to come back.
    let wait = |date| graph.then_some(RetryAfter { seconds: 1.5, date });
    let mut rules = vec![
        Rule {
            drop: true,
            ..any.clone()
        },
        Rule {
            drop: true,
            effect: Effect::After,
            ..any.clone()
        },
        Rule {
            delay_ms: 5_000,
            effect: Effect::None,
            ..any.clone()
        },
        Rule {
            delay_ms: 5_000,
            effect: Effect::After,
            ..any.clone()
        },
        Rule {
            retry_after: wait(false),
            ..refusal(429, Effect::Before)
        },
        Rule {
            retry_after: wait(true),
            ..refusal(429, Effect::After)
        },
        refusal(503, Effect::Before),
        refusal(500, Effect::After),
        disturbed(&any, Disturbance::ExpireToken, None),
    ];
    for method in [if graph { "PATCH" } else { "PUT" }, "DELETE"] {
        for kept in [Kept::First, Kept::Last] {
            rules.push(Rule {
                method: Some(method.to_owned()),
                doubled: Some(kept),
                effect: Effect::None,
                ..any.clone()
            });
        }
    }
    let records = if graph { "*/contacts*" } else { "/crm/v8/Contacts*" };
    rules.push(disturbed(&any, Disturbance::Bump, Some(records)));
    rules.push(Rule {
        effect: Effect::After,
        ..disturbed(&any, Disturbance::Bump, Some(records))
    });
    if graph {
        let changes = Some("*/contacts/delta");
        rules.push(disturbed(&any, Disturbance::ResetDelta, changes));
        rules.push(disturbed(&any, Disturbance::FalseRemoved, changes));
        rules.push(disturbed(&any, Disturbance::RepeatPage, changes));
        for method in ["PATCH", "DELETE"] {
            rules.push(Rule {
                method: Some(method.to_owned()),
                path: Some("*/contacts/*".to_owned()),
                ..refusal(412, Effect::Before)
            });
        }
    }
    rules
}

fn disturbed(any: &Rule, disturbance: Disturbance, path: Option<&str>) -> Rule {
    Rule {
        disturb: Some(disturbance),
        effect: Effect::None,
        path: path.map(str::to_owned).or_else(|| any.path.clone()),
        ..any.clone()
    }
}

fn refused(graph: bool, status: u16) -> Answer {
    Answer {
        status,
        headers: BTreeMap::new(),
        body: if graph { exchange(status) } else { crm(status) },
    }
}

fn exchange(status: u16) -> Value {
    let code = match status {
        412 => "ErrorIrresolvableConflict",
        429 => "ApplicationThrottled",
        503 => "ErrorInternalServerTransientError",
        _ => "ErrorInternalServerError",
    };
    json!({"error": {"code": code, "message": "A fault of the storm.", "innerError": {"date": "2026-01-01T00:00:00"}}})
}

fn crm(status: u16) -> Value {
    let code = match status {
        429 => "TOO_MANY_REQUESTS",
        _ => "INTERNAL_ERROR",
    };
    json!({"code": code, "message": "a fault of the storm", "status": "error", "details": {}})
}

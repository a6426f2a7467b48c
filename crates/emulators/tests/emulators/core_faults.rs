//! Fault rules on both emulators, in process: no sockets, no waiting but on the emulators' clock.

use emulators::core::faults::{Answer, Disturbance, Effect, Kept, RetryAfter, Rule};
use emulators::core::journal::Query;
use serde_json::json;

use crate::core_clock::drive;
use crate::graph_support::{ADA, Graph, contacts, folder_body};
use crate::zoho_support::{self, Crm};

const IMMUTABLE: [(&str, &str); 1] = [("prefer", "IdType=\"ImmutableId\"")];

fn refusal(status: u16, code: &str) -> Answer {
    Answer {
        status,
        headers: [].into(),
        body: json!({"error": {"code": code, "message": "x"}}),
    }
}

fn on(method: &str, path: &str) -> Rule {
    Rule {
        method: Some(method.to_owned()),
        path: Some(path.to_owned()),
        ..Rule::default()
    }
}

#[tokio::test]
async fn an_answer_is_lost_before_the_effect_or_after_it() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    let body = json!({"givenName": "Zoe"});
    for (effect, made) in [(Effect::Before, 0), (Effect::After, 1)] {
        graph.fault(Rule {
            effect,
            drop: true,
            ..on("POST", "*/contacts")
        });
        let lost = graph
            .try_bare("POST", &contacts(&folder), &IMMUTABLE, Some(&body))
            .await;
        assert!(lost.is_none());
        assert_eq!(graph.count("creates"), made);
    }
    let crm = Crm::with(json!({})).await;
    crm.fault(Rule {
        effect: Effect::After,
        drop: true,
        ..on("POST", "/crm/v8/Contacts")
    });
    let request = http::Request::post("/crm/v8/Contacts")
        .header("authorization", format!("Zoho-oauthtoken {}", crm.token))
        .body(r#"{"data": [{"Last_Name": "A"}], "trigger": []}"#.into());
    assert!(crm.try_send(request.unwrap()).await.is_none());
    assert_eq!(crm.counter("creates_by_api"), 1);
}

#[tokio::test]
async fn a_late_answer_comes_by_the_emulators_clock() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    for effect in [Effect::None, Effect::After] {
        graph.fault(Rule {
            delay_ms: 90_000,
            effect,
            ..on("GET", "*/contacts")
        });
        let before = graph.clock.now();
        let answer = drive(&graph.clock, graph.get(&contacts(&folder))).await;
        assert_eq!(answer.status, 200);
        assert_eq!(graph.clock.now().duration_since(before).as_secs(), 90);
    }
}

#[tokio::test]
async fn a_request_is_delivered_twice() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    graph.fault(Rule {
        doubled: Some(Kept::Last),
        ..on("POST", "*/contacts")
    });
    let made = graph.contact(&folder, "Zoe", "r1").await;
    let rows = graph.get(&contacts(&folder)).await;
    assert_eq!(rows.rows().len(), 2, "a create makes two");
    assert_eq!(rows.rows()[1]["id"], json!(made.id()), "the answer to the second");
    assert_eq!(graph.count("duplicate_markers"), 1);

    let path = format!("{}/{}", contacts(&folder), made.id());
    graph.fault(Rule {
        doubled: Some(Kept::Last),
        ..on("PATCH", "*/contacts/*")
    });
    let refused = graph.patch(&path, &made.etag(), &json!({"jobTitle": "a"})).await;
    assert_eq!(
        (refused.status, refused.code()),
        (412, "ErrorIrresolvableConflict")
    );
    let now = graph.get(&path).await;
    assert_eq!(now.body["jobTitle"], "a", "its own first delivery was in the way");

    graph.fault(Rule {
        doubled: Some(Kept::First),
        ..on("DELETE", "*/contacts/*")
    });
    assert_eq!(graph.delete(&path).await.status, 204);
    let journal = graph.shared.journal.list(&Query {
        method: Some("DELETE".to_owned()),
        ..Query::default()
    });
    let seen: Vec<(bool, Option<u16>)> = journal.iter().map(|entry| (entry.again, entry.status)).collect();
    assert_eq!(seen, [(false, Some(204)), (true, Some(404))]);
}

#[tokio::test]
async fn a_429_comes_with_and_without_the_work_done_and_with_either_form_of_retry_after() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    for (effect, date, expected, made) in [
        (Effect::Before, false, "2.128", 0),
        (Effect::After, true, "Thu, 01 Oct 2026 09:00:03 GMT", 1),
    ] {
        let seconds = 2.128;
        graph.fault(Rule {
            effect,
            answer: Some(refusal(429, "ApplicationThrottled")),
            retry_after: Some(RetryAfter { seconds, date }),
            ..on("POST", "*/contacts")
        });
        let refused = graph.post(&contacts(&folder), &json!({"givenName": "Zoe"})).await;
        assert_eq!((refused.status, refused.code()), (429, "ApplicationThrottled"));
        assert_eq!(refused.headers["retry-after"], expected);
        assert_eq!(graph.count("creates"), made);
    }
}

#[tokio::test]
async fn after_a_5xx_a_folder_may_exist_and_its_retry_is_a_conflict() {
    let graph = Graph::new().await;
    let path = format!("/users/{ADA}/contactFolders");
    let body = folder_body("Zoho CRM Contacts", "c1");
    for (effect, status, retried) in [(Effect::Before, 503, 201), (Effect::After, 500, 409)] {
        graph.edit(&json!({"do": "empty_deleted_items", "user": ADA}));
        graph.fault(Rule {
            effect,
            answer: Some(refusal(status, "ErrorInternalServerError")),
            ..on("POST", "*/contactFolders")
        });
        assert_eq!(graph.post(&path, &body).await.status, status);
        let retry = graph.post(&path, &body).await;
        assert_eq!(retry.status, retried);
        if retried == 409 {
            assert_eq!(retry.code(), "ErrorFolderExists");
        }
        graph.edit(
            &json!({"do": "delete_folder", "user": ADA, "folder": "Zoho CRM Contacts", "permanently": true}),
        );
    }
}

#[tokio::test]
async fn a_412_can_be_transient() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    let made = graph.contact(&folder, "Zoe", "r1").await;
    let path = format!("{}/{}", contacts(&folder), made.id());
    graph.fault(Rule {
        answer: Some(refusal(412, "ErrorIrresolvableConflict")),
        ..on("PATCH", "*/contacts/*")
    });
    let change = json!({"jobTitle": "Pilot"});
    assert_eq!(graph.patch(&path, &made.etag(), &change).await.status, 412);
    assert_eq!(graph.get(&path).await.etag(), made.etag(), "nothing changed");
    assert_eq!(graph.patch(&path, &made.etag(), &change).await.status, 200);
}

#[tokio::test]
async fn a_token_expires_in_the_middle_of_the_work() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    graph.fault(Rule {
        disturb: Some(Disturbance::ExpireToken),
        ..on("GET", "*/contacts")
    });
    let refused = graph.get(&contacts(&folder)).await;
    assert_eq!(
        (refused.status, refused.code()),
        (401, "InvalidAuthenticationToken")
    );

    let crm = Crm::with(json!({})).await;
    crm.fault(Rule {
        disturb: Some(Disturbance::ExpireToken),
        effect: Effect::After,
        ..on("GET", "/crm/v8/org")
    });
    assert_eq!(crm.get("/org").await.status, 200);
    let refused = crm.get("/org").await;
    assert_eq!(
        (refused.status, refused.code()),
        (401, "INVALID_TOKEN".to_owned())
    );
}

#[tokio::test]
async fn the_change_query_is_reset_repeats_a_page_and_announces_false_removals() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    let made = graph.contact(&folder, "Zoe", "r1").await.id();
    let changes = format!("{}/delta", contacts(&folder));
    let disturb = |disturbance| {
        graph.fault(Rule {
            disturb: Some(disturbance),
            ..on("GET", "*/contacts/delta")
        })
    };
    let first = graph.get(&changes).await;
    let link = first.link("@odata.deltaLink").unwrap();

    disturb(Disturbance::FalseRemoved);
    let removed = graph.get(&link).await;
    assert_eq!(removed.rows()[0]["@removed"]["reason"], "deleted");
    assert_eq!(
        graph.get(&format!("{}/{made}", contacts(&folder))).await.status,
        200,
        "it is alive"
    );

    disturb(Disturbance::RepeatPage);
    let page = graph.get(&changes).await;
    let again = graph.get(&page.link("@odata.nextLink").unwrap()).await;
    assert_eq!(again.rows(), page.rows());
    assert!(again.link("@odata.deltaLink").is_some());

    disturb(Disturbance::ResetDelta);
    let reset = graph.get(&link).await;
    assert_eq!((reset.status, reset.code()), (410, "SyncStateNotFound"));
}

#[tokio::test]
async fn a_version_changes_before_a_write_or_behind_its_answer() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    let made = graph.contact(&folder, "Zoe", "r1").await;
    let path = format!("{}/{}", contacts(&folder), made.id());
    let bump = |effect| {
        graph.fault(Rule {
            effect,
            disturb: Some(Disturbance::Bump),
            ..on("PATCH", "*/contacts/*")
        })
    };
    bump(Effect::Before);
    let change = json!({"jobTitle": "Pilot"});
    assert_eq!(graph.patch(&path, &made.etag(), &change).await.status, 412);
    let fresh = graph.get(&path).await.etag();
    bump(Effect::After);
    let changed = graph.patch(&path, &fresh, &change).await;
    assert_eq!(changed.status, 200);
    assert_ne!(graph.get(&path).await.etag(), changed.etag());

    let crm = Crm::with(json!({"contacts": zoho_support::contacts(&["A"])})).await;
    crm.pass(60);
    crm.fault(Rule {
        disturb: Some(Disturbance::Bump),
        ..on("GET", "/crm/v8/Contacts")
    });
    let row = crm.get("/Contacts?fields=Modified_Time").await.rows()[0].clone();
    assert_eq!(row["Modified_Time"], "2026-03-02T15:31:00+05:30");
    assert_eq!(crm.state()["contacts"][0]["timeline"][1]["source"], "workflow");
}

#[tokio::test]
async fn a_batched_request_is_throttled_alone_although_its_work_is_done() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    graph.fault(Rule {
        effect: Effect::After,
        batched: Some(true),
        body_contains: Some("Yan".to_owned()),
        answer: Some(refusal(429, "ApplicationThrottled")),
        retry_after: Some(RetryAfter {
            seconds: 1.5,
            date: false,
        }),
        ..on("POST", "*/contacts")
    });
    let request = |id: &str, name: &str| {
        json!({
            "id": id, "method": "POST", "url": contacts(&folder), "body": {"givenName": name},
            "headers": {"Content-Type": "application/json", "Prefer": "IdType=\"ImmutableId\""},
        })
    };
    let body = json!({"requests": [request("1", "Zoe"), request("2", "Yan"), request("3", "Xia")]});
    let answer = graph.bare("POST", "/$batch", &[], Some(&body)).await;
    let mut found: Vec<(&str, u64, Option<&str>)> = answer.body["responses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let status = row["status"].as_u64().unwrap();
            (
                row["id"].as_str().unwrap(),
                status,
                row["headers"]["Retry-After"].as_str(),
            )
        })
        .collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [("1", 201, None), ("2", 429, Some("1.5")), ("3", 201, None)]
    );
    assert_eq!(graph.count("creates"), 3);
}

#[tokio::test]
async fn rules_that_contradict_themselves_are_refused() {
    let graph = Graph::new().await;
    let refused = [
        Rule {
            doubled: Some(Kept::Last),
            drop: true,
            ..Rule::default()
        },
        Rule {
            disturb: Some(Disturbance::ResetDelta),
            service: "zoho".to_owned(),
            ..Rule::default()
        },
        Rule {
            chance: Some(1.5),
            drop: true,
            ..Rule::default()
        },
        Rule {
            retry_after: Some(RetryAfter {
                seconds: 1.0,
                date: true,
            }),
            drop: true,
            ..Rule::default()
        },
    ];
    for rule in refused {
        let service = if rule.service.is_empty() { "graph" } else { "zoho" }.to_owned();
        let error = graph.shared.faults.add(Rule {
            service,
            ..rule.clone()
        });
        assert!(error.is_err(), "{rule:?}");
    }
}

//! The stack around a service: journal and faults.

use std::time::Duration;

use emulators::core::faults::{Answer, Effect, Rule};
use emulators::core::journal::{Limits, Query};
use emulators::{Control, Emulators, Options, Running};
use serde_json::{Value, json};

use crate::core_probe;

const PATIENCE: Duration = Duration::from_secs(20);

struct Setup {
    running: Running,
    control: Control,
    http: reqwest::Client,
}

impl Setup {
    fn new() -> Self {
        Self::with(&core_probe::options())
    }

    fn with(options: &Options) -> Self {
        let running = Emulators::start(options).unwrap();
        let control = Control::new(running.addresses().control.clone()).unwrap();
        Self {
            running,
            control,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.running.addresses().graph)
    }

    async fn get(&self, path: &str) -> Result<u16, reqwest::Error> {
        self.http
            .get(self.url(path))
            .send()
            .await
            .map(|answer| answer.status().as_u16())
    }

    async fn work(&self) -> u64 {
        self.control.counters().await.unwrap()["graph"]["work"]
    }
}

fn rule() -> Rule {
    Rule {
        service: "graph".to_owned(),
        ..Rule::default()
    }
}

fn answer(status: u16) -> Answer {
    let headers = [("Retry-After".to_owned(), "1.5".to_owned())].into();
    Answer {
        status,
        headers,
        body: json!({ "error": { "code": "x", "message": "y" } }),
    }
}

#[tokio::test]
async fn before_the_work_is_not_done_and_after_it_is() {
    let setup = Setup::new();
    let before = Rule {
        path: Some("/a".to_owned()),
        answer: Some(answer(503)),
        ..rule()
    };
    let after = Rule {
        path: Some("/b".to_owned()),
        effect: Effect::After,
        answer: Some(answer(429)),
        ..rule()
    };
    setup.control.fault(&before).await.unwrap();
    setup.control.fault(&after).await.unwrap();

    assert_eq!((setup.get("/a").await.unwrap(), setup.work().await), (503, 0));
    let refused = setup.http.get(setup.url("/b")).send().await.unwrap();
    assert_eq!((refused.status().as_u16(), setup.work().await), (429, 1));
    assert_eq!(refused.headers()["retry-after"], "1.5");
    // Spent, so the next ones pass.
    assert_eq!(
        (setup.get("/a").await.unwrap(), setup.get("/b").await.unwrap()),
        (200, 200)
    );
    let fired: Vec<(u64, u64)> = setup
        .control
        .faults()
        .await
        .unwrap()
        .rules
        .iter()
        .map(|rule| (rule.matched, rule.fired))
        .collect();
    assert_eq!(fired, [(2, 1), (2, 1)]);
}

#[tokio::test]
async fn a_rule_picks_its_requests() {
    let setup = Setup::new();
    let picky = Rule {
        method: Some("POST".to_owned()),
        path: Some("/users/*/contacts".to_owned()),
        body_contains: Some("Ada".to_owned()),
        skip: 1,
        times: Some(0),
        answer: Some(answer(500)),
        ..rule()
    };
    setup.control.fault(&picky).await.unwrap();
    let post = async |path: &str, body: &str| {
        let answer = setup
            .http
            .post(setup.url(path))
            .body(body.to_owned())
            .send()
            .await
            .unwrap();
        answer.status().as_u16()
    };
    assert_eq!(post("/users/1/contacts", "Bob").await, 200);
    assert_eq!(post("/users/1/contacts/2", "Ada").await, 200);
    assert_eq!(setup.get("/users/1/contacts").await.unwrap(), 200);
    let hits = [
        post("/users/1/contacts", "Ada").await,
        post("/users/1/contacts", "Ada").await,
    ];
    assert_eq!(hits, [200, 500], "the first one is skipped");
    assert_eq!(
        post("/users/1/contacts", "Ada").await,
        500,
        "0 times means no end"
    );
    setup.control.clear_faults().await.unwrap();
    assert_eq!(post("/users/1/contacts", "Ada").await, 200);
}

#[tokio::test]
async fn a_drop_closes_the_connection_without_an_answer() {
    let setup = Setup::new();
    // Both, since a client may try again once on a connection that it kept open.
    let drop = Rule {
        effect: Effect::After,
        drop: true,
        times: Some(0),
        ..rule()
    };
    setup.control.fault(&drop).await.unwrap();
    let error = setup.get("/a").await.unwrap_err();
    assert!(error.is_request() && error.status().is_none(), "{error:?}");
    assert!(setup.work().await >= 1);
    let entry = setup
        .control
        .journal(&Query::default())
        .await
        .unwrap()
        .pop()
        .unwrap();
    assert_eq!(
        (entry.outcome.as_str(), entry.status, entry.faulted),
        ("dropped", None, true)
    );
}

#[tokio::test]
async fn a_held_request_goes_on_when_released_even_if_its_client_is_gone() {
    let setup = Setup::new();
    let id = setup.control.fault(&Rule { hold: true, ..rule() }).await.unwrap();
    let request = tokio::spawn(setup.http.get(setup.url("/a")).send());
    setup.control.wait_parked(1, PATIENCE).await.unwrap();
    assert_eq!(setup.work().await, 0);
    assert_eq!(
        setup.control.journal(&Query::default()).await.unwrap()[0].outcome,
        "pending"
    );
    request.abort();
    assert!(request.await.unwrap_err().is_cancelled());
    assert_eq!(
        setup.control.release(Some(id + 1)).await.unwrap(),
        0,
        "another rule holds nothing"
    );
    assert_eq!(setup.control.release(Some(id)).await.unwrap(), 1);
    while setup.work().await == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_hold_after_the_work_keeps_the_answer_back() {
    let setup = Setup::new();
    setup
        .control
        .fault(&Rule {
            hold: true,
            effect: Effect::After,
            ..rule()
        })
        .await
        .unwrap();
    let request = tokio::spawn(setup.http.get(setup.url("/a")).send());
    setup.control.wait_parked(1, PATIENCE).await.unwrap();
    assert_eq!(setup.work().await, 1);
    setup.control.clear_faults().await.unwrap();
    assert_eq!(request.await.unwrap().unwrap().status().as_u16(), 200);
}

#[tokio::test]
async fn requests_in_a_batch_pass_the_stack_one_by_one() {
    let setup = Setup::new();
    let drop = Rule {
        path: Some("/b".to_owned()),
        batched: Some(true),
        drop: true,
        ..rule()
    };
    setup.control.fault(&drop).await.unwrap();
    let batch = setup
        .http
        .post(setup.url("/batch"))
        .header("content-type", "application/json");
    let answers = batch
        .body(r#"["/a","/b","/b"]"#)
        .send()
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    // A batch cannot drop one of its answers.
    assert_eq!(
        serde_json::from_slice::<Value>(&answers).unwrap(),
        json!([200, 503, 200])
    );
    let journal = setup.control.journal(&Query::default()).await.unwrap();
    let seen: Vec<(u64, &str, bool)> = journal
        .iter()
        .map(|e| (e.seq, e.path.as_str(), e.batched))
        .collect();
    assert_eq!(
        seen,
        [
            (1, "/batch", false),
            (2, "/a", true),
            (3, "/b", true),
            (4, "/b", true)
        ]
    );
    let counts = &setup.control.journal_counts().await.unwrap()["graph"];
    assert_eq!((counts["GET /b"].total, counts["GET /b"].batched), (2, 2));
    assert_eq!(
        counts["GET /b"].answers,
        [("200".to_owned(), 1), ("dropped".to_owned(), 1)].into()
    );
}

#[tokio::test]
async fn a_rule_that_makes_no_sense_is_refused() {
    let setup = Setup::new();
    let refused = [
        Rule {
            service: "gmail".to_owned(),
            drop: true,
            ..Rule::default()
        },
        rule(),
        Rule {
            drop: true,
            answer: Some(answer(500)),
            ..rule()
        },
        Rule {
            effect: Effect::None,
            drop: true,
            ..rule()
        },
        Rule {
            answer: Some(answer(99)),
            ..rule()
        },
    ];
    for rule in refused {
        let error = setup.control.fault(&rule).await.unwrap_err().to_string();
        assert!(error.contains("refused with 400"), "{error}");
    }
    assert_eq!(setup.control.faults().await.unwrap().rules.len(), 0);
}

#[tokio::test]
async fn the_journal_shows_bodies_but_no_secrets() {
    let setup = Setup::new();
    let login = setup
        .http
        .post(setup.url("/contoso/oauth2/v2.0/token"))
        .bearer_auth("token-secret");
    let form = "grant_type=client_credentials&client_secret=form-secret";
    let login = login
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    login.send().await.unwrap();
    let refresh = "/oauth/v2/token?refresh_token=query-secret&grant_type=refresh_token";
    setup.http.post(setup.url(refresh)).send().await.unwrap();
    setup
        .http
        .post(setup.url("/v1.0/users/7"))
        .body(r#"{"name":"Ada"}"#)
        .send()
        .await
        .unwrap();

    let entries = setup.control.journal(&Query::default()).await.unwrap();
    let text = serde_json::to_string(&entries).unwrap();
    assert!(!text.contains("-secret"), "{text}");
    assert_eq!(
        entries[0].request_body.as_ref().unwrap()["grant_type"],
        "client_credentials"
    );
    assert!(entries[1].query.contains("grant_type=refresh_token"));
    assert_eq!(
        (entries[2].route.as_str(), &entries[2].request_body),
        ("/users/{}", &Some(json!({ "name": "Ada" })))
    );
    assert_eq!(entries[2].answer_body.as_ref().unwrap()["size"], 1);
    let none = Query {
        path_contains: Some("users".to_owned()),
        since: Some(3),
        ..Query::default()
    };
    assert_eq!(setup.control.journal(&none).await.unwrap().len(), 0);
}

#[tokio::test]
async fn the_journal_keeps_a_bounded_tail_and_all_counts() {
    let setup = Setup::with(&Options {
        journal: Limits {
            entries: 4,
            bodies: 2,
        },
        ..core_probe::options()
    });
    for _ in 0..6 {
        setup.get("/a").await.unwrap();
    }
    let entries = setup.control.journal(&Query::default()).await.unwrap();
    assert_eq!(
        entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(),
        [3, 4, 5, 6]
    );
    let with_bodies = entries
        .iter()
        .filter(|entry| entry.answer_body.is_some())
        .map(|entry| entry.seq);
    assert_eq!(with_bodies.collect::<Vec<_>>(), [5, 6]);
    assert_eq!(
        setup.control.journal_counts().await.unwrap()["graph"]["GET /a"].total,
        6
    );
    let last = Query {
        limit: Some(1),
        ..Query::default()
    };
    assert_eq!(setup.control.journal(&last).await.unwrap()[0].seq, 6);
}

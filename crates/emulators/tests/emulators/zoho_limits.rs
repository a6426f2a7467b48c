//! Credits and concurrency.

use serde_json::{Value, json};

use crate::core_clock::drive;
use crate::zoho_support::{Crm, contacts};

#[tokio::test]
async fn used_up_credits_answer_429_until_the_day_has_rolled_on() {
    let mut crm = Crm::with(json!({"dailyCredits": 4})).await;
    for _ in 0..4 {
        assert_eq!(crm.get("/org").await.status, 200);
        crm.pass(60);
    }
    let refused = crm.get("/org").await;
    assert_eq!(
        (refused.status, refused.code()),
        (429, "TOO_MANY_REQUESTS".to_owned())
    );
    assert!(refused.headers.get("retry-after").is_none());
    // The first of the four falls out of the window, and one only.
    crm.pass(86_400 - 240);
    crm.token = crm.fresh_token().await;
    assert_eq!(crm.get("/org").await.status, 200);
    assert_eq!(crm.get("/org").await.status, 429);
    assert_eq!(crm.counter("throttled"), 2);
}

#[tokio::test]
async fn remaining_credits_show_only_once_half_are_used() {
    let crm = Crm::with(json!({"dailyCredits": 10})).await;
    for _ in 0..4 {
        assert!(
            crm.get("/org")
                .await
                .headers
                .get("x-api-credits-remaining")
                .is_none()
        );
    }
    assert_eq!(crm.get("/org").await.headers["x-api-credits-remaining"], "5");
    crm.edit(json!({"do": "use_credits", "credits": 3})).unwrap();
    assert_eq!(crm.get("/org").await.headers["x-api-credits-remaining"], "1");
}

#[tokio::test]
async fn writes_cost_one_credit_for_every_ten_rows() {
    let crm = Crm::with(json!({})).await;
    for (rows, cost) in [(1, 1), (10, 1), (11, 2), (100, 10)] {
        let before = crm.counter("credits_used");
        crm.post(
            "/Contacts",
            json!({"data": vec![json!({"Last_Name": "A"}); rows], "trigger": []}),
        )
        .await;
        assert_eq!(crm.counter("credits_used") - before, cost, "{rows}");
    }
}

#[tokio::test]
async fn refused_logins_cost_no_credits() {
    let mut crm = Crm::with(json!({})).await;
    crm.token = "wrong".to_owned();
    assert_eq!(crm.get("/org").await.status, 401);
    assert_eq!((crm.counter("credits_used"), crm.counter("unauthorized")), (0, 1));
}

#[tokio::test]
async fn more_calls_at_once_than_the_edition_allows_answer_429() {
    let crm = Crm::with(json!({"edition": "free", "callMillis": 100, "contacts": contacts(&["A"])})).await;
    let calls = (0..7).map(|_| crm.get("/Contacts?fields=id"));
    let replies = drive(&crm.shared.clock, futures::future::join_all(calls)).await;
    let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 200, 200, 429, 429]);
    // All are done, so there is room again.
    assert_eq!(drive(&crm.shared.clock, crm.get("/org")).await.status, 200);
}

#[tokio::test]
async fn each_edition_has_its_concurrency_and_its_credits() {
    // Two users who can work count for the credits.
    for (edition, calls, credits) in [
        ("free", 5, 5_000),
        ("standard", 10, 50_500),
        ("professional", 15, 51_000),
        ("enterprise", 20, 52_000),
        ("zohooneenterprise", 20, 52_000),
        ("ultimate", 25, 54_000),
        ("crmplus", 25, 54_000),
    ] {
        let crm = Crm::with(json!({"edition": edition, "callMillis": 100})).await;
        let many = (0..30).map(|_| crm.get("/org"));
        let replies = drive(&crm.shared.clock, futures::future::join_all(many)).await;
        let well = replies.iter().filter(|reply| reply.status == 200).count();
        assert_eq!(well, calls, "{edition}");
        let used = u64::try_from(calls).unwrap();
        crm.edit(json!({"do": "use_credits", "credits": credits - used - 1}))
            .unwrap();
        let last = drive(&crm.shared.clock, crm.get("/org")).await;
        assert_eq!(last.status, 200, "{edition}");
        assert_eq!(last.headers["x-api-credits-remaining"], "0");
        let refused = drive(&crm.shared.clock, crm.get("/org")).await;
        assert_eq!(refused.status, 429, "{edition}");
    }
}

#[tokio::test]
async fn writes_of_many_rows_have_a_lower_limit_of_their_own() {
    let crm = Crm::with(json!({"edition": "ultimate", "callMillis": 100})).await;
    let rows = |count: usize| json!({"data": vec![json!({"Last_Name": "A"}); count], "trigger": []});
    for (count, expected) in [(11, 10), (10, 25)] {
        let many = (0..30).map(|_| crm.post("/Contacts", rows(count)));
        let replies = drive(&crm.shared.clock, futures::future::join_all(many)).await;
        let well = replies.iter().filter(|reply| reply.status == 201).count();
        assert_eq!(well, expected, "{count} rows a call");
    }
}

#[tokio::test]
async fn applications_do_not_take_each_others_places() {
    let client = |id: &str, user: &str| json!({"clientId": id, "clientSecret": "secret", "refreshToken": id, "user": user});
    let mut ours = client("client", "ann@example.com");
    ours["refreshToken"] = json!("refresh");
    let clients = json!([ours, client("other", "bob@example.com")]);
    let crm = Crm::with(json!({"concurrency": 1, "callMillis": 100, "clients": clients})).await;
    let login = crm.login("other", "secret", "other").await.json();
    let theirs = login["access_token"].as_str().unwrap();
    let call = |token: &str| {
        let request =
            http::Request::get("/crm/v8/org").header("authorization", format!("Zoho-oauthtoken {token}"));
        crm.send(request.body(axum::body::Body::empty()).unwrap())
    };
    let calls = [call(&crm.token), call(&crm.token), call(theirs)];
    let replies = drive(&crm.shared.clock, futures::future::join_all(calls)).await;
    let statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses, [200, 429, 200]);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_frees_its_place() {
    let crm = Crm::with(json!({"concurrency": 1, "callMillis": 1_000})).await;
    let impatient = tokio::time::timeout(std::time::Duration::from_millis(10), crm.get("/org")).await;
    assert!(impatient.is_err());
    assert_eq!(drive(&crm.shared.clock, crm.get("/org")).await.status, 200);
}

#[tokio::test]
async fn counters_show_from_the_start_and_reset_forgets_all() {
    let crm = Crm::with(json!({"contacts": contacts(&["A"])})).await;
    crm.get("/org").await;
    crm.stack.service().reset();
    let counters = crm.stack.service().counters();
    assert!(counters.contains_key("duplicates") && counters.values().all(|count| *count == 0));
    assert_eq!(
        crm.stack.service().state()["organisations"],
        Value::Array(Vec::new())
    );
    assert_eq!(crm.get("/org").await.status, 401);
}

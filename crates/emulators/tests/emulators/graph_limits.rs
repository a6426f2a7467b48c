//! Limits of a mailbox, and the forms in which errors come.

use serde_json::json;

use crate::graph_support::{ADA, Graph, MARKER, contacts, folder_body};

fn folders() -> String {
    format!("/users/{ADA}/contactFolders")
}

#[tokio::test]
async fn ten_thousand_requests_in_ten_minutes_are_allowed_and_no_more() {
    let graph = Graph::new().await;
    for _ in 0..10_000 {
        assert_eq!(graph.get(&folders()).await.status, 200);
    }
    let answer = graph.get(&folders()).await;
    assert_eq!((answer.status, answer.code()), (429, "ApplicationThrottled"));
    assert_eq!(answer.headers["retry-after"], "600.000");
    assert_eq!(
        graph
            .get("/users/bob@contoso.example/contactFolders")
            .await
            .status,
        200,
        "each mailbox has limits of its own"
    );
}

#[tokio::test]
async fn a_throttled_answer_says_when_to_come_back_in_one_form_or_not_at_all() {
    for (form, expected) in [
        ("fraction", Some("600.000")),
        ("seconds", Some("600")),
        ("date", Some("Thu, 01 Oct 2026 09:10:00 GMT")),
        ("none", None),
    ] {
        let throttle = json!({"requests": 0, "retryAfter": form});
        let graph = Graph::with(&json!({"throttle": throttle})).await;
        let answer = graph.get(&folders()).await;
        assert_eq!(answer.status, 429);
        let header = answer.headers.get("retry-after");
        assert_eq!(header.map(|value| value.to_str().unwrap()), expected);
    }
}

#[tokio::test]
async fn a_throttled_answer_can_have_a_code_that_says_nothing() {
    let graph = Graph::with(&json!({"throttle": {"requests": 0, "mute": true}})).await;
    let answer = graph.get(&folders()).await;
    assert_eq!((answer.status, answer.code()), (429, "UnknownError"));
    assert_eq!(answer.body["error"]["message"], "");
}

#[tokio::test]
async fn what_is_sent_to_a_mailbox_in_five_minutes_is_limited() {
    let graph = Graph::with(&json!({"throttle": {"uploadBytes": 3_000}})).await;
    let folder = graph.folder().await;
    let notes = json!({"givenName": "Zoe", "personalNotes": "x".repeat(2_000)});
    assert_eq!(graph.post(&contacts(&folder), &notes).await.status, 201);
    graph.advance(100);
    let refused = graph.post(&contacts(&folder), &notes).await;
    assert_eq!((refused.status, refused.code()), (429, "ApplicationThrottled"));
    assert_eq!(refused.headers["retry-after"], "200.000");
    assert_eq!(graph.get(&contacts(&folder)).await.status, 200, "reading goes on");
    graph.advance(200);
    assert_eq!(graph.post(&contacts(&folder), &notes).await.status, 201);
}

#[tokio::test]
async fn a_request_over_4_mb_is_refused() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    let notes = json!({"personalNotes": "x".repeat(4 * 1024 * 1024)});
    let refused = graph.post(&contacts(&folder), &notes).await;
    assert_eq!((refused.status, refused.code()), (413, "RequestEntityTooLarge"));
}

#[tokio::test]
async fn nothing_goes_into_a_full_mailbox() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    let made = graph.contact(&folder, "Zoe", "r1").await;
    graph.edit(&json!({"do": "fill_mailbox", "user": ADA}));
    let path = format!("{}/{}", contacts(&folder), made.id());
    for refused in [
        graph.post(&contacts(&folder), &json!({"givenName": "Yan"})).await,
        graph.patch(&path, &made.etag(), &json!({"jobTitle": "x"})).await,
        graph.post(&folders(), &folder_body("Another", "c2")).await,
    ] {
        assert_eq!((refused.status, refused.code()), (507, "ErrorQuotaExceeded"));
    }
    assert_eq!(graph.get(&path).await.etag(), made.etag());
    assert_eq!(graph.delete(&path).await.status, 204, "deleting makes room");
    graph.edit(&json!({"do": "fill_mailbox", "user": ADA, "full": false}));
    assert_eq!(
        graph
            .post(&contacts(&folder), &json!({"givenName": "Yan"}))
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn each_name_of_an_extended_property_takes_a_place_that_is_never_given_back() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    for at in 0..3 {
        graph.contact(&folder, "Zoe", &format!("r{at}")).await;
    }
    assert_eq!(graph.count("named_properties"), 1, "one name for all records");
    for at in 0..3 {
        let name = MARKER.replace("CrmlinkMarker", &format!("Record{at}"));
        let body = json!({"singleValueExtendedProperties": [{"id": name, "value": "x"}]});
        let made = graph.post(&contacts(&folder), &body).await.id();
        graph.delete(&format!("{}/{made}", contacts(&folder))).await;
    }
    assert_eq!(graph.count("named_properties"), 4);
}

#[tokio::test]
async fn the_code_can_stand_in_an_inner_error() {
    let graph = Graph::with(&json!({"nestedErrors": true})).await;
    let folder = graph.folder().await;
    let answer = graph
        .post(&folders(), &folder_body("Zoho CRM Contacts", "c1"))
        .await;
    assert_eq!((answer.status, answer.code()), (409, "UnknownError"));
    assert_eq!(answer.body["error"]["innererror"]["code"], "ErrorFolderExists");
    graph.edit(&json!({"do": "delete_folder", "user": ADA, "folder": folder, "permanently": true}));
    let answer = graph.get(&format!("{}/{folder}", folders())).await;
    assert_eq!(
        (answer.status, &answer.body["error"]["innererror"]["code"]),
        (404, &json!("ErrorItemNotFound"))
    );
}

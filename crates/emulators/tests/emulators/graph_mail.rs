//! `sendMail`: what is taken, what is refused, what is counted.

use emulators::core::service::Service as _;
use serde_json::{Value, json};

use crate::graph_support::{ADA, CLIENT, Graph, SECRET};

const BOB: &str = "bob@contoso.example";

fn path(sender: &str) -> String {
    format!("/users/{sender}/sendMail")
}

fn to(address: &str) -> Value {
    json!([{"emailAddress": {"address": address, "name": "Somebody"}}])
}

fn message(request: &str) -> Value {
    json!({
        "message": {
            "subject": "A request to join",
            "body": {"contentType": "html", "content": "<p>Approve it.</p>"},
            "toRecipients": to(BOB),
            "replyTo": to(ADA),
            "internetMessageHeaders": [{"name": "x-crmlink-request", "value": request}],
        },
        "saveToSentItems": false,
    })
}

fn mails(graph: &Graph) -> Vec<Value> {
    graph.emulator.state()["tenants"][0]["mails"]
        .as_array()
        .unwrap()
        .clone()
}

#[tokio::test]
async fn a_mail_is_accepted_without_a_body_and_can_be_read_in_the_state() {
    let graph = Graph::new().await;
    let answer = graph.post(&path(ADA), &message("r1")).await;
    assert_eq!((answer.status, &answer.body), (202, &Value::Null));
    assert_eq!(
        mails(&graph),
        [json!({
            "at": "2026-10-01T09:00:00Z", "from": ADA, "to": [BOB], "cc": [], "bcc": [], "replyTo": [ADA],
            "subject": "A request to join", "contentType": "html", "content": "<p>Approve it.</p>",
            "headers": {"x-crmlink-request": "r1"}, "savedToSentItems": false,
        })]
    );
    assert_eq!(
        (graph.count("requested_mails_sent"), graph.count("mails_sent")),
        (1, 0),
        "a mail that was asked for is none that a sync sent"
    );
}

#[tokio::test]
async fn the_same_mail_again_is_counted() {
    let graph = Graph::new().await;
    for request in ["r1", "r2", "r1"] {
        assert_eq!(graph.post(&path(ADA), &message(request)).await.status, 202);
    }
    assert_eq!(
        (
            graph.count("requested_mails_sent"),
            graph.count("requested_mails_repeated")
        ),
        (3, 1)
    );
}

#[tokio::test]
async fn thirty_mails_a_minute_leave_one_mailbox() {
    let graph = Graph::new().await;
    for request in 0..30 {
        let answer = graph.post(&path(ADA), &message(&request.to_string())).await;
        assert_eq!(answer.status, 202);
        graph.advance(1);
    }
    let refused = graph.post(&path(ADA), &message("one more")).await;
    assert_eq!((refused.status, refused.code()), (429, "ApplicationThrottled"));
    assert_eq!(refused.headers["retry-after"], "30");
    assert_eq!(
        graph.post(&path(BOB), &message("other mailbox")).await.status,
        202
    );
    graph.advance(30);
    assert_eq!(graph.post(&path(ADA), &message("one more")).await.status, 202);
    assert_eq!(mails(&graph).len(), 32);
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused() {
    let graph = Graph::new().await;
    let mut many = message("m");
    many["message"]["toRecipients"] = (0..501)
        .map(|n| json!({"emailAddress": {"address": format!("p{n}@x.example")}}))
        .collect();
    let mut headers = message("h");
    headers["message"]["internetMessageHeaders"] = (0..6)
        .map(|n| json!({"name": format!("x-{n}"), "value": ""}))
        .collect();
    let with = |name: &str, value: Value| {
        let mut changed = message("c");
        changed["message"][name] = value;
        changed
    };
    for (body, code) in [
        (json!({}), "RequestBodyRead"),
        (
            json!({"message": {"subject": "to nobody"}}),
            "ErrorInvalidRecipients",
        ),
        (
            with("toRecipients", to("not an address")),
            "ErrorInvalidRecipients",
        ),
        (
            with(
                "internetMessageHeaders",
                json!([{"name": "Subject", "value": "x"}]),
            ),
            "InvalidInternetMessageHeader",
        ),
        (with("isDraft", json!(true)), "RequestBodyRead"),
        (
            with("body", json!({"contentType": "markdown", "content": ""})),
            "RequestBodyRead",
        ),
        (many, "ErrorInvalidRecipients"),
        (headers, "InvalidInternetMessageHeaderCollection"),
    ] {
        let answer = graph.post(&path(ADA), &body).await;
        assert_eq!((answer.status, answer.code()), (400, code), "{body}");
    }
    assert_eq!(graph.get(&path(ADA)).await.status, 405);
    assert_eq!(
        graph
            .post(&path("guest@contoso.example"), &message("g"))
            .await
            .code(),
        "MailboxNotEnabledForRESTAPI"
    );
    assert!(mails(&graph).is_empty());
}

#[tokio::test]
async fn a_sender_outside_the_scope_of_exchange_is_denied() {
    let app = json!({
        "clientId": CLIENT, "clientSecret": SECRET, "permissions": [],
        "exchangeRoles": [{"permission": "Mail.Send", "users": [ADA]}],
    });
    let graph = Graph::with(&json!({ "apps": [app] })).await;
    assert_eq!(graph.post(&path(ADA), &message("r")).await.status, 202);
    let denied = graph.post(&path(BOB), &message("r")).await;
    assert_eq!((denied.status, denied.code()), (403, "ErrorAccessDenied"));
}

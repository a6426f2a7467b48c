//! `sendMail`: what is taken, what is refused, what is counted, in both of its forms.

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use emulators::core::service::Service as _;
use http::Request;
use serde_json::{Value, json};

use crate::graph_support::{ADA, Answer, CLIENT, Graph, SECRET};

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
            "at": "2026-10-01T09:00:00Z", "from": ADA, "messageId": null, "to": [BOB], "cc": [], "bcc": [], "replyTo": [ADA],
            "subject": "A request to join", "text": null, "html": "<p>Approve it.</p>",
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

const MIME: &str = "To: <bob@contoso.example>\r\nReply-To: Ada <ada@contoso.example>\r\nBcc: eve@contoso.example\r\n\
Message-ID: <r1@crmlink>\r\nSubject: =?utf-8?B?w4Agam9pbg==?=\r\nX-Crmlink-Request: r1\r\nAuto-Submitted: auto-generated\r\n\
MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=\"b\"\r\n\r\n\
--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe\r\nAda\r\n\
--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Approve it.</p>\r\n--b--\r\n";

async fn submit(graph: &Graph, mime: &str) -> Answer {
    submit_as_it_is(graph, STANDARD.encode(mime)).await
}

async fn submit_as_it_is(graph: &Graph, body: String) -> Answer {
    let request = Request::post(format!("/v1.0{}", path(ADA)))
        .header("host", "graph.test")
        .header("authorization", format!("Bearer {}", graph.token))
        .header("content-type", "text/plain");
    graph.send(request.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn a_mime_message_brings_both_parts_and_stays_among_the_sent_items() {
    let graph = Graph::new().await;
    let answer = submit(&graph, MIME).await;
    assert_eq!((answer.status, &answer.body), (202, &Value::Null));
    assert_eq!(
        mails(&graph),
        [json!({
            "at": "2026-10-01T09:00:00Z", "from": ADA, "messageId": "r1@crmlink", "to": [BOB], "cc": [],
            "bcc": ["eve@contoso.example"], "replyTo": [ADA], "subject": "À join", "text": "Grüße\nAda",
            "html": "<p>Approve it.</p>", "headers": {}, "savedToSentItems": true,
        })]
    );
    submit(&graph, &MIME.replace("r1@", "r2@")).await;
    assert_eq!(graph.count("requested_mails_repeated"), 0);
    submit(&graph, MIME).await;
    assert_eq!(
        (
            graph.count("requested_mails_sent"),
            graph.count("requested_mails_repeated")
        ),
        (3, 1)
    );
}

#[tokio::test]
async fn a_header_of_ones_own_passes_in_mime_only_where_the_mailbox_has_sent_it_as_json() {
    let graph = Graph::new().await;
    submit(&graph, MIME).await;
    graph.post(&path(BOB), &message("of another mailbox")).await;
    submit(&graph, MIME).await;
    graph.post(&path(ADA), &message("of this one")).await;
    submit(&graph, MIME).await;
    let headers: Vec<Value> = mails(&graph).iter().map(|mail| mail["headers"].clone()).collect();
    let known = |value: &str| json!({"x-crmlink-request": value});
    assert_eq!(
        headers,
        [
            json!({}),
            known("of another mailbox"),
            json!({}),
            known("of this one"),
            json!({"X-Crmlink-Request": "r1"}),
        ]
    );
}

#[tokio::test]
async fn a_mime_message_that_cannot_be_sent_is_refused() {
    let graph = Graph::new().await;
    let bare = submit_as_it_is(&graph, MIME.to_owned()).await;
    let text = bare.body["error"]["message"].as_str().unwrap();
    assert_eq!(
        (bare.status, bare.code(), text),
        (
            400,
            "ErrorMimeContentInvalidBase64String",
            "Invalid base64 string for MIME content."
        )
    );
    let crowd = vec!["p@x.example"; 501].join(", ");
    for (mime, status, code) in [
        (
            MIME.replace("To: <bob@contoso.example>\r\n", "")
                .replace("Bcc: eve@contoso.example\r\n", ""),
            400,
            "ErrorInvalidRecipients",
        ),
        (
            MIME.replace("<bob@contoso.example>", "<bob>"),
            400,
            "ErrorInvalidRecipients",
        ),
        (
            MIME.replace("<bob@contoso.example>", &crowd),
            400,
            "ErrorInvalidRecipients",
        ),
        (format!("From: Bob <{BOB}>\r\n{MIME}"), 403, "ErrorSendAsDenied"),
        (
            MIME.replace("text/html", "application/pdf"),
            400,
            "ErrorMimeContentInvalid",
        ),
        (
            MIME.replace("text/html", "text/plain"),
            400,
            "ErrorMimeContentInvalid",
        ),
    ] {
        let answer = submit(&graph, &mime).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{mime}");
    }
    assert!(mails(&graph).is_empty());
    assert_eq!(
        submit(&graph, &format!("From: {ADA}\r\n{MIME}")).await.status,
        202
    );
}

//! What Exchange makes of the values that are written, and what it refuses.

use serde_json::{Value, json};

use crate::graph_support::{Answer, Graph, contacts};

async fn post(body: Value) -> Answer {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    graph.post(&contacts(&folder), &body).await
}

#[tokio::test]
async fn display_name_and_file_as_are_derived_and_derived_again() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    let made = graph
        .post(
            &contacts(&folder),
            &json!({"givenName": "Ada", "surname": "Byron"}),
        )
        .await;
    assert_eq!(made.body["displayName"], "Ada Byron");
    assert_eq!(made.body["fileAs"], "Byron, Ada");
    let path = format!("{}/{}", contacts(&folder), made.id());
    let own = graph
        .patch(&path, "*", &json!({"displayName": "Countess", "fileAs": "C"}))
        .await;
    assert_eq!(
        (&own.body["displayName"], &own.body["fileAs"]),
        (&json!("Countess"), &json!("C"))
    );
    let lost = graph.patch(&path, "*", &json!({"jobTitle": "Analyst"})).await;
    assert_eq!(
        (&lost.body["displayName"], &lost.body["fileAs"]),
        (&json!("Ada Byron"), &json!("Byron, Ada"))
    );
    let kept = json!({"jobTitle": "Poet", "displayName": "Countess", "fileAs": "C"});
    let kept = graph.patch(&path, "*", &kept).await;
    assert_eq!(
        (&kept.body["displayName"], &kept.body["fileAs"]),
        (&json!("Countess"), &json!("C"))
    );
    let company = post(json!({"companyName": "Contoso"})).await;
    assert_eq!(
        (&company.body["displayName"], &company.body["fileAs"]),
        (&json!("Contoso"), &json!("Contoso"))
    );
}

#[tokio::test]
async fn an_empty_address_reads_as_an_empty_object() {
    let made = post(json!({"givenName": "Ada", "homeAddress": {"street": "", "city": null}})).await;
    assert_eq!(made.body["homeAddress"], json!({}));
    assert_eq!(made.body["businessAddress"], json!({}));
}

#[tokio::test]
async fn a_null_address_is_a_server_error() {
    let answer = post(json!({"givenName": "Ada", "homeAddress": null})).await;
    assert_eq!((answer.status, answer.code()), (500, "ErrorInternalServerError"));
}

#[tokio::test]
async fn a_birthday_is_a_date_with_a_time_that_means_nothing() {
    for sent in [
        "1815-12-10",
        "1815-12-10T11:59:00Z",
        "1815-12-10T00:00:00Z",
        "1815-12-10T22:00:00-01:00",
    ] {
        assert_eq!(
            post(json!({"birthday": sent})).await.body["birthday"],
            "1815-12-10T11:59:00Z",
            "{sent}"
        );
    }
    let shifted = post(json!({"birthday": "1815-12-10T00:00:00+01:00"})).await;
    assert_eq!(
        shifted.body["birthday"], "1815-12-09T11:59:00Z",
        "local midnight is a day off"
    );
    assert_eq!(post(json!({"birthday": "soon"})).await.status, 400);
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    let made = graph
        .post(&contacts(&folder), &json!({"birthday": "1815-12-10"}))
        .await;
    let path = format!("{}/{}", contacts(&folder), made.id());
    assert_eq!(
        graph.patch(&path, "*", &json!({"birthday": null})).await.body["birthday"],
        Value::Null
    );
}

#[tokio::test]
async fn an_address_that_is_not_plain_smtp_survives_in_the_name_only() {
    for odd in [
        "ada@x.example,",
        "Ada <ada@x.example>",
        "ada at x",
        "a@b@c",
        "ada@x.example; b@y.example",
    ] {
        let made = post(json!({"emailAddresses": [{"address": odd, "name": "Ada"}]})).await;
        assert_eq!(made.body["emailAddresses"], json!([{"name": odd}]), "{odd}");
    }
    let made = post(json!({"emailAddresses": [{"address": "ada@x.example"}]})).await;
    assert_eq!(made.body["emailAddresses"][0]["address"], "ada@x.example");
}

#[tokio::test]
async fn the_three_mail_slots_have_two_forms_and_only_one_may_be_written() {
    let made =
        post(json!({"emailAddresses": [{"address": "a@x.example"}, {"address": "b@x.example"}]})).await;
    assert_eq!(made.body["primaryEmailAddress"]["address"], "a@x.example");
    assert_eq!(made.body["secondaryEmailAddress"]["address"], "b@x.example");
    assert_eq!(made.body["tertiaryEmailAddress"], Value::Null);
    let made = post(json!({"tertiaryEmailAddress": {"address": "c@x.example"}})).await;
    assert_eq!(made.body["emailAddresses"].as_array().unwrap().len(), 1);
    let both = json!({"emailAddresses": [], "primaryEmailAddress": {"address": "c@x.example"}});
    assert_eq!(post(both).await.status, 400);
}

#[tokio::test]
async fn lists_have_no_gaps() {
    let made = post(json!({
        "businessPhones": ["", "2"],
        "imAddresses": ["", "a", ""],
        "emailAddresses": [{}, {"address": "b@x.example"}, {"name": "", "address": ""}],
    }))
    .await;
    assert_eq!(
        made.body["businessPhones"],
        json!(["2"]),
        "the second is the first now"
    );
    assert_eq!(made.body["imAddresses"], json!(["a"]));
    let only = json!([{"name": "b@x.example", "address": "b@x.example"}]);
    assert_eq!(made.body["emailAddresses"], only);
}

#[tokio::test]
async fn multi_value_properties_have_limits() {
    let address = json!({"address": "a@x.example"});
    let cases = [
        (
            "emailAddresses",
            json!([address, address, address, address]),
            4,
            3,
        ),
        ("businessPhones", json!(["1", "2", "3"]), 3, 2),
        ("homePhones", json!(["1", "2", "3"]), 3, 2),
        ("imAddresses", json!(["1", "2", "3", "4"]), 4, 3),
    ];
    for (name, value, count, max) in cases {
        let answer = post(json!({name: value})).await;
        assert_eq!(
            (answer.status, answer.code()),
            (400, "ErrorInvalidRequest"),
            "{name}"
        );
        let text = answer.body["error"]["message"].as_str().unwrap();
        assert!(
            text.contains(&format!(
                "has {count} entries, that exceeds the max allowed value of {max}"
            )),
            "{text}"
        );
    }
}

#[tokio::test]
async fn long_texts_are_refused_but_notes_are_not() {
    assert_eq!(post(json!({"givenName": "x".repeat(255)})).await.status, 201);
    let answer = post(json!({"givenName": "x".repeat(256)})).await;
    assert_eq!((answer.status, answer.code()), (400, "ErrorInvalidRequest"));
    assert_eq!(
        post(json!({"givenName": "😀".repeat(128)})).await.status,
        400,
        "lengths are in UTF-16"
    );
    assert_eq!(
        post(json!({"homeAddress": {"street": "x".repeat(256)}}))
            .await
            .status,
        400
    );
    assert_eq!(
        post(json!({"personalNotes": "x".repeat(40_000)})).await.status,
        201
    );
}

#[tokio::test]
async fn control_characters_and_empty_strings_do_not_stay() {
    let made = post(json!({"givenName": "A\u{0}d\u{7}a", "jobTitle": "", "personalNotes": "one\ntwo"})).await;
    assert_eq!(made.body["givenName"], "Ada");
    assert_eq!(made.body["jobTitle"], Value::Null);
    assert_eq!(made.body["personalNotes"], "one\ntwo");
}

#[tokio::test]
async fn what_the_type_does_not_have_is_refused() {
    for (body, code) in [
        (json!({"fax": "1"}), "RequestBodyRead"),
        (json!({"gender": "f"}), "RequestBodyRead"),
        (json!({"givenName": 7}), "RequestBodyRead"),
        (json!({"businessPhones": null}), "RequestBodyRead"),
        (json!({"homeAddress": {"country": "NL"}}), "RequestBodyRead"),
        (
            json!({"emailAddresses": [{"mail": "a@x.example"}]}),
            "RequestBodyRead",
        ),
        (json!({"id": "x"}), "ErrorInvalidPropertySet"),
        (json!({"parentFolderId": "x"}), "ErrorInvalidPropertySet"),
        (json!({"changeKey": "x"}), "ErrorInvalidPropertySet"),
    ] {
        let answer = post(body.clone()).await;
        assert_eq!((answer.status, answer.code()), (400, code), "{body}");
    }
    assert_eq!(
        post(json!({"@odata.type": "#microsoft.graph.contact", "givenName": "A"}))
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn a_body_without_its_content_type_is_not_read() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    let request = http::Request::post(format!("/v1.0{}", contacts(&folder)))
        .header("authorization", format!("Bearer {}", graph.token))
        .body(axum::body::Body::from("{}"));
    let answer = graph.send(request.unwrap()).await;
    assert_eq!((answer.status, answer.code()), (400, "BadRequest"));
}

//! Contacts: writing, reading, listing.

use serde_json::{Value, json};

use crate::graph_support::{ADA, Graph, by_marker, contacts};

#[tokio::test]
async fn too_many_terms_are_too_complex() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    graph.contact(&folder, "Zoe", "r3").await;
    let or = |count: usize| {
        (0..count)
            .map(|at| by_marker(&format!("r{at}")))
            .collect::<Vec<_>>()
            .join(" or ")
    };
    let found = graph
        .get(&format!("{}?$filter={}", contacts(&folder), or(15)))
        .await;
    assert_eq!(found.rows().len(), 1);
    let answer = graph
        .get(&format!("{}?$filter={}", contacts(&folder), or(16)))
        .await;
    assert_eq!(
        (answer.status, answer.code()),
        (400, "ErrorRestrictionTooComplex")
    );
}

#[tokio::test]
async fn a_quote_in_a_literal_is_doubled_and_a_plus_that_is_not_encoded_is_a_space() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    for name in ["O'Brien", "a+b"] {
        graph.post(&contacts(&folder), &json!({"surname": name})).await;
    }
    let found = graph
        .get(&format!("{}?$filter=surname eq 'O''Brien'", contacts(&folder)))
        .await;
    assert_eq!(found.rows().len(), 1);
    assert_eq!(
        graph
            .get(&format!("{}?$filter=surname eq 'O'Brien'", contacts(&folder)))
            .await
            .status,
        400
    );
    for (filter, rows) in [
        ("surname eq 'a%2Bb'", 1),
        ("surname+eq+'a%2Bb'", 1),
        ("surname eq 'a+b'", 0),
    ] {
        let found = graph
            .get(&format!("{}?$filter={filter}", contacts(&folder)))
            .await;
        assert_eq!(found.rows().len(), rows, "{filter}");
    }
}

#[tokio::test]
async fn a_list_shows_ten_and_pages_stay_stable_while_contacts_are_deleted() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    let mut ids = Vec::new();
    for at in 0..25 {
        ids.push(
            graph
                .contact(&folder, &format!("N{at}"), &format!("r{at}"))
                .await
                .id(),
        );
    }
    let first = graph.get(&format!("{}?$select=id", contacts(&folder))).await;
    assert_eq!(first.rows().len(), 10);
    for id in &ids[..5] {
        graph.delete(&format!("{}/{id}", contacts(&folder))).await;
    }
    let second = graph.get(&first.link("@odata.nextLink").unwrap()).await;
    assert_eq!(second.rows()[0]["id"], json!(ids[10]));
    let third = graph.get(&second.link("@odata.nextLink").unwrap()).await;
    assert_eq!(third.rows().len(), 5);
    assert!(third.link("@odata.nextLink").is_none());
    assert_eq!(
        graph
            .get(&format!("{}?$top=1000", contacts(&folder)))
            .await
            .status,
        400
    );
    assert_eq!(
        graph
            .get(&format!("{}?$top=999", contacts(&folder)))
            .await
            .rows()
            .len(),
        20
    );
    let sorted = graph
        .get(&format!("{}?$orderby=displayName desc&$top=2", contacts(&folder)))
        .await;
    assert_eq!(sorted.rows()[0]["displayName"], "N9");
    assert!(sorted.link("@odata.nextLink").is_some());
    assert_eq!(
        graph
            .get(&format!("{}?$search=x", contacts(&folder)))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn absent_keeps_null_clears_and_addresses_are_whole() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    let body = json!({
        "givenName": "Zoe", "jobTitle": "Pilot", "businessPhones": ["1", "2"],
        "homeAddress": {"street": "Main 1", "city": "Delft"},
    });
    let made = graph.post(&contacts(&folder), &body).await;
    let path = format!("{}/{}", contacts(&folder), made.id());
    let change = json!({"jobTitle": null, "businessPhones": [], "homeAddress": {"city": "Breda"}});
    let changed = graph.patch(&path, &made.etag(), &change).await;
    assert_eq!(changed.status, 200);
    assert_eq!(changed.body["givenName"], "Zoe");
    assert_eq!(changed.body["jobTitle"], Value::Null);
    assert_eq!(changed.body["businessPhones"], json!([]));
    assert_eq!(changed.body["homeAddress"], json!({"city": "Breda"}));
    assert_eq!(changed.body["otherAddress"], json!({}));
    assert_eq!(
        (graph.count("updates"), graph.count("updates_without_if_match")),
        (1, 0)
    );
}

#[tokio::test]
async fn nothing_keeps_a_create_from_being_made_twice() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    let one = graph.contact(&folder, "Zoe", "r1").await.id();
    let two = graph.contact(&folder, "Zoe", "r1").await.id();
    assert_ne!(one, two);
    let found = graph
        .get(&format!("{}?$filter={}", contacts(&folder), by_marker("r1")))
        .await;
    assert_eq!(found.rows().len(), 2, "a look by the property would have told");
    assert_eq!(graph.count("duplicate_markers"), 1);
}

#[tokio::test]
async fn a_deleted_contact_goes_to_deleted_items_where_its_immutable_id_answers() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    let made = graph.contact(&folder, "Zoe", "r1").await;
    let inside = format!("{}/{}", contacts(&folder), made.id());
    let anywhere = format!("/users/{ADA}/contacts/{}", made.id());
    assert_eq!(graph.delete(&inside).await.status, 204);
    assert_eq!(graph.get(&inside).await.code(), "ErrorItemNotFound");
    let found = graph.get(&anywhere).await;
    assert_eq!(found.status, 200);
    assert_ne!(found.body["parentFolderId"], made.body["parentFolderId"]);
    assert!(graph.get(&contacts(&folder)).await.rows().is_empty());
    assert_eq!(
        (graph.count("deletes"), graph.count("deletes_without_if_match")),
        (1, 1)
    );
    graph.edit(&json!({"do": "empty_deleted_items", "user": ADA}));
    assert_eq!(graph.get(&anywhere).await.status, 404);
}

#[tokio::test]
async fn permanent_delete_is_counted_apart() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    let made = graph.contact(&folder, "Zoe", "r1").await;
    let path = format!("{}/{}/permanentDelete", contacts(&folder), made.id());
    assert_eq!(graph.call("POST", &path, None).await.status, 204);
    assert_eq!(
        graph
            .get(&format!("/users/{ADA}/contacts/{}", made.id()))
            .await
            .status,
        404
    );
    assert_eq!((graph.count("deletes"), graph.count("permanent_deletes")), (0, 1));
}

#[tokio::test]
async fn without_the_preference_ids_change_on_a_move_and_both_forms_resolve() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    let made = graph.contact(&folder, "Zoe", "r1").await;
    assert_eq!(graph.count("requests_without_immutable_id"), 0);
    let path = format!("{}/{}", contacts(&folder), made.id());
    let mutable = graph.bare("GET", &path, &[], None).await.id();
    assert_ne!(mutable, made.id());
    assert_eq!(graph.count("requests_without_immutable_id"), 1);
    assert_eq!(
        graph.get(&format!("{}/{mutable}", contacts(&folder))).await.id(),
        made.id()
    );
    graph.edit(&json!({"do": "create_folder", "user": ADA, "displayName": "Friends"}));
    graph.edit(&json!({"do": "move_contact", "user": ADA, "contact": made.id(), "to": "Friends"}));
    assert_eq!(
        graph
            .get(&format!("/users/{ADA}/contacts/{}", made.id()))
            .await
            .status,
        200
    );
    assert_eq!(
        graph
            .get(&format!("/users/{ADA}/contacts/{mutable}"))
            .await
            .code(),
        "ErrorItemNotFound"
    );
    assert_eq!(graph.get(&path).await.status, 404, "not in this folder any more");
}

#[tokio::test]
async fn writes_outside_a_marked_folder_are_counted() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    graph.contact(&folder, "Zoe", "r1").await;
    assert_eq!(graph.count("writes_outside_marked_folder"), 0);
    let own = graph.edit(&json!({"do": "create_contact", "user": ADA, "contact": {"givenName": "Mum"}}));
    let path = format!("/users/{ADA}/contacts/{}", own["id"].as_str().unwrap());
    graph.call("PATCH", &path, Some(&json!({"jobTitle": "x"}))).await;
    graph.delete(&path).await;
    graph
        .post(&format!("/users/{ADA}/contacts"), &json!({"givenName": "New"}))
        .await;
    assert_eq!(graph.count("writes_outside_marked_folder"), 3);
}

#[tokio::test]
async fn the_same_marker_made_twice_is_counted_but_a_users_copy_is_not() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    let made = graph.contact(&folder, "Zoe", "r1").await;
    let copy = graph.edit(&json!({"do": "copy_contact", "user": ADA, "contact": made.id()}));
    assert_eq!(copy["marker"], "r1");
    assert_eq!(graph.count("duplicate_markers"), 0);
    graph.contact(&folder, "Zoe", "r1").await;
    assert_eq!(graph.count("duplicate_markers"), 1);
    graph.contact(&folder, "Yan", "r2").await;
    graph.edit(&json!({"do": "delete_contact", "user": ADA, "contact": "r2"}));
    graph.contact(&folder, "Yan", "r2").await;
    assert_eq!(
        graph.count("duplicate_markers"),
        1,
        "what is in Deleted Items is not live"
    );
}

#[tokio::test]
async fn ten_thousand_contacts_are_written_found_and_listed_quickly() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    for at in 0..10_000 {
        if at == 5_000 {
            graph.advance(600);
        }
        graph.contact(&folder, &format!("N{at}"), &format!("r{at}")).await;
    }
    let found = graph
        .get(&format!("{}?$filter={}", contacts(&folder), by_marker("r9999")))
        .await;
    assert_eq!(found.rows()[0]["givenName"], "N9999");
    let mut next = Some(format!("{}?$select=id,changeKey&$top=999", contacts(&folder)));
    let (mut pages, mut rows) = (0, 0);
    while let Some(path) = next {
        let page = graph.get(&path).await;
        pages += 1;
        rows += page.rows().len();
        next = page.link("@odata.nextLink");
    }
    assert_eq!((pages, rows), (11, 10_000));
}

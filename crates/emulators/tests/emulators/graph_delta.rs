//! The change query.

use serde_json::{Value, json};

use crate::graph_support::{ADA, Answer, Graph, MARKER, contacts};

impl Graph {
    async fn delta(&self, path: &str, size: usize) -> Answer {
        let prefer = format!("IdType=\"ImmutableId\", odata.maxpagesize={size}");
        self.bare("GET", path, &[("prefer", &prefer)], None).await
    }

    /// Runs a round to its end: all entries and the link for the next one.
    async fn round(&self, from: &str) -> (Vec<Value>, String) {
        let mut rows = Vec::new();
        let mut path = from.to_owned();
        for _ in 0..100 {
            let page = self.delta(&path, 3).await;
            assert_eq!(page.status, 200, "{}", page.body);
            rows.extend(page.rows().iter().cloned());
            if let Some(link) = page.link("@odata.deltaLink") {
                assert!(page.link("@odata.nextLink").is_none());
                return (rows, link);
            }
            path = page.link("@odata.nextLink").expect("one of the two links");
        }
        panic!("the round does not end");
    }
}

fn start(folder: &str) -> String {
    format!("{}/delta", contacts(folder))
}

fn ids(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_round_pages_and_the_next_one_brings_only_what_changed() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    let mut made = Vec::new();
    for at in 0..7 {
        made.push(
            graph
                .contact(&folder, &format!("N{at}"), &format!("r{at}"))
                .await
                .id(),
        );
    }
    let (rows, link) = graph.round(&start(&folder)).await;
    assert_eq!(ids(&rows), made);
    let (rows, link) = graph.round(&link).await;
    assert!(rows.is_empty());
    graph.edit(&json!({"do": "update_contact", "user": ADA, "contact": made[2], "set": {"jobTitle": "x"}}));
    graph.delete(&format!("{}/{}", contacts(&folder), made[4])).await;
    let (rows, _) = graph.round(&link).await;
    assert_eq!(ids(&rows), [&made[2], &made[4]]);
    assert_eq!(rows[0]["jobTitle"], "x");
    assert_eq!(rows[1], json!({"id": made[4], "@removed": {"reason": "deleted"}}));
}

#[tokio::test]
async fn the_default_page_is_ten_and_links_are_opaque() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    for at in 0..11 {
        graph.contact(&folder, &format!("N{at}"), &format!("r{at}")).await;
    }
    let page = graph.get(&start(&folder)).await;
    assert_eq!(page.rows().len(), 10);
    assert!(page.link("@odata.nextLink").unwrap().contains("$skiptoken="));
    assert_eq!(page.headers["preference-applied"], "odata.track-changes");
}

#[tokio::test]
async fn own_writes_and_second_bumps_come_back_as_changes() {
    let graph = Graph::with(&json!({"secondBumpSeconds": 5})).await;
    let folder = graph.folder().await;
    let made = graph.contact(&folder, "Zoe", "r1").await;
    let (rows, link) = graph.round(&start(&folder)).await;
    assert_eq!(rows[0]["@odata.etag"], made.body["@odata.etag"]);
    graph.advance(5);
    let (rows, link) = graph.round(&link).await;
    assert_eq!(ids(&rows), [made.id()]);
    assert_ne!(rows[0]["@odata.etag"], made.body["@odata.etag"]);
    assert!(graph.round(&link).await.0.is_empty());
}

#[tokio::test]
async fn a_move_out_of_the_folder_arrives_as_removed_and_a_move_back_as_an_item() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    let made = graph.contact(&folder, "Zoe", "r1").await.id();
    let (_, link) = graph.round(&start(&folder)).await;
    graph.edit(&json!({"do": "move_contact", "user": ADA, "contact": made, "to": "contacts"}));
    let (rows, link) = graph.round(&link).await;
    assert_eq!(rows[0]["@removed"]["reason"], "deleted");
    assert_eq!(
        graph.get(&format!("/users/{ADA}/contacts/{made}")).await.status,
        200,
        "it was no deletion"
    );
    graph.edit(&json!({"do": "move_contact", "user": ADA, "contact": made, "to": folder}));
    let (rows, _) = graph.round(&link).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["id"], json!(made));
    assert!(rows[0].get("@removed").is_none());
}

#[tokio::test]
async fn removed_entries_come_in_the_first_round_too_and_can_be_false() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    let gone = graph.contact(&folder, "Zoe", "r1").await.id();
    graph.delete(&format!("{}/{gone}", contacts(&folder))).await;
    let alive = graph.contact(&folder, "Yan", "r2").await.id();
    graph.edit(&json!({"do": "announce_removed", "user": ADA, "contact": alive}));
    let (rows, _) = graph.round(&start(&folder)).await;
    let removed: Vec<&Value> = rows.iter().filter(|row| row.get("@removed").is_some()).collect();
    assert_eq!(removed.len(), 2);
    assert_eq!(
        removed[1],
        &json!({"id": alive, "@removed": {"reason": "changed"}})
    );
    assert_eq!(
        graph.get(&format!("{}/{alive}", contacts(&folder))).await.status,
        200
    );
}

#[tokio::test]
async fn only_the_tokens_of_the_last_rounds_are_known() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    let (_, first) = graph.round(&start(&folder)).await;
    let mut link = first.clone();
    for at in 0..3 {
        assert_eq!(
            graph.delta(&first, 3).await.status,
            200,
            "a replay within the last rounds"
        );
        graph.contact(&folder, &format!("N{at}"), &format!("r{at}")).await;
        link = graph.round(&link).await.1;
    }
    let answer = graph.delta(&first, 3).await;
    assert_eq!((answer.status, answer.code()), (410, "SyncStateNotFound"));
    assert!(
        answer.body["error"]["message"]
            .as_str()
            .unwrap()
            .contains("generation=1;[highest=")
    );
    assert_eq!(
        answer.headers["location"],
        format!("http://graph.test/v1.0{}", start(&folder))
    );
    assert_eq!(graph.delta(&link, 3).await.status, 200);
    assert_eq!(graph.count("delta_resets"), 1);
}

#[tokio::test]
async fn idle_rounds_make_no_generation() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    let (_, link) = graph.round(&start(&folder)).await;
    for _ in 0..10 {
        assert_eq!(graph.round(&link).await.1, link);
    }
}

#[tokio::test]
async fn tokens_die_on_request_with_another_status_too_even_while_paging() {
    let graph = Graph::with(&json!({"delta": {"expiredStatus": 400}})).await;
    let folder = graph.folder().await;
    for at in 0..5 {
        graph.contact(&folder, &format!("N{at}"), &format!("r{at}")).await;
    }
    let page = graph.delta(&start(&folder), 3).await;
    graph.edit(&json!({"do": "expire_delta_tokens", "user": ADA}));
    let answer = graph.delta(&page.link("@odata.nextLink").unwrap(), 3).await;
    assert_eq!((answer.status, answer.code()), (400, "SyncStateNotFound"));
    assert_eq!(graph.round(&start(&folder)).await.0.len(), 5);
}

#[tokio::test]
async fn query_options_are_refused_except_select_on_the_first_call() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    graph.contact(&folder, "Zoe", "r1").await;
    let expand = format!("$expand=singleValueExtendedProperties($filter=id eq '{MARKER}')");
    for odd in [
        "$filter=surname eq 'x'",
        "$top=5",
        "$orderby=surname",
        "$search=x",
        "$skip=1",
        expand.as_str(),
    ] {
        let answer = graph.get(&format!("{}?{odd}", start(&folder))).await;
        assert_eq!(
            (answer.status, answer.code()),
            (400, "ErrorInvalidUrlQuery"),
            "{odd}"
        );
    }
    let (rows, link) = graph
        .round(&format!("{}?$select=givenName,changeKey", start(&folder)))
        .await;
    assert_eq!(rows[0]["givenName"], "Zoe");
    assert!(rows[0].get("surname").is_none());
    assert!(rows[0].get("singleValueExtendedProperties").is_none());
    let answer = graph.get(&format!("{link}&$select=surname")).await;
    assert_eq!(answer.status, 400);
    graph.contact(&folder, "Yan", "r2").await;
    let (rows, _) = graph.round(&link).await;
    assert!(
        rows[0].get("surname").is_none(),
        "the token carries the selection"
    );
    assert_eq!(
        graph
            .get(&format!("{}?$deltatoken=nonsense", start(&folder)))
            .await
            .code(),
        "SyncStateInvalid"
    );
    assert_eq!(
        graph
            .get(&format!("{}?$deltatoken=latest", start(&folder)))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn a_token_of_another_folder_is_refused() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    let (_, link) = graph.round(&start(&folder)).await;
    let other = graph.edit(&json!({"do": "create_folder", "user": ADA, "displayName": "Friends"}));
    let path = link.replace(&folder, other["id"].as_str().unwrap());
    assert_eq!(graph.get(&path).await.code(), "SyncStateInvalid");
}

#[tokio::test]
async fn rounds_can_replay_and_start_with_an_empty_page() {
    let graph =
        Graph::with(&json!({"secondBumpSeconds": 0, "delta": {"replays": 2, "emptyPage": true}})).await;
    let folder = graph.folder().await;
    let mut made = Vec::new();
    for at in 0..3 {
        made.push(
            graph
                .contact(&folder, &format!("N{at}"), &format!("r{at}"))
                .await
                .id(),
        );
    }
    let (_, link) = graph.round(&start(&folder)).await;
    made.push(graph.contact(&folder, "N3", "r3").await.id());
    let page = graph.delta(&link, 3).await;
    assert!(page.rows().is_empty());
    let (rows, link) = graph.round(&page.link("@odata.nextLink").unwrap()).await;
    assert_eq!(ids(&rows), [&made[3]]);
    let (rows, _) = graph.round(&link).await;
    assert_eq!(ids(&rows), [&made[2], &made[3]], "seen before, and sent again");
}

#[tokio::test]
async fn a_round_can_repeat_the_same_page() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    graph.contact(&folder, "Zoe", "r1").await;
    graph.edit(&json!({"do": "loop_delta", "user": ADA, "folder": folder, "pages": 2}));
    let one = graph.delta(&start(&folder), 3).await;
    let two = graph.delta(&one.link("@odata.nextLink").unwrap(), 3).await;
    assert_eq!(one.rows(), two.rows());
    let three = graph.delta(&two.link("@odata.nextLink").unwrap(), 3).await;
    assert!(three.link("@odata.deltaLink").is_some());
}

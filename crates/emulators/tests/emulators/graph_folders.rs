//! Contact folders.

use serde_json::json;

use crate::graph_support::{ADA, Graph, MARKER, contacts, folder_body};

fn folders() -> String {
    format!("/users/{ADA}/contactFolders")
}

fn expand() -> String {
    format!("$expand=singleValueExtendedProperties($filter=id eq '{MARKER}')")
}

#[tokio::test]
async fn a_folder_is_marked_in_the_create_call_and_the_marker_is_not_echoed() {
    let graph = Graph::new().await;
    let answer = graph
        .post(&folders(), &folder_body("Zoho CRM Contacts", "v1 scope"))
        .await;
    assert_eq!(answer.status, 201);
    assert!(answer.body.get("singleValueExtendedProperties").is_none());
    let found = graph
        .get(&format!("{}/{}?{}", folders(), answer.id(), expand()))
        .await;
    assert_eq!(
        found.body["singleValueExtendedProperties"],
        json!([{"id": MARKER, "value": "v1 scope"}])
    );
    let plain = graph.get(&format!("{}/{}", folders(), answer.id())).await;
    assert!(plain.body.get("singleValueExtendedProperties").is_none());
    assert_eq!(graph.count("folder_creates"), 1);
    assert_eq!(graph.count("writes_outside_marked_folder"), 0);
}

#[tokio::test]
async fn the_expand_takes_its_exact_syntax_only() {
    let graph = Graph::new().await;
    for odd in [
        "$expand=singleValueExtendedProperties".to_owned(),
        "$expand=contacts".to_owned(),
        expand().replace("id eq", "ID eq"),
        expand().replace("String {", "Text {"),
    ] {
        assert_eq!(
            graph.get(&format!("{}?{odd}", folders())).await.status,
            400,
            "{odd}"
        );
    }
    let upper = expand().replace("6f1c8a52-3d0b", "6F1C8A52-3D0B");
    assert_eq!(graph.get(&format!("{}?{upper}", folders())).await.status, 200);
}

#[tokio::test]
async fn the_same_name_twice_is_a_conflict_also_when_it_is_a_retry() {
    let graph = Graph::new().await;
    graph.folder().await;
    let answer = graph
        .post(&folders(), &folder_body("zoho crm contacts", "c1"))
        .await;
    assert_eq!((answer.status, answer.code()), (409, "ErrorFolderExists"));
    assert_eq!(graph.get(&folders()).await.rows().len(), 1);
}

#[tokio::test]
async fn the_list_is_without_the_default_folder_and_finds_the_marker() {
    let graph = Graph::new().await;
    let id = graph.folder().await;
    graph.edit(&json!({"do": "create_folder", "user": ADA, "displayName": "Friends"}));
    let all = graph.get(&folders()).await;
    assert_eq!(all.rows().len(), 2);
    assert!(all.rows().iter().all(|row| row["displayName"] != "Contacts"));
    let filter = crate::graph_support::by_marker("C1");
    let found = graph
        .get(&format!("{}?$filter={filter}&{}", folders(), expand()))
        .await;
    assert_eq!(found.rows().len(), 1);
    assert_eq!(found.rows()[0]["id"], json!(id));
    let page = graph.get(&format!("{}?$top=1&$count=true", folders())).await;
    assert_eq!((page.rows().len(), &page.body["@odata.count"]), (1, &json!(2)));
    let page = graph.get(&page.link("@odata.nextLink").unwrap()).await;
    assert_eq!(page.rows()[0]["displayName"], "Friends");
    assert!(page.link("@odata.nextLink").is_none());
}

#[tokio::test]
async fn a_folder_is_a_child_of_the_default_folder_whose_id_a_contact_tells() {
    let graph = Graph::new().await;
    let id = graph.folder().await;
    let parent = graph.get(&format!("{}/{id}", folders())).await.body["parentFolderId"].clone();
    graph.edit(&json!({"do": "create_contact", "user": ADA, "contact": {"givenName": "Zoe"}}));
    let known = graph
        .get(&format!("/users/{ADA}/contacts?$top=1&$select=parentFolderId"))
        .await;
    assert_eq!(known.rows()[0]["parentFolderId"], parent);
    graph.edit(&json!({"do": "create_folder", "user": ADA, "displayName": "Archive"}));
    graph.edit(&json!({"do": "move_folder", "user": ADA, "folder": id, "to": "Archive"}));
    let moved = graph.get(&format!("{}/{id}", folders())).await;
    assert_eq!(moved.status, 200);
    assert_ne!(moved.body["parentFolderId"], parent);
    assert!(
        graph
            .get(&folders())
            .await
            .rows()
            .iter()
            .all(|row| row["id"] != json!(id))
    );
}

#[tokio::test]
async fn nothing_moves_by_a_write() {
    let graph = Graph::new().await;
    let id = graph.folder().await;
    let other = graph.post(&folders(), &folder_body("Other", "c2")).await.id();
    let contact = graph.contact(&id, "Zoe", "r1").await;
    let to_other = json!({"parentFolderId": other});
    for path in [
        format!("{}/{id}", folders()),
        format!("{}/{}", contacts(&id), contact.id()),
    ] {
        let refused = graph.patch(&path, "*", &to_other).await;
        assert_eq!((refused.status, refused.code()), (400, "ErrorInvalidPropertySet"));
    }
}

#[tokio::test]
async fn folders_in_folders_are_listed_apart() {
    let graph = Graph::new().await;
    let outer = graph.folder().await;
    let children = format!("{}/{outer}/childFolders", folders());
    let inner = graph.post(&children, &folder_body("Berlin", "c2")).await;
    assert_eq!(
        (inner.status, &inner.body["parentFolderId"]),
        (201, &json!(outer))
    );
    assert_eq!(graph.get(&folders()).await.rows().len(), 1);
    assert_eq!(graph.get(&children).await.rows()[0]["id"], json!(inner.id()));
    // The same name is free in another place, and taken in its own.
    assert_eq!(
        graph.post(&folders(), &folder_body("Berlin", "c3")).await.status,
        201
    );
    let again = graph.post(&children, &folder_body("BERLIN", "c4")).await;
    assert_eq!((again.status, again.code()), (409, "ErrorFolderExists"));
    graph.delete(&format!("{}/{outer}", folders())).await;
    assert_eq!(graph.get(&children).await.rows().len(), 1, "it went along");
}

#[tokio::test]
async fn a_deleted_folder_still_answers_by_id_but_is_not_in_the_list() {
    let graph = Graph::new().await;
    let id = graph.folder().await;
    let path = format!("{}/{id}", folders());
    let contact = graph.contact(&id, "Zoe", "r1").await.id();
    let before = graph.get(&path).await.body["parentFolderId"].clone();
    assert_eq!(graph.delete(&path).await.status, 204);
    let trashed = graph.get(&path).await;
    assert_eq!(trashed.status, 200);
    assert_ne!(trashed.body["parentFolderId"], before);
    assert!(graph.get(&folders()).await.rows().is_empty());
    assert_eq!(
        graph.get(&format!("{}/{contact}", contacts(&id))).await.status,
        200
    );
    assert_eq!((graph.count("deletes"), graph.count("permanent_deletes")), (1, 0));
    graph.edit(&json!({"do": "empty_deleted_items", "user": ADA}));
    assert_eq!(graph.get(&path).await.code(), "ErrorItemNotFound");
    let delta = graph.get(&format!("{}/delta", contacts(&id))).await;
    assert_eq!((delta.status, delta.code()), (404, "ErrorSyncFolderNotFound"));
}

#[tokio::test]
async fn trashed_folders_can_be_hidden_as_some_have_seen_it() {
    let graph = Graph::with(&json!({"trashedFolders": "hidden"})).await;
    let id = graph.folder().await;
    graph.edit(&json!({"do": "delete_folder", "user": ADA, "folder": id}));
    let answer = graph.get(&format!("{}/{id}", folders())).await;
    assert_eq!((answer.status, answer.code()), (404, "ErrorItemNotFound"));
}

#[tokio::test]
async fn a_second_delete_under_the_same_name_fails_until_the_folder_is_renamed() {
    let graph = Graph::new().await;
    let first = graph.folder().await;
    assert_eq!(graph.delete(&format!("{}/{first}", folders())).await.status, 204);
    let second = graph.folder().await;
    let path = format!("{}/{second}", folders());
    let answer = graph.delete(&path).await;
    assert_eq!((answer.status, answer.code()), (409, "ErrorFolderExists"));
    let renamed = graph
        .patch(&path, "*", &json!({"displayName": "Zoho CRM Contacts 2"}))
        .await;
    assert_eq!(renamed.status, 200);
    assert_eq!(graph.delete(&path).await.status, 204);
    assert_eq!(graph.count("folder_updates"), 1);
    assert_eq!(graph.count("duplicate_markers"), 0);
}

#[tokio::test]
async fn the_default_folder_cannot_be_deleted_or_renamed() {
    let graph = Graph::new().await;
    let id = graph.folder().await;
    let parent = graph.get(&format!("{}/{id}", folders())).await.body["parentFolderId"].clone();
    let path = format!("{}/{}", folders(), parent.as_str().unwrap());
    assert_eq!(graph.get(&path).await.status, 200);
    assert!(graph.delete(&path).await.status >= 400);
    assert!(graph.patch(&path, "*", &json!({"displayName": "x"})).await.status >= 400);
    assert_eq!(graph.count("writes_outside_marked_folder"), 0);
}

#[tokio::test]
async fn folders_without_the_marker_and_markers_made_twice_are_counted() {
    let graph = Graph::new().await;
    graph.folder().await;
    graph.post(&folders(), &folder_body("Another", "C1")).await;
    assert_eq!(graph.count("duplicate_markers"), 1, "values compare without case");
    graph.post(&folders(), &folder_body("A third", "c2")).await;
    assert_eq!(graph.count("duplicate_markers"), 1);
    graph.post(&folders(), &json!({"displayName": "Plain"})).await;
    assert_eq!(graph.count("writes_outside_marked_folder"), 1);
}

#[tokio::test]
async fn a_malformed_id_is_told_apart_from_an_unknown_one() {
    let graph = Graph::new().await;
    let id = graph.folder().await;
    let answer = graph.get(&format!("{}/nonsense", folders())).await;
    assert_eq!((answer.status, answer.code()), (400, "ErrorInvalidIdMalformed"));
    let last = id.len() - 2;
    let swapped: String = id
        .chars()
        .enumerate()
        .map(|(at, c)| {
            if at == last {
                if c == 'A' { 'B' } else { 'A' }
            } else {
                c
            }
        })
        .collect();
    let answer = graph.get(&format!("{}/{swapped}", folders())).await;
    assert_eq!((answer.status, answer.code()), (404, "ErrorItemNotFound"));
    assert!(id.contains('='));
}

#[tokio::test]
async fn unknown_members_and_empty_names_are_refused() {
    let graph = Graph::new().await;
    let answer = graph
        .post(&folders(), &json!({"displayName": "x", "colour": "red"}))
        .await;
    assert_eq!((answer.status, answer.code()), (400, "RequestBodyRead"));
    assert_eq!(
        graph.post(&folders(), &json!({"displayName": ""})).await.status,
        400
    );
    assert_eq!(graph.post(&folders(), &json!({})).await.status, 400);
    let odd =
        json!({"displayName": "x", "singleValueExtendedProperties": [{"id": "nonsense", "value": "1"}]});
    assert_eq!(graph.post(&folders(), &odd).await.status, 400);
}

//! Ids: opaque, case-sensitive, and of two kinds.

use std::collections::HashSet;

use serde_json::json;

use crate::graph_support::{ADA, Graph, contacts};

#[tokio::test]
async fn ids_of_items_made_in_a_row_differ_in_the_case_of_one_letter() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    let mut ids = Vec::new();
    for at in 0..20 {
        ids.push(
            graph
                .contact(&folder, &format!("N{at}"), &format!("r{at}"))
                .await
                .id(),
        );
    }
    let exact: HashSet<&String> = ids.iter().collect();
    let without_case: HashSet<String> = ids.iter().map(|id| id.to_lowercase()).collect();
    assert_eq!(exact.len(), 20);
    assert!(
        (10..=11).contains(&without_case.len()),
        "{} of 20 without case",
        without_case.len()
    );
    for (at, id) in ids.iter().enumerate() {
        let found = graph.get(&format!("{}/{id}", contacts(&folder))).await;
        assert_eq!(found.body["givenName"], format!("N{at}"));
        let plain = graph
            .bare("GET", &format!("{}/{id}", contacts(&folder)), &[], None)
            .await;
        assert_eq!(plain.body["givenName"], format!("N{at}"));
        assert_ne!(plain.id(), *id);
    }
}

#[tokio::test]
async fn an_id_in_another_case_is_another_id() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    let id = graph.contact(&folder, "Zoe", "r1").await.id();
    let upper = format!("{}{}", &id[..8], id[8..].to_uppercase());
    let answer = graph.get(&format!("{}/{upper}", contacts(&folder))).await;
    assert_eq!((answer.status, answer.code()), (404, "ErrorItemNotFound"));
}

#[tokio::test]
async fn ids_hold_signs_that_a_path_may_encode() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    let id = graph.contact(&folder, "Zoe", "r1").await.id();
    assert!(id.contains('='), "{id}");
    let encoded = format!("{}/{}", contacts(&folder), id.replace('=', "%3D"));
    assert_eq!(graph.get(&encoded).await.id(), id);
}

#[tokio::test]
async fn a_name_with_a_sign_of_the_url_has_to_be_written_in_its_own_way() {
    let users = json!([
        {"userPrincipalName": "$ash@contoso.example"},
        {"userPrincipalName": "zoe_x.example#EXT#@contoso.example"},
        {"userPrincipalName": "a+b@contoso.example"},
    ]);
    let graph = Graph::with(&json!({"users": users})).await;
    for path in [
        "/users('$ash@contoso.example')/contactFolders",
        "/users('%24ash@contoso.example')/contactFolders",
        "/users/zoe_x.example%23EXT%23@contoso.example/contactFolders",
        // In a path a plus sign is one.
        "/users/a+b@contoso.example/contactFolders",
        "/users/a%2Bb%40contoso.example/contactFolders",
    ] {
        assert_eq!(graph.get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn a_mailbox_that_is_not_there_has_a_code_for_each_reason() {
    let graph = Graph::new().await;
    for (user, code) in [
        ("nobody@contoso.example", "ErrorInvalidUser"),
        ("3f0e2b4e-1d3a-4a55-8b5e-3a8f5b9a7c33", "ResourceNotFound"),
        ("guest@contoso.example", "MailboxNotEnabledForRESTAPI"),
    ] {
        let answer = graph.get(&format!("/users/{user}/contactFolders")).await;
        assert_eq!((answer.status, answer.code()), (404, code), "{user}");
    }
    graph.edit(&json!({"do": "delete_user", "user": ADA}));
    let answer = graph.get(&format!("/users/{ADA}/contactFolders")).await;
    assert_eq!((answer.status, answer.code()), (404, "ErrorInvalidUser"));
}

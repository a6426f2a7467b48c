//! Versions of contacts: what moves them, and what they guard.

use serde_json::json;

use crate::graph_support::{ADA, Graph, contacts};

#[tokio::test]
async fn the_etag_is_the_change_key() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    let made = graph.contact(&folder, "Zoe", "r1").await;
    let key = made.body["changeKey"].as_str().unwrap();
    assert_eq!(made.etag(), format!("W/\"{key}\""));
}

#[tokio::test]
async fn a_stale_etag_is_refused_on_patch_and_delete() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    let made = graph.contact(&folder, "Zoe", "r1").await;
    let path = format!("{}/{}", contacts(&folder), made.id());
    let changed = graph
        .patch(&path, &made.etag(), &json!({"jobTitle": "Pilot"}))
        .await;
    assert_ne!(changed.etag(), made.etag());
    let answer = graph
        .patch(&path, &made.etag(), &json!({"jobTitle": "Cook"}))
        .await;
    assert_eq!((answer.status, answer.code()), (412, "ErrorIrresolvableConflict"));
    let headers = [("prefer", "IdType=\"ImmutableId\""), ("if-match", &*made.etag())];
    assert_eq!(graph.bare("DELETE", &path, &headers, None).await.status, 412);
    assert_eq!(graph.get(&path).await.body["jobTitle"], "Pilot");
    let headers = [
        ("prefer", "IdType=\"ImmutableId\""),
        ("if-match", &*changed.etag()),
    ];
    assert_eq!(graph.bare("DELETE", &path, &headers, None).await.status, 204);
}

#[tokio::test]
async fn a_patch_that_changes_nothing_makes_a_version_and_is_counted() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    let made = graph.contact(&folder, "Zoe", "r1").await;
    let path = format!("{}/{}", contacts(&folder), made.id());
    let answer = graph
        .call("PATCH", &path, Some(&json!({"givenName": "Zoe"})))
        .await;
    assert_ne!(answer.etag(), made.etag());
    assert_eq!(
        (
            graph.count("noop_updates"),
            graph.count("updates_without_if_match")
        ),
        (1, 1)
    );
}

#[tokio::test]
async fn the_change_key_moves_once_more_some_seconds_after_a_write() {
    let graph = Graph::with(&json!({"secondBumpSeconds": 5})).await;
    let folder = graph.folder().await;
    let made = graph.contact(&folder, "Zoe", "r1").await;
    let path = format!("{}/{}", contacts(&folder), made.id());
    graph.advance(4);
    assert_eq!(graph.get(&path).await.etag(), made.etag());
    graph.advance(1);
    let later = graph.get(&path).await;
    assert_ne!(later.etag(), made.etag());
    assert_eq!(
        later.body["lastModifiedDateTime"],
        made.body["lastModifiedDateTime"]
    );
    assert_eq!(later.body["givenName"], "Zoe");
    graph.advance(100);
    assert_eq!(graph.get(&path).await.etag(), later.etag());
}

#[tokio::test]
async fn the_second_change_comes_at_a_drawn_time_and_may_be_right_behind_the_answer() {
    let graph = Graph::with(&json!({"secondBumpSeconds": [0, 3]})).await;
    let folder = graph.folder().await;
    let mut moved_after = [0; 4];
    for at in 0..40 {
        let made = graph.contact(&folder, "Zoe", &format!("r{at}")).await;
        let path = format!("{}/{}", contacts(&folder), made.id());
        let mut waited = 0;
        while graph.get(&path).await.etag() == made.etag() {
            graph.advance(1);
            waited += 1;
        }
        moved_after[waited] += 1;
        let stale = graph.patch(&path, &made.etag(), &json!({"jobTitle": "x"})).await;
        assert_eq!(stale.status, 412, "the key of the answer is not good any more");
    }
    assert!(moved_after.iter().all(|times| *times > 0), "{moved_after:?}");
}

#[tokio::test]
async fn last_modified_can_move_without_an_edit() {
    let graph = Graph::with(&json!({"secondBumpSeconds": 5, "lastModifiedChurn": true})).await;
    let folder = graph.folder().await;
    let made = graph.contact(&folder, "Zoe", "r1").await;
    let path = format!("{}/{}", contacts(&folder), made.id());
    graph.advance(60);
    let later = graph.get(&path).await;
    assert_eq!(later.body["lastModifiedDateTime"], "2026-10-01T09:00:05Z");
    graph.edit(&json!({"do": "touch", "user": ADA, "folder": folder}));
    let touched = graph.get(&path).await;
    assert_eq!(touched.body["lastModifiedDateTime"], "2026-10-01T09:01:00Z");
    assert_ne!(touched.etag(), later.etag());
}

#[tokio::test]
async fn another_seed_draws_other_times() {
    let times = async |seed| {
        let graph = Graph::seeded(seed, &json!({"secondBumpSeconds": [0, 9]})).await;
        let folder = graph.folder().await;
        let mut times = Vec::new();
        for at in 0..10 {
            let made = graph.contact(&folder, "Zoe", &format!("r{at}")).await;
            let path = format!("{}/{}", contacts(&folder), made.id());
            let mut waited = 0;
            while graph.get(&path).await.etag() == made.etag() {
                graph.advance(1);
                waited += 1;
            }
            times.push(waited);
        }
        times
    };
    assert_eq!(times(7).await, times(7).await);
    assert_ne!(times(7).await, times(8).await);
}

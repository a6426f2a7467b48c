//! What people do outside the API, and the state document.

use emulators::core::service::Service as _;
use serde_json::{Value, json};

use crate::graph_support::{ADA, Graph, contacts};

fn folders(graph: &Graph) -> Vec<Value> {
    graph.emulator.state()["tenants"][0]["users"][0]["folders"]
        .as_array()
        .unwrap()
        .clone()
}

#[tokio::test]
async fn the_state_shows_folders_contacts_and_markers() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    graph.contact(&folder, "Zoe", "r1").await;
    let found = folders(&graph);
    let own = found.iter().find(|entry| entry["id"] == json!(folder)).unwrap();
    assert_eq!(own["marker"], "c1");
    assert_eq!(own["trashed"], false);
    assert_eq!(own["contacts"][0]["marker"], "r1");
    assert_eq!(own["contacts"][0]["givenName"], "Zoe");
    graph.edit(&json!({"do": "delete_folder", "user": ADA, "folder": "Zoho CRM Contacts"}));
    let own = folders(&graph)
        .into_iter()
        .find(|entry| entry["id"] == json!(folder))
        .unwrap();
    assert_eq!(own["trashed"], true);
}

#[tokio::test]
async fn an_owner_edits_in_outlook_without_touching_the_apps_counters() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    let before = graph.emulator.counters();
    let body = json!({"givenName": "Mum", "mobilePhone": "1"});
    let made = graph
        .edit(&json!({"do": "create_contact", "user": ADA, "folder": "Zoho CRM Contacts", "contact": body}));
    assert_eq!(made["displayName"], "Mum");
    assert_eq!(made["marker"], Value::Null);
    graph.edit(&json!({"do": "update_contact", "user": ADA, "contact": "Mum", "set": {"mobilePhone": "2"}}));
    assert_eq!(graph.emulator.counters(), before);
    let list = graph.get(&contacts(&folder)).await;
    assert_eq!(list.rows()[0]["mobilePhone"], "2");
    graph.edit(&json!({"do": "delete_contact", "user": ADA, "contact": made["id"], "permanently": true}));
    assert!(graph.get(&contacts(&folder)).await.rows().is_empty());
}

#[tokio::test]
async fn outlook_numbers_a_deleted_folder_whose_name_is_taken() {
    let graph = Graph::new().await;
    for _ in 0..2 {
        graph.folder().await;
        graph.edit(&json!({"do": "delete_folder", "user": ADA, "folder": "Zoho CRM Contacts"}));
    }
    let names: Vec<Value> = folders(&graph)
        .iter()
        .map(|entry| entry["displayName"].clone())
        .collect();
    assert_eq!(
        names,
        [
            "Contacts",
            "Deleted Items",
            "Zoho CRM Contacts",
            "Zoho CRM Contacts1"
        ]
    );
}

#[tokio::test]
async fn an_unknown_edit_is_refused_before_anything_happens() {
    let graph = Graph::new().await;
    let before = graph.emulator.state();
    for (action, text) in [
        (json!({"do": "explode"}), "do: unknown action explode"),
        (json!({"user": ADA}), "do: is required"),
        (
            json!({"do": "empty_deleted_items", "user": "x@y.example"}),
            "user: not found in any tenant",
        ),
        (
            json!({"do": "create_folder", "user": ADA, "displayName": "A", "colour": 1}),
            "colour: unknown member of create_folder",
        ),
        (
            json!({"do": "delete_contact", "user": ADA, "contact": "Nobody"}),
            "contact: no contact Nobody",
        ),
        (
            json!({"do": "delete_folder", "user": ADA, "folder": "contacts"}),
            "folder: this folder cannot be changed",
        ),
    ] {
        assert_eq!(graph.emulator.edit(&action).unwrap_err().to_string(), text);
    }
    assert_eq!(graph.emulator.state(), before);
}

#[tokio::test]
async fn options_change_in_a_running_world_and_reset_forgets_all() {
    let graph = Graph::new().await;
    graph.edit(&json!({"do": "set_options", "throttle": {"requests": 0}}));
    assert_eq!(
        graph.get(&format!("/users/{ADA}/contactFolders")).await.status,
        429
    );
    graph.emulator.reset();
    assert_eq!(graph.emulator.state(), json!({"tenants": []}));
    assert!(graph.emulator.counters().values().all(|count| *count == 0));
    assert_eq!(graph.get("/organization").await.status, 401);
}

#[tokio::test]
async fn a_world_can_bring_contacts_and_folders_of_its_own() {
    let user = json!({
        "userPrincipalName": ADA,
        "contacts": [{"givenName": "Mum"}],
        "folders": [{"displayName": "Friends", "contacts": [{"givenName": "Zoe"}, {"givenName": "Yan"}]}],
    });
    let graph = Graph::with(&json!({"users": [user]})).await;
    let found = graph.get(&format!("/users/{ADA}/contactFolders")).await;
    let friends = found.rows()[0]["id"].as_str().unwrap();
    assert_eq!(graph.get(&contacts(friends)).await.rows().len(), 2);
    assert_eq!(
        graph.get(&format!("/users/{ADA}/contacts")).await.rows()[0]["displayName"],
        "Mum"
    );
}

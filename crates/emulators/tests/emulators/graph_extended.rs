//! Extended properties: written once, never echoed, found by a filter of one form.

use serde_json::json;

use crate::graph_support::{ADA, Graph, MARKER, by_marker, contacts};

const GUID: &str = "{6f1c8a52-3d0b-4c7e-9a41-5be2c07d9f13}";

async fn found(graph: &Graph, path: &str, filter: &str) -> usize {
    let answer = graph.get(&format!("{path}?$filter={filter}")).await;
    assert_eq!(answer.status, 200, "{filter}: {}", answer.body);
    answer.rows().len()
}

#[tokio::test]
async fn the_value_is_found_without_case_and_the_name_with_it() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    graph.contact(&folder, "Zoe", "v1 S 42").await;
    let path = contacts(&folder);
    for (filter, rows) in [
        (by_marker("V1 s 42"), 1),
        (by_marker("v1 S 42").replace(GUID, &GUID.to_uppercase()), 1),
        (by_marker("v1 S 42").replace("/Any(", "/any("), 1),
        (by_marker("v1 S 42").replace("CrmlinkMarker", "CRMLINKMARKER"), 0),
        (by_marker("v1 S 42").replace("String {", "Integer {"), 0),
        (by_marker("v1 S"), 0),
        (format!("{} and givenName eq 'Zoe'", by_marker("v1 S 42")), 1),
        (format!("{} and givenName eq 'Yan'", by_marker("v1 S 42")), 0),
    ] {
        assert_eq!(found(&graph, &path, &filter).await, rows, "{filter}");
    }
    let any = format!("singleValueExtendedProperties/Any(ep: ep/id eq '{MARKER}' and ep/value ne null)");
    assert_eq!(found(&graph, &path, &any).await, 1);
    let folders = format!("/users/{ADA}/contactFolders");
    assert_eq!(found(&graph, &folders, &by_marker("C1")).await, 1);
}

#[tokio::test]
async fn the_filter_has_one_form_and_no_other() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    graph.contact(&folder, "Zoe", "r1").await;
    let within = |inner: &str| format!("singleValueExtendedProperties/Any(ep: {inner})");
    for odd in [
        within(&format!("ep/id eq '{MARKER}'")),
        within("ep/value eq 'r1'"),
        within(&format!("ep/id eq '{MARKER}' or ep/value eq 'r1'")),
        within(&format!("ep/id eq '{MARKER}' and ep/value gt 'r1'")),
        within(&format!("ep/id eq '{MARKER}' and ep/value ne 'r1'")),
        within(&format!("ep/id eq '{MARKER}' and contains(ep/value,'r')")),
        within("ep/id eq 'CrmlinkMarker' and ep/value eq 'r1'"),
        format!("not {}", by_marker("r1")),
        format!("({}", by_marker("r1")),
        "multiValueExtendedProperties/Any(ep: ep/id eq 'x' and ep/value eq 'r1')".to_owned(),
    ] {
        let answer = graph.get(&format!("{}?$filter={odd}", contacts(&folder))).await;
        assert_eq!(answer.status, 400, "{odd}");
    }
}

#[tokio::test]
async fn no_call_shows_an_extended_property_that_it_does_not_name() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    let made = graph.contact(&folder, "Zoe", "r1").await;
    let path = format!("{}/{}", contacts(&folder), made.id());
    let member = "singleValueExtendedProperties";
    assert!(made.body.get(member).is_none(), "not echoed");
    for query in ["", "?$select=id,givenName"] {
        assert!(
            graph
                .get(&format!("{path}{query}"))
                .await
                .body
                .get(member)
                .is_none()
        );
        let listed = graph.get(&format!("{}{query}", contacts(&folder))).await;
        assert!(listed.rows()[0].get(member).is_none());
    }
    let other = MARKER.replace("CrmlinkMarker", "Other");
    let expand = |id: &str| format!("{path}?$expand={member}($filter=id eq '{id}')");
    assert!(graph.get(&expand(&other)).await.body.get(member).is_none());
    let shown = graph.get(&expand(MARKER)).await.body[member].clone();
    assert_eq!(shown, json!([{"id": MARKER, "value": "r1"}]));
    let both = format!("{path}?$expand={member}($filter=id eq '{MARKER}' or id eq '{other}')");
    assert_eq!(graph.get(&both).await.body[member], shown);
    assert_eq!(graph.get(&format!("{path}?$expand={member}")).await.status, 400);
    assert_eq!(graph.get(&format!("{path}?$select={member}")).await.status, 400);
}

#[tokio::test]
async fn a_write_keeps_the_extended_properties_that_it_does_not_name() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    let made = graph.contact(&folder, "Zoe", "r1").await;
    let path = format!("{}/{}", contacts(&folder), made.id());
    let other = MARKER.replace("CrmlinkMarker", "Other");
    let change = json!({"singleValueExtendedProperties": [{"id": other, "value": "x"}]});
    assert_eq!(graph.patch(&path, &made.etag(), &change).await.status, 200);
    assert_eq!(found(&graph, &contacts(&folder), &by_marker("r1")).await, 1);
    let change = json!({"singleValueExtendedProperties": [{"id": MARKER, "value": "r2"}]});
    assert_eq!(graph.patch(&path, "*", &change).await.status, 200);
    assert_eq!(found(&graph, &contacts(&folder), &by_marker("r1")).await, 0);
    assert_eq!(found(&graph, &contacts(&folder), &by_marker("r2")).await, 1);
}

//! What the change query does to clients that trust it.

use serde_json::{Value, json};

use crate::graph_support::{ADA, Answer, Graph, contacts};

fn start(folder: &str) -> String {
    format!("{}/delta", contacts(folder))
}

impl Graph {
    async fn folder_of(&self, names: &[&str]) -> (String, Vec<String>) {
        let folder = self.folder().await;
        let mut ids = Vec::new();
        for name in names {
            ids.push(self.contact(&folder, name, name).await.id());
        }
        (folder, ids)
    }

    fn outlook(&self, contact: &str, set: &Value) {
        self.edit(&json!({"do": "update_contact", "user": ADA, "contact": contact, "set": set}));
    }
}

fn next(answer: &Answer) -> String {
    answer.link("@odata.nextLink").expect("another page")
}

fn saved(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.link("@odata.deltaLink").expect("the end of the round")
}

#[tokio::test]
async fn a_selection_narrows_what_counts_as_a_change() {
    let graph = Graph::with(&json!({"secondBumpSeconds": 5})).await;
    let (folder, ids) = graph.folder_of(&["Zoe", "Yan"]).await;
    graph.advance(10);
    let narrow = graph.get(&format!("{}?$select=jobTitle", start(&folder))).await;
    let wide = graph
        .get(&format!("{}?$select=jobTitle,changeKey", start(&folder)))
        .await;
    assert_eq!((narrow.rows().len(), wide.rows().len()), (2, 2));
    graph.outlook(&ids[0], &json!({"mobilePhone": "1"}));
    let wide = graph.get(&saved(&wide)).await;
    assert_eq!(wide.rows().len(), 1, "the change key is one of the selected");
    let narrow = graph.get(&saved(&narrow)).await;
    assert_eq!(narrow.rows().len(), 0, "no selected property changed");
    graph.outlook(&ids[0], &json!({"jobTitle": "Pilot"}));
    graph.outlook(&ids[0], &json!({"mobilePhone": "2"}));
    graph.advance(10);
    let narrow = graph.get(&saved(&narrow)).await;
    assert_eq!(narrow.rows().len(), 1, "hidden by none of the later changes");
    assert_eq!(narrow.rows()[0]["jobTitle"], "Pilot");
    // What comes into the folder shows whatever is selected, and so does what leaves.
    let made = graph.contact(&folder, "Xia", "r3").await.id();
    graph.delete(&format!("{}/{}", contacts(&folder), ids[1])).await;
    let narrow = graph.get(&saved(&narrow)).await;
    let shown: Vec<&Value> = narrow.rows().iter().map(|row| &row["id"]).collect();
    assert_eq!(shown, [&json!(made), &json!(ids[1])]);
    let generous = json!({"do": "set_options", "delta": {"selectNarrows": false}});
    graph.edit(&generous);
    graph.outlook(&made, &json!({"mobilePhone": "3"}));
    assert_eq!(graph.get(&saved(&narrow)).await.rows().len(), 1);
}

#[tokio::test]
async fn the_page_size_is_asked_for_page_by_page() {
    let graph = Graph::new().await;
    let names: Vec<String> = (0..20).map(|at| format!("N{at}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (folder, _) = graph.folder_of(&names).await;
    let sized = |size: u32| format!("IdType=\"ImmutableId\", odata.maxpagesize={size}");
    let of = async |path: &str, size: u32| graph.bare("GET", path, &[("prefer", &sized(size))], None).await;
    let first = of(&start(&folder), 3).await;
    assert_eq!(first.rows().len(), 3);
    let second = graph.get(&next(&first)).await;
    assert_eq!(second.rows().len(), 10, "not asked for again, so the default");
    let third = of(&next(&second), 5).await;
    assert_eq!(third.rows().len(), 5);
}

#[tokio::test]
async fn the_preference_for_ids_counts_on_each_page_alone() {
    let graph = Graph::new().await;
    let names: Vec<String> = (0..11).map(|at| format!("N{at}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (folder, ids) = graph.folder_of(&names).await;
    let first = graph.get(&start(&folder)).await;
    assert_eq!(first.rows()[9]["id"], json!(ids[9]));
    let second = graph.bare("GET", &next(&first), &[], None).await;
    assert_ne!(second.rows()[0]["id"], json!(ids[10]), "another kind of id");
    assert_eq!(second.rows()[0]["givenName"], "N10");
}

#[tokio::test]
async fn links_are_good_as_they_are_and_in_no_other_form() {
    let graph = Graph::new().await;
    let names: Vec<String> = (0..11).map(|at| format!("N{at}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (folder, _) = graph.folder_of(&names).await;
    let ada = graph.get(&format!("/users/{ADA}")).await.id();
    let page = graph.get(&start(&folder)).await;
    let link = next(&page);
    for other in [
        link.replace(ADA, &ada),
        link.replace('@', "%40"),
        link.replace("$skiptoken", "$deltatoken"),
        format!("{link}&x=1"),
        link.rsplit_once('.').unwrap().0.to_owned(),
        link[..link.len() - 1].to_owned(),
    ] {
        let answer = graph.get(&other).await;
        assert_eq!(
            (answer.status, answer.code()),
            (400, "SyncStateInvalid"),
            "{other}"
        );
    }
    assert_eq!(graph.get(&link).await.rows().len(), 1);

    let list = graph
        .get(&format!("{}?$select=id&$top=5", contacts(&folder)))
        .await;
    let link = next(&list);
    for other in [
        link.replace("$select=id", "$select=givenName"),
        link.replace("$top=5", "$top=6"),
        link.replace("$select=id&", ""),
        link.replace("$select", "%24select") + "&$count=true",
    ] {
        assert_eq!(graph.get(&other).await.status, 400, "{other}");
    }
    assert_eq!(graph.get(&link).await.rows().len(), 5);
}

#[tokio::test]
async fn links_lead_to_the_host_that_was_asked() {
    let graph = Graph::new().await;
    let (folder, _) = graph.folder_of(&["Zoe"]).await;
    let answer = graph.get(&start(&folder)).await;
    let link = answer.body["@odata.deltaLink"].as_str().unwrap();
    assert!(link.starts_with("http://graph.test/v1.0/"), "{link}");
    let request = http::Request::get(format!("/v1.0{}", start(&folder)))
        .header("host", "gov.example:8443")
        .header("authorization", format!("Bearer {}", graph.token))
        .body(axum::body::Body::empty());
    let other = graph.send(request.unwrap()).await;
    let link = other.body["@odata.deltaLink"].as_str().unwrap();
    assert!(link.starts_with("http://gov.example:8443/v1.0/"), "{link}");
}

#[tokio::test]
async fn a_link_that_is_too_old_has_one_of_several_codes() {
    for (status, code) in [
        (410, "SyncStateNotFound"),
        (410, "resyncRequired"),
        (410, "ResyncRequired"),
        (400, "SyncStateInvalid"),
        (404, "SyncStateNotFound"),
    ] {
        let delta = json!({"expiredStatus": status, "expiredCode": code});
        let graph = Graph::with(&json!({"secondBumpSeconds": 0, "delta": delta})).await;
        let (folder, _) = graph.folder_of(&["Zoe"]).await;
        let link = saved(&graph.get(&start(&folder)).await);
        graph.edit(&json!({"do": "expire_delta_tokens", "user": ADA}));
        let answer = graph.get(&link).await;
        assert_eq!((answer.status, answer.code()), (status, code));
        assert!(answer.headers.contains_key("location"));
    }
}

#[tokio::test]
async fn a_change_can_take_its_time_to_show() {
    let graph = Graph::with(&json!({"secondBumpSeconds": 0, "delta": {"delaySeconds": 60}})).await;
    let (folder, ids) = graph.folder_of(&["Zoe"]).await;
    let empty = graph.get(&start(&folder)).await;
    assert_eq!(empty.rows().len(), 0, "made, but not seen yet");
    graph.advance(60);
    let first = graph.get(&saved(&empty)).await;
    assert_eq!(first.rows()[0]["id"], json!(ids[0]));
    graph.delete(&format!("{}/{}", contacts(&folder), ids[0])).await;
    graph.advance(59);
    assert_eq!(graph.get(&saved(&first)).await.rows().len(), 0);
    graph.advance(1);
    assert!(
        graph.get(&saved(&first)).await.rows()[0]
            .get("@removed")
            .is_some()
    );
}

#[tokio::test]
async fn the_removal_of_the_last_contact_can_be_missing() {
    let delta = json!({"losesLastRemoval": true});
    let graph = Graph::with(&json!({"secondBumpSeconds": 0, "delta": delta})).await;
    let (folder, ids) = graph.folder_of(&["Zoe", "Yan"]).await;
    let mut round = graph.get(&start(&folder)).await;
    for (id, told) in [(&ids[0], 1), (&ids[1], 0)] {
        graph.delete(&format!("{}/{id}", contacts(&folder))).await;
        round = graph.get(&saved(&round)).await;
        assert_eq!(round.rows().len(), told);
    }
    assert!(
        graph.get(&contacts(&folder)).await.rows().is_empty(),
        "a listing tells it"
    );
}

#[tokio::test]
async fn the_entries_of_a_page_can_come_in_no_order() {
    let names: Vec<String> = (0..9).map(|at| format!("N{at}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let delta = json!({"unordered": true});
    let graph = Graph::with(&json!({"secondBumpSeconds": 0, "delta": delta})).await;
    let (folder, ids) = graph.folder_of(&names).await;
    let page = graph.get(&start(&folder)).await;
    let mut shown: Vec<&str> = page
        .rows()
        .iter()
        .map(|row| row["id"].as_str().unwrap())
        .collect();
    assert_ne!(shown, ids);
    shown.sort_unstable();
    let mut ids = ids.clone();
    ids.sort_unstable();
    assert_eq!(shown, ids);
}

#[tokio::test]
async fn a_page_can_repeat_for_ever() {
    let graph = Graph::new().await;
    let (folder, _) = graph.folder_of(&["Zoe"]).await;
    graph.edit(&json!({"do": "loop_delta", "user": ADA, "folder": folder, "pages": 0}));
    let first = graph.get(&start(&folder)).await;
    let mut link = next(&first);
    for _ in 0..100 {
        let page = graph.get(&link).await;
        assert_eq!(page.rows(), first.rows());
        assert_eq!(next(&page), link, "the same page under the same link");
        link = next(&page);
    }
}

#[tokio::test]
async fn a_folder_that_is_gone_tells_of_no_removals_but_has_a_code_of_its_own() {
    for trashed in ["visible", "hidden"] {
        let graph = Graph::with(&json!({"secondBumpSeconds": 0, "trashedFolders": trashed})).await;
        let (folder, _) = graph.folder_of(&["Zoe", "Yan"]).await;
        let link = saved(&graph.get(&start(&folder)).await);
        graph.edit(&json!({"do": "delete_folder", "user": ADA, "folder": folder}));
        let answer = graph.get(&link).await;
        if trashed == "visible" {
            assert_eq!(answer.rows().len(), 0, "all is as it was, in Deleted Items");
        } else {
            assert_eq!((answer.status, answer.code()), (404, "ErrorSyncFolderNotFound"));
        }
        graph.edit(&json!({"do": "empty_deleted_items", "user": ADA}));
        let answer = graph.get(&link).await;
        assert_eq!((answer.status, answer.code()), (404, "ErrorSyncFolderNotFound"));
    }
}

//! The tree of contact folders.

use msgraph::{Error, MARKER_PROPERTY};
use serde_json::{Value, json};

use crate::support::{BASE, Fixture, Say, Seen, batched, error, refusal};

fn listing(ids: &[&str]) -> Value {
    let folder =
        |id: &&str| json!({ "id": id, "displayName": format!("the folder {id}"), "parentFolderId": "p" });
    json!({ "value": ids.iter().map(folder).collect::<Vec<_>>() })
}

/// The folder whose children a part of a batch asks for.
fn parent(part: &Value) -> String {
    let url = part["url"].as_str().unwrap();
    let path = url.split_once("/childFolders?$top=250&$select=id,").unwrap().0;
    path.rsplit_once('/').unwrap().1.to_owned()
}

/// Answers the first listing with `top`, and each question for children with what `children` says.
fn mailbox(top: Value, children: impl Fn(&str) -> (u16, Value) + Send + Sync + 'static) -> Fixture {
    Fixture::new(move |seen: &Seen| {
        if !seen.uri.ends_with("$batch") {
            return Say::Json(200, top.clone());
        }
        batched(seen, |part| {
            let (status, body) = children(&parent(part));
            json!({ "status": status, "body": body })
        })
    })
}

async fn tree(fixture: &Fixture) -> Result<Vec<String>, Error> {
    let folders = fixture.mailbox().contact_folders().tree().await?;
    Ok(folders.into_iter().map(|folder| folder.id).collect())
}

#[tokio::test]
async fn folders_are_found_however_deep_a_level_at_a_time() {
    let fixture = mailbox(listing(&["a", "b", "c"]), |parent| match parent {
        "a" => (200, listing(&["aa", "ab"])),
        "ab" => (200, listing(&["aba"])),
        // Moved below its sister while the walk went on.
        "b" => (200, listing(&["c"])),
        // Deleted since it was listed.
        "c" => (404, refusal("ErrorItemNotFound")),
        _ => (200, listing(&[])),
    });
    assert_eq!(tree(&fixture).await.unwrap(), ["a", "b", "c", "aa", "ab", "aba"]);
    let seen = fixture.service.seen();
    assert_eq!(seen.len(), 4, "one listing and one batch for each level");
    assert!(seen[1].parts()[0]["url"].as_str().unwrap().contains("$expand="));
}

#[tokio::test]
async fn children_of_several_pages_are_read_to_the_end_with_their_markers() {
    let fixture = Fixture::new(|seen| {
        if seen.uri.ends_with("$batch") {
            let next = format!("{BASE}/users/u-1/contactFolders/a/childFolders?$skip=1");
            batched(seen, |part| {
                let mut body = listing(&[]);
                if parent(part) == "a" {
                    body["@odata.nextLink"] = next.as_str().into();
                }
                json!({ "status": 200, "body": body })
            })
        } else if seen.uri.contains("$skip=1") {
            let mut body = listing(&["aa"]);
            body["value"][0]["singleValueExtendedProperties"] =
                json!([{ "id": MARKER_PROPERTY, "value": "v1 s" }]);
            Say::Json(200, body)
        } else {
            Say::Json(200, listing(&["a"]))
        }
    });
    let folders = fixture.mailbox().contact_folders().tree().await.unwrap();
    assert_eq!(folders[1].marker.as_deref(), Some("v1 s"));
}

#[tokio::test]
async fn a_part_of_the_folders_is_never_taken_for_all() {
    let fixture = mailbox(listing(&["a", "b"]), |parent| match parent {
        "b" => (403, refusal("ErrorAccessDenied")),
        _ => (200, listing(&[])),
    });
    assert!(matches!(tree(&fixture).await, Err(Error::AccessDenied(_))));

    let fixture = mailbox(listing(&["a"]), |_| (404, refusal("BadRequest")));
    assert!(matches!(tree(&fixture).await, Err(Error::NotFound(_))));

    let many: Vec<String> = (0..1_001).map(|n| n.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let fixture = mailbox(listing(&["a"]), {
        let many = listing(&many);
        move |_| (200, many.clone())
    });
    assert!(matches!(tree(&fixture).await, Err(Error::Unaskable(_))));

    let fixture = Fixture::new(|_| error(404, "ErrorInvalidUser"));
    assert!(matches!(tree(&fixture).await, Err(Error::UserNotFound(_))));
}

#[tokio::test]
async fn folders_that_lie_in_each_other_end_the_walk() {
    let fixture = mailbox(listing(&["a"]), |parent| match parent {
        "a" => (200, listing(&["b"])),
        _ => (200, listing(&["a"])),
    });
    assert_eq!(tree(&fixture).await.unwrap(), ["a", "b"]);
}

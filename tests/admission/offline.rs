//! `crmlink check` and the API server agree. Each object that a test of this tier has accepted or refused goes through
//! both; here is what only strict validation, as `kubectl apply` asks for it, refuses.

use std::process::Stdio;

use kube::api::{DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::objects::{UUID, full_sync, full_tenant, invite, mapping, sync, tenant};
use crate::support::Server;

/// What `crmlink check` says about an object, a line each; not what the operator alone would say.
pub(crate) async fn said(object: &Value) -> Vec<String> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_crmlink"))
        .args(["check", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(object.to_string().as_bytes()).await.unwrap();
    drop(input);
    let output = child.wait_with_output().await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let expected = i32::from(!text.is_empty());
    assert_eq!(output.status.code(), Some(expected), "{text}");
    let lines = text.lines().filter(|line| !line.contains(" MappingInvalid: "));
    lines.map(str::to_owned).collect()
}

/// Whether the API server takes an object that is applied as people apply it.
async fn is_taken(server: &Server, object: &Value) -> Result<(), String> {
    let parameters = PatchParams::apply("kubectl").dry_run().validation_strict();
    let read: Result<DynamicObject, _> = serde_json::from_value(object.clone());
    // Such as an annotation that is no text: the server's decoder refuses it as ours does.
    read.map_err(|error| error.to_string())?;
    let name = object["metadata"]["name"].as_str().unwrap();
    let applied = server
        .dynamic(object)
        .patch(name, &parameters, &Patch::Apply(object))
        .await;
    applied.map(drop).map_err(|error| error.to_string())
}

/// Syncs, and whether they are right.
fn syncs() -> Vec<(bool, Value)> {
    let named = |name: &str| {
        let mut object = sync(json!({}));
        object["metadata"]["name"] = json!(name);
        object
    };
    let annotated = |value: Value| {
        let mut object = sync(json!({}));
        object["metadata"]["annotations"] = json!({ "crmlink.dev/reenable": value });
        object
    };
    let with = |path: &str, value: Value| {
        let mut object = full_sync();
        *object.pointer_mut(path).unwrap() = value;
        object
    };
    vec![
        (true, full_sync()),
        (true, full_tenant()),
        (true, annotated(json!("2"))),
        (false, annotated(json!(2))),
        (true, named("a.b-c")),
        (false, named("Mary")),
        (false, named("mary_p")),
        (false, named("-a")),
        (false, sync(json!({ "usr": "mary@example.com" }))),
        (false, with("/spec/guard", json!({ "maxDeletes": 1 }))),
        (false, with("/spec/suspend", json!("yes"))),
        (false, with("/spec/suspend", json!(1))),
        (false, with("/spec/initialSync/maxItems", json!(1.5))),
        (false, with("/spec/initialSync/maxItems", json!("5000"))),
        (false, with("/spec/initialSync/maxItems", json!(10_001))),
        (true, with("/spec/initialSync/maxItems", json!(10_000))),
        (false, with("/spec/interval", json!("29s"))),
        (true, with("/spec/interval", json!("0.5h"))),
        (false, with("/spec/interval", json!("5"))),
        (false, with("/spec/folderName", json!(" CRM"))),
        (false, with("/spec/folderName", json!("x".repeat(256)))),
        (true, with("/spec/folderName", json!("ü".repeat(255)))),
        (true, with("/spec/user", json!("ma\u{a0}ry@example.com"))),
        (false, with("/spec/user", json!("ma ry@example.com"))),
        (
            false,
            with("/spec/mapping/exclude", json!(["birthday", "birthday"])),
        ),
        (false, with("/spec/mapping/exclude", json!("birthday"))),
        (
            false,
            with(
                "/spec/approvedPlans",
                json!(["0123456789abcdef", "0123456789abcdef"]),
            ),
        ),
        (
            false,
            mapping(
                json!({ "fields": [{ "office": "nickName", "crm": "A" }, { "office": "nickName", "crm": "B" }] }),
            ),
        ),
    ]
}

/// Mappings, tenants and invites, and whether they are right.
fn others() -> Vec<(bool, Value)> {
    let link = |user: &str| json!({ "user": user, "crmUser": "mary@example.org" });
    vec![
        (false, mapping(json!({ "base": "None" }))),
        (
            true,
            tenant(json!({ "accountLinks": [link("a@example.com"), link("b@example.com")] })),
        ),
        (
            false,
            tenant(json!({ "accountLinks": [link("a@example.com"), link("a@example.com")] })),
        ),
        (
            true,
            tenant(json!({ "allowedNamespaces": { "from": "Selector", "selector": {} } })),
        ),
        (
            false,
            tenant(json!({ "allowedNamespaces": { "from": "Selector", "selector": { "labels": {} } } })),
        ),
        (
            false,
            tenant(
                json!({ "allowedNamespaces": { "from": "Selector", "selector": { "matchLabels": { "a": true } } } }),
            ),
        ),
        (
            false,
            tenant(json!({ "approvedUsers": { "mode": "Everyone", "users": [UUID] } })),
        ),
        (
            false,
            invite(
                json!({ "type": "JoinRequest", "account": { "mode": "Link", "email": "mary@example.org" } }),
            ),
        ),
        (true, invite(json!({ "firstName": "ü".repeat(40) }))),
    ]
}

#[tokio::test]
async fn check_and_the_api_server_give_the_same_verdicts() {
    let server = Server::new().await;
    let mut disagreements = Vec::new();
    for (expected, object) in syncs().into_iter().chain(others()) {
        let taken = is_taken(&server, &object).await;
        let said = said(&object).await;
        if taken.is_ok() != expected || said.is_empty() != expected {
            disagreements.push(format!("{object}\n  server: {taken:?}\n  check: {said:?}"));
        }
    }
    assert!(disagreements.is_empty(), "{}", disagreements.join("\n"));
}

#[tokio::test]
async fn a_null_means_to_check_what_it_means_to_the_api_server() {
    let server = Server::new().await;
    for place in [
        "/spec/suspend",
        "/spec/mapping",
        "/spec/tenantRef",
        "/spec/mapping/fields/0/crm",
        "/spec/guard",
    ] {
        let mut object = full_sync();
        *object.pointer_mut(place).unwrap() = Value::Null;
        let taken = is_taken(&server, &object).await;
        let said = said(&object).await;
        assert_eq!(
            taken.is_ok(),
            said.is_empty(),
            "{place}: server {taken:?}, check {said:?}"
        );
    }
}

//! The contract check has to be able to fail: each kind of violation is planted once.

use std::path::Path;

use emulators::core::contract::{Direction, Violation};
use emulators::core::faults::{Answer, Rule};
use emulators::{Control, Emulators, Options, Running};
use serde_json::{Value, json};

use crate::core_probe;

/// Contracts of one path each, in the layout of the real ones; a correction makes Zoho's usable.
fn contracts(directory: &Path) {
    let thing = json!({ "type": "object", "properties": {
        "size": { "type": "integer" }, "origin": { "type": "string" }, "batched": { "type": "boolean" },
    } });
    let body =
        json!({ "content": { "application/json": { "schema": { "$ref": "#/components/schemas/thing" } } } });
    let graph = json!({
        "paths": { "/things/{id}": {
            "patch": { "requestBody": body, "responses": { "200": body } },
            "get": { "responses": { "200": body } },
        } },
        "components": { "schemas": { "thing": thing } },
    });
    let zoho = json!({
        "paths": { "/{module}": { "get": { "responses": { "200": body } } } },
        "components": { "schemas": { "thing": { "type": "null" }, "Patch_FlatError": { "type": "object" } } },
    });
    let corrections = json!([{ "op": "replace", "path": "/components/schemas/thing", "value": thing }]);
    let write = |path: &str, value: &Value| {
        let path = directory.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, value.to_string()).unwrap();
    };
    write("graph/graph-v1.0.json", &graph);
    write("zoho/zoho-crm-v8.json", &zoho);
    write("zoho/zoho-crm-v8.corrections.json", &corrections);
}

struct Setup {
    running: Running,
    control: Control,
    http: reqwest::Client,
    _directory: tempfile::TempDir,
}

impl Setup {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        contracts(directory.path());
        let options = Options {
            contracts: Some(directory.path().to_owned()),
            ..core_probe::options()
        };
        let running = Emulators::start(&options).unwrap();
        let control = Control::new(running.addresses().control.clone()).unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self {
            running,
            control,
            http,
            _directory: directory,
        }
    }

    async fn patch(&self, path: &str, body: &Value) {
        let url = format!("{}{path}", self.running.addresses().graph);
        self.http.patch(url).body(body.to_string()).send().await.unwrap();
    }

    async fn violations(&self) -> Vec<Violation> {
        let report = self.control.contracts().await.unwrap();
        assert!(report.loaded);
        assert_eq!(report.violation_count, report.violations.len() as u64);
        report.violations
    }
}

#[tokio::test]
async fn what_is_right_passes() {
    let setup = Setup::new();
    setup
        .patch("/v1.0/things/7", &json!({ "size": 1, "@odata.type": "#thing" }))
        .await;
    setup
        .http
        .get(format!("{}/crm/v8/Contacts", setup.running.addresses().zoho))
        .send()
        .await
        .unwrap();
    assert_eq!(setup.violations().await, vec![]);
    let report = setup.control.contracts().await.unwrap();
    assert_eq!((report.checked_requests, report.checked_answers), (2, 2));
}

#[tokio::test]
async fn a_misspelt_property_in_a_request_is_a_violation() {
    let setup = Setup::new();
    setup.patch("/v1.0/things/7", &json!({ "sise": "private" })).await;
    let expected = Violation {
        seq: 1,
        service: "graph".to_owned(),
        direction: Direction::Request,
        method: "PATCH".to_owned(),
        path: "/things/{id}".to_owned(),
        status: None,
        pointer: String::new(),
        reason: "unknown property: sise".to_owned(),
    };
    assert_eq!(setup.violations().await, [expected]);
}

#[tokio::test]
async fn a_wrong_type_in_an_answer_is_a_violation() {
    let setup = Setup::new();
    // The query is the planted one, so it counts too.
    setup
        .http
        .get(format!("{}/v1.0/things/7?wrong", setup.running.addresses().graph))
        .send()
        .await
        .unwrap();
    let found: Vec<(Direction, String, String)> = setup
        .violations()
        .await
        .into_iter()
        .map(|v| (v.direction, v.pointer, v.reason))
        .collect();
    let expected = [
        (Direction::Request, "query:wrong", "unknown query parameter"),
        (Direction::Answer, "/size", "wrong type, not integer"),
    ];
    assert_eq!(
        found,
        expected.map(|(direction, at, why)| (direction, at.to_owned(), why.to_owned()))
    );
}

#[tokio::test]
async fn an_undescribed_path_or_method_is_a_violation() {
    let setup = Setup::new();
    setup.patch("/v1.0/people/ada@contoso.example", &json!({})).await;
    setup
        .http
        .delete(format!("{}/v1.0/things/7", setup.running.addresses().graph))
        .send()
        .await
        .unwrap();
    let found: Vec<(String, String)> = setup
        .violations()
        .await
        .into_iter()
        .map(|violation| (violation.path, violation.reason))
        .collect();
    let expected = [
        ("/people/{}", "path is not described"),
        ("/things/{}", "method is not described"),
    ];
    assert_eq!(
        found,
        expected.map(|(path, why)| (path.to_owned(), why.to_owned()))
    );
}

#[tokio::test]
async fn the_answer_of_a_fault_is_not_checked() {
    let setup = Setup::new();
    let answer = Some(Answer {
        status: 418,
        headers: [].into(),
        body: json!({ "size": "big" }),
    });
    setup
        .control
        .fault(&Rule {
            service: "graph".to_owned(),
            answer,
            ..Rule::default()
        })
        .await
        .unwrap();
    setup.patch("/v1.0/things/7", &json!({})).await;
    assert_eq!(setup.violations().await, vec![]);
    assert_eq!(setup.control.contracts().await.unwrap().unchecked.faulted, 1);
}

#[tokio::test]
async fn the_short_list_has_schemas_of_its_own() {
    let setup = Setup::new();
    let url = |path: &str| format!("{}{path}", setup.running.addresses().graph);
    let batch = json!({ "requests": [{ "id": "1", "method": "GET", "url": "https://elsewhere/users" }] });
    setup
        .http
        .post(url("/v1.0/$batch"))
        .body(batch.to_string())
        .send()
        .await
        .unwrap();
    let login = setup.http.post(url("/contoso/oauth2/v2.0/token"));
    let login = login.header("content-type", "application/x-www-form-urlencoded");
    login
        .body("grant_type=client_credentials&client_id=1&scope=s&client_secret=x&resource=y")
        .send()
        .await
        .unwrap();
    let found: Vec<(Direction, String, String)> = setup
        .violations()
        .await
        .into_iter()
        .map(|v| (v.direction, v.path, v.pointer))
        .collect();
    let requests: Vec<&(Direction, String, String)> = found
        .iter()
        .filter(|(direction, ..)| *direction == Direction::Request)
        .collect();
    assert_eq!(requests.len(), 2, "{found:?}");
    assert_eq!(
        (requests[0].1.as_str(), requests[0].2.as_str()),
        ("/v1.0/$batch", "/requests/0/url")
    );
    assert_eq!(requests[1].1, "/{tenant}/oauth2/v2.0/token");
    // The probe's answers fit neither.
    assert!(found.len() > requests.len());
}

#[tokio::test]
async fn without_contracts_the_report_says_so() {
    let running = Emulators::start(&core_probe::options()).unwrap();
    let control = Control::new(running.addresses().control.clone()).unwrap();
    reqwest::get(format!("{}/v1.0/things/7", running.addresses().graph))
        .await
        .unwrap();
    let report = control.contracts().await.unwrap();
    assert_eq!(
        (
            report.loaded,
            report.checked_requests,
            report.unchecked.without_contract
        ),
        (false, 0, 1)
    );
}

#[tokio::test]
async fn broken_contracts_stop_the_start() {
    let directory = tempfile::tempdir().unwrap();
    contracts(directory.path());
    std::fs::write(
        directory.path().join("zoho/zoho-crm-v8.corrections.json"),
        r#"[{"op":"remove","path":"/x"}]"#,
    )
    .unwrap();
    let options = Options {
        contracts: Some(directory.path().to_owned()),
        ..core_probe::options()
    };
    assert!(Emulators::start(&options).is_err());
}

//! Both emulators as they ship, over HTTPS: one contact goes from the CRM into the mailbox, in a batch.

use emulators::{Control, Emulators, Options, Running};
use serde_json::{Value, json};

const TENANT: &str = "11111111-1111-4111-8111-111111111111";
const CLIENT: &str = "22222222-2222-4222-8222-222222222222";

const WORLD: &str = "
office365:
  - tenantId: 11111111-1111-4111-8111-111111111111
    domain: contoso.example
    users: [{userPrincipalName: ada@contoso.example, admin: true}]
    apps: [{clientId: 22222222-2222-4222-8222-222222222222, clientSecret: s3cret}]
crm:
  - companyName: Contoso Sales
    users: [{email: ada@contoso.example, firstName: Ada, lastName: Byron, profile: Administrator, role: CEO}]
    clients: [{clientId: c, clientSecret: s, refreshToken: r, user: ada@contoso.example}]
    contacts: [{owner: ada@contoso.example, source: crm_ui, fields: {First_Name: Charles, Last_Name: Babbage}}]
";

struct Tour {
    running: Running,
    control: Control,
    http: reqwest::Client,
}

impl Tour {
    async fn start() -> Self {
        let running = Emulators::start(&Options::default().contracts_from_env()).unwrap();
        let control = Control::new(running.addresses().control.clone()).unwrap();
        control.seed_yaml(WORLD).await.unwrap();
        let authority = reqwest::Certificate::from_pem(running.ca_pem().as_bytes()).unwrap();
        let http = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([authority])
            .build()
            .unwrap();
        Self {
            running,
            control,
            http,
        }
    }

    async fn json(&self, request: reqwest::RequestBuilder) -> Value {
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{status}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    async fn token(&self, url: String, form: &str) -> Value {
        let request = self
            .http
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded");
        self.json(request.body(form.to_owned())).await
    }

    async fn graph(&self, token: &str, path: &str, body: &Value) -> Value {
        let url = format!("{}/v1.0{path}", self.running.addresses().graph_tls);
        let request = self
            .http
            .post(url)
            .bearer_auth(token)
            .header("content-type", "application/json");
        self.json(
            request
                .header("prefer", "IdType=\"ImmutableId\"")
                .body(body.to_string()),
        )
        .await
    }
}

#[tokio::test]
async fn a_contact_travels_from_the_crm_into_the_mailbox() {
    let tour = Tour::start().await;
    let addresses = tour.running.addresses().clone();
    let login = format!("{}/{TENANT}/oauth2/v2.0/token", addresses.graph_tls);
    let scope = "https%3A%2F%2Fgraph.microsoft.com%2F.default";
    let form = format!("grant_type=client_credentials&client_id={CLIENT}&client_secret=s3cret&scope={scope}");
    let graph = tour.token(login, &form).await["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let form = "grant_type=refresh_token&client_id=c&client_secret=s&refresh_token=r";
    let zoho = tour
        .token(format!("{}/oauth/v2/token", addresses.zoho_tls), form)
        .await;
    assert_eq!(
        zoho["api_domain"],
        json!(addresses.zoho_tls),
        "the scheme of the call shows"
    );

    let rows = tour.http.get(format!(
        "{}/crm/v8/Contacts?fields=id,First_Name,Last_Name",
        addresses.zoho_tls
    ));
    let authorization = format!("Zoho-oauthtoken {}", zoho["access_token"].as_str().unwrap());
    let rows = tour.json(rows.header("authorization", authorization)).await;
    let record = &rows["data"][0];

    let folder = json!({ "displayName": "Zoho CRM Contacts" });
    let folder = tour
        .graph(&graph, "/users/ada@contoso.example/contactFolders", &folder)
        .await;
    let url = format!(
        "/users/ada@contoso.example/contactFolders/{}/contacts",
        folder["id"].as_str().unwrap()
    );
    let contact = json!({ "givenName": record["First_Name"], "surname": record["Last_Name"] });
    let headers = json!({ "Content-Type": "application/json" });
    let request = json!({ "id": "1", "method": "POST", "url": url, "headers": headers, "body": contact });
    let batch = tour
        .graph(&graph, "/$batch", &json!({ "requests": [request] }))
        .await;
    assert_eq!(batch["responses"][0]["status"], 201, "{batch}");

    let mailbox = tour.control.state("graph").await.unwrap();
    assert!(mailbox.to_string().contains("Babbage"));
    let counts = tour.control.journal_counts().await.unwrap();
    assert_eq!(
        counts["graph"]["POST /users/{}/contactFolders/{}/contacts"].batched,
        1
    );
    let report = tour.control.contracts().await.unwrap();
    assert_eq!(report.violations, vec![]);
    // Two logins, the rows, the folder, the batch and what was in it.
    assert_eq!(report.checked_requests, if report.loaded { 6 } else { 0 });
    tour.running.stop().await;
}

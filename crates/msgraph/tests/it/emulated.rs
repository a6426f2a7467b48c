//! The same calls against the emulator, whose contract checks see every request and every answer.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ambient::{ManualClock, SeededRandom};
use axum::body::{Body, to_bytes};
use bytes::Bytes;
use emulators::core::stack::Stack;
use emulators::{Emulators, Options};
use msgraph::{
    Class, Config, Credential, Endpoints, GLOBAL_ADMINISTRATOR, Graph, Mail, MailBody, Permission,
    RoleHolding,
};
use secrecy::SecretString;
use serde_json::{Value, json};
use transport::{BoxFuture, Transport, TransportError};

const APP: &str = "5c1f0c0e-92d1-4f0e-8f6f-0f5a4f8a7d22";
const TENANT: &str = "0b8f5e3a-6f0a-4d55-9a60-d34a3c7e1a11";
const START: &str = "2026-10-01T09:00:00Z";

/// The emulator in the same process, as a transport.
struct InProcess(Arc<Stack>);

impl Transport for InProcess {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let lost = || TransportError::Lost {
                host: "emulator".to_owned(),
                reason: "dropped".to_owned(),
            };
            let answer = self.0.call(request.map(Body::from)).await.ok_or_else(lost)?;
            let (parts, body) = answer.into_parts();
            let bytes = to_bytes(body, usize::MAX).await.map_err(|_| lost())?;
            Ok(http::Response::from_parts(parts, bytes))
        })
    }
}

/// From the environment, or where they lie beside the project.
fn contracts() -> Option<PathBuf> {
    let named = std::env::var_os("CRMLINK_CONTRACTS").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/contracts");
    named.or_else(|| beside.exists().then_some(beside))
}

struct World {
    emulators: Emulators,
    graph: Graph,
}

impl World {
    fn new(more: &Value) -> Self {
        let mut tenant = json!({
            "tenantId": TENANT,
            "domain": "contoso.example",
            "apps": [{"clientId": APP, "clientSecret": "s"}],
            "users": [
                {"userPrincipalName": "ada@contoso.example", "givenName": "Ada", "surname": "Byron", "admin": true},
                {"userPrincipalName": "bob@contoso.example", "accountEnabled": false},
                {"userPrincipalName": "guest@contoso.example", "mailbox": "none", "userType": "Guest"},
            ],
        });
        for (name, value) in more.as_object().unwrap() {
            tenant[name] = value.clone();
        }
        let emulators = Emulators::build(&Options {
            frozen_at: Some(START.parse().unwrap()),
            contracts: contracts(),
            ..Options::default()
        })
        .unwrap();
        emulators.graph.service().seed(&json!([tenant])).unwrap();
        let graph = client(&emulators);
        Self { emulators, graph }
    }

    fn edit(&self, action: &Value) {
        self.emulators.graph.service().edit(action).unwrap();
    }

    /// The object id of a user.
    async fn id(&self, name: &str) -> String {
        self.graph.users().get(name).send().await.unwrap().id
    }

    async fn holding(&self, name: &str) -> RoleHolding {
        let id = self.id(name).await;
        let roles = self.graph.directory_roles();
        roles.holding(GLOBAL_ADMINISTRATOR, &id).await.unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let found = self.emulators.shared.contracts.findings();
        assert!(
            found.loaded || std::env::var_os("CI").is_none(),
            "no contracts to check against"
        );
        assert!(found.violations.is_empty(), "{:#?}", found.violations);
    }
}

fn client(emulators: &Emulators) -> Graph {
    let mut config = Config::new(TENANT, APP, Credential::ClientSecret(SecretString::from("s")));
    config.endpoints = Endpoints::at("http://localhost", "http://localhost");
    let clock = ManualClock::starting_at(START.parse().unwrap());
    let transport = Arc::new(InProcess(Arc::clone(&emulators.graph)));
    Graph::new(
        &config,
        transport,
        Arc::new(clock),
        Arc::new(SeededRandom::new(1)),
    )
    .unwrap()
}

#[tokio::test]
async fn t1_the_administrator_holds_the_role_while_it_is_in_force() {
    let world = World::new(&json!({
        "groups": [{"displayName": "Admins", "admin": true, "members": ["bob@contoso.example"]}],
        "users": [
            {"userPrincipalName": "ada@contoso.example", "admin": true},
            {"userPrincipalName": "bob@contoso.example"},
            {"userPrincipalName": "eli@contoso.example", "eligibleAdmin": true},
        ],
    }));
    assert_eq!(world.holding("ada@contoso.example").await, RoleHolding::Direct);
    assert!(matches!(
        world.holding("bob@contoso.example").await,
        RoleHolding::ThroughGroup { .. }
    ));
    assert_eq!(world.holding("eli@contoso.example").await, RoleHolding::NotHeld);
    world.edit(&json!({"do": "activate_admin", "user": "eli@contoso.example", "seconds": 60}));
    assert_eq!(world.holding("eli@contoso.example").await, RoleHolding::Direct);
    world.edit(&json!({"do": "set_admin", "user": "ada@contoso.example", "admin": false}));
    assert_eq!(world.holding("ada@contoso.example").await, RoleHolding::NotHeld);
}

#[tokio::test]
async fn t2_approved_are_assigned_users_and_direct_members_over_all_pages() {
    let names: Vec<String> = (0..1_200).map(|n| format!("p{n}@contoso.example")).collect();
    let users: Vec<Value> = names
        .iter()
        .map(|name| json!({"userPrincipalName": name}))
        .collect();
    let world = World::new(&json!({
        "users": users,
        "groups": [{"displayName": "Many", "members": names[..1_100]}, {"displayName": "Outer", "members": ["Many"]}],
        "apps": [{"clientId": APP, "clientSecret": "s", "assignmentRequired": true, "assignedTo": ["Many", "p1150@contoso.example", "p3@contoso.example"]}],
    }));
    let principal = world.graph.consent().await.unwrap().unwrap().principal;
    assert!(principal.app_role_assignment_required);
    let apps = world.graph.service_principals();
    let assigned = apps.assigned_users(&principal.id).await.unwrap();
    assert_eq!(assigned.len(), 1_101);
    assert!(assigned.contains(&world.id("p1150@contoso.example").await));
    assert_eq!(world.graph.users().list().all().await.unwrap().len(), 1_200);
    world.edit(&json!({"do": "unassign", "clientId": APP, "principal": "Many"}));
    world.edit(&json!({"do": "assign", "clientId": APP, "principal": "Outer"}));
    assert_eq!(
        apps.assigned_users(&principal.id).await.unwrap().len(),
        2,
        "a nested group covers nobody"
    );
}

#[tokio::test]
async fn t2_guests_and_disabled_accounts_are_told_apart() {
    let world = World::new(&json!({}));
    let guest = world
        .graph
        .users()
        .get("guest@contoso.example")
        .send()
        .await
        .unwrap();
    assert!(guest.is_guest());
    let disabled = world
        .graph
        .users()
        .get("bob@contoso.example")
        .send()
        .await
        .unwrap();
    assert_eq!(disabled.account_enabled, Some(false));
    let names = world
        .graph
        .users()
        .names("ada@contoso.example")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (names.given_name.as_deref(), names.surname.as_deref()),
        (Some("Ada"), Some("Byron"))
    );
}

#[tokio::test]
async fn a_consent_that_is_withdrawn_later_is_seen() {
    let world = World::new(&json!({}));
    let missing = async || {
        let consent = world.graph.consent().await.unwrap().unwrap();
        consent.missing(&[
            Permission::MailSend,
            Permission::RoleManagementReadDirectory,
            Permission::OrganizationReadAll,
        ])
    };
    assert!(missing().await.is_empty());
    for permission in [
        "Mail.Send",
        "RoleManagement.Read.Directory",
        "Organization.Read.All",
        "Directory.Read.All",
    ] {
        world.edit(&json!({"do": "revoke_permission", "clientId": APP, "permission": permission}));
    }
    let found = missing().await;
    assert_eq!(
        (found.mailbox, found.directory),
        (
            vec![Permission::MailSend],
            vec![Permission::RoleManagementReadDirectory]
        ),
        "User.Read.All suffices for the organisation"
    );
    world.edit(&json!({"do": "revoke_consent", "clientId": APP}));
    let denied = client(&world.emulators).consent().await.unwrap_err();
    assert_eq!(denied.class(), Class::Permission);
}

#[tokio::test]
async fn rights_from_exchange_show_in_no_consent_and_work_all_the_same() {
    let world = World::new(&json!({"apps": [{
        "clientId": APP, "clientSecret": "s", "permissions": ["Directory.Read.All"], "exchangeOnlinePermissions": ["Mail.Send"],
        "exchangeRoles": [{"permission": "Contacts.ReadWrite", "users": ["ada@contoso.example"]}],
    }]}));
    let consent = world.graph.consent().await.unwrap().unwrap();
    let missing = consent.missing(&[Permission::ContactsReadWrite, Permission::MailSend]);
    assert_eq!(
        missing.mailbox,
        [Permission::ContactsReadWrite, Permission::MailSend]
    );
    let probe = async |name: &str| {
        let mailbox = world.graph.mailbox(&world.id(name).await);
        mailbox.contact_folders().list().first().send().await.map(|_| ())
    };
    probe("ada@contoso.example").await.unwrap();
    assert_eq!(
        probe("bob@contoso.example").await.unwrap_err().class(),
        Class::Permission
    );
}

#[tokio::test]
async fn a_mail_leaves_the_sender_mailbox() {
    let world = World::new(&json!({}));
    let sender = world.graph.mailbox(&world.id("ada@contoso.example").await);
    let body = MailBody {
        text: "Bitte zustimmen.\n\n    crmlink approve jörg".to_owned(),
        html: "<p>Bitte zustimmen für Jörg.</p>".to_owned(),
    };
    let mail = Mail::new("7.ab-c@crmlink", "Jörg asks", body.clone())
        .to("bob@contoso.example")
        .reply_to("ada@contoso.example");
    sender.send_mail(&mail).await.unwrap();
    let state = world.emulators.graph.service().state();
    let mut sent = state["tenants"][0]["mails"][0].clone();
    sent.as_object_mut().unwrap().remove("at");
    assert_eq!(
        sent,
        json!({
            "from": "ada@contoso.example", "messageId": "7.ab-c@crmlink", "to": ["bob@contoso.example"], "cc": [], "bcc": [],
            "replyTo": ["ada@contoso.example"], "subject": "Jörg asks", "text": body.text, "html": body.html, "headers": {},
            "savedToSentItems": true,
        })
    );
    let nowhere = world.graph.mailbox(&world.id("guest@contoso.example").await);
    assert_eq!(
        nowhere.send_mail(&mail).await.unwrap_err().class(),
        Class::MailboxNotEnabled
    );
}

//! Users and invitations against the emulator, whose contract checks see every request and every answer.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ambient::{ManualClock, SeededRandom};
use axum::body::{Body, to_bytes};
use bytes::Bytes;
use emulators::core::stack::Stack;
use emulators::{Emulators, Options};
use http::{Request, Response};
use secrecy::SecretString;
use serde_json::{Value, json};
use transport::{BoxFuture, Transport, TransportError};

use crate::{
    AddressProblem, ApiHosts, Applied, CannotInvite, Class, Config, DataCenter, Environment, Invited,
    LimitSettings, ManagerProfiles, NewUser, OrgLimits, ProfileSummary, Role, Unresolved, UserChange,
    UserRefusal, UserStatus, UserType, Zoho,
};

const HOST: &str = "http://localhost";
const EVE: &str = "eve@example.com";
const BOB: &str = "bob@example.com";

/// The emulator in the same process, as a transport.
struct InProcess(Arc<Stack>);

impl Transport for InProcess {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let lost = || TransportError::Lost {
                host: "emulator".to_owned(),
                reason: "dropped".to_owned(),
            };
            let answer = self.0.call(request.map(Body::from)).await.ok_or_else(lost)?;
            let (parts, body) = answer.into_parts();
            let bytes = to_bytes(body, usize::MAX).await.map_err(|_| lost())?;
            Ok(Response::from_parts(parts, bytes))
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
    zoho: Zoho,
}

impl World {
    fn new(more: &Value) -> Self {
        let mut organisation = json!({
            "companyName": "Example Ltd",
            "users": [
                {"email": "ann@example.com", "firstName": "Ann", "lastName": "Able", "profile": "Administrator"},
                {"email": BOB, "firstName": "Bob", "lastName": "Best"},
            ],
            "clients": [{"clientId": "c", "clientSecret": "s", "refreshToken": "r", "user": "ann@example.com"}],
        });
        for (name, value) in more.as_object().unwrap() {
            organisation[name] = value.clone();
        }
        let options = Options {
            frozen_at: Some("2026-03-02T10:00:00Z".parse().unwrap()),
            contracts: contracts(),
            ..Options::default()
        };
        let emulators = Emulators::build(&options).unwrap();
        emulators.zoho.service().seed(&json!([organisation])).unwrap();
        let zoho = client(&emulators, "c", "r");
        Self { emulators, zoho }
    }

    fn edit(&self, action: &Value) {
        self.emulators.zoho.service().edit(action).unwrap();
    }

    fn fault(&self, rule: Value) {
        self.emulators
            .shared
            .faults
            .add(serde_json::from_value(rule).unwrap())
            .unwrap();
    }

    fn counter(&self, name: &str) -> u64 {
        self.emulators.zoho.service().counters()[name]
    }

    async fn eve(&self) -> NewUser {
        let role = Role::find(&self.zoho.roles().await.unwrap(), "CEO")
            .unwrap()
            .id
            .clone();
        let profile = ProfileSummary::find(&self.zoho.profiles().await.unwrap(), "Standard")
            .unwrap()
            .id
            .clone();
        NewUser {
            email: EVE.to_owned(),
            first_name: "Eve".to_owned(),
            last_name: None,
            role,
            profile,
        }
    }

    async fn refusal(&self) -> UserRefusal {
        self.zoho
            .invite_user(&self.eve().await)
            .await
            .unwrap()
            .unwrap_err()
            .reason
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
        for harm in ["mails_sent", "invitations_while_pending", "unimplemented_calls"] {
            assert_eq!(self.counter(harm), 0, "{harm}");
        }
    }
}

fn client(emulators: &Emulators, client_id: &str, refresh_token: &str) -> Zoho {
    let config = Config {
        accounts_url: HOST.to_owned(),
        api_hosts: ApiHosts::of(DataCenter::Eu, Environment::Production)
            .overridden_by(Some(&HOST.parse().unwrap())),
        client_id: client_id.to_owned(),
        client_secret: SecretString::from("s"),
        refresh_token: SecretString::from(refresh_token),
    };
    let clock = ManualClock::starting_at("2026-03-02T10:00:00Z".parse().unwrap());
    let transport = Arc::new(InProcess(Arc::clone(&emulators.zoho)));
    let limits = OrgLimits::new(LimitSettings::default());
    Zoho::new(
        config,
        limits,
        transport,
        Arc::new(clock),
        Arc::new(SeededRandom::new(1)),
    )
}

#[tokio::test]
async fn u2_an_invited_user_accepts_and_is_active() {
    let world = World::new(&json!({}));
    let Invited::Sent(id) = world
        .zoho
        .ensure_invited(&world.eve().await)
        .await
        .unwrap()
        .unwrap()
    else {
        panic!()
    };
    assert!(world.zoho.user(&id).await.unwrap().unwrap().is_invited());
    world.edit(&json!({"do": "accept_invitation", "user": EVE, "via": "office365"}));
    let eve = world.zoho.user(&id).await.unwrap().unwrap();
    assert!(eve.has_joined() && eve.microsoft == Some(true));
    assert_eq!(world.counter("invitation_mails_sent"), 1);
}

#[tokio::test]
async fn u2_a_lost_answer_mails_nobody_twice() {
    let world = World::new(&json!({}));
    let eve = world.eve().await;
    let lost = json!({"service": "zoho", "method": "POST", "path": "/crm/v8/users", "effect": "after", "drop": true});
    world.fault(lost);
    assert!(matches!(
        world.zoho.ensure_invited(&eve).await.unwrap().unwrap(),
        Invited::Found(_)
    ));
    assert!(matches!(
        world.zoho.ensure_invited(&eve).await.unwrap().unwrap(),
        Invited::Found(_)
    ));
    assert_eq!(world.counter("invitation_mails_sent"), 1);
}

#[tokio::test]
async fn u3_a_linked_account_elsewhere_changes_nothing_here() {
    let world = World::new(&json!({}));
    let Invited::Sent(id) = world
        .zoho
        .ensure_invited(&world.eve().await)
        .await
        .unwrap()
        .unwrap()
    else {
        panic!()
    };
    world.edit(&json!({"do": "link_invitation", "user": EVE, "account": "eve@home.example"}));
    assert!(world.zoho.user(&id).await.unwrap().unwrap().is_invited());
    assert_eq!(world.zoho.delete_user(&id).await.unwrap(), Ok(Applied::Now));
    assert_eq!(world.zoho.delete_user(&id).await.unwrap(), Ok(Applied::Before));
    assert!(
        world
            .zoho
            .user_by_email(EVE, UserType::All)
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        world
            .zoho
            .user_by_email(EVE, UserType::Deleted)
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn refusals_of_the_emulator_have_their_reasons() {
    for (world, edit, expected) in [
        (json!({"licenses": 2}), None, UserRefusal::NoSeat),
        (json!({"edition": "crmplus"}), None, UserRefusal::SuiteManaged),
        (json!({"edition": "free"}), None, UserRefusal::NotInEdition),
        (json!({"type": "sandbox"}), None, UserRefusal::Sandbox),
        (
            json!({}),
            Some(json!({"do": "set_address", "email": EVE, "otherDataCenter": true})),
            UserRefusal::Address(AddressProblem::OtherDataCenter),
        ),
        (
            json!({}),
            Some(json!({"do": "set_address", "email": EVE, "invitationsElsewhere": 20})),
            UserRefusal::InvitationLimit,
        ),
        (
            json!({"users": [{"email": "ann@example.com", "profile": "Administrator"}, {"email": EVE}]}),
            None,
            UserRefusal::AlreadyThere { id: None },
        ),
    ] {
        let world = World::new(&world);
        if let Some(edit) = edit {
            world.edit(&edit);
        }
        assert_eq!(world.refusal().await, expected);
    }
}

#[tokio::test]
async fn a_rejected_invitation_is_final() {
    let world = World::new(&json!({}));
    world
        .zoho
        .ensure_invited(&world.eve().await)
        .await
        .unwrap()
        .unwrap();
    world.edit(&json!({"do": "reject_invitation", "user": EVE, "row": "deleted"}));
    assert_eq!(
        world.refusal().await,
        UserRefusal::Address(AddressProblem::Unspecified)
    );
}

#[tokio::test]
async fn u1_without_the_permission_the_call_says_which() {
    let world = World::new(&json!({}));
    let eve = world.eve().await;
    let acting = world.zoho.current_user().await.unwrap();
    assert!(world.zoho.manages_users(&acting).await.unwrap());
    world.edit(&json!({"do": "set_profile", "name": "Administrator", "manageUsers": false}));
    assert!(!world.zoho.manages_users(&acting).await.unwrap());
    let permission = Some("Crm_Implied_Manage_Users".to_owned());
    let denied = world.zoho.invite_user(&eve).await.unwrap_err().class();
    assert_eq!(
        denied,
        Class::Permission {
            permission: permission.clone()
        }
    );
    let denied = world.zoho.delete_user(&acting.id).await.unwrap_err().class();
    assert_eq!(denied, Class::Permission { permission });
}

#[tokio::test]
async fn u4_the_managers_of_the_organisation_are_found() {
    let world = World::new(&json!({
        "profiles": [{"name": "Team lead", "manageUsers": true}],
        "users": [
            {"email": "ann@example.com", "profile": "Administrator"},
            {"email": BOB, "profile": "Team lead"},
            {"email": "off@example.com", "profile": "Team lead", "status": "inactive"},
            {"email": "joe@example.com"},
        ],
    }));
    let mut known = ManagerProfiles::default();
    let managers = world.zoho.user_managers(&mut known).await.unwrap();
    let addresses: Vec<&str> = managers.iter().map(|user| user.email.as_str()).collect();
    assert_eq!(addresses, ["ann@example.com", BOB]);
}

#[tokio::test]
async fn users_change_and_a_downgrade_shows_its_reason() {
    let world = World::new(&json!({"roles": [{"name": "Twin"}, {"name": "Twin"}]}));
    let roles = world.zoho.roles().await.unwrap();
    assert_eq!(
        Role::find(&roles, "Twin"),
        Err(Unresolved::Ambiguous { count: 2 })
    );
    let bob = world
        .zoho
        .user_by_email(BOB, UserType::Active)
        .await
        .unwrap()
        .unwrap()
        .id;
    let change = |active| UserChange {
        role: Some(roles[1].id.clone()),
        active: Some(active),
        ..UserChange::default()
    };
    assert_eq!(
        world.zoho.update_user(&bob, &change(false)).await.unwrap(),
        Ok(Applied::Now)
    );
    assert_eq!(
        world.zoho.update_user(&bob, &change(false)).await.unwrap(),
        Ok(Applied::Before)
    );
    assert_eq!(
        world.zoho.update_user(&bob, &change(true)).await.unwrap(),
        Ok(Applied::Now)
    );
    world.edit(&json!({"do": "downgrade", "licenses": 1}));
    let off = world.zoho.user(&bob).await.unwrap().unwrap();
    assert_eq!(off.status, UserStatus::Disabled);
    assert_eq!(
        off.status_reason.as_deref(),
        Some("disabled due to license downgrade")
    );
    assert_eq!(world.zoho.seats().await.unwrap().available, 0);
    let refused = world
        .zoho
        .update_user(&bob, &change(true))
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(refused.reason, UserRefusal::NoSeat);
    let ann = world.zoho.current_user().await.unwrap();
    let refused = world.zoho.delete_user(&ann.id).await.unwrap().unwrap_err();
    assert_eq!(refused.reason, UserRefusal::PrimaryContact);
    let nobody = world
        .zoho
        .delete_user(&"12345".into())
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(nobody.reason, UserRefusal::NoSuchUser);
}

#[tokio::test]
async fn t3_an_account_answers_from_its_sign_up_on() {
    let world = World::new(&json!({}));
    let later = client(&world.emulators, "new", "later");
    assert_eq!(later.org().await.unwrap_err().class(), Class::Auth);
    let account = json!({
        "companyName": "New Ltd", "edition": "free",
        "users": [{"email": EVE, "firstName": "Eve", "profile": "Administrator"}],
        "clients": [{"clientId": "new", "clientSecret": "s", "refreshToken": "later", "user": EVE}],
    });
    world.edit(&json!({"do": "sign_up", "account": account}));
    let org = client(&world.emulators, "new", "later").org().await.unwrap();
    assert_eq!(org.can_invite(), Err(CannotInvite::Unpaid));
}

#[tokio::test]
async fn t6_the_first_user_is_the_super_admin() {
    let world = World::new(&json!({}));
    let org = world.zoho.org().await.unwrap();
    assert!(org.is_super_admin(&world.zoho.current_user().await.unwrap()));
    let bob = world
        .zoho
        .user_by_email(BOB, UserType::Active)
        .await
        .unwrap()
        .unwrap();
    assert!(!org.is_super_admin(&bob));
}

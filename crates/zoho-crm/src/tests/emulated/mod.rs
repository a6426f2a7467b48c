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
    ApiHosts, Config, DataCenter, Environment, LimitSettings, NewUser, OrgLimits, ProfileSummary, Role,
    UserRefusal, Zoho,
};

mod invitations;
mod organisation;

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

//! Many invites at once, while everything that can fail does and the operator is killed: each person is invited once, and
//! whoever may approve is mailed once for each request, unless nobody could know that a mail had left.

use std::collections::{BTreeMap, BTreeSet};

use crmlink::api::{CrmUserInvite, InvitePhase};
use emulators::core::faults::{Disturbance, Rule, storm};
use kube::ResourceExt;
use kube::api::ListParams;
use serde_json::{Value, json};

use crate::support::{Case, World, invite_with, secrets, tenant, until, with};

/// How many people are invited; `CRMLINK_TEST_INVITES` sets another number, such as 1000.
const PEOPLE: usize = 200;
/// How many ask to join.
const JOINERS: usize = 6;
/// Others who may manage users besides the administrator.
const MANAGERS: [&str; 2] = ["olga@orchard.example", "pavel@orchard.example"];
/// Where requests are mailed from.
const SENDER: &str = "requests@orchard.example";
/// The chance of each kind of fault at each call. There are about fifteen kinds.
const CHANCE: f64 = 0.004;
/// Of how many people one is invited when the operator is killed.
const KILLED_AT: [usize; 2] = [4, 2];
/// How often is waited as long as anything may take: a thousand people take their time.
const PATIENCE: usize = 6;

fn people() -> usize {
    let wanted = std::env::var("CRMLINK_TEST_INVITES").ok();
    wanted.map_or(PEOPLE, |wanted| wanted.parse().expect("a number of people"))
}

fn address(kind: &str, number: usize) -> String {
    format!("{kind}{number}@orchard.example")
}

fn world(people: usize) -> World {
    let user = |address: &str| json!({ "userPrincipalName": address, "mail": address });
    let mut world = World::new()
        .set("/crm/0", "licenses", json!(people + JOINERS + 10))
        .push("/office365/0/users", user(SENDER));
    for manager in MANAGERS {
        let member = json!({ "email": manager, "lastName": "Verwalterin", "profile": "Administrator" });
        world = world.push("/crm/0/users", member);
    }
    let invited = (0..people).map(|number| address("invited", number));
    let joining = (0..JOINERS).map(|number| address("joining", number));
    invited.chain(joining).fold(world, |world, address| {
        world.push("/office365/0/users", user(&address))
    })
}

/// Zoho gives ten tokens in ten minutes, and after that a run would only wait.
fn ends_sign_ins(rule: &Rule) -> bool {
    rule.service == "zoho" && rule.disturb == Some(Disturbance::ExpireToken)
}

/// Waits several times as long as anything else may take.
async fn patiently<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..PATIENCE {
        if let Some(found) = until(&mut look).await {
            return found;
        }
    }
    panic!("not within the patience of {PATIENCE}: {what}");
}

async fn invites(case: &Case) -> Vec<CrmUserInvite> {
    let all = case.api::<CrmUserInvite>().list(&ListParams::default()).await;
    all.unwrap().items
}

fn is_at(invite: &CrmUserInvite, phase: InvitePhase) -> bool {
    invite
        .status
        .as_ref()
        .is_some_and(|status| status.phase == Some(phase))
}

/// How many invitations the CRM has mailed.
async fn invited(case: &Case) -> u64 {
    case.counter("zoho", "invitation_mails_sent").await
}

#[tokio::test(flavor = "multi_thread")]
async fn u2_u4_in_a_storm_each_person_is_invited_once_and_each_approver_mailed_once() {
    let people = people();
    let mut case = Case::start(world(people)).await;
    for secret in secrets() {
        case.create(&secret).await;
    }
    let settings = json!({ "role": "CEO", "profile": "Standard", "senderMailbox": SENDER });
    case.create(&with(tenant(), json!({ "invites": settings }))).await;
    for service in ["graph", "zoho"] {
        for rule in storm(service, CHANCE).iter().filter(|rule| !ends_sign_ins(rule)) {
            case.control.fault(rule).await.unwrap();
        }
    }
    for number in 0..JOINERS {
        let request = invite_with(&address("joining", number), json!({ "type": "JoinRequest" }));
        case.create(&request).await;
    }
    for number in 0..people {
        case.create(&invite_with(&address("invited", number), json!({})))
            .await;
    }
    // Killed in the middle of it, twice.
    for part in KILLED_AT {
        let enough = u64::try_from(people / part).unwrap();
        patiently("some invitations", async || {
            (invited(&case).await >= enough).then_some(())
        })
        .await;
        case.kill_operator().await;
        case.start_operator().await;
    }
    patiently("everybody is invited or asks", async || {
        let all = invites(&case).await;
        let sent = all
            .iter()
            .filter(|invite| is_at(invite, InvitePhase::Invited))
            .count();
        let asking = all.iter().filter(|invite| {
            let mails = invite
                .status
                .as_ref()
                .and_then(|status| status.request_mails.as_ref());
            is_at(invite, InvitePhase::AwaitingApproval) && mails.is_some()
        });
        (sent == people && asking.count() == JOINERS).then_some(())
    })
    .await;
    case.control.clear_faults().await.unwrap();

    let expected = u64::try_from(people).unwrap();
    assert_eq!(invited(&case).await, expected, "one invitation for each person");
    let users = users_by_address(&case.crm_state().await);
    for number in 0..people {
        assert_eq!(
            users.get(&address("invited", number)),
            Some(&1),
            "person {number}"
        );
    }
    for number in 0..JOINERS {
        assert_eq!(
            users.get(&address("joining", number)),
            None,
            "nobody approved {number}"
        );
    }
    mailed_once(&case).await;
    case.finish().await;
}

/// How many users that are not deleted there are with each address.
fn users_by_address(crm: &Value) -> BTreeMap<String, usize> {
    let organisations = crm["organisations"].as_array().unwrap();
    let mut users = BTreeMap::new();
    for user in organisations[0]["users"].as_array().unwrap() {
        if user["status"] != "deleted" {
            let address = user["email"].as_str().unwrap().to_owned();
            *users.entry(address).or_default() += 1;
        }
    }
    users
}

/// Every approver was mailed about every request, and no mail left again after an answer had confirmed it: there are as
/// many confirmed mails as there are requests and approvers, and each of those was confirmed. A process that is killed
/// may take one confirmation along.
async fn mailed_once(case: &Case) {
    let office = case.control.state("graph").await.unwrap();
    let mails = office["tenants"][0]["mails"].as_array().unwrap().clone();
    let ids: BTreeSet<(String, String)> = mails
        .iter()
        .map(|mail| (mail["messageId"].to_string(), mail["to"].to_string()))
        .collect();
    assert_eq!(ids.len(), JOINERS * (MANAGERS.len() + 1));
    let calls = case.journal("graph", "POST", 0).await;
    let confirmed = calls
        .iter()
        .filter(|call| call.path.ends_with("/sendMail") && call.status == Some(202) && !call.faulted);
    let confirmed = confirmed.count();
    assert!(
        (ids.len()..=ids.len() + KILLED_AT.len()).contains(&confirmed),
        "{confirmed} of {} mails were confirmed, about {} requests and approvers",
        mails.len(),
        ids.len()
    );
    for invite in invites(case).await {
        let status = invite.status.clone().unwrap();
        if let Some(told) = status.request_mails {
            assert_eq!(
                (told.sent as usize, told.failed),
                (MANAGERS.len() + 1, None),
                "{}",
                invite.name_any()
            );
        }
    }
}

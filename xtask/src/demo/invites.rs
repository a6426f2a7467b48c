//! How people come into the CRM: one accepts an invitation, one turns out to use an account of another company, one asks
//! and is approved, one asks and is turned down.

use std::fmt::Write as _;
use std::process::Command;
use std::time::Duration;

use crmlink::api::{ConditionType, CrmUserInvite, InvitePhase, InviteType, REQUESTED_AT_ANNOTATION};
use emulators::Control;
use kube::api::{ListParams, Patch, PatchParams};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};

use super::PATIENCE;
use super::end_state::each;
use crate::{
    binaries,
    environment::{Environment, NAMESPACE},
    error::{Doing, Error, Result},
    process,
};

const NORA: &str = "nora@alpenglow.example";
const LENA: &str = "lena@alpenglow.example";
const OTTO: &str = "otto@alpenglow.example";
const KIM: &str = "kim@alpenglow.example";

/// How far each is before people act, and in the end.
const BEFORE: [(&str, InvitePhase); 4] = [
    ("jonas", InvitePhase::AwaitingApproval),
    ("kim", InvitePhase::AwaitingApproval),
    ("lena", InvitePhase::Invited),
    ("otto", InvitePhase::Invited),
];
const APPROVED: [(&str, InvitePhase); 1] = [("kim", InvitePhase::Invited)];
const END: [(&str, InvitePhase); 4] = [
    ("jonas", InvitePhase::Denied),
    ("kim", InvitePhase::Active),
    ("lena", InvitePhase::Active),
    ("otto", InvitePhase::LinkedElsewhere),
];

/// Mails of both services in the end: Zoho's invitations, and the requests to the one who may approve.
const INVITATIONS: u64 = 3;
const REQUESTS: u64 = 2;

/// Lets everybody act, and says what is not as it should be.
pub(crate) async fn play(environment: &mut Environment) -> Result<Vec<String>> {
    println!("Four people come into the CRM, or do not:\n");
    let mut invites = Invites {
        api: Api::namespaced(environment.client()?, NAMESPACE),
        requests: 0,
    };
    invites.reach(environment, &BEFORE).await?;
    accept(environment.control(), LENA).await?;
    println!("  Lena accepts the invitation that Zoho mailed her");
    let linked = json!({ "do": "link_invitation", "user": OTTO, "account": "otto@krane.example" });
    environment.control().edit("zoho", &linked).await?;
    println!("  Otto comes in with his account of another company, so nothing changes in this organisation");
    let account = json!({ "account": { "mode": "Link", "email": "otto@krane.example" } });
    invites.declare("otto", account).await?;
    println!("  ... his invite says so from now on (account.mode: Link), and the invitation is taken back");
    let nora = crm_user(&environment.control().state("zoho").await?, NORA);
    for (verb, name) in [("approve", "kim"), ("deny", "jonas")] {
        let command = decide(environment, verb, name, &nora)?;
        println!("  Nora was mailed and runs: {command}");
    }
    invites.reach(environment, &APPROVED).await?;
    accept(environment.control(), KIM).await?;
    println!("  Kim, now invited, accepts\n");
    let end = invites.reach(environment, &END).await?;
    let (table, mut findings) = (table(&end), ends(&end));
    println!("{table}");
    let counters = environment.control().counters().await?;
    findings.extend(mails(&json!(counters)));
    Ok(findings)
}

async fn accept(control: &Control, user: &str) -> Result<()> {
    let action = json!({ "do": "accept_invitation", "user": user });
    control.edit("zoho", &action).await?;
    Ok(())
}

/// Runs the program as an approver does; the command as it is typed.
fn decide(environment: &Environment, verb: &str, name: &str, crm_user: &str) -> Result<String> {
    let mut command = Command::new(binaries::built()?.operator);
    command
        .args([verb, name, "--namespace", NAMESPACE, "--crm-user", crm_user])
        .env("KUBECONFIG", environment.kubeconfig());
    process::output(&mut command)?;
    Ok(process::shown(&command))
}

/// The id of a CRM user.
fn crm_user(crm: &Value, email: &str) -> String {
    let mut users = each(crm, "organisations").flat_map(|organisation| each(organisation, "users"));
    let user = users.find(|user| user["email"] == email);
    user.and_then(|user| user["id"].as_str())
        .unwrap_or_default()
        .to_owned()
}

/// The invites of the demo.
struct Invites {
    api: Api<CrmUserInvite>,
    requests: u32,
}

impl Invites {
    /// Changes the spec of one, as its author does.
    async fn declare(&self, name: &str, spec: Value) -> Result<()> {
        let patch = json!({ "spec": spec });
        self.api
            .patch(name, &PatchParams::default(), &Patch::Merge(&patch))
            .await
            .doing(|| format!("changing CrmUserInvite {name}"))?;
        Ok(())
    }

    /// Asks all of them to look at once, and waits until each is as far as it should be.
    async fn reach(
        &mut self,
        environment: &mut Environment,
        wanted: &[(&str, InvitePhase)],
    ) -> Result<Vec<CrmUserInvite>> {
        self.requests += 1;
        let value = format!("demo-{}", self.requests);
        let patch = json!({ "metadata": { "annotations": { REQUESTED_AT_ANNOTATION: value } } });
        for (name, _) in wanted {
            self.api
                .patch(name, &PatchParams::default(), &Patch::Merge(&patch))
                .await
                .doing(|| format!("annotating CrmUserInvite {name}"))?;
        }
        let patience = tokio::time::Instant::now() + PATIENCE;
        loop {
            environment.check_programs()?;
            let list = self.api.list(&ListParams::default()).await;
            let all = list.doing(|| "listing the CrmUserInvites".to_owned())?.items;
            let late: Vec<String> = wanted
                .iter()
                .filter(|(name, phase)| !all.iter().any(|invite| is_at(invite, name, *phase)))
                .map(|(name, phase)| format!("{name} is not {}", phase.as_str()))
                .collect();
            if late.is_empty() {
                return Ok(all);
            }
            if tokio::time::Instant::now() > patience {
                return Err(Error::Timeout {
                    what: "the invites".to_owned(),
                    seconds: PATIENCE.as_secs(),
                    detail: late.join("; "),
                });
            }
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
    }
}

fn is_at(invite: &CrmUserInvite, name: &str, phase: InvitePhase) -> bool {
    invite.name_any() == name && phase_of(invite) == Some(phase)
}

fn phase_of(invite: &CrmUserInvite) -> Option<InvitePhase> {
    invite.status.as_ref()?.phase
}

fn table(invites: &[CrmUserInvite]) -> String {
    let mut table =
        "INVITE    TYPE         PHASE            READY  REASON              CRM USER\n".to_owned();
    for invite in invites {
        let status = invite.status.clone().unwrap_or_default();
        let ready = status.conditions.get(ConditionType::Ready);
        let kind = match invite.spec.invite_type {
            InviteType::Invitation => "Invitation",
            InviteType::JoinRequest => "JoinRequest",
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            table,
            "{:<9} {kind:<12} {:<16} {:<6} {:<19} {}",
            invite.name_any(),
            status.phase.map_or("", InvitePhase::as_str),
            ready.map_or("", |ready| ready.status().as_str()),
            ready.map_or("", |ready| ready.reason()),
            status.crm_user_id.as_deref().unwrap_or("-"),
        );
    }
    table
}

/// Who did not end as they should.
fn ends(invites: &[CrmUserInvite]) -> Vec<String> {
    let of = |name: &str| invites.iter().find(|invite| invite.name_any() == name);
    END.iter()
        .filter_map(|(name, expected)| {
            let phase = of(name).and_then(phase_of);
            let found = phase.map_or("missing", InvitePhase::as_str);
            (phase != Some(*expected)).then(|| format!("U: {name} is {found}, not {}", expected.as_str()))
        })
        .collect()
}

/// Mails that are too many or too few.
fn mails(counters: &Value) -> Vec<String> {
    let of = |service: &str, name: &str, expected: u64| {
        let sent = counters[service][name].as_u64();
        (sent != Some(expected)).then(|| format!("U: {service}.{name} is {sent:?}, not {expected}"))
    };
    [
        of("zoho", "invitation_mails_sent", INVITATIONS),
        of("graph", "requested_mails_sent", REQUESTS),
        of("graph", "requested_mails_repeated", 0),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invite(name: &str, phase: &str) -> CrmUserInvite {
        serde_json::from_value(json!({
            "apiVersion": "crmlink.dev/v1alpha1", "kind": "CrmUserInvite", "metadata": { "name": name },
            "spec": { "tenantRef": { "name": "t" }, "user": format!("{name}@x.example"), "type": "Invitation" },
            "status": { "phase": phase },
        }))
        .unwrap()
    }

    #[test]
    fn who_ends_otherwise_or_is_missing_is_found() {
        let as_expected: Vec<CrmUserInvite> = END
            .iter()
            .map(|(name, phase)| invite(name, phase.as_str()))
            .collect();
        assert_eq!(ends(&as_expected), Vec::<String>::new());
        let mut otherwise = as_expected;
        otherwise[0] = invite("jonas", "Active");
        otherwise.pop();
        assert_eq!(
            ends(&otherwise),
            [
                "U: jonas is Active, not Denied",
                "U: otto is missing, not LinkedElsewhere"
            ]
        );
    }

    #[test]
    fn a_mail_too_many_or_too_few_is_found() {
        let counters = |invitations: u64, requests: u64, repeated: u64| {
            json!({
                "zoho": { "invitation_mails_sent": invitations },
                "graph": { "requested_mails_sent": requests, "requested_mails_repeated": repeated },
            })
        };
        assert_eq!(mails(&counters(INVITATIONS, REQUESTS, 0)), Vec::<String>::new());
        assert_eq!(mails(&counters(INVITATIONS + 1, REQUESTS - 1, 1)).len(), 3);
        assert_eq!(mails(&json!({})).len(), 3, "a misspelt counter is no zero");
    }
}

//! `crmlink approve` and `crmlink deny`: what becomes of a request to join.

use std::process::ExitCode;

use ambient::{Clock, SystemClock};
use clap::Args;
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use kube::api::{Patch, PatchParams, PostParams};
use kube::core::Status;
use kube::{Api, Client, ResourceExt};
use serde_json::{Value, json};

use super::kubernetes::{ClusterArgs, ClusterError};
use super::output::{failed, print};
use crate::api::{
    ConditionType, Conditions, CrmUserInvite, Decision, DecisionVerdict, InvitePhase, InviteType, Reason,
};

/// The field manager of a decision: the operator's own never touches what it owns.
const MANAGER: &str = "crmlink-approval";

/// How often a decision is tried while others write the object.
const ATTEMPTS: u32 = 5;

/// The longest text that a decision can carry, in characters.
const MESSAGE_CHARACTERS: usize = 256;

/// What is decided, and in whose name.
#[derive(Debug, Args)]
pub(crate) struct DecideArgs {
    /// Name of the `CrmUserInvite`.
    name: String,

    /// Your id in the CRM. The decision counts only if this CRM user may manage users.
    #[arg(long, value_name = "ID", value_parser = crm_id)]
    crm_user: String,

    /// A text that stands with the decision in the status, for all who may read the object; at most 256 characters.
    #[arg(long, value_parser = message)]
    message: Option<String>,

    #[command(flatten)]
    cluster: ClusterArgs,
}

/// Why nothing was decided.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum Undecidable {
    #[error("{0} is an invitation: only a request to join (type JoinRequest) is approved or denied")]
    Invitation(String),
    #[error("{0} is being deleted")]
    Deleting(String),
    #[error("{name} was {verdict} already, on {at}; to ask again, delete the object and create another")]
    Decided {
        name: String,
        verdict: &'static str,
        at: String,
    },
    #[error("{name} is {phase}: the person is in the CRM already, so there is nothing to decide")]
    InCrm { name: String, phase: &'static str },
}

/// Why a decision cannot be written.
#[derive(Debug, thiserror::Error)]
enum DecideError {
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    #[error(transparent)]
    Undecidable(#[from] Undecidable),
    #[error("there is no CrmUserInvite {name} in namespace {namespace}")]
    NotFound { name: String, namespace: String },
    #[error(
        "the API server does not let you decide: {message}. Deciding needs the verb approve on crmuserinvites in namespace {namespace}, which the chart's ClusterRole for approvers gives (its name ends with crmlink-approver): ask an administrator of the cluster to bind it to you there"
    )]
    NotApprover { message: String, namespace: String },
    #[error("the API server refuses the decision: {0}")]
    Refused(String),
    #[error("others keep changing {0}; try again")]
    Busy(String),
    #[error("the API server does not tell who you are: {0}")]
    Nameless(String),
    #[error("the API server cannot be asked: {0}")]
    Api(#[source] Box<kube::Error>),
}

/// Decides, and says so.
pub(super) async fn run(args: &DecideArgs, verdict: DecisionVerdict) -> ExitCode {
    match decide(args, verdict).await {
        Ok(text) => {
            print(&text);
            ExitCode::SUCCESS
        }
        Err(error) => failed(&error, 1),
    }
}

async fn decide(args: &DecideArgs, verdict: DecisionVerdict) -> Result<String, DecideError> {
    let target = args.cluster.target().await?;
    let api: Api<CrmUserInvite> = Api::namespaced(target.client.clone(), &target.namespace);
    let mut by = None;
    for _ in 0..ATTEMPTS {
        let found = api.get_opt(&args.name).await;
        let invite = found
            .map_err(|error| of_api(error, &target.namespace))?
            .ok_or_else(|| DecideError::NotFound {
                name: args.name.clone(),
                namespace: target.namespace.clone(),
            })?;
        decidable(&invite)?;
        let name = match &by {
            Some(name) => String::clone(name),
            None => own_name(&target.client).await?,
        };
        let decision = Decision {
            verdict,
            by: by.insert(name).clone(),
            crm_user_id: args.crm_user.clone(),
            at: Time(SystemClock.now()),
        };
        let patch = patch(&invite, &decision, args.message.as_deref());
        // Not forced: what the operator owns stays the operator's.
        let parameters = PatchParams::apply(MANAGER);
        match api
            .patch_status(&args.name, &parameters, &Patch::Apply(patch))
            .await
        {
            Ok(_) => return Ok(said(verdict, &args.name, &target.namespace)),
            Err(kube::Error::Api(status)) if status.is_conflict() => {}
            Err(error) => return Err(of_api(error, &target.namespace)),
        }
    }
    Err(DecideError::Busy(args.name.clone()))
}

/// Whether there is something to decide about an object as it is.
fn decidable(invite: &CrmUserInvite) -> Result<(), Undecidable> {
    let name = invite.name_any();
    if invite.spec.invite_type != InviteType::JoinRequest {
        return Err(Undecidable::Invitation(name));
    }
    if invite.metadata.deletion_timestamp.is_some() {
        return Err(Undecidable::Deleting(name));
    }
    let Some(status) = &invite.status else {
        return Ok(());
    };
    let decided = |verdict, at: Timestamp| Undecidable::Decided {
        name: invite.name_any(),
        verdict: word(verdict),
        at: at.to_string(),
    };
    if let Some(decision) = &status.decision {
        return Err(decided(decision.verdict, decision.at.0));
    }
    if let Some(phase @ (InvitePhase::Active | InvitePhase::Inactive)) = status.phase {
        let phase = phase.as_str();
        return Err(Undecidable::InCrm { name, phase });
    }
    for (condition_type, verdict) in [
        (ConditionType::Approved, DecisionVerdict::Approved),
        (ConditionType::Denied, DecisionVerdict::Denied),
    ] {
        if let Some(condition) = status.conditions.get(condition_type) {
            return Err(decided(verdict, condition.last_transition_time()));
        }
    }
    Ok(())
}

/// What is written: the decision and its condition, onto the object exactly as it was looked at.
fn patch(invite: &CrmUserInvite, decision: &Decision, message: Option<&str>) -> Value {
    let (condition, reason) = match decision.verdict {
        DecisionVerdict::Approved => (ConditionType::Approved, Reason::ApprovedByManager),
        DecisionVerdict::Denied => (ConditionType::Denied, Reason::Denied),
    };
    let message = message.map_or_else(
        || {
            let verdict = word(decision.verdict);
            format!("{verdict} in the name of CRM user {}", decision.crm_user_id)
        },
        str::to_owned,
    );
    let mut conditions = Conditions::default();
    let generation = invite.metadata.generation;
    conditions.set(condition, true, reason, message, generation, decision.at.0);
    json!({
        "apiVersion": <CrmUserInvite as kube::Resource>::api_version(&()),
        "kind": <CrmUserInvite as kube::Resource>::kind(&()),
        "metadata": {
            "name": invite.name_any(),
            "uid": invite.uid(),
            "resourceVersion": invite.resource_version(),
        },
        "status": { "conditions": conditions, "decision": decision },
    })
}

/// Who the caller is to the API server.
async fn own_name(client: &Client) -> Result<String, DecideError> {
    let reviews: Api<SelfSubjectReview> = Api::all(client.clone());
    let review = reviews
        .create(&PostParams::default(), &SelfSubjectReview::default())
        .await
        .map_err(|error| DecideError::Nameless(error.to_string()))?;
    let user = review.status.and_then(|status| status.user_info);
    user.and_then(|user| user.username)
        .filter(|name| !name.is_empty())
        .ok_or_else(|| DecideError::Nameless("its answer has no user name".to_owned()))
}

fn of_api(error: kube::Error, namespace: &str) -> DecideError {
    match error {
        kube::Error::Api(status) => refused(&status, namespace),
        error => DecideError::Api(Box::new(error)),
    }
}

/// A refusal in words. The admission policy has its own, which name another cause than a missing right.
fn refused(status: &Status, namespace: &str) -> DecideError {
    let message = status.message.trim_end_matches('.').to_owned();
    let by_policy = message.contains("ValidatingAdmissionPolicy");
    let lacks_verb = message.contains("verb approve");
    if status.code == 403 && (!by_policy || lacks_verb) {
        return DecideError::NotApprover {
            message,
            namespace: namespace.to_owned(),
        };
    }
    DecideError::Refused(message)
}

fn said(verdict: DecisionVerdict, name: &str, namespace: &str) -> String {
    format!("{} {name} in namespace {namespace}\n", word(verdict))
}

const fn word(verdict: DecisionVerdict) -> &'static str {
    match verdict {
        DecisionVerdict::Approved => "approved",
        DecisionVerdict::Denied => "denied",
    }
}

/// An id as the CRM has them.
fn crm_id(text: &str) -> Result<String, String> {
    if (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(text.to_owned());
    }
    Err("an id of the CRM is a number of at most 32 digits; the mail about the request has yours".to_owned())
}

fn message(text: &str) -> Result<String, String> {
    let characters = text.chars().count();
    if characters > MESSAGE_CHARACTERS {
        return Err(format!(
            "it has {characters} characters, and at most {MESSAGE_CHARACTERS} are stored"
        ));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;

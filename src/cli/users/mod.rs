//! `crmlink users`: who is approved and not in the CRM yet (U7).

mod candidates;
mod gather;
mod manifests;

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::kubernetes::{ClusterArgs, ClusterError};
use super::output::{failed, print, table};
use super::services::{ServiceArgs, ServiceError};
use crate::api::InviteType;
use crate::credentials::CredentialsError;
use candidates::Candidate;

/// Whose users, and in which form.
#[derive(Debug, Args)]
pub(crate) struct UsersArgs {
    /// Name of the `CrmTenant`.
    tenant: String,

    /// Form of what is printed.
    #[arg(long, short, value_enum, default_value_t = Output::Table)]
    output: Output,

    /// Type of the invites in manifests.
    #[arg(long = "type", value_enum, default_value_t = ManifestType::Invitation)]
    manifest_type: ManifestType,

    #[command(flatten)]
    cluster: ClusterArgs,

    #[command(flatten)]
    services: ServiceArgs,
}

/// Form of what is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people.
    Table,
    /// A `CrmUserInvite` for each user, ready for Git. Role and profile are the tenant's defaults.
    Manifests,
    /// A list of objects.
    Json,
}

/// Type of the invites in manifests; the words are those of the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ManifestType {
    /// An administrator invites the user.
    #[value(name = "Invitation")]
    Invitation,
    /// The user asks to join, and somebody who may manage users approves.
    #[value(name = "JoinRequest")]
    JoinRequest,
}

impl From<ManifestType> for InviteType {
    fn from(manifest_type: ManifestType) -> Self {
        match manifest_type {
            ManifestType::Invitation => Self::Invitation,
            ManifestType::JoinRequest => Self::JoinRequest,
        }
    }
}

/// Why the users cannot be listed.
#[derive(Debug, thiserror::Error)]
enum UsersError {
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    #[error(transparent)]
    Services(#[from] ServiceError),
    #[error("there is no CrmTenant {name} in namespace {namespace}")]
    NoTenant { name: String, namespace: String },
    #[error(
        "the author of the CrmTenant {0} does not accept the terms (installation.acceptTerms): nothing is read for it"
    )]
    TermsNotAccepted(String),
    #[error("the CrmTenant {0} is suspended: nothing is read for it until spec.suspend is false")]
    Suspended(String),
    #[error(
        "the installation of the CrmTenant {name} is not verified{}: nothing is read for it before; its conditions say more (kubectl describe crmtenant {name})",
        why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default()
    )]
    NotVerified { name: String, why: Option<String> },
    #[error(
        "you may not read the Secret {0}: the users are listed with the credentials of the CrmTenant, so the verb get on its Secrets is needed"
    )]
    SecretForbidden(String),
    #[error(transparent)]
    Credentials(CredentialsError),
    #[error("no random bytes: {0}")]
    Random(String),
    #[error("the addresses of the services cannot be used: {0}")]
    Config(#[from] msgraph::ConfigError),
    #[error("Microsoft 365 does not tell {what}: {failure}")]
    Office {
        what: &'static str,
        failure: sync_runtime::ports::Failure,
    },
    #[error("the CRM does not tell {what}: {failure}")]
    Crm {
        what: &'static str,
        failure: sync_runtime::ports::Failure,
    },
    #[error(
        "the CRM credentials belong to organisation {found}, but this tenant is for {expected}; nothing is listed"
    )]
    OtherOrganisation { found: String, expected: String },
    #[error("the list cannot be written: {0}")]
    Json(#[from] serde_json::Error),
}

impl From<CredentialsError> for UsersError {
    fn from(error: CredentialsError) -> Self {
        match error {
            CredentialsError::Forbidden { name } => Self::SecretForbidden(name),
            error => Self::Credentials(error),
        }
    }
}

/// Prints the users.
pub(super) async fn run(args: &UsersArgs) -> ExitCode {
    match listed(args).await {
        Ok(text) => {
            print(&text);
            ExitCode::SUCCESS
        }
        Err(error) => failed(&error, 1),
    }
}

async fn listed(args: &UsersArgs) -> Result<String, UsersError> {
    let found = gather::gather(args).await?;
    for remark in &found.remarks {
        eprintln!("crmlink: {remark}");
    }
    let candidates = candidates::candidates(&found);
    if candidates.is_empty() && args.output != Output::Json {
        eprintln!("crmlink: every approved user is in the CRM, or has a CrmUserInvite");
        return Ok(String::new());
    }
    Ok(match args.output {
        Output::Table => as_table(&candidates),
        Output::Manifests => manifests::manifests(&candidates, &found, args.manifest_type.into()),
        Output::Json => format!("{}\n", serde_json::to_string_pretty(&as_json(&candidates))?),
    })
}

fn as_table(candidates: &[Candidate<'_>]) -> String {
    let rows: Vec<[String; 3]> = candidates
        .iter()
        .map(|candidate| {
            [
                candidate.name().to_owned(),
                candidate.address().unwrap_or_default().to_owned(),
                candidate.user.id.clone(),
            ]
        })
        .collect();
    table(["USER", "E-MAIL", "OBJECT ID"], &rows)
}

fn as_json(candidates: &[Candidate<'_>]) -> serde_json::Value {
    let objects = candidates.iter().map(
        |candidate| json!({ "user": candidate.name(), "email": candidate.address(), "id": candidate.user.id }),
    );
    objects.collect()
}

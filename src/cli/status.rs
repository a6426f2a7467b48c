//! `crmlink status`: the state of all objects in one table.

use std::process::ExitCode;

use ambient::{Clock, SystemClock};
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use k8s_openapi::NamespaceResourceScope;
use kube::{Api, Resource, ResourceExt};
use serde::Serialize;

use super::kubernetes::{ClusterArgs, ClusterError, Target, list};
use super::output::{failed, print, table};
use crate::api::{ConditionStatus, ConditionType, Conditions, ContactSync, CrmTenant, CrmUserInvite, Reason};

/// What is shown, and how.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// All namespaces.
    #[arg(long, short = 'A', conflicts_with = "namespace")]
    all_namespaces: bool,

    /// Form of what is printed.
    #[arg(long, short, value_enum, default_value_t = Output::Table)]
    output: Output,

    #[command(flatten)]
    cluster: ClusterArgs,
}

/// Form of what is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people.
    Table,
    /// A list of objects with everything that the table has, and the reason in words.
    Json,
}

/// How well an object is; the order is the one in which objects are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Health {
    /// Only a change by a person can help.
    Stalled,
    /// Not as declared.
    NotReady,
    /// The operator has not seen the object as it is now.
    Unknown,
    /// As declared.
    Ready,
}

/// One object.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    #[serde(skip)]
    health: Health,
    kind: String,
    namespace: String,
    name: String,
    ready: &'static str,
    reason: String,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<Timestamp>,
}

/// What an object reports, whatever its kind.
#[derive(Clone, Copy)]
struct Report<'a> {
    conditions: Option<&'a Conditions>,
    observed: Option<i64>,
    phase: Option<&'static str>,
}

/// Prints the table; everything ready is 0, something not is 1, and 2 is that it is not known.
pub(super) async fn run(args: &StatusArgs) -> ExitCode {
    let rows = match rows(args).await {
        Ok(rows) => rows,
        Err(error) => return failed(&error, 2),
    };
    match args.output {
        Output::Table if rows.is_empty() => eprintln!("crmlink: there are no objects"),
        Output::Table => print(&as_table(&rows, SystemClock.now())),
        Output::Json => match serde_json::to_string_pretty(&rows) {
            Ok(text) => print(&format!("{text}\n")),
            Err(error) => return failed(&error, 2),
        },
    }
    ExitCode::from(u8::from(rows.iter().any(|row| row.health != Health::Ready)))
}

async fn rows(args: &StatusArgs) -> Result<Vec<Row>, ClusterError> {
    let target = args.cluster.target().await?;
    let everywhere = args.all_namespaces;
    let (tenants, invites, syncs) = tokio::try_join!(
        list(api::<CrmTenant>(&target, everywhere)),
        list(api::<CrmUserInvite>(&target, everywhere)),
        list(api::<ContactSync>(&target, everywhere)),
    )?;
    let mut rows = Vec::with_capacity(tenants.len() + invites.len() + syncs.len());
    rows.extend(tenants.iter().map(|tenant| row(tenant, of_tenant(tenant))));
    rows.extend(invites.iter().map(|invite| row(invite, of_invite(invite))));
    rows.extend(syncs.iter().map(|sync| row(sync, of_sync(sync))));
    sort(&mut rows);
    Ok(rows)
}

fn api<K>(target: &Target, everywhere: bool) -> Api<K>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    if everywhere {
        Api::all(target.client.clone())
    } else {
        Api::namespaced(target.client.clone(), &target.namespace)
    }
}

fn of_tenant(tenant: &CrmTenant) -> Report<'_> {
    let status = tenant.status.as_ref();
    Report {
        conditions: status.map(|status| &status.conditions),
        observed: status.and_then(|status| status.observed_generation),
        phase: None,
    }
}

fn of_invite(invite: &CrmUserInvite) -> Report<'_> {
    let status = invite.status.as_ref();
    Report {
        conditions: status.map(|status| &status.conditions),
        observed: status.and_then(|status| status.observed_generation),
        phase: status.and_then(|status| Some(status.phase?.as_str())),
    }
}

fn of_sync(sync: &ContactSync) -> Report<'_> {
    let status = sync.status.as_ref();
    Report {
        conditions: status.map(|status| &status.conditions),
        observed: status.and_then(|status| status.observed_generation),
        phase: None,
    }
}

fn row<K: Resource<DynamicType = ()>>(object: &K, report: Report<'_>) -> Row {
    let meta = object.meta();
    let ready = report.conditions.and_then(|all| all.get(ConditionType::Ready));
    let stalled = report
        .conditions
        .is_some_and(|all| all.is_true(ConditionType::Stalled));
    // What was said of another spec says nothing of this one.
    let seen = ready.filter(|_| report.observed == meta.generation);
    let (health, word, reason, message) = match seen {
        _ if meta.deletion_timestamp.is_some() => {
            let text = "it is being deleted";
            (
                Health::NotReady,
                ConditionStatus::False,
                Reason::Deleting.as_str(),
                text,
            )
        }
        None => {
            let text = "the operator has not seen it as it is now";
            (
                Health::Unknown,
                ConditionStatus::Unknown,
                Reason::Progressing.as_str(),
                text,
            )
        }
        Some(ready) => {
            let health = match ready.status() {
                ConditionStatus::True => Health::Ready,
                _ if stalled => Health::Stalled,
                ConditionStatus::False => Health::NotReady,
                ConditionStatus::Unknown => Health::Unknown,
            };
            (health, ready.status(), ready.reason(), ready.message())
        }
    };
    Row {
        health,
        kind: K::kind(&()).into_owned(),
        namespace: object.namespace().unwrap_or_default(),
        name: object.name_any(),
        ready: word.as_str(),
        reason: reason.to_owned(),
        message: message.to_owned(),
        phase: report.phase,
        created: object.creation_timestamp().map(|time| time.0),
    }
}

fn sort(rows: &mut [Row]) {
    rows.sort_by(|a, b| {
        let key = |row: &Row| {
            (
                row.health,
                row.kind.clone(),
                row.namespace.clone(),
                row.name.clone(),
            )
        };
        key(a).cmp(&key(b))
    });
}

fn as_table(rows: &[Row], now: Timestamp) -> String {
    let cells: Vec<[String; 7]> = rows
        .iter()
        .map(|row| {
            let age = row.created.map(|created| age(created, now));
            [
                row.kind.clone(),
                row.namespace.clone(),
                row.name.clone(),
                row.ready.to_owned(),
                row.reason.clone(),
                row.phase.unwrap_or_default().to_owned(),
                age.unwrap_or_default(),
            ]
        })
        .collect();
    table(
        ["KIND", "NAMESPACE", "NAME", "READY", "REASON", "PHASE", "AGE"],
        &cells,
    )
}

/// As kubectl shows ages, in one unit.
fn age(since: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(since).as_secs().max(0);
    match seconds {
        0..120 => format!("{seconds}s"),
        120..10_800 => format!("{}m", seconds / 60),
        10_800..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
#[path = "status_tests.rs"]
mod tests;

//! The release build of the operator with many converged resources: memory, processor, writes and calls while nothing
//! changes, and what a restart costs. The schedule is not sped up: a window of it is watched, and each run is compared
//! with the calls that it may make.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use crmlink::api::{ContactSync, CrmTenant};
use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Client, api::PostParams};
use local_cluster::{Cluster, Options, audit};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::process::{Usage, by_labels, page, sum};
use crate::binaries;
use crate::environment::{Operator, OperatorCommand, Services, install, operator_arguments};
use crate::error::{Doing, Error, Result};
use crate::say::say;

/// How long the first sync of all of them may take.
const CONVERGES_WITHIN: Duration = Duration::from_hours(1);
/// How often it is asked how far it is.
const POLL: Duration = Duration::from_millis(250);
/// How many resources are made at a time.
const MAKERS: u32 = 16;

const TENANT_ID: &str = "6d0a4c1e-9d6a-4c0b-a9b1-3f5f1c2b7a10";
const CLIENT_ID: &str = "f2b9a3c4-5d6e-4f70-8192-a3b4c5d6e7f8";

/// The goals of `design.md` §11, in MiB: at rest and at the peak of a restart.
fn goals(resources: u32) -> (Option<u32>, Option<u32>) {
    match resources {
        0..=1_000 => (Some(40), None),
        1_001..=10_000 => (Some(120), Some(160)),
        _ => (Some(1024), None),
    }
}

pub(super) async fn measure(resources: u32, dev: bool, minutes: u32) -> Result<Value> {
    say(&format!("{resources} resources: building"));
    let binaries = if dev {
        binaries::build()?
    } else {
        binaries::build_release()?
    };
    let folder = tempfile::Builder::new()
        .prefix("crmlink-bench-")
        .tempdir()
        .doing(|| "creating a temporary folder".to_owned())?;
    let world = folder.path().join("world.json");
    std::fs::write(&world, self::world(resources).to_string()).doing(|| "writing the world".to_owned())?;
    let options = Options {
        audit_policy: Some(audit::WRITES.to_owned()),
        ..Options::default()
    };
    let cluster = Cluster::from_environment(say, options).await?;
    let services = Services::start(&binaries.emulators, folder.path(), &world).await?;
    install::chart(&cluster).await?;
    let kubeconfig = folder.path().join("operator.kubeconfig");
    cluster
        .service_account_kubeconfig(install::NAMESPACE, install::SERVICE_ACCOUNT, &kubeconfig)
        .await?;
    let command = OperatorCommand::new(
        binaries.operator,
        kubeconfig,
        operator_arguments(services.addresses(), folder.path(), install::NAMESPACE),
    );

    let operator = Operator::start(&command, folder.path()).await?;
    let namespace = cluster.create_namespace("bench").await?;
    say("making the resources");
    declare(&cluster.admin_client()?, &namespace, resources).await?;
    say("waiting until all are in sync");
    let began = Instant::now();
    in_sync(&operator, resources).await?;
    let converged = began.elapsed();

    say("watching the operator at rest");
    let before = Sight::of(&operator, &cluster).await?;
    tokio::time::sleep(Duration::from_mins(minutes.into())).await;
    let after = Sight::of(&operator, &cluster).await?;
    operator.stop().await?;

    say("starting it again");
    let restart = restart(&command, folder.path(), resources).await?;
    let (rest_goal, peak_goal) = goals(resources);
    let (runs, cpu) = (
        after.runs - before.runs,
        after.usage.cpu.saturating_sub(before.usage.cpu),
    );
    Ok(json!({
        "resources": resources,
        "build": if dev { "dev" } else { "release" },
        "convergedInSeconds": converged.as_secs(),
        "watchedMinutes": minutes,
        "rssMiB": { "is": mib(after.usage.resident), "goal": rest_goal },
        "runs": runs,
        "cpuMillisecondsPerRun": { "is": per_run(cpu, runs), "goal": 5 },
        "calls": after.calls_since(&before),
        "writesToTheApiServer": { "is": after.writes.zip(before.writes).map(|(after, before)| after - before), "goal": 0 },
        "restart": {
            "startToReadyMilliseconds": { "is": restart.ready.as_millis(), "goal": 500 },
            "peakRssMiB": { "is": mib(restart.peak), "goal": peak_goal },
            "rssMiB": mib(restart.resident),
        },
    }))
}

/// One person and one contact for each resource.
fn world(resources: u32) -> Value {
    let mut people = vec![json!({ "userPrincipalName": "nora@bench.example", "admin": true })];
    let mut users = vec![json!({
        "email": "nora@bench.example", "firstName": "Nora", "lastName": "Bench", "profile": "Administrator",
    })];
    let mut contacts = Vec::new();
    for number in 1..=resources {
        let email = email(number);
        people.push(json!({ "userPrincipalName": email }));
        users.push(json!({ "email": email, "firstName": "Person", "lastName": number.to_string() }));
        contacts.push(json!({
            "id": format!("40000000000{number:08}"), "owner": email,
            "fields": { "First_Name": "Contact", "Last_Name": number.to_string() },
        }));
    }
    json!({
        "office365": [{
            "tenantId": TENANT_ID, "domain": "bench.example",
            "apps": [{ "clientId": CLIENT_ID, "clientSecret": "office-secret" }],
            "users": people,
        }],
        "crm": [{
            "companyName": "Bench", "id": "4000000000000000101", "users": users,
            "clients": [{
                "clientId": "1000.BENCH", "clientSecret": "crm-secret", "refreshToken": "1000.bench.bench",
                "user": "nora@bench.example",
            }],
            "contacts": contacts,
        }],
    })
}

fn email(number: u32) -> String {
    format!("person{number}@bench.example")
}

async fn declare(client: &Client, namespace: &str, resources: u32) -> Result<()> {
    let secrets = [
        ("office365", json!({ "client-secret": "office-secret" })),
        (
            "zoho",
            json!({ "client-id": "1000.BENCH", "client-secret": "crm-secret", "refresh-token": "1000.bench.bench" }),
        ),
    ];
    for (name, data) in secrets {
        let secret = json!({ "metadata": { "name": name }, "stringData": data });
        create::<Secret>(client, namespace, secret).await?;
    }
    let tenant = json!({
        "apiVersion": "crmlink.dev/v1alpha1", "kind": "CrmTenant", "metadata": { "name": "bench" },
        "spec": {
            "office365": {
                "tenantId": TENANT_ID, "clientId": CLIENT_ID,
                "auth": { "mode": "ClientSecret", "secretRef": { "name": "office365" } },
            },
            "crm": { "zoho": { "dataCenter": "EU", "credentialsRef": { "name": "zoho" } } },
            "installation": { "administrator": "nora@bench.example", "acceptTerms": true },
            "approvedUsers": { "mode": "Everyone" },
        },
    });
    create::<CrmTenant>(client, namespace, tenant).await?;
    let mut makers = JoinSet::new();
    for first in 0..MAKERS {
        let (client, namespace) = (client.clone(), namespace.to_owned());
        makers.spawn(async move {
            for number in (1..=resources).filter(|number| number % MAKERS == first) {
                let sync = json!({
                    "apiVersion": "crmlink.dev/v1alpha1", "kind": "ContactSync",
                    "metadata": { "name": format!("person{number}") },
                    "spec": { "tenantRef": { "name": "bench" }, "user": email(number), "direction": "CrmToOffice" },
                });
                create::<ContactSync>(&client, &namespace, sync).await?;
            }
            Ok::<_, Error>(())
        });
    }
    while let Some(made) = makers.join_next().await {
        made.map_err(std::io::Error::other)
            .doing(|| "making the resources".to_owned())??;
    }
    Ok(())
}

async fn create<K>(client: &Client, namespace: &str, object: Value) -> Result<()>
where
    K: kube::Resource<DynamicType = (), Scope = kube::core::NamespaceResourceScope>
        + Clone
        + std::fmt::Debug
        + serde::Serialize
        + serde::de::DeserializeOwned,
{
    let doing = || format!("making a {}", K::kind(&()));
    let object: K = serde_json::from_value(object)
        .map_err(std::io::Error::other)
        .doing(doing)?;
    let api: Api<K> = Api::namespaced(client.clone(), namespace);
    api.create(&PostParams::default(), &object)
        .await
        .map(drop)
        .doing(doing)
}

/// Waits until every sync says that it is ready and nothing is left to be written.
async fn in_sync(operator: &Operator, resources: u32) -> Result<()> {
    let deadline = Instant::now() + CONVERGES_WITHIN;
    loop {
        let (_, metrics) = page(operator.address(), "/metrics").await?;
        let ready = sum(&metrics, "crmlink_objects", "kind=\"ContactSync\",ready=\"True\"");
        let linked = sum(&metrics, "crmlink_contacts", "linked");
        if ready == u64::from(resources) && linked == u64::from(resources) {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(Error::Timeout {
                what: format!("the first sync of {resources} resources"),
                seconds: CONVERGES_WITHIN.as_secs(),
                detail: format!("{ready} are ready and {linked} contacts linked"),
            });
        }
        tokio::time::sleep(POLL).await;
    }
}

/// What there is to see at a moment.
struct Sight {
    usage: Usage,
    runs: u64,
    /// By service, route and status.
    calls: BTreeMap<String, u64>,
    /// Nothing where the API server is not ours.
    writes: Option<usize>,
}

impl Sight {
    async fn of(operator: &Operator, cluster: &Cluster) -> Result<Self> {
        let (_, metrics) = page(operator.address(), "/metrics").await?;
        let log = cluster
            .control_plane()
            .and_then(local_cluster::ControlPlane::audit_log);
        let writes = log.map(|log| {
            let user = format!(
                "system:serviceaccount:{}:{}",
                install::NAMESPACE,
                install::SERVICE_ACCOUNT
            );
            let ours = |entry: &audit::Entry| entry.user == user && entry.resource != "leases";
            Ok::<_, Error>(audit::read(log)?.into_iter().filter(ours).count())
        });
        Ok(Self {
            usage: Usage::of(operator.pid().unwrap_or_default())?,
            runs: sum(&metrics, "crmlink_reconciles_total", ""),
            calls: by_labels(&metrics, "crmlink_api_calls_total"),
            writes: writes.transpose()?,
        })
    }

    /// The calls that were made since another sight.
    fn calls_since(&self, before: &Self) -> BTreeMap<&str, u64> {
        let since =
            |(call, count): (&String, &u64)| count - before.calls.get(call).copied().unwrap_or_default();
        self.calls
            .iter()
            .map(|call| (call.0.as_str(), since(call)))
            .filter(|(_, count)| *count > 0)
            .collect()
    }
}

struct Restart {
    ready: Duration,
    peak: u64,
    resident: u64,
}

/// Starts the operator again and waits until it has looked at every resource.
async fn restart(command: &OperatorCommand, folder: &Path, resources: u32) -> Result<Restart> {
    let began = Instant::now();
    let operator = Operator::start(command, folder).await?;
    while page(operator.address(), "/readyz").await?.0 != 200 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let ready = began.elapsed();
    loop {
        let (_, metrics) = page(operator.address(), "/metrics").await?;
        let kind = "kind=\"ContactSync\",outcome=\"done\"";
        let probes = sum(&metrics, "crmlink_api_calls_total", "/contactFolders/{folder}\"");
        if sum(&metrics, "crmlink_reconciles_total", kind) >= u64::from(resources)
            && probes >= u64::from(resources)
        {
            break;
        }
        tokio::time::sleep(POLL).await;
    }
    let usage = Usage::of(operator.pid().unwrap_or_default())?;
    operator.stop().await?;
    Ok(Restart {
        ready,
        peak: usage.peak,
        resident: usage.resident,
    })
}

/// With one decimal.
#[allow(clippy::cast_precision_loss, reason = "a figure for people")]
fn mib(kib: u64) -> f64 {
    (kib as f64 / 102.4).round() / 10.0
}

/// In milliseconds, with one decimal.
#[allow(clippy::cast_precision_loss, reason = "a figure for people")]
fn per_run(cpu: Duration, runs: u64) -> f64 {
    (cpu.as_secs_f64() * 10_000.0 / runs.max(1) as f64).round() / 10.0
}

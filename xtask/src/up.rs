//! The demo's surroundings in the background, for development.

use std::{
    fs,
    fs::File,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use emulators::Addresses;
use serde::{Deserialize, Serialize};

use crate::{
    binaries,
    environment::{Environment, Wanted},
    error::{Doing, Error, Result},
    process,
    say::say,
    signals, workspace,
};

const POLL: Duration = Duration::from_millis(100);
/// A first start builds the control plane, which takes minutes.
const UP_WITHIN: Duration = Duration::from_mins(45);
const DOWN_WITHIN: Duration = Duration::from_mins(1);

/// What runs, for people and their scripts.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Up {
    /// The process that holds everything; `down` ends it.
    pid: u32,
    /// The administrator's kubeconfig.
    kubeconfig: PathBuf,
    /// The address of the emulators' control API and page.
    control: String,
    /// Where the emulated services listen.
    services: Addresses,
    /// The certificate authority of the emulated services.
    ca_file: PathBuf,
    /// How the operator runs, or how to run it.
    operator: String,
    operator_pid: Option<u32>,
    metrics: Option<String>,
    /// Logs and kubeconfigs.
    folder: PathBuf,
}

/// Starts the surroundings in the background and returns once they are up.
pub(crate) fn up(operator: bool) -> Result<()> {
    if let Some(up) = running()? {
        println!("it is up already");
        show(&up);
        return Ok(());
    }
    let folder = folder();
    fs::create_dir_all(&folder).doing(|| format!("creating {}", folder.display()))?;
    let _ = fs::remove_file(state());
    let log = folder.join("up.log");
    let doing = || format!("opening {}", log.display());
    let output = File::create(&log).doing(doing)?;
    let errors = output.try_clone().doing(doing)?;
    let this = std::env::current_exe().doing(|| "finding this program".to_owned())?;
    let mut command = Command::new(this);
    command
        .arg("serve")
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors);
    if !operator {
        command.arg("--no-operator");
    }
    // A group of its own: Ctrl-C in this terminal is not meant for it.
    let mut child = command
        .process_group(0)
        .spawn()
        .doing(|| "starting in the background".to_owned())?;
    println!("starting; the log is {}", workspace::relative(&log));
    let deadline = Instant::now() + UP_WITHIN;
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait().doing(|| "waiting for the start".to_owned())? {
            let tail = local_cluster::log_tail(&log);
            return Err(Error::Ended {
                program: "background process",
                status,
                tail,
            });
        }
        if let Some(up) = read()? {
            show(&up);
            return Ok(());
        }
        thread::sleep(POLL);
    }
    process::terminate(child.id())?;
    Err(Error::NotReady {
        program: "environment",
        seconds: UP_WITHIN.as_secs(),
        tail: local_cluster::log_tail(&log),
    })
}

/// Ends what `up` started and waits for that.
pub(crate) fn down() -> Result<()> {
    let Some(up) = running()? else {
        println!("nothing is up");
        return Ok(());
    };
    process::terminate(up.pid)?;
    let deadline = Instant::now() + DOWN_WITHIN;
    while Instant::now() < deadline {
        if running()?.is_none() {
            println!("down");
            return Ok(());
        }
        thread::sleep(POLL);
    }
    Err(Error::NotEnding {
        program: "environment",
        seconds: DOWN_WITHIN.as_secs(),
    })
}

/// What runs in the background until it is asked to end.
pub(crate) async fn serve(operator: bool) -> Result<()> {
    let mut environment = signals::unless_asked_to_end(Environment::start(Wanted {
        operator,
        keep: false,
    }))
    .await?;
    let served = signals::unless_asked_to_end(stay(&mut environment)).await;
    say("ending");
    let stopped = environment.stop().await;
    let _ = fs::remove_file(state());
    match served {
        Err(Error::Interrupted) => stopped,
        served => served.and(stopped),
    }
}

async fn stay(environment: &mut Environment) -> Result<()> {
    environment.apply_examples().await?;
    write(&describe(environment)?)?;
    say("up");
    loop {
        environment.check_programs()?;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

fn describe(environment: &Environment) -> Result<Up> {
    let services = environment.services();
    Ok(Up {
        pid: std::process::id(),
        kubeconfig: environment.kubeconfig(),
        control: services.addresses().control.clone(),
        services: services.addresses().clone(),
        ca_file: services.ca_file().to_path_buf(),
        operator: environment.operator_command(&binaries::built()?.operator).shown(),
        operator_pid: environment.operator().and_then(crate::environment::Operator::pid),
        metrics: environment
            .operator()
            .map(|operator| operator.metrics().to_owned()),
        folder: environment.folder().to_path_buf(),
    })
}

fn show(up: &Up) {
    println!("  export KUBECONFIG={}", up.kubeconfig.display());
    println!("  emulated services, page and control API: {}", up.control);
    match &up.metrics {
        Some(metrics) => println!("  metrics of the operator: {metrics}"),
        None => println!("  run the operator yourself:\n    {}", up.operator),
    }
    println!("  all addresses: {}", workspace::relative(&state()));
    println!("  `cargo xtask down` ends it");
}

fn folder() -> PathBuf {
    workspace::root().join(".crmlink")
}

fn state() -> PathBuf {
    folder().join("up.json")
}

fn read() -> Result<Option<Up>> {
    let path = state();
    match fs::read_to_string(&path) {
        Err(_) => Ok(None),
        Ok(text) => serde_json::from_str(&text)
            .map(Some)
            .map_err(|error| Error::File {
                path,
                detail: format!("{error}; delete it"),
            }),
    }
}

/// What is up, if its process lives and is one of this program.
fn running() -> Result<Option<Up>> {
    Ok(read()?.filter(|up| serves(up.pid)))
}

/// The id may belong to another process by now.
fn serves(pid: u32) -> bool {
    let command = fs::read(Path::new("/proc").join(pid.to_string()).join("cmdline")).unwrap_or_default();
    let mut words = command.split(|byte| *byte == 0);
    words.next().is_some_and(|name| name.ends_with(b"xtask")) && words.next() == Some(b"serve")
}

/// Readers see the whole file or none.
fn write(up: &Up) -> Result<()> {
    let path = state();
    let doing = || format!("writing {}", path.display());
    let text = serde_json::to_string_pretty(up)
        .map_err(std::io::Error::other)
        .doing(doing)?;
    let part = path.with_extension("part");
    fs::write(&part, text)
        .and_then(|()| fs::rename(&part, &path))
        .doing(doing)
}

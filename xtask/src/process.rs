//! Commands that the tasks run to their end.

use std::{ffi::OsStr, process::Command};

use crate::{
    error::{Doing, Error, Result},
    workspace,
};

/// `cargo` in the workspace's folder: the one that runs this task.
pub(crate) fn cargo<I, S>(arguments: I) -> Command
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(workspace::root());
    // `cargo run` describes the package of this task, which the build scripts of some crates watch: with them, half of
    // the dependencies would be built anew at each turn between `cargo xtask` and plain `cargo`.
    for (name, _) in std::env::vars_os() {
        let of_package = ["CARGO_PKG_", "CARGO_MANIFEST_"];
        if of_package
            .iter()
            .any(|start| name.to_string_lossy().starts_with(start))
        {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a command whose output goes to the terminal.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    let status = command.status().doing(|| format!("running `{shown}`"))?;
    if status.success() {
        Ok(())
    } else {
        Err(Error::Command {
            command: shown,
            status,
        })
    }
}

/// Runs a command and returns what it printed.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    let output = command
        .stderr(std::process::Stdio::inherit())
        .output()
        .doing(|| format!("running `{shown}`"))?;
    if !output.status.success() {
        return Err(Error::Command {
            command: shown,
            status: output.status,
        });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The command as a person would type it.
pub(crate) fn shown(command: &Command) -> String {
    let name = std::path::Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program());
    std::iter::once(name)
        .chain(command.get_args())
        .map(|part| part.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Asks a process that this project started to end.
pub(crate) fn terminate(pid: u32) -> Result<()> {
    let status = Command::new("kill").args(["-TERM", &pid.to_string()]).status();
    status.map(drop).doing(|| format!("asking process {pid} to end"))
}

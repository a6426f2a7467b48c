//! A child process that dies with its owner, even when the owner is killed with SIGKILL.
//!
//! A shell stands between: it holds the read end of a pipe whose only write end is in the owner. The kernel closes
//! that end when the owner goes, however it goes, and the shell kills the child at the end of the input. An orderly
//! stop takes the same way, so there is one way only and every test walks it.
//!
//! `PR_SET_PDEATHSIG` (`setpriv --pdeathsig`) is not used: it fires when the *thread* that spawned the child ends, and
//! threads of an async runtime end while the process lives on. It exists on Linux only besides.

use std::{
    fs::File,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::error::{Doing, Result};

/// The first argument is the file for the child's process id, the rest is the command. A background job's input
/// would be /dev/null, hence descriptor 3 for the pipe. The shell itself waits for the child, so that the id cannot
/// be given to another process before the watcher is gone.
const SUPERVISE: &str = r#"
pid_file=$1
shift
exec 3<&0
"$@" 3<&- </dev/null &
child=$!
echo "$child" >"$pid_file"
(
    read -r _ <&3
    kill -KILL "$child"
) >/dev/null 2>&1 &
watcher=$!
exec 3<&-
wait "$child"
status=$?
kill -KILL "$watcher" 2>/dev/null
exit "$status"
"#;

/// Removes the folder after the owner is gone. More than one try, since processes may still be writing there.
const REMOVE_LATER: &str = r#"
read -r _
tries=0
while [ -e "$1" ] && [ "$tries" -lt 50 ]; do
    rm -rf "$1"
    tries=$((tries + 1))
    [ ! -e "$1" ] || sleep 0.1
done
"#;

/// Well beyond what a kill takes; only a stopped shell gets there.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// A running child. Dropping it kills the child and waits for its end.
#[derive(Debug)]
pub struct Guarded {
    shell: Child,
    owner_lives: Option<ChildStdin>,
    pid_file: Option<PathBuf>,
}

impl Guarded {
    /// Starts `command`; its output goes to `log`, its process id to a file beside it.
    ///
    /// # Errors
    /// When the log cannot be opened or the command cannot be started.
    pub fn spawn(command: &Path, arguments: &[String], log: &Path) -> Result<Self> {
        let doing = || format!("opening {}", log.display());
        let output = File::options().create(true).append(true).open(log).doing(doing)?;
        let errors = output.try_clone().doing(doing)?;
        let pid_file = log.with_extension("pid");
        let mut shell = shell(SUPERVISE);
        shell
            .arg(&pid_file)
            .arg(command)
            .args(arguments)
            .stdout(output)
            .stderr(errors);
        Self::start(shell, Some(pid_file)).doing(|| format!("starting {}", command.display()))
    }

    /// Removes `folder` when the owner is gone without having done so.
    ///
    /// # Errors
    /// When no process can be started.
    pub fn remove_later(folder: &Path) -> Result<Self> {
        let mut shell = shell(REMOVE_LATER);
        shell.arg(folder).stdout(Stdio::null()).stderr(Stdio::null());
        Self::start(shell, None).doing(|| format!("starting the clean-up of {}", folder.display()))
    }

    fn start(mut shell: Command, pid_file: Option<PathBuf>) -> std::io::Result<Self> {
        let mut shell = shell.spawn()?;
        let owner_lives = shell.stdin.take();
        Ok(Self {
            shell,
            owner_lives,
            pid_file,
        })
    }

    /// How the child ended, or `None` while it runs.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.shell
            .try_wait()
            .doing(|| "asking for the state of a child".to_owned())
    }

    /// The process id of the child itself, once the shell has started it.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        let text = std::fs::read_to_string(self.pid_file.as_deref()?).ok()?;
        text.trim().parse().ok()
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        drop(self.owner_lives.take());
        let deadline = Instant::now() + STOP_WITHIN;
        while let Ok(None) = self.shell.try_wait() {
            if Instant::now() > deadline {
                // Errors cannot be reported from here, and there is nothing further to try.
                let _ = self.shell.kill();
                let _ = self.shell.wait();
                return;
            }
            thread::sleep(Duration::from_millis(2));
        }
    }
}

fn shell(script: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    // A group of its own: Ctrl-C in a terminal reaches the owner alone, which then stops its children in order.
    command
        .args(["-c", script, "crmlink-guard"])
        .stdin(Stdio::piped())
        .process_group(0);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alive(pid: u32) -> bool {
        Command::new("kill")
            .args(["-0", &pid.to_string()])
            .stderr(Stdio::null())
            .status()
            .unwrap()
            .success()
    }

    fn wait_for<T>(what: &str, mut check: impl FnMut() -> Option<T>) -> T {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            if let Some(value) = check() {
                return value;
            }
            assert!(Instant::now() < deadline, "{what} did not happen");
            thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn dropping_kills_a_child_that_ignores_signals() {
        let folder = tempfile::tempdir().unwrap();
        let script = "trap '' TERM HUP INT; while :; do sleep 1; done".to_owned();
        let guarded = Guarded::spawn(
            Path::new("/bin/sh"),
            &["-c".to_owned(), script],
            &folder.path().join("child.log"),
        )
        .unwrap();
        let pid = wait_for("the start", || guarded.pid());
        assert!(alive(pid));
        drop(guarded);
        assert!(!alive(pid));
    }

    #[test]
    fn a_child_that_ends_by_itself_is_seen_with_its_status_and_log() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("child.log");
        let mut guarded = Guarded::spawn(
            Path::new("/bin/sh"),
            &["-c".to_owned(), "echo said; exit 7".to_owned()],
            &log,
        )
        .unwrap();
        let status = wait_for("the end", || guarded.ended().unwrap());
        assert_eq!(status.code(), Some(7));
        assert_eq!(std::fs::read_to_string(&log).unwrap(), "said\n");
    }

    #[test]
    fn a_folder_is_removed_later() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a folder");
        std::fs::create_dir_all(inner.join("deep")).unwrap();
        drop(Guarded::remove_later(&inner).unwrap());
        assert!(!inner.exists());
    }
}

//! Builds the binaries from Go modules into a cache folder, once for all processes.

use std::{
    env, fs,
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    assets::set_variable,
    error::{Doing, Error, Result},
    log_tail,
};

// Embedded, so that a build works from any folder and the cache key cannot differ from what is built.
const GO_MOD: &str = include_str!("../go/go.mod");
const GO_SUM: &str = include_str!("../go/go.sum");

/// Read-only modules, so that a build is exactly what `go.sum` says; no paths in the binaries.
const BUILD_FLAGS: [&str; 3] = ["-mod=readonly", "-trimpath", "-buildvcs=false"];

/// A binary and the package that makes it.
#[derive(Debug)]
pub(crate) struct Tool {
    binary: &'static str,
    package: &'static str,
    module: &'static str,
    duration: &'static str,
}

pub(crate) const ETCD: Tool = Tool {
    binary: "etcd",
    package: "go.etcd.io/etcd/server/v3",
    module: "go.etcd.io/etcd/server/v3",
    duration: "about a minute",
};
pub(crate) const KUBE_APISERVER: Tool = Tool {
    binary: "kube-apiserver",
    package: "k8s.io/kubernetes/cmd/kube-apiserver",
    module: "k8s.io/kubernetes",
    duration: "5 to 10 minutes on two cores",
};
pub(crate) const HELM: Tool = Tool {
    binary: "helm",
    package: "helm.sh/helm/v3/cmd/helm",
    module: "helm.sh/helm/v3",
    duration: "under a minute after kube-apiserver",
};

/// The folder that built binaries are kept in.
#[derive(Debug)]
pub(crate) struct Cache {
    root: PathBuf,
    go: String,
}

impl Cache {
    pub(crate) fn from_environment() -> Result<Self> {
        let root = set_variable("CRMLINK_CACHE")
            .map(PathBuf::from)
            .or_else(|| set_variable("XDG_CACHE_HOME").map(|folder| Path::new(&folder).join("crmlink")))
            .or_else(|| set_variable("HOME").map(|home| Path::new(&home).join(".cache/crmlink")))
            .ok_or(Error::NoCacheFolder)?;
        let root = std::path::absolute(&root).doing(|| format!("finding {}", root.display()))?;
        Ok(Self {
            root,
            go: "go".to_owned(),
        })
    }

    /// Where the binary is, or will be: nothing appears under this path before it is complete.
    pub(crate) fn path(&self, tool: &Tool) -> PathBuf {
        self.folder().join(tool.binary)
    }

    pub(crate) fn has(&self, tool: &Tool) -> bool {
        self.path(tool).is_file()
    }

    /// Builds those of `tools` that are missing.
    pub(crate) fn obtain(&self, tools: &[&Tool], progress: &dyn Fn(&str)) -> Result<()> {
        if tools.iter().all(|tool| self.has(tool)) {
            return Ok(());
        }
        let folder = self.folder();
        fs::create_dir_all(&folder).doing(|| format!("creating the cache folder {}", folder.display()))?;
        let _lock = self.lock(progress)?;

        // Another process may have built them while this one waited for the lock.
        let missing: Vec<&Tool> = tools.iter().copied().filter(|tool| !self.has(tool)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        self.remove_half_builds();
        let work = tempfile::Builder::new()
            .prefix(&work_prefix())
            .tempdir_in(&self.root)
            .doing(|| format!("creating a folder in {}", self.root.display()))?;
        for (name, text) in [("go.mod", GO_MOD), ("go.sum", GO_SUM)] {
            fs::write(work.path().join(name), text).doing(|| format!("writing {name}"))?;
        }
        self.check_go(work.path(), &missing)?;
        for tool in missing {
            self.build(work.path(), tool, progress)?;
        }
        Ok(())
    }

    fn build(&self, work: &Path, tool: &Tool, progress: &dyn Fn(&str)) -> Result<()> {
        progress(&format!(
            "building {} {} from Go modules ({}, once)",
            tool.binary,
            module_version(tool.module).unwrap_or("of the module file"),
            tool.duration
        ));
        let output = self
            .command(work)
            .arg("build")
            .args(BUILD_FLAGS)
            .args(["-ldflags", &link_flags()])
            .args(["-o", tool.binary, tool.package])
            .output()
            .doing(|| format!("running {} build", self.go))?;
        if !output.status.success() {
            let tail = log_tail::of_text(&String::from_utf8_lossy(&output.stderr));
            return Err(Error::Build {
                binary: tool.binary,
                tail,
            });
        }
        let built = work.join(tool.binary);
        // Synced before the rename: after a power cut the final name must not hold an empty file.
        File::open(&built)
            .and_then(|file| file.sync_all())
            .and_then(|()| fs::rename(&built, self.path(tool)))
            .doing(|| format!("moving {} into the cache", built.display()))
    }

    /// Runs in the module's folder, where Go itself judges whether it is new enough or fetches a toolchain.
    fn check_go(&self, work: &Path, missing: &[&Tool]) -> Result<()> {
        let what = || {
            missing
                .iter()
                .map(|tool| tool.binary)
                .collect::<Vec<_>>()
                .join(", ")
        };
        let needed = || go_version().to_owned();
        match self.command(work).args(["env", "GOVERSION"]).output() {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => Err(Error::GoUnusable {
                what: what(),
                needed: needed(),
                detail: log_tail::of_text(&String::from_utf8_lossy(&output.stderr)),
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Error::GoMissing {
                what: what(),
                needed: needed(),
                go: self.go.clone(),
            }),
            Err(source) => Err(Error::Io {
                doing: format!("running {}", self.go),
                source,
            }),
        }
    }

    /// Go without what a user's shell may have set for other modules.
    fn command(&self, work: &Path) -> Command {
        let mut command = Command::new(&self.go);
        command
            .current_dir(work)
            .env("CGO_ENABLED", "0")
            .env("GO111MODULE", "on")
            .env("GOWORK", "off")
            .env_remove("GOOS")
            .env_remove("GOARCH")
            .env_remove("GOFLAGS");
        command
    }

    fn lock(&self, progress: &dyn Fn(&str)) -> Result<File> {
        let path = self.root.join(format!("{}.lock", key()));
        let doing = || format!("locking {}", path.display());
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .doing(|| format!("opening {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => {
                progress("waiting for another process that builds the control plane");
                file.lock().doing(doing)?;
                Ok(file)
            }
            Err(TryLockError::Error(error)) => Err(error).doing(doing),
        }
    }

    /// Left by builds that were killed. Only the holder of the lock may do this.
    fn remove_half_builds(&self) {
        let prefix = work_prefix();
        for entry in fs::read_dir(&self.root).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(&prefix) {
                // A leftover costs disk only and is never used, so it must not stop a build.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }

    fn folder(&self) -> PathBuf {
        self.root.join(key())
    }
}

/// Everything that decides what the binaries are.
fn key() -> String {
    let mut hash = blake3::Hasher::new();
    let flags = link_flags();
    for part in [GO_MOD, GO_SUM, &flags, env::consts::OS, env::consts::ARCH]
        .into_iter()
        .chain(BUILD_FLAGS)
    {
        hash.update(part.as_bytes());
        hash.update(&[0]);
    }
    format!("control-plane-{}", &hash.finalize().to_hex()[..16])
}

fn work_prefix() -> String {
    format!(".building-{}-", key())
}

/// Without a version the API server calls itself v0.0.0-master, which Helm and kubectl cannot judge.
fn link_flags() -> String {
    let version = module_version(KUBE_APISERVER.module).unwrap_or("v0.0.0");
    let mut parts = version.trim_start_matches('v').split('.');
    let (major, minor) = (parts.next().unwrap_or("0"), parts.next().unwrap_or("0"));
    let package = "k8s.io/component-base/version";
    format!(
        "-s -w -X {package}.gitVersion={version} -X {package}.gitMajor={major} -X {package}.gitMinor={minor}"
    )
}

fn module_version(module: &str) -> Option<&'static str> {
    GO_MOD.lines().find_map(|line| {
        let mut words = line.trim().trim_start_matches("require ").split_whitespace();
        (words.next() == Some(module)).then(|| words.next()).flatten()
    })
}

fn go_version() -> &'static str {
    GO_MOD
        .lines()
        .find_map(|line| line.strip_prefix("go "))
        .unwrap_or("1.26")
        .trim()
}

#[cfg(test)]
#[path = "go_build_tests.rs"]
mod tests;

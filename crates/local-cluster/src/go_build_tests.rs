use std::{
    sync::{Barrier, Mutex},
    thread,
};

use super::*;

/// A cache whose `go` writes a line to `calls` for each build, and then does what `build` says. The script itself
/// is never written by a test: a file that some thread still has open for writing cannot be executed.
fn cache_with_go(root: &Path, build: &str) -> Cache {
    fs::write(root.join("on-env"), "echo go1.26.8").unwrap();
    fs::write(root.join("on-build"), build).unwrap();
    Cache {
        root: root.join("cache"),
        go: concat!(env!("CARGO_MANIFEST_DIR"), "/src/testdata/fake-go").to_owned(),
    }
}

fn calls(root: &Path) -> Vec<String> {
    let text = fs::read_to_string(root.join("calls")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn builds_what_is_missing_and_nothing_twice() {
    let root = tempfile::tempdir().unwrap();
    let cache = cache_with_go(root.path(), "echo complete > \"$out\"");
    let said = Mutex::new(Vec::new());
    let progress = |line: &str| said.lock().unwrap().push(line.to_owned());
    cache.obtain(&[&ETCD], &progress).unwrap();
    cache.obtain(&[&ETCD, &HELM], &progress).unwrap();
    cache.obtain(&[&ETCD, &HELM], &progress).unwrap();
    assert_eq!(calls(root.path()), ["etcd", "helm"]);
    assert_eq!(fs::read_to_string(cache.path(&HELM)).unwrap(), "complete\n");
    let said = said.into_inner().unwrap();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].contains("etcd v3."), "{said:?}");
}

#[test]
fn a_failed_build_leaves_nothing_that_looks_built() {
    let root = tempfile::tempdir().unwrap();
    let cache = cache_with_go(
        root.path(),
        "echo half > \"$out\"; echo 'no space left' >&2; exit 1",
    );
    let error = cache.obtain(&[&ETCD], &|_| ()).unwrap_err().to_string();
    assert!(error.contains("no space left"), "{error}");
    assert!(!cache.has(&ETCD));
    let cache = cache_with_go(root.path(), "echo complete > \"$out\"");
    cache.obtain(&[&ETCD], &|_| ()).unwrap();
    assert_eq!(fs::read_to_string(cache.path(&ETCD)).unwrap(), "complete\n");
}

#[test]
fn what_a_killed_build_left_is_removed_not_used() {
    let root = tempfile::tempdir().unwrap();
    let cache = cache_with_go(root.path(), "echo complete > \"$out\"");
    let half = cache.root.join(format!("{}killed", work_prefix()));
    fs::create_dir_all(&half).unwrap();
    fs::write(half.join("etcd"), "half").unwrap();
    cache.obtain(&[&ETCD], &|_| ()).unwrap();
    assert_eq!(fs::read_to_string(cache.path(&ETCD)).unwrap(), "complete\n");
    assert!(!half.exists());
}

#[test]
fn concurrent_callers_build_once() {
    let root = tempfile::tempdir().unwrap();
    let cache = cache_with_go(root.path(), "echo complete > \"$out\"");
    let together = Barrier::new(4);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                together.wait();
                cache.obtain(&[&ETCD, &KUBE_APISERVER], &|_| ()).unwrap();
            });
        }
    });
    assert_eq!(calls(root.path()), ["etcd", "kube-apiserver"]);
}

#[test]
fn a_missing_go_says_what_to_do() {
    let root = tempfile::tempdir().unwrap();
    let cache = Cache {
        root: root.path().join("cache"),
        go: "no-such-go".to_owned(),
    };
    let error = cache.obtain(&[&ETCD, &HELM], &|_| ()).unwrap_err().to_string();
    for hint in [
        "etcd, helm",
        "Go 1.26",
        "`no-such-go`",
        "KUBEBUILDER_ASSETS",
        "--context",
    ] {
        assert!(error.contains(hint), "{error} lacks {hint}");
    }
}

#[test]
fn a_go_that_is_too_old_is_quoted() {
    let root = tempfile::tempdir().unwrap();
    let cache = cache_with_go(root.path(), "");
    fs::write(
        root.path().join("on-env"),
        "echo 'go.mod requires go >= 1.26.0 (running go 1.21)' >&2; exit 1",
    )
    .unwrap();
    let error = cache.obtain(&[&ETCD], &|_| ()).unwrap_err().to_string();
    assert!(
        error.contains("running go 1.21") && error.contains("KUBEBUILDER_ASSETS"),
        "{error}"
    );
}

#[test]
fn versions_come_from_the_module_file() {
    assert!(module_version("k8s.io/kubernetes").unwrap().starts_with("v1.37."));
    assert!(module_version(ETCD.module).unwrap().starts_with("v3.7."));
    assert!(module_version(HELM.module).unwrap().starts_with("v3."));
    assert!(link_flags().contains("gitMinor=37"), "{}", link_flags());
    for tool in [&ETCD, &KUBE_APISERVER, &HELM] {
        assert!(
            GO_MOD.contains(&format!("\t{}\n", tool.package)),
            "{tool:?} has no tool directive"
        );
    }
}

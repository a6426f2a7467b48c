//! One TLS provider and one HTTP stack: a second one would only show at run time, or in the size of the image.

use crate::{check::report, error::Result, workspace};

/// Packages that must not come in, and why.
const BANNED: [(&str, &str); 6] = [
    ("aws-lc-rs", "the one TLS provider is ring"),
    ("aws-lc-sys", "the one TLS provider is ring"),
    ("native-tls", "the one TLS stack is rustls"),
    ("openssl-sys", "the one TLS stack is rustls"),
    ("ureq", "the one HTTP client is reqwest on hyper"),
    ("curl-sys", "the one HTTP client is reqwest on hyper"),
];

/// Packages that may be there once.
const SINGLE: [&str; 9] = [
    "axum",
    "http",
    "hyper",
    "k8s-openapi",
    "kube-client",
    "reqwest",
    "rustls",
    "serde_json",
    "tokio",
];

pub(crate) fn check() -> Result<bool> {
    let path = workspace::root().join("Cargo.lock");
    let found = findings(&workspace::read(&path)?);
    Ok(report(
        &found
            .into_iter()
            .map(|what| (path.clone(), what))
            .collect::<Vec<_>>(),
    ))
}

fn findings(lock: &str) -> Vec<String> {
    let names: Vec<&str> = lock
        .lines()
        .filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
        .collect();
    let banned = BANNED
        .iter()
        .filter(|(name, _)| names.contains(name))
        .map(|(name, why)| {
            format!("{name} came in, but {why} (`cargo tree --invert {name}` tells from where)")
        });
    let doubled = SINGLE
        .iter()
        .filter(|single| names.iter().filter(|name| name == single).count() > 1)
        .map(|name| format!("more than one version of {name} (`cargo tree --duplicates` tells from where)"));
    banned.chain(doubled).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_provider_and_a_second_stack_are_found() {
        let package =
            |name: &str, version: &str| format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n");
        let good = package("ring", "0.17.0") + &package("hyper", "1.0.0");
        assert!(findings(&good).is_empty());
        let bad = good + &package("aws-lc-rs", "1.0.0") + &package("hyper", "0.14.0");
        let found = findings(&bad);
        assert_eq!(found.len(), 2);
        assert!(
            found[0].contains("aws-lc-rs") && found[1].contains("hyper"),
            "{found:?}"
        );
    }
}

//! `crmlink check` over the examples and over what has mistakes.

use std::path::Path;

use crate::support::command;

fn nowhere() -> &'static Path {
    Path::new("/nonexistent/kubeconfig")
}

#[tokio::test]
async fn the_examples_have_no_findings() {
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let ended = command(nowhere(), &["check", examples]).await.with(0);
    assert_eq!(ended.printed, "");
    let count = ended.complained.split_whitespace().nth(1).unwrap().parse::<u32>();
    assert!(count.unwrap() >= 4, "{ended:?}");
}

#[tokio::test]
async fn findings_have_their_place_and_the_exit_code_says_that_there_are_any() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("syncs.yaml");
    let text = "---\napiVersion: crmlink.dev/v1alpha1\nkind: ContactSync\nmetadata: {name: ana}\nspec:\n  tenantRef: {name: acme}\n  user: ana@example.com\n  folder: CRM\n---\nkind: [\n";
    std::fs::write(&file, text).unwrap();
    let path = file.to_str().unwrap();
    let ended = command(nowhere(), &["check", folder.path().to_str().unwrap()])
        .await
        .with(1);
    let lines: Vec<&str> = ended.printed.lines().collect();
    assert_eq!(lines.len(), 2, "{ended:?}");
    assert!(
        lines.contains(&format!("{path}:2: ContactSync ana: spec.folder: unknown field").as_str()),
        "{ended:?}"
    );
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with(&format!("{path}:10: it is no YAML"))),
        "{ended:?}"
    );
}

#[tokio::test]
async fn a_path_that_cannot_be_read_is_an_error_and_no_finding() {
    let ended = command(nowhere(), &["check", "/nonexistent/sync.yaml"])
        .await
        .with(2);
    ended.about(&["cannot read /nonexistent/sync.yaml"]);
}

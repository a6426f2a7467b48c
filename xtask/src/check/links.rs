//! Relative links in the documentation lead somewhere.

use std::path::{Path, PathBuf};

use crate::{check::report, error::Result, workspace};

pub(crate) fn check() -> Result<bool> {
    let mut pages: Vec<PathBuf> = ["README.md", "CHANGELOG.md"]
        .iter()
        .map(|page| workspace::root().join(page))
        .collect();
    pages.extend(workspace::files("docs", &["md"])?);
    let mut findings = Vec::new();
    for page in pages {
        let text = workspace::read(&page)?;
        let folder = page.parent().unwrap_or(Path::new(""));
        for target in targets(&text) {
            if !folder.join(&target).exists() {
                findings.push((page.clone(), format!("the link to {target} leads nowhere")));
            }
        }
    }
    Ok(report(&findings))
}

/// The files that the page links to, images included; links to other hosts and within the page are left out.
fn targets(text: &str) -> Vec<String> {
    let mut targets = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        for part in line.split("](").skip(1) {
            let Some((target, _)) = part.split_once(')') else {
                continue;
            };
            let file = target.split(['#', ' ']).next().unwrap_or_default();
            if !file.is_empty() && !file.contains("://") && !file.starts_with("mailto:") {
                targets.push(file.to_owned());
            }
        }
    }
    targets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_targets_are_found_and_others_left_out() {
        let text = "[a](docs/a.md#part) ![b](images/b.png \"title\")\n[c](https://example.com/c) [d](#d)\n\
                    ```\n[e](nowhere.md)\n```\n[f](../f.md)";
        assert_eq!(targets(text), ["docs/a.md", "images/b.png", "../f.md"]);
    }
}

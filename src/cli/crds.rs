//! `crmlink crds`: the definitions as they are installed.

use std::process::ExitCode;

use super::output::print;
use crate::api;

/// Prints all of them.
pub(super) fn print_crds() -> ExitCode {
    let mut text = String::new();
    for crd in api::crds() {
        match api::to_yaml(&crd) {
            Ok(yaml) => {
                text.push_str("---\n");
                text.push_str(&yaml);
            }
            Err(error) => {
                eprintln!("cannot print {}: {error}", crd.metadata.name.unwrap_or_default());
                return ExitCode::FAILURE;
            }
        }
    }
    print(&text);
    ExitCode::SUCCESS
}

//! The crmlink operator.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    crmlink::cli::main().await
}

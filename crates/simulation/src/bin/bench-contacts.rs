//! Measures first syncs of contacts, and prints JSON: `cargo xtask bench contacts`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let sizes = std::env::args().skip(1).map(|size| size.parse::<u32>());
    let measured: Result<Vec<_>, String> = sizes
        .map(|size| {
            let size = size.map_err(|error| format!("not a number of contacts: {error}"))?;
            simulation::measure(size).map_err(|error| error.to_string())
        })
        .collect();
    let printed = measured.and_then(|measured| {
        let json = serde_json::json!({ "contacts": measured });
        serde_json::to_string_pretty(&json).map_err(|error| error.to_string())
    });
    match printed {
        Ok(json) => {
            println!("{json}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

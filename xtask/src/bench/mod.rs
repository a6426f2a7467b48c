//! What the product costs, in figures: `cargo xtask bench NAME` prints JSON.

mod process;
mod rest;

use serde_json::json;

use crate::error::Result;

/// Measures the operator at rest with each of these numbers of resources, watched for so many minutes.
pub(crate) async fn rest(sizes: &[u32], dev: bool, minutes: u32) -> Result<()> {
    let mut measured = Vec::new();
    for size in sizes {
        measured.push(rest::measure(*size, dev, minutes).await?);
    }
    println!("{:#}", json!({ "rest": measured }));
    Ok(())
}

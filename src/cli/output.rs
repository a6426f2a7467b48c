//! What is printed, and how a command ends.

use std::io::Write;
use std::process::ExitCode;

/// Prints to the standard output. A reader that has seen enough, such as head, is no failure.
pub(super) fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Says why a command failed, and ends with `code`.
pub(super) fn failed(error: &dyn std::error::Error, code: u8) -> ExitCode {
    eprintln!("crmlink: {error}");
    ExitCode::from(code)
}

/// A table in columns, with its headings.
pub(super) fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    let widths: [usize; N] = std::array::from_fn(|column| {
        let widest = rows.iter().map(|row| row[column].chars().count()).max();
        widest.unwrap_or_default().max(headings[column].len())
    });
    let line = |cells: [&str; N]| {
        let padded: Vec<String> = cells
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        format!("{}\n", padded.join("   ").trim_end())
    };
    let body = rows
        .iter()
        .map(|row| line(std::array::from_fn(|column| row[column].as_str())));
    std::iter::once(line(headings)).chain(body).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["a", "b"], ["länger", ""]].map(|row| row.map(str::to_owned));
        assert_eq!(table(["X", "LONG"], &rows), "X        LONG\na        b\nlänger\n");
    }
}

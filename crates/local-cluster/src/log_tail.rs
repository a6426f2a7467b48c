//! The end of a log, short enough for an error message.

use std::path::Path;

const LINES: usize = 20;

/// The last lines of `text`.
pub(crate) fn of_text(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

/// The last lines of the file, or why it cannot be read: an error message must not fail itself.
#[must_use]
pub fn of_file(path: &Path) -> String {
    match std::fs::read(path) {
        Ok(bytes) => of_text(&String::from_utf8_lossy(&bytes)),
        Err(error) => format!("({} cannot be read: {error})", path.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_end() {
        let text = (0..100).map(|n| n.to_string()).collect::<Vec<_>>().join("\n");
        let tail = of_text(&text);
        assert!(tail.starts_with("80\n"), "{tail}");
        assert!(tail.ends_with("99"), "{tail}");
        assert_eq!(of_text("only"), "only");
    }
}

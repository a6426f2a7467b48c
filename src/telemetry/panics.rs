//! A panic's place in the log. Its text is said nowhere, as it may hold the data of a person: what could not be parsed,
//! the value of an `unwrap`.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::PanicHookInfo;

/// Has every panic logged instead of what the standard library prints.
pub(super) fn log() {
    std::panic::set_hook(Box::new(say));
}

fn say(panic: &PanicHookInfo<'_>) {
    let place = panic
        .location()
        .map(|at| format!("{}:{}", at.file(), at.line()))
        .unwrap_or_default();
    let thread = std::thread::current();
    // Functions and lines alone; only where RUST_BACKTRACE asks for it.
    let backtrace = Backtrace::capture();
    let captured = backtrace.status() == BacktraceStatus::Captured;
    tracing::error!(
        place,
        thread = thread.name().unwrap_or_default(),
        backtrace = captured.then(|| tracing::field::display(&backtrace)),
        "a panic: please report its place as a bug; its text is not logged, as it may hold data",
    );
}

#[cfg(test)]
pub(crate) mod tests {
    use std::process::Command;

    use crate::cli::LogFormat;
    use crate::telemetry;

    /// Set in the process that panics.
    const PANICS: &str = "CRMLINK_TEST_PANICS";
    /// As it could stand in any panic's text.
    pub(crate) const PERSON: &str = "nora@contoso.example";

    /// Everything that a process of its own prints, which logs in this form and does what panics. It runs the test of
    /// this name once more; there, this is `None`.
    pub(crate) fn printed(name: &str, format: LogFormat, panics: impl FnOnce()) -> Option<String> {
        if std::env::var_os(PANICS).is_some() {
            telemetry::start(format);
            panics();
            return None;
        }
        let program = std::env::current_exe().unwrap();
        let output = Command::new(program)
            .args(["--exact", name, "--nocapture"])
            .env(PANICS, "yes")
            .env_remove("RUST_LOG")
            .env("NO_COLOR", "1")
            .env("RUST_BACKTRACE", "1")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        Some(text.concat())
    }

    fn refused() -> Result<(), &'static str> {
        Err(PERSON)
    }

    fn panics_in_a_thread() {
        let texts = || {
            let ways: [fn(); 3] = [
                || panic!("{PERSON} has no mailbox"),
                || refused().unwrap(),
                || std::panic::panic_any(PERSON.to_owned()),
            ];
            for way in ways {
                assert!(std::panic::catch_unwind(way).is_err());
            }
        };
        std::thread::Builder::new()
            .name("a-worker".to_owned())
            .spawn(texts)
            .unwrap()
            .join()
            .unwrap();
    }

    #[test]
    fn a_panic_leaves_its_place_and_nothing_of_its_text_in_lines_for_people() {
        let name =
            "telemetry::panics::tests::a_panic_leaves_its_place_and_nothing_of_its_text_in_lines_for_people";
        let Some(text) = printed(name, LogFormat::Text, panics_in_a_thread) else {
            return;
        };
        assert!(!text.contains(PERSON), "{text}");
        assert_eq!(
            text.matches("place=\"src/telemetry/panics.rs:").count(),
            3,
            "{text}"
        );
        assert_eq!(text.matches("thread=\"a-worker\"").count(), 3, "{text}");
        assert!(
            text.contains("panics_in_a_thread"),
            "the backtrace that was asked for: {text}"
        );
    }

    #[test]
    fn a_panic_leaves_its_place_and_nothing_of_its_text_in_json() {
        let name = "telemetry::panics::tests::a_panic_leaves_its_place_and_nothing_of_its_text_in_json";
        let Some(text) = printed(name, LogFormat::Json, panics_in_a_thread) else {
            return;
        };
        assert!(!text.contains(PERSON), "{text}");
        let lines = text.lines().filter_map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).ok()?;
            let place = line["place"].as_str()?.starts_with("src/telemetry/panics.rs:");
            Some((line["level"] == "ERROR", place, line["thread"] == "a-worker"))
        });
        assert_eq!(lines.collect::<Vec<_>>(), [(true, true, true); 3], "{text}");
    }
}

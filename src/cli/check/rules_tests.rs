//! Tests of the language and of the functions that Kubernetes adds.

use serde_json::json;

use super::*;

fn holds(rule: &str, value: &Value) -> bool {
    Rules::new().holds(rule, value).unwrap()
}

#[test]
fn durations_compare_by_time_and_texts_are_trimmed() {
    let rule = "duration(self) >= duration('30s') && duration(self) <= duration('24h')";
    for (interval, expected) in [
        ("30s", true),
        ("29.5s", false),
        ("1h30m", true),
        ("1440m", true),
        ("24h1s", false),
    ] {
        assert_eq!(holds(rule, &json!(interval)), expected, "{interval}");
    }
    assert!(holds("self.trim() == self", &json!("a b")));
    assert!(
        !holds("self.trim() == self", &json!("a\u{a0}")),
        "spaces of any kind"
    );
}

#[test]
fn classes_of_expressions_hold_ascii_only() {
    let rule = r"self.matches(r'^[^\s@]+$')";
    for (text, expected) in [
        ("ab", true),
        ("a b", false),
        ("a\tb", false),
        ("a\u{a0}b", true),
        ("a@", false),
    ] {
        assert_eq!(holds(rule, &json!(text)), expected, "{text:?}");
    }
    assert!(expression(r"^\d\w\\s$").unwrap().is_match(r"1a\s"));
    assert!(!expression(r"^\d$").unwrap().is_match("٣"));
}

#[test]
fn what_cannot_be_evaluated_is_no_verdict() {
    let rules = Rules::new();
    for rule in ["self.isURL()", "self + 1", "size(self)", "self =="] {
        assert!(rules.holds(rule, &json!("a")).is_err(), "{rule}");
    }
    let rule = ValidationRule {
        rule: "isURL(self)".to_owned(),
        ..ValidationRule::default()
    };
    let said = rules.broken(&rule, &json!("a")).unwrap();
    assert!(said.contains("was not checked"), "{said}");
}

#[test]
fn a_function_behind_a_false_condition_is_known_to_be_unknown() {
    assert_eq!(unknown_functions("self == 'a' || isURL(self)"), ["isURL"]);
    assert!(unknown_functions("!has(self.a) || self.a.all(x, x in ['b'] && size(x) > 0)").is_empty());
}

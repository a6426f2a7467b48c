//! Path templates: which operation a path belongs to.

use percent_encoding::percent_decode_str;

/// One segment of a template.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    /// Stands for itself.
    Literal(String),
    /// A parameter between fixed texts: `servicePrincipals(appId='{appId}')`.
    Mixed(String, String),
    /// A parameter alone.
    Parameter(String),
}

/// A path with parameters. Ordered so that, of two that match, the more literal one comes first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Template {
    segments: Vec<Segment>,
}

impl Template {
    pub(super) fn new(path: &str) -> Self {
        let segment = |text: &str| match (text.find('{'), text.find('}')) {
            (Some(0), Some(end)) if end + 1 == text.len() => Segment::Parameter(text[1..end].to_owned()),
            (Some(start), Some(end)) if start < end => {
                Segment::Mixed(text[..start].to_owned(), text[end + 1..].to_owned())
            }
            _ => Segment::Literal(text.to_owned()),
        };
        Self {
            segments: path.split('/').skip(1).map(segment).collect(),
        }
    }

    pub(super) fn matches(&self, path: &str) -> bool {
        let mut segments = path.split('/').skip(1);
        let fits = self
            .segments
            .iter()
            .all(|wanted| segments.next().is_some_and(|given| wanted.admits(given)));
        fits && segments.next().is_none()
    }
}

impl Segment {
    fn admits(&self, given: &str) -> bool {
        let given = percent_decode_str(given).decode_utf8_lossy();
        // Functions of OData without parameters are called with brackets or without.
        let given = given.strip_suffix("()").unwrap_or(&given);
        match self {
            Self::Literal(text) => text == given,
            Self::Mixed(before, after) => given
                .strip_prefix(before.as_str())
                .and_then(|rest| rest.strip_suffix(after.as_str()))
                .is_some_and(|value| !value.is_empty()),
            Self::Parameter(name) => parameter_admits(name, given),
        }
    }
}

/// What ends a Graph path as a function or a segment of its own, and so is no id: without this, the refused
/// `events/delta` would pass as an event called `delta`.
const NO_ID: [&str; 4] = ["delta", "$count", "$value", "$ref"];

/// Zoho's `/{module}/{recordID}` would swallow any other path of two segments. Names of modules begin with a
/// capital, ids of records are numbers.
fn parameter_admits(name: &str, value: &str) -> bool {
    if NO_ID.contains(&value) {
        return false;
    }
    match name {
        "module" | "moduleApiName" => value.starts_with(|first: char| first.is_ascii_uppercase()),
        "recordID" | "recordId" | "event" | "fieldId" => {
            !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit())
        }
        _ => !value.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::Template;

    #[test]
    fn the_literal_template_goes_first() {
        let mut all = [
            Template::new("/{module}/{recordID}"),
            Template::new("/{module}/deleted"),
            Template::new("/coql"),
        ];
        all.sort();
        assert!(all[0].matches("/coql") && all[1].matches("/Contacts/deleted"));
        assert!(all[2].matches("/Contacts/1") && !all[2].matches("/settings/modules"));
    }

    #[test]
    fn a_function_is_no_id_with_brackets_either() {
        let (function, item) = (
            Template::new("/contacts/delta"),
            Template::new("/contacts/{contact-id}"),
        );
        for call in ["/contacts/delta", "/contacts/delta()", "/contacts/delta%28%29"] {
            assert!(function.matches(call) && !item.matches(call), "{call}");
        }
    }

    #[test]
    fn alternate_keys_match_encoded_or_not() {
        let template = Template::new("/servicePrincipals(appId='{appId}')");
        assert!(
            template.matches("/servicePrincipals(appId='1')")
                && template.matches("/servicePrincipals(appId=%271%27)")
        );
        assert!(!template.matches("/servicePrincipals"));
    }
}

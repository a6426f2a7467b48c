//! The query string and the `Prefer` header.

use http::HeaderMap;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::Value;
use uuid::Uuid;

use super::errors::Failure;
use super::ids;

/// The options of one request, decoded. A `+` is a space here, whatever OData says: who means a plus sign has to
/// encode it.
#[derive(Debug, Default)]
pub(super) struct Query {
    path: String,
    raw: Vec<(String, String)>,
    options: Vec<(String, String)>,
}

impl Query {
    /// Reads what stands behind `path`.
    pub(super) fn parse(path: &str, text: &str) -> Result<Self, Failure> {
        let mut query = Self {
            path: path.to_owned(),
            ..Self::default()
        };
        for part in text.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let name = decode(name)?;
            query
                .options
                .push((name.clone(), decode(&value.replace('+', " "))?));
            query.raw.push((name, value.to_owned()));
        }
        for (index, (name, _)) in query.options.iter().enumerate() {
            if query.options[..index].iter().any(|(earlier, _)| earlier == name) {
                return Err(Failure::parse(format!(
                    "Query option '{name}' was specified more than once."
                )));
            }
        }
        Ok(query)
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.options
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Refuses system options that the resource does not know.
    pub(super) fn allow(&self, known: &[&str]) -> Result<(), Failure> {
        for (name, _) in &self.options {
            if name.starts_with('$') && !known.contains(&name.as_str()) {
                return Err(Failure::new(
                    400,
                    "ErrorInvalidUrlQuery",
                    format!("The query parameter '{name}' is not supported here."),
                ));
            }
        }
        Ok(())
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.options.iter().map(|(name, _)| name.as_str())
    }

    /// `$top`, from 1 to 999.
    pub(super) fn top(&self, otherwise: usize) -> Result<usize, Failure> {
        let Some(text) = self.get("$top") else {
            return Ok(otherwise);
        };
        match text.parse::<usize>() {
            Ok(top @ 1..=999) => Ok(top),
            _ => Err(Failure::new(
                400,
                "ErrorInvalidUrlQuery",
                format!("Invalid value '{text}' for $top: it has to be from 1 to 999."),
            )),
        }
    }

    pub(super) fn skip(&self) -> Result<usize, Failure> {
        let Some(text) = self.get("$skip") else {
            return Ok(0);
        };
        text.parse()
            .map_err(|_| Failure::parse(format!("Invalid value '{text}' for $skip.")))
    }

    /// The place where the page before ended.
    pub(super) fn skip_token(&self, member: &str) -> Result<Option<u64>, Failure> {
        if self.get("$skiptoken").is_none() {
            return Ok(None);
        }
        let token = self.token("$skiptoken").and_then(ids::unseal);
        let value = token.and_then(|value| value.get(member).and_then(Value::as_u64));
        value
            .map(Some)
            .ok_or_else(|| Failure::parse("The $skiptoken is not valid."))
    }

    /// The query string for the next page: the same options with another token.
    pub(super) fn next_page(&self, token: &str) -> String {
        let mut parts = self.others(&["$skiptoken", "$skip"]);
        let check = self.check("$skiptoken", token, &parts);
        parts.push(format!("$skiptoken={token}.{check}"));
        parts.join("&")
    }

    /// The query string of a link that carries everything in its token.
    pub(super) fn only(&self, option: &str, token: &str) -> String {
        format!("{option}={token}.{}", self.check(option, token, &[]))
    }

    /// The token of a link that was followed as it was given: anything added, left out or spelt in another way makes
    /// it another link, and no valid one.
    pub(super) fn token(&self, option: &str) -> Option<&str> {
        let (token, check) = self.get(option)?.rsplit_once('.')?;
        (check == self.check(option, token, &self.others(&[option]))).then_some(token)
    }

    fn others(&self, without: &[&str]) -> Vec<String> {
        self.raw
            .iter()
            .filter(|(name, _)| !without.contains(&name.as_str()))
            .map(|(name, value)| format!("{}={value}", encode_name(name)))
            .collect()
    }

    fn check(&self, option: &str, token: &str, others: &[String]) -> String {
        let link = format!("{}?{}&{option}={token}", self.path, others.join("&"));
        let digest = Uuid::new_v5(&Uuid::NAMESPACE_URL, link.as_bytes());
        digest.simple().to_string()
    }

    /// `$select`, checked against the names that the type has.
    pub(super) fn select(
        &self,
        known: impl Fn(&str) -> bool,
        of_type: &str,
    ) -> Result<Option<Vec<String>>, Failure> {
        let Some(text) = self.get("$select") else {
            return Ok(None);
        };
        let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
        match names.iter().find(|name| *name != "*" && !known(name)) {
            Some(name) => Err(Failure::parse(format!(
                "Could not find a property named '{name}' on type 'microsoft.graph.{of_type}'."
            ))),
            None if names.iter().any(|name| name == "*") => Ok(None),
            None => Ok(Some(names)),
        }
    }
}

fn encode_name(name: &str) -> String {
    let encoded = utf8_percent_encode(name, NON_ALPHANUMERIC).to_string();
    encoded.replace("%24", "$")
}

/// Percent-decodes one component.
pub(super) fn decode(text: &str) -> Result<String, Failure> {
    percent_decode_str(text)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| Failure::new(400, "BadRequest", "The URL is not valid UTF-8."))
}

/// What `Prefer` asks for; several values may stand in one header, and several headers in one request.
#[derive(Debug, Default)]
pub(super) struct Prefer {
    pub(super) immutable_id: bool,
    pub(super) max_page_size: Option<usize>,
}

impl Prefer {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut prefer = Self::default();
        let values = headers.get_all("prefer");
        for part in values
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|text| text.split(','))
        {
            let Some((name, value)) = part.split_once('=') else {
                continue;
            };
            let value = value.trim().trim_matches('"');
            if name.trim().eq_ignore_ascii_case("IdType") {
                prefer.immutable_id = value.eq_ignore_ascii_case("ImmutableId");
            } else if name.trim().eq_ignore_ascii_case("odata.maxpagesize") {
                prefer.max_page_size = value.parse().ok().filter(|size| *size > 0);
            }
        }
        prefer
    }
}

//! The route of a path: the path with its ids taken out, so that calls of one kind are counted together.

/// Folds a path into its route: `/v1.0/users/ada@contoso.example/contactFolders/AAMk1/contacts` becomes
/// `/users/{}/contactFolders/{}/contacts`. Made from the path alone, so that counts have the same keys whether or
/// not contracts are loaded.
#[must_use]
pub fn route_of(path: &str) -> String {
    // The login hosts: a tenant may be a name without a digit, a version is no id.
    if path.ends_with("/oauth2/v2.0/token") {
        return "/{}/oauth2/v2.0/token".to_owned();
    }
    if path.starts_with("/oauth/") {
        return path.to_owned();
    }
    let path = ["/v1.0", "/crm/v8"]
        .iter()
        .find_map(|prefix| path.strip_prefix(prefix))
        .unwrap_or(path);
    let mut route = String::with_capacity(path.len());
    for segment in path.split('/').skip(1) {
        route.push('/');
        match segment.split_once('(') {
            Some((name, _)) => {
                route.push_str(name);
                route.push_str("({})");
            }
            None if is_id(segment) => route.push_str("{}"),
            None => route.push_str(segment),
        }
    }
    route
}

/// Names of routes are words; what has a digit, an `@`, a sign of an encoding, or great length is an id.
fn is_id(segment: &str) -> bool {
    segment.len() > 32
        || segment
            .bytes()
            .any(|byte| byte.is_ascii_digit() || b"@=%+".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::route_of;

    #[test]
    fn ids_are_taken_out_and_words_stay() {
        let cases = [
            (
                "/v1.0/users/ada@contoso.example/contactFolders",
                "/users/{}/contactFolders",
            ),
            (
                "/v1.0/users/2f1c/contactFolders/AAMkAGI2=/contacts/delta",
                "/users/{}/contactFolders/{}/contacts/delta",
            ),
            ("/v1.0/servicePrincipals(appId='11')", "/servicePrincipals({})"),
            ("/v1.0/$batch", "/$batch"),
            ("/contoso/oauth2/v2.0/token", "/{}/oauth2/v2.0/token"),
            ("/oauth/v2/token", "/oauth/v2/token"),
            ("/crm/v8/Contacts/4876876000000333001", "/Contacts/{}"),
            ("/crm/v8/__features/user_licenses", "/__features/user_licenses"),
        ];
        for (path, route) in cases {
            assert_eq!(route_of(path), route);
        }
    }
}

//! Tests of the manifests and of their names.

use super::*;

fn user(id: &str, name: &str) -> msgraph::User {
    serde_json::from_value(json!({ "id": id, "userPrincipalName": name })).unwrap()
}

fn names(users: &[(&str, &str)], taken: &[&str]) -> Vec<String> {
    let users: Vec<msgraph::User> = users.iter().map(|(id, name)| user(id, name)).collect();
    let candidates: Vec<Candidate<'_>> = users
        .iter()
        .map(|user| Candidate { user, linked: None })
        .collect();
    object_names(&candidates, taken.iter().copied().map(str::to_owned).collect())
}

#[test]
fn names_are_dns_safe() {
    for (name, expected) in [
        ("mary@example.com", "mary"),
        ("Mary.Poppins@example.com", "mary-poppins"),
        ("mary_gmail.com#EXT#@example.com", "mary-gmail-com-ext"),
        ("_x_@example.com", "x"),
        ("jürg@example.com", "j-rg"),
    ] {
        assert_eq!(names(&[("1", name)], &[]), [expected], "{name}");
    }
    let long = format!("{}@example.com", "a".repeat(64));
    assert_eq!(names(&[("1", &long)], &[])[0].len(), 63);
    assert_eq!(
        names(&[("9F00", "__@example.com")], &[]),
        ["9f00"],
        "nothing is left of it"
    );
}

#[test]
fn names_are_unique_and_the_same_in_any_order() {
    let (one, two) = (
        ("11112222-a", "mary@example.com"),
        ("33334444-b", "mary@example.org"),
    );
    assert_eq!(names(&[one, two], &[]), ["mary-11112222", "mary-33334444"]);
    assert_eq!(names(&[two, one], &[]), ["mary-33334444", "mary-11112222"]);
    assert_eq!(names(&[one], &["mary"]), ["mary-11112222"]);
    assert_eq!(names(&[one], &["mary", "mary-11112222"]), ["mary-11112222-2"]);
}

#[test]
fn u7_a_manifest_has_what_the_tenant_does_not_say_already() {
    let mary = user("1", "mary@example.com");
    let mut candidate = Candidate {
        user: &mary,
        linked: None,
    };
    let written = manifest(&candidate, "mary", "crm", "acme", InviteType::JoinRequest);
    assert_eq!(
        yaml_document(&written),
        "apiVersion: crmlink.dev/v1alpha1\nkind: CrmUserInvite\nmetadata:\n  name: mary\n  namespace: crm\n\
         spec:\n  tenantRef:\n    name: acme\n  type: JoinRequest\n  user: \"mary@example.com\"\n"
    );
    candidate.linked = Some("poppins@example.org");
    let written = manifest(&candidate, "mary", "crm", "acme", InviteType::Invitation);
    assert_eq!(
        written["spec"]["account"],
        json!({ "mode": "New", "email": "poppins@example.org" })
    );
}

//! Tests of what is said about files with several objects.

use super::*;

fn said(text: &str) -> Vec<String> {
    let documents = documents::of_text("a.yaml", text);
    let objects = checked(&documents, "crm");
    objects
        .iter()
        .flat_map(|object| object.findings.iter().map(|finding| line(object, finding)))
        .collect()
}

fn tenant(more: &str) -> String {
    format!(
        "apiVersion: crmlink.dev/v1alpha1\nkind: CrmTenant\nmetadata: {{name: acme}}\nspec:\n  office365:\n    \
         tenantId: 6f1c2d3e-0a1b-4c5d-8e9f-0123456789ab\n    clientId: 6f1c2d3e-0a1b-4c5d-8e9f-0123456789ab\n    \
         auth: {{mode: ClientSecret, secretRef: {{name: office}}}}\n  crm: {{zoho: {{dataCenter: EU, credentialsRef: \
         {{name: zoho}}}}}}\n  installation: {{administrator: nora@example.com, acceptTerms: true}}\n{more}---\n"
    )
}

fn sync(name: &str, more: &str) -> String {
    format!(
        "apiVersion: crmlink.dev/v1alpha1\nkind: ContactSync\nmetadata: {{name: {name}}}\nspec:\n  tenantRef: {{name: \
         acme}}\n{more}---\n"
    )
}

const MARY: &str = "  user: mary@example.com\n";

#[track_caller]
fn only(text: &str, parts: &[&str]) {
    let said = said(text);
    assert_eq!(said.len(), 1, "{said:?}");
    for part in parts {
        assert!(said[0].contains(part), "{:?} does not say {part:?}", said[0]);
    }
}

#[test]
fn a_finding_has_its_place_its_object_and_its_field() {
    let text = format!("# a page\n---\n{}", sync("mary", "  user: mary\n"));
    let said = said(&text);
    let expected = "a.yaml:3: ContactSync mary: spec.user: Invalid value: must be a user principal name such as mary@example.com, or the user's object id (a UUID)\n";
    assert_eq!(said, [expected]);
}

#[test]
fn a_tenant_has_to_be_in_the_files_once_one_is() {
    assert_eq!(said(&sync("mary", MARY)), Vec::<String>::new());
    assert_eq!(said(&(tenant("") + &sync("mary", MARY))), Vec::<String>::new());
    let other = sync("mary", MARY).replace("acme", "acne");
    only(
        &(tenant("") + &other),
        &["spec.tenantRef", "no CrmTenant acne", "namespace crm"],
    );
}

#[test]
fn a_tenant_of_another_namespace_has_to_admit_this_one() {
    let elsewhere = sync("mary", MARY).replace("{name: acme}", "{name: acme, namespace: crm}");
    let elsewhere = elsewhere.replace("{name: mary}", "{name: mary, namespace: sales}");
    only(&(tenant("") + &elsewhere), &["does not admit", "namespace sales"]);
    let all = tenant("  allowedNamespaces: {from: All}\n");
    assert_eq!(said(&(all + &elsewhere)), Vec::<String>::new());
    let some = tenant("  allowedNamespaces: {from: Selector, selector: {matchLabels: {crm: 'yes'}}}\n");
    let unknown = said(&(some.clone() + &elsewhere));
    assert_eq!(unknown, Vec::<String>::new(), "the files do not tell its labels");
    let namespace = |labels: &str| {
        format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: sales, labels: {labels}}}\n---\n")
    };
    only(
        &(some.clone() + &namespace("{}") + &elsewhere),
        &["does not admit"],
    );
    assert_eq!(
        said(&(some + &namespace("{crm: 'yes'}") + &elsewhere)),
        Vec::<String>::new()
    );
}

#[test]
fn secrets_have_to_be_in_the_files_once_one_is() {
    let secret = |name: &str, keys: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}, namespace: crm}}\nstringData: {keys}\n---\n"
        )
    };
    let office = secret("office", "{client-secret: x}");
    only(
        &(tenant("") + &office),
        &["spec.crm.zoho.credentialsRef", "no Secret zoho"],
    );
    let half = secret("zoho", "{client-id: a, client-secret: ''}");
    let missing = said(&(tenant("") + &office + &half));
    assert_eq!(missing.len(), 2, "{missing:?}");
    assert!(
        missing[0].contains("has no key client-secret") && missing[1].contains("refresh-token"),
        "{missing:?}"
    );
    let sealed =
        "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: zoho, namespace: crm}\n---\n";
    assert_eq!(said(&(tenant("") + &office + sealed)), Vec::<String>::new());
}

#[test]
fn two_objects_for_one_user_are_found_and_one_object_twice() {
    let twice = sync("mary", MARY) + &sync("poppins", &MARY.to_uppercase().replace("USER", "user"));
    only(
        &twice,
        &[
            "ContactSync poppins: spec.user",
            "mary in a.yaml:1 is for the same user",
        ],
    );
    only(
        &(sync("mary", MARY) + &sync("mary", MARY)),
        &["the same object stands in a.yaml:1"],
    );
    let invite = sync("mary", MARY)
        .replace("ContactSync", "CrmUserInvite")
        .replace("spec:\n", "spec:\n  type: Invitation\n");
    assert_eq!(said(&(sync("mary", MARY) + &invite)), Vec::<String>::new());
}

#[test]
fn a_mapping_is_judged_as_far_as_the_files_tell() {
    let with = |mapping: &str| sync("mary", &format!("{MARY}  mapping: {mapping}\n"));
    let gap = with("{base: None, fields: [{office: surname, crm: Last_Name}, {office: email2, crm: Email}]}");
    only(
        &gap,
        &[
            "spec.mapping: MappingInvalid",
            "email2 is mapped, but email1 is not",
        ],
    );
    let twice = with("{fields: [{office: nickName, crm: Title}]}");
    only(&twice, &["Title is mapped twice"]);
    let own = with("{fields: [{office: nickName, crm: Nick_Name}]}");
    assert_eq!(said(&own), Vec::<String>::new());
    let never = tenant("  neverSync: {office: [surname]}\n");
    only(
        &(never + &own),
        &["ContactSync mary", "neverSync of the CrmTenant takes it out"],
    );
}

#[test]
fn another_version_and_an_unknown_kind_are_told() {
    only(
        &sync("mary", MARY).replace("v1alpha1", "v1"),
        &["apiVersion: it is not served"],
    );
    only(
        &sync("mary", MARY).replace("ContactSync", "ContactSink"),
        &["there is no kind \"ContactSink\"", "ContactSync"],
    );
}

#[test]
fn the_status_of_what_is_applied_counts_for_nothing() {
    let text = sync("mary", MARY).replace("---\n", "status: {linked: many}\n---\n");
    assert_eq!(said(&text), Vec::<String>::new());
}

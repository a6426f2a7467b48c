//! Rules of a contact mapping.

use crmlink::api::OfficeFieldName;
use serde_json::{Value, json};

use crate::{
    objects::{mapping, sync, tenant},
    support::Server,
};

/// Every field of Microsoft 365, each mapped to a CRM field of its own.
fn every_field() -> Vec<Value> {
    let entry = |(position, field): (usize, &OfficeFieldName)| {
        let crm = if *field == OfficeFieldName::Surname {
            "Last_Name".to_owned()
        } else {
            format!("Field_{position}")
        };
        json!({ "office": field.as_str(), "crm": crm })
    };
    OfficeFieldName::ALL.iter().enumerate().map(entry).collect()
}

#[tokio::test]
async fn k2_mapping_accepts_every_field_of_the_list() {
    let server = Server::new().await;
    server.accepts(mapping(json!({}))).await;
    server
        .accepts(mapping(json!({ "base": "None", "fields": every_field() })))
        .await;
    let all_but_surname: Vec<_> = OfficeFieldName::ALL
        .iter()
        .filter(|f| **f != OfficeFieldName::Surname)
        .collect();
    server
        .accepts(mapping(json!({ "exclude": all_but_surname })))
        .await;
}

#[tokio::test]
async fn k2_mapping_refuses_fields_that_the_api_does_not_support() {
    let server = Server::new().await;
    for field in [
        "email4",
        "businessPhone3",
        "businessFax",
        "pager",
        "displayName",
        "fileAs",
        "GivenName",
        "categories",
    ] {
        let entry = json!({ "office": field, "crm": "Field" });
        let message = format!("Unsupported value: \"{field}\": supported values: ");
        server
            .rejects(mapping(json!({ "fields": [entry] })), &message)
            .await;
        server
            .rejects(mapping(json!({ "exclude": [field] })), &message)
            .await;
    }
}

#[tokio::test]
async fn k2_mapping_refuses_a_crm_field_mapped_twice() {
    let server = Server::new().await;
    let twice = |second: &str| json!({ "fields": [{ "office": "email1", "crm": "Email" }, { "office": "email2", "crm": second }] });
    server.accepts(mapping(twice("Secondary_Email"))).await;
    server
        .rejects(mapping(twice("Email")), "a CRM field is mapped twice")
        .await;
    let defaults = json!({ "syncDefaults": { "contacts": { "mapping": twice("Email") } } });
    server
        .rejects(tenant(defaults), "a CRM field is mapped twice")
        .await;
}

#[tokio::test]
async fn k2_mapping_refuses_an_office_field_mapped_twice() {
    let server = Server::new().await;
    let fields =
        json!([{ "office": "email1", "crm": "Email" }, { "office": "email1", "crm": "Secondary_Email" }]);
    server
        .rejects(
            mapping(json!({ "fields": fields })),
            "spec.mapping.fields[1]: Duplicate value",
        )
        .await;
    let exclude = json!(["birthday", "birthday"]);
    server
        .rejects(
            mapping(json!({ "exclude": exclude })),
            "spec.mapping.exclude[1]: Duplicate value",
        )
        .await;
}

#[tokio::test]
async fn k2_mapping_refuses_a_field_both_mapped_and_excluded() {
    let server = Server::new().await;
    let with = |excluded: &str| json!({ "fields": [{ "office": "jobTitle", "crm": "Title" }], "exclude": [excluded] });
    server.accepts(mapping(with("department"))).await;
    server
        .rejects(
            mapping(with("jobTitle")),
            "a field stands both in fields and in exclude",
        )
        .await;
}

#[tokio::test]
async fn k2_mapping_must_reach_last_name() {
    let server = Server::new().await;
    let last_name = json!({ "office": "surname", "crm": "Last_Name" });
    let company = json!({ "office": "companyName", "crm": "Last_Name" });
    let renamed = json!({ "office": "surname", "crm": "Family_Name" });
    for accepted in [
        json!({ "base": "None", "fields": [last_name] }),
        json!({ "base": "None", "fields": [company] }),
        json!({ "base": "Default", "exclude": ["birthday"] }),
        json!({ "fields": [company], "exclude": ["surname"] }),
        json!({ "fields": [company, renamed] }),
    ] {
        server.accepts(mapping(accepted)).await;
    }
    for refused in [
        json!({ "base": "None" }),
        json!({ "base": "None", "fields": [] }),
        json!({ "base": "None", "fields": [{ "office": "givenName", "crm": "First_Name" }] }),
        json!({ "exclude": ["surname"] }),
        json!({ "base": "Default", "fields": [renamed] }),
    ] {
        server
            .rejects(
                mapping(refused),
                "nothing is mapped to Last_Name, which the CRM requires",
            )
            .await;
    }
}

#[tokio::test]
async fn k2_mapping_takes_api_names_of_the_crm() {
    let server = Server::new().await;
    let to = |crm: &str| mapping(json!({ "fields": [{ "office": "jobTitle", "crm": crm }] }));
    for crm in ["Title", "Title2", "title_of_job"] {
        server.accepts(to(crm)).await;
    }
    for crm in ["Job Title", "2nd", "_x", "$state", "Account_Name.Name", "Titel-ä"] {
        server
            .rejects(to(crm), "must be the API name of a CRM field, such as Last_Name")
            .await;
    }
    server.rejects(to(&"a".repeat(101)), "Too long").await;
    server
        .rejects(
            mapping(json!({ "fields": [{ "office": "jobTitle" }] })),
            "crm: Required value",
        )
        .await;
    server
        .rejects(
            mapping(json!({ "fields": [{ "crm": "Title" }] })),
            "office: Required value",
        )
        .await;
}

#[tokio::test]
async fn k2_options_of_a_mapped_field_are_closed_lists() {
    let server = Server::new().await;
    let with = |option: &str, value: &str| {
        mapping(json!({ "fields": [{ "office": "jobTitle", "crm": "Title", option: value }] }))
    };
    for value in ["TwoWay", "CrmToOffice", "OfficeToCrm"] {
        server.accepts(with("direction", value)).await;
    }
    for value in ["Park", "Cut"] {
        server.accepts(with("tooLong", value)).await;
    }
    server
        .rejects(with("direction", "Both"), "supported values")
        .await;
    server.rejects(with("tooLong", "Drop"), "supported values").await;
    server
        .rejects(mapping(json!({ "base": "All" })), "supported values")
        .await;
}

#[tokio::test]
async fn k2_mapping_lists_are_bounded() {
    let server = Server::new().await;
    let fields: Vec<_> = (0..65)
        .map(|n| json!({ "office": "jobTitle", "crm": format!("F{n}") }))
        .collect();
    server
        .rejects(
            sync(json!({ "mapping": { "fields": fields } })),
            "must have at most 64 items",
        )
        .await;
}

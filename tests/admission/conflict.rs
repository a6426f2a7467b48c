//! Who wins a conflict in a mapped field.

use serde_json::{Value, json};

use crate::{
    objects::{mapping, tenant},
    support::Server,
};

fn fields(fields: &[Value]) -> Value {
    json!({ "fields": fields })
}

#[tokio::test]
async fn n1_a_mapped_field_can_have_a_winner_of_its_own() {
    let server = Server::new().await;
    let with = |winner: &str| {
        mapping(fields(&[
            json!({ "office": "jobTitle", "crm": "Title", "conflict": winner }),
        ]))
    };
    for winner in ["CrmWins", "OfficeWins", "NewestWins", "Manual"] {
        server.accepts(with(winner)).await;
    }
    for winner in ["BothWin", "crmWins", ""] {
        server.rejects(with(winner), "supported values").await;
    }
}

#[tokio::test]
async fn n1_a_field_that_flows_one_way_has_no_winner() {
    let server = Server::new().await;
    let with = |direction: &str| {
        fields(&[
            json!({ "office": "jobTitle", "crm": "Title", "direction": direction, "conflict": "Manual" }),
        ])
    };
    server.accepts(mapping(with("TwoWay"))).await;
    let message = "conflict is only allowed for a field that flows both ways";
    for direction in ["CrmToOffice", "OfficeToCrm"] {
        server.rejects(mapping(with(direction)), message).await;
    }
    let defaults = json!({ "syncDefaults": { "contacts": { "mapping": with("CrmToOffice") } } });
    server.rejects(tenant(defaults), message).await;
}

/// Each address of a contact with the fields of the CRM that its parts go to.
const ADDRESSES: [&str; 3] = ["business", "home", "other"];
const PARTS: [&str; 5] = ["Street", "City", "State", "PostalCode", "Country"];

fn part(address: &str, part: &str, winner: Option<&str>) -> Value {
    let mut field = json!({ "office": format!("{address}{part}"), "crm": format!("{address}_{part}") });
    if let Some(winner) = winner {
        field["conflict"] = json!(winner);
    }
    field
}

#[tokio::test]
async fn n1_an_address_has_one_winner() {
    let server = Server::new().await;
    let message = "the parts of an address count as one field";
    for address in ADDRESSES {
        for other in &PARTS[1..] {
            let with = |winner| {
                mapping(fields(&[
                    part(address, PARTS[0], Some("Manual")),
                    part(address, other, winner),
                ]))
            };
            server.accepts(with(Some("Manual"))).await;
            server.accepts(with(None)).await;
            server.rejects(with(Some("OfficeWins")), message).await;
        }
    }
}

#[tokio::test]
async fn n1_addresses_and_other_fields_have_winners_of_their_own() {
    let server = Server::new().await;
    let apart = [
        part("business", "Street", Some("Manual")),
        part("business", "City", Some("Manual")),
        part("home", "Street", Some("OfficeWins")),
        part("other", "Street", Some("NewestWins")),
        json!({ "office": "businessPhone1", "crm": "Phone", "conflict": "CrmWins" }),
        json!({ "office": "businessHomePage", "crm": "Website", "conflict": "OfficeWins" }),
    ];
    server.accepts(mapping(fields(&apart))).await;
}

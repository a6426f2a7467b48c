//! Records by what they hold.

use std::collections::BTreeSet;

use serde_json::json;
use sync_runtime::ports::{Crm, Failure};

use crate::services::{ANN, BOB, Services};

/// The last names of what is found.
async fn find(services: &Services, owner: Option<&str>, field: &str, values: &[&str]) -> BTreeSet<String> {
    let values: Vec<String> = values.iter().map(ToString::to_string).collect();
    let found = services
        .crm
        .find(owner, field, &values, &["Last_Name"])
        .await
        .unwrap();
    let name =
        |record: &sync_runtime::ports::CrmRecord| record.fields["Last_Name"].as_str().unwrap().to_owned();
    let names: BTreeSet<String> = found.iter().map(name).collect();
    assert_eq!(names.len(), found.len(), "each record comes once");
    names
}

fn names<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

#[tokio::test]
async fn k5_records_are_found_by_owner_or_whoever_owns_them() {
    let services = Services::start();
    services.record(&json!({"Last_Name": "Byron", "Email": "ada@x.example"}));
    services.record(&json!({"Last_Name": "King", "Email": "william@x.example"}));
    services.staff(&json!({"do": "create_contact", "owner": "bob@example.com",
        "fields": {"Last_Name": "Babbage", "Email": "charles@x.example"}}));
    let all = ["ada@x.example", "charles@x.example", "nobody@x.example"];
    assert_eq!(
        find(&services, None, "Email", &all).await,
        names(["Babbage", "Byron"])
    );
    assert_eq!(find(&services, Some(ANN), "Email", &all).await, names(["Byron"]));
    assert_eq!(
        find(&services, Some(BOB), "Email", &all).await,
        names(["Babbage"])
    );
    assert_eq!(find(&services, Some(BOB), "Email", &all[..1]).await, names([]));
    // Neither nothing nor blanks are worth a call: a blank would fit whoever has no value.
    let mark = services.mark();
    assert_eq!(find(&services, None, "Phone", &[]).await, names([]));
    assert_eq!(find(&services, None, "Phone", &[""]).await, names([]));
    assert!(services.routes(mark).is_empty());
    services.finish();
}

#[tokio::test]
async fn k5_only_the_owners_records_are_searched_and_one_handed_over_meanwhile_is_left_out() {
    let services = Services::start();
    let id = services.record(&json!({"Last_Name": "Byron", "Email": "ada@x.example"}));
    services.fault(json!({"service": "zoho", "method": "GET", "path": "/crm/v8/Contacts", "hold": true}));
    let mark = services.mark();
    let hand_over = async {
        services.held(1).await;
        services.staff(&json!({"do": "transfer_contact", "id": id, "owner": "bob@example.com"}));
        services.release();
    };
    let (found, ()) = tokio::join!(find(&services, Some(ANN), "Email", &["ada@x.example"]), hand_over);
    assert_eq!(found, names([]));
    let query = services.seen(mark)[0].request_body.clone().unwrap();
    let query = query["select_query"].as_str().unwrap();
    assert!(query.contains(&format!("Owner = '{ANN}'")), "{query}");
    services.finish();
}

#[tokio::test]
async fn a_found_record_is_read_as_ever() {
    let services = Services::start();
    let action = json!({"do": "create_contact", "owner": "ann@example.com", "account": "Engines Ltd",
        "fields": {"Last_Name": "Byron", "Office_Id": "AAMk="}});
    services.staff(&action);
    let found = services
        .crm
        .find(Some(ANN), "Office_Id", &["AAMk=".to_owned()], &["Account_Name"])
        .await;
    let found = found.unwrap().remove(0);
    assert_eq!(found.fields["Account_Name"]["name"], "Engines Ltd");
    assert_eq!(found, services.read_record(&found.id, &["Account_Name"]).await);
    services.finish();
}

#[tokio::test]
async fn values_with_umlauts_signs_and_spaces_are_found() {
    let services = Services::start();
    let all = [
        "Müller-Lüdenscheidt",
        "Ñ, (x) and y",
        "a \"b\" %c_ d",
        "漢字",
        "x = 1; --",
    ];
    for name in all {
        services.record(&json!({"Last_Name": name}));
    }
    services.record(&json!({"Last_Name": "Somebody"}));
    assert_eq!(find(&services, Some(ANN), "Last_Name", &all).await, names(all));
    services.finish();
}

#[tokio::test]
async fn values_with_quotes_are_found_and_never_end_the_text() {
    let services = Services::start();
    let all = ["O'Brien", "'", "x' or id is not null or Last_Name = 'y"];
    for name in all {
        services.record(&json!({"Last_Name": name}));
    }
    services.record(&json!({"Last_Name": "Somebody"}));
    for name in all {
        assert_eq!(
            find(&services, Some(ANN), "Last_Name", &[name]).await,
            names([name])
        );
    }
    assert_eq!(find(&services, None, "Last_Name", &all).await, names(all));
    services.finish();
}

#[tokio::test]
async fn values_that_no_query_can_hold_are_found_by_their_parts_and_compared_here() {
    let services = Services::start();
    let all = ["CONTOSO\\ada", "\\", "a\\b\\", "Lüge\\x"];
    for name in all {
        services.record(&json!({"Last_Name": name}));
    }
    for other in ["CONTOSO", "CONTOSO\\bob", "Somebody", "/"] {
        services.record(&json!({"Last_Name": other}));
    }
    services.staff(&json!({"do": "create_contact", "owner": "bob@example.com",
        "fields": {"Last_Name": "CONTOSO\\ada"}}));
    let with_a_plain_one = ["CONTOSO\\ada", "\\", "a\\b\\", "Lüge\\x", "Somebody"];
    assert_eq!(
        find(&services, Some(ANN), "Last_Name", &with_a_plain_one).await,
        names(with_a_plain_one)
    );
    assert_eq!(
        find(&services, Some(ANN), "Last_Name", &["contoso\\ADA"]).await,
        names(["CONTOSO\\ada"])
    );
    let many: Vec<String> = (0..50).map(|number| format!("x\\{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).chain(["\\"]).collect();
    assert_eq!(
        find(&services, Some(ANN), "Last_Name", &many).await,
        names(["\\"])
    );
    services.finish();
}

#[tokio::test]
async fn more_records_than_a_page_holds_are_all_found() {
    let services = Services::start();
    let mut expected = BTreeSet::new();
    for number in 0..201 {
        let name = format!("Twin {number}");
        services.record(&json!({"Last_Name": name, "Title": "Twin"}));
        expected.insert(name);
    }
    assert_eq!(find(&services, Some(ANN), "Title", &["Twin"]).await, expected);
    services.finish();
}

#[tokio::test]
async fn a_field_that_does_not_exist_is_refused() {
    let services = Services::start();
    services.record(&json!({"Last_Name": "Byron"}));
    for field in ["Missing", "Last_Name = 'x' or id"] {
        let refused = services.crm.find(None, field, &["x".to_owned()], &[]).await;
        assert!(matches!(refused, Err(Failure::Refused { .. })), "{refused:?}");
    }
    services.finish();
}

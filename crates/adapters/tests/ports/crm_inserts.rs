//! Records to be made.

use serde_json::{Map, Value, json};
use sync_runtime::ports::{Crm, Failure, ItemFailure, Service, Written};

use crate::services::{ANN, BOB, Services, row};

async fn insert(services: &Services, rows: &[Value]) -> Vec<Result<Written, ItemFailure>> {
    let rows: Vec<Map<String, Value>> = rows.iter().map(row).collect();
    let answers = services.crm.insert(ANN, &rows).await;
    assert_eq!(answers.len(), rows.len());
    answers
}

fn refused(code: &str, field: &str) -> ItemFailure {
    ItemFailure::Refused {
        code: code.to_owned(),
        field: Some(field.to_owned()),
    }
}

#[tokio::test]
async fn rows_are_made_for_the_owner_and_nothing_else_happens() {
    let services = Services::start();
    let answers = insert(
        &services,
        &[
            json!({"Last_Name": "Byron", "Email": "ada@x.example", "Date_of_Birth": "1815-12-10"}),
            json!({"Last_Name": "Babbage"}),
        ],
    )
    .await;
    let written = answers[0].as_ref().unwrap();
    let record = services
        .read_record(&written.id, &["Last_Name", "Email", "Date_of_Birth"])
        .await;
    assert_eq!((record.owner.as_str(), record.modified), (ANN, written.modified));
    assert_eq!(record.fields["Date_of_Birth"], "1815-12-10");
    assert_eq!(services.records_with("Last_Name", "Babbage").len(), 1);
    assert!(insert(&services, &[]).await.is_empty());
    services.finish();
}

#[tokio::test]
async fn each_row_has_its_own_answer() {
    let services = Services::start();
    let long = "x".repeat(81);
    let answers = insert(
        &services,
        &[
            json!({"First_Name": "Ada"}),
            json!({"Last_Name": "Byron", "Email": "not an address"}),
            json!({"Last_Name": long}),
            json!({"Last_Name": "Babbage"}),
            json!({"Last_Name": "King", "Phone": "no/number"}),
            json!({"Last_Name": "King", "Date_of_Birth": "yesterday"}),
        ],
    )
    .await;
    let failed = |nth: usize| answers[nth].clone().unwrap_err();
    assert_eq!(failed(0), refused("MANDATORY_NOT_FOUND", "Last_Name"));
    assert_eq!(failed(1), refused("INVALID_DATA, expected type email", "Email"));
    assert_eq!(
        failed(2),
        refused("INVALID_DATA, at most 80 characters", "Last_Name")
    );
    assert!(answers[3].is_ok());
    assert_eq!(failed(4), refused("INVALID_DATA, expected type phone", "Phone"));
    assert_eq!(
        failed(5),
        refused("INVALID_DATA, expected type date", "Date_of_Birth")
    );
    // A row alone answers in another form.
    let alone = insert(&services, &[json!({"First_Name": "Ada"})]).await;
    assert_eq!(alone, [Err(refused("MANDATORY_NOT_FOUND", "Last_Name"))]);
    services.finish();
}

#[tokio::test]
async fn n2_a_value_that_must_be_unique_names_the_record_that_holds_it() {
    let services = Services::start();
    let holder = services.record(&json!({"Last_Name": "Byron", "Office_Id": "AAMk="}));
    services.staff(&json!({"do": "transfer_contact", "id": holder, "owner": "bob@example.com"}));
    let exists = ItemFailure::Exists {
        id: holder,
        owner: Some(BOB.to_owned()),
        field: Some("Office_Id".to_owned()),
    };
    let twice = json!({"Last_Name": "Twin", "Office_Id": "BBMk="});
    let answers = insert(
        &services,
        &[
            json!({"Last_Name": "King", "Office_Id": "AAMk="}),
            json!({"Last_Name": "King", "Office_Id": "AAMk=", "Email": "no address"}),
            twice.clone(),
            twice,
        ],
    )
    .await;
    assert_eq!(answers[0], Err(exists));
    assert_eq!(
        answers[1],
        Err(refused("INVALID_DATA, expected type email", "Email"))
    );
    let first = answers[2].as_ref().unwrap();
    assert!(
        matches!(&answers[3], Err(ItemFailure::Exists { id, .. }) if *id == first.id),
        "{answers:?}"
    );
    services.finish();
}

#[tokio::test]
async fn n2_an_insert_whose_answer_is_lost_is_in_doubt_for_every_row() {
    for fault in [
        json!({"effect": "after", "drop": true}),
        json!({"effect": "after", "answer": {"status": 500}}),
        json!({"effect": "after", "answer": {"status": 200, "body": {"data": []}}}),
        json!({"effect": "before", "answer": {"status": 503}}),
    ] {
        let services = Services::start();
        let mut rule = json!({"service": "zoho", "method": "POST", "path": "/crm/v8/Contacts"});
        rule.as_object_mut().unwrap().extend(row(&fault));
        services.fault(rule);
        let rows = [
            json!({"Last_Name": "Byron", "Office_Id": "AAMk="}),
            json!({"Last_Name": "King", "Office_Id": "BBMk="}),
        ];
        for answer in insert(&services, &rows).await {
            let doubt = matches!(&answer, Err(ItemFailure::MaybeDone(Failure::Transient { .. })));
            assert!(doubt, "{fault}: {answer:?}");
        }
        let done = usize::from(fault["effect"] == "after");
        let found = services
            .crm
            .find(Some(ANN), "Office_Id", &["AAMk=".to_owned()], &[])
            .await;
        assert_eq!(found.unwrap().len(), done);
        services.finish();
    }
}

#[tokio::test]
async fn n2_a_throttled_insert_may_have_been_done() {
    let services = Services::start();
    services.fault(json!({"service": "zoho", "method": "POST", "path": "/crm/v8/Contacts", "effect": "after",
        "answer": {"status": 429, "body": {"code": "TOO_MANY_REQUESTS", "status": "error", "message": "", "details": {}}}}));
    let throttled = ItemFailure::MaybeDone(Failure::Throttled {
        service: Service::Crm,
        after: None,
    });
    let rows = [json!({"Last_Name": "Byron"}), json!({"Last_Name": "King"})];
    assert_eq!(
        insert(&services, &rows).await,
        [Err(throttled.clone()), Err(throttled)]
    );
    assert_eq!(services.records_with("Last_Name", "Byron").len(), 1);
    services.finish();
}

#[tokio::test]
async fn what_was_not_sent_or_not_allowed_is_certain() {
    let services = Services::start();
    services.zoho.limits().set_budget(0, 0);
    let rows = [json!({"Last_Name": "Byron"}), json!({"Last_Name": "King"})];
    for answer in insert(&services, &rows).await {
        let credits = matches!(
            &answer,
            Err(ItemFailure::NotDone(Failure::OutOfCredits { until: Some(_) }))
        );
        assert!(credits, "{answer:?}");
    }
    services.zoho.limits().set_budget(1_000, 0);
    let forbidden = insert(&services, &[json!({"Last_Name": "Byron", "Owner": BOB})]).await;
    let own_fault = matches!(&forbidden[0], Err(ItemFailure::NotDone(Failure::Refused { .. })));
    assert!(own_fault, "{forbidden:?}");
    services.staff(&json!({"do": "set_profile", "name": "Administrator",
        "permissions": {"Crm_Implied_Create_Contacts": false}}));
    for answer in insert(&services, &rows).await {
        let denied = matches!(&answer, Err(ItemFailure::NotDone(Failure::Permission { .. })));
        assert!(denied, "{answer:?}");
    }
    services.staff(&json!({"do": "revoke_refresh_token", "clientId": "c"}));
    let refused = insert(&services, &rows[..1]).await;
    let credential = matches!(&refused[0], Err(ItemFailure::NotDone(Failure::Credential { .. })));
    assert!(credential, "{refused:?}");
    assert!(services.records_with("Last_Name", "Byron").is_empty());
    services.finish();
}

#[tokio::test]
async fn an_owner_who_cannot_own_is_the_rows_trouble() {
    let services = Services::start();
    services.staff(&json!({"do": "disable_user", "user": "bob@example.com"}));
    let answers = services
        .crm
        .insert(BOB, &[row(&json!({"Last_Name": "Byron"}))])
        .await;
    assert_eq!(answers, [Err(refused("INVALID_DATA", "Owner"))]);
    services.finish();
}

#[tokio::test]
async fn n3_a_row_without_its_time_is_in_doubt() {
    let services = Services::start();
    let done = json!({"data": [{"code": "SUCCESS", "status": "success", "message": "record added",
        "details": {"id": "4000000000000000999"}}]});
    services.fault(
        json!({"service": "zoho", "method": "POST", "path": "/crm/v8/Contacts", "effect": "after",
        "answer": {"status": 201, "body": done}}),
    );
    let answers = insert(&services, &[json!({"Last_Name": "Byron"})]).await;
    assert!(
        matches!(&answers[0], Err(ItemFailure::MaybeDone(_))),
        "{answers:?}"
    );
    services.finish();
}

//! Records to be changed, if they still are as read.

use serde_json::{Value, json};
use sync_runtime::ports::{Crm, Failure, ItemFailure, RecordUpdate, Service, Written};

use crate::services::{Services, row};

/// A record of staff as it was just read, to be changed by `fields`.
async fn change(services: &Services, id: &str, fields: &Value) -> RecordUpdate {
    let record = services.read_record(id, &[]).await;
    services.pass(2);
    RecordUpdate {
        id: record.id,
        unmodified_since: record.modified,
        fields: row(fields),
    }
}

async fn update(services: &Services, rows: &[RecordUpdate]) -> Vec<Result<Written, ItemFailure>> {
    let answers = services.crm.update(rows).await;
    assert_eq!(answers.len(), rows.len());
    answers
}

fn puts(services: &Services, mark: u64) -> usize {
    let all = services.routes(mark);
    all.iter().filter(|route| route.starts_with("PUT ")).count()
}

#[tokio::test]
async fn n5_an_update_changes_what_it_names_and_null_clears() {
    let services = Services::start();
    let id = services.record(&json!({"Last_Name": "Byron", "Phone": "1", "Title": "Countess"}));
    let rows = [change(&services, &id, &json!({"Phone": null, "Mobile": "2"})).await];
    let written = update(&services, &rows).await.remove(0).unwrap();
    let record = services
        .read_record(&id, &["Last_Name", "Phone", "Title", "Mobile"])
        .await;
    assert_eq!((&written.id, written.modified), (&id, record.modified));
    let held = ["Last_Name", "Phone", "Title", "Mobile"].map(|field| record.fields[field].clone());
    assert_eq!(held, [json!("Byron"), Value::Null, json!("Countess"), json!("2")]);
    assert!(update(&services, &[]).await.is_empty());
    services.finish();
}

#[tokio::test]
async fn n1_what_changed_since_it_was_read_is_not_overwritten() {
    let services = Services::start();
    let stale = services.record(&json!({"Last_Name": "Byron"}));
    let fresh = services.record(&json!({"Last_Name": "Babbage"}));
    let rows = [
        change(&services, &stale, &json!({"Phone": "1"})).await,
        change(&services, &fresh, &json!({"Phone": "1"})).await,
    ];
    services.staff(&json!({"do": "update_contact", "id": stale, "fields": {"Phone": "2"}}));
    let mark = services.mark();
    let answers = update(&services, &rows).await;
    assert_eq!(answers[0], Err(ItemFailure::Changed));
    assert!(answers[1].is_ok());
    assert_eq!(
        services.read_record(&stale, &["Phone"]).await.fields["Phone"],
        "2"
    );
    assert_eq!(
        puts(&services, mark),
        2,
        "each row has a call and a condition of its own"
    );
    services.finish();
}

#[tokio::test]
async fn each_row_has_its_own_answer_in_order() {
    let services = Services::start();
    services.record(&json!({"Last_Name": "Holder", "Office_Id": "AAMk="}));
    let mut rows = Vec::new();
    for (name, fields) in [
        ("gone", json!({"Phone": "1"})),
        ("long", json!({"Title": "x".repeat(101)})),
        ("address", json!({"Email": "no address"})),
        ("nameless", json!({"Last_Name": null})),
        ("twin", json!({"Office_Id": "AAMk="})),
        ("locked", json!({"Phone": "1"})),
        ("good", json!({"Phone": "1"})),
    ] {
        let id = services.record(&json!({"Last_Name": name}));
        rows.push(change(&services, &id, &fields).await);
    }
    services.staff(&json!({"do": "delete_contact", "id": rows[0].id}));
    services.staff(&json!({"do": "lock_contact", "id": rows[5].id}));
    let answers = update(&services, &rows).await;
    let failed = |nth: usize| answers[nth].clone().unwrap_err();
    let refused = |code: &str, field: &str| ItemFailure::Refused {
        code: code.to_owned(),
        field: Some(field.to_owned()),
    };
    assert_eq!(failed(0), ItemFailure::Gone);
    assert_eq!(
        failed(1),
        refused("INVALID_DATA, at most 100 characters", "Title")
    );
    assert_eq!(failed(2), refused("INVALID_DATA, expected type email", "Email"));
    assert_eq!(failed(3), refused("MANDATORY_NOT_FOUND", "Last_Name"));
    assert!(matches!(failed(4), ItemFailure::Exists { field: Some(field), .. } if field == "Office_Id"));
    let code = "RECORD_LOCKED".to_owned();
    assert_eq!(failed(5), ItemFailure::Locked { code });
    assert_eq!(answers[6].as_ref().unwrap().id, rows[6].id);
    services.finish();
}

#[tokio::test]
async fn n1_an_update_whose_answer_is_lost_is_in_doubt_and_does_not_hinder_the_others() {
    for fault in [
        json!({"effect": "after", "drop": true}),
        json!({"effect": "after", "answer": {"status": 502}}),
        json!({"effect": "before", "answer": {"status": 500}}),
    ] {
        let services = Services::start();
        let lost = services.record(&json!({"Last_Name": "Byron"}));
        let other = services.record(&json!({"Last_Name": "King"}));
        let rows = [
            change(&services, &lost, &json!({"Phone": "1"})).await,
            change(&services, &other, &json!({"Phone": "1"})).await,
        ];
        let mut rule = json!({"service": "zoho", "method": "PUT", "body_contains": lost});
        rule.as_object_mut().unwrap().extend(row(&fault));
        services.fault(rule);
        let answers = update(&services, &rows).await;
        let doubt = matches!(
            &answers[0],
            Err(ItemFailure::MaybeDone(Failure::Transient { .. }))
        );
        assert!(doubt && answers[1].is_ok(), "{answers:?}");
        // What was done all the same is seen as a change by the next try.
        let again = update(&services, &rows[..1]).await.remove(0);
        if fault["effect"] == "after" {
            assert_eq!(again, Err(ItemFailure::Changed));
        } else {
            assert!(again.is_ok());
        }
        services.finish();
    }
}

#[tokio::test]
async fn four_updates_are_under_way_at_most() {
    let services = Services::start();
    let mut rows = Vec::new();
    for number in 0..6 {
        let id = services.record(&json!({"Last_Name": format!("Twin {number}")}));
        rows.push(change(&services, &id, &json!({"Phone": "1"})).await);
    }
    services.fault(json!({"service": "zoho", "method": "PUT", "times": 0, "hold": true}));
    let count = async {
        let held = services.held(4).await;
        services.release();
        held
    };
    let (answers, held) = tokio::join!(update(&services, &rows), count);
    assert_eq!(held, 4);
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    services.finish();
}

#[tokio::test]
async fn throttling_and_used_up_credits_stop_the_rest() {
    let services = Services::start();
    let mut rows = Vec::new();
    for number in 0..10 {
        let id = services.record(&json!({"Last_Name": format!("Twin {number}")}));
        rows.push(change(&services, &id, &json!({"Phone": "1"})).await);
    }
    services.fault(json!({"service": "zoho", "method": "PUT", "times": 0,
        "answer": {"status": 429, "headers": {"Retry-After": "30"}}}));
    let mark = services.mark();
    for answer in update(&services, &rows).await {
        let Err(ItemFailure::NotDone(Failure::Throttled { service, after })) = answer else {
            panic!("{answer:?}")
        };
        assert_eq!(service, Service::Crm);
        assert!(after.unwrap().as_secs() >= 30);
    }
    assert!(
        (1..=4).contains(&puts(&services, mark)),
        "at most those in flight are sent"
    );
    services.zoho.limits().set_budget(0, 0);
    let mark = services.mark();
    for answer in update(&services, &rows).await {
        let credits = matches!(&answer, Err(ItemFailure::NotDone(Failure::OutOfCredits { .. })));
        assert!(credits, "{answer:?}");
    }
    assert_eq!(puts(&services, mark), 0);
    services.finish();
}

//! Items: made, found, changed on condition, removed.

use serde_json::{Value, json};
use sync_engine::office_field::{OfficeField, OfficeKind};
use sync_engine::plan::Changes;
use sync_engine::project::Fields;
use sync_engine::value::Value as Field;
use sync_runtime::ports::{Entry, Found, Item, ItemFailure, ItemUpdate, Mailbox, NewItem};

use crate::services::Services;

pub(crate) fn text(value: &str) -> Field {
    Field::Text(value.to_owned())
}

pub(crate) fn new(marker: &str, fields: impl Into<Fields>) -> NewItem {
    NewItem {
        marker: marker.to_owned(),
        fields: fields.into(),
    }
}

pub(crate) fn update(item: &Item, field: OfficeField, value: &str) -> ItemUpdate {
    ItemUpdate {
        item: item.clone(),
        changes: Changes::from([(field, Some(text(value)))]),
        marker: None,
    }
}

/// One item as the operator makes it.
pub(crate) async fn make(services: &Services, folder: &str, name: &str) -> Item {
    let item = new(&format!("v1 s {name}"), [(OfficeField::GivenName, text(name))]);
    let mut made = services.mailbox.create(folder, &[item]).await;
    made.remove(0).unwrap()
}

/// An item as it is now.
async fn read(services: &Services, folder: &str, id: &str) -> Item {
    let found = services.mailbox.read(folder, &[id.to_owned()]).await.unwrap();
    match &found[..] {
        [Found::Here(item)] => item.clone(),
        other => panic!("{other:?}"),
    }
}

/// A value for each field that a mapping can name.
fn everything() -> Fields {
    let value = |field: &OfficeField| match field.kind() {
        OfficeKind::Date => Field::Date(jiff::civil::date(1815, 12, 10)),
        OfficeKind::Email => text(&format!("{}@x.example", field.name())),
        _ => text(&format!("{} Ü", field.name())),
    };
    OfficeField::ALL
        .iter()
        .map(|field| (*field, value(field)))
        .collect()
}

#[tokio::test]
async fn k2_every_field_is_written_and_read_back_with_marker_and_times() {
    let services = Services::start();
    let folder = services.folder().await.id;
    let items = [
        new("v1 s 7", everything()),
        new("v1 s 8", [(OfficeField::Surname, text("Byron"))]),
    ];
    let made = services.mailbox.create(&folder, &items).await;
    for (item, made) in items.iter().zip(made) {
        let made = made.unwrap();
        assert_eq!(
            (&made.fields, made.marker.as_ref()),
            (&item.fields, Some(&item.marker))
        );
        assert!(made.modified.is_some() && made.created.is_some());
        assert_eq!(read(&services, &folder, &made.id).await, made);
    }
    let listed = services.mailbox.items(&folder).await.unwrap();
    let markers: Vec<_> = listed
        .iter()
        .map(|item| item.marker.as_deref().unwrap())
        .collect();
    assert_eq!(markers, ["v1 s 7", "v1 s 8"]);
    services.finish();
}

#[tokio::test]
async fn n5_an_update_changes_what_it_names_and_the_marker_in_one_call() {
    let services = Services::start();
    let folder = services.folder().await.id;
    let item = new("v1 s 7", everything());
    let made = services.mailbox.create(&folder, &[item]).await.remove(0).unwrap();
    services.outlook(json!({"do": "update_contact", "contact": made.id, "set": {
        "displayName": "The countess", "children": ["Byron"], "categories": ["Family"], "yomiSurname": "b",
    }}));
    let held = read(&services, &folder, &made.id).await;
    let mark = services.mark();
    let change = ItemUpdate {
        marker: Some("v1 s 9".to_owned()),
        changes: Changes::from([
            (OfficeField::HomeCity, Some(text("London"))),
            (OfficeField::Email2, None),
            (OfficeField::Birthday, None),
        ]),
        ..update(&held, OfficeField::Initials, "AKL")
    };
    let written = services
        .mailbox
        .update(&folder, &[change])
        .await
        .remove(0)
        .unwrap();
    assert_eq!(services.routes(mark).len(), 2, "a batch and its one part");
    let mut fields = everything();
    fields.insert(OfficeField::HomeCity, text("London"));
    fields.remove(&OfficeField::Birthday);
    // Addresses stand without gaps.
    let third = fields.remove(&OfficeField::Email3).unwrap();
    fields.insert(OfficeField::Email2, third);
    assert_eq!(
        (&written.fields, written.marker.as_deref()),
        (&fields, Some("v1 s 9"))
    );
    assert_eq!(read(&services, &folder, &made.id).await, written);
    let shown = services.outlook(json!({"do": "update_contact", "contact": made.id, "set": {}}));
    assert_eq!(
        [
            &shown["displayName"],
            &shown["children"],
            &shown["categories"],
            &shown["yomiSurname"]
        ],
        [
            &json!("The countess"),
            &json!(["Byron"]),
            &json!(["Family"]),
            &json!("b")
        ]
    );
    assert_eq!(shown["marker"], "v1 s 9");
    services.finish();
}

#[tokio::test]
async fn a_marker_alone_can_be_changed_and_stays_where_it_is_not() {
    let services = Services::start();
    let folder = services.folder().await.id;
    let made = make(&services, &folder, "Ada").await;
    let change = ItemUpdate {
        changes: Changes::new(),
        marker: Some("v1 s other".to_owned()),
        item: made.clone(),
    };
    let marked = services
        .mailbox
        .update(&folder, &[change])
        .await
        .remove(0)
        .unwrap();
    assert_eq!(
        (&marked.fields, marked.marker.as_deref()),
        (&made.fields, Some("v1 s other"))
    );
    let change = update(&marked, OfficeField::Surname, "Byron");
    let written = services
        .mailbox
        .update(&folder, &[change])
        .await
        .remove(0)
        .unwrap();
    assert_eq!(written.marker.as_deref(), Some("v1 s other"));
    assert_eq!(read(&services, &folder, &made.id).await, written);
    services.finish();
}

#[tokio::test]
async fn n1_what_changed_since_it_was_read_is_neither_overwritten_nor_removed() {
    let services = Services::start();
    let folder = services.folder().await.id;
    let stale = make(&services, &folder, "Ada").await;
    let other = make(&services, &folder, "Charles").await;
    services.outlook(json!({"do": "update_contact", "contact": stale.id, "set": {"surname": "King"}}));
    let edited = read(&services, &folder, &stale.id).await;

    let updates = [
        update(&stale, OfficeField::Surname, "Byron"),
        update(&other, OfficeField::Surname, "Babbage"),
    ];
    let answers = services.mailbox.update(&folder, &updates).await;
    assert_eq!(answers[0], Err(ItemFailure::Changed));
    let other = answers[1].as_ref().unwrap();
    let answers = services.mailbox.delete(&folder, &[stale, other.clone()]).await;
    assert_eq!(answers, [Err(ItemFailure::Changed), Ok(())]);
    assert_eq!(services.mailbox.items(&folder).await.unwrap(), [edited]);
    services.finish();
}

#[tokio::test]
async fn n1_an_item_that_came_as_a_hint_is_read_before_it_is_written() {
    let services = Services::start();
    let folder = services.folder().await.id;
    make(&services, &folder, "Ada").await;
    let page = services.mailbox.changes(&folder, None).await.unwrap().unwrap();
    let Entry::Present(hint) = &page.entries[0] else {
        panic!("Ada is there")
    };
    let mark = services.mark();
    let whole = make(&services, &folder, "Charles").await;
    let updates = [
        update(hint, OfficeField::Surname, "Byron"),
        update(&whole, OfficeField::Surname, "Babbage"),
        update(hint, OfficeField::Surname, "King"),
    ];
    let answers = services.mailbox.update(&folder, &updates).await;
    assert_eq!([&answers[0], &answers[2]], [&Err(ItemFailure::Changed); 2]);
    let fields = &answers[1].as_ref().unwrap().fields;
    assert_eq!(fields[&OfficeField::Surname], text("Babbage"));
    let patches = services
        .routes(mark)
        .into_iter()
        .filter(|route| route.contains("PATCH"));
    assert_eq!(patches.count(), 1);
    services.finish();
}

#[tokio::test]
async fn n2_items_are_found_by_their_markers_with_case_and_with_their_copies() {
    let services = Services::start();
    let folder = services.folder().await.id;
    let ada = make(&services, &folder, "Ada").await;
    make(&services, &folder, "Charles").await;
    let upper = new("v1 s ADA", [(OfficeField::GivenName, text("Upper"))]);
    // The service compares without case and so counts a twin: made by hand.
    let copy = services.outlook(json!({"do": "copy_contact", "contact": ada.id}));
    let stranger = json!({"givenName": "Upper", "singleValueExtendedProperties": [
        {"id": msgraph::MARKER_PROPERTY, "value": upper.marker},
    ]});
    services.outlook_contact(&folder, &stranger);
    let markers: Vec<String> = (0..24)
        .map(|number| format!("v1 s {number}"))
        .chain(["v1 s Ada".to_owned()])
        .collect();
    let found = services.mailbox.find(&folder, &markers).await.unwrap();
    let ids: Vec<&str> = found.iter().map(|item| item.id.as_str()).collect();
    assert_eq!(ids, [ada.id.as_str(), copy["id"].as_str().unwrap()]);
    assert_eq!(services.mailbox.find(&folder, &[]).await.unwrap(), []);
    services.finish();
}

#[tokio::test]
async fn what_the_mailbox_refuses_for_good_is_told_by_code() {
    let services = Services::start();
    let folder = services.folder().await.id;
    let long: String = "x".repeat(256);
    let made = make(&services, &folder, "Ada").await;
    let mut answers = services
        .mailbox
        .create(&folder, &[new("v1 s 8", [(OfficeField::JobTitle, text(&long))])])
        .await;
    answers.extend(
        services
            .mailbox
            .update(&folder, &[update(&made, OfficeField::JobTitle, &long)])
            .await,
    );
    for answer in answers {
        let Err(ItemFailure::Refused { code, field: None }) = answer else {
            panic!("{answer:?}")
        };
        assert!(code.starts_with("400 "), "{code}");
    }
    let many: Value = json!({"error": {"code": "ErrorInvalidProperty",
        "message": "The multi value property emailAddresses has 4 entries, that exceeds the max allowed value of 3."}});
    services.fault(json!({"service": "graph", "method": "PATCH", "answer": {"status": 400, "body": many}}));
    let refused = services
        .mailbox
        .update(&folder, &[update(&made, OfficeField::Email1, "a@x.example")])
        .await;
    let Err(ItemFailure::Refused { code, field }) = &refused[0] else {
        panic!("{refused:?}")
    };
    assert_eq!(code, "emailAddresses has 4 entries, 3 are allowed");
    assert_eq!(field.as_deref(), Some("emailAddresses"));
    services.finish();
}

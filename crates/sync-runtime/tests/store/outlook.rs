//! Contacts made in Outlook: strangers, and intents to make them in the CRM.

use sync_engine::hash::Base;
use sync_engine::link::CrmIntent;
use sync_runtime::store::{Change, Store};

use crate::samples::{commit, crm_intent, scope, stranger};
use crate::stores::conformance_of_syncs;

async fn strangers_come_in_order_of_arrival_and_stay_for_review(store: &impl Store) {
    let a = scope("a");
    let arrive = |id: &str, review| Change::Stranger(a, stranger(id, review));
    commit(store, [arrive("Z", false), arrive("B", true), arrive("A", false)]).await;
    commit(store, [arrive("B", false), arrive("Z", true)]).await;
    let all = [stranger("Z", true), stranger("B", true), stranger("A", false)];
    assert_eq!(store.strangers(a, 9).await.unwrap(), all);
    assert_eq!(store.strangers(a, 2).await.unwrap(), all[..2]);
    assert_eq!(store.strangers(scope("b"), 9).await.unwrap(), []);
    let changes = [
        Change::DropStranger(a, "Z".into()),
        Change::DropStranger(a, "?".into()),
        Change::DropStranger(scope("b"), "B".into()),
        arrive("Z", false),
    ];
    commit(store, changes).await;
    let all = [stranger("B", true), stranger("A", false), stranger("Z", false)];
    assert_eq!(store.strangers(a, 9).await.unwrap(), all);
}

async fn intents_to_make_records_come_oldest_first_and_are_replaced_and_dropped(store: &impl Store) {
    let a = scope("a");
    let intend = |id: &str, since| Change::CrmIntent(a, crm_intent(id, since));
    commit(store, [intend("A", 5), intend("Z", 3), intend("B", 3)]).await;
    let all = [crm_intent("B", 3), crm_intent("Z", 3), crm_intent("A", 5)];
    assert_eq!(store.crm_intents(a, 9).await.unwrap(), all);
    assert_eq!(store.crm_intents(a, 2).await.unwrap(), all[..2]);
    assert_eq!(store.crm_intents(scope("b"), 9).await.unwrap(), []);
    let replaced = CrmIntent {
        base: Base::default(),
        ..crm_intent("B", 8)
    };
    let changes = [
        Change::CrmIntent(a, replaced.clone()),
        Change::DropCrmIntent(a, "A".into()),
        Change::DropCrmIntent(a, "?".into()),
        Change::DropCrmIntent(scope("b"), "Z".into()),
    ];
    commit(store, changes).await;
    assert_eq!(
        store.crm_intents(a, 9).await.unwrap(),
        [crm_intent("Z", 3), replaced]
    );
}

conformance_of_syncs! {
    strangers_come_in_order_of_arrival_and_stay_for_review
    intents_to_make_records_come_oldest_first_and_are_replaced_and_dropped
}

use std::time::Duration;

use serde_json::json;

use super::support::*;
use crate::{Class, Criterion, LimitSettings, Module, Query};

fn empty() -> Say {
    Say::Text(204, "")
}

#[tokio::test]
async fn no_more_than_four_calls_are_in_flight() {
    let World { server, zoho, .. } = world();
    server.answer(empty());
    zoho.roles().await.unwrap();
    for _ in 0..20 {
        server.answer(empty());
    }
    futures::future::join_all((0..20).map(|_| zoho.roles())).await;
    assert_eq!(server.most_in_flight(), 4);
}

#[tokio::test]
async fn calls_stop_at_the_budget_and_go_on_when_credits_come_back() {
    let settings = LimitSettings {
        daily_credits: 3,
        reserve_percent: 0,
        ..LimitSettings::default()
    };
    let World { server, clock, zoho } = limited(settings);
    for _ in 0..4 {
        server.answer(empty());
    }
    zoho.roles().await.unwrap();
    clock.advance(Duration::from_hours(1));
    zoho.roles().await.unwrap();
    zoho.roles().await.unwrap();
    let until = at("2026-03-02T10:01:00Z");
    assert_eq!(
        zoho.roles().await.unwrap_err().class(),
        Class::OutOfCredits(until)
    );
    assert_eq!(server.calls().len(), 3);
    assert_eq!(zoho.limits().credits_left(at("2026-03-01T11:00:00Z")), 0);
    clock.advance(Duration::from_hours(23));
    zoho.roles().await.unwrap_err();
    clock.advance(Duration::from_mins(1));
    zoho.roles().await.unwrap();
    assert_eq!(zoho.limits().credits_used(at("2026-03-02T10:01:00Z")), 3);
}

#[tokio::test]
async fn queries_cost_by_their_limit() {
    let World { server, zoho, .. } = world();
    for (limit, credits) in [(200, 1), (201, 2), (1_000, 2), (1_001, 3), (5_000, 3)] {
        server.answer(empty());
        let before = zoho.limits().credits_used(at(START));
        let query = Query::select(Module::Contacts, ["id"])
            .filter(Criterion::not_null("id"))
            .limit(limit);
        zoho.coql(&query).await.unwrap();
        assert_eq!(zoho.limits().credits_used(at(START)) - before, credits);
    }
}

#[tokio::test]
async fn bulk_work_leaves_the_reserve() {
    let settings = LimitSettings {
        daily_credits: 10,
        reserve_percent: 30,
        ..LimitSettings::default()
    };
    let World { server, zoho, .. } = limited(settings);
    for _ in 0..10 {
        server.answer(empty());
    }
    let bulk = zoho.bulk();
    for _ in 0..7 {
        bulk.roles().await.unwrap();
    }
    assert!(matches!(
        bulk.roles().await.unwrap_err().class(),
        Class::OutOfCredits(_)
    ));
    for _ in 0..3 {
        zoho.roles().await.unwrap();
    }
    assert!(matches!(
        zoho.roles().await.unwrap_err().class(),
        Class::OutOfCredits(_)
    ));
    assert_eq!(server.calls().len(), 10);
}

#[tokio::test]
async fn a_larger_budget_counts_at_once() {
    let settings = LimitSettings {
        daily_credits: 1,
        reserve_percent: 0,
        ..LimitSettings::default()
    };
    let World { server, zoho, .. } = limited(settings);
    server.answer(empty());
    server.answer(empty());
    zoho.roles().await.unwrap();
    zoho.roles().await.unwrap_err();
    zoho.limits().set_budget(2, 0);
    zoho.roles().await.unwrap();
}

#[tokio::test]
async fn an_hour_of_rest_once_the_server_has_no_credits_left() {
    let World { server, clock, zoho } = world();
    server.answer(Say::Header(
        200,
        "x-api-credits-remaining",
        "0",
        json!({"roles": []}),
    ));
    server.answer(empty());
    zoho.roles().await.unwrap();
    assert_eq!(zoho.limits().server_remaining(), Some(0));
    let until = at("2026-03-01T11:00:00Z");
    assert_eq!(
        zoho.roles().await.unwrap_err().class(),
        Class::OutOfCredits(until)
    );
    clock.advance(Duration::from_hours(1));
    zoho.roles().await.unwrap();
    assert_eq!(server.calls().len(), 2);
}

use ambient::{Random, SeededRandom};
use serde_json::json;

use super::support::*;
use crate::{Criterion, Error, Keyset, Literal, Module, Query, QueryError, UserId};

fn query() -> Query {
    Query::select(Module::Contacts, ["id"])
}

fn literal(text: &str) -> Result<String, QueryError> {
    query().filter(Criterion::eq("Last_Name", text)).text()
}

#[test]
fn criteria_are_bracketed_two_by_two() {
    let text = query()
        .filter(Criterion::eq("Owner", &UserId::from("7")))
        .filter(Criterion::eq("Email_Opt_Out", false))
        .filter(
            Criterion::is_in("Data_Source", ["Import", "Migration"]).or(Criterion::is_null("Data_Source")),
        )
        .text();
    assert_eq!(
        text.unwrap(),
        "select id from Contacts where ((Owner = '7' and Email_Opt_Out = false) \
         and (Data_Source in ('Import', 'Migration') or Data_Source is null)) limit 200"
    );
}

#[test]
fn the_feed_pages_by_time_and_id() {
    let last = Keyset {
        modified_time: at("2026-02-01T09:30:00+05:30"),
        id: "12".into(),
    };
    assert_eq!(
        Query::changed_since(Module::Contacts, at("2026-02-01T00:00:00Z"), &["id", "Owner"])
            .limit(2_000)
            .text()
            .unwrap(),
        "select id, Owner from Contacts where (Modified_Time >= '2026-02-01T00:00:00+00:00') \
         order by Modified_Time asc, id asc limit 2000"
    );
    assert_eq!(
        Query::changed_after(Module::Contacts, &last, &["id"])
            .text()
            .unwrap(),
        "select id from Contacts where (Modified_Time > '2026-02-01T04:00:00+00:00' or \
         (Modified_Time = '2026-02-01T04:00:00+00:00' and id > '12')) order by Modified_Time asc, id asc limit 200"
    );
    assert_eq!(
        Query::latest_of_owner(Module::Contacts, &"7".into(), &["id"], Some(&last))
            .text()
            .unwrap(),
        "select id from Contacts where (Owner = '7' and (Modified_Time < '2026-02-01T04:00:00+00:00' or \
         (Modified_Time = '2026-02-01T04:00:00+00:00' and id < '12'))) \
         order by Modified_Time desc, id desc limit 200"
    );
    assert_eq!(
        Query::everything(Module::Contacts, &["id"], None).text().unwrap(),
        "select id from Contacts where (id is not null) order by id asc limit 200"
    );
    assert_eq!(
        Query::everything(Module::Contacts, &["id"], Some(&"12".into()))
            .text()
            .unwrap(),
        "select id from Contacts where (id > '12') order by id asc limit 200"
    );
}

#[test]
fn literals_are_escaped_or_refused() {
    assert_eq!(
        literal("O'Brien").unwrap(),
        "select id from Contacts where (Last_Name = 'O''Brien') limit 200"
    );
    assert_eq!(literal("a\\"), Err(QueryError::UnsafeText));
    assert_eq!(literal("a\nb"), Err(QueryError::UnsafeText));
    assert_eq!(
        query()
            .filter(Criterion::eq("Owner", &UserId::from("7' or id is not null")))
            .text(),
        Err(QueryError::MalformedId)
    );
    assert_eq!(
        query().filter(Criterion::eq("x = 1 or id", 1)).text(),
        Err(QueryError::MalformedColumn)
    );
    assert_eq!(
        Query::select(Module::Contacts, ["id from Leads"])
            .filter(Criterion::not_null("id"))
            .text(),
        Err(QueryError::MalformedColumn)
    );
}

#[test]
fn what_cannot_be_written_safely_is_looked_for_by_its_parts() {
    let parts = |text| Literal::writable_parts(text).collect::<Vec<_>>();
    assert_eq!(parts("O'Brien"), ["O'Brien"]);
    assert_eq!(parts("CONTOSO\\ada\n"), ["CONTOSO", "ada"]);
    assert!(parts("\\").is_empty());
    let query = query().filter(Criterion::contains("Last_Name", "O'B"));
    assert_eq!(
        query.text().unwrap(),
        "select id from Contacts where (Last_Name like '%O''B%') limit 200"
    );
}

/// Reads a query back as far as its quotes go: the texts, and what is outside of them.
fn unquote(query: &str) -> (Vec<String>, String) {
    let (mut texts, mut outside) = (Vec::new(), String::new());
    let mut chars = query.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\'' {
            outside.push(c);
            continue;
        }
        let mut text = String::new();
        loop {
            match chars.next().expect("the quote is closed") {
                '\'' if chars.peek() == Some(&'\'') => {
                    chars.next();
                    text.push('\'');
                }
                '\'' => break,
                other => text.push(other),
            }
        }
        texts.push(text);
    }
    (texts, outside)
}

#[test]
fn no_text_gets_out_of_its_quotes() {
    let random = SeededRandom::new(42);
    let alphabet: Vec<char> = "'')(= aorndlimt\"%;é\u{2019}".chars().collect();
    for _ in 0..2_000 {
        let length = random.next_u64() % 12;
        let pick = || alphabet[usize::try_from(random.next_u64() % 1_000).unwrap() % alphabet.len()];
        let text: String = (0..length).map(|_| pick()).collect();
        let (texts, outside) = unquote(&literal(&text).unwrap());
        assert_eq!(texts, [text]);
        assert_eq!(outside, "select id from Contacts where (Last_Name = ) limit 200");
    }
}

#[test]
fn limits_of_the_language_are_typed_errors() {
    let many = |n: i64| query().filter(Criterion::is_in("Size", 0..n)).text();
    assert!(many(100).is_ok());
    assert_eq!(
        many(101),
        Err(QueryError::TooMany {
            what: "values in a list",
            count: 101,
            most: 100
        })
    );
    assert_eq!(many(0), Err(QueryError::EmptyList));
    assert_eq!(query().text(), Err(QueryError::NoCriterion));
    let criteria = |n: i64| {
        (0..n)
            .fold(query(), |query, i| query.filter(Criterion::ne("Size", i)))
            .text()
    };
    assert!(criteria(25).is_ok());
    assert_eq!(
        criteria(26),
        Err(QueryError::TooMany {
            what: "conditions",
            count: 26,
            most: 25
        })
    );
    let columns = (0..51).map(|i| format!("C{i}"));
    assert!(
        Query::select(Module::Contacts, columns)
            .filter(Criterion::not_null("id"))
            .text()
            .is_err()
    );
    let orders = (0..11).fold(query(), |query, _| query.order_by("id", crate::Order::Ascending));
    assert!(orders.filter(Criterion::not_null("id")).text().is_err());
    assert!(
        query()
            .filter(Criterion::eq("a", Literal::Id(String::new())))
            .text()
            .is_err()
    );
}

#[tokio::test]
async fn rows_come_back_with_whether_there_are_more() {
    let World { server, zoho, .. } = world();
    let row = json!({"id": "12", "Modified_Time": "2026-02-01T09:30:00+05:30", "Owner": {"id": "7"}});
    server.answer(Say::Json(
        200,
        json!({"data": [row], "info": {"count": 1, "more_records": true}}),
    ));
    server.answer(Say::Text(204, ""));
    let query = query().filter(Criterion::not_null("id"));
    let rows = zoho.coql(&query).await.unwrap();
    assert!(rows.more_records);
    let last = Keyset::of(&rows.rows[0]).unwrap();
    assert_eq!(
        (last.id.as_str(), last.modified_time),
        ("12", at("2026-02-01T04:00:00Z"))
    );
    assert_eq!(crate::Head::of(&rows.rows[0]).unwrap().owner, Some("7".into()));
    assert_eq!(
        server.calls()[0].json(),
        json!({"select_query": query.text().unwrap()})
    );
    assert_eq!(zoho.coql(&query).await.unwrap(), crate::Rows::default());
}

#[test]
fn debug_output_holds_no_values() {
    let row = json!({"id": "1", "Email": "jane@example.com"})
        .as_object()
        .unwrap()
        .clone();
    let rows = crate::Rows {
        rows: vec![row],
        more_records: false,
    };
    let query = query().filter(Criterion::eq("Email", "jane@example.com"));
    assert!(!format!("{rows:?} {query:?}").contains("jane"));
}

#[tokio::test]
async fn a_query_that_cannot_be_written_is_not_sent() {
    let World { server, zoho, .. } = world();
    assert!(matches!(
        zoho.coql(&query()).await,
        Err(Error::Query(QueryError::NoCriterion))
    ));
    assert!(server.token_calls().is_empty());
}

#[tokio::test]
async fn a_throttled_query_is_a_read() {
    let World { server, clock, zoho } = world();
    server.answer(refused(429, "TOO_MANY_REQUESTS"));
    server.answer(Say::Text(204, ""));
    let query = query().filter(Criterion::not_null("id"));
    let (result, _) = with_time(&clock, zoho.coql(&query)).await;
    assert!(result.unwrap().rows.is_empty());
}

//! The query language.

use serde_json::{Value, json};

use crate::zoho_support::{Crm, contacts};

async fn three() -> Crm {
    Crm::with(json!({"contacts": [
        {"owner": "ann@example.com", "createdTime": "2026-01-01T00:00:00+00:00", "fields": {"Last_Name": "Abel", "Title": "Buyer"}},
        {"owner": "ann@example.com", "createdTime": "2026-01-02T00:00:00+00:00", "fields": {"Last_Name": "Baker"}},
        {"owner": "bob@example.com", "createdTime": "2026-01-03T00:00:00+00:00", "fields": {"Last_Name": "Cole", "Title": "Engineer"}},
    ]}))
    .await
}

async fn names(crm: &Crm, criteria: &str) -> Vec<String> {
    let reply = crm
        .coql(&format!("select Last_Name from Contacts where {criteria}"))
        .await;
    if reply.status == 204 {
        assert_eq!(reply.text, "");
        return Vec::new();
    }
    reply
        .rows()
        .iter()
        .map(|row| row["Last_Name"].as_str().unwrap().to_owned())
        .collect()
}

async fn error(crm: &Crm, query: &str) -> String {
    let reply = crm.coql(query).await;
    assert_eq!(reply.status, 400, "{query}: {}", reply.text);
    reply.code()
}

#[tokio::test]
async fn criteria_pick_rows() {
    let crm = three().await;
    let ann = crm.user("ann@example.com");
    let cole = crm.id("Cole");
    for (criteria, expected) in [
        (format!("Owner = '{ann}'"), vec!["Abel", "Baker"]),
        (
            format!("(Owner = '{ann}' and Modified_Time >= '2026-01-02T05:30:00+05:30')"),
            vec!["Baker"],
        ),
        (
            format!("(Owner != '{ann}' or Last_Name = 'ABEL')"),
            vec!["Abel", "Cole"],
        ),
        (format!("id in ('{cole}', '1')"), vec!["Cole"]),
        (format!("id < '{cole}'"), vec!["Abel", "Baker"]),
        ("Last_Name not in ('Abel', 'Cole')".to_owned(), vec!["Baker"]),
        ("Title is null".to_owned(), vec!["Baker"]),
        ("Title is not null".to_owned(), vec!["Abel", "Cole"]),
        ("Title != 'Buyer'".to_owned(), vec!["Cole"]),
        ("Last_Name like '%ke%'".to_owned(), vec!["Baker"]),
        (
            "Created_Time between '2026-01-02T00:00:00+00:00' and '2026-01-03T00:00:00+00:00'".to_owned(),
            vec!["Baker", "Cole"],
        ),
        ("Email_Opt_Out = false".to_owned(), vec!["Abel", "Baker", "Cole"]),
        ("Last_Name = 'nobody'".to_owned(), vec![]),
    ] {
        assert_eq!(names(&crm, &criteria).await, expected, "{criteria}");
    }
}

#[tokio::test]
async fn three_criteria_without_brackets_are_a_syntax_error() {
    let crm = three().await;
    let flat = "select id from Contacts where Title = 'a' and Title = 'b' and Title = 'c'";
    assert_eq!(error(&crm, flat).await, "SYNTAX_ERROR");
    assert_eq!(
        names(&crm, "((Title = 'a' or Title = 'Buyer') and Last_Name = 'Abel')").await,
        ["Abel"]
    );
}

#[tokio::test]
async fn a_quote_in_a_text_is_doubled_and_a_backslash_is_refused() {
    let crm = Crm::with(json!({"contacts": contacts(&["O'Brien", "Say \"yes\"", "Back\\slash"])})).await;
    for (literal, expected) in [
        ("'O''Brien'", "O'Brien"),
        ("\"O'Brien\"", "O'Brien"),
        ("'say \"YES\"'", "Say \"yes\""),
        ("\"Say \"\"yes\"\"\"", "Say \"yes\""),
    ] {
        assert_eq!(names(&crm, &format!("Last_Name = {literal}")).await, [expected]);
    }
    for literal in ["'O'Brien'", r"'O\'Brien'", r"'Back\\slash'", r"'Back\slash'"] {
        let query = format!("select id from Contacts where Last_Name = {literal}");
        assert_eq!(error(&crm, &query).await, "SYNTAX_ERROR", "{literal}");
    }
}

#[tokio::test]
async fn where_is_required() {
    let crm = three().await;
    let reply = crm.coql("select id from Contacts").await;
    assert_eq!(
        (reply.code(), &reply.json()["details"]["clause"]),
        ("SYNTAX_ERROR".to_owned(), &json!("where"))
    );
}

#[tokio::test]
async fn each_clause_has_its_limit() {
    let crm = three().await;
    let tests =
        |count: usize| (1..count).fold("id = '1'".to_owned(), |inner, _| format!("({inner} or id = '1')"));
    assert_eq!(
        crm.coql(&format!("select id from Contacts where {}", tests(25)))
            .await
            .status,
        204
    );
    assert_eq!(
        error(&crm, &format!("select id from Contacts where {}", tests(26))).await,
        "LIMIT_EXCEEDED"
    );
    let values = |count: usize| vec!["'1'"; count].join(",");
    assert_eq!(
        crm.coql(&format!("select id from Contacts where id in ({})", values(100)))
            .await
            .status,
        204
    );
    assert_eq!(
        error(
            &crm,
            &format!("select id from Contacts where id in ({})", values(101))
        )
        .await,
        "LIMIT_EXCEEDED"
    );
    let columns = vec!["id"; 51].join(",");
    assert_eq!(
        error(&crm, &format!("select {columns} from Contacts where id = '1'")).await,
        "LIMIT_EXCEEDED"
    );
    let order = ["id"; 11].join(",");
    assert_eq!(
        error(
            &crm,
            &format!("select id from Contacts where id = '1' order by {order}")
        )
        .await,
        "LIMIT_EXCEEDED"
    );
    assert_eq!(
        error(&crm, "select id from Contacts where id = '1' limit 2001").await,
        "INVALID_QUERY"
    );
    assert_eq!(
        error(
            &crm,
            "select id from Contacts where id = '1' limit 2000 offset 98001"
        )
        .await,
        "LIMIT_EXCEEDED"
    );
}

#[tokio::test]
async fn unknown_names_and_unfit_columns_are_refused() {
    let crm = three().await;
    for query in [
        "select Nonsense from Contacts where id = '1'",
        "select id from Deals where id = '1'",
        "select id from Contacts where nonsense = '1'",
        "select id from Contacts where Description = 'x'",
        "select id from Contacts where Last_Name > 'x'",
        "select id from Contacts where Modified_Time >= '2026-01-01T00:00:00'",
        "select id from Contacts where Modified_Time >= '2026-01-01T00:00:00Z'",
        "select id from Contacts where Modified_Time >= '2026-01-01T00:00:00.5+00:00'",
        "select id from Contacts where Owner = 'ann@example.com'",
        "select id from Contacts where id = '1' order by Description",
    ] {
        assert_eq!(error(&crm, query).await, "INVALID_QUERY", "{query}");
    }
    for query in [
        "select * from Contacts where id = '1'",
        "select id from Contacts where id = ",
        "select id from Contacts where Modified_Time like '2026%'",
        "select id from Contacts where id = 'open",
        "select count(id) from Contacts where id is not null",
        "select id from Contacts where id = '1' limit x",
    ] {
        assert_eq!(error(&crm, query).await, "SYNTAX_ERROR", "{query}");
    }
    assert_eq!(
        error(&crm, "select id, id from Contacts where id = '1'").await,
        "DUPLICATE_DATA"
    );
    assert_eq!(
        crm.post("/coql", json!({"query": "x"})).await.code(),
        "MANDATORY_NOT_FOUND"
    );
}

#[tokio::test]
async fn order_limit_and_offset_walk_through_the_rows() {
    let crm = three().await;
    let page = |limit: &str| format!("id is not null order by Modified_Time desc, id asc {limit}");
    assert_eq!(names(&crm, &page("limit 2")).await, ["Cole", "Baker"]);
    assert_eq!(names(&crm, &page("limit 2 offset 2")).await, ["Abel"]);
    assert_eq!(names(&crm, &page("limit 1, 2")).await, ["Baker", "Abel"]);
    assert!(names(&crm, &page("limit 2 offset 3")).await.is_empty());
    let info = crm
        .coql("select id from Contacts where id is not null limit 2")
        .await
        .json()["info"]
        .clone();
    assert_eq!(info, json!({"count": 2, "more_records": true}));
}

#[tokio::test]
async fn rows_of_one_second_need_the_id_to_be_walked_without_gaps() {
    let crm = Crm::with(json!({"generate": [{"owner": "ann@example.com", "count": 30}]})).await;
    let mut seen: Vec<String> = Vec::new();
    let mut criteria = "id is not null".to_owned();
    loop {
        let query = format!(
            "select id, Modified_Time from Contacts where {criteria} order by Modified_Time asc, id asc limit 7"
        );
        let reply = crm.coql(&query).await;
        if reply.status == 204 {
            break;
        }
        let last = reply.rows().last().unwrap().clone();
        let (id, time) = (
            last["id"].as_str().unwrap(),
            last["Modified_Time"].as_str().unwrap(),
        );
        criteria = format!("(Modified_Time > '{time}' or (Modified_Time = '{time}' and id > '{id}'))");
        seen.extend(reply.ids());
    }
    let distinct: std::collections::BTreeSet<_> = seen.iter().collect();
    assert_eq!((seen.len(), distinct.len()), (30, 30));
}

#[tokio::test]
async fn a_query_without_limit_gives_200_rows() {
    let crm = Crm::with(json!({"generate": [{"owner": "ann@example.com", "count": 250}]})).await;
    let reply = crm.coql("select id from Contacts where id is not null").await;
    assert_eq!(
        (reply.rows().len(), &reply.json()["info"]["more_records"]),
        (200, &json!(true))
    );
}

#[tokio::test]
async fn credits_follow_the_limit_not_the_rows() {
    let crm = three().await;
    for (limit, cost) in [
        ("", 1),
        ("limit 200", 1),
        ("limit 201", 2),
        ("limit 1000", 2),
        ("limit 2000", 3),
    ] {
        let before = crm.counter("credits_used");
        crm.coql(&format!("select id from Contacts where id is not null {limit}"))
            .await;
        assert_eq!(crm.counter("credits_used") - before, cost, "{limit}");
    }
}

#[tokio::test]
async fn data_source_sorts_out_imports_where_the_organisation_has_it() {
    let crm = Crm::with(json!({"contacts": [
        {"owner": "ann@example.com", "source": "import", "fields": {"Last_Name": "Imported"}},
        {"owner": "ann@example.com", "source": "migration", "fields": {"Last_Name": "Migrated"}},
        {"owner": "ann@example.com", "fields": {"Last_Name": "Typed"}},
    ]}))
    .await;
    let query = "select Data_Source from Contacts where Data_Source not in ('Import', 'Migration')";
    assert_eq!(error(&crm, query).await, "INVALID_QUERY");
    crm.edit(json!({"do": "set_privacy", "on": true})).unwrap();
    assert_eq!(
        names(&crm, "Data_Source not in ('Import', 'Migration')").await,
        ["Typed"]
    );
}

#[tokio::test]
async fn the_account_name_needs_a_join() {
    let crm = Crm::with(json!({"contacts": [
        {"owner": "ann@example.com", "account": "Example Industries", "fields": {"Last_Name": "A"}},
    ]}))
    .await;
    let row = crm
        .coql("select Account_Name.Account_Name from Contacts where Last_Name = 'A'")
        .await
        .rows()[0]
        .clone();
    assert_eq!(row["Account_Name.Account_Name"], "Example Industries");
    let empty = Crm::with(json!({"contacts": contacts(&["A"])})).await;
    let row = empty
        .coql("select Account_Name from Contacts where Last_Name = 'A'")
        .await
        .rows()[0]
        .clone();
    assert_eq!(row["Account_Name"], Value::Null);
}

#[tokio::test]
async fn ten_thousand_contacts_answer_in_full_pages() {
    let crm =
        Crm::with(json!({"generate": [{"owner": "ann@example.com", "count": 10_001, "imported": 1_000}]}))
            .await;
    let ann = crm.user("ann@example.com");
    let mut seen = 0;
    for offset in (0..12_000).step_by(2_000) {
        let query = format!(
            "select id, Modified_Time from Contacts where (Owner = '{ann}') order by Modified_Time desc limit 2000 offset {offset}"
        );
        seen += crm.coql(&query).await.rows().len();
    }
    assert_eq!(seen, 10_001);
    let imported = crm.state()["contacts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["source"] == "import")
        .count();
    assert_eq!(imported, 1_000);
}

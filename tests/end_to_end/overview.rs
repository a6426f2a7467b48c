//! `crmlink status`: what is not well comes first, and the exit code says whether anything is.

use crmlink::api::{ContactSync, Reason};
use serde_json::json;

use crate::support::{ANA, Case, World, command, contact_sync};

#[tokio::test(flavor = "multi_thread")]
async fn the_state_of_all_kinds_stands_in_one_table_and_in_the_exit_code() {
    let case = Case::in_sync(World::three(), ANA).await;
    let well = case.command(&["status"]).await.with(0);
    let rows: Vec<Vec<&str>> = well
        .printed
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        rows[0],
        ["KIND", "NAMESPACE", "NAME", "READY", "REASON", "PHASE", "AGE"]
    );
    assert_eq!(
        rows[1][..5],
        ["ContactSync", &case.namespace, "ana", "True", "InSync"]
    );
    assert_eq!(
        rows[2][..5],
        ["CrmTenant", &case.namespace, "orchard", "True", "Connected"]
    );

    case.create(&contact_sync("zoe@orchard.example")).await;
    case.says::<ContactSync>("zoe", Reason::UserNotFound).await;
    let ill = case.command(&["status", "-o", "json"]).await.with(1).json();
    assert_eq!(
        [
            &ill[0]["kind"],
            &ill[0]["name"],
            &ill[0]["ready"],
            &ill[0]["reason"]
        ],
        ["ContactSync", "zoe", "False", "UserNotFound"]
    );
    assert!(ill[0]["message"].as_str().unwrap().contains("spelling"), "{ill}");
    assert_eq!(ill.as_array().unwrap().len(), 3);

    let elsewhere = case.create_namespace().await;
    let kubeconfig = case.folder().join("admin.kubeconfig");
    let of_all = command(&kubeconfig, &["status", "-A", "-o", "json"]);
    let of_all = of_all.await.with(1).json();
    let namespaces = |wanted: &str| {
        let rows = of_all.as_array().unwrap().iter();
        rows.filter(|row| row["namespace"] == json!(wanted)).count()
    };
    assert_eq!((namespaces(&case.namespace), namespaces(&elsewhere)), (3, 0));
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_caller_may_not_see_is_an_error_and_not_an_empty_table() {
    let case = Case::without_operator(World::new()).await;
    let nothing = case.command(&["status"]).await.with(0);
    nothing.about(&["there are no objects"]);
    let nowhere = case.command(&["status", "--context", "nowhere"]).await;
    nowhere.with(2).about(&["context nowhere"]);
    let stranger = case.command_of_holder("system:basic-user", &["status"]).await;
    stranger.with(2).about(&["does not let you read", "forbidden"]);
    case.finish().await;
}

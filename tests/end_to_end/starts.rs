//! Starting in an unprepared cluster.

use crmlink::api::{ContactSync, Reason};

use crate::support::{ANA, Case, World, contact_sync, name_of};

#[tokio::test(flavor = "multi_thread")]
async fn started_before_its_definitions_it_waits_for_them() {
    let mut case = Case::before_the_chart(World::three()).await;
    case.start_operator().await;
    assert_eq!(case.operator().get("/livez").await.0, 200);
    let (status, text) = case.operator().get("/readyz").await;
    assert_eq!(status, 503, "{text}");
    // It can be stopped all the same.
    case.stop_operator().await;
    case.start_operator().await;
    case.install_chart().await;
    case.sign_in().await;
    case.create(&contact_sync(ANA)).await;
    case.settled::<ContactSync>(name_of(ANA), Reason::InSync).await;
    assert_eq!(case.operator().get("/readyz").await.0, 200);
    case.finish().await;
}

//! Deleted in an order that nobody would choose.

use crmlink::api::{ContactSync, CrmTenant, Reason};
use k8s_openapi::api::core::v1::{Namespace, Secret};
use kube::Api;
use kube::api::{DeleteParams, ListParams};

use crate::support::{ANA, Case, OFFICE_SECRET, Reported, World, office_secret, until};

async fn ask_to_delete<K: Reported>(case: &Case, name: &str) {
    case.api::<K>()
        .delete(name, &DeleteParams::default())
        .await
        .unwrap();
}

async fn gone<K: Reported>(case: &Case, name: &str) {
    let gone = until(async || {
        case.api::<K>()
            .get_opt(name)
            .await
            .unwrap()
            .is_none()
            .then_some(())
    });
    gone.await.unwrap_or_else(|| panic!("{name} does not go"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_first_and_back_again() {
    let case = Case::in_sync(World::three(), ANA).await;
    let secrets: Api<Secret> = case.api();
    secrets
        .delete("office365", &DeleteParams::default())
        .await
        .unwrap();
    case.says::<CrmTenant>("orchard", Reason::MissingSecret).await;
    ask_to_delete::<ContactSync>(&case, "ana").await;
    case.create(&office_secret(OFFICE_SECRET)).await;
    gone::<ContactSync>(&case, "ana").await;
    case.delete::<CrmTenant>("orchard").await;
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tenant_first() {
    let case = Case::in_sync(World::three(), ANA).await;
    let crm = case.crm_state().await;
    ask_to_delete::<CrmTenant>(&case, "orchard").await;
    ask_to_delete::<ContactSync>(&case, "ana").await;
    gone::<ContactSync>(&case, "ana").await;
    gone::<CrmTenant>(&case, "orchard").await;
    assert_eq!(crm, case.crm_state().await);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_namespace_with_everything_in_it() {
    let case = Case::in_sync(World::three(), ANA).await;
    let namespaces: Api<Namespace> = Api::all(case.client.clone());
    namespaces
        .delete(&case.namespace, &DeleteParams::default())
        .await
        .unwrap();
    // No controller of namespaces runs beside a bare API server, so this does its work: all kinds at once, each when it
    // comes to it. Events cannot be made here any more.
    let secrets: Api<Secret> = case.api();
    let all = DeleteParams::default();
    secrets
        .delete_collection(&all, &ListParams::default())
        .await
        .unwrap();
    case.api::<CrmTenant>()
        .delete_collection(&all, &ListParams::default())
        .await
        .unwrap();
    case.api::<ContactSync>()
        .delete_collection(&all, &ListParams::default())
        .await
        .unwrap();
    gone::<ContactSync>(&case, "ana").await;
    gone::<CrmTenant>(&case, "orchard").await;
    case.finish().await;
}

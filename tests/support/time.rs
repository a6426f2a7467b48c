//! Time that passes for the operator. It goes by the machine's clock, so what it noted is made older instead.

use crmlink::api::ContactSync;
use jiff::SignedDuration;
use kube::api::ListParams;
use sync_engine::identity::{Kind, ScopeId};
use sync_runtime::store::{Change, SqliteStore, Store};

use super::case::Case;
use super::waiting::until;
use super::world::{ORGANISATION, TENANT_ID};

impl Case {
    /// Minutes later: what was seen to be gone has been gone for so long. The operator is restarted for it.
    pub(crate) async fn minutes_later(&mut self, minutes: i64) {
        let ago = SignedDuration::from_mins(minutes);
        self.stop_operator().await;
        let store = SqliteStore::open(&self.folder().join("data/crmlink.sqlite"))
            .await
            .unwrap();
        for sync in self
            .api::<ContactSync>()
            .list(&ListParams::default())
            .await
            .unwrap()
        {
            let mailbox = sync.status.and_then(|status| status.mailbox).expect("it ran");
            let scope = ScopeId::derive(TENANT_ID, ORGANISATION, &mailbox.user_id, Kind::Contacts);
            let links = store.all_links(scope).await.unwrap().into_iter();
            let older = links.filter_map(|mut link| {
                link.gone_since = Some(link.gone_since?.checked_sub(ago).unwrap());
                Some(Change::Link(scope, link))
            });
            store.commit(older.collect()).await.unwrap();
        }
        drop(store);
        self.control.advance(ago).await.unwrap();
        self.start_operator().await;
    }

    /// Waits until an operator that has just started has looked at the tenant and the sync, the mailbox included.
    pub(crate) async fn looked_at(&self) {
        let looked = until(async || {
            let operator = self.operator();
            let done = async |kind: &str| {
                let labels = format!("kind=\"{kind}\",outcome=\"done\"");
                operator.counter("crmlink_reconciles_total", &labels).await > 0
            };
            let probed = operator
                .counter("crmlink_api_calls_total", "/contactFolders")
                .await
                > 0;
            (probed && done("CrmTenant").await && done("ContactSync").await).then_some(())
        });
        looked.await.expect("a look at both objects");
    }
}

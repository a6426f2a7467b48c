//! `CrmUserInvite`: one person who is to become a user of the CRM.

use std::convert::Infallible;
use std::sync::Arc;

use kube::runtime::controller::Action;

use super::Context;
use super::runner::{self, Next};
use crate::api::CrmUserInvite;

pub(super) async fn reconcile(
    invite: Arc<CrmUserInvite>,
    context: Arc<Context>,
) -> Result<Action, Infallible> {
    runner::run(&*invite, &context, async { Ok(Next::Change) }).await
}

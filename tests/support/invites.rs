//! What the tests of invites look at, and what people do about invitations.

use crmlink::api::{ContactSync, CrmTenant, CrmUserInvite, Reason};
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use kube::Api;
use kube::api::{Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use super::case::Case;
use super::objects::{contact_sync, invite_with, tenant, with};
use super::world::{NORA, World};

/// A user of Microsoft 365 without a CRM account.
pub(crate) const CLARA: &str = "clara@orchard.example";

impl World {
    /// Besides the others there is Clara.
    pub(crate) fn with_clara() -> Self {
        let clara = json!({
            "userPrincipalName": CLARA, "displayName": "Klarissa Sommerhalder", "givenName": "Klarissa",
            "surname": "Sommerhalder",
        });
        Self::three().push("/office365/0/users", clara)
    }
}

/// The tenant of the world, from which people can be invited.
pub(crate) fn inviting_tenant() -> Value {
    let invites = json!({ "role": "CEO", "profile": "Standard", "senderMailbox": NORA });
    with(tenant(), json!({ "invites": invites }))
}

impl Case {
    /// With [`inviting_tenant`] signed in.
    pub(crate) async fn inviting(world: World) -> Self {
        Self::inviting_with(world, json!({})).await
    }

    /// The same with more in the spec of the tenant.
    pub(crate) async fn inviting_with(world: World, spec: Value) -> Self {
        let case = Self::start(world).await;
        case.sign_in_inviting(spec).await;
        case
    }

    /// Secrets and [`inviting_tenant`] with more in its spec, until it is signed in.
    pub(crate) async fn sign_in_inviting(&self, spec: Value) {
        self.create_secrets().await;
        self.create(&with(inviting_tenant(), spec)).await;
        self.settled::<CrmTenant>("orchard", Reason::Connected).await;
    }

    /// Clara, who is declared to be synced, accepts an invitation to a private address, which proves that both are hers.
    pub(crate) async fn clara_is_in_sync_once_she_accepts(&self) {
        const PRIVATE: &str = "klara.s@home.example";
        self.create(&contact_sync(CLARA)).await;
        let account = json!({ "account": { "mode": "New", "email": PRIVATE } });
        self.create(&invite_with(CLARA, account)).await;
        self.settled::<CrmUserInvite>("clara", Reason::InvitationSent)
            .await;
        self.says::<ContactSync>("clara", Reason::CrmUserNotFound).await;
        self.accepts(PRIVATE).await;
        self.invite_says("clara", Reason::UserActive).await;
        // Woken by the invite, and by nothing else for ten minutes.
        self.settled::<ContactSync>("clara", Reason::InSync).await;
    }

    /// Asks for a run of an invite and waits until Ready has this reason.
    pub(crate) async fn invite_says(&self, name: &str, reason: Reason) -> CrmUserInvite {
        self.request::<CrmUserInvite>(name).await;
        self.says(name, reason).await
    }

    /// All invitations of the world's first organisation, oldest first.
    pub(crate) async fn invitations(&self) -> Vec<Value> {
        let state = self.crm_state().await;
        state["organisations"][0]["invitations"]
            .as_array()
            .unwrap()
            .clone()
    }

    /// The states of all invitations to an address, oldest first.
    pub(crate) async fn fates(&self, email: &str) -> Vec<String> {
        let invitations = self.invitations().await.into_iter();
        invitations
            .filter(|invitation| invitation["email"] == email)
            .map(|invitation| invitation["status"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The user with an address in the world's first organisation, the latest if some were deleted.
    pub(crate) async fn crm_user(&self, email: &str) -> Value {
        let state = self.crm_state().await;
        let users = state["organisations"][0]["users"].as_array().unwrap();
        let mut found = users.iter().rev().filter(|user| user["email"] == email);
        found
            .next()
            .cloned()
            .unwrap_or_else(|| panic!("no CRM user {email}"))
    }

    /// The id of that user.
    pub(crate) async fn crm_user_id(&self, email: &str) -> String {
        self.crm_user(email).await["id"].as_str().unwrap().to_owned()
    }

    /// The person accepts by the link in the mail.
    pub(crate) async fn accepts(&self, email: &str) {
        self.crm(json!({ "do": "accept_invitation", "user": email }))
            .await;
    }

    /// All mails that the operator sent, oldest first.
    pub(crate) async fn request_mails(&self) -> Vec<Value> {
        let state = self.control.state("graph").await.unwrap();
        state["tenants"][0]["mails"].as_array().unwrap().clone()
    }

    /// Calls that would add, change or delete users of the CRM, as method and path.
    pub(crate) async fn writes_of_users(&self) -> Vec<String> {
        let mut found = Vec::new();
        for method in ["POST", "PUT", "DELETE"] {
            let calls = self.journal("zoho", method, 0).await.into_iter();
            let users = calls.filter(|view| view.path.starts_with("/crm/v8/users"));
            found.extend(users.map(|view| format!("{method} {}", view.path)));
        }
        found
    }

    /// Somebody decides about a request to join, as `crmlink approve` and `crmlink deny` do.
    pub(crate) async fn decides(&self, name: &str, verdict: &str, crm_user_id: &str) {
        let review = SelfSubjectReview::default();
        let reviews: Api<SelfSubjectReview> = Api::all(self.client.clone());
        let me = reviews.create(&PostParams::default(), &review).await.unwrap();
        let me = me.status.unwrap().user_info.unwrap().username.unwrap();
        let at = "2026-11-28T12:00:00Z";
        let reason = match verdict {
            "Approved" => Reason::ApprovedByManager,
            _ => Reason::Denied,
        };
        let patch = json!({
            "apiVersion": "crmlink.dev/v1alpha1", "kind": "CrmUserInvite", "metadata": { "name": name },
            "status": {
                "decision": { "verdict": verdict, "by": me, "crmUserId": crm_user_id, "at": at },
                "conditions": [{
                    "type": verdict, "status": "True", "reason": reason.as_str(), "message": "decided",
                    "observedGeneration": 1, "lastTransitionTime": at,
                }],
            },
        });
        let invites: Api<CrmUserInvite> = self.api();
        let parameters = PatchParams::apply("crmlink-approval").force();
        invites
            .patch_status(name, &parameters, &Patch::Apply(patch))
            .await
            .unwrap();
    }
}

//! Apps in the tenant: what was granted to them, and who may use them (`research/graph.md` §1).

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::call::Call;
use crate::directory_objects::ObjectKind;
use crate::error::{Class, Error};
use crate::pages::Pages;
use crate::request::Request;
use crate::{Graph, encode};

/// The app id of Microsoft Graph itself.
pub const GRAPH_APP_ID: &str = "00000003-0000-0000-c000-000000000000";

const SELECT: &str = "$select=id,appId,accountEnabled,appRoleAssignmentRequired,appOwnerOrganizationId";
/// The largest page of a directory list.
const TOP: &str = "$top=999";

/// An app in the tenant.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServicePrincipal {
    /// Its object id in this tenant.
    pub id: String,
    /// Its client id, the same in all tenants.
    #[serde(default)]
    pub app_id: Option<String>,
    /// Whether anybody can sign in to it.
    #[serde(default)]
    pub account_enabled: Option<bool>,
    /// Whether only those that are assigned to it may use it.
    #[serde(default)]
    pub app_role_assignment_required: bool,
    /// The tenant that registered it.
    #[serde(default)]
    pub app_owner_organization_id: Option<String>,
}

/// A permission that the app was granted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// Which, as an id that means something together with the resource only.
    pub app_role_id: String,
    /// The service principal of the API that it is good for.
    #[serde(default)]
    pub resource_id: Option<String>,
}

/// Somebody to whom the app was assigned.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Assignment {
    /// The object id.
    #[serde(default)]
    pub principal_id: Option<String>,
    /// What it is.
    #[serde(rename = "principalType", default)]
    pub kind: ObjectKind,
}

/// The service principals.
#[derive(Debug, Clone)]
pub struct ServicePrincipals {
    graph: Graph,
}

impl ServicePrincipals {
    pub(crate) fn new(graph: Graph) -> Self {
        Self { graph }
    }

    /// An app by its client id. One that nobody ever consented to in this tenant is [`Class::NotFound`].
    pub fn by_app_id(&self, app_id: &str) -> Request<ServicePrincipal> {
        let key = encode::segment(&app_id.replace('\'', "''"));
        let call = Call::get(
            "/servicePrincipals(appId={app})",
            format!("/servicePrincipals(appId='{key}')?{SELECT}"),
        );
        Request::new(self.graph.clone(), call, |reply| reply.json("service principal"))
    }

    /// What was granted to an app, for all APIs. Recent changes may show late.
    #[must_use]
    pub fn grants(&self, principal_id: &str) -> Pages<Grant> {
        let target = format!(
            "/servicePrincipals/{}/appRoleAssignments?{TOP}",
            encode::segment(principal_id)
        );
        let call = Call::get("/servicePrincipals/{principal}/appRoleAssignments", target);
        Pages::new(self.graph.clone(), call, "app role assignments")
    }

    /// To whom an app was assigned: users, groups and other apps. Recent changes may show late.
    #[must_use]
    pub fn assignments(&self, principal_id: &str) -> Pages<Assignment> {
        let target = format!(
            "/servicePrincipals/{}/appRoleAssignedTo?{TOP}",
            encode::segment(principal_id)
        );
        let call = Call::get("/servicePrincipals/{principal}/appRoleAssignedTo", target);
        Pages::new(self.graph.clone(), call, "app role assignments")
    }

    /// The object ids, in lower case, of the users to whom an app was assigned: themselves, or a group whose direct
    /// members they are. Guests and disabled accounts are among them.
    ///
    /// # Errors
    /// Those of the calls; a list that was cut is never taken for a whole one.
    pub async fn assigned_users(&self, principal_id: &str) -> Result<BTreeSet<String>, Error> {
        let mut users = BTreeSet::new();
        for assignment in self.assignments(principal_id).all().await? {
            let Some(id) = assignment.principal_id else {
                continue;
            };
            match assignment.kind {
                ObjectKind::User => {
                    users.insert(id.to_lowercase());
                }
                ObjectKind::Group => users.extend(self.users_in(&id).await?),
                ObjectKind::ServicePrincipal | ObjectKind::Other => {}
            }
        }
        Ok(users)
    }

    async fn users_in(&self, group_id: &str) -> Result<Vec<String>, Error> {
        let members = match self.graph.groups().members(group_id).all().await {
            Ok(members) => members,
            // The row of a deleted group goes a little later than the group.
            Err(error) if error.class() == Class::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let users = members
            .into_iter()
            .filter(|member| member.kind == ObjectKind::User);
        Ok(users.map(|user| user.id.to_lowercase()).collect())
    }
}

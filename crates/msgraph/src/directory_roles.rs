//! Roles of the directory, and who holds them (`research/graph.md` §1).

use serde::Deserialize;

use crate::call::Call;
use crate::directory_objects::{DirectoryObject, ObjectKind, SELECT};
use crate::error::{Class, Error};
use crate::pages::Pages;
use crate::request::Request;
use crate::{Graph, encode};

/// The template of Global Administrator, the same in every tenant.
pub const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";

/// A role that is in use in the tenant.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectoryRole {
    /// Its id in this tenant.
    pub id: String,
    /// Its template, for example [`GLOBAL_ADMINISTRATOR`].
    #[serde(default)]
    pub role_template_id: Option<String>,
}

/// How a user stands to a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoleHolding {
    /// Assigned to the user.
    Direct,
    /// Assigned to a group whose direct member the user is.
    ThroughGroup {
        /// The group's object id.
        group_id: String,
    },
    /// Not assigned at the moment. Users who are only eligible for a time-limited role look the same.
    NotHeld,
    /// Nobody in the tenant has ever been given the role.
    NotActivated,
}

impl RoleHolding {
    /// Whether the role is in force for the user.
    #[must_use]
    pub fn is_held(&self) -> bool {
        matches!(self, Self::Direct | Self::ThroughGroup { .. })
    }
}

/// The roles.
#[derive(Debug, Clone)]
pub struct DirectoryRoles {
    graph: Graph,
}

impl DirectoryRoles {
    pub(crate) fn new(graph: Graph) -> Self {
        Self { graph }
    }

    /// A role by its template. One that was never assigned to anybody in the tenant is [`Class::NotFound`].
    pub fn get(&self, template_id: &str) -> Request<DirectoryRole> {
        let key = encode::segment(&template_id.replace('\'', "''"));
        let target = format!("/directoryRoles(roleTemplateId='{key}')?$select=id,roleTemplateId");
        let call = Call::get("/directoryRoles(roleTemplateId={template})", target);
        Request::new(self.graph.clone(), call, |reply| reply.json("directory role"))
    }

    /// To whom a role is assigned: users, groups as themselves, apps. Guests and disabled accounts are among them.
    /// The service chooses the page size: it refuses `$top` here.
    #[must_use]
    pub fn members(&self, role_id: &str) -> Pages<DirectoryObject> {
        let target = format!("/directoryRoles/{}/members?{SELECT}", encode::segment(role_id));
        let call = Call::get("/directoryRoles/{role}/members", target);
        Pages::new(self.graph.clone(), call, "role members")
    }

    /// How a user, by object id, stands to a role. Groups are looked into only if the user itself does not hold it.
    ///
    /// # Errors
    /// Those of the calls; a list that was cut never counts as "not held".
    pub async fn holding(&self, template_id: &str, user_id: &str) -> Result<RoleHolding, Error> {
        let role = match self.get(template_id).send().await {
            Ok(role) => role,
            Err(error) if error.class() == Class::NotFound => return Ok(RoleHolding::NotActivated),
            Err(error) => return Err(error),
        };
        let members = self.members(&role.id).all().await?;
        if names_user(&members, user_id) {
            return Ok(RoleHolding::Direct);
        }
        for group in members
            .into_iter()
            .filter(|member| member.kind == ObjectKind::Group)
        {
            let inside = match self.graph.groups().members(&group.id).all().await {
                Ok(inside) => inside,
                // Deleted since it was listed.
                Err(error) if error.class() == Class::NotFound => continue,
                Err(error) => return Err(error),
            };
            if names_user(&inside, user_id) {
                return Ok(RoleHolding::ThroughGroup { group_id: group.id });
            }
        }
        Ok(RoleHolding::NotHeld)
    }
}

fn names_user(members: &[DirectoryObject], user_id: &str) -> bool {
    members
        .iter()
        .any(|member| member.kind == ObjectKind::User && member.id.eq_ignore_ascii_case(user_id))
}

//! Roles (`research/zoho.md` §3).

use serde::Deserialize;

use crate::call::Call;
use crate::client::Zoho;
use crate::error::Error;
use crate::ids::RoleId;
use crate::resolve::{Unresolved, resolve};

/// A role. Default names follow the organisation's language, so resolve once and keep the id.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Role {
    /// Its id.
    pub id: RoleId,
    /// Its name.
    #[serde(default)]
    pub name: Option<String>,
    /// The name that people see.
    #[serde(default)]
    pub display_label: Option<String>,
}

impl Role {
    /// The role that a person means: by id, or by name where only one has it.
    ///
    /// # Errors
    /// If none fits, or several do.
    pub fn find<'a>(roles: &'a [Self], id_or_name: &str) -> Result<&'a Self, Unresolved> {
        let is = |name: &Option<String>| name.as_deref() == Some(id_or_name);
        let has_name = |role: &Self| is(&role.name) || is(&role.display_label);
        resolve(roles, |role| role.id.as_str() == id_or_name, has_name)
    }
}

#[derive(Deserialize)]
struct Body {
    roles: Vec<Role>,
}

impl Zoho {
    /// All roles.
    ///
    /// # Errors
    /// Whatever the call says.
    pub async fn roles(&self) -> Result<Vec<Role>, Error> {
        let answer = self
            .send(&Call::get("GET /settings/roles", "/settings/roles"))
            .await?;
        Ok(answer.json::<Body>()?.map(|body| body.roles).unwrap_or_default())
    }
}

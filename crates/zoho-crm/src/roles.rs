//! Roles (`research/zoho.md` §3).

use serde::Deserialize;

use crate::call::Call;
use crate::client::Zoho;
use crate::error::Error;
use crate::ids::RoleId;

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

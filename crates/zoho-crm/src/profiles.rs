//! Profiles: what their users may do (`research/zoho.md` §3, "Manage Users").

use jiff::Timestamp;
use serde::Deserialize;

use crate::call::{Call, check_id};
use crate::client::Zoho;
use crate::error::Error;
use crate::ids::ProfileId;
use crate::resolve::{Unresolved, resolve};
use crate::times;

/// The permission to invite, approve and remove users.
pub const MANAGE_USERS: &str = "Crm_Implied_Manage_Users";

/// A profile as the list shows it; the permissions come with the single fetch only.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ProfileSummary {
    /// Its id.
    pub id: ProfileId,
    /// Its name, which follows the organisation's language.
    #[serde(default)]
    pub name: Option<String>,
    /// Last change: the key to cache permissions by.
    #[serde(default, deserialize_with = "times::optional")]
    pub modified_time: Option<Timestamp>,
}

impl ProfileSummary {
    /// The profile that a person means: by id, or by name where only one has it.
    ///
    /// # Errors
    /// If none fits, or several do.
    pub fn find<'a>(profiles: &'a [Self], id_or_name: &str) -> Result<&'a Self, Unresolved> {
        let has_name = |profile: &Self| profile.name.as_deref() == Some(id_or_name);
        resolve(profiles, |profile| profile.id.as_str() == id_or_name, has_name)
    }
}

/// One permission of a profile.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Permission {
    /// For example [`MANAGE_USERS`].
    pub name: String,
    /// Whether it is given.
    #[serde(default)]
    pub enabled: bool,
}

/// A profile with its permissions.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Profile {
    /// Its id.
    pub id: ProfileId,
    /// Its name.
    #[serde(default)]
    pub name: Option<String>,
    /// Last change.
    #[serde(default, deserialize_with = "times::optional")]
    pub modified_time: Option<Timestamp>,
    /// All permissions, given or not.
    #[serde(default)]
    pub permissions_details: Vec<Permission>,
}

impl Profile {
    /// Whether users with this profile have a permission.
    #[must_use]
    pub fn permits(&self, permission: &str) -> bool {
        self.permissions_details
            .iter()
            .any(|row| row.enabled && row.name == permission)
    }

    /// Whether users with this profile may invite, approve and remove users.
    #[must_use]
    pub fn manages_users(&self) -> bool {
        self.permits(MANAGE_USERS)
    }
}

#[derive(Deserialize)]
struct Body<T> {
    profiles: Vec<T>,
}

impl Zoho {
    /// All profiles.
    ///
    /// # Errors
    /// Whatever the call says.
    pub async fn profiles(&self) -> Result<Vec<ProfileSummary>, Error> {
        let answer = self
            .send(&Call::get("GET /settings/profiles", "/settings/profiles"))
            .await?;
        Ok(answer
            .json::<Body<ProfileSummary>>()?
            .map(|body| body.profiles)
            .unwrap_or_default())
    }

    /// One profile with its permissions, if there is one with this id.
    ///
    /// # Errors
    /// Whatever the call says.
    pub async fn profile(&self, id: &ProfileId) -> Result<Option<Profile>, Error> {
        check_id("profile", id.is_well_formed())?;
        match self
            .send(&Call::get(
                "GET /settings/profiles/{id}",
                format!("/settings/profiles/{id}"),
            ))
            .await
        {
            Ok(answer) => Ok(answer
                .json::<Body<Profile>>()?
                .and_then(|body| body.profiles.into_iter().next())),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

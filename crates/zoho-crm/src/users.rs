//! CRM users (`research/zoho.md` §3).

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

use crate::call::{Call, check_id};
use crate::client::Zoho;
use crate::error::Error;
use crate::ids::{ProfileId, RoleId, UserId};
use crate::pages::{PagedList, Pages};
use crate::times;

/// Which users a list holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UserType {
    /// All, the deleted ones aside.
    All,
    /// Active, invited ones included.
    Active,
    /// Switched off.
    Deactive,
    /// Who accepted the invitation.
    Confirmed,
    /// Who did not accept yet.
    NotConfirmed,
    /// Deleted.
    Deleted,
    /// Active and confirmed: the only ones that can own records.
    ActiveConfirmed,
    /// Administrators.
    Admin,
    /// Active and confirmed administrators.
    ActiveConfirmedAdmin,
    /// The token's own user.
    Current,
}

impl UserType {
    /// The value of the `type` parameter.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "AllUsers",
            Self::Active => "ActiveUsers",
            Self::Deactive => "DeactiveUsers",
            Self::Confirmed => "ConfirmedUsers",
            Self::NotConfirmed => "NotConfirmedUsers",
            Self::Deleted => "DeletedUsers",
            Self::ActiveConfirmed => "ActiveConfirmedUsers",
            Self::Admin => "AdminUsers",
            Self::ActiveConfirmedAdmin => "ActiveConfirmedAdmins",
            Self::Current => "CurrentUser",
        }
    }
}

open_enum! {
    /// State of a user.
    UserStatus {
        /// Usable, or invited.
        Active = "active",
        /// Switched off.
        Inactive = "inactive",
        /// Deleted.
        Deleted = "deleted",
        /// Switched off by Zoho, for example for want of a licence.
        Disabled = "disabled",
        /// The account was closed.
        Closed = "closed",
        /// Switched off for not being used.
        DisabledDormant = "disabled dormant",
    }
}

/// An id and the name that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named<I> {
    /// The id.
    pub id: I,
    /// The name, where the answer has it.
    pub name: Option<String>,
}

/// A CRM user.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct User {
    /// The id that owns records.
    pub id: UserId,
    /// The Zoho account; none before the invitation is accepted.
    #[serde(default)]
    pub zuid: Option<String>,
    /// The address that the user signs in with.
    #[serde(default, deserialize_with = "text")]
    pub email: String,
    /// First name.
    #[serde(default)]
    pub first_name: Option<String>,
    /// Last name.
    #[serde(default)]
    pub last_name: Option<String>,
    /// Whether the invitation was accepted.
    #[serde(default)]
    pub confirm: bool,
    /// State; an invited user is `active` too.
    pub status: UserStatus,
    /// Why Zoho switched the user off.
    #[serde(default, rename = "status_reason__s")]
    pub status_reason: Option<String>,
    /// What the user may do.
    #[serde(default = "none", deserialize_with = "named")]
    pub profile: Option<Named<ProfileId>>,
    /// Whose records the user may see.
    #[serde(default = "none", deserialize_with = "named")]
    pub role: Option<Named<RoleId>>,
    /// The user's own zone.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// Whether the account is linked to Microsoft.
    #[serde(default)]
    pub microsoft: Option<bool>,
    /// Last change of the user.
    #[serde(default, rename = "Modified_Time", deserialize_with = "times::optional")]
    pub modified_time: Option<Timestamp>,
}

impl User {
    /// Accepted and usable: can own records.
    #[must_use]
    pub fn has_joined(&self) -> bool {
        self.confirm && self.status == UserStatus::Active
    }

    /// Invited and not accepted yet.
    #[must_use]
    pub fn is_invited(&self) -> bool {
        !self.confirm && self.status == UserStatus::Active
    }

    /// Whether `address` is this user's, whatever its case.
    #[must_use]
    pub fn has_address(&self, address: &str) -> bool {
        let address = address.trim();
        // One of thousands of users is looked for with this, in every run of a sync.
        if self.email.is_ascii() && address.is_ascii() {
            return self.email.eq_ignore_ascii_case(address);
        }
        self.email.to_lowercase() == address.to_lowercase()
    }
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .field("confirm", &self.confirm)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Body {
    users: Vec<User>,
}

impl Zoho {
    /// The users of a kind, page by page.
    #[must_use]
    pub fn users(&self, user_type: UserType) -> Pages<User> {
        let query = vec![("type", user_type.as_str().to_owned())];
        let list = PagedList {
            route: "GET /users",
            path: "/users".to_owned(),
            query,
            if_modified_since: None,
            key: "users",
        };
        Pages::new(self.clone(), list)
    }

    /// One user, if there is one with this id.
    ///
    /// # Errors
    /// Whatever the call says.
    pub async fn user(&self, id: &UserId) -> Result<Option<User>, Error> {
        check_id("user", id.is_well_formed())?;
        match self
            .send(&Call::get("GET /users/{id}", format!("/users/{id}")))
            .await
        {
            Ok(answer) => Ok(answer
                .json::<Body>()?
                .and_then(|body| body.users.into_iter().next())),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The user with an address among the users of a kind; pages are read until it is found.
    ///
    /// # Errors
    /// Whatever a call says.
    pub async fn user_by_email(&self, address: &str, user_type: UserType) -> Result<Option<User>, Error> {
        let mut pages = self.users(user_type);
        while let Some(users) = pages.next().await? {
            if let Some(user) = users.into_iter().find(|user| user.has_address(address)) {
                return Ok(Some(user));
            }
        }
        Ok(None)
    }

    /// The user that the token belongs to.
    ///
    /// # Errors
    /// Whatever the call says.
    pub async fn current_user(&self) -> Result<User, Error> {
        let call = Call::get("GET /users", "/users").query("type", UserType::Current.as_str());
        let answer = self.send(&call).await?;
        let body: Body = answer.required()?;
        body.users
            .into_iter()
            .next()
            .ok_or_else(|| answer.unreadable("no user"))
    }
}

fn none<T>() -> Option<T> {
    None
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    // Null in rows of closed accounts.
    Ok(<Option<String>>::deserialize(deserializer)?.unwrap_or_default())
}

/// Profile and role come as an object or as the id alone (contract notes, users).
fn named<'de, D: Deserializer<'de>, I: From<String>>(deserializer: D) -> Result<Option<Named<I>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Wire {
        Id(String),
        Object {
            id: String,
            #[serde(default)]
            name: Option<String>,
        },
    }
    Ok(<Option<Wire>>::deserialize(deserializer)?.map(|wire| match wire {
        Wire::Id(id) => Named {
            id: I::from(id),
            name: None,
        },
        Wire::Object { id, name } => Named {
            id: I::from(id),
            name,
        },
    }))
}

//! Inviting, changing and deleting CRM users (`research/zoho.md` §3). All of it needs Manage Users.

use http::Method;
use serde_json::{Map, Value, json};

use crate::call::{Answer, Call, Effect, check_id};
use crate::client::Zoho;
use crate::error::Error;
use crate::ids::{ProfileId, RoleId, UserId};
use crate::user_refusal::{Deed, UserError};

/// A user to be invited.
#[derive(Clone, PartialEq, Eq)]
pub struct NewUser {
    /// Where the invitation goes, and what the user signs in with.
    pub email: String,
    /// First name, which Zoho demands.
    pub first_name: String,
    /// Last name.
    pub last_name: Option<String>,
    /// Whose records the user will see.
    pub role: RoleId,
    /// What the user will be allowed to do.
    pub profile: ProfileId,
}

/// What is to be changed about a user; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserChange {
    /// Another role.
    pub role: Option<RoleId>,
    /// Another profile.
    pub profile: Option<ProfileId>,
    /// Whether the user is to be usable. Switching on takes a seat.
    pub active: Option<bool>,
}

/// What a change did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// It was made.
    Now,
    /// The user was in that state already: active, inactive or deleted. Nothing else of the change was made.
    Before,
}

/// What became of a call about one user.
pub type UserOutcome<T> = Result<T, Box<UserError>>;

impl std::fmt::Debug for NewUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewUser")
            .field("role", &self.role)
            .field("profile", &self.profile)
            .finish_non_exhaustive()
    }
}

impl Zoho {
    /// Adds a user, whom Zoho mails an invitation. To be safe from a second mail, use
    /// [`ensure_invited`](Self::ensure_invited).
    ///
    /// # Errors
    /// For the call itself. [`Class::Permission`](crate::Class::Permission) names what the acting user lacks;
    /// [`Class::Ambiguous`](crate::Class::Ambiguous): the mail may have left, so look for the user first.
    pub async fn invite_user(&self, user: &NewUser) -> Result<UserOutcome<UserId>, Error> {
        check_id("role", user.role.is_well_formed())?;
        check_id("profile", user.profile.is_well_formed())?;
        let mut row = json!({
            "email": user.email,
            "first_name": user.first_name,
            "role": { "id": user.role },
            "profile": { "id": user.profile },
        });
        if let Some(last_name) = &user.last_name {
            row["last_name"] = json!(last_name);
        }
        let call = Call::new(Method::POST, "POST /users", "/users".to_owned(), Effect::Insert);
        let answer = self.send(&call.json(&json!({ "users": [row] }))).await?;
        let row = row_of(&answer)?;
        if !is_success(&row) {
            return Ok(Err(refused(Deed::Invite, &answer, &row)));
        }
        let id = row.get("details").and_then(|details| details.get("id"));
        let id = id.and_then(Value::as_str).map(UserId::from);
        // It was done, whoever it was done to.
        id.map(Ok).ok_or_else(|| unclear(&answer))
    }

    /// Changes role, profile or state of a user.
    ///
    /// # Errors
    /// For the call itself.
    pub async fn update_user(&self, id: &UserId, change: &UserChange) -> Result<UserOutcome<Applied>, Error> {
        let mut row = Map::new();
        if let Some(role) = &change.role {
            check_id("role", role.is_well_formed())?;
            row.insert("role".to_owned(), json!({ "id": role }));
        }
        if let Some(profile) = &change.profile {
            check_id("profile", profile.is_well_formed())?;
            row.insert("profile".to_owned(), json!({ "id": profile }));
        }
        if let Some(active) = change.active {
            row.insert(
                "status".to_owned(),
                json!(if active { "active" } else { "inactive" }),
            );
        }
        let call = user_call(Method::PUT, "PUT /users/{id}", id)?;
        self.change_user(Deed::Update, &call.json(&json!({ "users": [row] })))
            .await
    }

    /// Deletes a user, and withdraws the invitation of one that has not accepted. The records of a deleted user keep
    /// their owner.
    ///
    /// # Errors
    /// For the call itself.
    pub async fn delete_user(&self, id: &UserId) -> Result<UserOutcome<Applied>, Error> {
        let call = user_call(Method::DELETE, "DELETE /users/{id}", id)?;
        self.change_user(Deed::Delete, &call).await
    }

    async fn change_user(&self, deed: Deed, call: &Call) -> Result<UserOutcome<Applied>, Error> {
        let answer = match self.send(call).await {
            Ok(answer) => answer,
            Err(Error::Invalid { route, refusal }) => {
                return match UserError::of_id(&refusal) {
                    Some(error) => Ok(Err(Box::new(error))),
                    None => Err(Error::Invalid { route, refusal }),
                };
            }
            Err(error) => return Err(error),
        };
        let row = row_of(&answer)?;
        let before = [
            "ID_ALREADY_ACTIVE",
            "ID_ALREADY_DEACTIVATED",
            "ID_ALREADY_DELETED",
        ];
        Ok(match row.get("code").and_then(Value::as_str) {
            _ if is_success(&row) => Ok(Applied::Now),
            Some(code) if before.contains(&code) => Ok(Applied::Before),
            _ => Err(refused(deed, &answer, &row)),
        })
    }
}

fn user_call(method: Method, route: &'static str, id: &UserId) -> Result<Call, Error> {
    check_id("user", id.is_well_formed())?;
    Ok(Call::new(method, route, format!("/users/{id}"), Effect::Change))
}

/// The one row of an answer. An answer without it leaves open what happened.
fn row_of(answer: &Answer) -> Result<Map<String, Value>, Error> {
    let body: Option<Map<String, Value>> = serde_json::from_slice(&answer.body).ok();
    let rows = body.as_ref().and_then(|body| body.get("users")?.as_array());
    match rows.map(Vec::as_slice) {
        Some([Value::Object(row)]) => Ok(row.clone()),
        _ => Err(unclear(answer)),
    }
}

fn unclear(answer: &Answer) -> Error {
    Error::Ambiguous {
        route: answer.route,
        status: answer.status.as_u16(),
    }
}

fn is_success(row: &Map<String, Value>) -> bool {
    row.get("status").and_then(Value::as_str) == Some("success")
}

fn refused(deed: Deed, answer: &Answer, row: &Map<String, Value>) -> Box<UserError> {
    Box::new(UserError::read(deed, answer.status.as_u16(), row))
}

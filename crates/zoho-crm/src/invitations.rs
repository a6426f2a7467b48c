//! Inviting somebody once, whatever gets lost on the way. Zoho has no idempotency key (`research/zoho.md` §5), and a
//! second call is a second mail.

use crate::client::Zoho;
use crate::error::{Class, Error};
use crate::ids::UserId;
use crate::user_refusal::UserRefusal;
use crate::user_writes::{NewUser, UserOutcome};
use crate::users::{User, UserType};

/// How somebody came to be a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invited {
    /// The invitation was sent.
    Sent(UserId),
    /// A user with this address is there: invited before, by an earlier try whose answer was lost, by somebody in the
    /// CRM itself, or long a user. Its state tells; nothing about it was changed.
    Found(Box<User>),
}

impl Zoho {
    /// Makes sure that a user with this address is there, and mails an invitation if none is. Deleted users do not
    /// count: their address is free again.
    ///
    /// # Errors
    /// For the calls themselves. After [`Class::Ambiguous`] nothing was found although an invitation may have left:
    /// calling again looks again first.
    pub async fn ensure_invited(&self, user: &NewUser) -> Result<UserOutcome<Invited>, Error> {
        if let Some(found) = self.present(user).await? {
            return Ok(Ok(found));
        }
        let refused = match self.invite_user(user).await {
            Ok(Ok(id)) => return Ok(Ok(Invited::Sent(id))),
            Ok(Err(refused)) => refused,
            Err(error) if error.class() == Class::Ambiguous => {
                return self.present(user).await?.map(Ok).ok_or(error);
            }
            Err(error) => return Err(error),
        };
        if matches!(refused.reason, UserRefusal::AlreadyThere { .. })
            && let Some(found) = self.present(user).await?
        {
            return Ok(Ok(found));
        }
        Ok(Err(refused))
    }

    async fn present(&self, user: &NewUser) -> Result<Option<Invited>, Error> {
        let found = self.user_by_email(&user.email, UserType::All).await?;
        Ok(found.map(|user| Invited::Found(Box::new(user))))
    }
}

//! Who may invite, approve and remove users: those whose profile has Manage Users (`research/zoho.md` §3).

use std::collections::HashMap;

use jiff::Timestamp;

use crate::client::Zoho;
use crate::error::Error;
use crate::ids::ProfileId;
use crate::profiles::Profile;
use crate::users::{User, UserType};

/// Which profiles have Manage Users, as of the profiles' last change. One for each organisation.
#[derive(Debug, Default)]
pub struct ManagerProfiles {
    known: HashMap<ProfileId, (Timestamp, bool)>,
}

impl Zoho {
    /// The users who can sign in and may manage users, read from the lists of the moment.
    ///
    /// A call for each page of users and one for the profiles, and one for each profile in use that `profiles` does not
    /// know yet or that changed since.
    ///
    /// # Errors
    /// Whatever a call says.
    pub async fn user_managers(&self, profiles: &mut ManagerProfiles) -> Result<Vec<User>, Error> {
        let users = self.users(UserType::ActiveConfirmed).all().await?;
        let changed: HashMap<ProfileId, Option<Timestamp>> = self
            .profiles()
            .await?
            .into_iter()
            .map(|profile| (profile.id, profile.modified_time))
            .collect();
        // Those without a time are asked about anew each time, but once in each run.
        let mut manages: HashMap<ProfileId, bool> = HashMap::new();
        for id in users.iter().filter_map(profile_of) {
            if manages.contains_key(id) {
                continue;
            }
            let modified = changed.get(id).copied().flatten();
            let known = profiles.known.get(id).filter(|(at, _)| Some(*at) == modified);
            let answer = match known {
                Some((_, answer)) => *answer,
                None => self
                    .profile(id)
                    .await?
                    .is_some_and(|profile| profile.manages_users()),
            };
            match modified {
                Some(at) => profiles.known.insert(id.clone(), (at, answer)),
                None => profiles.known.remove(id),
            };
            manages.insert(id.clone(), answer);
        }
        let may = |user: &User| profile_of(user).is_some_and(|id| manages.get(id) == Some(&true));
        Ok(users.into_iter().filter(may).collect())
    }

    /// Whether a user can sign in and may manage users; asked anew each time, as an approval hangs on it.
    ///
    /// # Errors
    /// Whatever the call says.
    pub async fn manages_users(&self, user: &User) -> Result<bool, Error> {
        let Some(id) = profile_of(user).filter(|_| user.has_joined()) else {
            return Ok(false);
        };
        let profile = self.profile(id).await?;
        Ok(profile.as_ref().is_some_and(Profile::manages_users))
    }
}

fn profile_of(user: &User) -> Option<&ProfileId> {
    user.profile.as_ref().map(|profile| &profile.id)
}

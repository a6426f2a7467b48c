//! How fast mails leave: [`MAILS_PER_MINUTE`] for each application and mailbox.
//!
//! Kept here because a mail that the service throttles may have left all the same, so it must not come to that.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::mail::MAILS_PER_MINUTE;

const WINDOW: SignedDuration = SignedDuration::from_mins(1);

/// When the mails of the last minute were sent, by application and mailbox.
#[derive(Debug, Default)]
pub(crate) struct MailPace {
    sent: Mutex<HashMap<(String, String), VecDeque<Timestamp>>>,
}

impl MailPace {
    /// Takes a place for one mail, or tells how long there is none.
    pub(crate) fn take(&self, client_id: &str, mailbox: &str, now: Timestamp) -> Result<(), Duration> {
        let key = (client_id.to_ascii_lowercase(), mailbox.to_ascii_lowercase());
        let mut all = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        // Senders are few, and those that rest are forgotten.
        all.retain(|_, times| {
            times.retain(|at| now.duration_since(*at) < WINDOW);
            !times.is_empty()
        });
        let times = all.entry(key).or_default();
        match times.front() {
            Some(oldest) if times.len() >= MAILS_PER_MINUTE as usize => {
                let wait = WINDOW - now.duration_since(*oldest);
                Err(Duration::try_from(wait).unwrap_or_default())
            }
            _ => {
                times.push_back(now);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_sends_thirty_mails_in_any_minute() {
        let (pace, start) = (MailPace::default(), Timestamp::UNIX_EPOCH);
        let after = |seconds| start + SignedDuration::from_secs(seconds);
        for second in 0..30 {
            assert_eq!(pace.take("app", "m", after(second)), Ok(()));
        }
        assert_eq!(pace.take("APP", "M", after(40)), Err(Duration::from_secs(20)));
        assert_eq!(pace.take("app", "other", after(40)), Ok(()));
        assert_eq!(pace.take("other", "m", after(40)), Ok(()));
        assert_eq!(pace.take("app", "m", after(60)), Ok(()));
        assert_eq!(pace.take("app", "m", after(60)), Err(Duration::from_secs(1)));
    }
}

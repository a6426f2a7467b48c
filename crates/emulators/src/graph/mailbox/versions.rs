//! Versions that come without an edit.

use jiff::{SignedDuration, Timestamp};

use super::{MODIFIED, Mailbox};

/// When Exchange touches an item once more.
#[derive(Debug, Clone, Copy)]
pub(in crate::graph) struct SecondBump {
    /// The least and the most seconds after the write.
    pub(in crate::graph) seconds: Option<(u64, u64)>,
    /// Decides in between.
    pub(in crate::graph) draw: u64,
}

impl Mailbox {
    /// New versions and times for all contacts of a folder, with nothing changed in them.
    pub(in crate::graph) fn touch(&mut self, folder: u64, now: Timestamp) {
        self.now = self.now.max(now);
        let members = self
            .folders
            .get(&folder)
            .map(|folder| folder.members.clone())
            .unwrap_or_default();
        for key in members {
            if let Some(contact) = self.contacts.get_mut(&key) {
                contact.modified = now;
            }
            self.bump(key);
            self.touched(key, &[MODIFIED]);
        }
    }

    /// Exchange touches an item once more some seconds after it was written.
    pub(in crate::graph) fn schedule_bump(&mut self, key: u64, now: Timestamp, bump: SecondBump) {
        let SecondBump { seconds, draw } = bump;
        let (Some((from, to)), Some(contact)) = (seconds, self.contacts.get_mut(&key)) else {
            return;
        };
        let seconds = from + draw % (to - from + 1);
        let wait = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
        let at = now.saturating_add(wait).unwrap_or(Timestamp::MAX);
        if let Some(before) = contact.due.replace(at) {
            self.due.remove(&(before, key));
        }
        self.due.insert((at, key));
    }

    /// Does the second bumps whose time has come.
    pub(in crate::graph) fn run_due(&mut self, now: Timestamp, churn: bool) {
        self.now = self.now.max(now);
        while let Some((at, key)) = self.due.first().copied().filter(|(at, _)| *at <= now) {
            self.due.remove(&(at, key));
            if let Some(contact) = self.contacts.get_mut(&key) {
                contact.due = None;
                if churn {
                    contact.modified = at;
                }
            }
            self.bump(key);
            if churn {
                self.touched(key, &[MODIFIED]);
            }
        }
    }
}
